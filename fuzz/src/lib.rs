//! The pure core, compiled alone: it needs none of the network's crates, which take minutes to build with a sanitizer.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
