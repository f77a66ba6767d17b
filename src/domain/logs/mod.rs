//! Logs: lines from many containers as one stream in the order of their times.
//!
//! Lives here: what a line is (`line`), how live sources become one stream (`merge`), the bounded store behind a
//! view (`ring`), which lines are shown (`filter`), and where to go on after a lost connection (`resume`).
//! Never: connections, retries, tasks, colours. Called by `source::logs`, `ops::logs` and the log pane.

pub mod filter;
pub mod line;
pub mod merge;
pub mod resume;
pub mod ring;

pub use filter::LogFilter;
pub use line::{Entry, Level, LogLine, Mark, MarkKind, SourceId, parse_line};
pub use merge::Merge;
pub use resume::Resume;
pub use ring::{Placed, Ring};
