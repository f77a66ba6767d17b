//! Deployments: the ReplicaSet of the current template, revisions, status and progress.
//! The rolling itself is in `rollout`. Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{owned, rollout};
use crate::sim::clock;
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

const REVISION: &str = "deployment.kubernetes.io/revision";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Brings one Deployment up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(deployment) = world.fetch(key) else { return };
    if deployment.deleting {
        return;
    }
    let mut value = deployment.value();
    let mut sets = world.children_of(&deployment.uid, table::REPLICASET);
    sets.sort_by_key(|s| (s.created, s.key.name.clone()));
    let hash = owned::template_hash(j::at(&value, "spec.template"));
    let current = sets.iter().find(|s| same_template(s, &value, &hash)).cloned();
    let paused = j::at(&value, "spec.paused").as_bool() == Some(true);
    let newest = sets.iter().map(|s| revision(&s.value())).max().unwrap_or(0);
    let mut fresh = false;
    let current = match current {
        Some(set) => {
            let mut body = set.value();
            if revision(&body) < newest {
                j::annotate(&mut body, REVISION, (newest + 1).to_string());
                fresh = true;
            }
            copy_annotations(&value, &mut body);
            Some(world.put(table::REPLICASET, body))
        }
        None if paused => None,
        None => {
            fresh = true;
            create_set(world, &deployment, &value, &hash, newest + 1)
        }
    };
    if let Some(set) = &current {
        let number = revision(&set.value()).to_string();
        if j::annotation(&value, REVISION) != number {
            j::annotate(&mut value, REVISION, number);
        }
    }
    let old: Vec<Arc<Stored>> = sets
        .iter()
        .filter(|s| current.as_ref().is_none_or(|c| c.uid != s.uid))
        .filter_map(|s| world.fetch(&s.key))
        .collect();
    let target = j::int(&value, "spec.replicas").unwrap_or(1);
    if paused {
        rollout::proportional(world, &deployment, target, current.as_ref(), &old);
    } else if j::text(&value, "spec.strategy.type") == "Recreate" {
        rollout::recreate(world, &deployment, target, current.as_ref(), &old);
    } else {
        rollout::rolling(world, &deployment, &value, target, current.as_ref(), &old);
    }
    status(world, &deployment, value, current.as_ref(), &old, fresh);
    cleanup(world, &deployment, &old);
}

/// What people note on a Deployment stands on its newest ReplicaSet too.
fn copy_annotations(deployment: &Value, set: &mut Value) {
    for (name, text) in j::pairs(j::at(deployment, "metadata.annotations")) {
        let own = name.starts_with("deployment.kubernetes.io/") || name == LAST_APPLIED;
        if !own && j::annotation(set, name) != text {
            j::annotate(set, name, text);
        }
    }
}

/// The revision of a ReplicaSet or Deployment body.
fn revision(value: &Value) -> i64 {
    j::annotation(value, REVISION).parse().unwrap_or(0)
}

fn same_template(set: &Stored, deployment: &Value, hash: &str) -> bool {
    if set.label("pod-template-hash") == Some(hash) {
        return true;
    }
    let mut own = j::at(&set.value(), "spec.template").clone();
    j::remove(&mut own, "metadata.labels.pod-template-hash");
    j::remove(&mut own, "metadata.creationTimestamp");
    let mut theirs = j::at(deployment, "spec.template").clone();
    j::remove(&mut theirs, "metadata.creationTimestamp");
    own == theirs
}

fn create_set(
    world: &mut World,
    owner: &Stored,
    value: &Value,
    hash: &str,
    number: i64,
) -> Option<Arc<Stored>> {
    let mut set = set_body(world, owner, value, hash, number);
    let uid = world.rng.uid();
    j::set(&mut set, "metadata.uid", uid);
    j::set(&mut set, "metadata.creationTimestamp", world.stamp());
    Some(world.put(table::REPLICASET, set))
}

