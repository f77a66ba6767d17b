//! Reading one object.
//! Called by `dispatch` and the write paths.

use std::sync::Arc;

use http::Response;
use hyper::body::Bytes;

use super::Call;
use super::body::{self, Body};
use super::route::Target;
use crate::sim::cluster::Cluster;
use crate::sim::object::Stored;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::{KindId, Resource};

/// GET of a named object.
pub(crate) fn get(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let object = fetch(cluster, target, kind)?;
    let res = cluster.lock().resource(kind);
    let meta = serde_json::json!({"resourceVersion": object.rv.to_string()});
    if let Some(table) = super::list::as_table(cluster, call, kind, std::slice::from_ref(&object), meta) {
        return Ok(table);
    }
    Ok(body::bytes(200, whole(&res, &object)))
}

/// The object a target names.
pub(crate) fn fetch(cluster: &Cluster, target: &Target, kind: KindId) -> Answer<Arc<Stored>> {
    let world = cluster.lock();
    world
        .get(kind, &target.ns, &target.name)
        .ok_or_else(|| ApiError::not_found(&world.resource(kind), &target.name))
}

/// An object with apiVersion and kind.
pub(crate) fn whole(res: &Resource, object: &Stored) -> Bytes {
    let opening = res.opening();
    let mut out = Vec::with_capacity(opening.len() + object.body.len());
    out.extend_from_slice(opening.as_bytes());
    out.extend_from_slice(object.body.get(1..).unwrap_or_default());
    Bytes::from(out)
}
