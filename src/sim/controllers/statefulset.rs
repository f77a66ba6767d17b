//! StatefulSets: ordered pods with their claims, rolling from the highest ordinal down to the partition.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

const REVISION: &str = "controller-revision-hash";

/// Brings one StatefulSet up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(set) = world.fetch(key) else { return };
    if set.deleting {
        return;
    }
    let value = set.value();
    let wanted = j::int(&value, "spec.replicas").unwrap_or(1);
    let first = j::int(&value, "spec.ordinals.start").unwrap_or(0);
    let ordered = j::text(&value, "spec.podManagementPolicy") != "Parallel";
    let update = format!("{}-{}", set.key.name, owned::template_hash(j::at(&value, "spec.template")));
    let mut current = j::text(&value, "status.currentRevision").to_string();
    if current.is_empty() {
        current.clone_from(&update);
    }
    revision(world, &set, &value, &update);
    let partition = j::int(&value, "spec.updateStrategy.rollingUpdate.partition").unwrap_or(0);
    let on_delete = j::text(&value, "spec.updateStrategy.type") == "OnDelete";
    let name = |ordinal: i64| format!("{}-{ordinal}", set.key.name);
    let ordinals: Vec<i64> = (first..first + wanted).collect();
    let mut steady = true;
    for ordinal in &ordinals {
        match world.get(table::POD, &set.key.ns, &name(*ordinal)) {
            None => {
                claims(world, &set, &value, *ordinal);
                let wants = if on_delete || *ordinal >= partition { &update } else { &current };
                let template = if wants == &update {
                    j::at(&value, "spec.template").clone()
                } else {
                    older(world, &set, wants, &value)
                };
                let mut pod = owned::new_pod(world, &set, &template, &name(*ordinal));
                dress(&mut pod, &set, &value, *ordinal, wants);
                let made = owned::create(world, &set, table::POD, pod);
                steady = false;
                if ordered || made.is_err() {
                    break;
                }
            }
            Some(pod) if pod.deleting => {
                steady = false;
                if ordered {
                    break;
                }
            }
            Some(pod) if pod.pod.as_ref().is_some_and(|p| p.phase.terminal()) => {
                owned::delete_pod(world, &set, &pod);
                steady = false;
                break;
            }
            Some(pod) if !pod.ready_pod() => {
                steady = false;
                // A broken pod of an old template may be replaced; an ordered set waits behind it otherwise.
                if ordered && !(outdated(&pod, &update) && *ordinal >= partition) {
                    break;
                }
            }
            Some(_) => {}
        }
    }
    let pods = |world: &World| -> Vec<Arc<Stored>> { world.children_of(&set.uid, table::POD) };
    let mut extra: Vec<Arc<Stored>> =
        pods(world).into_iter().filter(|p| !ordinals.contains(&ordinal_of(&p.key.name))).collect();
    extra.sort_by_key(|p| -ordinal_of(&p.key.name));
    for pod in &extra {
        owned::delete_pod(world, &set, pod);
        steady = false;
        if ordered {
            break;
        }
    }
    if !on_delete && extra.is_empty() {
        for ordinal in ordinals.iter().rev().filter(|o| **o >= partition) {
            let Some(pod) = world.get(table::POD, &set.key.ns, &name(*ordinal)) else { break };
            if pod.deleting {
                break;
            }
            if outdated(&pod, &update) {
                if steady || !pod.ready_pod() {
                    owned::delete_pod(world, &set, &pod);
                }
                break;
            }
            if !pod.ready_pod() {
                break;
            }
        }
    }
    status(world, &set, value, (&current, &update), wanted);
}

fn outdated(pod: &Stored, update: &str) -> bool {
    pod.label(REVISION).is_some_and(|r| r != update)
}

fn ordinal_of(name: &str) -> i64 {
    name.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(-1)
}

