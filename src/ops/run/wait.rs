//! Waiting until what was written is ready: by what the server says of it, and no longer than a person would.
//!
//! Never: a write. Called by the engine after each cluster's writes.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Failure, RunEvent, RunOptions};
use crate::domain::kind::Kind;
use crate::domain::plan::Step;
use crate::domain::readiness::{self, Readiness, Status};
use crate::domain::text::clean;
use crate::ops::session::Session;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::connect::Client;
use crate::source::slim;

/// How often an object is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What waiting for an object takes.
#[derive(Clone, Copy)]
pub(super) struct Patience<'a> {
    pub(super) session: &'a Session,
    pub(super) options: &'a RunOptions,
    pub(super) progress: &'a mpsc::Sender<RunEvent>,
    pub(super) cancel: &'a CancellationToken,
}

/// How waiting ended, when not by a failure.
pub(super) enum Waited {
    /// It is ready; in words.
    Ready(String),
    /// A person stopped the run: written, and how it stood then.
    Stopped(String),
}

/// What one look at an object says.
enum Look {
    Ready,
    Failed(Failure),
    Waiting(String),
}

impl Patience<'_> {
    /// Waits until an object is ready, fails early when its pods never will be, and says while waiting what for.
    pub(super) async fn wait(self, number: usize, step: &Step, what: &Resource) -> Result<Waited, Failure> {
        let started = Instant::now();
        let mut said = String::new();
        loop {
            let looked = tokio::select! {
                looked = self.look(step, what) => looked,
                () = self.cancel.cancelled() => return Ok(Waited::Stopped(said)),
            };
            let words = match looked {
                Look::Ready => {
                    return Ok(Waited::Ready(format!("ready after {} s", started.elapsed().as_secs())));
                }
                Look::Failed(failure) => return Err(failure),
                Look::Waiting(words) => words,
            };
            if started.elapsed() > self.options.deadline {
                let seconds = self.options.deadline.as_secs();
                return Err(Failure {
                    words: format!("not ready after {seconds} s: {words}"),
                    kept: format!("not ready after {seconds} s"),
                });
            }
            if words != said {
                said.clone_from(&words);
                let _ = self.progress.send(RunEvent::Waiting { step: number, words }).await;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.cancel.cancelled() => return Ok(Waited::Stopped(said)),
            }
        }
    }

    async fn look(self, step: &Step, what: &Resource) -> Look {
        // A read that fails is no failed write: the next one may get through.
        let unseen = |fault: crate::source::fault::Fault| Look::Waiting(format!("cannot see it: {fault}"));
        let client = match self.session.client(step.cluster.id).await {
            Ok(client) => client,
            Err(fault) => return unseen(fault),
        };
        let object = match api::get(&client, what, &step.namespace, &step.name).await {
            Ok(Some(object)) => object,
            Ok(None) => return Look::Failed(Failure::plain("it is gone: somebody deleted it meanwhile")),
            Err(fault) => return unseen(fault),
        };
        let ready = readiness::of(&object, self.session.clock.now());
        match ready.status {
            // A Job that runs is well; what comes after it wants it done.
            Status::Current if step.kind == "Job" && readiness::job_done(&object).is_none() => {
                return Look::Waiting(words_of(ready));
            }
            Status::Current => return Look::Ready,
            Status::Failed => {
                let kept = ready.reason.clone();
                return Look::Failed(Failure { words: words_of(ready), kept });
            }
            Status::InProgress | Status::Terminating | Status::Unknown | Status::NotFound => {}
        }
        if let Some(why) = doomed(&client, &object).await {
            return Look::Failed(Failure {
                words: clean(&why).into_owned(),
                kept: "its pods will not get ready".to_owned(),
            });
        }
        Look::Waiting(words_of(ready))
    }
}

/// Reason and message; both are from the object in part.
fn words_of(ready: Readiness) -> String {
    match (ready.reason.as_str(), ready.message.as_str()) {
        (reason, "") => clean(reason).into_owned(),
        ("", message) => clean(message).into_owned(),
        (reason, message) if ready.status == Status::Failed => {
            clean(&format!("{reason}: {message}")).into_owned()
        }
        (_, message) => clean(message).into_owned(),
    }
}

/// Why the pods of the newest template will never be ready, when they will not.
async fn doomed(client: &Client, object: &Value) -> Option<String> {
    let namespace = object.pointer("/metadata/namespace")?.as_str()?;
    let label = newest(client, object, namespace).await?;
    let options =
        ListOptions { namespace: Some(namespace.to_owned()), labels: Some(label), ..ListOptions::default() };
    let pods = api::list(client, &Resource::from(Kind::Pod), &options).await.ok()?;
    let rows: Vec<_> = pods.into_iter().filter_map(slim::pod_row).collect();
    readiness::doomed(&rows)
}

/// The label that only pods of the newest template have: those of the template before may crash for the very reason that
/// was just mended. `None` where that is not known, or not yet.
async fn newest(client: &Client, object: &Value, namespace: &str) -> Option<String> {
    let text = |v: &Value, p: &str| v.pointer(p).and_then(Value::as_str).map(str::to_owned);
    let number = |p: &str| object.pointer(p).and_then(Value::as_i64);
    if number("/metadata/generation") > number("/status/observedGeneration") {
        return None;
    }
    match text(object, "/kind")?.as_str() {
        "Deployment" => {
            // Its newest ReplicaSet has its revision (deployment/util: `GetNewReplicaSet` compares templates).
            let revision = "/metadata/annotations/deployment.kubernetes.io~1revision";
            let (uid, newest) = (text(object, "/metadata/uid")?, text(object, revision)?);
            let options = ListOptions { namespace: Some(namespace.to_owned()), ..ListOptions::default() };
            let sets = api::list(client, &Resource::from(Kind::ReplicaSet), &options).await.ok()?;
            let set = sets.iter().find(|s| {
                text(s, "/metadata/ownerReferences/0/uid").as_deref() == Some(&uid)
                    && text(s, revision).as_deref() == Some(&newest)
            })?;
            Some(format!("pod-template-hash={}", text(set, "/metadata/labels/pod-template-hash")?))
        }
        "StatefulSet" => {
            Some(format!("controller-revision-hash={}", text(object, "/status/updateRevision")?))
        }
        _ => None,
    }
}
