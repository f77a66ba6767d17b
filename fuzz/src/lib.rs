//! What is fuzzed, compiled alone: the pure core and the loader of kubeconfigs need none of the network's crates, which take
//! minutes to build with a sanitizer.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/fleet/mod.rs"]
pub mod fleet;
pub mod source;
