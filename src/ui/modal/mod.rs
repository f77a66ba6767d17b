//! Dialogs over the panes: they take every key until they are closed.

pub mod choice;
pub mod confirm;
pub mod help;
pub mod palette;
pub mod welcome;
pub mod which;
