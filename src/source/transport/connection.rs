//! The connections to one server. Over HTTP/2 lists, watches and calls share one, and another is opened only where the
//! server's limit of streams is near; logs have connections of their own, so that a slow reader of logs keeps no watch waiting.
//! Servers and proxies that know HTTP/1.1 alone are spoken to in that, and so is what upgrades (exec, port-forward), for
//! which HTTP/2 has no word here.
//!
//! A request is sent again by itself only where the server cannot have begun it: over a connection that ended before, after a
//! stream that was refused, and, where it only reads, after a good-bye.
//!
//! Never: a header that says who we are. Called by [`super`].

use std::error::Error as StdError;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::UPGRADE;
use http::{Method, Request, Response, Uri};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client as Legacy;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use kube::client::Body;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tower::{BoxError, Service};

use super::route::Route;
use crate::source::fault::{Fault, FaultClass};

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// How long a request over HTTP/1.1 may take to be written.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How long the head of an answer may take: of what reads, and of what an admission webhook may hold up.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
const WRITE_HEAD_LIMIT: Duration = Duration::from_secs(65);
/// A quiet connection is asked so often whether it is there, and may take so long to say so.
const PING_EVERY: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(3);
/// Of one stream so much may be on its way unread, and of all streams of a connection. The second is the first times all
/// the streams there may be: otherwise watches that nobody reads just now would keep every other answer waiting.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;
/// So many streams below the server's limit the next connection is opened. Over the limit nothing fails: it waits, silently.
const SPARE_STREAMS: usize = 10;
/// As long as a server has not said how many it allows; no number that one would say.
const UNTOLD: usize = 97;
/// How long that is waited for, and how often it is looked for.
const SETTINGS_LIMIT: Duration = Duration::from_secs(2);
const SETTINGS_LOOK: Duration = Duration::from_millis(2);
/// So often a request is sent anew that the server cannot have begun.
const SENDS: usize = 4;

/// What an answer's body is.
pub(super) struct Answer {
    body: Incoming,
    _stream: Option<Stream>,
}

/// One server, and all connections to it.
#[derive(Clone)]
pub(super) struct Connection(Arc<Inner>);

struct Inner {
    server: Uri,
    route: Route,
    /// None: plain HTTP.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    old: Legacy<TimeoutConnector<HttpsConnector<Route>>, Body>,
    calls: Mutex<Lane>,
    logs: Mutex<Lane>,
}

/// Connections that are used for the same.
#[derive(Default)]
struct Lane {
    open: Vec<Open>,
    /// The server speaks HTTP/1.1 alone.
    is_old: bool,
    /// When the last try failed, and why: who waited for that try gets the same answer.
    failed: Option<(Instant, Fault)>,
}

/// A connection over HTTP/2.
#[derive(Clone)]
struct Open {
    send: SendRequest<Body>,
    /// Streams that are open.
    streams: Arc<AtomicUsize>,
    /// How many the server allows.
    most: watch::Receiver<usize>,
}

