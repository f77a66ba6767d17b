//! The integration tests: one binary, so that the world is linked once.

mod architecture;
#[path = "../stories/mod.rs"]
mod play;
mod simulated;
mod stories;
