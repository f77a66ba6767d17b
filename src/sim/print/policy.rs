//! Rows of what limits and grants: autoscalers, budgets, quotas, priorities, network policies, bindings.
//! Called by `print`.

use serde_json::{Value, json};

use super::Printer;
use super::cells::{age, int, name, scalar, selector};
use crate::sim::json as j;

pub(super) const AUTOSCALER: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Reference", "string", 0),
        ("Targets", "string", 0),
        ("MinPods", "string", 0),
        ("MaxPods", "string", 0),
        ("Replicas", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let target = j::at(v, "spec.scaleTargetRef");
        vec![
            name(v),
            json!(format!("{}/{}", j::text(target, "kind"), j::text(target, "name"))),
            json!(targets(v)),
            json!(scalar(j::at(v, "spec.minReplicas"), "<unset>")),
            int(v, "spec.maxReplicas"),
            int(v, "status.currentReplicas"),
            age(v, now),
        ]
    },
};

fn targets(v: &Value) -> String {
    let metrics = j::list(v, "spec.metrics");
    if metrics.is_empty() {
        return "<none>".into();
    }
    let all: Vec<String> = metrics.iter().map(|m| metric(v, m)).collect();
    match all.len() {
        n if n > 2 => {
            format!("{} + {} more...", all.iter().take(2).cloned().collect::<Vec<_>>().join(", "), n - 2)
        }
        _ => all.join(", "),
    }
}

fn metric(v: &Value, metric: &Value) -> String {
    let kind = j::text(metric, "type");
    let mut letters = kind.chars();
    let key: String = letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect();
    let source = j::at(metric, &key);
    let named = |source: &Value| {
        let own = j::text(source, "name");
        if own.is_empty() { j::text(source, "metric.name").to_string() } else { own.to_string() }
    };
    let name = named(source);
    let amount = |part: &Value| match j::int(part, "averageUtilization") {
        Some(percent) => Some(format!("{percent}%")),
        None => ["averageValue", "value"].iter().find_map(|f| part.get(*f)).map(|x| scalar(x, "")),
    };
    let have = j::list(v, "status.currentMetrics")
        .iter()
        .filter(|m| j::text(m, "type") == kind)
        .map(|m| j::at(m, &key))
        .find(|s| named(s) == name)
        .and_then(|s| amount(j::at(s, "current")))
        .unwrap_or_else(|| "<unknown>".into());
    let wanted = amount(j::at(source, "target")).unwrap_or_else(|| "<auto>".into());
    if kind == "Resource" || kind == "ContainerResource" {
        format!("{name}: {have}/{wanted}")
    } else {
        format!("{have}/{wanted}")
    }
}

pub(super) const BUDGET: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Min Available", "string", 0),
        ("Max Unavailable", "string", 0),
        ("Allowed Disruptions", "integer", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        vec![
            name(v),
            json!(scalar(j::at(v, "spec.minAvailable"), "N/A")),
            json!(scalar(j::at(v, "spec.maxUnavailable"), "N/A")),
            int(v, "status.disruptionsAllowed"),
            age(v, now),
        ]
    },
};

pub(super) const QUOTA: Printer = Printer {
    columns: &[("Name", "string", 0), ("Request", "string", 0), ("Limit", "string", 0), ("Age", "string", 0)],
    cells: |v, now| {
        let part = |limits: bool| {
            let hard = j::pairs(j::at(v, "status.hard"));
            let parts: Vec<String> = hard
                .filter(|(name, _)| name.starts_with("limits") == limits)
                .map(|(name, hard)| {
                    let used =
                        j::at(v, "status.used").get(name).map_or_else(|| "0".into(), |u| scalar(u, "0"));
                    format!("{name}: {used}/{hard}")
                })
                .collect();
            json!(parts.join(", "))
        };
        vec![name(v), part(false), part(true), age(v, now)]
    },
};

pub(super) const PRIORITY: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Value", "integer", 0),
        ("Global-Default", "boolean", 0),
        ("Age", "string", 0),
        ("PreemptionPolicy", "string", 0),
    ],
    cells: |v, now| {
        vec![
            name(v),
            int(v, "value"),
            json!(j::at(v, "globalDefault") == true),
            age(v, now),
            json!(j::text(v, "preemptionPolicy")),
        ]
    },
};

pub(super) const NETWORK: Printer = Printer {
    columns: &[("Name", "string", 0), ("Pod-Selector", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), json!(selector(j::at(v, "spec.podSelector"))), age(v, now)],
};

pub(super) const BINDING: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Role", "string", 0),
        ("Age", "string", 0),
        ("Users", "string", 1),
        ("Groups", "string", 1),
        ("ServiceAccounts", "string", 1),
    ],
    cells: |v, now| {
        let of = |kind: &str| {
            let all: Vec<String> = j::list(v, "subjects")
                .iter()
                .filter(|s| j::text(s, "kind") == kind)
                .map(|s| match j::text(s, "namespace") {
                    "" => j::text(s, "name").to_string(),
                    ns => format!("{ns}/{}", j::text(s, "name")),
                })
                .collect();
            json!(all.join(", "))
        };
        let role = format!("{}/{}", j::text(v, "roleRef.kind"), j::text(v, "roleRef.name"));
        vec![name(v), json!(role), age(v, now), of("User"), of("Group"), of("ServiceAccount")]
    },
};
