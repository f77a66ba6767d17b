//! Records the known world anew, with `SKYFLEET_RECORD=1`: what a real API server says of it, through the product's own
//! code, into `tests/it/recorded`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use skyfleet::domain::cloud::LocalFiles;
use skyfleet::domain::kind::{KINDS, Kind};
use skyfleet::domain::logs::SourceId;
use skyfleet::domain::scope::Scope;
use skyfleet::fleet::demand::Demand;
use skyfleet::ops::get::{self, Query};
use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::answer::Turns;
use skyfleet::source::connect::{FromKubeconfig, Surroundings};
use skyfleet::source::kubeconfig;
use skyfleet::source::logs::{self, LogRequest};
use skyfleet::source::record::{ADMIN, Header, Recorder, Recording};
use skyfleet::source::supervise::gate::{Gate, Waiting};
use skyfleet::source::supervise::watch::watch;
use skyfleet::source::supervise::watcher::Watcher;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::known::{self, NAMESPACE};
use crate::testbed::{self, Testbed};

/// Its own cluster: the shared ones hold what the stories left behind. Versions are forgotten early, so that a continue
/// token can be too old.
const FLAGS: [&str; 10] = [
    "--cloud",
    "aws",
    "--region",
    "eu-west-1",
    "--account",
    "222233334444",
    "--nodes",
    "4",
    "--compaction-interval",
    "4s",
];

/// Records all files.
pub(crate) fn record() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let testbed = Testbed::start(&testbed::binary()?, dir.path(), "known", &FLAGS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    runtime.block_on(all(&testbed, dir.path()))
}

async fn all(testbed: &Testbed, dir: &Path) -> Result<(), String> {
    let admin = crate::plain_client(&testbed.kubeconfig("admin")).await?;
    let spare = spare_a_node(&admin).await?;
    known::make(&admin).await?;
    kill(&admin, &spare).await?;
    known::crashed(&admin).await?;
    let version = known::get(&admin, "/version").await?["gitVersion"].as_str().unwrap_or("").to_owned();
    let hidden = hidden(dir);
    let write = |file: &str, what: &str, recorder: &Recorder, sorted: bool| {
        let header = Header {
            what: what.to_owned(),
            server: version.clone(),
            at: Timestamp::now().to_string(),
            scrubbed: "managedFields, values of Secrets, certificates and tokens; words of the machine it was made on".to_owned(),
        };
        let recording = recorder.recording(header, &hidden);
        let recording = if sorted { recording.sorted() } else { recording };
        save(file, &recording)
    };
    let recorder = Recorder::new();
    session(testbed, &recorder).await?;
    write(
        "session.json",
        "One session of skyfleet over the known world: version, lists and watches of every built-in kind, metrics, logs.",
        &recorder,
        true,
    )?;
    let recorder = Recorder::new();
    discovery(testbed, &recorder).await?;
    write("discovery.json", "Discovery, as a kind that is not built in is looked for.", &recorder, true)?;
    let recorder = Recorder::new();
    refusals(testbed, &recorder).await?;
    write("refusals.json", "What the server refuses, and in which words.", &recorder, false)?;
    let recorder = Recorder::new();
    changes(&admin, &recorder).await?;
    write(
        "changes.json",
        "Pods and Deployments listed and watched while a Deployment is rolled out and a pod deleted; named 'after': the lists after that.",
        &recorder,
        false,
    )
}

/// Words of this machine, and what stands for them.
fn hidden(dir: &Path) -> Vec<(String, String)> {
    let mut out = vec![(dir.to_string_lossy().into_owned(), "/testbed".to_owned())];
    let name = std::process::Command::new("uname").arg("-n").output().map(|o| o.stdout).unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    out.push((name, "host.example".to_owned()));
    out
}

fn save(file: &str, recording: &Recording) -> Result<(), String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recorded");
    std::fs::create_dir_all(&dir).map_err(|e| e.to_string())?;
    std::fs::write(dir.join(file), recording.text()?).map_err(|e| format!("{file}: {e}"))
}

const MERGE: &str = "application/merge-patch+json";

async fn patch(admin: &Client, path: &str, body: &Value) -> Result<(), String> {
    let answer = known::send(admin, "PATCH", path, MERGE, body.to_string().into_bytes()).await?;
    if answer.status == 200 { Ok(()) } else { Err(format!("{path}: {} {}", answer.status, answer.body)) }
}

/// Keeps one node free of all but the DaemonSet, so that its silence later changes the same things in every recording.
async fn spare_a_node(admin: &Client) -> Result<String, String> {
    let nodes = known::get(admin, "/api/v1/nodes").await?;
    let name = items(&nodes).last().and_then(|n| n["metadata"]["name"].as_str()).ok_or("no node")?;
    let path = format!("/api/v1/nodes/{name}");
    patch(admin, &path, &json!({"spec": {"unschedulable": true}})).await?;
    Ok(path)
}

/// The node falls silent; done when all who have to have noticed.
async fn kill(admin: &Client, node: &str) -> Result<(), String> {
    patch(admin, node, &json!({"metadata": {"annotations": {"testbed.skyfleet.dev/dead": "true"}}})).await?;
    known::until("a silent node", || async move {
        let node = known::get(admin, node).await?;
        let conditions = node["status"]["conditions"].as_array().cloned().unwrap_or_default();
        Ok(conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "Unknown"))
    })
    .await?;
    let agent = format!("/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/agent");
    let agent = agent.as_str();
    known::until("the DaemonSet to count it out", || async move {
        let nodes = known::get(admin, "/api/v1/nodes").await?;
        let wanted = known::get(admin, agent).await?["status"]["desiredNumberScheduled"].clone();
        Ok(wanted.as_u64() == u64::try_from(items(&nodes).count() - 1).ok())
    })
    .await
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn recorded_session(testbed: &Testbed, recorder: &Recorder) -> Session {
    let loaded = kubeconfig::load(&[testbed.kubeconfig("admin")], &LocalFiles::default());
    let real = Arc::new(FromKubeconfig::new(&loaded.contexts, Surroundings::default()));
    Session::new(loaded, recorder.dialer(real, ADMIN), SessionOptions::default())
}

