//! DaemonSets: one pod on every node that fits, rolled node by node.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{owned, scheduler};
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;

const REVISION: &str = "controller-revision-hash";

/// Brings one DaemonSet up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(set) = world.fetch(key) else { return };
    if set.deleting {
        return;
    }
    let value = set.value();
    let hash = owned::template_hash(j::at(&value, "spec.template"));
    let pods = world.children_of(&set.uid, table::POD);
    let nodes: Vec<Arc<Stored>> = world.all(table::NODE, "").cloned().collect();
    let probe = with_tolerations(json!({"spec": j::at(&value, "spec.template.spec")}));
    let fits = |node: &Stored| {
        node.node.as_ref().is_some_and(|facts| {
            let mut open = facts.as_ref().clone();
            open.unschedulable = false;
            scheduler::keeps_out(&probe, node, &open).is_none()
        })
    };
    let (mut desired, mut current, mut misplaced) = (0usize, 0usize, 0usize);
    for node in &nodes {
        let here: Vec<&Arc<Stored>> =
            pods.iter().filter(|p| target(p).as_deref() == Some(&*node.key.name)).collect();
        let active: Vec<&&Arc<Stored>> = here.iter().filter(|p| p.active_pod()).collect();
        if !fits(node) {
            misplaced += active.len();
            for pod in active {
                owned::delete_pod(world, &set, pod);
            }
            continue;
        }
        desired += 1;
        if !active.is_empty() {
            current += 1;
        } else if here.iter().all(|p| !p.deleting) {
            for pod in &here {
                owned::delete(world, pod);
            }
            let mut pod = owned::new_pod(world, &set, j::at(&value, "spec.template"), "");
            *j::key(j::slot(&mut pod, "metadata.labels"), REVISION) = hash.clone().into();
            *j::key(j::slot(&mut pod, "metadata.labels"), "pod-template-generation") =
                j::int(&value, "metadata.generation").unwrap_or(1).to_string().into();
            j::set(
                &mut pod,
                "spec.affinity",
                json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [&*node.key.name]}]}]}}}),
            );
            let pod = with_tolerations(pod);
            if owned::create(world, &set, table::POD, pod).is_ok() {
                current += 1;
            }
        }
    }
    roll(world, &set, &value, &pods, &hash, desired);
    status(world, &set, value, &hash, (desired, current, misplaced));
}

fn with_tolerations(mut pod: Value) -> Value {
    let list = j::list_mut(&mut pod, "spec.tolerations");
    for (key, effect) in [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ] {
        if !scheduler::tolerates(list, key, "", effect) {
            list.push(json!({"key": key, "operator": "Exists", "effect": effect}));
        }
    }
    pod
}

/// The node a pod is on or is meant for.
fn target(pod: &Stored) -> Option<String> {
    if let Some(node) = pod.pod.as_ref().and_then(|p| p.node.as_deref()) {
        return Some(node.to_string());
    }
    let value = pod.value();
    let terms = j::list(
        &value,
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
    );
    let field = j::list(terms.first()?, "matchFields").first()?;
    j::list(field, "values").first()?.as_str().map(Into::into)
}

fn roll(world: &mut World, set: &Stored, value: &Value, pods: &[Arc<Stored>], hash: &str, desired: usize) {
    if j::text(value, "spec.updateStrategy.type") != "RollingUpdate" {
        return;
    }
    let most = owned::share(
        j::at(value, "spec.updateStrategy.rollingUpdate.maxUnavailable"),
        j::count(desired),
        true,
    )
    .max(1);
    let mut down = j::count(desired) - j::count(pods.iter().filter(|p| p.ready_pod() && !p.deleting).count());
    let old: Vec<&Arc<Stored>> =
        pods.iter().filter(|p| p.active_pod() && p.label(REVISION).is_some_and(|r| r != hash)).collect();
    for pod in &old {
        if !pod.ready_pod() {
            owned::delete_pod(world, set, pod);
        }
    }
    for pod in old.iter().filter(|p| p.ready_pod()) {
        if down >= most {
            break;
        }
        owned::delete_pod(world, set, pod);
        down += 1;
    }
}

fn status(
    world: &mut World,
    set: &Stored,
    mut value: Value,
    hash: &str,
    (desired, current, misplaced): (usize, usize, usize),
) {
    let pods = world.children_of(&set.uid, table::POD);
    let live: Vec<&Arc<Stored>> = pods.iter().filter(|p| p.active_pod()).collect();
    let ready = live.iter().filter(|p| p.ready_pod()).count();
    let updated = live.iter().filter(|p| p.label(REVISION) == Some(hash)).count();
    let mut next = json!({
        "observedGeneration": j::at(&value, "metadata.generation"), "desiredNumberScheduled": desired,
        "currentNumberScheduled": current, "numberMisscheduled": misplaced, "numberReady": ready
    });
    for (field, n) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", desired.saturating_sub(ready)),
    ] {
        if n > 0 {
            j::set(&mut next, field, j::count(n));
        }
    }
    j::set(&mut value, "status", next);
    world.put(table::DAEMONSET, value);
}
