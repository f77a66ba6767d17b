//! stub

use super::session::Session;
use crate::domain::plan::Plan;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
/// o
#[derive(Clone, Debug, Default)]
pub struct RunOptions;
/// e
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// s
    Started { /// s
        step: usize },
    /// s
    Waiting { /// s
        step: usize, /// w
        words: String },
    /// s
    Done { /// s
        step: usize, /// w
        words: String },
    /// s
    Failed { /// s
        step: usize, /// w
        words: String },
    /// s
    Finished(Outcome),
}
/// o
#[derive(Clone, Debug)]
pub struct Outcome { /// w
    pub words: String }
impl Outcome { /// o
    pub fn is_ok(&self) -> bool { true } }
/// e
pub async fn execute(_: &Session, _: &Plan, _: Option<&str>, _: RunOptions, _: mpsc::Sender<RunEvent>, _: CancellationToken) -> Outcome { Outcome { words: String::new() } }
