//! Looking at one object: as YAML, or described for people with its events.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
use crate::domain::diff::{self, to_yaml};
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::fault::{Fault, FaultClass};

use super::session::Session;

async fn fetch(session: &Session, key: &ObjectKey) -> Result<Value, Fault> {
    let client = session.client(key.cluster).await?;
    let found = api::get(&client, &Resource::from(key.kind), &key.namespace, &key.name).await;
    if let Err(fault) = &found {
        session.heed(key.cluster, fault).await;
    }
    found?.ok_or_else(|| Fault::new(FaultClass::NotFound, &format!("{} is gone", key.target())))
}

/// The object as YAML, without managedFields; values of Secrets are masked unless asked for.
pub async fn yaml(session: &Session, key: &ObjectKey, show_secrets: bool) -> Result<String, Fault> {
    Ok(as_yaml(fetch(session, key).await?, show_secrets))
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

/// The object for people: where it is, what matters of its kind, and what happened to it.
pub async fn describe(session: &Session, key: &ObjectKey) -> Result<String, Fault> {
    let object = fetch(session, key).await?;
    let now = session.clock.now();
    let mut out = String::new();
    if let Some(info) = session.info(key.cluster) {
        line(&mut out, "Cluster", &info.place.path());
        line(&mut out, "Context", &format!("{}   as {}", info.context, info.user));
    }
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
        Kind::Pod => pod(&mut out, &object, now),
        Kind::Node => node(&mut out, &object),
        k if k.is_workload() || k == Kind::ReplicaSet => workload(&mut out, &object),
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
    events(session, key, &object, now, &mut out).await;
    Ok(out)
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{:<15}{value}", format!("{name}:"));
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

fn map(out: &mut String, name: &str, value: Option<&Value>) {
    let Some(entries) = value.and_then(Value::as_object).filter(|m| !m.is_empty()) else { return };
    for (n, (k, v)) in entries.iter().enumerate() {
        let entry = format!("{k}={}", plain(Some(v)));
        if n == 0 {
            line(out, name, &entry);
        } else {
            let _ = writeln!(out, "{:15}{entry}", "");
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

fn pod(out: &mut String, object: &Value, now: Timestamp) {
    line(out, "Node", text(object, "/spec/nodeName"));
    line(out, "Status", text(object, "/status/phase"));
    if !text(object, "/status/reason").is_empty() {
        line(
            out,
            "Reason",
            &format!("{}: {}", text(object, "/status/reason"), text(object, "/status/message")),
        );
    }
    line(out, "IP", text(object, "/status/podIP"));
    line(out, "QoS class", text(object, "/status/qosClass"));
    line(out, "Service account", text(object, "/spec/serviceAccountName"));
    for (title, spec, status) in [
        ("Init containers", "/spec/initContainers", "/status/initContainerStatuses"),
        ("Containers", "/spec/containers", "/status/containerStatuses"),
    ] {
        let containers = list(object, spec);
        if containers.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}:");
        for c in containers {
            let name = text(c, "/name");
            let status = list(object, status).iter().find(|s| text(s, "/name") == name);
            container(out, c, status, now);
        }
    }
}

fn container(out: &mut String, c: &Value, status: Option<&Value>, now: Timestamp) {
    let _ = writeln!(out, "  {}:", text(c, "/name"));
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "    {:<13}{value}", format!("{name}:"));
    };
    put("Image", text(c, "/image"));
    for (name, pointer) in [("Command", "/command"), ("Args", "/args")] {
        let words: Vec<&str> = list(c, pointer).iter().filter_map(Value::as_str).collect();
        if !words.is_empty() {
            put(name, &words.join(" "));
        }
    }
    if let Some(status) = status {
        put("State", &state(status.get("state"), now));
        if status.get("lastState").and_then(Value::as_object).is_some_and(|s| !s.is_empty()) {
            put("Last state", &state(status.get("lastState"), now));
        }
        put("Ready", &plain(status.get("ready")));
        put("Restarts", &plain(status.get("restartCount")));
    }
    for (name, pointer) in [("Requests", "/resources/requests"), ("Limits", "/resources/limits")] {
        if let Some(amounts) = c.pointer(pointer).and_then(Value::as_object) {
            let words: Vec<String> = amounts.iter().map(|(k, v)| format!("{k} {}", plain(Some(v)))).collect();
            put(name, &words.join(", "));
        }
    }
    let ports: Vec<String> = list(c, "/ports").iter().map(|p| plain(p.get("containerPort"))).collect();
    if !ports.is_empty() {
        put("Ports", &ports.join(", "));
    }
    // Values of variables can be secrets: names alone.
    let env: Vec<&str> = list(c, "/env").iter().map(|e| text(e, "/name")).collect();
    if !env.is_empty() {
        put("Environment", &env.join(", "));
    }
}

fn state(state: Option<&Value>, now: Timestamp) -> String {
    let Some(state) = state else { return "–".to_owned() };
    let ago =
        |v: &Value, p: &str| time(v, p).map_or_else(String::new, |t| format!(" {} ago", age::show(t, now)));
    if let Some(w) = state.get("waiting") {
        let message = text(w, "/message");
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!("waiting, {}{message}", text(w, "/reason"))
    } else if let Some(r) = state.get("running") {
        format!("running, started{}", ago(r, "/startedAt"))
    } else if let Some(t) = state.get("terminated") {
        let message = text(t, "/message");
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!(
            "ended, {} (exit {}){}{message}",
            text(t, "/reason"),
            plain(t.get("exitCode")),
            ago(t, "/finishedAt")
        )
    } else {
        "–".to_owned()
    }
}

fn workload(out: &mut String, object: &Value) {
    let spec = |p: &str| plain(object.pointer(p));
    for (name, pointer) in [
        ("Replicas", "/spec/replicas"),
        ("Schedule", "/spec/schedule"),
        ("Suspended", "/spec/suspend"),
        ("Completions", "/spec/completions"),
        ("Strategy", "/spec/strategy/type"),
        ("Ready", "/status/readyReplicas"),
        ("Updated", "/status/updatedReplicas"),
        ("Available", "/status/availableReplicas"),
        ("Succeeded", "/status/succeeded"),
        ("Failed", "/status/failed"),
    ] {
        if object.pointer(pointer).is_some() {
            line(out, name, &spec(pointer));
        }
    }
    map(out, "Selector", object.pointer("/spec/selector/matchLabels"));
    let template = ["/spec/template", "/spec/jobTemplate/spec/template"]
        .iter()
        .find_map(|p| object.pointer(p))
        .unwrap_or(&Value::Null);
    let _ = writeln!(out, "\nContainers:");
    for c in list(template, "/spec/initContainers").iter().chain(list(template, "/spec/containers")) {
        container(out, c, None, Timestamp::UNIX_EPOCH);
    }
}

fn node(out: &mut String, object: &Value) {
    line(out, "Provider", text(object, "/spec/providerID"));
    line(out, "Unschedulable", &plain(object.pointer("/spec/unschedulable")));
    for t in list(object, "/spec/taints") {
        line(out, "Taint", &format!("{}={}:{}", text(t, "/key"), text(t, "/value"), text(t, "/effect")));
    }
    for a in list(object, "/status/addresses") {
        line(out, "Address", &format!("{} {}", text(a, "/type"), text(a, "/address")));
    }
    map(out, "Capacity", object.pointer("/status/capacity"));
    map(out, "Allocatable", object.pointer("/status/allocatable"));
    map(out, "System", object.pointer("/status/nodeInfo"));
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
        fields: Some(format!("involvedObject.name={},involvedObject.uid={uid}", key.name)),
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
