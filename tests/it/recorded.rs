//! Answers recorded from a real API server (`tests/it/recorded`), replayed through the product's own code: what skyfleet
//! shows of a real cluster, on any machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use skyfleet::domain::kind::{KINDS, Kind};
use skyfleet::domain::logs::{Entry, SourceId};
use skyfleet::domain::scope::Scope;
use skyfleet::domain::{columns, object::OtherRow};
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::{Cluster, Load};
use skyfleet::fleet::delta::{Batch, Row, Update};
use skyfleet::fleet::table::{self, RowRef};
use skyfleet::fleet::tree::{self, Expanded};
use skyfleet::ops::gather::{Gathered, Want, gather};
use skyfleet::ops::get::{self, Query};
use skyfleet::ops::problems;
use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::answer::Turns;
use skyfleet::source::api;
use skyfleet::source::clock::Clock;
use skyfleet::source::kubeconfig;
use skyfleet::source::logs::{LogRequest, LogSaid, stream};
use skyfleet::source::record::{Answer, Recording, Replay};
use skyfleet::source::supervise::gate::{Gate, Waiting};
use skyfleet::source::supervise::watch::{Said, watch};
use skyfleet::source::supervise::watcher::Watcher;
use tokio::sync::mpsc;

use crate::known::NAMESPACE;

/// A recorded file.
pub(crate) fn recording(file: &str) -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recorded").join(file);
    Recording::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn at(recording: &Recording) -> Timestamp {
    recording.header.at.parse().unwrap()
}

fn clock(recording: &Recording) -> Clock {
    let at = at(recording);
    Clock::new(move || at)
}

/// A session whose one cluster is the replay, under the context name its cloud's tool writes.
fn session(replay: &Replay, recording: &Recording) -> Session {
    let name = "arn:aws:eks:eu-west-1:222233334444:cluster/known";
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": "https://known.example.invalid"}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}]
    });
    let options = SessionOptions { clock: clock(recording), ..SessionOptions::default() };
    Session::new(kubeconfig::from_value(&config).unwrap(), Arc::new(replay.clone()), options)
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The kinds beyond those every cluster is watched for.
fn others() -> BTreeSet<Kind> {
    KINDS.iter().map(|k| k.kind).filter(|k| !Kind::WATCHED.contains(k)).collect()
}

async fn gathered(session: &Session) -> Gathered {
    let want = Want { kinds: others(), usage: true, prices: false, limit: Duration::from_secs(20) };
    gather(session, &Scope::all(), &want, |_| {}).await
}

/// A table of a kind's rows as text, its columns as wide as their cells. Of what a cluster is born with only what lives
/// in the known namespace, or outside of all.
fn shown(cluster: &Cluster, kind: Kind, now: Timestamp) -> String {
    let rows: Vec<RowRef<'_>> = match kind {
        Kind::Namespace => cluster.namespaces().map(RowRef::Namespace).collect(),
        Kind::Node => cluster.nodes().map(RowRef::Node).collect(),
        Kind::Pod => cluster.pods().map(RowRef::Pod).collect(),
        k if k.is_workload() => cluster.workloads_of(k).map(RowRef::Workload).collect(),
        k => cluster.others(k).map(RowRef::Other).collect(),
    };
    let is_ours = |row: &RowRef<'_>| match row.meta().namespace.as_str() {
        "" => !row.meta().name.starts_with("system:"),
        namespace => namespace == NAMESPACE,
    };
    let mut lines = vec![table::columns(kind).iter().map(|c| c.title.to_string()).collect::<Vec<_>>()];
    lines.last_mut().unwrap().push("HEALTH".to_owned());
    for row in rows.into_iter().filter(is_ours) {
        let mut cells: Vec<String> = table::cells(cluster, row, now).into_iter().map(|c| c.text).collect();
        assert_eq!(cells.len() + 1, lines[0].len(), "{kind:?}: a cell for each column");
        cells.push(row.health(now).word().to_owned());
        lines.push(cells);
    }
    let widths: Vec<usize> =
        (0..lines[0].len()).map(|n| lines.iter().map(|l| l[n].chars().count()).max().unwrap()).collect();
    let line = |cells: &Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(c, w)| format!("{c:w$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    format!("== {}\n{}\n", kind.info().plural, lines.iter().map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_real_cluster_as_it_is_shown() {
    let recording = recording("session.json");
    let now = at(&recording);
    let replay = Replay::new([recording.clone()]).still();
    let gathered = run(gathered(&session(&replay, &recording)));
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
    assert!(gathered.unsettled.is_empty() && gathered.errors(&Scope::all()).is_empty());
    let cluster = gathered.fleet.clusters().first().unwrap();
    for kind in KINDS {
        assert_eq!(cluster.loads.get(&kind.kind), Some(&Load::Ready), "{}", kind.name);
    }
    assert!(cluster.nodes().any(|n| cluster.node_usage(&n.meta.name).is_some()), "usage was read");
    let (watched, listed): (Vec<Kind>, Vec<Kind>) =
        KINDS.iter().map(|k| k.kind).partition(|k| Kind::WATCHED.contains(k));
    let tables = |kinds: &[Kind]| kinds.iter().map(|k| shown(cluster, *k, now)).collect::<String>();
    insta::assert_snapshot!("watched", tables(&watched));
    insta::assert_snapshot!("listed", tables(&listed));
    insta::assert_snapshot!("problems", problems_of(&gathered.fleet, now));
    insta::assert_snapshot!("tree", tree_of(&gathered.fleet));
}

