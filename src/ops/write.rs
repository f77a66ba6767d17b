//! The write of one step: what is sent to the server, by the verb, each pinned to what was on screen.
//!
//! Called by `run`, which means it, and by `preflight`, which only asks.

use serde_json::{Value, json};

use crate::domain::kind::Kind;
use crate::domain::plan::{Step, StepAction};
use crate::source::api::{self, ApplyOptions, Resource};
use crate::source::fault::{Fault, FaultClass};

use super::restart::RESTARTED_AT;
use super::session::Session;

/// Writes one step, or asks the server what it would say to that; returns where its object is.
pub(super) async fn write(session: &Session, step: &Step, dry_run: bool) -> Result<Resource, Fault> {
    let client = session.client(step.cluster.id).await?;
    let what = match Kind::of_manifest(&step.kind, &step.api_version).map(Resource::from) {
        Some(known) if known.api_version() == step.api_version => known,
        _ => api::discover(&client, &step.api_version, &step.kind).await?,
    };
    let (ns, name) = (step.namespace.as_str(), step.name.as_str());
    let written = match &step.action {
        StepAction::Apply { object, force } => {
            let options = ApplyOptions { dry_run, force: *force };
            api::apply(&client, &what, ns, name, &pinned(object, &step.uid), options).await
        }
        StepAction::Scale { from, to } => {
            let mut scale = api::get_scale(&client, &what, ns, name).await?;
            let uid = scale.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or("");
            if !step.uid.is_empty() && !uid.is_empty() && uid != step.uid {
                return Err(Fault::new(
                    FaultClass::Conflict,
                    "it is another object by now: the one that was planned for was deleted; plan again",
                ));
            }
            let now = scale.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(0);
            if now != u64::from(*from) {
                return Err(Fault::new(
                    FaultClass::Conflict,
                    &format!("expected {from} replicas, found {now}: plan again"),
                ));
            }
            if let Some(spec) = scale.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert("replicas".to_owned(), json!(to));
            } else if let Some(scale) = scale.as_object_mut() {
                scale.insert("spec".to_owned(), json!({"replicas": to}));
            }
            api::put_scale(&client, &what, ns, name, &scale, dry_run).await
        }
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
        session.heed(step.cluster.id, fault).await;
    }
    written?;
    Ok(what)
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
