//! The controllers of a cluster: each looks at one key that changed or whose timer rang, and writes what should be.
//! Never: a scan of all objects per step. `run` is called by `Simulation::advance`.

mod budget;
mod claims;
mod crd;
mod cronjob;
mod daemonset;
mod deployment;
mod endpoints;
mod garbage;
mod hpa;
mod job;
mod namespace;
mod node;
mod owned;
mod quota;
mod replicaset;
mod rollout;
mod scheduler;
mod statefulset;

pub(crate) use cronjob::{cron_fields, next as cron_next};
pub(crate) use deployment::set_body;
pub(crate) use node::{healthy, revive, silence};
pub(crate) use owned::{counts_terminating, delete as delete_pod, new_pod, owner_ref, template_hash};
pub(crate) use scheduler::bind;

pub(crate) use budget::sync as settle_budget;
pub(crate) use endpoints::sync as settle_endpoints;

use super::clock::Millis;
use super::incident;
use super::kubelet;
use super::store::World;
use super::work::Who;

/// A bound on one round, so that a bug cannot hang the program.
const MOST_PER_TIME: usize = 400_000;

/// Runs a cluster up to a time: all that is due, in the order it is due.
pub(crate) fn run(world: &mut World, until: Millis) {
    settle(world);
    while let Some(due) = world.work.next_due().filter(|due| *due <= until) {
        world.now = world.now.max(due);
        let now = world.now;
        world.work.ring(now);
        settle(world);
    }
    world.now = world.now.max(until);
}

fn settle(world: &mut World) {
    for _ in 0..MOST_PER_TIME {
        let Some((who, key)) = world.work.dirty.pop_first() else { return };
        match who {
            Who::Script => incident::play(world, &key),
            Who::Garbage => garbage::collect(world, &key),
            Who::Namespace => namespace::sync(world, &key),
            Who::Crd => crd::sync(world, &key),
            // What is left undone is not asked for again: a world that was stilled stays so.
            Who::CronJob | Who::Hpa if world.still => {}
            Who::CronJob => cronjob::sync(world, &key),
            Who::Job => job::sync(world, &key),
            Who::Deployment => deployment::sync(world, &key),
            Who::ReplicaSet => replicaset::sync(world, &key),
            Who::StatefulSet => statefulset::sync(world, &key),
            Who::DaemonSet => daemonset::sync(world, &key),
            Who::Hpa => hpa::sync(world, &key),
            Who::Claim => claims::sync(world, &key),
            Who::Quota => quota::sync(world, &key),
            Who::Node => node::sync(world, &key),
            Who::Scheduler => scheduler::sync(world, &key),
            Who::Kubelet => kubelet::sync(world, &key),
            Who::Endpoints => endpoints::sync(world, &key),
            Who::Budget => budget::sync(world, &key),
        }
    }
}
