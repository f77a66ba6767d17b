//! Supervisors over a server made by hand that has trouble with one kind while it answers everything else. Time is
//! paused: what takes minutes takes none, and is the same in every run.

mod answers;
mod counted;
mod own;
mod resumed;
mod tabled;
mod trouble;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Bytes;
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::source::api::{self, ListOptions, Resource};
use crate::source::clock::Clock;
use crate::source::connect::Ready;

use super::{Begin, Budget, Supervisors};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::place::Place;
use crate::domain::table_view::TableViews;
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, ClusterInfo, Load, Why};
use crate::fleet::delta::Update;
use crate::fleet::demand::Demand;
use crate::fleet::phase::Phase;
use crate::source::fault::FaultClass;

/// How the server answers for one resource; what is not named is well and has no objects.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// So many objects.
    Objects(u32),
    Status(u16),
    /// 200 and no JSON.
    Garbage,
    /// No answer at all.
    Never,
    /// One page after another, for ever under the same token.
    Endless,
    /// One page after another, each under a new token.
    Growing,
    /// The list is well, the watch is refused.
    NoWatch,
    /// So many objects; of watches from before, the version is gone.
    Gone(u32),
    /// So many objects of one namespace; all of them may not be read.
    Within(u32),
    /// One object as a Table with these columns, `@` before those of times; a watch says it once more.
    Printed(&'static [&'static str]),
}

/// The modes that are trouble.
const TROUBLE: [Mode; 6] =
    [Mode::Status(500), Mode::Status(429), Mode::Garbage, Mode::Never, Mode::Endless, Mode::Growing];

type Sending = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Clone)]
struct Hand {
    modes: Arc<watch::Sender<BTreeMap<String, Mode>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hand {
    fn new() -> Self {
        Self { modes: Arc::new(watch::channel(BTreeMap::new()).0), asked: Arc::default() }
    }

    /// It answers for a resource as servers do.
    fn well(&self, resource: &str) {
        self.modes.send_modify(|m| {
            m.remove(resource);
        });
    }

    /// Changes how it answers for a resource, and cuts the running watches.
    fn set(&self, resource: &str, mode: Mode) {
        self.modes.send_modify(|m| {
            m.insert(resource.to_owned(), mode);
        });
    }

    fn client(&self) -> Client {
        let hand = self.clone();
        Client::new(tower::service_fn(move |request| hand.clone().answer(request)), "default")
    }

    fn asked(&self, what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|a| a.contains(what)).count()
    }
}

fn respond(status: u16, body: Sending) -> Response<Sending> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

fn text(status: u16, text: &str) -> Response<Sending> {
    respond(status, Full::new(Bytes::from(text.to_owned())).boxed_unsync())
}

fn object(n: u32) -> Value {
    json!({"metadata": {"name": format!("o{n}"), "namespace": "x", "resourceVersion": "7", "uid": format!("u{n}")}})
}

/// A Table of one row, in which each cell says its column.
fn printed(titles: &[&str]) -> Value {
    let column = |title: &&str| match title.strip_prefix('@') {
        Some(time) => json!({"name": time, "type": "date", "format": "", "description": "", "priority": 0}),
        None => json!({"name": title, "type": "string", "format": "", "description": "", "priority": 0}),
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
        "columnDefinitions": titles.iter().map(column).collect::<Vec<_>>(),
        "rows": [{"cells": titles, "object": object(0)}]
    })
}

/// What discovery says while gears are there.
fn gears() -> Value {
    json!({"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "example.com"}, "versions": [{"version": "v1",
        "resources": [{"resource": "gears", "responseKind": {"kind": "Gear"}, "scope": "Namespaced",
            "singularResource": "gear", "shortNames": ["gr"], "verbs": ["list", "watch"]}]}]}]})
}

async fn list(mode: Mode, query: &str) -> Response<Sending> {
    let page = |items: Vec<Value>, token: &str| {
        let list = json!({"metadata": {"resourceVersion": "7", "continue": token}, "items": items});
        text(200, &list.to_string())
    };
    match mode {
        Mode::Objects(n) | Mode::Gone(n) => page((0..n).map(object).collect(), ""),
        Mode::Within(_) => Box::pin(list(Mode::Status(403), query)).await,
        Mode::NoWatch => page(vec![object(0)], ""),
        Mode::Printed(titles) => text(200, &printed(titles).to_string()),
        Mode::Status(code) => {
            let reason = match code {
                401 => "Unauthorized",
                403 => "Forbidden",
                410 => "Expired",
                _ => "InternalError",
            };
            let status = json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": format!("told {code}")});
            text(code, &status.to_string())
        }
        Mode::Garbage => text(200, "<html>"),
        Mode::Never => std::future::pending().await,
        Mode::Endless => page(vec![object(0)], "again"),
        Mode::Growing => {
            let n = query.split("continue=").nth(1).and_then(|t| t.parse::<u32>().ok()).unwrap_or(0);
            page((0..100_000).map(|_| Value::Null).collect(), &(n + 1).to_string())
        }
    }
}