fn problems_of(fleet: &Fleet, now: Timestamp) -> String {
    let mut out = String::new();
    for problem in problems::of(fleet, &Scope::all(), now) {
        out.push_str(&format!("{} {}\n", problem.severity.words(), problems::headline(&problem, fleet)));
        for finding in &problem.findings {
            out.push_str(&format!("   {}\n", finding.object.target()));
        }
        for finding in &problem.explains {
            out.push_str(&format!("   explains {}: {}\n", finding.object.target(), finding.cause));
        }
    }
    out
}

/// As `skyfleet tree -L 6` opens it: down to workloads.
fn tree_of(fleet: &Fleet) -> String {
    let mut open = Expanded::new();
    for c in fleet.clusters() {
        open.extend(tree::Pivot::Cloud.chain(c));
        open.insert(skyfleet::domain::scope::TreeNode::Cluster(c.id()));
        open.extend(
            tree::namespace_names(c)
                .into_iter()
                .map(|ns| skyfleet::domain::scope::TreeNode::Namespace(c.id(), ns)),
        );
    }
    tree::rows(fleet, tree::Pivot::Cloud, &open)
        .iter()
        .filter(|r| r.node.depth() <= 6)
        .map(|r| {
            let count = r.count.map_or_else(String::new, |n| n.to_string());
            let line = format!("{}{}", "  ".repeat(usize::from(r.indent)), r.label);
            format!("{line:44} {count:>3} {} {:?}\n", r.health.word(), r.bad)
        })
        .collect()
}

/// `skyfleet get` reads whole objects, the panes slim rows: both have to tell the same.
#[test]
fn get_tells_what_the_panes_show() {
    let recording = recording("session.json");
    let now = at(&recording);
    let replay = Replay::new([recording.clone()]).still();
    let session = session(&replay, &recording);
    run(async {
        let gathered = gathered(&session).await;
        let cluster = gathered.fleet.clusters().first().unwrap();
        for kind in others() {
            let query = Query { kind: kind.info().plural.to_owned(), ..Query::default() };
            let answers = get::get(&session, &Scope::all(), &query, Duration::from_secs(20), |_, _| {}).await;
            let objects = answers[0].result.as_ref().unwrap();
            let rows: BTreeMap<_, OtherRow> = objects
                .iter()
                .map(|o| columns::row(kind, &o.object, now))
                .map(|r| ((r.meta.namespace.clone(), r.meta.name.clone()), r))
                .collect();
            let seen: Vec<&OtherRow> = cluster.others(kind).collect();
            assert_eq!(seen, rows.values().collect::<Vec<_>>(), "{kind:?}");
        }
    });
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
}

