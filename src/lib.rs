//! skyfleet: one terminal for every cluster in every cloud.

pub mod domain;
pub mod fleet;
pub mod ops;
pub mod sim;
pub mod source;
pub mod ui;
