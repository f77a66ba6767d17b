//! What changed in a cluster that a person would want to know of: a cluster lost and back, workloads made, scaled and given
//! other images, nodes that come, go and fail.
//!
//! Never: the rows themselves. Called by `apply` with what was and what is.

use jiff::Timestamp;

use crate::domain::change::{Change, Changed, What};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;

use super::cluster::Cluster;
use super::phase::Phase;

/// The changes that one batch brings.
pub(super) struct News {
    at: Timestamp,
    cluster: ClusterId,
    pub(super) changes: Vec<Change>,
}

impl News {
    /// None yet, of a cluster, as of now.
    pub(super) fn new(cluster: ClusterId, at: Timestamp) -> Self {
        Self { at, cluster, changes: Vec::new() }
    }

    fn push(&mut self, object: Option<Changed>, what: What) {
        self.changes.push(Change { at: self.at, cluster: self.cluster, object, what });
    }

    /// The connection's phase was one and is another.
    pub(super) fn phase(&mut self, cluster: &mut Cluster, phase: &Phase) {
        match phase {
            Phase::Live if cluster.lost => {
                cluster.lost = false;
                self.push(None, What::Back);
            }
            Phase::Stale { cause, .. }
            | Phase::Denied { cause, .. }
            | Phase::Unreadable { cause, .. }
            | Phase::SignedOut { cause, .. }
            | Phase::Unusable { cause }
            | Phase::Failed { cause, .. }
                if cluster.phase == Phase::Live =>
            {
                cluster.lost = true;
                self.push(None, What::Lost { cause: cause.clone() });
            }
            Phase::Live
            | Phase::Idle
            | Phase::Connecting { .. }
            | Phase::Syncing { .. }
            | Phase::Stale { .. }
            | Phase::Denied { .. }
            | Phase::Unreadable { .. }
            | Phase::SignedOut { .. }
            | Phase::Unusable { .. }
            | Phase::Failed { .. } => {}
        }
    }

    /// A workload was `old` and is `new`; none: it was, or is, not there. Jobs come and go by their nature.
    pub(super) fn workload(&mut self, old: Option<&WorkloadRow>, new: Option<&WorkloadRow>) {
        let Some(row) = new.or(old).filter(|w| w.kind != Kind::Job) else { return };
        let object = || {
            let meta = &row.meta;
            Some(Changed { kind: row.kind, namespace: meta.namespace.clone(), name: meta.name.clone() })
        };
        let (Some(old), Some(new)) = (old, new) else {
            self.push(object(), if new.is_some() { What::Created } else { What::Deleted });
            return;
        };
        for (from, to) in old.images.iter().zip(&new.images).filter(|(from, to)| from != to) {
            self.push(object(), What::Image { from: from.clone(), to: to.clone() });
        }
        // A DaemonSet's number follows the nodes.
        if old.desired != new.desired && matches!(new.kind, Kind::Deployment | Kind::StatefulSet) {
            self.push(object(), What::Replicas { from: old.desired, to: new.desired });
        }
    }

    /// A node was `old` and is `new`; none: it was, or is, not there.
    pub(super) fn node(&mut self, old: Option<&NodeRow>, new: Option<&NodeRow>) {
        let Some(row) = new.or(old) else { return };
        let object =
            Some(Changed { kind: Kind::Node, namespace: SafeText::empty(), name: row.meta.name.clone() });
        match (old.map(NodeRow::status), new.map(NodeRow::status)) {
            (Some(from), Some(to)) if from != to => self.push(object, What::Status { from, to }),
            (None, Some(_)) => self.push(object, What::Created),
            (Some(_), None) => self.push(object, What::Deleted),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}
