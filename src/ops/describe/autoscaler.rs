//! An autoscaler described: what it looks at, where that is and should be, and how fast it may go.

use serde_json::Value;

use super::json::{at, count, list, text};
use super::page::Page;

/// A HorizontalPodAutoscaler of `autoscaling/v2`.
pub(super) fn describe(page: &mut Page, object: &Value) {
    let target = text(object, "/spec/scaleTargetRef/kind");
    page.field("Reference", format!("{target}/{}", text(object, "/spec/scaleTargetRef/name")));
    page.field("Min Replicas", at(object, "/spec/minReplicas"));
    page.field("Max Replicas", at(object, "/spec/maxReplicas"));
    let (is, should) = (count(object, "/status/currentReplicas"), count(object, "/status/desiredReplicas"));
    page.field(&format!("{target} Pods"), format!("{is} current / {should} desired"));
    page.block("Metrics", |page| {
        let current = list(object, "/status/currentMetrics");
        let rows = list(object, "/spec/metrics").iter().enumerate().map(|(n, metric)| {
            let now = current.get(n).unwrap_or(&Value::Null);
            let (name, is, should) = self::metric(metric, now);
            [name, if is.is_empty() { "<unknown>".to_owned() } else { is }, should]
        });
        page.table(["Metric", "Current", "Target"], rows.collect());
    });
    page.block("Behavior", |page| {
        for (title, pointer) in
            [("Scale Up", "/spec/behavior/scaleUp"), ("Scale Down", "/spec/behavior/scaleDown")]
        {
            let Some(rules) = object.pointer(pointer) else { continue };
            page.block(title, |page| {
                let window = at(rules, "/stabilizationWindowSeconds");
                if !window.is_empty() {
                    page.field("Stabilization Window", format!("{window} seconds"));
                }
                let policies = list(rules, "/policies");
                if !policies.is_empty() {
                    let select =
                        Some(text(rules, "/selectPolicy")).filter(|s| !s.is_empty()).unwrap_or("Max");
                    page.field("Select Policy", select);
                }
                let each = |p: &Value| {
                    format!(
                        "Type: {}  Value: {}  Period: {} seconds",
                        text(p, "/type"),
                        at(p, "/value"),
                        at(p, "/periodSeconds")
                    )
                };
                page.lines("Policies", policies.iter().map(each).collect());
            });
        }
    });
}

/// Its name, the value now and the value it should have.
fn metric(metric: &Value, now: &Value) -> (String, String, String) {
    let kind = text(metric, "/type");
    let field = kind
        .chars()
        .next()
        .map_or_else(String::new, |c| c.to_lowercase().chain(kind.chars().skip(1)).collect());
    let (Some(spec), none) = (metric.get(&field), Value::Null) else {
        return (format!("unknown metric type {kind}"), String::new(), String::new());
    };
    let current = now.get(&field).and_then(|m| m.get("current")).unwrap_or(&none);
    let target = spec.get("target").unwrap_or(&none);
    let (name, plain) =
        (text(spec, "/metric/name"), |pointer: &str| (at(current, pointer), at(target, pointer)));
    let named = match kind {
        "External" => format!("\"{name}\""),
        "Pods" => format!("\"{name}\" on pods"),
        "Object" => {
            format!(
                "\"{name}\" on {}/{}",
                text(spec, "/describedObject/kind"),
                text(spec, "/describedObject/name")
            )
        }
        "ContainerResource" => {
            format!("resource {} of container \"{}\" on pods", text(spec, "/name"), text(spec, "/container"))
        }
        _ => format!("resource {} on pods", text(spec, "/name")),
    };
    if target.get("averageUtilization").is_some() {
        let (is, average) = (at(current, "/averageUtilization"), at(current, "/averageValue"));
        let is = if is.is_empty() { is } else { format!("{is}% ({average})") };
        let should = format!("{}%", at(target, "/averageUtilization"));
        return (format!("{named} (as a percentage of request)"), is, should);
    }
    if target.get("averageValue").is_some() {
        let (is, should) = plain("/averageValue");
        let how = if matches!(kind, "External" | "Object") { " (target average value)" } else { "" };
        return (format!("{named}{how}"), is, should);
    }
    let (is, should) = plain("/value");
    (format!("{named} (target value)"), is, should)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metrics_with_what_is_and_should_be() {
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}});
        let is = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 40, "averageValue": "20m"}}});
        let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            metric(&cpu, &is),
            row("resource cpu on pods (as a percentage of request)", "40% (20m)", "80%")
        );
        assert_eq!(metric(&cpu, &Value::Null).1, "");
        let queue = json!({"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}}});
        assert_eq!(metric(&queue, &Value::Null), row("\"queue\" (target value)", "", "30"));
        assert_eq!(metric(&json!({"type": "New"}), &Value::Null).0, "unknown metric type New");
    }
}
