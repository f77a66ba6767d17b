//! Looking at one object: as YAML, or described for people with its events. What matters of a kind stands in the file of
//! that kind.

mod node;
mod pod;
mod used_by;
mod workload;

pub use used_by::{USED, used_by};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
use crate::domain::diff::{self, to_yaml};
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::fleet::cluster::ClusterInfo;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::discovery;
use crate::source::fault::{Fault, FaultClass};

use super::session::Session;

async fn fetch(session: &Session, key: &ObjectKey) -> Result<Value, Fault> {
    let client = session.client(key.cluster).await?;
    let found = async {
        let what = discovery::resource(&client, key.kind).await?;
        api::get(&client, &what, &key.namespace, &key.name).await
    };
    let found = found.await;
    if let Err(fault) = &found {
        session.heed(key.cluster, fault);
    }
    found?.ok_or_else(|| Fault::new(FaultClass::NotFound, &format!("{} is gone", key.target())))
}

/// The object as YAML, without managedFields; values of Secrets are masked unless asked for.
pub async fn yaml(session: &Session, key: &ObjectKey, show_secrets: bool) -> Result<String, Fault> {
    Ok(as_yaml(fetch(session, key).await?, show_secrets))
}

/// A secret as YAML, with its values in plain text: what is no text is said by its length.
pub async fn decoded(session: &Session, key: &ObjectKey) -> Result<String, Fault> {
    let mut object = fetch(session, key).await?;
    for value in
        object.get_mut("data").and_then(Value::as_object_mut).into_iter().flat_map(|m| m.values_mut())
    {
        let bytes = value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
        if let Some(bytes) = bytes {
            *value = match String::from_utf8(bytes) {
                Ok(text) => Value::from(text),
                Err(error) => Value::from(format!("({} bytes, no text)", error.as_bytes().len())),
            };
        }
    }
    Ok(as_yaml(object, true))
}

/// An object that was fetched as [`yaml`] shows it.
pub fn as_yaml(mut object: Value, show_secrets: bool) -> String {
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    if !show_secrets {
        object = diff::masked_alone(&object);
    }
    to_yaml(&object)
}

/// The object for people: where it is (`info` is its cluster, as it is known by now), what matters of its kind, and what happened to it.
pub async fn describe(session: &Session, info: &ClusterInfo, key: &ObjectKey) -> Result<String, Fault> {
    let object = fetch(session, key).await?;
    let now = session.clock.now();
    let mut out = String::new();
    line(&mut out, "Cluster", &info.place.path());
    line(&mut out, "Context", &format!("{}   as {}", info.context, info.user));
    line(&mut out, "Name", text(&object, "/metadata/name"));
    if !key.namespace.is_empty() {
        line(&mut out, "Namespace", &key.namespace);
    }
    line(&mut out, "Kind", key.kind.info().name);
    if let Some(created) = time(&object, "/metadata/creationTimestamp") {
        line(&mut out, "Created", &format!("{created} ({} ago)", age::show(created, now)));
    }
    if let Some(deleted) = time(&object, "/metadata/deletionTimestamp") {
        line(&mut out, "Deleting", &format!("since {deleted}"));
    }
    map(&mut out, "Labels", object.pointer("/metadata/labels"));
    annotations(&mut out, &object);
    for owner in list(&object, "/metadata/ownerReferences") {
        line(&mut out, "Controlled by", &format!("{}/{}", text(owner, "/kind"), text(owner, "/name")));
    }
    match key.kind {
        Kind::Pod => pod::describe(&mut out, &object, now),
        Kind::Node => node::describe(&mut out, &object),
        k if k.is_workload() || k == Kind::ReplicaSet => workload::describe(&mut out, k, &object),
        Kind::Secret => {
            let _ = writeln!(out, "\n{}", to_yaml(&diff::masked_alone(&object)));
        }
        _ => {
            let shown = diff::normalise(&object);
            let rest: serde_json::Map<String, Value> = shown
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(k, _)| !matches!(k.as_str(), "metadata" | "kind" | "apiVersion"))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            let _ = writeln!(out, "\n{}", to_yaml(&Value::Object(rest)));
            if let Some(status) = object.get("status") {
                let _ = writeln!(out, "Status:\n{}", indent(&to_yaml(status)));
            }
        }
    }
    conditions(&mut out, &object, now);
    match key.kind {
        Kind::Node => node::pods(session, key, &object, now, &mut out).await,
        k if k.is_workload() || k == Kind::ReplicaSet => {
            workload::pods(session, key, &object, now, &mut out).await;
        }
        _ => {}
    }
    events(session, key, &object, now, &mut out).await;
    Ok(out)
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{:<17}{value}", format!("{name}:"));
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    value.pointer(pointer)?.as_str()?.parse().ok()
}

