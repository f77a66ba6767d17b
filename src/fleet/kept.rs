//! What is kept of a cluster from one run to the next: names and states, so that a restarted program shows the last known
//! tree at once, as old as it is.
//!
//! Never: a label, an annotation, an environment, a message of a server, an address. Written and read by `ops::last_known`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::object::{Meta, Owner};
use crate::domain::pod::{ContainerRow, ContainerState, PodRow, Waiting};
use crate::domain::stamp::Stamp;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;

use super::cluster::Cluster;
use super::delta::{Delta, NamespaceRow, Row};
use super::phase::Phase;

/// A cluster as it was. The rows of a kind that was not complete then are not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// As of when.
    pub at: Timestamp,
    /// Which context entered it.
    pub context: String,
    version: SafeText,
    rows: Vec<(String, Vec<KeptRow>)>,
    /// How many pods there were, where they were not all watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted: Option<u32>,
}

/// Namespace, name, and when it was made, in seconds.
type KeptMeta = (SafeText, SafeText, Option<i64>);

/// A row, in the shortest words: there may be a hundred thousand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KeptRow {
    /// And its phase.
    #[serde(rename = "s")]
    Namespace(KeptMeta, SafeText),
    /// Ready, cordoned.
    #[serde(rename = "n")]
    Node(KeptMeta, Option<bool>, bool),
    #[serde(rename = "w")]
    Workload(Box<KeptWorkload>),
    #[serde(rename = "p")]
    Pod(Box<KeptPod>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptWorkload {
    #[serde(rename = "m")]
    meta: KeptMeta,
    /// Desired, ready, updated, available, current.
    #[serde(rename = "c")]
    counts: [u32; 5],
    #[serde(rename = "f", default, skip_serializing_if = "is_empty")]
    failure: SafeText,
    #[serde(rename = "h", default, skip_serializing_if = "is_false")]
    paused: bool,
    #[serde(rename = "d", default, skip_serializing_if = "is_false")]
    complete: bool,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    owner: Option<(SafeText, SafeText)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptPod {
    #[serde(rename = "m")]
    meta: KeptMeta,
    #[serde(rename = "p")]
    phase: SafeText,
    /// The STATUS word, where it is not the phase.
    #[serde(rename = "t", default, skip_serializing_if = "is_empty")]
    status: SafeText,
    /// Ready, in all, restarts.
    #[serde(rename = "c")]
    counts: (u16, u16, u32),
    #[serde(rename = "r", default, skip_serializing_if = "is_false")]
    is_ready: bool,
    #[serde(rename = "l", default, skip_serializing_if = "is_empty")]
    node: SafeText,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    workload: Option<(SafeText, SafeText)>,
    /// Its containers that wait: name and reason.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<(SafeText, SafeText)>,
}

fn is_empty(text: &SafeText) -> bool {
    text.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn kept(meta: &Meta) -> KeptMeta {
    (meta.namespace.clone(), meta.name.clone(), meta.created.map(Stamp::as_second))
}

fn meta((namespace, name, created): &KeptMeta) -> Meta {
    Meta {
        namespace: namespace.clone(),
        name: name.clone(),
        created: created.map(Stamp::from_second),
        ..Meta::default()
    }
}

fn pair(owner: Option<&Owner>) -> Option<(SafeText, SafeText)> {
    owner.map(|o| (o.kind.clone(), o.name.clone()))
}

fn owner(pair: Option<&(SafeText, SafeText)>) -> Option<Owner> {
    pair.map(|(kind, name)| Owner { kind: kind.clone(), name: name.clone() })
}

impl Kept {
    /// What is worth keeping of a cluster: of one whose rows are known, as of when they are; none of one that was never read.
    pub fn of(cluster: &Cluster, now: Timestamp) -> Option<Self> {
        let at = match &cluster.phase {
            Phase::Live => now,
            Phase::Stale { since, .. } | Phase::Denied { since, .. } | Phase::SignedOut { since, .. } => {
                *since
            }
            Phase::Idle
            | Phase::Connecting { .. }
            | Phase::Syncing { .. }
            | Phase::Unreadable { .. }
            | Phase::Unusable { .. }
            | Phase::Failed { .. } => return None,
        };
        // A part of the pods would look like all.
        let counted = |kind: &Kind| *kind == Kind::Pod && cluster.counted.is_some();
        let known = |kind: &Kind| cluster.is_loaded(*kind) && !counted(kind);
        let rows: Vec<(String, Vec<KeptRow>)> = Kind::WATCHED
            .into_iter()
            .filter(known)
            .map(|kind| (kind.info().plural.to_owned(), rows_of(cluster, kind)))
            .collect();
        let context = cluster.info.context.to_string();
        (!rows.is_empty()).then(|| Self {
            at,
            context,
            version: cluster.version.clone(),
            rows,
            counted: cluster.counted.as_ref().map(|counted| counted.total),
        })
    }

    /// What brings it back into the model: every row as old as it is.
    pub fn deltas(&self) -> Vec<Delta> {
        let cause = SafeText::new("as it was when skyfleet last saw it; it has not answered since");
        let mut out = vec![Delta::Version(self.version.clone())];
        for (plural, rows) in &self.rows {
            let Some(kind) = Kind::WATCHED.into_iter().find(|k| k.info().plural == plural) else { continue };
            let rows = rows.iter().map(|row| row.row(kind)).filter(|row| row.kind() == kind).collect();
            out.push(Delta::LastKnown { kind, rows, since: self.at, cause: cause.clone() });
        }
        if let Some(total) = self.counted.and_then(|n| usize::try_from(n).ok()) {
            let (kind, since, cause) = (Kind::Pod, self.at, cause.clone());
            out.push(Delta::LastKnown { kind, rows: Vec::new(), since, cause });
            out.push(Delta::Counted { total });
        }
        out.push(Delta::Phase(Phase::Stale { since: self.at, cause }));
        out
    }
}

fn rows_of(cluster: &Cluster, kind: Kind) -> Vec<KeptRow> {
    match kind {
        Kind::Namespace => {
            cluster.namespaces().map(|n| KeptRow::Namespace(kept(&n.meta), n.phase.clone())).collect()
        }
        Kind::Node => {
            cluster.nodes().map(|n| KeptRow::Node(kept(&n.meta), n.ready, n.unschedulable)).collect()
        }
        Kind::Pod => cluster.pods().map(|p| KeptRow::Pod(Box::new(KeptPod::of(p)))).collect(),
        workload => {
            cluster.workloads_of(workload).map(|w| KeptRow::Workload(Box::new(KeptWorkload::of(w)))).collect()
        }
    }
}

impl KeptRow {
    fn row(&self, kind: Kind) -> Row {
        match self {
            Self::Namespace(kept, phase) => {
                Row::Namespace(NamespaceRow { meta: meta(kept), phase: phase.clone() })
            }
            Self::Node(kept, ready, unschedulable) => Row::Node(Box::new(NodeRow {
                meta: meta(kept),
                ready: *ready,
                unschedulable: *unschedulable,
                ..NodeRow::default()
            })),
            Self::Workload(w) => Row::Workload(Box::new(w.row(kind))),
            Self::Pod(p) => Row::Pod(Box::new(p.row())),
        }
    }
}

impl KeptWorkload {
    fn of(w: &WorkloadRow) -> Self {
        Self {
            meta: kept(&w.meta),
            counts: [w.desired, w.ready, w.updated, w.available, w.current],
            failure: w.failure.clone(),
            paused: w.paused,
            complete: w.complete,
            owner: pair(w.owner.as_ref()),
        }
    }

    fn row(&self, kind: Kind) -> WorkloadRow {
        let [desired, ready, updated, available, current] = self.counts;
        WorkloadRow {
            desired,
            ready,
            updated,
            available,
            current,
            paused: self.paused,
            complete: self.complete,
            failure: self.failure.clone(),
            owner: owner(self.owner.as_ref()),
            ..WorkloadRow::new(kind, meta(&self.meta))
        }
    }
}

impl KeptPod {
    fn of(p: &PodRow) -> Self {
        let waits = |c: &ContainerRow| match &c.state {
            ContainerState::Waiting(w) => Some((c.name.clone(), w.reason.clone())),
            ContainerState::Unknown | ContainerState::Running { .. } | ContainerState::Terminated(_) => None,
        };
        Self {
            meta: kept(&p.meta),
            phase: p.phase.clone(),
            status: if p.status == p.phase { SafeText::empty() } else { p.status.clone() },
            counts: (p.ready, p.total, p.restarts),
            is_ready: p.is_ready,
            node: p.node.clone(),
            workload: pair(p.workload.as_deref()),
            waiting: p.containers.iter().filter_map(waits).collect(),
        }
    }

    fn row(&self) -> PodRow {
        let (ready, total, restarts) = self.counts;
        let waiting = |(name, reason): &(SafeText, SafeText)| ContainerRow {
            name: name.clone(),
            state: ContainerState::Waiting(Box::new(Waiting {
                reason: reason.clone(),
                message: SafeText::empty(),
            })),
            ..ContainerRow::default()
        };
        PodRow {
            meta: meta(&self.meta),
            phase: self.phase.clone(),
            status: if self.status.is_empty() { self.phase.clone() } else { self.status.clone() },
            ready,
            total,
            restarts,
            is_ready: self.is_ready,
            node: self.node.clone(),
            workload: owner(self.workload.as_ref()).map(Arc::new),
            containers: self.waiting.iter().map(waiting).collect(),
            ..PodRow::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::place::Place;
    use crate::fleet::Fleet;
    use crate::fleet::cluster::{ClusterInfo, Load};
    use crate::fleet::delta::{Batch, Update};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn apply(fleet: &mut Fleet, deltas: Vec<Delta>, now: i64) {
        let cluster = fleet.clusters()[0].id();
        fleet.apply(Update::Cluster(Batch { cluster, deltas }), at(now));
    }

    fn named(namespace: &str, name: &str) -> Meta {
        meta(&(namespace.into(), name.into(), Some(50)))
    }

    fn seen() -> Fleet {
        let mut fleet = Fleet::new([ClusterInfo::sample("a", Place::default())]);
        let container = ContainerRow {
            name: "main".into(),
            state: ContainerState::Waiting(Box::new(Waiting {
                reason: "CrashLoopBackOff".into(),
                message: "secret words".into(),
            })),
            ..ContainerRow::default()
        };
        let pod = PodRow {
            meta: named("shop", "web-1"),
            phase: "Running".into(),
            status: "CrashLoopBackOff".into(),
            message: "secret words".into(),
            ip: "10.9.8.7".into(),
            containers: vec![container],
            total: 1,
            restarts: 7,
            workload: Some(Arc::new(Owner { kind: "Deployment".into(), name: "web".into() })),
            ..PodRow::default()
        };
        let web = WorkloadRow {
            desired: 3,
            ready: 2,
            images: vec!["registry/secret:1".into()],
            ..WorkloadRow::new(Kind::Deployment, named("shop", "web"))
        };
        let node = NodeRow { ready: Some(false), meta: named("", "n1"), ..NodeRow::default() };
        let namespace = NamespaceRow { meta: named("", "shop"), phase: "Active".into() };
        let deltas = vec![
            Delta::Version("v1.36.3".into()),
            Delta::Reset { kind: Kind::Namespace, rows: vec![Row::Namespace(namespace)] },
            Delta::Reset { kind: Kind::Node, rows: vec![Row::Node(Box::new(node))] },
            Delta::Reset { kind: Kind::Pod, rows: vec![Row::Pod(Box::new(pod))] },
            Delta::Reset { kind: Kind::Deployment, rows: vec![Row::Workload(Box::new(web))] },
            Delta::Phase(Phase::Live),
        ];
        apply(&mut fleet, deltas, 100);
        fleet
    }

    /// A part of the pods is not kept as if it were all of them.
    #[test]
    fn pods_that_are_counted_are_not_known_in_the_next_run() {
        let mut fleet = seen();
        apply(&mut fleet, vec![Delta::Dropped { kind: Kind::Pod }, Delta::Counted { total: 9 }], 100);
        let kept = Kept::of(&fleet.clusters()[0], at(100)).unwrap();
        let mut fleet = Fleet::new([ClusterInfo::sample("a", Place::default())]);
        apply(&mut fleet, kept.deltas(), 5_000);
        let after = &fleet.clusters()[0];
        assert!(matches!(after.loads.get(&Kind::Pod), Some(Load::Old(lack)) if lack.since == at(100)));
        assert!(!after.watches_pods_in("shop") && !after.watches_all_pods() && after.pod_count() == 9);
    }

    #[test]
    fn names_and_states_come_back_as_old_as_they_are_and_nothing_else() {
        let fleet = seen();
        let before = &fleet.clusters()[0];
        let text = serde_json::to_string(&Kept::of(before, at(100)).unwrap()).unwrap();
        for never in ["secret", "10.9.8.7", "registry"] {
            assert!(!text.contains(never), "{text}");
        }
        let kept: Kept = serde_json::from_str(&text).unwrap();
        let mut fleet = Fleet::new([ClusterInfo::sample("a", Place::default())]);
        apply(&mut fleet, kept.deltas(), 5_000);
        let after = &fleet.clusters()[0];
        assert_eq!(after.phase.since(), Some(at(100)));
        assert_eq!(after.version, "v1.36.3");
        let pod = after.pod(&"shop".into(), &"web-1".into()).unwrap();
        assert_eq!(
            (pod.status.as_str(), pod.restarts, pod.health(at(5_000))),
            ("CrashLoopBackOff", 7, crate::domain::health::Health::Down)
        );
        let web = after.workload(Kind::Deployment, &"shop".into(), &"web".into()).unwrap();
        assert_eq!(
            (web.ready_cell(), web.health()),
            ("2/3".to_owned(), before.workloads().next().unwrap().health())
        );
        assert!(matches!(after.loads.get(&Kind::Pod), Some(Load::Old(lack)) if lack.since == at(100)));
        // What was not complete is not said to be.
        assert_eq!(after.loads.get(&Kind::Job), None);
        assert_eq!(after.tally().pods, before.tally().pods);
        assert_eq!(after.nodes().next().unwrap().status(), "NotReady");
        // A list in its place tells nothing of what changed meanwhile: nobody knows when.
        apply(
            &mut fleet,
            vec![
                Delta::Reset { kind: Kind::Deployment, rows: Vec::new() },
                Delta::Reset { kind: Kind::Node, rows: Vec::new() },
            ],
            5_001,
        );
        assert_eq!(fleet.changes().count(), 0);
        assert_eq!(fleet.clusters()[0].workloads().count(), 0);
    }

    #[test]
    fn who_was_never_read_is_not_kept() {
        let mut fleet = Fleet::new([ClusterInfo::sample("a", Place::default())]);
        assert_eq!(Kept::of(&fleet.clusters()[0], at(1)), None);
        apply(&mut fleet, vec![Delta::Phase(Phase::Failed { since: at(1), cause: "refused".into() })], 1);
        assert_eq!(Kept::of(&fleet.clusters()[0], at(1)), None);
    }
}
