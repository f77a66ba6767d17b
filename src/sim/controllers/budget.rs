//! PodDisruptionBudgets: how many pods may go now.
//! Called by `run`.

use std::sync::Arc;

use serde_json::json;

use super::owned;
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::selector;
use crate::sim::store::World;
use crate::sim::table;

/// Brings one budget's status up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(budget) = world.fetch(key) else { return };
    let mut value = budget.value();
    let pods: Vec<Arc<Stored>> = world
        .all(table::POD, &key.ns)
        .filter(|p| p.active_pod() && selector::chooses(&budget, &p.labels))
        .cloned()
        .collect();
    let healthy = j::count(pods.iter().filter(|p| p.ready_pod()).count());
    let expected = expected(world, &pods);
    let desired = if j::at(&value, "spec.maxUnavailable").is_null() {
        let least = j::at(&value, "spec.minAvailable");
        owned::share(least, expected, true)
    } else {
        (expected - owned::share(j::at(&value, "spec.maxUnavailable"), expected, true)).max(0)
    };
    let allowed = if expected == 0 { 0 } else { (healthy - desired).max(0) };
    let generation = j::at(&value, "metadata.generation").clone();
    let kept = j::at(&value, "status.conditions").clone();
    j::set(
        &mut value,
        "status",
        json!({"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected,
        "disruptionsAllowed": allowed, "observedGeneration": generation}),
    );
    if !kept.is_null() {
        j::set(&mut value, "status.conditions", kept);
    }
    let stamp = world.stamp();
    let (status, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    owned::condition(&mut value, "DisruptionAllowed", status, reason, "", &stamp, false);
    let generation = j::at(&value, "status.observedGeneration").clone();
    for c in j::existing_list_mut(&mut value, "status.conditions").into_iter().flatten() {
        j::default(c, "message", "");
        j::set(c, "observedGeneration", generation.clone());
    }
    world.put(table::PDB, value);
}

/// The pods the owners want.
fn expected(world: &World, pods: &[Arc<Stored>]) -> i64 {
    let mut owners: Vec<&str> = pods.iter().filter_map(|p| p.owners.first().map(|o| &**o)).collect();
    owners.sort_unstable();
    owners.dedup();
    let mut sum = j::count(pods.iter().filter(|p| p.owners.is_empty()).count());
    let mut tops: Vec<Arc<Stored>> = Vec::new();
    for uid in owners {
        let Some(owner) = world.by_uid(uid) else { continue };
        let top = owner.owners.first().and_then(|up| world.by_uid(up)).unwrap_or(owner);
        if !tops.iter().any(|t| t.uid == top.uid) {
            tops.push(top);
        }
    }
    sum += tops.iter().map(|t| j::int(&t.value(), "spec.replicas").unwrap_or(1)).sum::<i64>();
    sum
}
