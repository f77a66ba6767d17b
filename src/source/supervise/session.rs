//! A session: what is done while a server answers. Its watches are let go on, it is asked whether it is there, and what
//! comes becomes deltas; it ends when the server falls silent, refuses us, or the program ends.
//!
//! Called by the supervisor, which connects first.

use std::time::Duration;

use kube::Client;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep_until, timeout};

use super::One;
use super::running::Ended;
use super::standing::Standing;
use super::watch::Said;
use super::watches::Watches;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::fleet::delta::Delta;
use crate::fleet::phase::Phase;
use crate::source::api;
use crate::source::fault::{Fault, FaultClass};
use crate::source::meter::Rates;

/// How often a cluster is asked whether it is there, and how long it may take to say so.
const HEALTH_EVERY: Duration = Duration::from_secs(5);
const HEALTH_LIMIT: Duration = Duration::from_secs(5);
/// How often usage is read while it is on screen.
const USAGE_EVERY: Duration = Duration::from_secs(15);

impl One {
    /// Watches until the server falls silent, refuses us, or the program ends. The watches stay, and go on in the next.
    pub(super) async fn session(&mut self, client: Client) -> Ended {
        self.enter(self.while_loading()).await;
        let known = self.watches.take();
        let anew = || {
            let shared = &self.shared;
            let (clock, turns, budget) = (shared.clock.clone(), shared.turns.clone(), shared.budget.clone());
            Watches::new(client.clone(), clock, self.namespace.clone(), turns, budget, shared.views.clone())
        };
        let mut watches = known.unwrap_or_else(anew);
        watches.open();
        let ended = self.attend(&client, &mut watches).await;
        watches.shut();
        self.watches = Some(watches);
        ended
    }

