//! The engine: runs a confirmed plan, one cluster after the other, step by step, with a journal. A cluster's steps are
//! written in order and then awaited together; the next cluster begins when all of them are ready.
//!
//! Nothing is written before its intent is on disk. It stops at the first failure; what was not started stays so. A step
//! never trusts the plan for what may have changed since: uid, replicas and resource versions are checked by the server.

mod wait;

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::plan::{Plan, Step, StepAction, Verdict};
use crate::source::api::Resource;
use crate::source::fault::Fault;

use super::journal::Journal;
use super::session::Session;
use super::write::write;
use wait::{Patience, Waited};

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Wait until what was written is ready, before the next cluster.
    pub wait: bool,
    /// How long one step may take to get ready.
    pub deadline: Duration,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { wait: true, deadline: Duration::from_mins(2) }
    }
}

/// How a run goes. Steps by their number in the plan.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "step and words are what they are called")]
pub enum RunEvent {
    /// Its write is on the way.
    Started { step: usize },
    /// Written; not ready yet, and why.
    Waiting { step: usize, words: String },
    /// Done.
    Done { step: usize, words: String },
    /// Failed; the run stops here.
    Failed { step: usize, words: String },
    /// Written, and no longer waited for: a person stopped the run.
    Stopped { step: usize, words: String },
    /// The run is over.
    Finished(Outcome),
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// Steps that were done.
    pub done: usize,
    /// Steps that failed: writes stop at the first, but of those written to one cluster several may never get ready.
    pub failed: usize,
    /// Steps that were written and not waited for to the end, for a person stopped the run.
    pub not_awaited: usize,
    /// Steps that were not started.
    pub not_started: usize,
    /// In one line.
    pub words: String,
}

impl Outcome {
    /// Everything was done.
    pub fn is_ok(&self) -> bool {
        self.failed == 0 && self.not_awaited == 0 && self.not_started == 0
    }
}

/// Runs a plan. Cancelling stops it after the step it is at. The outcome is the last event too.
pub async fn execute(
    session: &Session,
    plan: &Plan,
    word: Option<&str>,
    options: RunOptions,
    progress: mpsc::Sender<RunEvent>,
    cancel: CancellationToken,
) -> Outcome {
    let outcome = match plan.check(word, session.max_targets) {
        Err(error) => refused(plan, error.to_string()),
        Ok(()) => match plan.targets().find_map(|s| s.verdict.blocks()) {
            Some(why) => refused(plan, format!("nothing was written: {why}")),
            None => match Journal::open(session.state_dir.as_deref(), plan) {
                Err(error) => {
                    refused(plan, format!("nothing was written: the journal cannot be opened: {error}"))
                }
                Ok(mut journal) => steps(session, plan, &options, &progress, &cancel, &mut journal).await,
            },
        },
    };
    let _ = progress.send(RunEvent::Finished(outcome.clone())).await;
    outcome
}

fn refused(plan: &Plan, words: String) -> Outcome {
    Outcome { not_started: plan.targets().count(), words, ..Outcome::default() }
}

/// Why a step failed: in words for people, and in words for the journal, which never holds what an object holds.
pub(super) struct Failure {
    words: String,
    kept: String,
}

impl Failure {
    /// Words of our own, which hold nothing of an object.
    fn plain(words: &str) -> Self {
        Self { words: words.to_owned(), kept: words.to_owned() }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        // A server's refusal can repeat a value of the object.
        let code = fault.code.map_or_else(String::new, |c| format!(" ({c} {})", fault.reason));
        Self { words: fault.to_string(), kept: format!("{:?}{code}", fault.class) }
    }
}

/// A run on its way.
struct Run<'a> {
    session: &'a Session,
    options: &'a RunOptions,
    progress: &'a mpsc::Sender<RunEvent>,
    cancel: &'a CancellationToken,
    journal: &'a mut Journal,
    outcome: Outcome,
    /// The first failure, in words; nothing is started after it.
    failure: Option<Failure>,
}

