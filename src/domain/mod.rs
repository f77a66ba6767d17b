//! The pure core: words, rows and rules of skyfleet.
//!
//! Everything here is a function of (state, input, now). Architecture invariant: no tokio, kube, terminal,
//! file, environment, process, network or clock is reachable from this module, and it imports nothing else
//! of ours; `tests/it/architecture.rs` keeps that.

pub mod address;
pub mod age;
pub mod cells;
pub mod change;
pub mod cloud;
pub mod columns;
pub mod connect;
pub mod context;
pub mod cost;
pub mod diff;
pub mod environment;
pub mod fields;
pub mod filter;
pub mod haystack;
pub mod health;
pub mod id;
pub mod interner;
pub mod json;
pub mod kind;
pub mod labels;
pub mod logs;
pub mod manifest;
pub mod node;
pub mod object;
pub mod place;
pub mod plan;
pub mod pod;
pub mod quantity;
pub mod readiness;
pub mod redact;
pub mod resources;
pub mod scope;
pub mod sign_in;
pub mod stamp;
pub mod table_view;
pub mod text;
pub mod triage;
pub mod uid;
pub mod workload;
