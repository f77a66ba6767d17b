//! The supervisor: one task per cluster that connects, watches, notices silence, and comes back by itself.
//!
//! | file | what |
//! |---|---|
//! | `mod` | connecting, pausing, phases |
//! | `session` | what is done while the server answers |
//! | `watches`, `watch`, `watcher`, `gate` | one watch for each kind; they outlive a session and go on from where they were |
//! | `reading` | how what is sent becomes rows, a person's own columns with it |
//! | `tabled` | kinds that are not built in, as their server prints them |
//! | `counted`, `budget` | pods, where there are too many to watch them all |
//! | `standing` | which kinds are current, and which are not since when |
//! | `batch` | changes merged, latest wins |
//! | `wake` | this machine slept, or its clock was set |
//! | `running` | how it begins, pauses and ends |
//!
//! Nothing a cluster does ends the program or delays another cluster: its trouble becomes its phase.

pub mod batch;
mod budget;
mod counted;
pub mod gate;
mod reading;
mod running;
mod session;
mod standing;
mod tabled;
#[cfg(test)]
mod tests;
mod wake;
pub mod watch;
pub mod watcher;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use tokio::sync::{Semaphore, mpsc, watch as signal};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

pub use self::budget::Budget;
pub use self::running::{After, Begin, Known, Running};
use self::running::{Ended, Pause, jitter};
use self::standing::{Standing, Verdict};
use self::watches::Watches;
use super::answer::Turns;
use super::api;
use super::clock::Clock;
use super::connect::Dialer;
use super::fault::{Fault, FaultClass};
use crate::domain::id::ClusterId;
use crate::domain::sign_in::SignInState;
use crate::domain::table_view::TableViews;
use crate::domain::text::SafeText;
use crate::fleet::delta::{Delta, Update};
use crate::fleet::demand::Demand;
use crate::fleet::phase::Phase;

/// How long the first answer may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// The longest pause between tries.
const RETRY_MOST: Duration = Duration::from_secs(30);
/// The longest pause where the server said no, or no credentials came: asking costs it, and a plugin's run, each time.
const DENIED_MOST: Duration = Duration::from_mins(3);
/// Clusters that may be connecting at once.
const CONNECTS: usize = 16;

/// What every supervisor of a session shares.
#[derive(Clone)]
pub struct Supervisors {
    dialer: Dialer,
    clock: Clock,
    updates: mpsc::Sender<Update>,
    demand: signal::Receiver<Demand>,
    connects: Arc<Semaphore>,
    /// At reading lists.
    turns: Turns,
    /// Of pods.
    budget: Budget,
    /// What is read for a person's own columns.
    views: Arc<TableViews>,
    /// Changes when this machine has slept.
    woke: signal::Receiver<wake::Slept>,
    cancel: CancellationToken,
}

impl Supervisors {
    /// Supervisors that dial with `dialer` and tell `updates`. Called inside the runtime.
    pub fn new(
        dialer: Dialer,
        clock: Clock,
        updates: mpsc::Sender<Update>,
        demand: signal::Receiver<Demand>,
        budget: Budget,
        cancel: CancellationToken,
    ) -> Self {
        let woke = wake::notice(clock.clone(), cancel.clone());
        let connects = Arc::new(Semaphore::new(CONNECTS));
        let turns = Turns::default();
        let views = Arc::default();
        Self { dialer, clock, updates, demand, connects, turns, budget, views, woke, cancel }
    }

    /// The same, which read for a person's own columns.
    #[must_use]
    pub fn with_views(self, views: Arc<TableViews>) -> Self {
        Self { views, ..self }
    }

    /// Starts the supervisor of one cluster. It begins after `after`, and connects by itself, or when somebody looks or
    /// asks. Where all namespaces may not be read, `namespace` is.
    pub fn start(
        &self,
        cluster: ClusterId,
        context: &str,
        namespace: Option<&str>,
        begin: Begin,
        after: Option<After>,
    ) -> Running {
        let (deltas, merged) = mpsc::channel(1024);
        let mut one = One {
            shared: self.clone(),
            cluster,
            context: context.to_owned(),
            namespace: namespace.map(str::to_owned),
            deltas,
            last_seen: None,
            troubled: None,
            was_live: false,
            old: None,
            phase: Phase::Idle,
            begin,
            watches: None,
            retried: self.demand.borrow().retry_of(cluster),
        };
        let told = tokio::spawn(batch::merge(cluster, merged, self.updates.clone()));
        let cancel = self.cancel.child_token();
        let ends = cancel.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ends.cancelled() => {}
                () = async {
                    if let Some(after) = after {
                        // What is shown of it is that old until it answers.
                        one.last_seen = after.await.get(&cluster).copied();
                        one.was_live = one.last_seen.is_some();
                        one.old = one.last_seen;
                    }
                    one.run().await;
                } => {}
            }
        });
        Running { cancel, told }
    }
}