    async fn attend(&mut self, client: &Client, watches: &mut Watches) -> Ended {
        let demanded = self.shared.demand.borrow_and_update().clone();
        watches.follow(&demanded, self.cluster);
        watches.discover(demanded.discovery_of(self.cluster));
        let mut standing = Standing::new(self.now());
        for kind in watches.running.keys() {
            standing.start(*kind, self.now());
        }
        self.shared.woke.mark_unchanged();
        let mut health = interval(HEALTH_EVERY);
        health.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if demanded.usage_of(self.cluster) {
            watches.read_usage();
        }
        let mut usage = interval_at(Instant::now() + turn_of(self.cluster), USAGE_EVERY);
        usage.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let meter = self.shared.dialer.meter(&self.context);
        let mut rates = Rates::default();
        let (asked, mut answers) = mpsc::channel::<(Instant, Result<(), Fault>)>(1);
        let mut asking = false;
        let mut silent = false;
        let mut judged = true;
        loop {
            // While the server is silent, that is the phase.
            if !judged && !silent {
                self.judge(&standing).await;
                judged = true;
            }
            tokio::select! {
                message = watches.heard.recv() => match message.map(|heard| (heard.turn == watches.turn(), heard.said)) {
                    None => return Ended::Closed,
                    // The last words of a watch that has been ended.
                    Some((_, Said::Delta(delta))) if delta.kind().is_some_and(|k| !watches.running.contains_key(&k)) => {}
                    Some((_, Said::Delta(delta))) => {
                        watches.counts_pods |= matches!(delta, Delta::Counted { .. });
                        watches.counts_pods &= !matches!(delta, Delta::Reset { kind: Kind::Pod, .. });
                        self.tell(delta).await;
                    }
                    // What was said in an earlier turn is over.
                    Some((false, _)) => {}
                    Some((true, Said::Page { kind, done, total })) => {
                        standing.page(kind, self.now());
                        self.tell(Delta::Loading { kind, done, total }).await;
                        judged = false;
                    }
                    Some((true, Said::Well(kind))) => {
                        if let Some(delta) = standing.well(kind) {
                            self.tell(delta).await;
                        }
                        judged = false;
                    }
                    Some((true, Said::Whole(kind))) => {
                        if let Some(delta) = standing.whole(kind) {
                            self.tell(delta).await;
                        }
                        judged = false;
                    }
                    Some((true, Said::Refused(kind, fault))) => {
                        tracing::info!(context = %self.context, ?kind, cause = %fault, "kind refused");
                        if let Some(delta) = standing.refused(kind, &fault, self.now()) {
                            self.tell(delta).await;
                        }
                        judged = false;
                    }
                    Some((true, Said::Trouble(kind, fault))) => {
                        tracing::debug!(context = %self.context, ?kind, cause = %fault, "watch trouble");
                        if fault.class == FaultClass::Unauthorized || fault.need.is_some() {
                            return Ended::Trouble(fault);
                        }
                        standing.trouble(kind, &fault.words, self.now());
                        judged = false;
                    }
                },
                () = sleep_until(standing.due().unwrap_or_else(Instant::now)), if standing.due().is_some() => {
                    for delta in standing.news(Instant::now()) {
                        if let Delta::Lacks { kind, lack } = &delta {
                            tracing::info!(context = %self.context, ?kind, cause = %lack.cause, "kind not current");
                        }
                        self.tell(delta).await;
                    }
                    judged = false;
                }
                // Until it answers again everything is as old as before the sleep.
                Ok(()) = self.shared.woke.changed() => {
                    silent = true;
                    let cause = self.shared.woke.borrow_and_update().words();
                    if let (Some(since), true) = (self.last_seen, self.was_live) {
                        let since = self.old_since(since);
                        self.enter(Phase::Stale { since, cause }).await;
                    }
                    health.reset_immediately();
                }
                _ = health.tick(), if !asking => {
                    asking = true;
                    let (client, asked) = (client.clone(), asked.clone());
                    watches.tasks.spawn(async move {
                        let start = Instant::now();
                        let answer = match timeout(HEALTH_LIMIT, api::alive(&client)).await {
                            Ok(answer) => answer,
                            Err(_) => Err(Fault::timeout("health request", HEALTH_LIMIT.as_secs())),
                        };
                        let _ = asked.send((start, answer)).await;
                    });
                }
                Some((start, answer)) = answers.recv() => {
                    asking = false;
                    if let Some(meter) = &meter {
                        self.tell(Delta::Traffic(rates.add(Instant::now(), meter.counts()))).await;
                    }
                    match answer {
                        Ok(()) => {
                            self.seen(start).await;
                            if silent {
                                return Ended::Back;
                            }
                        }
                        Err(fault) if fault.class == FaultClass::Unauthorized || fault.need.is_some() => {
                            return Ended::Trouble(fault);
                        }
                        Err(fault) => {
                            silent = true;
                            let phase = self.phase_of(&fault);
                            self.enter(phase).await;
                            if fault.class == FaultClass::Unreachable {
                                return Ended::Trouble(fault);
                            }
                        }
                    }
                }
                _ = usage.tick(), if self.shared.demand.borrow().usage_of(self.cluster) => {
                    // Not again at once after it came on screen.
                    if watches.usage_read.is_none_or(|at| at.elapsed() > USAGE_EVERY / 2) {
                        watches.read_usage();
                    }
                }
                changed = self.shared.demand.changed() => {
                    if changed.is_err() {
                        return Ended::Closed;
                    }
                    if self.asked_to_retry() {
                        if silent {
                            return Ended::Back;
                        }
                        watches.again();
                    }
                    let demand = self.shared.demand.borrow().clone();
                    if demand.usage_of(self.cluster) && watches.usage_read.is_none_or(|at| at.elapsed() > USAGE_EVERY) {
                        watches.read_usage();
                    }
                    watches.discover(demand.discovery_of(self.cluster));
                    let (started, stopped) = watches.follow(&demand, self.cluster);
                    for kind in started {
                        standing.start(kind, self.now());
                    }
                    for kind in stopped {
                        standing.stop(kind);
                        self.tell(Delta::Dropped { kind }).await;
                    }
                }
                // Finished tasks are taken in so that their memory goes; a panic in one becomes a log line.
                Some(ended) = watches.tasks.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        tracing::error!(context = %self.context, "a watch panicked");
                    }
                }
            }
        }
    }
}

/// When within the span its usage is read: two hundred clusters are spread over it, and not all read at once.
fn turn_of(cluster: ClusterId) -> Duration {
    // By the golden ratio the next is far from those before, however many there are.
    USAGE_EVERY.mul_f64((f64::from(cluster.0) * 0.618_033_988_75).fract())
}