async fn steps(
    session: &Session,
    plan: &Plan,
    options: &RunOptions,
    progress: &mpsc::Sender<RunEvent>,
    cancel: &CancellationToken,
    journal: &mut Journal,
) -> Outcome {
    if let Err(error) = journal.whole(session.clock.now(), "begin", &plan.title()) {
        return refused(plan, format!("nothing was written: the journal cannot be written: {error}"));
    }
    let (outcome, failure) = (Outcome::default(), None);
    let mut run = Run { session, options, progress, cancel, journal, outcome, failure };
    let numbered: Vec<(usize, &Step)> = plan.steps.iter().enumerate().collect();
    for cluster in numbered.chunk_by(|(_, a), (_, b)| a.cluster.id == b.cluster.id) {
        run.cluster(cluster).await;
    }
    let (mut outcome, failure) = (run.outcome, run.failure);
    let mut counts = format!("{} done", outcome.done);
    if outcome.not_awaited > 0 {
        counts.push_str(&format!(", {} written and not waited for", outcome.not_awaited));
    }
    counts.push_str(&format!(", {} not started", outcome.not_started));
    outcome.words = match &failure {
        Some(failure) => format!("failed: {}; {counts}", failure.words),
        None if outcome.is_ok() => format!("done: {}", plan.title()),
        None => format!("stopped: {counts}"),
    };
    let kept = failure.map_or_else(|| outcome.words.clone(), |f| format!("failed: {}; {counts}", f.kept));
    let _ = journal.whole(session.clock.now(), "end", &kept);
    outcome
}

impl<'a> Run<'a> {
    /// Writes the steps of one cluster in their order, then waits for all of them together: objects of one set may
    /// need each other to become ready. Only what later steps cannot be written without is awaited at once.
    async fn cluster(&mut self, steps: &[(usize, &Step)]) {
        let mut written: Vec<(usize, &Step, Resource)> = Vec::new();
        for (number, step) in steps.iter().copied() {
            if step.verdict == Verdict::Same {
                let words = "same already".to_owned();
                let _ = self.progress.send(RunEvent::Done { step: number, words }).await;
                continue;
            }
            if self.failure.is_some() || self.cancel.is_cancelled() {
                self.outcome.not_started += 1;
                continue;
            }
            let now = self.session.clock.now();
            let result = match self.journal.step(now, number, step, "intent", &step.doing_words()) {
                Err(error) => Err(Failure::plain(&format!("the journal cannot be written: {error}"))),
                Ok(()) => {
                    let _ = self.progress.send(RunEvent::Started { step: number }).await;
                    write(self.session, step, false).await.map_err(Failure::from)
                }
            };
            match result {
                Ok(what) if self.options.wait && !matches!(step.action, StepAction::Delete) => {
                    // The write is done or not: a journal that cannot take the outcome must not hide it.
                    let _ = self.journal.step(self.session.clock.now(), number, step, "written", "");
                    if is_needed_by_later_steps(&step.kind) {
                        let waited = self.patience().wait(number, step, &what).await;
                        self.settle(number, step, waited).await;
                    } else {
                        written.push((number, step, what));
                    }
                }
                Ok(_) => self.settle(number, step, Ok(Waited::Ready("written".to_owned()))).await,
                Err(failure) => self.settle(number, step, Err(failure)).await,
            }
        }
        let patience = self.patience();
        let mut waits: FuturesUnordered<_> =
            written
                .iter()
                .map(|(number, step, what)| async move {
                    (*number, *step, patience.wait(*number, step, what).await)
                })
                .collect();
        while let Some((number, step, result)) = waits.next().await {
            self.settle(number, step, result).await;
        }
    }

    fn patience(&self) -> Patience<'a> {
        Patience {
            session: self.session,
            options: self.options,
            progress: self.progress,
            cancel: self.cancel,
        }
    }

    /// Keeps and tells what came of a step.
    async fn settle(&mut self, number: usize, step: &Step, result: Result<Waited, Failure>) {
        let (what, kept) = match &result {
            Ok(Waited::Ready(words)) => ("done", words),
            Ok(Waited::Stopped(words)) => ("stopped", words),
            Err(failure) => ("failed", &failure.kept),
        };
        let _ = self.journal.step(self.session.clock.now(), number, step, what, kept);
        let event = match result {
            Ok(Waited::Ready(words)) => {
                self.outcome.done += 1;
                RunEvent::Done { step: number, words }
            }
            Ok(Waited::Stopped(words)) => {
                self.outcome.not_awaited += 1;
                RunEvent::Stopped { step: number, words: format!("written; no longer waited for: {words}") }
            }
            Err(Failure { words, kept }) => {
                self.outcome.failed += 1;
                let at = format!("{} in {}", step.object_words(), step.cluster.name);
                self.failure.get_or_insert(Failure {
                    words: format!("{at}: {words}"),
                    kept: format!("{at}: {kept}"),
                });
                RunEvent::Failed { step: number, words }
            }
        };
        let _ = self.progress.send(event).await;
    }
}

/// Kinds without which later steps of the set cannot be written.
fn is_needed_by_later_steps(kind: &str) -> bool {
    matches!(kind, "Namespace" | "CustomResourceDefinition")
}