/// The supervisor of one cluster.
struct One {
    shared: Supervisors,
    cluster: ClusterId,
    context: String,
    /// Read where all namespaces may not be.
    namespace: Option<String>,
    deltas: mpsc::Sender<Delta>,
    /// The last answer of the server, once there was one.
    last_seen: Option<Timestamp>,
    /// Since when it has been in trouble.
    troubled: Option<Timestamp>,
    /// All its lists were there once: there are rows to be old.
    was_live: bool,
    /// As of when its rows are, while they are not current.
    old: Option<Timestamp>,
    /// The phase as it was told last.
    phase: Phase,
    begin: Begin,
    /// Those of the last session; they wait behind their gate.
    watches: Option<Watches>,
    retried: u32,
}

impl One {
    async fn run(&mut self) {
        let (mut tries, mut asked) = (0u32, false);
        if !self.wait_to_begin().await {
            return;
        }
        loop {
            // Who asks for it sees that it is tried.
            if asked || (tries == 0 && self.last_seen.is_none()) {
                let since = self.shared.clock.now();
                self.enter(Phase::Connecting { since }).await;
            }
            let fault = match self.connect().await {
                Ok((client, version)) => {
                    self.tell(Delta::Version(version)).await;
                    match self.session(client).await {
                        Ended::Closed => return,
                        Ended::Back => {
                            tries = 0;
                            continue;
                        }
                        Ended::Trouble(fault) => {
                            tries = 0;
                            fault
                        }
                    }
                }
                Err(fault) => fault,
            };
            tracing::info!(context = %self.context, cause = %fault, "cluster trouble");
            let phase = self.phase_of(&fault);
            self.enter(phase).await;
            tries = tries.saturating_add(1);
            let most = match (&fault.need, fault.is_denied() || fault.class == FaultClass::Credentials) {
                // One that was too slow, or failed for a reason nobody knows (no network, say), may do better, but not soon: each run holds one of few places.
                (Some(need), _)
                    if fault.class == FaultClass::Timeout || need.state == SignInState::Failed =>
                {
                    tries = tries.max(8);
                    Some(DENIED_MOST)
                }
                // Running it again gives nothing: it waits for a person.
                (Some(_), _) => None,
                (None, true) => Some(DENIED_MOST),
                (None, false) => Some(RETRY_MOST),
            };
            asked = match self.pause(tries, most).await {
                Pause::Over => false,
                Pause::Asked => true,
                Pause::Closed => return,
            };
        }
    }

    /// The phase a fault leads to: denied, stale when it was seen before, else failed.
    fn phase_of(&mut self, fault: &Fault) -> Phase {
        // Waiting for a person was no trouble with the server.
        if matches!(self.phase, Phase::SignedOut { .. }) && fault.need.is_none() {
            self.troubled = None;
        }
        let now = *self.troubled.get_or_insert(self.shared.clock.now());
        let cause = fault.words.clone();
        if let Some(need) = fault.need.as_deref() {
            let since = self.last_seen.unwrap_or(now);
            return Phase::SignedOut { since, cause, need: need.clone() };
        }
        match (fault.is_denied() || fault.class == FaultClass::Credentials, self.last_seen) {
            (true, seen) => Phase::Denied { since: seen.unwrap_or(now), cause, expired: fault.expired },
            (false, Some(seen)) => Phase::Stale { since: self.old_since(seen), cause },
            // It answers.
            (false, None) if fault.class == FaultClass::TooMany => Phase::Unreadable { since: now, cause },
            (false, None) => Phase::Failed { since: now, cause },
        }
    }

    /// What is old already stays as old as it is, whatever else goes wrong.
    fn old_since(&self, since: Timestamp) -> Timestamp {
        self.old.map_or(since, |known| known.min(since))
    }

    async fn tell(&self, delta: Delta) {
        let _ = self.deltas.send(delta).await;
    }

