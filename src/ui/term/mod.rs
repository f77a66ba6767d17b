//! The terminal itself: its modes and their restoration, what is typed, the bytes that go to it, pictures of a screen.

pub mod behind;
pub mod encode;
pub mod guard;
pub mod out;
pub mod snapshot;
pub mod typed;