/// A stream that is open as long as this is there.
struct Stream(Arc<AtomicUsize>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Open {
    fn has_room(&self) -> bool {
        let most = *self.most.borrow();
        self.streams.load(Ordering::Relaxed) < most.saturating_sub(SPARE_STREAMS).max(1)
    }

    fn stream(&self) -> Stream {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Stream(self.streams.clone())
    }
}

/// How a request goes.
enum Way {
    New(Open, Stream),
    Old,
}

impl Connection {
    /// To a server, over that route; `name` is what its certificate has to be for, where that is not its host.
    pub(super) fn new(
        server: Uri,
        route: Route,
        tls: ClientConfig,
        name: Option<ServerName<'static>>,
    ) -> Result<Self, Fault> {
        let old = {
            let mut builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
            if let Some(name) = &name {
                builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
            }
            let mut connector = TimeoutConnector::new(builder.enable_http1().wrap_connector(route.clone()));
            connector.set_connect_timeout(Some(CONNECT_LIMIT));
            connector.set_write_timeout(Some(WRITE_LIMIT));
            Legacy::builder(TokioExecutor::new()).build(connector)
        };
        let secure = server.scheme_str() == Some("https");
        let tls = secure.then(|| {
            let mut tls = tls;
            tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            let host = server.host().unwrap_or("").trim_matches(['[', ']']).to_owned();
            let name = match name {
                Some(name) => Ok(name),
                None => ServerName::try_from(host).map_err(|_| {
                    Fault::new(FaultClass::Credentials, "kubeconfig: the server's host is no name")
                }),
            };
            name.map(|name| (TlsConnector::from(Arc::new(tls)), name))
        });
        let tls = tls.transpose()?;
        // Plain HTTP has no way of telling the version.
        let lane = || Mutex::new(Lane { is_old: tls.is_none(), ..Lane::default() });
        let (calls, logs) = (lane(), lane());
        Ok(Self(Arc::new(Inner { server, route, tls, old, calls, logs })))
    }
}

impl Inner {
    /// The way for the next request. Of many that come at once one opens a connection and the others wait for it.
    async fn way(&self, lane: &Mutex<Lane>) -> Result<Way, Fault> {
        let asked = Instant::now();
        let mut lane = lane.lock().await;
        if lane.is_old {
            return Ok(Way::Old);
        }
        lane.open.retain(|open| !open.send.is_closed());
        if let Some(open) = lane.open.iter().find(|open| open.has_room()) {
            return Ok(Way::New(open.clone(), open.stream()));
        }
        if let Some((at, fault)) = &lane.failed
            && *at >= asked
        {
            return Err(fault.clone());
        }
        let opened = match timeout(CONNECT_LIMIT, self.open()).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                let fault = Fault::of_chain(&*error);
                lane.failed = Some((Instant::now(), fault.clone()));
                return Err(fault);
            }
            Err(_) => {
                let fault = Fault::timeout("connect", CONNECT_LIMIT.as_secs());
                lane.failed = Some((Instant::now(), fault.clone()));
                return Err(fault);
            }
        };
        match opened {
            Some(open) => {
                lane.open.push(open.clone());
                let stream = open.stream();
                Ok(Way::New(open, stream))
            }
            None => {
                lane.is_old = true;
                Ok(Way::Old)
            }
        }
    }

    /// A connection over HTTP/2; none where the server does not speak it.
    async fn open(&self) -> Result<Option<Open>, BoxError> {
        let Some((tls, name)) = &self.tls else { return Ok(None) };
        let stream = self.route.clone().open(self.server.clone()).await?;
        let stream = tls.connect(name.clone(), TokioIo::new(stream)).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Ok(None);
        }
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_LIMIT)
            .keep_alive_while_idle(true)
            .initial_max_send_streams(UNTOLD);
        let (send, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // The server's first word is under way: more streams than it allows would wait for each other. Nothing wakes who
        // waits for it.
        let until = Instant::now() + SETTINGS_LIMIT;
        while connection.current_max_send_streams() == UNTOLD && Instant::now() < until {
            tokio::time::sleep(SETTINGS_LOOK).await;
        }
        let (tell, most) = watch::channel(connection.current_max_send_streams());
        // It ends when nobody can send over it any more and all its streams are over.
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let ended = std::future::poll_fn(|cx| {
                let polled = connection.as_mut().poll(cx);
                let now = connection.current_max_send_streams();
                tell.send_if_modified(|most| std::mem::replace(most, now) != now);
                polled
            });
            if let Err(error) = ended.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        // The server's first word, which is under way: more streams than it allows would wait for each other.
        Ok(Some(Open { send, streams: Arc::default(), most }))
    }

    async fn send(&self, mut request: Request<Body>) -> Result<Response<Answer>, BoxError> {
        if request.headers().contains_key(UPGRADE) {
            return self.send_old(request).await;
        }
        let lane = if is_log(&request) { &self.logs } else { &self.calls };
        let reads = is_reading(request.method());
        let limit = if reads { HEAD_LIMIT } else { WRITE_HEAD_LIMIT };
        let mut sends = 0;
        loop {
            let (mut open, stream) = match self.way(lane).await? {
                Way::New(open, stream) => (open, stream),
                Way::Old => return self.send_old(request).await,
            };
            sends += 1;
            let copy = copy(&request).filter(|_| sends < SENDS);
            let Ok(answer) = timeout(limit, open.send.try_send_request(request)).await else {
                return Err(Fault::timeout("request", limit.as_secs()).into());
            };
            let mut failed = match answer {
                Ok(answer) => return Ok(answer.map(|body| Answer { body, _stream: Some(stream) })),
                Err(failed) => failed,
            };
            let unsent = failed.take_message().filter(|_| sends < SENDS);
            let error = failed.into_error();
            request = match (unsent, copy) {
                (Some(unsent), _) => unsent,
                (None, Some(copy)) if was_refused(&error) || (reads && was_good_bye(&error)) => copy,
                (None, _) => return Err(error.into()),
            };
        }
    }

    async fn send_old(&self, request: Request<Body>) -> Result<Response<Answer>, BoxError> {
        let reads = is_reading(request.method());
        let limit = if reads { HEAD_LIMIT } else { WRITE_HEAD_LIMIT };
        let Ok(answer) = timeout(limit, self.old.request(request)).await else {
            return Err(Fault::timeout("request", limit.as_secs()).into());
        };
        Ok(answer?.map(|body| Answer { body, _stream: None }))
    }
}

/// It changes nothing: it may be sent twice.
pub(super) fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_log(request: &Request<Body>) -> bool {
    request.uri().path().ends_with("/log")
}

/// The same request, where its body can be sent twice.
pub(super) fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

fn of_h2<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a h2::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The server did not begin it.
fn was_refused(error: &hyper::Error) -> bool {
    of_h2(error).is_some_and(|e| e.is_reset() && e.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// The server ends the connection in order; whether it began this is not known.
fn was_good_bye(error: &hyper::Error) -> bool {
    let ordered = |e: &h2::Error| e.is_go_away() && e.reason() == Some(h2::Reason::NO_ERROR);
    error.is_canceled() || of_h2(error).is_some_and(ordered)
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Answer>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move { inner.send(request).await })
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
