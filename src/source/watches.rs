//! The watches of one connected cluster: which kinds are watched, and what is used now. Called by [`super::supervise`].

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use tokio::sync::{mpsc, watch as signal};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::clock::Clock;
use super::metrics;
use super::watch::{Said, watch};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::fleet::delta::Delta;
use crate::fleet::demand::Demand;

/// How long the metrics API may take.
const USAGE_LIMIT: Duration = Duration::from_secs(5);

/// The running watches of one session; they end with it.
pub(super) struct Watches {
    pub(super) tasks: JoinSet<()>,
    pub(super) running: BTreeMap<Kind, AbortHandle>,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) own: Option<String>,
    pub(super) said: mpsc::Sender<Said>,
    /// Changes when a person asks for another try.
    pub(super) again: signal::Sender<u32>,
    pub(super) usage_read: Option<Instant>,
}

impl Watches {
    pub(super) fn start(&mut self, kind: Kind) {
        let (again, said) = (self.again.subscribe(), self.said.clone());
        let task = watch(self.client.clone(), kind, self.clock.clone(), self.own.clone(), again, said);
        self.running.insert(kind, self.tasks.spawn(task));
    }

    /// Starts what is wanted and not running, stops what is no longer wanted; tells which kinds were started and stopped.
    pub(super) fn follow(&mut self, demand: &Demand, cluster: ClusterId) -> (Vec<Kind>, Vec<Kind>) {
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

    pub(super) fn read_usage(&mut self) {
        self.usage_read = Some(Instant::now());
        let (client, said) = (self.client.clone(), self.said.clone());
        self.tasks.spawn(async move {
            // Clusters without the metrics API simply have no usage to show.
            if let Ok(Ok(usage)) = timeout(USAGE_LIMIT, metrics::read(&client)).await {
                let _ = said.send(Said::Delta(Delta::Usage(usage))).await;
            }
        });
    }
}
