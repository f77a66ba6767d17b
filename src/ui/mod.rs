//! The terminal: the only importer of ratatui and crossterm.
//!
//! The loop (`run`) owns the fleet and the view. Keys become actions by the key map, actions change the view and leave
//! effects, effects become tasks of `ops`, and what tasks say comes back to the view. `render` draws fleet and view and
//! changes nothing. Architecture invariant: no pane, widget or dialog awaits, locks, or opens a file.

pub mod action;
pub mod effect;
pub mod key;
pub mod keymap;
pub mod launch;
pub mod lens;
pub mod looks;
pub mod modal;
pub mod pace;
pub mod pane;
pub mod rank;
pub mod render;
pub mod run;
pub mod still;
pub mod tasks;
pub mod term;
pub mod theme;
pub mod view;
pub mod widget;
