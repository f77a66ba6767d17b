//! `metrics.k8s.io`: usage of nodes and pods, computed when asked.
//! Called by `dispatch`.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use super::Call;
use super::body::{self, Body};
use super::route::Target;
use crate::sim::clock;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::object::{Phase, Stored};
use crate::sim::quantity;
use crate::sim::selector::Selector;
use crate::sim::status::{Answer, ApiError};
use crate::sim::store::World;
use crate::sim::table::{self, Resource};
use crate::sim::usage;

/// GET of nodes or pods.
pub(crate) fn answer(cluster: &Cluster, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let world = cluster.lock();
    let selector = Selector::parse(call.query.get("labelSelector").unwrap_or(""))?;
    let (kind, word) = match target.plural.as_str() {
        "nodes" => (table::NODE, "NodeMetrics"),
        "pods" => (table::POD, "PodMetrics"),
        _ => return Err(super::dispatch::no_such_path()),
    };
    let shown = |object: &Stored| match kind {
        table::NODE => node(&world, object),
        _ => pod(&world, object),
    };
    let head = |mut value: Value| {
        j::set(&mut value, "kind", word);
        j::set(&mut value, "apiVersion", "metrics.k8s.io/v1beta1");
        value
    };
    if !target.name.is_empty() {
        let found = world.get(kind, &target.ns, &target.name).and_then(|o| shown(&o));
        let res = Resource { group: "metrics.k8s.io".into(), ..(*world.resource(kind)).clone() };
        return found
            .map(|value| body::value(200, &head(value)))
            .ok_or_else(|| ApiError::not_found(&res, &target.name));
    }
    let items: Vec<Value> = world
        .all(kind, &target.ns)
        .filter(|o| selector.matches(&o.labels))
        .filter_map(|o: &Arc<Stored>| shown(o))
        .collect();
    Ok(body::value(
        200,
        &json!({"kind": format!("{word}List"), "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}),
    ))
}

fn meta(object: &Stored, at: i64) -> Value {
    let labels: Value = object
        .labels
        .iter()
        .map(|(k, v)| (k.to_string(), Value::from(&**v)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut meta =
        json!({"name": &*object.key.name, "creationTimestamp": clock::rfc3339(at), "labels": labels});
    if !object.key.ns.is_empty() {
        j::set(&mut meta, "namespace", &*object.key.ns);
    }
    meta
}

fn amounts(cpu_milli: i64, bytes: i64) -> Value {
    json!({"cpu": format!("{}n", cpu_milli * 1_000_000 + (bytes & 0xffff)), "memory": format!("{}Ki", bytes / 1024)})
}

fn node(world: &World, object: &Stored) -> Option<Value> {
    if !object.node.as_ref()?.ready {
        return None;
    }
    let (mut cpu, mut bytes) = (90, 420 << 20);
    for pod in world.pods_on(&object.key.name) {
        let used = usage::of_pod(world, &pod);
        cpu += used.0;
        bytes += used.1;
    }
    let at = world.now - world.now % 15_000;
    Some(json!({"metadata": meta(object, world.now), "timestamp": clock::rfc3339(at), "window": "20.031s",
        "usage": amounts(cpu, bytes)}))
}

fn pod(world: &World, object: &Stored) -> Option<Value> {
    let facts = object.pod.as_ref()?;
    if facts.phase != Phase::Running {
        return None;
    }
    let value = object.value();
    let (cpu, bytes) = usage::of_pod(world, object);
    let containers = j::list(&value, "spec.containers");
    let total: i64 = containers.iter().map(weight).sum::<i64>().max(1);
    let list: Vec<Value> = containers
        .iter()
        .map(|c| json!({"name": j::text(c, "name"), "usage": amounts(cpu * weight(c) / total, bytes / total * weight(c))}))
        .collect();
    let at = world.now - world.now % 15_000;
    Some(json!({"metadata": meta(object, world.now), "timestamp": clock::rfc3339(at), "window": "14.5s",
        "containers": list}))
}

fn weight(container: &Value) -> i64 {
    (quantity::cpu_milli(j::at(container, "resources.requests.cpu"))).max(10)
}
