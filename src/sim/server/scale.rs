//! The scale subresource of Deployment, ReplicaSet and StatefulSet.
//! Called by `dispatch`.

use std::sync::Arc;

use http::{Method, Response};
use serde_json::{Value, json};

use super::body::{self, Body};
use super::fields::Manager;
use super::route::Target;
use super::shape::Shape;
use super::{Call, incoming, patch};
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::selector::Selector;
use crate::sim::status::{Answer, ApiError, Cause};
use crate::sim::table::{KindId, Resource};

/// GET, PUT or PATCH of `scale`.
pub(crate) fn answer(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let old =
        world.get(kind, &target.ns, &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let now = scale_of(&old);
    let mut wanted = now.clone();
    match call.method {
        Method::GET => return Ok(body::value(200, &now)),
        Method::PUT => wanted = incoming::parse(call)?,
        Method::PATCH => {
            let media = call.header("content-type").split(';').next().unwrap_or("").trim().to_string();
            let change: Value = incoming::parse(call)?;
            if media.starts_with("application/apply-patch") {
                j::merge_patch(&mut wanted, &change);
            } else {
                patch::patched(&mut wanted, &change, &media, &scale_resource(&res))?;
            }
        }
        _ => return Err(ApiError::method_not_allowed()),
    }
    let version = j::text(&wanted, "metadata.resourceVersion");
    if !version.is_empty() && version != old.rv.to_string() {
        return Err(ApiError::modified(&res, &target.name));
    }
    let replicas = j::int(&wanted, "spec.replicas").unwrap_or(0);
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        return Err(ApiError::invalid(&scale_resource(&res), &target.name, &[cause]));
    }
    let mut value = old.value();
    j::set(&mut value, "spec.replicas", replicas);
    let manager = Manager::update(&call.manager(), &res.api_version(), "scale");
    let stored = update(&mut world, kind, &old, value, &manager, call.dry())?;
    drop(world);
    Ok(body::value(200, &scale_of(&stored)))
}

fn update(
    world: &mut crate::sim::store::World,
    kind: KindId,
    old: &Arc<Stored>,
    mut value: Value,
    manager: &Manager,
    dry: bool,
) -> Answer<Arc<Stored>> {
    let before = old.value();
    if value.get("spec") != before.get("spec") {
        let generation = j::int(&before, "metadata.generation").unwrap_or(1) + 1;
        j::set(&mut value, "metadata.generation", generation);
    }
    let shape = Shape::of(&world.resource(kind));
    super::fields::track(&mut value, Some(&before), shape, manager, world.now);
    Ok(if dry { Arc::new(Stored::read(kind, &value, old.rv)) } else { world.put(kind, value) })
}

fn scale_resource(res: &Resource) -> Resource {
    Resource { group: "autoscaling".into(), kind: "Scale".into(), ..res.clone() }
}

/// The Scale of a workload.
fn scale_of(object: &Stored) -> Value {
    let value = object.value();
    let meta = j::at(&value, "metadata");
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": meta.get("name"), "namespace": meta.get("namespace"), "uid": meta.get("uid"),
            "resourceVersion": meta.get("resourceVersion"), "creationTimestamp": meta.get("creationTimestamp")
        },
        "spec": {"replicas": j::int(&value, "spec.replicas").unwrap_or(0)},
        "status": {
            "replicas": j::int(&value, "status.replicas").unwrap_or(0),
            "selector": Selector::of_json(j::at(&value, "spec.selector")).text()
        }
    })
}
