//! skyfleet: one terminal for every cluster in every cloud.

pub mod sim;