fn dress(pod: &mut Value, set: &Stored, value: &Value, ordinal: i64, revision: &str) {
    let name = j::text(pod, "metadata.name").to_string();
    let labels = j::slot(pod, "metadata.labels");
    *j::key(labels, REVISION) = revision.into();
    *j::key(labels, "statefulset.kubernetes.io/pod-name") = name.clone().into();
    *j::key(labels, "apps.kubernetes.io/pod-index") = ordinal.to_string().into();
    j::set(pod, "spec.hostname", name);
    let service = j::text(value, "spec.serviceName");
    if !service.is_empty() {
        j::set(pod, "spec.subdomain", service);
    }
    for claim in j::list(value, "spec.volumeClaimTemplates") {
        let name = j::text(claim, "metadata.name");
        let full = format!("{name}-{}-{ordinal}", set.key.name);
        let volumes = j::list_mut(pod, "spec.volumes");
        volumes.retain(|v| j::text(v, "name") != name);
        volumes.push(json!({"name": name, "persistentVolumeClaim": {"claimName": full}}));
    }
}

fn claims(world: &mut World, set: &Stored, value: &Value, ordinal: i64) {
    for template in j::list(value, "spec.volumeClaimTemplates") {
        let name = format!("{}-{}-{ordinal}", j::text(template, "metadata.name"), set.key.name);
        if world.get(table::PVC, &set.key.ns, &name).is_some() {
            continue;
        }
        let mut claim = json!({"metadata": {"name": name, "namespace": &*set.key.ns, "uid": world.rng.uid(),
            "creationTimestamp": world.stamp()}, "spec": j::at(template, "spec")});
        j::set(&mut claim, "metadata.labels", j::at(value, "spec.selector.matchLabels").clone());
        crate::sim::admit::defaults(world, table::PVC, &mut claim);
        world.put(table::PVC, claim);
    }
}

fn revision(world: &mut World, set: &Stored, value: &Value, name: &str) {
    if world.get(table::CONTROLLERREVISION, &set.key.ns, name).is_some() {
        return;
    }
    let number = world.children_of(&set.uid, table::CONTROLLERREVISION).len() + 1;
    let mut template = j::at(value, "spec.template").clone();
    j::set(&mut template, "$patch", "replace");
    let body = json!({
        "metadata": {"name": name, "namespace": &*set.key.ns, "uid": world.rng.uid(), "creationTimestamp": world.stamp(),
            "labels": j::at(value, "spec.template.metadata.labels"), "ownerReferences": [owned::owner_ref(world, set)]},
        "data": {"spec": {"template": template}}, "revision": number
    });
    world.put(table::CONTROLLERREVISION, body);
}

/// The template of an older revision.
fn older(world: &World, set: &Stored, name: &str, value: &Value) -> Value {
    match world.get(table::CONTROLLERREVISION, &set.key.ns, name) {
        Some(found) => {
            let mut template = j::at(&found.value(), "data.spec.template").clone();
            j::remove(&mut template, "$patch");
            template
        }
        None => j::at(value, "spec.template").clone(),
    }
}

fn status(world: &mut World, set: &Stored, mut value: Value, (current, update): (&str, &str), wanted: i64) {
    let min_ready = j::int(&value, "spec.minReadySeconds").unwrap_or(0);
    let now = world.now;
    let pods: Vec<Arc<Stored>> = world.children_of(&set.uid, table::POD);
    let live: Vec<&Arc<Stored>> = pods.iter().filter(|p| p.active_pod()).collect();
    let with = |revision: &str| live.iter().filter(|p| p.label(REVISION) == Some(revision)).count();
    let ready = live.iter().filter(|p| p.ready_pod()).count();
    let available = live.iter().filter(|p| owned::available(p, min_ready, now)).count();
    if available < ready {
        world.work.at(now + 1_000, Who::StatefulSet, set.key.clone());
    }
    let updated = with(update);
    let done = current != update && j::count(updated) == wanted && j::count(ready) == wanted;
    let current = if done { update } else { current };
    let counts_current = live.iter().filter(|p| p.label(REVISION) == Some(current)).count();
    let mut next = json!({
        "observedGeneration": j::at(&value, "metadata.generation"), "replicas": live.len(),
        "availableReplicas": available, "currentRevision": current, "updateRevision": update,
        "collisionCount": 0
    });
    for (field, n) in
        [("readyReplicas", ready), ("currentReplicas", counts_current), ("updatedReplicas", updated)]
    {
        if n > 0 {
            j::set(&mut next, field, j::count(n));
        }
    }
    j::set(&mut value, "status", next);
    world.put(table::STATEFULSET, value);
}