#[test]
fn kinds_that_are_not_built_in_are_found() {
    let recording = recording("discovery.json");
    let replay = Replay::new([recording.clone()]);
    let session = session(&replay, &recording);
    // The session keeps its client, whose worker ends with the runtime it was made in.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut all = String::new();
    for kind in ["priorityclasses", "pc", "PriorityClass", "apiservice", "no-such-kind"] {
        let query = Query { kind: kind.to_owned(), ..Query::default() };
        let mut answers =
            runtime.block_on(get::get(&session, &Scope::all(), &query, Duration::from_secs(20), |_, _| {}));
        let answer = answers.remove(0);
        let what = answer.resource.map_or_else(|| "?".to_owned(), |r| r.path(None, None));
        let told = match answer.result {
            Ok(objects) => objects
                .iter()
                .map(|o| format!("{} {}", o.object["kind"], o.object["metadata"]["name"]).replace('"', ""))
                .collect::<Vec<_>>()
                .join(", "),
            Err(fault) => format!("{:?}: {fault}", fault.class),
        };
        all.push_str(&format!("{kind}: {what}: {told}\n"));
    }
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
    insta::assert_snapshot!("discovered", all);
}

/// The lines of the logs that were recorded, in the order of the file.
#[test]
fn logs_of_this_run_and_the_one_before() {
    let recording = recording("session.json");
    let replay = Replay::new([recording.clone()]);
    let requests: Vec<(String, bool)> = recording
        .exchanges
        .iter()
        .filter(|e| matches!(e.answer, Answer::Text(_)))
        .filter_map(|e| {
            let (pod, rest) = e.path.split_once("/pods/")?.1.split_once("/log")?;
            Some((pod.to_owned(), rest.contains("previous=true")))
        })
        .collect();
    assert_eq!(requests.len(), 3, "two runs of a crashing pod, one of a healthy one");
    let mut all = String::new();
    for (pod, previous) in requests {
        let what = LogRequest {
            uid: String::new(),
            namespace: NAMESPACE.to_owned(),
            pod: pod.clone(),
            container: "main".to_owned(),
            previous,
            follow: false,
            tail: Some(20),
            since_seconds: None,
        };
        let (out, mut heard) = mpsc::channel(64);
        let now = at(&recording);
        run(async { stream(replay.client(), SourceId(0), what, move || now, out).await });
        all.push_str(&format!("== {pod}{}\n", if previous { ", the run before" } else { "" }));
        while let Ok((_, said)) = heard.try_recv() {
            match said {
                LogSaid::Entry(Entry::Line(line)) => {
                    let time = line.time.map_or_else(String::new, |t| t.to_string());
                    all.push_str(&format!("{time} {:5} {}\n", line.level.word(), line.text));
                }
                LogSaid::Open | LogSaid::Ended => {}
                other => panic!("{pod}: {other:?}"),
            }
        }
    }
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
    insta::assert_snapshot!("logs", all);
}

/// The rows of one kind in a fleet.
/// A list and the events after it lead to the list that was read after them.
#[test]
fn a_watch_arrives_where_the_list_after_it_is() {
    let recorded = recording("changes.json");
    for (kind, path) in [(Kind::Pod, "/api/v1/pods"), (Kind::Deployment, "/apis/apps/v1/deployments")] {
        // The list after, as the list of a cluster of its own.
        let mut after = recorded.clone();
        after.exchanges.retain(|e| e.name == "after");
        for exchange in &mut after.exchanges {
            exchange.path = exchange.path.replace("limit=499", "limit=500");
        }
        let watched = format!("{path}?watch=true&allowWatchBookmarks=true");
        let mut open =
            recorded.exchanges.iter().find(|e| matches!(e.answer, Answer::Events(_))).unwrap().clone();
        (open.path, open.answer) = (watched, Answer::Events(Vec::new()));
        after.exchanges.push(open);
        let (before, goal) = run(async {
            let goal = follow(&Replay::new([after]), &recorded, kind, None).await;
            (follow(&Replay::new([recorded.clone()]).still(), &recorded, kind, None).await, goal)
        });
        assert_ne!(before, goal, "{kind:?}: the recording holds a change");
        let arrived = run(follow(&Replay::new([recorded.clone()]), &recorded, kind, Some(&goal)));
        assert_eq!(arrived, goal, "{kind:?}");
    }
}

