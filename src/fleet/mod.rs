//! The model: one struct, one writer. Sources send deltas, the loop applies them, everybody else reads.
//!
//! Architecture invariant: there is no lock and no shared mutable state here; the loop owns the `Fleet`.

pub mod apply;
pub mod cluster;
pub mod counted;
pub mod delta;
pub mod demand;
pub mod field;
pub mod index;
pub mod kept;
mod news;
pub mod node_cost;
pub mod phase;
pub mod rules;
pub mod served;
pub mod table;
pub mod tree;
pub mod usage;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::change::Change;
use crate::domain::cost::catalogue::Catalogue;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use cluster::{Cluster, ClusterInfo, Load};
use phase::{By, Phase};
use rules::Rules;

/// Everything known of every cluster.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// By id, which is never given twice.
    clusters: Vec<Cluster>,
    /// What changed while this program looked, the oldest first; the oldest go when there are too many.
    changes: VecDeque<Change>,
    rules: Arc<Rules>,
    /// Of kinds that are not built in.
    tables: served::Tables,
    /// Prices, once read.
    pub catalogue: Option<Arc<Catalogue>>,
    /// Grows with every change.
    pub revision: u64,
}

/// Clusters by how their connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field counts the clusters in the phase of that name")]
pub struct PhaseCounts {
    pub idle: usize,
    pub connecting: usize,
    pub live: usize,
    pub stale: usize,
    pub denied: usize,
    pub unreadable: usize,
    pub signed_out: usize,
    pub not_allowed: usize,
    pub unusable: usize,
    pub failed: usize,
}

impl Fleet {
    /// A fleet of these clusters, none connected. Their ids are set to their place in the list.
    pub fn new(infos: impl IntoIterator<Item = ClusterInfo>) -> Self {
        let clusters = infos
            .into_iter()
            .zip(0u32..)
            .map(|(mut info, n)| {
                info.id = ClusterId(n);
                Cluster::new(info)
            })
            .collect();
        Self { clusters, ..Self::default() }
    }

    /// The same, guarded by these rules wherever a place turns out to be.
    #[must_use]
    pub fn ruled(mut self, rules: Arc<Rules>) -> Self {
        for cluster in &mut self.clusters {
            rules.apply(&mut cluster.info);
            cluster.rules = rules.clone();
        }
        self.rules = rules;
        self
    }

    /// All clusters, in the order of the kubeconfig.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// One cluster.
    pub fn cluster(&self, id: ClusterId) -> Option<&Cluster> {
        self.clusters.get(self.place(id)?)
    }

    /// Where a cluster stands in the list: its id, as long as none before it has gone.
    fn place(&self, id: ClusterId) -> Option<usize> {
        let guess = id.index();
        if self.clusters.get(guess).is_some_and(|c| c.id() == id) {
            return Some(guess);
        }
        self.clusters.binary_search_by_key(&id, Cluster::id).ok()
    }

    /// What changed while this program looked, the oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes.iter()
    }

    /// The clusters a scope touches.
    pub fn in_scope<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Cluster> {
        self.clusters.iter().filter(|c| scope.touches_what(c.info.at(), |node| c.has(node)))
    }

    /// Clusters by phase.
    pub fn phases(&self) -> PhaseCounts {
        let mut n = PhaseCounts::default();
        for c in &self.clusters {
            match c.phase {
                Phase::Idle => n.idle += 1,
                Phase::Connecting { .. } | Phase::Syncing { .. } => n.connecting += 1,
                Phase::Live => n.live += 1,
                Phase::Stale { .. } => n.stale += 1,
                Phase::Denied { .. } => n.denied += 1,
                Phase::Unreadable { .. } => n.unreadable += 1,
                Phase::SignedOut { ref need, .. } if need.by == By::Consent => n.not_allowed += 1,
                Phase::SignedOut { .. } => n.signed_out += 1,
                Phase::Unusable { .. } => n.unusable += 1,
                Phase::Failed { .. } => n.failed += 1,
            }
        }
        n
    }

    /// How many clusters in scope still load a kind, and how many rows are on their way: `(clusters, done, total)`.
    pub fn loading(&self, scope: &Scope, kind: Kind) -> (usize, usize, Option<usize>) {
        let (mut clusters, mut done, mut total) = (0, 0, Some(0));
        for c in self.in_scope(scope) {
            match (&c.phase, c.loads.get(&kind)) {
                (_, Some(Load::Loading { done: d, total: t })) => {
                    clusters += 1;
                    done += d;
                    total = total.zip(*t).map(|(a, b)| a + b);
                }
                (Phase::Connecting { .. } | Phase::Syncing { .. }, None) => {
                    clusters += 1;
                    total = None;
                }
                _ => {}
            }
        }
        (clusters, done, total.filter(|_| clusters > 0))
    }
}
