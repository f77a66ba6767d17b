//! Columns of `ReplicaSet` and `HorizontalPodAutoscaler`.
//!
//! Never: the workloads with rows of their own. Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{cell, condition, int, joined, list, number, scalar, text};
use super::{Column, View};
use crate::domain::health::Health;
use crate::domain::text::SafeText;

pub(super) const REPLICA_SET: View = View {
    columns: &[
        Column::number("DESIRED"),
        Column::number("CURRENT"),
        Column::number("READY"),
        Column::text("OWNER"),
        Column::wide("IMAGES"),
    ],
    cells: replica_set,
    health: replica_set_health,
};

fn replica_set(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let images = list(o, "/spec/template/spec/containers").map(|c| text(c, "/image").to_owned());
    vec![
        SafeText::from(desired(o).to_string()),
        number(o, "/status/replicas"),
        number(o, "/status/readyReplicas"),
        cell(o, "/metadata/ownerReferences/0/name"),
        joined(images, usize::MAX),
    ]
}

fn desired(o: &Value) -> i64 {
    o.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn replica_set_health(o: &Value) -> Health {
    let (wanted, ready) = (desired(o), int(o, "/status/readyReplicas"));
    if condition(o, "ReplicaFailure", "True") || (wanted > 0 && ready == 0) {
        Health::Down
    } else if ready < wanted {
        Health::Degraded
    } else {
        Health::Ok
    }
}

pub(super) const AUTOSCALER: View = View {
    columns: &[
        Column::text("REFERENCE"),
        Column::text("TARGETS"),
        Column::number("MIN"),
        Column::number("MAX"),
        Column::number("REPLICAS"),
    ],
    cells: autoscaler,
    health: autoscaler_health,
};

fn autoscaler(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let (kind, name) = (text(o, "/spec/scaleTargetRef/kind"), text(o, "/spec/scaleTargetRef/name"));
    let min = o.pointer("/spec/minReplicas").and_then(Value::as_i64).unwrap_or(1);
    vec![
        SafeText::from(if name.is_empty() { String::new() } else { format!("{kind}/{name}") }),
        joined(targets(o).into_iter(), 2),
        SafeText::from(min.to_string()),
        cell(o, "/spec/maxReplicas"),
        number(o, "/status/currentReplicas"),
    ]
}

/// `cpu: 45%/80%` for each metric; `?` where the value is not known.
fn targets(o: &Value) -> Vec<String> {
    list(o, "/spec/metrics").map(|metric| target(o, metric)).collect()
}

fn target(o: &Value, metric: &Value) -> String {
    // The source stands under a key of its type's name: `resource`, `pods`, `containerResource` …
    let kind = text(metric, "/type");
    let mut letters = kind.chars();
    let key: String = letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect();
    let Some(source) = metric.get(&key) else { return String::new() };
    let name = name_of(source);
    let wanted = value(source.get("target"));
    let current = list(o, "/status/currentMetrics")
        .filter(|m| text(m, "/type") == kind)
        .filter_map(|m| m.get(&key))
        .find(|s| name_of(s) == name)
        .map_or_else(String::new, |s| value(s.get("current")));
    let current = if current.is_empty() { "?" } else { current.as_str() };
    format!("{name}: {current}/{wanted}")
}

fn name_of(source: &Value) -> &str {
    match text(source, "/name") {
        "" => text(source, "/metric/name"),
        name => name,
    }
}

fn value(v: Option<&Value>) -> String {
    let Some(v) = v else { return String::new() };
    match v.get("averageUtilization").and_then(Value::as_i64) {
        Some(percent) => format!("{percent}%"),
        None => ["averageValue", "value"].iter().find_map(|k| v.get(k)).map(scalar).unwrap_or_default(),
    }
}

/// At its maximum, or blind. `ScalingDisabled` is what scaling to zero does, on purpose.
fn autoscaler_health(o: &Value) -> Health {
    let blind = list(o, "/status/conditions").any(|c| {
        matches!(text(c, "/type"), "AbleToScale" | "ScalingActive")
            && text(c, "/status") == "False"
            && text(c, "/reason") != "ScalingDisabled"
    });
    let at_max = list(o, "/status/conditions").any(|c| {
        text(c, "/type") == "ScalingLimited"
            && text(c, "/status") == "True"
            && text(c, "/reason") == "TooManyReplicas"
    });
    if blind || at_max { Health::Degraded } else { Health::Ok }
}