impl Hand {
    async fn answer(self, request: Request<Body>) -> Result<Response<Sending>, kube::Error> {
        let uri = request.uri().to_string();
        let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
        let (resource, query) = (path.rsplit('/').next().unwrap_or("").to_owned(), query.to_owned());
        self.asked.lock().unwrap().push(format!("{} {uri}", request.method()));
        let mode = self.modes.borrow().get(&resource).copied();
        let mode = match mode {
            Some(Mode::Within(n)) if path.contains("/namespaces/") => Some(Mode::Objects(n)),
            mode => mode,
        };
        let mut changed = self.modes.subscribe();
        Ok(match (resource.as_str(), mode) {
            ("version", None) => text(200, &json!({"gitVersion": "v1"}).to_string()),
            ("readyz", None) => text(200, "ok"),
            ("apis", None) if self.modes.borrow().contains_key("gears") => text(200, &gears().to_string()),
            (_, Some(Mode::Printed(titles))) if query.contains("watch=true") => {
                let until = async move {
                    let _ = changed.changed().await;
                };
                let event = json!({"type": "MODIFIED", "object": printed(titles)}).to_string() + "\n";
                let said = stream::iter([Ok(Frame::data(Bytes::from(event)))]);
                let quiet = stream::pending::<Result<Frame<Bytes>, Infallible>>();
                respond(200, StreamBody::new(said.chain(quiet).take_until(Box::pin(until))).boxed_unsync())
            }
            (_, None | Some(Mode::Objects(_))) if query.contains("watch=true") => {
                let until = async move {
                    let _ = changed.changed().await;
                };
                let quiet = stream::pending::<Result<Frame<Bytes>, Infallible>>();
                respond(200, StreamBody::new(quiet.take_until(Box::pin(until))).boxed_unsync())
            }
            (_, Some(Mode::NoWatch)) if query.contains("watch=true") => list(Mode::Status(403), &query).await,
            (_, Some(Mode::Gone(n))) if query.contains("watch=true") => {
                self.set(&resource, Mode::Objects(n));
                list(Mode::Status(410), &query).await
            }
            (_, mode) => list(mode.unwrap_or(Mode::Objects(0)), &query).await,
        })
    }
}

/// A supervised server and the model of it.
struct World {
    hand: Hand,
    fleet: Fleet,
    heard: mpsc::Receiver<Update>,
    demand: watch::Sender<Demand>,
    clock: Clock,
    /// By how many milliseconds the clock is ahead of the time that is measured.
    ahead: Arc<AtomicI64>,
    /// Every phase there was.
    phases: Vec<Phase>,
    _ends: tokio_util::sync::DropGuard,
}

impl World {
    fn new(modes: &[(&str, Mode)]) -> Self {
        Self::within(modes, Budget::unlimited())
    }

    fn within(modes: &[(&str, Mode)], budget: Budget) -> Self {
        Self::of_namespace(modes, budget, None)
    }

    fn of_namespace(modes: &[(&str, Mode)], budget: Budget, namespace: Option<&str>) -> Self {
        Self::full(modes, budget, namespace, TableViews::default())
    }

    fn full(modes: &[(&str, Mode)], budget: Budget, namespace: Option<&str>, views: TableViews) -> Self {
        let hand = Hand::new();
        for (resource, mode) in modes {
            hand.set(resource, *mode);
        }
        let start = Instant::now();
        let ahead = Arc::new(AtomicI64::new(0));
        let jumped = ahead.clone();
        let clock = Clock::of_machine(move || {
            let millis = i64::try_from(start.elapsed().as_millis()).unwrap_or(0);
            let millis = millis + jumped.load(Ordering::Relaxed);
            Timestamp::from_millisecond(1_795_442_400_000 + millis).unwrap_or_default()
        });
        let info = ClusterInfo::sample("a", Place { cluster: "a".into(), ..Place::default() });
        let (updates, heard) = mpsc::channel(64);
        let (demand, demanded) = watch::channel(Demand::default());
        let cancel = CancellationToken::new();
        let dialer = Arc::new(Ready::new([("a".to_owned(), hand.client())]));
        let _ = Supervisors::new(dialer, clock.clone(), updates, demanded, budget, cancel.clone())
            .with_views(Arc::new(views))
            .start(ClusterId(0), "a", namespace, Begin::AtOnce, None);
        Self {
            hand,
            fleet: Fleet::new([info]),
            heard,
            demand,
            clock,
            ahead,
            phases: Vec::new(),
            _ends: cancel.drop_guard(),
        }
    }

    fn cluster(&self) -> &Cluster {
        &self.fleet.clusters()[0]
    }

    fn pods(&self) -> Option<&Load> {
        self.cluster().loads.get(&Kind::Pod)
    }

    fn since_start(&self) -> i64 {
        self.clock.now().as_second() - 1_795_442_400
    }

    /// Takes in what comes until it is so; ten minutes are never.
    async fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let never = Instant::now() + Duration::from_mins(10);
        while !is(self) {
            match tokio::time::timeout_at(never, self.heard.recv()).await {
                Ok(Some(update)) => {
                    let now = self.clock.now();
                    self.fleet.apply(update, now);
                    if self.phases.last() != Some(&self.cluster().phase) {
                        self.phases.push(self.cluster().phase.clone());
                    }
                }
                Ok(None) => panic!("the supervisor is gone"),
                Err(tokio::time::error::Elapsed { .. }) => {
                    panic!("never {what}: {:?}, pods {:?}", self.cluster().phase, self.pods())
                }
            }
        }
    }

    async fn live(&mut self) {
        self.until("live", |w| w.cluster().phase == Phase::Live && w.pods() == Some(&Load::Ready)).await;
    }

    /// A person's "try again now".
    fn retry(&self) {
        self.demand.send_modify(|d| *d.retry.entry(ClusterId(0)).or_default() += 1);
    }
}
