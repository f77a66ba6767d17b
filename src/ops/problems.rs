//! Problems: what is broken now in a scope, by cause.
//!
//! Never: rules (`domain::triage`). Called by the Problems pane, the overview and `skyfleet problems`.

use jiff::Timestamp;

use crate::domain::id::ClusterId;
use crate::domain::pod::PodRow;
use crate::domain::scope::Scope;
use crate::domain::triage::{
    ClusterState, Finding, Problem, RefusedKind, Severity, clusters, group, kinds, nodes, pods, workloads,
};
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, Key, Load, Why};
use crate::fleet::index::Tally;
use crate::fleet::phase::Phase;

/// The problems of what is in scope, worst first.
pub fn of(fleet: &Fleet, scope: &Scope, now: Timestamp) -> Vec<Problem> {
    let mut search = Search::new(fleet, scope);
    while search.step(fleet, now) {}
    search.end()
}

/// So many pods are looked at in one step of a search.
const PODS_IN_A_STEP: usize = 1_000;

/// The same, step by step: over a hundred thousand pods it takes its time.
#[derive(Debug)]
pub struct Search {
    scope: Scope,
    /// Those that are still to be looked at, the next one last.
    rest: Vec<ClusterId>,
    /// Of that one all was looked at up to this pod.
    after: Option<Key>,
    findings: Vec<Finding>,
}

impl Search {
    /// A search that has not begun.
    pub fn new(fleet: &Fleet, scope: &Scope) -> Self {
        let mut rest: Vec<ClusterId> = fleet.in_scope(scope).map(Cluster::id).collect();
        rest.reverse();
        Self { scope: scope.clone(), rest, after: None, findings: Vec::new() }
    }

    /// Looks at the next cluster, or at more of its pods; false when none is left.
    pub fn step(&mut self, fleet: &Fleet, now: Timestamp) -> bool {
        let Some(id) = self.rest.last() else { return false };
        let Some(cluster) = fleet.cluster(*id) else {
            self.rest.pop();
            self.after = None;
            return true;
        };
        let as_of = as_of(cluster, now);
        if self.after.is_none() {
            of_cluster(cluster, &self.scope, now, as_of, &mut self.findings);
        }
        let (mut last, mut looked) = (None, 0);
        for (key, row) in cluster.pods_after(self.after.as_ref()).take(PODS_IN_A_STEP) {
            of_pod(cluster, row, &self.scope, as_of, &mut self.findings);
            (last, looked) = (Some(key), looked + 1);
        }
        self.after = last.filter(|_| looked == PODS_IN_A_STEP).cloned();
        if self.after.is_none() {
            self.rest.pop();
        }
        true
    }

