//! Sums over rows, kept as rows come and go: each row's own contribution is added when it appears and taken away
//! when it leaves, so that a tree of a hundred thousand pods never has to be counted again.

use crate::domain::health::Health;
use crate::domain::node::NodeRow;
use crate::domain::pod::{ContainerState, PodRow, Unscheduled};
use crate::domain::quantity::show_count;
use crate::domain::resources::Amount;
use crate::domain::scope::Scope;
use crate::domain::workload::WorkloadRow;

use super::cluster::Cluster;

/// Sums over the rows of a namespace, a cluster, or more.
///
/// Health here is the part that does not depend on the clock, so that adding and taking away cancel out exactly;
/// triage adds what only time tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pods.
    pub pods: u32,
    /// Pods that are counted and not watched.
    pub unwatched: u32,
    /// There are, or may be, pods that are neither watched nor counted.
    pub is_part: bool,
    /// Pods by health.
    pub pods_by_health: [u32; 5],
    /// Workloads that keep pods running (Jobs of a CronJob are not counted).
    pub workloads: u32,
    /// Workloads by health.
    pub workloads_by_health: [u32; 5],
    /// Nodes.
    pub nodes: u32,
    /// Nodes by health.
    pub nodes_by_health: [u32; 5],
    /// Restarts of all containers.
    pub restarts: u64,
    /// What pods on nodes ask for.
    pub requests: Amount,
    /// What nodes can give.
    pub allocatable: Amount,
}

impl Tally {
    /// What one pod adds.
    pub fn of_pod(pod: &PodRow) -> Self {
        let mut t = Self { pods: 1, restarts: u64::from(pod.restarts), ..Self::default() };
        bump(&mut t.pods_by_health, steady_health(pod));
        if !pod.is_terminal() && !pod.node.is_empty() {
            t.requests = pod.compute.requests;
        }
        t
    }

    /// What one workload adds.
    pub fn of_workload(w: &WorkloadRow) -> Self {
        if w.owner.as_ref().is_some_and(|o| o.kind == "CronJob") {
            return Self::default();
        }
        let mut t = Self { workloads: 1, ..Self::default() };
        bump(&mut t.workloads_by_health, w.health());
        t
    }

    /// What one node adds.
    pub fn of_node(node: &NodeRow) -> Self {
        let mut t = Self { nodes: 1, allocatable: node.allocatable, ..Self::default() };
        bump(&mut t.nodes_by_health, node.health());
        t
    }

    /// Sums over what of a cluster is in scope; its nodes only where it is whole.
    pub fn in_scope(cluster: &Cluster, scope: &Scope) -> Self {
        let at = cluster.info.at();
        if scope.covers_cluster(at) {
            let mut sum = *cluster.tally();
            sum.unwatched = cluster.pod_count() - sum.pods;
            return sum;
        }
        let mut sum = Self::default();
        if cluster.counted.is_some() {
            // Those of nothing but pods are not known either.
            let mut names = cluster.namespaces.keys().chain(cluster.by_namespace.keys());
            sum.is_part = names.any(|ns| scope.touches_namespace(at, ns) && !cluster.watches_pods_in(ns));
        }
        for (namespace, tally) in &cluster.by_namespace {
            if scope.covers(at, namespace, None, None) {
                sum.add(tally);
            } else if scope.touches_namespace(at, namespace) {
                for w in cluster.workloads_in(namespace) {
                    if scope.covers(at, namespace, Some((w.kind.info().name, &w.meta.name)), None) {
                        sum.add(&Self::of_workload(w));
                    }
                }
                for p in cluster.pods_in(namespace) {
                    let workload = p.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
                    if scope.covers(at, namespace, workload, Some(&p.meta.name)) {
                        sum.add(&Self::of_pod(p));
                    }
                }
            }
        }
        sum
    }

