//! Supervisors over a server made by hand that has trouble with one kind while it answers everything else. Time is
//! paused: what takes minutes takes none, and is the same in every run.

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

use super::{Begin, Supervisors};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::place::Place;
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

async fn list(mode: Mode, query: &str) -> Response<Sending> {
    let page = |items: Vec<Value>, token: &str| {
        let list = json!({"metadata": {"resourceVersion": "7", "continue": token}, "items": items});
        text(200, &list.to_string())
    };
    match mode {
        Mode::Objects(n) | Mode::Gone(n) => page((0..n).map(object).collect(), ""),
        Mode::NoWatch => page(vec![object(0)], ""),
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
        let mut changed = self.modes.subscribe();
        Ok(match (resource.as_str(), mode) {
            ("version", None) => text(200, &json!({"gitVersion": "v1"}).to_string()),
            ("readyz", None) => text(200, "ok"),
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
        let _ = Supervisors::new(dialer, clock.clone(), updates, demanded, cancel.clone()).start(
            ClusterId(0),
            "a",
            None,
            Begin::AtOnce,
            None,
        );
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

#[tokio::test(start_paused = true)]
async fn a_list_in_trouble_is_said_with_its_cause_and_passes() {
    for mode in TROUBLE {
        let mut w = World::new(&[("pods", mode)]);
        w.until("unreadable", |w| matches!(w.cluster().phase, Phase::Unreadable { .. })).await;
        let cause = w.cluster().phase.cause().unwrap().to_string();
        assert!(cause.starts_with("pods: "), "{mode:?}: {cause}");
        assert!(matches!(w.pods(), Some(Load::Absent(lack)) if lack.why == Why::Trouble), "{mode:?}");
        if let Mode::Status(code) = mode {
            assert_eq!(cause, format!("pods: told {code}"));
        }
        w.hand.set("pods", Mode::Objects(2));
        w.live().await;
        assert_eq!(w.cluster().pods().count(), 2, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_after_live_makes_rows_old_and_passes() {
    for mode in TROUBLE {
        let mut w = World::new(&[("pods", Mode::Objects(2))]);
        w.live().await;
        let begin = w.clock.now();
        w.hand.set("pods", mode);
        w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
        assert!(w.cluster().phase.since().unwrap() >= begin, "{mode:?}");
        assert!(w.cluster().phase.cause().unwrap().starts_with("pods: "), "{mode:?}");
        assert!(matches!(w.pods(), Some(Load::Old(lack)) if lack.why == Why::Trouble), "{mode:?}");
        assert_eq!(w.cluster().pods().count(), 2, "{mode:?}");
        w.hand.set("pods", Mode::Objects(3));
        w.live().await;
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_that_passes_soon_is_no_news() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("pods", Mode::Status(500));
    let asked = w.hand.asked("GET /api/v1/pods");
    let quiet = async {
        // Two answers of trouble, which is less than the patience.
        while w.hand.asked("GET /api/v1/pods") < asked + 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(14), quiet).await.unwrap();
    w.hand.set("pods", Mode::Objects(2));
    w.hand.set("nodes", Mode::Objects(4));
    w.demand.send_modify(|d| d.usage = false);
    let after = w.clock.now().as_second() + 60;
    w.until("a minute", |w| w.clock.now().as_second() > after).await;
    assert_eq!(w.phases.last(), Some(&Phase::Live));
    assert!(!w.phases.iter().any(|p| matches!(p, Phase::Stale { .. })), "{:?}", w.phases);
}

#[tokio::test(start_paused = true)]
async fn a_refused_kind_is_asked_for_again_each_minute_and_on_demand() {
    let mut w = World::new(&[("pods", Mode::Status(403))]);
    w.until("live", |w| w.cluster().phase == Phase::Live).await;
    assert!(matches!(w.pods(), Some(Load::Absent(lack)) if lack.why == Why::Refused));
    assert_eq!(w.cluster().lack_words().unwrap(), "pods: told 403");
    w.hand.set("pods", Mode::Objects(2));
    w.until("pods", |w| w.pods() == Some(&Load::Ready)).await;
    assert!((60..70).contains(&w.since_start()), "{}", w.since_start());
    assert_eq!(w.cluster().lack_words(), None);

    let mut w = World::new(&[("pods", Mode::Status(403))]);
    w.until("live", |w| w.cluster().phase == Phase::Live).await;
    w.hand.set("pods", Mode::Objects(2));
    w.retry();
    w.until("pods", |w| w.pods() == Some(&Load::Ready)).await;
    assert!(w.since_start() < 5, "{}", w.since_start());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_what_was_there_keeps_the_rows_as_old_ones() {
    for mode in [Mode::Status(403), Mode::Status(404), Mode::NoWatch] {
        let mut w = World::new(&[("pods", Mode::Objects(1))]);
        w.live().await;
        w.hand.set("pods", mode);
        w.until("old", |w| matches!(w.pods(), Some(Load::Old(_)))).await;
        assert_eq!(w.cluster().pods().count(), 1, "{mode:?}");
        assert_eq!(w.cluster().tally().pods, 1, "{mode:?}");
        assert!(w.cluster().lack_words().is_some(), "{mode:?}");
        w.hand.set("pods", Mode::Objects(3));
        w.live().await;
        assert_eq!(w.cluster().pods().count(), 3, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_was_never_served_lacks_nobody() {
    let mut w = World::new(&[("cronjobs", Mode::Status(404))]);
    w.live().await;
    assert!(
        matches!(w.cluster().loads.get(&Kind::CronJob), Some(Load::Absent(l)) if l.why == Why::NotServed)
    );
    assert_eq!(w.cluster().lack_words(), None);
}

#[tokio::test(start_paused = true)]
async fn rows_keep_their_age_until_the_new_lists_are_there() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("readyz", Mode::Never);
    w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
    let since = w.cluster().phase.since().unwrap();
    // It answers again, but its lists take a while.
    w.hand.set("pods", Mode::Never);
    w.hand.set("readyz", Mode::Objects(0));
    let asked = w.hand.asked("GET /version");
    w.until("connected anew", |w| w.hand.asked("GET /version") > asked).await;
    let again = w.clock.now().as_second() + 10;
    w.until("ten seconds", |w| w.clock.now().as_second() > again).await;
    assert!(
        matches!(w.cluster().phase, Phase::Stale { since: s, .. } if s == since),
        "{:?}",
        w.cluster().phase
    );
    w.hand.set("pods", Mode::Objects(2));
    w.live().await;
    let live = w.phases.iter().position(|p| *p == Phase::Live).unwrap();
    let back = &w.phases[live..];
    assert!(!back.iter().any(|p| matches!(p, Phase::Syncing { .. })), "{back:?}");
}

/// Lists that were asked for, without watches.
fn lists(hand: &Hand, resource: &str) -> usize {
    let asked = hand.asked.lock().unwrap();
    asked.iter().filter(|a| a.contains(resource) && !a.contains("watch=")).count()
}

#[tokio::test(start_paused = true)]
async fn who_is_back_goes_on_from_where_it_was_without_a_list() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    w.hand.set("readyz", Mode::Never);
    w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
    let before = w.hand.asked("watch=true");
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    assert!(w.hand.asked("watch=true") > before);
    assert!(
        w.hand.asked("/pods?&watch=true") + w.hand.asked("pods?watch=true") > 0,
        "{:?}",
        w.hand.asked.lock()
    );
    assert_eq!(w.cluster().pods().count(), 2);
}

/// What was told of a kind in one session is taken back in the next, which asks for no list.
#[tokio::test(start_paused = true)]
async fn a_lack_ends_with_the_session_after_it() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("pods", Mode::Status(500));
    w.until("old", |w| matches!(w.pods(), Some(Load::Old(_)))).await;
    w.hand.set("readyz", Mode::Never);
    tokio::time::sleep(Duration::from_secs(20)).await;
    w.hand.set("pods", Mode::Objects(2));
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_is_silent_nothing_is_asked_but_whether_it_is_there() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    // It refuses whom it let in before: nobody knocks at each door, one knocks at the first.
    w.hand.set("readyz", Mode::Status(401));
    w.hand.set("version", Mode::Status(401));
    w.until("denied", |w| matches!(w.cluster().phase, Phase::Denied { .. })).await;
    let (watches, knocks) = (w.hand.asked("watch=true"), w.hand.asked("GET /version"));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(w.hand.asked("watch=true"), watches);
    assert!(w.hand.asked("GET /version") > knocks);
    for resource in ["readyz", "version"] {
        w.hand.set(resource, Mode::Objects(0));
    }
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_everything_is_as_old_as_the_sleep_until_it_answers() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let fell_asleep = w.clock.now();
    w.hand.set("readyz", Mode::Never);
    w.ahead.fetch_add(3_600_000, Ordering::Relaxed);
    let slept =
        |w: &World| matches!(&w.cluster().phase, Phase::Stale { cause, .. } if cause.contains("slept for"));
    w.until("stale", slept).await;
    let Phase::Stale { since, cause } = w.cluster().phase.clone() else { panic!() };
    assert!(since <= fell_asleep && since.duration_since(fell_asleep).as_secs() > -10, "{since}");
    assert_eq!(cause, "this machine slept for 60m, or its clock was set");
    // That is said within two seconds of waking, long before a server is known to be silent.
    assert!(w.clock.now().duration_since(fell_asleep).as_secs() < 3600 + 10 + 2);
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    // Back by an hour, too: it is asked again.
    w.hand.set("readyz", Mode::Never);
    w.ahead.fetch_sub(3_600_000, Ordering::Relaxed);
    w.until(
        "stale again",
        |w| matches!(&w.cluster().phase, Phase::Stale { cause, .. } if cause.contains("set back")),
    )
    .await;
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_gone_brings_a_new_list_at_once() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    let at = w.clock.now();
    w.hand.set("pods", Mode::Gone(3));
    w.until("three", |w| w.cluster().pods().count() == 3).await;
    assert_eq!(lists(&w.hand, "/pods"), 2);
    assert!(w.clock.now().duration_since(at).as_secs() < 2);
    assert!(!w.phases.iter().any(|p| matches!(p, Phase::Stale { .. })), "{:?}", w.phases);
}

#[tokio::test(start_paused = true)]
async fn single_answers_have_a_limit() {
    let hand = Hand::new();
    let (client, pods) = (hand.client(), Resource::from(Kind::Pod));
    let all = ListOptions::default();
    for (mode, class, words) in [
        (Mode::Never, FaultClass::Timeout, "GET /api/v1/pods: no answer within 30 s"),
        (Mode::Endless, FaultClass::Other, "the list has no end"),
        (Mode::Growing, FaultClass::Other, "more than 500000 items"),
    ] {
        hand.set("pods", mode);
        let fault = api::list(&client, &pods, &all).await.unwrap_err();
        assert_eq!(fault.class, class, "{mode:?}");
        assert!(fault.words.contains(words), "{mode:?}: {fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_to_its_limit() {
    let hand = Hand::new();
    hand.set("pods", Mode::Objects(3));
    let client = hand.client();
    let read = |most| {
        let asked = Request::get("/api/v1/pods").body(Vec::new()).unwrap();
        let client = client.clone();
        async move { crate::source::answer::whole::<Value>(&client, asked, most).await }
    };
    let size = 3 * object(0).to_string().len() as u64;
    assert!(read(size * 2).await.is_ok());
    let fault = read(size).await.unwrap_err();
    assert_eq!(fault.words, *format!("the answer has more than {size} bytes; it was not read further"));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_answer_says_that_nobody_knows() {
    let hand = Hand::new();
    hand.set("web", Mode::Never);
    let (client, what) = (hand.client(), Resource::from(Kind::Deployment));
    for (dry_run, known) in [(false, false), (true, true)] {
        let patched = api::merge_patch(&client, &what, "x", "web", &json!({}), dry_run).await.unwrap_err();
        let deleted = api::delete(&client, &what, "x", "web", "", dry_run).await.unwrap_err();
        for fault in [patched, deleted] {
            assert_eq!(fault.class, FaultClass::Timeout);
            assert_eq!(!fault.words.contains("is not known: look before trying again"), known, "{fault}");
        }
    }
}

/// Any answer tells the time, one without a `Date` does not.
#[tokio::test]
async fn the_time_a_server_tells() {
    let client = |date: Option<&'static str>| {
        let answer = move |_: Request<Body>| async move {
            let mut answer = text(403, "{}");
            if let Some(date) = date {
                answer.headers_mut().insert(http::header::DATE, http::HeaderValue::from_static(date));
            }
            Ok::<_, Infallible>(answer)
        };
        Client::new(tower::service_fn(answer), "default")
    };
    let told = api::time(&client(Some("Sun, 01 Mar 2026 12:00:00 GMT"))).await;
    assert_eq!(told, "2026-03-01T12:00:00Z".parse().ok());
    assert_eq!(api::time(&client(Some("yesterday"))).await, None);
    assert_eq!(api::time(&client(None)).await, None);
}
