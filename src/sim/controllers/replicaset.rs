//! ReplicaSets: as many pods as asked, the least useful go first.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::json as j;
use crate::sim::object::{Key, Phase, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// A burst of one sync, as the real controller has it.
const BURST: usize = 500;

/// Brings one ReplicaSet's pods and status up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(set) = world.fetch(key) else { return };
    if set.deleting {
        return;
    }
    let value = set.value();
    let wanted = usize::try_from(j::int(&value, "spec.replicas").unwrap_or(1)).unwrap_or(0);
    let mut pods: Vec<Arc<Stored>> =
        world.children_of(&set.uid, table::POD).into_iter().filter(|p| p.active_pod()).collect();
    let mut failure = None;
    let failing = j::find(j::list(&value, "status.conditions"), "type", "ReplicaFailure")
        .map(|c| j::text(c, "message").to_string());
    if pods.len() < wanted && failing.is_some() && world.work.is_armed(Who::ReplicaSet, key) {
        // Refused a moment ago: the timer tries again.
        failure = failing;
    } else if pods.len() < wanted {
        for _ in 0..(wanted - pods.len()).min(BURST) {
            let pod = owned::new_pod(world, &set, j::at(&value, "spec.template"), "");
            match owned::create(world, &set, table::POD, pod) {
                Ok(made) => pods.push(made),
                Err(why) => {
                    failure = Some(why);
                    world.work.at(world.now + 5_000, Who::ReplicaSet, key.clone());
                    break;
                }
            }
        }
    } else if pods.len() > wanted {
        pods.sort_by_key(|p| rank(p));
        let extra = pods.len() - wanted;
        let gone: Vec<Arc<Stored>> = pods.drain(..extra.min(BURST)).collect();
        for pod in &gone {
            owned::delete_pod(world, &set, pod);
        }
    }
    status(world, &set, value, &pods, failure);
}

/// The order of deletion: unbound, pending, not ready, newer restarts, younger.
fn rank(pod: &Stored) -> (bool, bool, bool, i64, i64) {
    let Some(p) = &pod.pod else { return (false, false, false, 0, 0) };
    (p.node.is_some(), p.phase == Phase::Running, p.ready, -p.restarts, -pod.created)
}

fn status(world: &mut World, set: &Stored, mut value: Value, pods: &[Arc<Stored>], failure: Option<String>) {
    let min_ready = j::int(&value, "spec.minReadySeconds").unwrap_or(0);
    let now = world.now;
    let ready = pods.iter().filter(|p| p.ready_pod()).count();
    let available = pods.iter().filter(|p| owned::available(p, min_ready, now)).count();
    if available < ready {
        world.work.at(now + 1_000, Who::ReplicaSet, set.key.clone());
    }
    let generation = j::at(&value, "metadata.generation").clone();
    let mut next = json!({"replicas": pods.len(), "observedGeneration": generation});
    for (field, n) in
        [("fullyLabeledReplicas", pods.len()), ("readyReplicas", ready), ("availableReplicas", available)]
    {
        if n > 0 {
            j::set(&mut next, field, j::count(n));
        }
    }
    if owned::counts_terminating(world) {
        let pods = world.children_of(&set.uid, table::POD);
        let going = pods.iter().filter(|p| p.deleting && p.pod.as_ref().is_some_and(|f| !f.phase.terminal()));
        j::set(&mut next, "terminatingReplicas", j::count(going.count()));
    }
    let kept = j::at(&value, "status.conditions").clone();
    if !kept.is_null() {
        j::set(&mut next, "conditions", kept);
    }
    j::set(&mut value, "status", next);
    let stamp = world.stamp();
    match failure {
        Some(why) => {
            owned::condition(&mut value, "ReplicaFailure", "True", "FailedCreate", &why, &stamp, false)
        }
        None => owned::drop_condition(&mut value, "ReplicaFailure"),
    }
    if j::list(&value, "status.conditions").is_empty() {
        j::remove(&mut value, "status.conditions");
    }
    world.put(table::REPLICASET, value);
}