    /// The problems of what was looked at, worst first.
    pub fn end(self) -> Vec<Problem> {
        group(self.findings)
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Of any severity.
    pub all: usize,
    /// Down now.
    pub down: usize,
    /// Degraded, or about to break.
    pub degraded: usize,
}

/// Counts them.
pub fn count(problems: &[Problem]) -> Count {
    let of = |severity| problems.iter().filter(|p| p.severity == severity).count();
    Count { all: problems.len(), down: of(Severity::P1), degraded: of(Severity::P2) }
}

/// A problem in one line: the cause, what it is about, and where.
pub fn headline(problem: &Problem, fleet: &Fleet) -> String {
    let names: Vec<&str> =
        problem.clusters.iter().filter_map(|id| fleet.cluster(*id)).map(|c| c.info.name().as_str()).collect();
    let place = match names.as_slice() {
        [] => String::new(),
        [one] => format!("in {one}"),
        [a, b] => format!("in {a} and {b}"),
        many => format!(
            "in {} clusters ({})",
            many.len(),
            many.iter().take(3).copied().collect::<Vec<_>>().join(", ")
        ),
    };
    let count = problem.findings.len();
    let first = problem.findings.first();
    let what = match (problem.app(), first) {
        (Some(app), _) => app,
        (None, Some(f)) if count == 1 && f.object.kind != "Cluster" => f.object.target(),
        (None, Some(f)) if count > 1 => format!("{count} {}s", f.object.kind.to_lowercase()),
        _ => String::new(),
    };
    let explains = match problem.explains.len() {
        0 => String::new(),
        n => format!(", explains {n} more"),
    };
    [what.as_str(), problem.cause.as_str(), place.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
        + &explains
}

/// What is said where no problem was found: that nothing is broken only when everything was looked at.
pub fn none_words(fleet: &Fleet, scope: &Scope) -> String {
    let all = fleet.in_scope(scope).count();
    match (all, unseen(fleet, scope)) {
        (0, _) => "no cluster is in this scope".to_owned(),
        (_, 0) => "nothing is broken in this scope".to_owned(),
        (_, n) => format!("nothing is broken in what could be read; {}", unseen_words(n, all)),
    }
}

/// In how many of the clusters in scope not everything could be looked at.
pub fn unseen(fleet: &Fleet, scope: &Scope) -> usize {
    fleet.in_scope(scope).filter(|c| !is_seen(c, scope)).count()
}

/// The same in words.
pub fn unseen_words(n: usize, all: usize) -> String {
    format!("{n} of {all} clusters could not be looked at, or not whole")
}

/// Whether everything that problems are found by is there, and current.
fn is_seen(cluster: &Cluster, scope: &Scope) -> bool {
    let has_pods = || cluster.counted.is_none() || Tally::in_scope(cluster, scope).knows_pods();
    cluster.phase == Phase::Live && cluster.lacks().next().is_none() && has_pods()
}

/// When what is known of a cluster was so: what is not current does not get worse by the clock alone.
fn as_of(cluster: &Cluster, now: Timestamp) -> Timestamp {
    match &cluster.phase {
        Phase::Live | Phase::Syncing { .. } | Phase::Connecting { .. } | Phase::Idle => now,
        phase => phase.since().map_or(now, |since| since.min(now)),
    }
}

/// All but the pods.
fn of_cluster(cluster: &Cluster, scope: &Scope, now: Timestamp, as_of: Timestamp, out: &mut Vec<Finding>) {
    let (id, at) = (cluster.id(), cluster.info.at());
    // A cluster that cannot be reached matters to whoever looks at any part of it.
    let state = state_of(cluster);
    out.extend(clusters::check(id, &state, now));
    // Where that is why it is refused, it is said.
    let expires = cluster.expires.filter(|_| !state.expired);
    out.extend(expires.and_then(|e| clusters::check_expiry(id, cluster.info.name(), e, now)));
    // Where everything is refused, or nothing answers, that is said above.
    if cluster.phase == Phase::Live {
        for (kind, lack) in cluster.lacks().filter(|(_, lack)| lack.why != Why::Trouble) {
            let old = matches!(cluster.loads.get(&kind), Some(Load::Old(_)));
            let refused = RefusedKind { kind, cause: lack.cause.clone(), since: lack.since, old };
            out.push(kinds::check(id, cluster.info.name(), &refused, now));
        }
    }
    if let Some(words) = cluster.within_words() {
        out.push(kinds::within(id, cluster.info.name(), &words));
    }
    if scope.covers_cluster(at) {
        for node in cluster.nodes() {
            out.extend(nodes::check(id, node, as_of));
        }
    }
    for row in cluster.workloads() {
        let workload = Some((row.kind.info().name, row.meta.name.as_str()));
        if scope.covers(at, &row.meta.namespace, workload, None) {
            out.extend(workloads::check(id, row, as_of));
        }
    }
}

fn of_pod(cluster: &Cluster, row: &PodRow, scope: &Scope, now: Timestamp, out: &mut Vec<Finding>) {
    let workload = row.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
    if scope.covers(cluster.info.at(), &row.meta.namespace, workload, Some(&row.meta.name)) {
        out.extend(pods::check(cluster.id(), row, now));
    }
}

/// The connection, in triage's words; those are the phase's own.
fn state_of(cluster: &Cluster) -> ClusterState {
    ClusterState {
        name: cluster.info.name().clone(),
        phase: cluster.phase.word().into(),
        cause: cluster.phase.cause().cloned().unwrap_or_default(),
        since: cluster.phase.since(),
        expired: matches!(cluster.phase, Phase::Denied { expired: true, .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ClusterId;
    use crate::domain::kind::Kind;
    use crate::domain::place::Place;
    use crate::fleet::cluster::{ClusterInfo, Lack};
    use crate::fleet::delta::{Batch, Delta, Update};

    fn info(name: &str) -> ClusterInfo {
        ClusterInfo::sample(name, Place { cluster: name.into(), ..Place::default() })
    }

    #[test]
    fn an_unreachable_cluster_is_a_problem() {
        let mut fleet = Fleet::new([info("a"), info("b")]);
        let now = Timestamp::from_second(1000).unwrap();
        let phase = Phase::Failed { since: now, cause: "connection refused".into() };
        fleet.apply(Update::Cluster(Batch { cluster: ClusterId(1), deltas: vec![Delta::Phase(phase)] }), now);
        let found = of(&fleet, &Scope::all(), now);
        assert_eq!(found.len(), 1);
        assert!(found[0].clusters.contains(&ClusterId(1)));
        assert!(found[0].cause.contains("connection refused"));
    }

    #[test]
    fn nothing_is_broken_is_said_only_of_what_was_seen() {
        let mut fleet = Fleet::new([info("a"), info("b")]);
        let now = Timestamp::from_second(1000).unwrap();
        let mut feed = |n: u32, delta: Delta| {
            fleet.apply(Update::Cluster(Batch { cluster: ClusterId(n), deltas: vec![delta] }), now);
            none_words(&fleet, &Scope::all())
        };
        let some =
            "nothing is broken in what could be read; 1 of 2 clusters could not be looked at, or not whole";
        assert_eq!(feed(0, Delta::Phase(Phase::Live)), some);
        assert_eq!(feed(1, Delta::Phase(Phase::Live)), "nothing is broken in this scope");
        let lack = Lack { since: now, cause: "forbidden".into(), why: Why::Refused };
        assert_eq!(feed(1, Delta::Lacks { kind: Kind::Pod, lack }), some);
        assert_eq!(none_words(&Fleet::default(), &Scope::all()), "no cluster is in this scope");
        let found = of(&fleet, &Scope::all(), now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].findings[0].next.words, "ask for the right to list and watch pods");
    }
}