    /// Adds another.
    pub fn add(&mut self, o: &Self) {
        self.pods += o.pods;
        self.unwatched = self.unwatched.saturating_add(o.unwatched);
        self.is_part |= o.is_part;
        self.workloads += o.workloads;
        self.nodes += o.nodes;
        self.restarts += o.restarts;
        self.requests += o.requests;
        self.allocatable += o.allocatable;
        each(&mut self.pods_by_health, &o.pods_by_health, |a, b| a + b);
        each(&mut self.workloads_by_health, &o.workloads_by_health, |a, b| a + b);
        each(&mut self.nodes_by_health, &o.nodes_by_health, |a, b| a + b);
    }

    /// Takes another away that was added before.
    pub fn sub(&mut self, o: &Self) {
        self.pods = self.pods.saturating_sub(o.pods);
        self.workloads = self.workloads.saturating_sub(o.workloads);
        self.nodes = self.nodes.saturating_sub(o.nodes);
        self.restarts = self.restarts.saturating_sub(o.restarts);
        self.requests -= o.requests;
        self.allocatable -= o.allocatable;
        each(&mut self.pods_by_health, &o.pods_by_health, u32::saturating_sub);
        each(&mut self.workloads_by_health, &o.workloads_by_health, u32::saturating_sub);
        each(&mut self.nodes_by_health, &o.nodes_by_health, u32::saturating_sub);
    }

    /// Whether its pods are all watched: sums over them are of all.
    pub const fn knows_pods(&self) -> bool {
        !self.is_part && self.unwatched == 0
    }

    /// How many pods, in words: those that are not watched count, and where nobody knows how many, that is said; a dash where
    /// there is nothing to say.
    pub fn pods_words(&self) -> String {
        let all = u64::from(self.pods) + u64::from(self.unwatched);
        let known = show_count(usize::try_from(all).unwrap_or(usize::MAX));
        match (self.is_part, all) {
            (true, 0) => "–".to_owned(),
            (true, _) => format!("{known}+"),
            (false, _) => known,
        }
    }

    /// Things in that health: workloads and nodes, and pods that belong to no counted workload are in their own count.
    pub fn count(&self, health: Health) -> u32 {
        let at = |a: &[u32; 5]| a.get(health.index()).copied().unwrap_or(0);
        at(&self.workloads_by_health) + at(&self.nodes_by_health)
    }

    /// How many things are degraded, and how many down: workloads and nodes. Where none of them is and pods are all the
    /// same, those count as degraded: what they belong to still stands.
    pub fn bad(&self) -> (u32, u32) {
        let bad = (self.count(Health::Degraded), self.count(Health::Down));
        let pods = |h: Health| self.pods_by_health.get(h.index()).copied().unwrap_or(0);
        if bad == (0, 0) { (pods(Health::Degraded) + pods(Health::Down), 0) } else { bad }
    }

    /// The worst health of any pod, workload or node.
    pub fn worst(&self) -> Health {
        Health::ALL
            .into_iter()
            .rev()
            .find(|h| {
                [&self.pods_by_health, &self.workloads_by_health, &self.nodes_by_health]
                    .iter()
                    .any(|a| a.get(h.index()).is_some_and(|n| *n > 0))
            })
            .unwrap_or_default()
    }
}

/// The health of a pod without the clock: what starts is progressing however long it takes.
fn steady_health(pod: &PodRow) -> Health {
    let broken = pod.containers.iter().any(|c| {
        c.is_broken() && !(c.init && matches!(c.state, ContainerState::Terminated(ref t) if t.exit_code == 0))
    });
    if pod.phase == "Succeeded" {
        Health::Ok
    } else if pod.phase == "Unknown" {
        Health::Unknown
    } else if pod.meta.deleting.is_some() {
        Health::Progressing
    } else if pod.phase == "Failed" || broken {
        Health::Down
    } else if pod.is_ready {
        Health::Ok
    } else if pod.unscheduled == Unscheduled::Unschedulable {
        Health::Degraded
    } else {
        Health::Progressing
    }
}

fn bump(counts: &mut [u32; 5], health: Health) {
    if let Some(n) = counts.get_mut(health.index()) {
        *n += 1;
    }
}

fn each(a: &mut [u32; 5], b: &[u32; 5], f: impl Fn(u32, u32) -> u32) {
    for (x, y) in a.iter_mut().zip(b) {
        *x = f(*x, *y);
    }
}
