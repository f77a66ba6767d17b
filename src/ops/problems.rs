//! Problems: what is broken now in a scope, by cause.
//!
//! Never: rules (`domain::triage`). Called by the Problems pane, the overview and `skyfleet problems`.

use jiff::Timestamp;

use crate::domain::scope::Scope;
use crate::domain::triage::{ClusterState, Finding, Problem, clusters, group, nodes, pods, workloads};
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

/// The problems of what is in scope, worst first.
pub fn of(fleet: &Fleet, scope: &Scope, now: Timestamp) -> Vec<Problem> {
    let mut findings = Vec::new();
    for cluster in fleet.in_scope(scope) {
        of_cluster(cluster, scope, now, &mut findings);
    }
    group(findings)
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

fn of_cluster(cluster: &Cluster, scope: &Scope, now: Timestamp, out: &mut Vec<Finding>) {
    let (id, at) = (cluster.id(), cluster.info.at());
    // A cluster that cannot be reached matters to whoever looks at any part of it.
    out.extend(clusters::check(id, &state_of(cluster), now));
    if scope.covers_cluster(at) {
        for node in cluster.nodes() {
            out.extend(nodes::check(id, node, now));
        }
    }
    for row in cluster.workloads() {
        let workload = Some((row.kind.info().name, row.meta.name.as_str()));
        if scope.covers(at, &row.meta.namespace, workload, None) {
            out.extend(workloads::check(id, row, now));
        }
    }
    for row in cluster.pods() {
        let workload = row.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
        let covered = scope.covers(at, &row.meta.namespace, workload, Some(&row.meta.name));
        if covered {
            out.extend(pods::check(id, row, now));
        }
    }
}

/// The connection, in triage's words; those are the phase's own.
fn state_of(cluster: &Cluster) -> ClusterState {
    ClusterState {
        name: cluster.info.name().clone(),
        phase: cluster.phase.word().into(),
        cause: cluster.phase.cause().cloned().unwrap_or_default(),
        since: cluster.phase.since(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ClusterId;
    use crate::domain::place::Place;
    use crate::fleet::cluster::{ClusterInfo, Phase};
    use crate::fleet::delta::{Batch, Delta, Update};

    fn info(name: &str) -> ClusterInfo {
        ClusterInfo {
            id: ClusterId(0),
            context: name.into(),
            other_contexts: Vec::new(),
            place: Place { cluster: name.into(), ..Place::default() },
            environment: crate::domain::environment::Environment::Dev,
            server: "".into(),
            user: "".into(),
            auth: "".into(),
            read_only: false,
        }
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
}
