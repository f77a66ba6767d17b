//! Use cases: what a person wants done, without a terminal and without printing. Shared by `ui` and `cli`.

mod autoscaler;
pub mod catalogue;
pub mod changes;
pub mod clouds;
pub mod contexts;
pub mod costs;
pub mod delete;
pub mod deploy;
pub mod doctor;
pub mod gather;
pub mod get;
pub mod journal;
pub mod log;
pub mod logs;
pub mod look;
pub mod preflight;
pub mod problems;
pub mod reload;
pub mod restart;
pub mod run;
pub mod scale;
pub mod session;
pub mod sign_in;
pub mod steps;
pub mod supervision;
pub mod whereabouts;
mod write;