/// A number or text as it is written, `–` when it is not there.
fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(s)) => s.clone(),
        Some(other) => other.to_string(),
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("  {l}\n")).collect()
}

/// The pods these options find, or a line on why they cannot be read.
async fn pods(
    session: &Session,
    key: &ObjectKey,
    options: &ListOptions,
    out: &mut String,
) -> Option<Vec<Value>> {
    let read =
        async { api::list(&session.client(key.cluster).await?, &Resource::from(Kind::Pod), options).await };
    match read.await {
        Ok(pods) => Some(pods),
        Err(fault) => {
            let _ = writeln!(out, "\nPods:\n  cannot be read: {fault}");
            None
        }
    }
}

/// Rows in aligned columns, the first their titles.
fn cells<const N: usize>(out: &mut String, rows: &[[String; N]]) {
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let padded: Vec<String> = row.iter().zip(widths).map(|(c, w)| format!("{c:<w$}")).collect();
        let _ = writeln!(out, "  {}", padded.join("  ").trim_end());
    }
}

fn map(out: &mut String, name: &str, value: Option<&Value>) {
    let Some(entries) = value.and_then(Value::as_object).filter(|m| !m.is_empty()) else { return };
    for (n, (k, v)) in entries.iter().enumerate() {
        let entry = format!("{k}={}", plain(Some(v)));
        if n == 0 {
            line(out, name, &entry);
        } else {
            let _ = writeln!(out, "{:17}{entry}", "");
        }
    }
}

/// Annotations, without what tools leave behind for themselves.
fn annotations(out: &mut String, object: &Value) {
    let kept: serde_json::Map<String, Value> = object
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(k, _)| *k != "kubectl.kubernetes.io/last-applied-configuration")
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    map(out, "Annotations", Some(&Value::Object(kept)));
}

fn conditions(out: &mut String, object: &Value, now: Timestamp) {
    let conditions = list(object, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nConditions:");
    for c in conditions {
        let since = time(c, "/lastTransitionTime").map_or_else(String::new, |t| age::show(t, now));
        let _ = writeln!(
            out,
            "  {:<26} {:<8} {since:<6} {}  {}",
            text(c, "/type"),
            text(c, "/status"),
            text(c, "/reason"),
            text(c, "/message")
        );
    }
}

async fn events(session: &Session, key: &ObjectKey, object: &Value, now: Timestamp, out: &mut String) {
    let Ok(client) = session.client(key.cluster).await else { return };
    let uid = text(object, "/metadata/uid");
    let options = ListOptions {
        namespace: (!key.namespace.is_empty()).then(|| key.namespace.to_string()),
        labels: None,
        // Kubelets write a node's name in the place of its uid.
        fields: Some(if key.kind == Kind::Node {
            format!("involvedObject.kind=Node,involvedObject.name={}", key.name)
        } else {
            format!("involvedObject.name={},involvedObject.uid={uid}", key.name)
        }),
    };
    let _ = writeln!(out, "\nEvents:");
    match api::list(&client, &Resource::from(Kind::Event), &options).await {
        Err(fault) => {
            let _ = writeln!(out, "  cannot be read: {fault}");
        }
        Ok(events) if events.is_empty() => {
            let _ = writeln!(out, "  none (the server keeps them for an hour)");
        }
        Ok(mut events) => {
            let at = |e: &Value| {
                time(e, "/series/lastObservedTime")
                    .or_else(|| time(e, "/lastTimestamp"))
                    .or_else(|| time(e, "/eventTime"))
                    .or_else(|| time(e, "/metadata/creationTimestamp"))
            };
            events.sort_by_key(at);
            for e in &events {
                let when = at(e).map_or_else(String::new, |t| age::show(t, now));
                let times = e
                    .get("count")
                    .and_then(Value::as_u64)
                    .filter(|n| *n > 1)
                    .map_or_else(String::new, |n| format!(" x{n}"));
                let _ = writeln!(
                    out,
                    "  {when:>6}{times:<6} {:<8} {:<20} {}",
                    text(e, "/type"),
                    text(e, "/reason"),
                    text(e, "/message").trim()
                );
            }
        }
    }
}
