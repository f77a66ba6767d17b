//! A workload described: how many pods of it there should be and are, how it rolls, what they are made of, and which
//! they are.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::ops::session::Session;
use crate::source::api::ListOptions;
use crate::source::slim::pod_row;

use super::{cells, line, list, map, plain, pod, text};

/// So many pods are listed.
const PODS_MOST: usize = 50;

/// What matters of a workload.
pub(super) fn describe(out: &mut String, kind: Kind, object: &Value) {
    let number = |p: &str| object.pointer(p).and_then(Value::as_u64).unwrap_or(0);
    let status = |name: &str| number(&format!("/status/{name}"));
    // Replicas that are not given are one.
    let desired = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let counts = match kind {
        Kind::Deployment => vec![
            (desired, "desired"),
            (status("updatedReplicas"), "updated"),
            (status("replicas"), "total"),
            (status("readyReplicas"), "ready"),
            (status("availableReplicas"), "available"),
            (status("unavailableReplicas"), "unavailable"),
        ],
        Kind::StatefulSet => vec![
            (desired, "desired"),
            (status("updatedReplicas"), "updated"),
            (status("replicas"), "total"),
            (status("readyReplicas"), "ready"),
            (status("availableReplicas"), "available"),
        ],
        Kind::DaemonSet => vec![
            (status("desiredNumberScheduled"), "desired"),
            (status("updatedNumberScheduled"), "updated"),
            (status("currentNumberScheduled"), "total"),
            (status("numberReady"), "ready"),
            (status("numberAvailable"), "available"),
            (status("numberMisscheduled"), "where they should not be"),
        ],
        Kind::Job => vec![
            (status("active"), "active"),
            (status("ready"), "ready"),
            (status("succeeded"), "succeeded"),
            (status("failed"), "failed"),
        ],
        Kind::CronJob => Vec::new(),
        _ => vec![
            (desired, "desired"),
            (status("replicas"), "total"),
            (status("readyReplicas"), "ready"),
            (status("availableReplicas"), "available"),
        ],
    };
    if !counts.is_empty() {
        let words: Vec<String> = counts.iter().map(|(n, what)| format!("{n} {what}")).collect();
        line(out, if kind == Kind::Job { "Pods" } else { "Replicas" }, &words.join(", "));
    }
    for (name, pointer) in [
        ("Paused", "/spec/paused"),
        ("Schedule", "/spec/schedule"),
        ("Time zone", "/spec/timeZone"),
        ("Suspended", "/spec/suspend"),
        ("Concurrency", "/spec/concurrencyPolicy"),
        ("Last schedule", "/status/lastScheduleTime"),
        ("Last success", "/status/lastSuccessfulTime"),
        ("Completions", "/spec/completions"),
        ("Parallelism", "/spec/parallelism"),
        ("Started", "/status/startTime"),
        ("Completed", "/status/completionTime"),
        ("Strategy", "/spec/strategy/type"),
        ("Update", "/spec/updateStrategy/type"),
    ] {
        let Some(value) = object.pointer(pointer) else { continue };
        let mut words = plain(Some(value));
        let rolling =
            pointer.strip_suffix("/type").and_then(|p| object.pointer(&format!("{p}/rollingUpdate")));
        let limits: Vec<String> = [
            ("maxUnavailable", "unavailable at most"),
            ("maxSurge", "surge at most"),
            ("partition", "is the partition"),
        ]
        .iter()
        .filter_map(|(field, what)| Some(format!("{} {what}", plain(Some(rolling?.get(*field)?)))))
        .collect();
        if !limits.is_empty() {
            words.push_str(&format!(" ({})", limits.join(", ")));
        }
        line(out, name, &words);
    }
    let active: Vec<&str> = list(object, "/status/active").iter().map(|j| text(j, "/name")).collect();
    if !active.is_empty() {
        line(out, "Active jobs", &active.join(", "));
    }
    map(out, "Selector", object.pointer("/spec/selector/matchLabels"));
    let template = ["/spec/template", "/spec/jobTemplate/spec/template"]
        .iter()
        .find_map(|p| object.pointer(p))
        .unwrap_or(&Value::Null);
    let _ = writeln!(out, "\nContainers:");
    for c in list(template, "/spec/initContainers").iter().chain(list(template, "/spec/containers")) {
        pod::container(out, c, None, Timestamp::UNIX_EPOCH);
    }
}

/// The pods its selector finds, worst first.
pub(super) async fn pods(
    session: &Session,
    key: &ObjectKey,
    object: &Value,
    now: Timestamp,
    out: &mut String,
) {
    let Some(labels) = selector(object) else { return };
    let options =
        ListOptions { namespace: Some(key.namespace.to_string()), labels: Some(labels), fields: None };
    let Some(pods) = super::pods(session, key, &options, out).await else { return };
    let mut pods: Vec<PodRow> = pods.into_iter().filter_map(pod_row).collect();
    let _ = writeln!(out, "\nPods:");
    if pods.is_empty() {
        let _ = writeln!(out, "  none");
        return;
    }
    pods.sort_by_key(|p| (std::cmp::Reverse(p.health(now)), p.meta.name.clone()));
    let mut rows = vec![["NAME", "READY", "STATUS", "RESTARTS", "NODE", "AGE"].map(str::to_owned)];
    rows.extend(pods.iter().take(PODS_MOST).map(|p| {
        [
            p.meta.name.to_string(),
            format!("{}/{}", p.ready, p.total),
            p.status.to_string(),
            p.restarts.to_string(),
            p.node.to_string(),
            p.meta.created.map_or_else(String::new, |c| age::show(c, now)),
        ]
    }));
    cells(out, &rows);
    if pods.len() > PODS_MOST {
        let _ = writeln!(out, "  and {} more", pods.len() - PODS_MOST);
    }
}

/// A label selector as the server reads it in a request; none when the object has none.
fn selector(object: &Value) -> Option<String> {
    let selector = object.pointer("/spec/selector")?;
    let mut out: Vec<String> = Vec::new();
    for (k, v) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        out.push(format!("{k}={}", v.as_str()?));
    }
    for e in list(selector, "/matchExpressions") {
        let (k, values) = (text(e, "/key"), list(e, "/values"));
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        out.push(match text(e, "/operator") {
            "In" => format!("{k} in ({})", values.join(",")),
            "NotIn" => format!("{k} notin ({})", values.join(",")),
            "Exists" => k.to_owned(),
            "DoesNotExist" => format!("!{k}"),
            _ => return None,
        });
    }
    (!out.is_empty()).then(|| out.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_as_requests_have_them() {
        let object = json!({"spec": {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"},
            {"key": "zone", "operator": "NotIn", "values": ["x"]}, {"key": "x/y", "operator": "Exists"}]}}});
        assert_eq!(selector(&object).as_deref(), Some("app=web,tier in (a,b),!old,zone notin (x),x/y"));
        // Everything in the namespace is not what an empty one means here.
        assert_eq!(selector(&json!({"spec": {"selector": {}}})), None);
        assert_eq!(selector(&json!({"spec": {}})), None);
        assert_eq!(
            selector(&json!({"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "?"}]}}})),
            None
        );
    }
}
