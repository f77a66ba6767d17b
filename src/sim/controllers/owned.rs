//! What workload controllers share: making pods from templates, deleting them, counting, conditions.
//! Called by the workload controllers.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sim::admit;
use crate::sim::clock::Millis;
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::rng;
use crate::sim::store::World;
use crate::sim::table::{self, KindId};

/// The controlling ownerReference of an object.
pub(crate) fn owner_ref(world: &World, owner: &Stored) -> Value {
    let res = world.resource(owner.key.kind);
    json!({"apiVersion": res.api_version(), "kind": res.kind, "name": &*owner.key.name, "uid": &*owner.uid,
        "controller": true, "blockOwnerDeletion": true})
}

/// The hash of a template, as `pod-template-hash` has it.
pub(crate) fn template_hash(template: &Value) -> String {
    let mut plain = template.clone();
    j::remove(&mut plain, "metadata.labels.pod-template-hash");
    j::remove(&mut plain, "metadata.creationTimestamp");
    rng::safe_hash(&plain.to_string())
}

/// A pod of a template. `name` empty: generated from the owner's.
pub(crate) fn new_pod(world: &mut World, owner: &Stored, template: &Value, name: &str) -> Value {
    let mut pod = json!({"metadata": {}, "spec": template.get("spec").cloned().unwrap_or_else(|| json!({}))});
    for field in ["labels", "annotations"] {
        let from = j::at(template, &format!("metadata.{field}"));
        if !from.is_null() {
            j::set(&mut pod, &format!("metadata.{field}"), from.clone());
        }
    }
    let prefix = format!("{}-", owner.key.name);
    let full = if name.is_empty() { format!("{prefix}{}", world.rng.suffix(5)) } else { name.to_string() };
    j::set(&mut pod, "metadata.name", full);
    if name.is_empty() || owner.key.kind == table::STATEFULSET {
        j::set(&mut pod, "metadata.generateName", prefix);
    }
    j::set(&mut pod, "metadata.namespace", &*owner.key.ns);
    j::set(&mut pod, "metadata.ownerReferences", json!([owner_ref(world, owner)]));
    pod
}

/// Stores a pod for a controller; the error is the quota's or the namespace's.
pub(crate) fn create(
    world: &mut World,
    owner: &Stored,
    kind: KindId,
    mut value: Value,
) -> Result<Arc<Stored>, String> {
    let res = world.resource(kind);
    let name = j::text(&value, "metadata.name").to_string();
    let from = source(owner.key.kind);
    let word = &*res.kind;
    let noted = |world: &mut World, why: &str| {
        let text = format!("Error creating: {why}");
        events::about(world, owner, Kind::Warning, "FailedCreate", &text, from);
    };
    if let Err(error) = admit::namespace_open(world, &res, &owner.key.ns, &name) {
        noted(world, &error.message);
        return Err(error.message);
    }
    if world.get(kind, &owner.key.ns, &name).is_some() {
        return Err(format!("{} \"{name}\" already exists", res.qualified()));
    }
    let uid = world.rng.uid();
    j::set(&mut value, "metadata.uid", uid);
    j::set(&mut value, "metadata.creationTimestamp", world.stamp());
    if res.generations {
        j::set(&mut value, "metadata.generation", 1);
    }
    admit::defaults(world, kind, &mut value);
    if let Err(admit::Refusal(why)) = admit::quota(world, kind, &value) {
        let why = format!("{} \"{name}\" is forbidden: {why}", res.qualified());
        noted(world, &why);
        return Err(why);
    }
    let made = world.put(kind, value);
    let text = match kind {
        table::POD if owner.key.kind == table::STATEFULSET => {
            format!("Create Pod {name} in StatefulSet {} successful", owner.key.name)
        }
        table::POD => format!("Created pod: {name}"),
        table::JOB => format!("Created job {name}"),
        _ => format!("Created {word} {name}"),
    };
    events::about(world, owner, Kind::Normal, "SuccessfulCreate", &text, from);
    Ok(made)
}

/// Deletes a pod for a controller, with its grace.
pub(crate) fn delete_pod(world: &mut World, owner: &Stored, pod: &Arc<Stored>) {
    if pod.deleting {
        return;
    }
    let text = if owner.key.kind == table::STATEFULSET {
        format!("Delete Pod {} in StatefulSet {} successful", pod.key.name, owner.key.name)
    } else {
        format!("Deleted pod: {}", pod.key.name)
    };
    events::about(world, owner, Kind::Normal, "SuccessfulDelete", &text, source(owner.key.kind));
    delete(world, pod);
}

