//! Events: written by controllers and kubelets, repeated ones counted, old ones forgotten after an hour.
//! Called by controllers, kubelet and incidents.

use serde_json::{Value, json};

use super::clock::{self, HOUR};
use super::json as j;
use super::object::{Key, Stored};
use super::rng;
use super::store::World;
use super::table;
use super::work::Who;

/// The one writer of the newer events API.
const SCHEDULER: &str = "default-scheduler";

/// Normal or Warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Warning,
}

/// An event of a kubelet about a container of a pod.
pub(crate) fn pod(world: &mut World, pod: &Stored, kind: Kind, reason: &str, message: &str, container: &str) {
    let host = pod.pod.as_ref().and_then(|p| p.node.clone());
    let host = host.as_deref().unwrap_or("");
    write(world, pod, kind, reason, message, "kubelet", host, &format!("spec.containers{{{container}}}"));
}

/// An event of a controller about an object.
pub(crate) fn about(world: &mut World, object: &Stored, kind: Kind, reason: &str, message: &str, from: &str) {
    write(world, object, kind, reason, message, from, "", "");
}

#[expect(clippy::too_many_arguments, reason = "the eight parts of an event")]
fn write(
    world: &mut World,
    object: &Stored,
    kind: Kind,
    reason: &str,
    message: &str,
    from: &str,
    host: &str,
    field: &str,
) {
    let ns = if object.key.ns.is_empty() { "default" } else { &*object.key.ns };
    let mark = rng::hash(&format!("{}/{reason}/{message}/{field}/{from}", object.uid));
    let name = format!("{}.{mark:016x}", object.key.name);
    let now = world.stamp();
    if let Some(old) = world.get(table::EVENT, ns, &name) {
        let mut value = old.value();
        if from == SCHEDULER {
            let count = j::int(&value, "series.count").unwrap_or(1) + 1;
            let micro = clock::micro(world.now);
            j::set(&mut value, "series", json!({"count": count, "lastObservedTime": micro}));
        } else {
            let count = j::int(&value, "count").unwrap_or(1) + 1;
            j::set(&mut value, "count", count);
            j::set(&mut value, "lastTimestamp", now);
        }
        world.put(table::EVENT, value);
        return;
    }
    let res = world.resource(object.key.kind);
    let mut involved = json!({
        "kind": res.kind, "name": &*object.key.name, "uid": &*object.uid, "apiVersion": res.api_version(),
        "resourceVersion": object.rv.to_string()
    });
    if !object.key.ns.is_empty() {
        j::set(&mut involved, "namespace", &*object.key.ns);
    }
    if !field.is_empty() {
        j::set(&mut involved, "fieldPath", field);
    }
    let mut source = json!({"component": from});
    if !host.is_empty() {
        j::set(&mut source, "host", host);
    }
    let mut value: Value = json!({
        "metadata": {"name": name, "namespace": ns, "uid": world.rng.uid(), "creationTimestamp": now},
        "involvedObject": involved, "reason": reason, "message": message, "source": source,
        "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        "type": if kind == Kind::Normal { "Normal" } else { "Warning" },
        "eventTime": null, "reportingComponent": from, "reportingInstance": host
    });
    // The scheduler writes by the newer API: times and counts stand elsewhere.
    if from == SCHEDULER {
        if let Some(fields) = value.as_object_mut() {
            fields.remove("count");
        }
        for field in ["firstTimestamp", "lastTimestamp"] {
            j::set(&mut value, field, Value::Null);
        }
        j::set(&mut value, "source", json!({}));
        j::set(&mut value, "eventTime", clock::micro(world.now));
        j::set(&mut value, "action", if reason == "Scheduled" { "Binding" } else { "Scheduling" });
        j::set(&mut value, "reportingInstance", format!("{SCHEDULER}-0"));
    }
    let key = Key::new(table::EVENT, ns, &name);
    world.put(table::EVENT, value);
    world.work.at(world.now + HOUR, Who::Garbage, key);
}
