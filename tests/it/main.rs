//! The integration tests: one binary, so that the world is linked once.

mod architecture;
mod pty;
#[path = "../stories/mod.rs"]
mod play;
mod screens;
mod simulated;
mod stories;