    /// Tells the phase, where it is another.
    async fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.was_live |= phase == Phase::Live;
            match &phase {
                Phase::Live => self.old = None,
                Phase::Stale { since, .. } => self.old = Some(*since),
                Phase::Denied { since, .. } | Phase::SignedOut { since, .. } if self.was_live => {
                    self.old = Some(self.old_since(*since));
                }
                Phase::Idle
                | Phase::Connecting { .. }
                | Phase::Syncing { .. }
                | Phase::Denied { .. }
                | Phase::Unreadable { .. }
                | Phase::SignedOut { .. }
                | Phase::Unusable { .. }
                | Phase::Failed { .. } => {}
            }
            self.phase = phase.clone();
            self.tell(Delta::Phase(phase)).await;
        }
    }

    /// Both clocks: the one that measures, and the one that people read.
    fn now(&self) -> (Instant, Timestamp) {
        (Instant::now(), self.shared.clock.now())
    }

    /// The phase while lists are on their way. What was live before keeps its rows, and they keep their age.
    fn while_loading(&self) -> Phase {
        let now = self.shared.clock.now();
        if matches!(
            (&self.phase, self.was_live),
            (Phase::Stale { .. }, true) | (Phase::Syncing { .. }, false)
        ) {
            self.phase.clone()
        } else if self.was_live {
            let since = self.old.or(self.last_seen).unwrap_or(now);
            Phase::Stale { since, cause: "it answers again; what changed meanwhile is on its way".into() }
        } else {
            Phase::Syncing { since: now }
        }
    }

    /// The phase by how the watched kinds stand.
    async fn judge(&mut self, standing: &Standing) {
        let phase = match standing.verdict() {
            Verdict::Loading => self.while_loading(),
            Verdict::Live => Phase::Live,
            Verdict::Denied(cause) => {
                let known = self.phase.since().filter(|_| matches!(self.phase, Phase::Denied { .. }));
                let since = known.unwrap_or_else(|| self.shared.clock.now());
                Phase::Denied { since, cause, expired: false }
            }
            Verdict::Trouble(since, cause) if self.was_live => {
                Phase::Stale { since: self.old_since(since), cause }
            }
            Verdict::Trouble(since, cause) => Phase::Unreadable { since, cause },
        };
        self.enter(phase).await;
    }

    /// Dials and asks for the version.
    async fn connect(&mut self) -> Result<(Client, SafeText), Fault> {
        // Credentials first, and without holding a place: plugins that hang keep nobody from connecting who needs none.
        self.shared.dialer.sign_in(&self.context).await?;
        let connects = self.shared.connects.clone();
        let _permit = connects.acquire().await;
        let client = self.shared.dialer.dial(&self.context).await?;
        self.tell(Delta::Expires(self.shared.dialer.expires(&self.context))).await;
        let started = Instant::now();
        let version = timeout(CONNECT_LIMIT, api::version(&client))
            .await
            .map_err(|_| Fault::timeout("connect", CONNECT_LIMIT.as_secs()))??;
        self.seen(started).await;
        Ok((client, version))
    }

    async fn seen(&mut self, asked: Instant) {
        self.last_seen = Some(self.shared.clock.now());
        self.troubled = None;
        let millis = u32::try_from(asked.elapsed().as_millis()).unwrap_or(u32::MAX);
        self.tell(Delta::Latency { millis }).await;
    }

    /// Waits until it is to connect. False when the program ends.
    async fn wait_to_begin(&mut self) -> bool {
        loop {
            let seen = self.shared.demand.borrow_and_update().is_seen(self.cluster);
            if self.begin == Begin::AtOnce || (self.begin == Begin::WhenSeen && seen) || self.asked_to_retry()
            {
                return true;
            }
            if self.shared.demand.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Waits before the next try, for ever where there is no `most`; a person's "now" ends it.
    async fn pause(&mut self, tries: u32, most: Option<Duration>) -> Pause {
        let grown = |most: Duration| Duration::from_secs(1 << tries.min(8)).min(most);
        let wait = most.map(|most| jitter(grown(most), self.cluster, tries));
        self.tell(Delta::NextTry(wait.and_then(|wait| self.shared.clock.now().checked_add(wait).ok()))).await;
        let over = self.wait_for_next(wait.map(|wait| Instant::now() + wait)).await;
        self.tell(Delta::NextTry(None)).await;
        over
    }

    async fn wait_for_next(&mut self, until: Option<Instant>) -> Pause {
        loop {
            tokio::select! {
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Pause::Over,
                // Networks are others after a sleep.
                Ok(()) = self.shared.woke.changed(), if until.is_some() => return Pause::Over,
                changed = self.shared.demand.changed() => {
                    if changed.is_err() {
                        return Pause::Closed;
                    }
                    if self.asked_to_retry() {
                        return Pause::Asked;
                    }
                }
            }
        }
    }

    fn asked_to_retry(&mut self) -> bool {
        let asked = self.shared.demand.borrow_and_update().retry_of(self.cluster);
        std::mem::replace(&mut self.retried, asked) != asked
    }
}
