//! Logs: which containers of a scope there are to read, and their lines as one stream in the order of time.
//!
//! Lives here: the budget of streams, the one task that merges; which containers there are is in `targets`. Never: keeping lines (`domain::logs::Ring` in the
//! pane), filters, colours. Called by the log pane and `skyfleet logs`.

mod targets;

pub use targets::{Containers, LogTarget, Roster, targets};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::domain::id::ClusterId;
use crate::domain::logs::{Entry, Merge, SourceId};
use crate::domain::text::SafeText;
use crate::source::fault::{Fault, FaultClass};
use crate::source::logs::{LogRequest, LogSaid, stream};

use super::session::Shared;

/// Streams open at once in one cluster; the others wait for one to end.
pub const STREAMS_PER_CLUSTER: usize = 50;

/// Streams being opened at once, over all clusters.
const OPENING: usize = 10;

/// Lines taken in before what they release is sent on.
const BATCH: usize = 512;

/// How long a line of history waits for older ones: streams that end need no haste.
const HISTORY_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// How to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The run before this one.
    pub previous: bool,
    /// Go on as lines are written.
    pub follow: bool,
    /// At most so many of each container's newest lines to begin with.
    pub tail: Option<u32>,
    /// Only lines of the last so many seconds.
    pub since_seconds: Option<u32>,
}

impl LogOptions {
    /// Containers that start later are read too.
    pub const fn is_growing(&self) -> bool {
        self.follow && !self.previous
    }
}

/// How a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Its first answer is awaited.
    Opening,
    /// Lines come.
    Open,
    /// The connection broke; it is tried again.
    Broken(SafeText),
    /// It is over.
    Ended,
    /// It cannot be read.
    Refused(SafeText),
}

/// What a reader of logs is told.
#[derive(Clone, Debug)]
pub enum LogEvent {
    /// Lines and marks, in the order of time as far as they can be.
    Entries(Vec<Entry>),
    /// A stream stands differently. Ids are places in the list of targets.
    Source {
        /// Which.
        id: SourceId,
        /// How.
        state: SourceState,
    },
    /// All streams have ended.
    Done,
}

/// What a stream's task tells the merging one.
enum Heard {
    Opening,
    Said(LogSaid),
}

/// Reads the targets until they have ended (when nothing is followed), the receiver is gone, or `cancel`. The id of a
/// source is its place in `targets`; those that come by `more` while logs are followed are numbered on.
pub async fn follow(
    session: Shared,
    targets: Vec<LogTarget>,
    options: LogOptions,
    more: mpsc::Receiver<Vec<LogTarget>>,
    out: mpsc::Sender<LogEvent>,
    cancel: CancellationToken,
) {
    let (said, mut heard) = mpsc::channel(4096);
    let mut merging = Merging::new(&options);
    if !options.follow {
        // Of history every stream is awaited, also those that have not begun.
        for (_, n) in targets.iter().zip(0u32..) {
            merging.merge.open(SourceId(n));
        }
    }
    let mut more = options.is_growing().then_some(more);
    let mut streams = Streams {
        opened: session.clock.now(),
        session,
        options,
        said: Some(said),
        opening: Arc::new(Semaphore::new(OPENING)),
        budgets: BTreeMap::new(),
        tasks: JoinSet::new(),
        next: 0,
    };
    streams.open(targets, false);
    if more.is_none() {
        streams.close();
    }
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let release = merging.until_release();
        tokio::select! {
            () = cancel.cancelled() => return,
            () = out.closed() => return,
            () = sleep(release.unwrap_or_default()), if release.is_some() => {}
            found = next(&mut more), if more.is_some() => match found {
                Some(found) => streams.open(found, true),
                None => {
                    more = None;
                    streams.close();
                }
            },
            taken = heard.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    break;
                }
                for (source, message) in batch.drain(..) {
                    merging.take(source, message);
                }
            }
        }
        for event in merging.events() {
            if out.send(event).await.is_err() {
                return;
            }
        }
    }
    merging.finish();
    for event in merging.events() {
        if out.send(event).await.is_err() {
            return;
        }
    }
    let _ = out.send(LogEvent::Done).await;
}

