//! Widgets: how things are drawn, without knowing what they mean. Pure functions into a buffer.

pub mod draw;
pub mod input;
pub mod keys;
pub mod list;
pub mod rows;
pub mod scroll;
pub mod sorting;
pub mod table;