/// The rows once the list is there; with a goal, once they are that, or when nothing came for a second.
async fn follow(replay: &Replay, recording: &Recording, kind: Kind, goal: Option<&Vec<Row>>) -> Vec<Row> {
    let mut fleet = session(replay, recording).fleet();
    let cluster = fleet.clusters()[0].id();
    let (said, mut heard) = mpsc::channel(1024);
    let (_open, gate) = tokio::sync::watch::channel(Gate::opened());
    let watcher = Watcher::new(replay.client(), kind, None, Waiting::new(gate), Turns::default(), said);
    let watching = tokio::spawn(watch(clock(recording), watcher));
    let mut settled = false;
    while let Ok(Some(next)) = tokio::time::timeout(Duration::from_secs(1), heard.recv()).await {
        match next.said {
            Said::Delta(delta) => {
                fleet.apply(Update::Cluster(Batch { cluster, deltas: vec![delta] }), at(recording));
            }
            Said::Whole(_) => settled = true,
            Said::Page { .. } | Said::Well(_) => {}
            Said::Trouble(kind, fault) | Said::Refused(kind, fault) => panic!("{kind:?}: {fault}"),
        }
        if settled && goal.is_none_or(|goal| fleet.clusters()[0].rows_of(kind) == *goal) {
            break;
        }
    }
    watching.abort();
    assert!(settled);
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
    fleet.clusters()[0].rows_of(kind)
}

/// Every refusal in the words and the class it has here.
#[test]
fn refusals_are_read() {
    let recording = recording("refusals.json");
    let replay = Replay::new([recording.clone()]);
    let mut all = String::new();
    for exchange in recording.exchanges.iter().filter(|e| e.status != 204) {
        let replay = replay.user(&exchange.user);
        let sent = exchange.sent.as_ref().map_or_else(Vec::new, |s| match &s.body {
            Value::String(text) => text.clone().into_bytes(),
            value => value.to_string().into_bytes(),
        });
        let request =
            http::Request::builder().method(exchange.method.as_str()).uri(&exchange.path).body(sent).unwrap();
        let fault: skyfleet::source::fault::Fault =
            run(async { replay.client().request::<Value>(request).await }).unwrap_err().into();
        assert_eq!(fault.code, Some(exchange.status), "{}", exchange.name);
        let words: String = fault.words.chars().take(160).collect();
        all.push_str(&format!(
            "{:38} {} {:?} {} | {words}\n",
            exchange.name, exchange.status, fault.class, fault.reason
        ));
    }
    assert_eq!(replay.unrecorded(), Vec::<String>::new());
    insta::assert_snapshot!("refusals", all);
    let missing = run(async { api::get(&replay.client(), &Kind::Pod.into(), NAMESPACE, "none").await });
    assert_eq!(missing.unwrap(), None, "a missing object is an answer, not a fault");
}

/// Nothing that a recording may not hold is in one.
#[test]
fn nothing_secret_is_recorded() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recorded");
    let mut total = 0;
    // Nor a folder of the machine it was made on: the person's own is known only where the test runs.
    let home = std::env::home_dir().map(|h| format!("{}/", h.display())).filter(|h| h.len() > 2);
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        total += text.len();
        for word in [
            "-----BEGIN",
            "LS0tLS1",
            "eyJhbGciOi",
            "Bearer ",
            "uthorization\":",
            "\"managedFields\"",
            "/home/",
            "/tmp/",
        ]
        .into_iter()
        .chain(home.as_deref())
        {
            assert!(!text.contains(word), "{} holds {word}", path.display());
        }
    }
    assert!((100_000..1_500_000).contains(&total), "{total} bytes");
}
