//! Endpoints and EndpointSlices of Services with a selector; addresses for load balancers after a while.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::rng;
use crate::sim::selector;
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// Brings one Service's endpoints up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(service) = world.fetch(key) else {
        if let Some(old) = world.get(table::ENDPOINTS, &key.ns, &key.name) {
            world.remove(&old.key);
        }
        return;
    };
    let value = service.value();
    balance(world, &service, &value);
    if j::at(&value, "spec.selector").as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let pods: Vec<Arc<Stored>> = world
        .all(table::POD, &key.ns)
        .filter(|p| {
            p.pod.as_ref().is_some_and(|f| !f.phase.terminal()) && selector::chooses(&service, &p.labels)
        })
        .cloned()
        .collect();
    let (slice, plain) = bodies(world, &service, &value, &pods);
    for (kind, mut body) in [(table::ENDPOINTSLICE, slice), (table::ENDPOINTS, plain)] {
        let name = j::text(&body, "metadata.name").to_string();
        let old = world.get(kind, &key.ns, &name);
        match old {
            Some(old) => {
                let before = old.value();
                for field in ["uid", "creationTimestamp", "generation"] {
                    let kept = j::at(&before, &format!("metadata.{field}")).clone();
                    if !kept.is_null() {
                        j::set(&mut body, &format!("metadata.{field}"), kept);
                    }
                }
            }
            None => {
                let uid = world.rng.uid();
                j::set(&mut body, "metadata.uid", uid);
                j::set(&mut body, "metadata.creationTimestamp", world.stamp());
            }
        }
        world.put(kind, body);
    }
}

/// A Service's EndpointSlice and Endpoints, without identity.
pub(crate) fn bodies(world: &World, service: &Stored, value: &Value, pods: &[Arc<Stored>]) -> (Value, Value) {
    let (mut ends, mut good, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for pod in pods {
        let ip = pod.pod.as_ref().map_or("", |p| &*p.ip);
        if ip.is_empty() {
            continue;
        }
        let node = pod.pod.as_ref().and_then(|p| p.node.as_deref()).unwrap_or("");
        let ready = pod.ready_pod() && !pod.deleting;
        let target =
            json!({"kind": "Pod", "namespace": &*pod.key.ns, "name": &*pod.key.name, "uid": &*pod.uid});
        let zone = world.get(table::NODE, "", node).map_or_else(String::new, |n| {
            j::at(&n.value(), "metadata.labels")["topology.kubernetes.io/zone"]
                .as_str()
                .unwrap_or("")
                .to_string()
        });
        let spec = pod.value();
        let host = if j::text(&spec, "spec.subdomain") == &*service.key.name {
            j::text(&spec, "spec.hostname")
        } else {
            ""
        };
        let mut end = json!({"addresses": [ip], "nodeName": node, "targetRef": target,
            "conditions": {"ready": ready, "serving": pod.ready_pod(), "terminating": pod.deleting}});
        if !zone.is_empty() {
            j::set(&mut end, "zone", zone);
        }
        let mut address = json!({"ip": ip, "nodeName": node, "targetRef": target});
        if !host.is_empty() {
            j::set(&mut end, "hostname", host);
            j::set(&mut address, "hostname", host);
        }
        ends.push(end);
        if ready {
            good.push(address);
        } else if !pod.deleting {
            bad.push(address);
        }
    }
    let ports: Vec<Value> = j::list(value, "spec.ports")
        .iter()
        .map(|p| {
            let number = j::at(p, "targetPort").as_i64().or_else(|| named_port(pods, j::text(p, "targetPort")));
            json!({"name": j::text(p, "name"), "protocol": j::text(p, "protocol"), "port": number.or(j::int(p, "port"))})
        })
        .collect();
    let name = &*service.key.name;
    let owner = owned::owner_ref(world, service);
    let slice = json!({
        "metadata": {"name": format!("{name}-{}", rng::safe_hash(&service.uid).get(..5).unwrap_or("slice")),
            "generateName": format!("{name}-"), "namespace": &*service.key.ns, "generation": 1,
            "labels": {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
            "ownerReferences": [owner]},
        "addressType": "IPv4", "endpoints": ends, "ports": ports
    });
    let mut subset = json!({"ports": ports});
    if !good.is_empty() {
        j::set(&mut subset, "addresses", good.clone());
    }
    if !bad.is_empty() {
        j::set(&mut subset, "notReadyAddresses", bad.clone());
    }
    let mut plain = json!({"metadata": {"name": name, "namespace": &*service.key.ns,
        "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}});
    if !good.is_empty() || !bad.is_empty() {
        j::set(&mut plain, "subsets", json!([subset]));
    }
    (slice, plain)
}

fn named_port(pods: &[Arc<Stored>], name: &str) -> Option<i64> {
    let value = pods.first()?.value();
    j::list(&value, "spec.containers")
        .iter()
        .flat_map(|c| j::list(c, "ports"))
        .find(|p| j::text(p, "name") == name)
        .and_then(|p| j::int(p, "containerPort"))
}

fn balance(world: &mut World, service: &Stored, value: &Value) {
    if j::text(value, "spec.type") != "LoadBalancer"
        || !j::list(value, "status.loadBalancer.ingress").is_empty()
    {
        return;
    }
    let due = service.created + 8_000;
    if world.now < due {
        world.work.at(due, Who::Endpoints, service.key.clone());
        return;
    }
    let mut value = value.clone();
    let draw = rng::hash(&service.uid);
    let ip = format!("203.0.113.{}", draw % 250 + 2);
    j::set(&mut value, "status.loadBalancer.ingress", json!([{"ip": ip, "ipMode": "VIP"}]));
    world.put(table::SERVICE, value);
}
