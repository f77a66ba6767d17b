//! Triage: what is broken, why, and what to do next.
//!
//! Lives here: the rules, one file per family, as functions of one row and the time; and how findings with one
//! cause become one problem. Never: fetching anything a row does not hold, or fixing anything. Called by
//! `ops::triage`, the Problems pane and `skyfleet problems`.
//!
//! Add a rule: one function in its family, one line in that family's `check`, one row that fires it and one that
//! does not in the family's tests. A new family is one file here with a `check`, and one call in `ops::triage`.

pub mod clusters;
pub mod finding;
pub mod kinds;
pub mod nodes;
pub mod pods;
pub mod problem;
mod words;
pub mod workloads;

pub use clusters::{ClusterState, LOST_AFTER};
pub use finding::{Finding, FindingObject, NextStep, Severity};
pub use kinds::RefusedKind;
pub use problem::{Problem, group};
