//! Use cases: what a person wants done, without a terminal and without printing. Shared by `ui` and `cli`.

pub mod catalogue;
pub mod costs;
pub mod delete;
pub mod gather;
pub mod logs;
pub mod problems;
pub mod restart;
pub mod scale;
pub mod session;
pub mod steps;
pub mod clouds;
pub mod deploy;
pub mod look;
pub mod run;
pub mod journal;
