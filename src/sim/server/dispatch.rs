//! Sends a request to the part that answers it, after the access check.
//! Never: answering itself. Called by the connection in `mod.rs`.

use std::sync::Arc;

use http::{Method, Response};
use serde_json::Value;

use super::body::{self, Body};
use super::route::{self, Target};
use super::{
    Call, access, discovery, evict, incoming, list, log, metrics, patch, rbac, read, scale, session, watch,
    write,
};
use crate::sim::cluster::Cluster;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::{self, KindId};

/// "404 page not found": the answer to paths no handler knows.
pub(crate) fn no_such_path() -> ApiError {
    let mut error = ApiError::of_code(404, None);
    error.reason = "";
    error
}

/// The answer to a request.
pub(crate) fn dispatch(cluster: &Arc<Cluster>, call: &Call) -> Answer<Response<Body>> {
    let segments: Vec<&str> = call.path.split('/').filter(|s| !s.is_empty()).collect();
    if let Some(answer) = discovery::answer(cluster, call, &segments) {
        return answer;
    }
    let target = route::target(&cluster.lock(), &segments).ok_or_else(no_such_path)?;
    if let Some(answer) = access::review(cluster, call, &target) {
        return answer;
    }
    let verb = verb(call, &target);
    rbac::check(cluster, call, &target, verb)?;
    if target.group == "metrics.k8s.io" {
        return metrics::answer(cluster, call, &target);
    }
    if target.group == "events.k8s.io" && target.plural == "events" {
        return list::events(cluster, call, &target);
    }
    incoming::check_options(call, verb)?;
    let kind = target.kind.ok_or_else(no_such_path)?;
    let res = cluster.lock().resource(kind);
    if !target.sub.is_empty() {
        return subresource(cluster, call, &target, kind);
    }
    let answer = match (verb, target.name.is_empty()) {
        ("watch", _) => watch::answer(cluster, call, &target, kind),
        ("list", _) => list::answer(cluster, call, &target, kind),
        ("get", false) => read::get(cluster, call, &target, kind),
        ("create", true) => write::create(cluster, call, &target, kind),
        ("update", false) => write::update(cluster, call, &target, kind, ""),
        ("patch", false) => patch::answer(cluster, call, &target, kind, ""),
        ("delete", false) => write::delete(cluster, call, &target, kind),
        ("deletecollection", true) => {
            if res.namespaced && target.ns.is_empty() {
                return Err(ApiError::method_not_allowed());
            }
            write::delete_collection(cluster, call, &target, kind)
        }
        _ => Err(ApiError::method_not_allowed()),
    };
    if kind == table::ENDPOINTS {
        return answer.map(|response| write::warned(response, &[OUTDATED.to_string()]));
    }
    answer
}

/// Said of Endpoints since 1.33.
const OUTDATED: &str = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

/// The verb of authorization.
fn verb(call: &Call, target: &Target) -> &'static str {
    let named = !target.name.is_empty();
    match call.method {
        Method::GET | Method::HEAD => {
            let watching = call.query.flag("watch") || target.watch_prefix;
            match (named, watching) {
                (_, true) if target.sub.is_empty() => "watch",
                (true, _) => "get",
                _ => "list",
            }
        }
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

fn subresource(cluster: &Arc<Cluster>, call: &Call, target: &Target, kind: KindId) -> Answer<Response<Body>> {
    let res = cluster.lock().resource(kind);
    if !res.subs.iter().any(|s| *s == target.sub) {
        return Err(no_such_path());
    }
    match (target.sub.as_str(), &call.method) {
        ("status", &Method::GET) => read::get(cluster, call, target, kind),
        ("status", &Method::PUT) => write::update(cluster, call, target, kind, "status"),
        ("status", &Method::PATCH) => patch::answer(cluster, call, target, kind, "status"),
        ("finalize", &Method::PUT) => write::finalize(cluster, call, target, kind),
        ("scale", _) => scale::answer(cluster, call, target, kind),
        ("log", &Method::GET) => log::answer(cluster, call, target),
        ("eviction", &Method::POST) => evict::answer(cluster, call, target),
        ("binding", &Method::POST) => bind(cluster, call, target),
        ("ephemeralcontainers" | "resize", &Method::GET) => read::get(cluster, call, target, kind),
        ("ephemeralcontainers" | "resize", &Method::PATCH) => {
            patch::answer(cluster, call, target, kind, "ephemeralcontainers")
        }
        ("ephemeralcontainers" | "resize", &Method::PUT) => {
            write::update(cluster, call, target, kind, "ephemeralcontainers")
        }
        ("exec" | "attach" | "portforward", &Method::GET | &Method::POST) => {
            session::answer(cluster, call, target)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn bind(cluster: &Arc<Cluster>, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let binding: Value = incoming::parse(call)?;
    let node = crate::sim::json::text(&binding, "target.name").to_string();
    let mut world = cluster.lock();
    let pod = world
        .get(table::POD, &target.ns, &target.name)
        .ok_or_else(|| ApiError::not_found(&world.resource(table::POD), &target.name))?;
    if pod.pod.as_ref().is_some_and(|p| p.node.is_some()) {
        let why = format!("pod {} is already assigned to node", target.name);
        return Err(ApiError::conflict(&world.resource(table::POD), &target.name, &why));
    }
    crate::sim::controllers::bind(&mut world, &pod, &node);
    drop(world);
    Ok(body::value(
        201,
        &serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}
