//! In a word or two, why a row of the tree is not well: of the worst that stands below it.

use super::of_cluster;
use crate::domain::health::Health;
use crate::domain::pod::PodRow;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::index::Tally;

/// Why; none where nothing below is bad, or no word says it. Looks at one namespace at most.
pub fn cause(fleet: &Fleet, node: &TreeNode) -> Option<String> {
    match node {
        TreeNode::Cluster(id) => of_a_cluster(fleet.cluster(*id)?),
        TreeNode::Namespaces(ns) => {
            let all = fleet.clusters().iter().map(|c| (c, c.tally_in(ns)));
            let (worst, _) = all.max_by_key(|(_, tally)| (tally.worst(), tally.bad()))?;
            of_a_namespace(worst, ns)
        }
        TreeNode::Namespace(id, ns) => of_a_namespace(fleet.cluster(*id)?, ns),
        TreeNode::App(ns, kind, name) => {
            let all = fleet.clusters().iter().filter_map(|c| Some((c, c.workload(*kind, ns, name)?)));
            let (c, worst) = all.max_by_key(|(_, w)| w.health())?;
            of_a_workload(c, worst)
        }
        TreeNode::Workload(id, ns, kind, name) => {
            let c = fleet.cluster(*id)?;
            of_a_workload(c, c.workload(*kind, ns, name)?)
        }
        TreeNode::Pod(id, ns, name) => of_a_pod(fleet.cluster(*id)?.pod(ns, name)?),
        place => {
            let scope = Scope::nodes(super::nodes_of(fleet, place));
            let worst = fleet.in_scope(&scope).max_by_key(|c| of_cluster(c))?;
            of_a_cluster(worst)
        }
    }
}

fn of_a_cluster(c: &Cluster) -> Option<String> {
    if let Some(cause) = c.phase.cause() {
        return Some(cause.to_string());
    }
    if let Some(lack) = c.lack_words() {
        return Some(lack);
    }
    let (worst, tally) = c.by_namespace.iter().max_by_key(|(_, tally)| (tally.worst(), tally.bad()))?;
    if tally.worst().is_bad() {
        return of_a_namespace(c, worst);
    }
    let node = c.nodes().find(|n| n.health().is_bad())?;
    Some(format!("{} {}", node.status(), node.meta.name))
}

fn of_a_namespace(c: &Cluster, ns: &SafeText) -> Option<String> {
    let workload = c.workloads_in(ns).filter(|w| w.health().is_bad()).max_by_key(|w| w.health());
    match workload {
        Some(w) => Some(format!("{} {}", of_a_workload(c, w)?, w.meta.name)),
        None => {
            let pod = c.pods_in(ns).filter(|p| health_of(p).is_bad()).max_by_key(|p| health_of(p))?;
            Some(format!("{} {}", of_a_pod(pod)?, pod.meta.name))
        }
    }
}

fn of_a_workload(c: &Cluster, w: &WorkloadRow) -> Option<String> {
    if !w.health().is_bad() {
        return None;
    }
    let bad = |p: &&PodRow| p.is_of(w.kind, &w.meta.name) && health_of(p).is_bad();
    let pods = c.pods_in(&w.meta.namespace).filter(bad);
    let of_pod = pods.max_by_key(|p| health_of(p)).and_then(of_a_pod);
    of_pod
        .or_else(|| Some(w.failure.to_string()).filter(|f| !f.is_empty()))
        .or_else(|| Some(format!("{}/{} ready", w.ready, w.desired)))
}

fn of_a_pod(p: &PodRow) -> Option<String> {
    health_of(p).is_bad().then(|| p.status.to_string())
}

/// As the tree counts it, without the clock.
fn health_of(p: &PodRow) -> Health {
    Tally::of_pod(p).worst()
}