/// The body of a Deployment's ReplicaSet (without uid and creation time).
pub(crate) fn set_body(world: &World, owner: &Stored, value: &Value, hash: &str, number: i64) -> Value {
    let mut template = j::at(value, "spec.template").clone();
    *j::key(j::slot(&mut template, "metadata.labels"), "pod-template-hash") = hash.into();
    let mut selector = j::at(value, "spec.selector").clone();
    *j::key(j::slot(&mut selector, "matchLabels"), "pod-template-hash") = hash.into();
    let labels = j::at(&template, "metadata.labels").clone();
    let target = j::int(value, "spec.replicas").unwrap_or(1);
    let surge = owned::share(j::at(value, "spec.strategy.rollingUpdate.maxSurge"), target, true);
    let mut body = json!({
        "metadata": {
            "name": format!("{}-{hash}", owner.key.name), "namespace": &*owner.key.ns, "labels": labels, "generation": 1,
            "annotations": {
                REVISION: number.to_string(), "deployment.kubernetes.io/desired-replicas": target.to_string(),
                "deployment.kubernetes.io/max-replicas": (target + surge).to_string()
            },
            "ownerReferences": [owned::owner_ref(world, owner)]
        },
        "spec": {"replicas": 0, "selector": selector, "template": template,
            "minReadySeconds": j::int(value, "spec.minReadySeconds").unwrap_or(0)},
        "status": {"replicas": 0}
    });
    copy_annotations(value, &mut body);
    body
}

