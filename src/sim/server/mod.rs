//! The HTTP side of a simulated API server: one hyper HTTP/1.1 server per connection, faults, routing, answers.
//! Never: state of its own. Called by `Simulation::client` (over an in-memory pipe) and `Simulation::serve` (any stream).

mod access;
mod apply;
mod body;
mod discovery;
mod dispatch;
mod evict;
mod fields;
mod incoming;
mod list;
mod log;
mod merge;
mod metrics;
mod page;
mod patch;
mod rbac;
mod read;
mod route;
mod scale;
mod watch;
mod write;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use self::body::{Body, error, plain};
use super::cluster::{Cluster, Identity};
use super::rng;
use super::status::ApiError;
use super::weather::Fault;

pub(crate) use self::fields::{Manager, own, track};

/// One request, read whole.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: route::Query,
    pub(crate) who: Identity,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// A header, or "".
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// The field manager: the query's, else the user agent up to its first slash.
    pub(crate) fn manager(&self) -> String {
        match self.query.get("fieldManager") {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => match self.header("user-agent").split('/').next() {
                Some(agent) if !agent.is_empty() => agent.to_string(),
                _ => "unknown".to_string(),
            },
        }
    }

    /// `dryRun=All`
    pub(crate) fn dry(&self) -> bool {
        self.query.get("dryRun") == Some("All")
    }
}

/// Serves one connection until it ends.
pub(crate) async fn serve<IO>(cluster: Arc<Cluster>, who: Identity, io: IO)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (cluster, who) = (Arc::clone(&cluster), who.clone());
        async move { Ok::<_, Infallible>(answer(cluster, who, request).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    let _ = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(io), service).with_upgrades().await;
}

/// Answers one request.
async fn answer(cluster: Arc<Cluster>, who: Identity, request: Request<Incoming>) -> Response<Body> {
    let (head, incoming) = request.into_parts();
    let body = match incoming.collect().await {
        Ok(all) => all.to_bytes(),
        Err(_) => return error(&ApiError::bad_request("the request body could not be read")),
    };
    cluster.thawed().await;
    if let Some(refusal) = bad_weather(&cluster).await {
        return error(&refusal);
    }
    let who = impersonated(who, &head.headers);
    let call = Call {
        method: head.method,
        path: head.uri.path().to_string(),
        query: route::Query::parse(head.uri.query().unwrap_or("")),
        who,
        headers: head.headers,
        body,
    };
    match dispatch::dispatch(&cluster, &call) {
        Ok(response) => response,
        Err(failure) if failure.code == 404 && failure.reason.is_empty() => {
            // A known group answers with a status, an unknown one with the text of Go's own server.
            if cluster.lock().knows_group(&call.path) {
                error(&ApiError::no_such_resource())
            } else {
                plain(404, "404 page not found\n")
            }
        }
        Err(failure) => error(&failure),
    }
}

async fn bad_weather(cluster: &Cluster) -> Option<ApiError> {
    let draw = |cluster: &Cluster| rng::mix(cluster.lock().next_draw());
    match cluster.fault() {
        Fault::Latency { ms, jitter } => {
            let more = if jitter == 0 { 0 } else { draw(cluster) % jitter };
            tokio::time::sleep(Duration::from_millis(ms + more)).await;
            None
        }
        Fault::Status { code, retry_after, share } => {
            (rng::unit(draw(cluster)) < share).then(|| ApiError::of_code(code, retry_after))
        }
        Fault::Unauthorized => Some(ApiError::unauthorized()),
        _ => None,
    }
}

/// The identity after `Impersonate-User` and `Impersonate-Group`.
fn impersonated(who: Identity, headers: &HeaderMap) -> Identity {
    let Some(user) = headers.get("impersonate-user").and_then(|v| v.to_str().ok()) else { return who };
    let mut groups: Vec<String> =
        headers.get_all("impersonate-group").iter().filter_map(|v| v.to_str().ok().map(Into::into)).collect();
    if !groups.iter().any(|g| g == "system:authenticated") && user != "system:anonymous" {
        groups.push("system:authenticated".into());
    }
    Identity { user: user.to_string(), groups }
}
