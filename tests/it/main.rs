//! The integration tests: one binary, so that the world is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what went wrong and stops"
)]

mod architecture;
mod cli;
#[path = "../conformance/mod.rs"]
mod conformance;
mod conforms;
#[path = "../stories/mod.rs"]
mod play;
mod pty;
mod screens;
mod simulated;
mod stories;