async fn next(more: &mut Option<mpsc::Receiver<Vec<LogTarget>>>) -> Option<Vec<LogTarget>> {
    more.as_mut()?.recv().await
}

/// The streams of one reading.
struct Streams {
    /// When it began.
    opened: Timestamp,
    session: Shared,
    options: LogOptions,
    /// Gone once no stream can be added any more, so that the end of the last one is heard.
    said: Option<mpsc::Sender<(SourceId, Heard)>>,
    opening: Arc<Semaphore>,
    budgets: BTreeMap<ClusterId, Arc<Semaphore>>,
    tasks: JoinSet<()>,
    next: u32,
}

impl Streams {
    /// Opens streams; `later` are those of containers that were not there at the start.
    fn open(&mut self, targets: Vec<LogTarget>, later: bool) {
        let Some(said) = &self.said else { return };
        for target in targets {
            let mut options = self.options.clone();
            // What began after the reading is read from its beginning.
            if later && target.started.is_some_and(|t| t >= self.opened) {
                (options.tail, options.since_seconds) = (None, None);
            }
            let budget = self
                .budgets
                .entry(target.cluster)
                .or_insert_with(|| Arc::new(Semaphore::new(STREAMS_PER_CLUSTER)))
                .clone();
            let (session, source) = (self.session.clone(), SourceId(self.next));
            let one = One { session, source, target, options, said: said.clone() };
            self.tasks.spawn(one.read(budget, self.opening.clone()));
            self.next += 1;
        }
        // Those that have ended are let go.
        while self.tasks.try_join_next().is_some() {}
    }

    /// None will be added.
    fn close(&mut self) {
        self.said = None;
    }
}

/// One stream and its budget.
struct One {
    session: Shared,
    source: SourceId,
    target: LogTarget,
    options: LogOptions,
    said: mpsc::Sender<(SourceId, Heard)>,
}

impl One {
    async fn tell(&self, heard: Heard) -> bool {
        self.said.send((self.source, heard)).await.is_ok()
    }

    async fn read(self, budget: Arc<Semaphore>, opening: Arc<Semaphore>) {
        if self.options.previous && !self.target.has_previous {
            let fault =
                Fault::new(FaultClass::NotFound, "it has not been restarted: there is no previous log");
            self.tell(Heard::Said(LogSaid::Refused(fault))).await;
            return;
        }
        let Ok(_slot) = budget.acquire_owned().await else { return };
        let Ok(permit) = opening.acquire_owned().await else { return };
        if !self.tell(Heard::Opening).await {
            return;
        }
        let client = match self.session.client(self.target.cluster).await {
            Ok(client) => client,
            Err(fault) => {
                self.tell(Heard::Said(LogSaid::Refused(fault))).await;
                return;
            }
        };
        let request = LogRequest {
            namespace: self.target.namespace.to_string(),
            pod: self.target.pod.to_string(),
            uid: self.target.uid.to_string(),
            container: self.target.container.to_string(),
            previous: self.options.previous,
            follow: self.options.follow && !self.options.previous,
            tail: self.options.tail,
            since_seconds: self.options.since_seconds,
        };
        let clock = self.session.clock.clone();
        let (lines, read) = mpsc::channel(64);
        tokio::join!(
            stream(client, self.source, request, move || clock.now(), lines),
            pass_on(read, self.said, permit)
        );
    }
}

/// Hands on what a stream says; its first word gives the permit to open free.
async fn pass_on(
    mut read: mpsc::Receiver<(SourceId, LogSaid)>,
    said: mpsc::Sender<(SourceId, Heard)>,
    permit: OwnedSemaphorePermit,
) {
    let mut permit = Some(permit);
    while let Some((source, message)) = read.recv().await {
        permit.take();
        if said.send((source, Heard::Said(message))).await.is_err() {
            return;
        }
    }
}

