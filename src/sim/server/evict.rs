//! The eviction subresource: a delete that disruption budgets may refuse.
//! Called by `dispatch`.

use std::sync::Arc;

use http::Response;
use serde_json::json;

use super::body::{self, Body};
use super::route::Target;
use super::{Call, incoming, write};
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::selector;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table;

/// POST of an Eviction.
pub(crate) fn answer(cluster: &Arc<Cluster>, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let eviction = incoming::parse(call)?;
    let mut world = cluster.lock();
    let res = world.resource(table::POD);
    let pod = world
        .get(table::POD, &target.ns, &target.name)
        .ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let mut options = write::DeleteOptions::of(call, j::at(&eviction, "deleteOptions"));
    options.propagation = String::new();
    let budgets: Vec<_> =
        world.all(table::PDB, &target.ns).filter(|b| selector::chooses(b, &pod.labels)).cloned().collect();
    if budgets.len() > 1 {
        return Err(ApiError::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    if pod.active_pod()
        && pod.ready_pod()
        && let Some(budget) = budgets.first()
    {
        let mut value = budget.value();
        let allowed = j::int(&value, "status.disruptionsAllowed").unwrap_or(0);
        if allowed <= 0 {
            let (have, need) = (
                j::int(&value, "status.currentHealthy").unwrap_or(0),
                j::int(&value, "status.desiredHealthy").unwrap_or(0),
            );
            let mut error =
                ApiError::too_many("Cannot evict pod as it would violate the pod's disruption budget.", 0);
            error.retry_after = None;
            error.details = json!({"causes": [{"reason": "DisruptionBudget", "message":
                format!("The disruption budget {} needs {need} healthy pods and has {have} currently", budget.key.name)}]});
            return Err(error);
        }
        if !call.dry() {
            j::set(&mut value, "status.disruptionsAllowed", allowed - 1);
            world.put(table::PDB, value);
        }
    }
    write::delete_in(&mut world, &pod, &options)?;
    drop(world);
    Ok(body::value(
        201,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}