/// Deletes a pod with its own grace period; one without a node goes at once.
pub(crate) fn delete(world: &mut World, pod: &Arc<Stored>) {
    let mut value = pod.value();
    let unbound = pod.pod.as_ref().is_none_or(|p| p.node.is_none() || p.phase.terminal());
    if unbound && j::list(&value, "metadata.finalizers").is_empty() {
        world.remove(&pod.key);
        return;
    }
    if pod.deleting {
        return;
    }
    let grace = j::int(&value, "spec.terminationGracePeriodSeconds").unwrap_or(30);
    let at = world.now + grace * 1000;
    j::set(&mut value, "metadata.deletionTimestamp", crate::sim::clock::rfc3339(at));
    j::set(&mut value, "metadata.deletionGracePeriodSeconds", grace);
    world.put(table::POD, value);
}

/// The component that speaks for a kind.
pub(crate) fn source(kind: KindId) -> &'static str {
    match kind {
        table::DEPLOYMENT => "deployment-controller",
        table::REPLICASET => "replicaset-controller",
        table::STATEFULSET => "statefulset-controller",
        table::DAEMONSET => "daemonset-controller",
        table::JOB => "job-controller",
        table::CRONJOB => "cronjob-controller",
        _ => "controllermanager",
    }
}

/// Ready for at least `min_ready` seconds?
pub(crate) fn available(pod: &Stored, min_ready: i64, now: Millis) -> bool {
    pod.pod.as_ref().is_some_and(|p| p.ready && (min_ready == 0 || p.ready_since + min_ready * 1000 <= now))
}

/// Sets a condition; its transition time moves only when its status does.
pub(crate) fn condition(
    value: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
    updates: bool,
) {
    let list = j::list_mut(value, "status.conditions");
    let old = list.iter().position(|c| j::text(c, "type") == kind);
    let before = old.and_then(|at| list.get(at)).cloned().unwrap_or(Value::Null);
    if j::text(&before, "status") == status
        && j::text(&before, "reason") == reason
        && j::text(&before, "message") == message
    {
        return;
    }
    let since = if j::text(&before, "status") == status {
        j::text(&before, "lastTransitionTime").to_string()
    } else {
        now.to_string()
    };
    let mut new = json!({"type": kind, "status": status, "lastTransitionTime": since});
    if !reason.is_empty() {
        j::set(&mut new, "reason", reason);
    }
    if !message.is_empty() {
        j::set(&mut new, "message", message);
    }
    if updates {
        j::set(&mut new, "lastUpdateTime", now);
    }
    // A Deployment's controller appends what changed; the others write in place.
    if updates && let Some(at) = old {
        list.remove(at);
    }
    match old.filter(|_| !updates).and_then(|at| list.get_mut(at)) {
        Some(place) => *place = new,
        None => list.push(new),
    }
}

/// Are pods that go counted in the status of ReplicaSets and Deployments? Since 1.35.
pub(crate) fn counts_terminating(world: &World) -> bool {
    world.minor >= 35
}

/// Drops a condition.
pub(crate) fn drop_condition(value: &mut Value, kind: &str) {
    if let Some(list) = j::existing_list_mut(value, "status.conditions") {
        list.retain(|c| j::text(c, "type") != kind);
    }
}

impl World {
    /// The kind of a pod's controller.
    pub(crate) fn children_owner_kind(&self, pod: &Stored) -> Option<KindId> {
        pod.owners.first().and_then(|uid| self.by_uid(uid)).map(|o| o.key.kind)
    }
}

/// An int-or-percent against a total.
pub(crate) fn share(value: &Value, total: i64, up: bool) -> i64 {
    if let Some(n) = value.as_i64() {
        return n;
    }
    let percent: i64 = value.as_str().and_then(|s| s.trim_end_matches('%').parse().ok()).unwrap_or(0);
    let product = total * percent;
    if up { (product + 99) / 100 } else { product / 100 }
}

/// Moves a condition's update time (progress was made under the same words).
pub(crate) fn touch(value: &mut Value, kind: &str, now: &str) {
    for c in j::existing_list_mut(value, "status.conditions").into_iter().flatten() {
        if j::text(c, "type") == kind {
            j::set(c, "lastUpdateTime", now);
        }
    }
}
