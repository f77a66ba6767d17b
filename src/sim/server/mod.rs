//! The HTTP side of a simulated API server: one hyper server per connection, faults, routing, answers.
//! Never: state of its own. Called by `Simulation::client` (over an in-memory pipe) and by `serve` (sockets).

mod access;
mod apply;
mod body;
mod discovery;
mod dispatch;
mod door;
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
mod session;
mod shape;
mod versions;
mod watch;
mod write;

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use self::body::{Body, error, plain};
use super::cluster::{Cluster, Identity, Outlook};
use super::rng;
use super::status::ApiError;
use super::weather::Fault;

pub(crate) use self::door::Door;
pub(crate) use self::fields::{Manager, own, track};
pub(crate) use self::shape::Shape;

/// One request, read whole.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: route::Query,
    pub(crate) who: Identity,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The stream itself, where the client asks for another protocol.
    upgrade: Mutex<Option<OnUpgrade>>,
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

    /// The stream after the answer, once.
    pub(crate) fn take_upgrade(&self) -> Option<OnUpgrade> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// `dryRun=All`
    pub(crate) fn dry(&self) -> bool {
        self.query.get("dryRun") == Some("All")
    }
}

/// How a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// HTTP/1.1
    One,
    /// HTTP/2
    Two,
}

/// Streams at once on an HTTP/2 connection, as a kube-apiserver allows.
const STREAMS: u32 = 100;

/// Serves one connection until it ends. It begins under this sky, however long its handshake took.
pub(crate) async fn serve<IO>(cluster: Arc<Cluster>, door: Door, io: IO, speech: Speech, outlook: Outlook)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let goodbye = Arc::new(Notify::new());
    let service = service_fn({
        let (cluster, goodbye) = (Arc::clone(&cluster), Arc::clone(&goodbye));
        move |request| {
            let (cluster, door, goodbye) = (Arc::clone(&cluster), door.clone(), Arc::clone(&goodbye));
            async move { Ok::<_, Infallible>(answer(cluster, door, &goodbye, request).await) }
        }
    });
    let io = TokioIo::new(io);
    match speech {
        Speech::One => {
            let mut http = hyper::server::conn::http1::Builder::new();
            let connection = http.timer(TokioTimer::new()).serve_connection(io, service).with_upgrades();
            let mut connection = pin!(connection);
            drive(outlook, &goodbye, connection.as_mut(), |c| c.graceful_shutdown()).await;
        }
        Speech::Two => {
            let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
            let mut connection = pin!(http.serve_connection(io, service));
            drive(outlook, &goodbye, connection.as_mut(), |c| c.graceful_shutdown()).await;
        }
    }
}

/// Runs a connection until it ends or the weather ends it.
async fn drive<C: Future>(
    mut outlook: Outlook,
    goodbye: &Notify,
    mut connection: Pin<&mut C>,
    leave: impl Fn(Pin<&mut C>),
) {
    let mut leaving = false;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = goodbye.notified(), if !leaving => {
                leaving = true;
                leave(connection.as_mut());
            }
            changed = outlook.sky.changed() => {
                if changed.is_err() {
                    return;
                }
                let now = outlook.sky.borrow_and_update().clone();
                if now.fault == Fault::Refuse {
                    return;
                }
                if now.goodbyes != outlook.goodbyes && !leaving {
                    leaving = true;
                    leave(connection.as_mut());
                }
            }
        }
    }
}

/// Answers one request.
async fn answer(
    cluster: Arc<Cluster>,
    door: Door,
    goodbye: &Notify,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (head, incoming) = request.into_parts();
    let version = head.version;
    let body = match incoming.collect().await {
        Ok(all) => all.to_bytes(),
        Err(_) => return error(&ApiError::bad_request("the request body could not be read")),
    };
    cluster.thawed().await;
    if let Some(refusal) = bad_weather(&cluster).await {
        return error(&refusal);
    }
    let leaves = says_goodbye(&cluster);
    if leaves {
        goodbye.notify_one();
    }
    let mut response = answered(&cluster, &door, head, body, upgrade);
    if leaves && version < http::Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer itself.
fn answered(
    cluster: &Arc<Cluster>,
    door: &Door,
    head: http::request::Parts,
    body: Bytes,
    upgrade: Option<OnUpgrade>,
) -> Response<Body> {
    let Some(who) = door.identity(&head.headers) else { return error(&ApiError::unauthorized()) };
    let zips =
        head.headers.get("accept-encoding").is_some_and(|v| v.to_str().is_ok_and(|v| v.contains("gzip")));
    let who = impersonated(who, &head.headers);
    let call = Call {
        method: head.method,
        path: head.uri.path().to_string(),
        query: route::Query::parse(head.uri.query().unwrap_or("")),
        who,
        headers: head.headers,
        body,
        upgrade: Mutex::new(upgrade),
    };
    match dispatch::dispatch(cluster, &call) {
        Ok(response) if zips => body::zipped(response),
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

fn draw(cluster: &Cluster) -> u64 {
    rng::mix(cluster.lock().next_draw())
}

/// Does this request tell its connection to end?
fn says_goodbye(cluster: &Cluster) -> bool {
    matches!(cluster.fault(), Fault::GoAway { share } if rng::unit(draw(cluster)) < share)
}

async fn bad_weather(cluster: &Cluster) -> Option<ApiError> {
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
