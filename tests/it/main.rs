//! The integration tests: one binary, so that the world is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what went wrong and stops"
)]

mod architecture;
mod chaos;
mod cli;
#[path = "../conformance/mod.rs"]
mod conformance;
mod conforms;
#[cfg(unix)]
mod ended;
#[path = "../runs/mod.rs"]
mod engine;
mod gate;
#[cfg(unix)]
mod home;
mod judged;
#[path = "../known/mod.rs"]
mod known;
#[cfg(unix)]
mod last_known;
#[cfg(unix)]
mod left_off;
mod many_pods;
#[macro_use]
#[path = "../stories/mod.rs"]
mod play;
mod pty;
mod recorded;
mod runs;
mod screens;
mod served;
#[cfg(unix)]
mod sign_in;
mod simulated;
mod stories;
#[path = "../chaos/mod.rs"]
mod storm;
mod sts;
