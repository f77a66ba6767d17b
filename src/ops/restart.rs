//! Restarting: a plan that rolls the pods of workloads anew, by the annotation kubectl uses.
//!
//! Never: writing. Called by the restart dialog and `skyfleet restart`.

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::plan::{Plan, PlanError, Step, StepAction, Verb, Verdict};
use crate::domain::quantity::count;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

use super::session::Session;
use super::steps;

/// The annotation of the pod template whose change makes controllers roll.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Plans to restart these workloads.
pub fn plan(fleet: &Fleet, session: &Session, targets: &[ObjectKey]) -> Result<Plan, PlanError> {
    steps::plan_of(fleet, session, targets, Verb::Restart, "", step)
}

fn step(cluster: &Cluster, key: &ObjectKey) -> Step {
    let row = cluster.workload(key.kind, &key.namespace, &key.name);
    let mut step = steps::step(cluster, key, row.map(|w| &w.meta), StepAction::Restart);
    let rolls = matches!(key.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
    step.verdict = match row {
        _ if !rolls => Verdict::Refused(format!("a {} has no rollout to restart", key.kind.info().name)),
        None => Verdict::Refused(format!("{} is not there, or its cluster is not live", key.target())),
        Some(w) if w.paused => {
            Verdict::Refused("it is paused: resume it first, or nothing is restarted".to_owned())
        }
        Some(_) => Verdict::Change,
    };
    if let Some(row) = row {
        step.notes.push(count(row.desired as usize, "pod"));
        step.notes.extend(steps::owner_notes(row));
        if row.desired == 1 && row.kind == Kind::StatefulSet {
            step.notes.push("one replica: it is away until its new pod is ready".to_owned());
        }
    }
    step
}
