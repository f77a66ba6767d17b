//! The watches of one connected cluster: which kinds are watched, and what is used now. Called by [`super::supervise`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::{mpsc, watch as signal};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::budget::Budget;
use super::counted::{self, Wanted};
use super::gate::{Gate, Waiting};
use super::watch::{Heard, Said, watch};
use super::watcher::Watcher;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::table_view::TableViews;
use crate::fleet::delta::Delta;
use crate::fleet::demand::Demand;
use crate::source::answer::Turns;
use crate::source::clock::Clock;
use crate::source::discovery;
use crate::source::fault::Fault;
use crate::source::metrics;

/// How long the metrics API may take.
const USAGE_LIMIT: Duration = Duration::from_secs(14);
/// How long it may take a server to say which kinds it serves.
const DISCOVERY_LIMIT: Duration = Duration::from_secs(10);

/// The watches of a cluster, over all sessions with its server; they end with this.
pub(super) struct Watches {
    pub(super) tasks: JoinSet<()>,
    pub(super) running: BTreeMap<Kind, AbortHandle>,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) own: Option<String>,
    turns: Turns,
    budget: Budget,
    views: Arc<TableViews>,
    /// Namespaces whose pods are watched wherever they are not all.
    wanted: signal::Sender<Wanted>,
    pub(super) said: mpsc::Sender<Heard>,
    pub(super) heard: mpsc::Receiver<Heard>,
    pub(super) gate: signal::Sender<Gate>,
    pub(super) usage_read: Option<Instant>,
    /// The last time of asking which kinds it serves.
    discovered: u32,
    /// The pods are not all watched: what all of them use is too much as well.
    pub(super) counts_pods: bool,
}

impl Watches {
    /// The kinds that are always watched, behind a gate that is shut.
    pub(super) fn new(
        client: Client,
        clock: Clock,
        own: Option<String>,
        turns: Turns,
        budget: Budget,
        views: Arc<TableViews>,
    ) -> Self {
        let (said, heard) = mpsc::channel(1024);
        let mut out = Self {
            tasks: JoinSet::new(),
            running: BTreeMap::new(),
            client,
            clock,
            own,
            turns,
            budget,
            views,
            wanted: signal::channel(Wanted::new()).0,
            said,
            heard,
            gate: signal::channel(Gate::default()).0,
            usage_read: None,
            discovered: 0,
            counts_pods: false,
        };
        for kind in Kind::WATCHED {
            out.start(kind);
        }
        out
    }

    /// The server answers: watches go on from where they were.
    pub(super) fn open(&self) {
        self.gate.send_modify(|gate| {
            gate.open = true;
            gate.turn = gate.turn.wrapping_add(1);
        });
    }

    /// It does not: nothing is asked of it.
    pub(super) fn shut(&self) {
        self.gate.send_modify(|gate| gate.open = false);
    }

    /// A person wants another try now.
    pub(super) fn again(&self) {
        self.gate.send_modify(|gate| gate.tries = gate.tries.wrapping_add(1));
    }

    /// The turn of now.
    pub(super) fn turn(&self) -> u32 {
        self.gate.borrow().turn
    }

    fn start(&mut self, kind: Kind) {
        let (client, clock, own) = (self.client.clone(), self.clock.clone(), self.own.clone());
        let (gate, turns, said) = (self.gate.subscribe(), self.turns.clone(), self.said.clone());
        let mut watcher = Watcher::new(client, kind, own, Waiting::new(gate), turns, said);
        watcher.paths = self.views.paths(kind);
        let task = if kind == Kind::Pod {
            self.tasks.spawn(counted::pods(watcher, self.budget.hold(), self.wanted.subscribe()))
        } else {
            self.tasks.spawn(watch(clock, watcher))
        };
        self.running.insert(kind, task);
    }

    /// Starts what is wanted and not running, stops what is no longer wanted; tells which kinds were started and stopped.
    pub(super) fn follow(&mut self, demand: &Demand, cluster: ClusterId) -> (Vec<Kind>, Vec<Kind>) {
        self.wanted.send_if_modified(|now| {
            let wanted = demand.pods_of(cluster);
            let differs = *now != wanted;
            *now = wanted;
            differs
        });
        let wanted = demand.kinds_of(cluster);
        let started: Vec<Kind> = wanted.iter().copied().filter(|k| !self.running.contains_key(k)).collect();
        for kind in &started {
            self.start(*kind);
        }
        let unwanted: Vec<Kind> = self
            .running
            .keys()
            .copied()
            .filter(|k| !Kind::WATCHED.contains(k) && !wanted.contains(k))
            .collect();
        for kind in &unwanted {
            if let Some(task) = self.running.remove(kind) {
                task.abort();
            }
        }
        (started, unwanted)
    }

    /// Asks which kinds it serves, where that was asked for since.
    pub(super) fn discover(&mut self, asked: u32) {
        if asked <= self.discovered {
            return;
        }
        self.discovered = asked;
        let (client, said, turn) = (self.client.clone(), self.said.clone(), self.turn());
        self.tasks.spawn(async move {
            let served = match timeout(DISCOVERY_LIMIT, discovery::served(&client)).await {
                Ok(served) => served,
                Err(_) => Err(Fault::timeout("discovery", DISCOVERY_LIMIT.as_secs())),
            };
            let served = served.map_err(|fault| fault.words);
            let _ = said.send(Heard { turn, said: Said::Delta(Delta::Kinds { asked, served }) }).await;
        });
    }

    pub(super) fn read_usage(&mut self) {
        self.usage_read = Some(Instant::now());
        let (client, said, turn) = (self.client.clone(), self.said.clone(), self.turn());
        let (with_pods, turns) = (!self.counts_pods, self.turns.clone());
        self.tasks.spawn(async move {
            // Clusters without the metrics API simply have no usage to show.
            if let Ok(Ok(usage)) = timeout(USAGE_LIMIT, metrics::read(&client, with_pods, &turns)).await {
                let _ = said.send(Heard { turn, said: Said::Delta(Delta::Usage(usage)) }).await;
            }
        });
    }
}
