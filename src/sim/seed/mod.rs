//! The state of a cluster before the simulation starts: as if its controllers had been at rest for long.
//! Bulk work is done on templates (a pod is a splice of bytes), so that thousands of pods take milliseconds.
//! Never: behaviour after the start. Called by `Simulation::new`.

mod base;
mod names;
mod nodes;
mod pods;
mod workloads;

pub(crate) use names::{context, server, user_entry};
pub(crate) use nodes::pods;

use std::sync::Arc;

use super::clock::{DAY, MINUTE, Millis};
use super::controllers;
use super::object::Key;
use super::rng::Rng;
use super::spec::{Bundle, ClusterSpec, FleetSpec, Size};
use super::store::World;
use super::table;
use super::work::Who;

/// How long before the start the scripts may begin.
pub(crate) const WARM_UP: Millis = 45 * MINUTE;

/// Builds a cluster's world at `now`; the simulation starts at `start`.
pub(crate) fn world(fleet: &FleetSpec, spec: &ClusterSpec, seed: u64, now: Millis, start: Millis) -> World {
    let rng = Rng::of(seed, &format!("{}/{}", spec.account, spec.name));
    let mut world = World::new(100_000 + rng.clone().below(900_000_000), now, rng);
    world.minor = spec.version.split('.').nth(1).and_then(|n| n.parse().ok()).unwrap_or(world.minor);
    let bundles = bundles(fleet, spec);
    let age = world.rng.between(120, 700) * DAY;
    base::fill(&mut world, spec, &bundles, age);
    let mut nodes = nodes::fill(&mut world, spec, &bundles, age);
    for bundle in &bundles {
        for workload in &bundle.workloads {
            workloads::fill(&mut world, spec, bundle, workload, &mut nodes);
        }
    }
    let keys = |world: &World, kind| -> Vec<Key> { world.all(kind, "").map(|o| o.key.clone()).collect() };
    for key in keys(&world, table::SERVICE) {
        controllers::settle_endpoints(&mut world, &key);
    }
    for key in keys(&world, table::PDB) {
        controllers::settle_budget(&mut world, &key);
    }
    world.work.dirty.clear();
    world.live = true;
    for key in keys(&world, table::CRONJOB) {
        world.work.mark(Who::CronJob, key);
    }
    // Autoscalers begin with the simulation, not with the past before it.
    for key in keys(&world, table::HPA) {
        world.work.at(start + 1_000, Who::Hpa, key);
    }
    world
}

/// What runs in a cluster: what all have, what its cloud brings, its apps.
pub(crate) fn bundles(fleet: &FleetSpec, spec: &ClusterSpec) -> Vec<Arc<Bundle>> {
    ["common", spec.provider.as_str()]
        .into_iter()
        .chain(spec.apps.iter().map(String::as_str))
        .filter_map(|name| fleet.bundles.get(name).cloned())
        .collect()
}

/// A workload's replicas in a cluster of a size.
pub(crate) fn replicas(list: &[i64], size: Size) -> i64 {
    let index = match size {
        Size::Large => 0,
        Size::Medium => 1,
        Size::Small => 2,
        Size::Tiny => 3,
    };
    list.get(index).or_else(|| list.last()).copied().unwrap_or(1)
}
