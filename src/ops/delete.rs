//! Deleting: a plan that deletes objects of many clusters, each only while it is the one that was on screen.
//!
//! Never: writing. Called by the delete dialog and `skyfleet delete`.

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::plan::{Plan, PlanError, Step, StepAction, Verb, Verdict};
use crate::domain::quantity::count;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::delta::Row;

use super::session::Session;
use super::steps;

/// Plans to delete these objects.
pub fn plan(fleet: &Fleet, session: &Session, targets: &[ObjectKey]) -> Result<Plan, PlanError> {
    steps::plan_of(fleet, session, targets, Verb::Delete, "", step)
}

fn step(cluster: &Cluster, key: &ObjectKey) -> Step {
    let row = cluster.find(key.kind, &key.namespace, &key.name);
    let mut step = steps::step(cluster, key, row.as_ref().map(Row::meta), StepAction::Delete);
    let Some(row) = row else {
        step.verdict = Verdict::Refused(format!("{} is not there, or its cluster is not live", key.target()));
        return step;
    };
    step.verdict = Verdict::Delete;
    if row.meta().deleting.is_some() {
        step.notes.push("its deletion was asked for before; it waits for its finalizers".to_owned());
    }
    step.notes.extend(notes(cluster, &row));
    step
}

/// What goes with it, and what comes back by itself.
fn notes(cluster: &Cluster, row: &Row) -> Vec<String> {
    match row {
        Row::Namespace(ns) => {
            let tally = cluster.tally_in(&ns.meta.name);
            let workloads = count(tally.workloads as usize, "workload");
            let pods = if tally.is_part {
                "and its pods, of which nobody knows how many".to_owned()
            } else {
                count(tally.pods as usize, "pod")
            };
            vec![format!("everything in it goes: {workloads}, {pods}")]
        }
        Row::Node(node) => {
            let pods = cluster.pods().filter(|p| p.node == node.meta.name).count();
            let pods = if cluster.watches_all_pods() {
                count(pods, "pod")
            } else {
                format!("{} that are known, and perhaps others", count(pods, "pod"))
            };
            vec![format!("on it: {pods}; the machine itself stays")]
        }
        Row::Workload(w) => {
            let mut notes = steps::owner_notes(w);
            if w.kind != Kind::CronJob {
                notes.insert(0, format!("with it go {}", count(w.current.max(w.ready) as usize, "pod")));
            }
            notes
        }
        Row::Pod(pod) => match &pod.owner {
            Some(owner) => vec![format!("{}/{} makes another", owner.kind, owner.name)],
            None => vec!["no controller owns it: it does not come back".to_owned()],
        },
        Row::Other(_) => Vec::new(),
    }
}
