//! Sessions with containers over WebSocket: exec, attach and port-forward, as the kubelet serves them.
//! Never: what a container does (`shell`). Called by `dispatch`.

mod exec;
mod forward;
mod socket;
mod spdy;
mod tunnel;

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;
use serde_json::Value;

use super::body::{self, Body};
use super::read;
use super::route::Target;
use super::{Call, log};
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::shell;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table;

/// Exec's protocols, the preferred first.
const EXEC: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/// SPDY inside WebSocket, as kubectl forwards ports.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// Port-forward's: `portforward.k8s.io` is what the Rust client says.
const FORWARD: [&str; 3] = [TUNNEL, "v4.channel.k8s.io", "portforward.k8s.io"];

/// A request of `exec`, `attach` or `portforward`.
pub(super) fn answer(cluster: &Arc<Cluster>, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let pod = read::fetch(cluster, target, table::POD)?;
    let value = pod.value();
    let phase = j::text(&value, "status.phase");
    if target.sub != "portforward" && matches!(phase, "Succeeded" | "Failed") {
        return Err(ApiError::bad_request(format!(
            "cannot {} a container in a completed pod; current phase is {phase}",
            if target.sub == "exec" { "exec into" } else { "attach to" }
        )));
    }
    let container = match target.sub.as_str() {
        "portforward" => String::new(),
        _ => log::container(&value, &target.name, call.query.get("container").unwrap_or(""))?,
    };
    if pod.pod.as_ref().is_none_or(|p| p.node.is_none()) {
        return Err(ApiError::bad_request(format!("pod {} does not have a host assigned", target.name)));
    }
    let wanted: &[&'static str] = if target.sub == "portforward" { &FORWARD } else { &EXEC };
    if !call.header("upgrade").eq_ignore_ascii_case("websocket") {
        let mut error = ApiError::bad_request("Upgrade request required");
        if call.header("upgrade").to_ascii_lowercase().starts_with("spdy") {
            // As an API server says it whose kubelet speaks WebSocket alone.
            error = ApiError::bad_request("unable to upgrade: SPDY is not spoken here, WebSocket is");
        }
        return Err(error);
    }
    let offered = call.header("sec-websocket-protocol");
    let protocol = wanted.iter().find(|p| offered.split(',').any(|o| o.trim() == **p)).copied();
    let Some(protocol) = protocol else {
        let mut error = ApiError::bad_request(format!(
            "unable to upgrade: unable to negotiate protocol: client supports [{offered}], server accepts {wanted:?}"
        ));
        error.code = 403;
        error.reason = "Forbidden";
        return Err(error);
    };
    if target.sub == "portforward" && phase != "Running" {
        return Err(ApiError::internal(&format!(
            "error forwarding port: pod is not running. Current status={phase}"
        )));
    }
    if target.sub != "portforward" && !shell::runs(&value, &container) {
        return Err(ApiError::internal(&format!("container not found (\"{container}\")")));
    }
    let accept = socket::accept_key(call.header("sec-websocket-key"));
    let Some(upgrade) = call.take_upgrade() else {
        return Err(ApiError::bad_request("Upgrade request required"));
    };
    let now = cluster.lock().now;
    let visit = Visit { cluster: Arc::clone(cluster), pod, container, now };
    match target.sub.as_str() {
        "exec" => {
            let wish = exec::Wish::of(&call.query, protocol);
            tokio::spawn(async move {
                if let Ok(stream) = upgrade.await {
                    exec::run(stream, visit, wish).await;
                }
            });
        }
        "attach" => {
            let wish = exec::Wish::of(&call.query, protocol);
            tokio::spawn(async move {
                if let Ok(stream) = upgrade.await {
                    exec::attach(stream, visit, wish).await;
                }
            });
        }
        _ if protocol == TUNNEL => {
            tokio::spawn(async move {
                if let Ok(stream) = upgrade.await {
                    tunnel::run(stream, visit).await;
                }
            });
        }
        _ => {
            let ports: Vec<u16> =
                call.query.all("ports").flat_map(|p| p.split(',')).filter_map(|p| p.parse().ok()).collect();
            tokio::spawn(async move {
                if let Ok(stream) = upgrade.await {
                    forward::run(stream, visit, ports).await;
                }
            });
        }
    }
    Ok(switching(accept, protocol))
}

/// Who visits which container.
pub(super) struct Visit {
    pub(super) cluster: Arc<Cluster>,
    pub(super) pod: Arc<Stored>,
    pub(super) container: String,
    pub(super) now: crate::sim::clock::Millis,
}

fn switching(accept: String, protocol: &'static str) -> Response<Body> {
    let mut response = body::bytes(101, Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    if let Ok(value) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    response
}

/// The last word of a session: a Status on its error channel.
fn last_word(code: Result<i64, String>) -> Value {
    match code {
        Ok(0) => serde_json::json!({"metadata": {}, "status": "Success"}),
        Ok(code) => serde_json::json!({"metadata": {}, "status": "Failure",
            "message": format!("command terminated with non-zero exit code: command terminated with exit code {code}"),
            "reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}}),
        Err(why) => {
            // The kubelet says it, and the API server between says it of the kubelet.
            let message = format!("Internal error occurred: error executing command in container: {why}");
            let mut status = ApiError::internal(&message).json();
            if let Some(fields) = status.as_object_mut() {
                fields.remove("kind");
                fields.remove("apiVersion");
            }
            status
        }
    }
}