fn status(
    world: &mut World,
    deployment: &Stored,
    mut value: Value,
    current: Option<&Arc<Stored>>,
    old: &[Arc<Stored>],
    fresh: bool,
) {
    let read = |set: &Arc<Stored>| world.fetch(&set.key).map_or(Value::Null, |s| s.value());
    let mine = current.map_or(Value::Null, read);
    let all: Vec<Value> = old.iter().map(read).chain(std::iter::once(mine.clone())).collect();
    let sum =
        |field: &str| -> i64 { all.iter().map(|s| j::int(s, &format!("status.{field}")).unwrap_or(0)).sum() };
    let (replicas, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let updated = j::int(&mine, "status.replicas").unwrap_or(0);
    let target = j::int(&value, "spec.replicas").unwrap_or(1);
    let slack = owned::share(j::at(&value, "spec.strategy.rollingUpdate.maxUnavailable"), target, false);
    let surge = owned::share(j::at(&value, "spec.strategy.rollingUpdate.maxSurge"), target, true);
    let slack = if slack == 0 && surge == 0 { 1 } else { slack };
    let before = j::at(&value, "status").clone();
    let mut next = json!({"observedGeneration": j::at(&value, "metadata.generation")});
    for (field, n) in [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", (target.max(replicas) - available).max(0)),
    ] {
        if n > 0 {
            j::set(&mut next, field, n);
        }
    }
    if owned::counts_terminating(world) {
        j::set(&mut next, "terminatingReplicas", sum("terminatingReplicas"));
    }
    j::set(&mut next, "conditions", before.get("conditions").cloned().unwrap_or_else(|| json!([])));
    j::set(&mut value, "status", next);
    let stamp = world.stamp();
    let complete = updated == target && replicas == target && available == target;
    let set_name = current.map_or("", |c| &*c.key.name);
    let moved = ["updatedReplicas", "readyReplicas", "availableReplicas"]
        .iter()
        .any(|f| j::int(&before, f).unwrap_or(0) < j::int(&value, &format!("status.{f}")).unwrap_or(0))
        || j::int(&before, "replicas").unwrap_or(0) - j::int(&before, "updatedReplicas").unwrap_or(0)
            > replicas - updated;
    let (text, reason, message) = if available >= target - slack {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    owned::condition(&mut value, "Available", text, reason, message, &stamp, true);
    progress(world, deployment, &mut value, &stamp, (complete, moved, fresh), set_name);
    let failing = j::find(j::list(&mine, "status.conditions"), "type", "ReplicaFailure").cloned();
    match failing {
        Some(c) => owned::condition(
            &mut value,
            "ReplicaFailure",
            "True",
            j::text(&c, "reason"),
            j::text(&c, "message"),
            &stamp,
            true,
        ),
        None => owned::drop_condition(&mut value, "ReplicaFailure"),
    }
    world.put(table::DEPLOYMENT, value);
}

fn progress(
    world: &mut World,
    deployment: &Stored,
    value: &mut Value,
    stamp: &str,
    (complete, moved, fresh): (bool, bool, bool),
    set: &str,
) {
    let seconds = j::int(value, "spec.progressDeadlineSeconds").unwrap_or(600);
    let old =
        j::find(j::list(value, "status.conditions"), "type", "Progressing").cloned().unwrap_or(Value::Null);
    let reason = j::text(&old, "reason").to_string();
    if j::at(value, "spec.paused").as_bool() == Some(true) {
        if reason != "DeploymentPaused" {
            owned::condition(
                value,
                "Progressing",
                "Unknown",
                "DeploymentPaused",
                "Deployment is paused",
                stamp,
                true,
            );
        }
        return;
    }
    if complete {
        let text = format!("ReplicaSet \"{set}\" has successfully progressed.");
        owned::condition(value, "Progressing", "True", "NewReplicaSetAvailable", &text, stamp, true);
        return;
    }
    if fresh && reason != "NewReplicaSetCreated" {
        let text = format!("Created new replica set \"{set}\"");
        owned::condition(value, "Progressing", "True", "NewReplicaSetCreated", &text, stamp, true);
    } else if reason == "NewReplicaSetAvailable" && !fresh && is_of_one_set(value) {
        // A finished rollout that lost a pod, or was scaled, does not start over.
        return;
    } else if moved || fresh || reason.is_empty() || reason == "DeploymentPaused" {
        let text = format!("ReplicaSet \"{set}\" is progressing.");
        owned::condition(value, "Progressing", "True", "ReplicaSetUpdated", &text, stamp, true);
        owned::touch(value, "Progressing", stamp);
    }
    let now =
        j::find(j::list(value, "status.conditions"), "type", "Progressing").cloned().unwrap_or(Value::Null);
    let since = clock::parse(j::text(&now, "lastUpdateTime")).unwrap_or(world.now);
    let due = since + seconds * 1000;
    if j::text(&now, "reason") == "ProgressDeadlineExceeded" {
        return;
    }
    if world.now >= due {
        let text = format!("ReplicaSet \"{set}\" has timed out progressing.");
        owned::condition(value, "Progressing", "False", "ProgressDeadlineExceeded", &text, stamp, true);
    } else {
        world.work.at(due, Who::Deployment, deployment.key.clone());
    }
}

/// All its pods are of the newest set.
fn is_of_one_set(value: &Value) -> bool {
    let number = |field| j::int(value, field).unwrap_or(0);
    number("status.replicas") == number("status.updatedReplicas")
}

fn cleanup(world: &mut World, deployment: &Stored, old: &[Arc<Stored>]) {
    let keep = world
        .fetch(&deployment.key)
        .and_then(|d| j::int(&d.value(), "spec.revisionHistoryLimit"))
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(10);
    let empty: Vec<&Arc<Stored>> = old
        .iter()
        .filter(|s| {
            let value = s.value();
            j::int(&value, "spec.replicas") == Some(0) && j::int(&value, "status.replicas").unwrap_or(0) == 0
        })
        .collect();
    for set in empty.iter().take(empty.len().saturating_sub(keep)) {
        world.remove(&set.key);
    }
}

/// The event of a scaled ReplicaSet.
pub(super) fn note(world: &mut World, deployment: &Stored, set: &str, from: i64, to: i64) {
    let text = if to > from {
        format!("Scaled up replica set {set} from {from} to {to}")
    } else {
        format!("Scaled down replica set {set} from {from} to {to}")
    };
    events::about(world, deployment, Kind::Normal, "ScalingReplicaSet", &text, "deployment-controller");
}
