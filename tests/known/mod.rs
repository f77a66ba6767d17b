//! A small, well-known world: one of everything skyfleet shows, healthy and broken. `tests/real` makes it in a real cluster
//! and records what the server says of it; `tests/it` makes the same in a simulated one and compares.
//! Included by `#[path]` from both.

pub(crate) mod manifests;
pub(crate) mod refusals;

use std::future::Future;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::time::Instant;

/// Where it is.
pub(crate) const NAMESPACE: &str = "shop";
/// A namespace with no room for a single pod.
pub(crate) const FULL: &str = "full";
/// Who made it: the field manager of every object.
pub(crate) const MAKER: &str = "known";

/// How long something may take to come true.
const PATIENCE: Duration = Duration::from_mins(2);

/// An answer.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answered {
    /// The body as JSON; `Null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Sends a request as it is and reads the whole answer.
pub(crate) async fn send(
    client: &Client,
    method: &str,
    path: &str,
    media: &str,
    body: Vec<u8>,
) -> Result<Answered, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("{method} {path}: {e}");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "application/json")
        .header("content-type", media)
        .body(Body::from(body))
        .map_err(|e| wrong(&e))?;
    let whole = async {
        let response = client.send(request).await.map_err(|e| wrong(&e))?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|e| wrong(&e))?.to_bytes();
        Ok(Answered { status, body: String::from_utf8_lossy(&bytes).into_owned() })
    };
    tokio::time::timeout(PATIENCE, whole).await.map_err(|_| format!("{method} {path}: no answer"))?
}

/// GET as JSON.
pub(crate) async fn get(client: &Client, path: &str) -> Result<Value, String> {
    Ok(send(client, "GET", path, "application/json", Vec::new()).await?.json())
}

/// Waits until it holds.
pub(crate) async fn until<F: Future<Output = Result<bool, String>>>(
    what: &str,
    mut holds: impl FnMut() -> F,
) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    while !holds().await? {
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Makes the world and waits until it has settled.
pub(crate) async fn make(client: &Client) -> Result<(), String> {
    for (path, object) in manifests::all() {
        // Admission asks for what controllers make: the account of a namespace, the limits of a quota.
        if let Some(ns) = object["metadata"]["namespace"].as_str() {
            until("the default service account", || async move {
                let path = format!("/api/v1/namespaces/{ns}/serviceaccounts/default");
                Ok(get(client, &path).await?["kind"] == "ServiceAccount")
            })
            .await?;
        }
        let path = format!("{path}?fieldManager={MAKER}");
        let made = send(client, "POST", &path, "application/json", object.to_string().into_bytes()).await?;
        if made.status != 201 {
            return Err(format!("{path}: {} {}", made.status, made.body));
        }
    }
    settled(client).await
}

/// What an object has to be.
type Test = fn(&Value) -> bool;

/// Everything is as it will stay: what can run runs, what cannot says so.
async fn settled(client: &Client) -> Result<(), String> {
    let at = |rest: &str| format!("/api/v1/namespaces/{NAMESPACE}/{rest}");
    let apps = |rest: &str| format!("/apis/apps/v1/namespaces/{NAMESPACE}/{rest}");
    let list: Vec<(String, &str, Test)> = vec![
        (apps("deployments/web"), "web", |d| d["status"]["availableReplicas"] == 2),
        (apps("statefulsets/db"), "db", |s| s["status"]["availableReplicas"] == 1),
        (apps("daemonsets/agent"), "agent", |d| {
            d["status"]["numberAvailable"].as_i64().unwrap_or(0) >= 1
                && d["status"]["numberAvailable"] == d["status"]["desiredNumberScheduled"]
        }),
        (at("pods?labelSelector=app%3Dcrash"), "two restarts", |list| {
            list["items"][0]["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or(0) >= 2
        }),
        (at("pods?labelSelector=app%3Dnopull"), "a failed pull", waits),
        (at("pods/one"), "a running pod", |p| p["status"]["phase"] == "Running"),
        (at("pods/toobig"), "no room", |p| {
            p["status"]["conditions"].as_array().into_iter().flatten().any(|c| c["reason"] == "Unschedulable")
        }),
        (format!("/apis/batch/v1/namespaces/{NAMESPACE}/jobs/once"), "a Job", |j| {
            j["status"]["succeeded"] == 1
        }),
        (format!("/apis/batch/v1/namespaces/{NAMESPACE}/cronjobs/tick"), "a CronJob's run", |c| {
            c["status"]["lastSuccessfulTime"].is_string()
        }),
        (
            format!("/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers/web"),
            "the autoscaler",
            |h| h["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"].is_i64(),
        ),
        (format!("/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets/web"), "a budget", |b| {
            b["status"]["currentHealthy"] == 2
        }),
        (
            format!("/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets/keep"),
            "the other budget",
            |b| b["status"]["currentHealthy"] == 1,
        ),
        (at("endpoints/web"), "endpoints", |e| {
            e["subsets"][0]["addresses"].as_array().is_some_and(|a| a.len() == 2)
        }),
        (format!("/api/v1/namespaces/{FULL}/resourcequotas/none"), "the quota", |q| {
            q["status"]["used"]["pods"] == "0"
        }),
    ];
    for (path, what, test) in list {
        let path = path.as_str();
        until(&format!("{what}: {path}"), || async move { Ok(test(&get(client, path).await?)) }).await?;
    }
    // The last: a crashing container waits longer each time, so it still does when somebody looks.
    crashed(client).await
}

/// The container that crashes is waiting to crash again.
pub(crate) async fn crashed(client: &Client) -> Result<(), String> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3Dcrash");
    let path = path.as_str();
    until("a crash loop", || async move { Ok(waits(&get(client, path).await?)) }).await
}

/// Some pod of a list waits after a failure.
fn waits(list: &Value) -> bool {
    let states = list["items"].as_array().into_iter().flatten().map(|p| &p["status"]["containerStatuses"][0]);
    let mut reasons = states.map(|c| c["state"]["waiting"]["reason"].as_str().unwrap_or(""));
    reasons.any(|r| r == "CrashLoopBackOff" || r == "ImagePullBackOff")
}
