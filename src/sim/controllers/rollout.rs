//! How a Deployment moves pods between ReplicaSets: rolling (maxSurge, maxUnavailable), recreate, proportional.
//! The arithmetic follows pkg/controller/deployment of Kubernetes. Called by `deployment`.

use std::sync::Arc;

use serde_json::Value;

use super::{deployment, owned};
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::store::World;
use crate::sim::table;

fn replicas(world: &World, set: &Stored) -> i64 {
    world.fetch(&set.key).and_then(|s| j::int(&s.value(), "spec.replicas")).unwrap_or(0)
}

fn status(world: &World, set: &Stored, field: &str) -> i64 {
    world.fetch(&set.key).and_then(|s| j::int(&s.value(), &format!("status.{field}"))).unwrap_or(0)
}

fn scale(world: &mut World, owner: &Stored, set: &Stored, to: i64) {
    let Some(now) = world.fetch(&set.key) else { return };
    let mut value = now.value();
    let from = j::int(&value, "spec.replicas").unwrap_or(0);
    if from == to {
        return;
    }
    j::set(&mut value, "spec.replicas", to);
    let generation = j::int(&value, "metadata.generation").unwrap_or(1) + 1;
    j::set(&mut value, "metadata.generation", generation);
    world.put(table::REPLICASET, value);
    deployment::note(world, owner, &set.key.name, from, to);
}

/// One round of a rolling update.
pub(super) fn rolling(
    world: &mut World,
    owner: &Stored,
    value: &Value,
    target: i64,
    current: Option<&Arc<Stored>>,
    old: &[Arc<Stored>],
) {
    let Some(new) = current else { return };
    let surge = owned::share(j::at(value, "spec.strategy.rollingUpdate.maxSurge"), target, true);
    let mut slack = owned::share(j::at(value, "spec.strategy.rollingUpdate.maxUnavailable"), target, false);
    if surge == 0 && slack == 0 {
        slack = 1;
    }
    if target == 0 {
        for set in old.iter().chain(std::iter::once(new)) {
            scale(world, owner, set, 0);
        }
        return;
    }
    let all =
        |world: &World| -> i64 { old.iter().map(|s| replicas(world, s)).sum::<i64>() + replicas(world, new) };
    let have = replicas(world, new);
    if have > target {
        scale(world, owner, new, target);
    } else if have < target {
        let room = target + surge - all(world);
        if room > 0 {
            scale(world, owner, new, (have + room).min(target));
        }
    }
    let old_total: i64 = old.iter().map(|s| replicas(world, s)).sum();
    if old_total == 0 {
        return;
    }
    let least = target - slack;
    let unready_new = replicas(world, new) - status(world, new, "availableReplicas");
    let mut most = all(world) - least - unready_new;
    if most <= 0 {
        return;
    }
    // Old pods that do not work go first.
    for set in old {
        let (asked, works) = (replicas(world, set), status(world, set, "availableReplicas"));
        let gone = (asked - works).min(most);
        if gone > 0 {
            scale(world, owner, set, asked - gone);
            most -= gone;
        }
    }
    let available: i64 =
        old.iter().chain(std::iter::once(new)).map(|s| status(world, s, "availableReplicas")).sum();
    let mut spare = available - least;
    for set in old {
        let asked = replicas(world, set);
        if spare <= 0 {
            break;
        }
        let gone = asked.min(spare);
        if gone > 0 {
            scale(world, owner, set, asked - gone);
            spare -= gone;
        }
    }
}

/// All old pods go before a new one comes.
pub(super) fn recreate(
    world: &mut World,
    owner: &Stored,
    target: i64,
    current: Option<&Arc<Stored>>,
    old: &[Arc<Stored>],
) {
    for set in old {
        scale(world, owner, set, 0);
    }
    let left = old.iter().any(|s| !world.children_of(&s.uid, table::POD).is_empty());
    if let Some(new) = current
        && !left
    {
        scale(world, owner, new, target);
    }
}

/// A paused Deployment only follows its replica count, spread over its sets by size.
pub(super) fn proportional(
    world: &mut World,
    owner: &Stored,
    target: i64,
    current: Option<&Arc<Stored>>,
    old: &[Arc<Stored>],
) {
    let sets: Vec<Arc<Stored>> =
        old.iter().chain(current).filter(|s| replicas(world, s) > 0).cloned().collect();
    let total: i64 = sets.iter().map(|s| replicas(world, s)).sum();
    if total == target {
        return;
    }
    if sets.is_empty() {
        if let Some(set) = current.or(old.last()) {
            scale(world, owner, set, target);
        }
        return;
    }
    let mut left = target;
    for (index, set) in sets.iter().enumerate() {
        let part = if index + 1 == sets.len() { left } else { replicas(world, set) * target / total.max(1) };
        scale(world, owner, set, part.max(0));
        left -= part;
    }
}