/// The merge, and what is ready to be sent.
struct Merging {
    merge: Merge,
    entries: Vec<Entry>,
    states: Vec<LogEvent>,
    /// The machine's time at the start, and how to go on from there: a clock that jumps must not hold lines back.
    began: (Timestamp, Instant),
}

impl Merging {
    fn new(options: &LogOptions) -> Self {
        let follows = options.follow && !options.previous;
        Self {
            merge: if follows { Merge::default() } else { Merge::new(HISTORY_WINDOW) },
            entries: Vec::new(),
            states: Vec::new(),
            began: (Timestamp::UNIX_EPOCH, Instant::now()),
        }
    }

    /// Time by a steady clock; only differences matter.
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.began.1.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.began.0.checked_add(elapsed).unwrap_or(self.began.0)
    }

    /// How long until the next line's wait is over.
    fn until_release(&self) -> Option<Duration> {
        let wait = self.merge.next_release()?.duration_since(self.now());
        // Never zero: a line that cannot go must not keep the task busy.
        Some(Duration::try_from(wait).unwrap_or_default().max(Duration::from_millis(1)))
    }

    fn take(&mut self, source: SourceId, message: Heard) {
        let state = match message {
            Heard::Opening => SourceState::Opening,
            Heard::Said(LogSaid::Open) => {
                self.merge.open(source);
                SourceState::Open
            }
            Heard::Said(LogSaid::Entry(Entry::Line(line))) => {
                let now = self.now();
                self.merge.push(line, now);
                return;
            }
            Heard::Said(LogSaid::Entry(mark @ Entry::Mark(_))) => {
                self.entries.push(mark);
                return;
            }
            Heard::Said(LogSaid::Broken(fault)) => {
                self.merge.close(source);
                SourceState::Broken(fault.words)
            }
            Heard::Said(LogSaid::Ended) => {
                self.merge.close(source);
                SourceState::Ended
            }
            Heard::Said(LogSaid::Refused(fault)) => {
                self.merge.close(source);
                SourceState::Refused(fault.words)
            }
        };
        self.states.push(LogEvent::Source { id: source, state });
    }

    /// What is ready: states, then lines.
    fn events(&mut self) -> Vec<LogEvent> {
        let now = self.now();
        self.entries.extend(self.merge.drain(now).into_iter().map(Entry::Line));
        let mut out = std::mem::take(&mut self.states);
        if !self.entries.is_empty() {
            out.push(LogEvent::Entries(std::mem::take(&mut self.entries)));
        }
        out
    }

    fn finish(&mut self) {
        self.entries.extend(self.merge.flush().into_iter().map(Entry::Line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::logs::parse_line;

    fn line(source: u32, seq: u64, second: u32) -> Heard {
        let text = format!("2026-11-23T09:00:{second:02}Z line");
        Heard::Said(LogSaid::Entry(Entry::Line(parse_line(SourceId(source), seq, text.as_bytes()))))
    }

    #[tokio::test]
    async fn history_waits_for_every_stream() {
        let mut merging = Merging::new(&LogOptions::default());
        merging.merge.open(SourceId(0));
        merging.merge.open(SourceId(1));
        merging.take(SourceId(0), line(0, 0, 5));
        assert!(merging.events().is_empty(), "the other stream may hold older lines");
        merging.take(SourceId(1), line(1, 0, 1));
        merging.take(SourceId(0), Heard::Said(LogSaid::Ended));
        merging.take(SourceId(1), Heard::Said(LogSaid::Ended));
        let seen: Vec<u32> = merging
            .events()
            .into_iter()
            .flat_map(|e| if let LogEvent::Entries(list) = e { list } else { Vec::new() })
            .filter_map(|e| e.line().map(|l| l.source.0))
            .collect();
        assert_eq!(seen, [1, 0]);
    }
}
