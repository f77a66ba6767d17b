//! What the screen or a command wants of the supervisors beyond what every cluster is watched for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;

/// What is wanted now. Supervisors follow the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The clusters in scope.
    pub clusters: BTreeSet<ClusterId>,
    /// Kinds to watch there, beyond [`Kind::WATCHED`].
    pub kinds: BTreeSet<Kind>,
    /// Which kinds clusters serve, by how often that was asked.
    pub discovery: BTreeMap<ClusterId, u32>,
    /// What pods and nodes use is on screen.
    pub usage: bool,
    /// Clusters whose rows are seen or which were asked for: those that are not connected by themselves are.
    pub seen: BTreeSet<ClusterId>,
    /// Namespaces whose pods are wanted where those of the cluster are not all watched.
    pub pods: Arc<BTreeMap<ClusterId, BTreeSet<SafeText>>>,
    /// "Try again now", by how often it was asked.
    pub retry: BTreeMap<ClusterId, u32>,
}

impl Demand {
    /// The kinds wanted of one cluster.
    pub fn kinds_of(&self, cluster: ClusterId) -> BTreeSet<Kind> {
        if self.clusters.contains(&cluster) { self.kinds.clone() } else { BTreeSet::new() }
    }

    /// How often it was asked which kinds one cluster serves.
    pub fn discovery_of(&self, cluster: ClusterId) -> u32 {
        self.discovery.get(&cluster).copied().unwrap_or(0)
    }

    /// The namespaces of one cluster whose pods are wanted.
    pub fn pods_of(&self, cluster: ClusterId) -> BTreeSet<SafeText> {
        self.pods.get(&cluster).cloned().unwrap_or_default()
    }

    /// Whether usage is wanted of one cluster.
    pub fn usage_of(&self, cluster: ClusterId) -> bool {
        self.usage && self.clusters.contains(&cluster)
    }

    /// Whether somebody looks at a cluster.
    pub fn is_seen(&self, cluster: ClusterId) -> bool {
        self.seen.contains(&cluster)
    }

    /// How often a new try was asked for.
    pub fn retry_of(&self, cluster: ClusterId) -> u32 {
        self.retry.get(&cluster).copied().unwrap_or(0)
    }
}
