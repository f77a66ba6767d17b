//! The write of one step: what is sent to the server, by the verb, each pinned to what was on screen.
//!
//! Called by `run`, which means it, and by `preflight`, which only asks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::kind::Kind;
use crate::domain::plan::{Step, StepAction};
use crate::source::api::{self, ApplyOptions, Resource};
use crate::source::connect::Client;
use crate::source::discovery;
use crate::source::fault::{Fault, FaultClass};

use super::restart::RESTARTED_AT;
use super::session::Session;

/// So often a scale is written where others write to the object meanwhile, and after this long.
const SCALE_TRIES: u32 = 10;
const SCALE_AGAIN: Duration = Duration::from_millis(50);

/// Writes one step, or asks the server what it would say to that; returns where its object is.
pub(super) async fn write(session: &Session, step: &Step, dry_run: bool) -> Result<Resource, Fault> {
    // Who acts is part of what was said yes to.
    if session.info(step.cluster.id).is_none_or(|i| i.context != step.cluster.context.as_str()) {
        let words = "another context acts for this cluster since the plan was made: plan again";
        return Err(Fault::new(FaultClass::Credentials, words));
    }
    let client = session.client(step.cluster.id).await?;
    let what = match Kind::of_manifest(&step.kind, &step.api_version).map(Resource::from) {
        Some(known) if known.api_version() == step.api_version => known,
        // What goes, goes in whatever version this server has it.
        None if step.action == StepAction::Delete => {
            let group = step.api_version.split_once('/').map_or("", |(group, _)| group);
            match discovery::of_manifest(&client, &step.api_version, &step.kind).await {
                Err(fault) if fault.class == FaultClass::NotFound => {
                    discovery::of_group_and_kind(&client, group, &step.kind).await?
                }
                found => found?,
            }
        }
        _ => discovery::of_manifest(&client, &step.api_version, &step.kind).await?,
    };
    let (ns, name) = (step.namespace.as_str(), step.name.as_str());
    let written = match &step.action {
        StepAction::Apply { object, force } => {
            let options = ApplyOptions { dry_run, force: *force };
            api::apply(&client, &what, ns, name, &pinned(object, &step.uid), options).await
        }
        StepAction::Scale { from, to } => scale(&client, &what, step, (*from, *to), dry_run).await,
        StepAction::Restart => {
            // The uid pins the object: a merge patch with another is refused.
            let pin = if step.uid.is_empty() { json!({}) } else { json!({"uid": step.uid}) };
            let body = json!({
                "metadata": pin,
                "spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: session.clock.now().to_string()}}}}
            });
            api::merge_patch(&client, &what, ns, name, &body, dry_run).await
        }
        StepAction::Delete => api::delete(&client, &what, ns, name, &step.uid, dry_run).await,
    };
    if let Err(fault) = &written {
        session.heed(step.cluster.id, fault);
    }
    written?;
    Ok(what)
}

/// Sets the replicas, if they and the object are those the plan saw. The scale's `resourceVersion` is the whole object's,
/// which its controller writes to all the time: where somebody was faster, what matters is looked at again, as kubectl does.
async fn scale(
    client: &Client,
    what: &Resource,
    step: &Step,
    (from, to): (u32, u32),
    dry_run: bool,
) -> Result<Value, Fault> {
    let (ns, name) = (step.namespace.as_str(), step.name.as_str());
    let mut tries = 1;
    loop {
        let mut scale = api::get_scale(client, what, ns, name).await?;
        let uid = scale.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or("");
        if !step.uid.is_empty() && !uid.is_empty() && uid != step.uid {
            let words = "it is another object by now: the one that was planned for was deleted; plan again";
            return Err(Fault::new(FaultClass::Conflict, words));
        }
        let now = scale.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(0);
        if now != u64::from(from) {
            let words = format!("expected {from} replicas, found {now}: plan again");
            return Err(Fault::new(FaultClass::Conflict, &words));
        }
        if let Some(spec) = scale.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("replicas".to_owned(), json!(to));
        } else if let Some(scale) = scale.as_object_mut() {
            scale.insert("spec".to_owned(), json!({"replicas": to}));
        }
        match api::put_scale(client, what, ns, name, &scale, dry_run).await {
            Err(fault) if fault.class == FaultClass::Conflict && tries < SCALE_TRIES => tries += 1,
            written => return written,
        }
        tokio::time::sleep(SCALE_AGAIN).await;
    }
}

/// The object with the uid it had when the plan was made: the server then refuses to write to another of its name, and
/// to make it anew.
fn pinned(object: &Value, uid: &str) -> Value {
    let mut object = object.clone();
    if !uid.is_empty()
        && let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        meta.insert("uid".to_owned(), uid.into());
    }
    object
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use http::{Method, Request, Response};
    use kube::client::Body;

    use super::*;
    use crate::domain::environment::Environment;
    use crate::ops::session::SessionOptions;
    use crate::source::connect::Ready;
    use crate::source::kubeconfig::from_value;

    /// A server on which somebody else writes before each of the first `busy` writes of ours; from then on there are
    /// `replicas`. How the write of 3 to 6 ends, and how often it was tried.
    async fn outcome(busy: u32, replicas: u32) -> (Result<Resource, Fault>, u32) {
        let writes = Arc::new(AtomicU32::new(0));
        let answer = {
            let writes = writes.clone();
            move |request: Request<Body>| {
                let writes = writes.clone();
                async move {
                    let before = writes.load(Ordering::SeqCst);
                    let (code, body) = if request.method() == Method::PUT {
                        writes.fetch_add(1, Ordering::SeqCst);
                        if before < busy {
                            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 409,
                                "reason": "Conflict", "message": "the object has been modified"});
                            (409, status)
                        } else {
                            (200, json!({"kind": "Scale", "apiVersion": "autoscaling/v1"}))
                        }
                    } else {
                        let now = if before < busy { 3 } else { replicas };
                        (
                            200,
                            json!({"metadata": {"uid": "u", "resourceVersion": before.to_string()}, "spec": {"replicas": now}}),
                        )
                    };
                    let mut response = Response::new(Body::from(body.to_string().into_bytes()));
                    *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
                    Ok::<_, Infallible>(response)
                }
            }
        };
        let config = json!({"contexts": [{"name": "ctx", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}], "users": [{"name": "u", "user": {}}]});
        let client = kube::Client::new(tower::service_fn(answer), "default");
        let dialer = Arc::new(Ready::new([("ctx".to_owned(), client)]));
        let session = Session::new(from_value(&config).unwrap(), dialer, SessionOptions::default());
        let step = Step::sample(0, "c", Environment::Dev, "web");
        let written = write(&session, &step, false).await;
        (written, writes.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_writes_to_the_object_meanwhile_does_not_stop_a_scale() {
        let (written, tries) = outcome(3, 3).await;
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(tries, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sets_the_replicas_meanwhile_does() {
        let (written, tries) = outcome(1, 4).await;
        assert!(written.unwrap_err().to_string().contains("expected 3 replicas, found 4"));
        assert_eq!(tries, 1);
        // And it does not try for ever.
        let (written, tries) = outcome(1_000, 3).await;
        assert!(written.unwrap_err().to_string().contains("has been modified"));
        assert_eq!(tries, SCALE_TRIES);
    }
}