/// What the program asks for when every kind and usage is on screen, and the logs.
async fn session(testbed: &Testbed, recorder: &Recorder) -> Result<(), String> {
    let session = recorded_session(testbed, recorder);
    let ids: std::collections::BTreeSet<_> = session.infos.iter().map(|i| i.id).collect();
    let kinds = KINDS.iter().map(|k| k.kind).filter(|k| !Kind::WATCHED.contains(k)).collect();
    let demand = Demand { clusters: ids.clone(), kinds, usage: true, ..Demand::default() };
    let (updates, mut heard) = mpsc::channel(256);
    let (_demand, demanded) = watch::channel(demand);
    let cancel = CancellationToken::new();
    session.supervise_only(&ids, None, updates, demanded, cancel.clone());
    // Long enough for every list and for the watches after them.
    let until = tokio::time::Instant::now() + Duration::from_secs(6);
    while tokio::time::timeout_at(until, heard.recv()).await.is_ok_and(|u| u.is_some()) {}
    cancel.cancel();
    let client = session.client(session.infos[0].id).await.map_err(|e| e.to_string())?;
    let pods = known::get(&client, "/api/v1/pods?limit=500").await?;
    let crash = items(&pods)
        .filter_map(|p| p["metadata"]["name"].as_str())
        .find(|n| n.starts_with("crash-"))
        .ok_or("no crashing pod")?;
    for (pod, previous) in [("one", false), (crash, false), (crash, true)] {
        let what = LogRequest {
            uid: String::new(),
            namespace: NAMESPACE.to_owned(),
            pod: pod.to_owned(),
            container: "main".to_owned(),
            previous,
            follow: false,
            tail: Some(20),
            since_seconds: None,
        };
        let (out, mut said) = mpsc::channel(64);
        logs::stream(client.clone(), SourceId(0), what, Timestamp::now, out).await;
        while said.recv().await.is_some() {}
    }
    Ok(())
}

async fn discovery(testbed: &Testbed, recorder: &Recorder) -> Result<(), String> {
    let session = recorded_session(testbed, recorder);
    for kind in ["priorityclasses", "apiservice", "no-such-kind"] {
        let query = Query { kind: kind.to_owned(), ..Query::default() };
        get::get(&session, &Scope::all(), &query, Duration::from_secs(20), |_, _| {}).await;
    }
    Ok(())
}

async fn refusals(testbed: &Testbed, recorder: &Recorder) -> Result<(), String> {
    let mut granted = Vec::new();
    for refusal in known::refusals::all() {
        let real = crate::plain_client(&testbed.kubeconfig(refusal.user)).await?;
        let client = recorder.named(real, refusal.user, refusal.name);
        let answer = known::send(&client, refusal.method, &refusal.path, refusal.media, refusal.body).await?;
        // 204: a pod without a node has no logs, and that is no error.
        if answer.status < 400 && answer.status != 204 {
            granted.push(format!("{}: {} {}", refusal.name, answer.status, answer.body));
        }
    }
    if granted.is_empty() { Ok(()) } else { Err(format!("not refused:\n{}", granted.join("\n"))) }
}

/// A list and a watch of pods and Deployments, over a change.
async fn changes(admin: &Client, recorder: &Recorder) -> Result<(), String> {
    let heard = recorder.client(admin.clone(), ADMIN);
    let (said, mut all) = mpsc::channel(1024);
    let (_open, gate) = tokio::sync::watch::channel(Gate::opened());
    let watching: Vec<_> = [Kind::Pod, Kind::Deployment]
        .into_iter()
        .map(|kind| {
            let clock = skyfleet::source::clock::Clock::system();
            let gate = Waiting::new(gate.clone());
            let watcher = Watcher::new(heard.clone(), kind, None, gate, Turns::default(), said.clone());
            tokio::spawn(watch(clock, watcher))
        })
        .collect();
    let drain = tokio::spawn(async move { while all.recv().await.is_some() {} });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let web = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/web");
    let template = json!({"spec": {"containers": [{"name": "main", "image": "registry.example/web:1.5.0"}]}});
    let body = json!({"spec": {"template": template}}).to_string().into_bytes();
    known::send(admin, "PATCH", &web, "application/strategic-merge-patch+json", body).await?;
    let one = format!("/api/v1/namespaces/{NAMESPACE}/pods/one");
    known::send(admin, "DELETE", &one, "application/json", Vec::new()).await?;
    let (web, one) = (web.as_str(), one.as_str());
    known::until("the change", || async move {
        let (web, one) = (known::get(admin, web).await?, known::get(admin, one).await?);
        let status = &web["status"];
        let done = ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|f| status[f] == 2);
        Ok(done && status["observedGeneration"] == web["metadata"]["generation"] && one["code"] == 404)
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = recorder.named(admin.clone(), ADMIN, "after");
    for path in ["/api/v1/pods?limit=499", "/apis/apps/v1/deployments?limit=499"] {
        known::get(&after, path).await?;
    }
    // What is in the lists has to be in the events too.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for task in &watching {
        task.abort();
    }
    drop(said);
    drain.abort();
    Ok(())
}
