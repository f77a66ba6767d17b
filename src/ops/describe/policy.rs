//! Network policies and disruption budgets described.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, at, count, list, selects, text, words};
use super::page::Page;

/// A network policy in words: whom it is for, what may come in and what may go out.
pub(super) fn network_policy(page: &mut Page, object: &Value) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    page.field(
        "Pod Selector",
        match selects(spec.get("podSelector")).as_str() {
            "none" => "none (all pods of this namespace)".to_owned(),
            text => text.to_owned(),
        },
    );
    page.field("Policy Types", words(spec, "/policyTypes"));
    let types: Vec<&str> = list(spec, "/policyTypes").iter().filter_map(Value::as_str).collect();
    for (direction, pointer, peers, word) in
        [("Ingress", "/ingress", "/from", "From"), ("Egress", "/egress", "/to", "To")]
    {
        if !types.contains(&direction) {
            page.field(direction, "not affected by this policy");
            continue;
        }
        let rules = list(spec, pointer);
        if rules.is_empty() {
            page.field(direction, "nothing is allowed (the selected pods are isolated)");
        }
        page.block(&format!("Allowed {direction}"), |page| {
            for (n, rule) in rules.iter().enumerate() {
                page.block(&format!("Rule {}", n + 1), |page| {
                    page.lines("To Port", or_any(list(rule, "/ports"), port, "any"));
                    page.lines(word, or_any(list(rule, peers), peer, "anywhere"));
                });
            }
        });
    }
}

fn or_any(items: &[Value], show: fn(&Value) -> String, any: &str) -> Vec<String> {
    if items.is_empty() { vec![any.to_owned()] } else { items.iter().map(show).collect() }
}

fn port(p: &Value) -> String {
    let protocol = Some(text(p, "/protocol")).filter(|p| !p.is_empty()).unwrap_or("TCP");
    let end = match at(p, "/endPort").as_str() {
        "" => String::new(),
        end => format!("-{end}"),
    };
    let port = at(p, "/port");
    format!("{}{end}/{protocol}", if port.is_empty() { "any" } else { &port })
}

fn peer(p: &Value) -> String {
    if let Some(block) = p.get("ipBlock") {
        let except = words(block, "/except");
        let except = if except.is_empty() { String::new() } else { format!(" except {except}") };
        return format!("CIDR {}{except}", text(block, "/cidr"));
    }
    let all = |found: Option<&Value>| selects(found).replace("none", "all");
    match (p.get("namespaceSelector"), p.get("podSelector")) {
        (Some(ns), Some(pods)) => format!("pods {} in namespaces {}", all(Some(pods)), all(Some(ns))),
        (Some(ns), None) => format!("all pods in namespaces {}", all(Some(ns))),
        (None, pods) => format!("pods {} of this namespace", all(pods)),
    }
}

/// A disruption budget.
pub(super) fn budget(page: &mut Page, object: &Value, now: Timestamp) {
    page.known("Min Available", at(object, "/spec/minAvailable"));
    page.known("Max Unavailable", at(object, "/spec/maxUnavailable"));
    page.field("Selector", selects(object.pointer("/spec/selector")));
    page.known("Unhealthy Pod Eviction", text(object, "/spec/unhealthyPodEvictionPolicy"));
    page.block("Status", |page| {
        for (name, field) in [
            ("Allowed Disruptions", "disruptionsAllowed"),
            ("Current", "currentHealthy"),
            ("Desired", "desiredHealthy"),
            ("Total", "expectedPods"),
        ] {
            page.field(name, count(object, &format!("/status/{field}")).to_string());
        }
        let disrupted = object.pointer("/status/disruptedPods").and_then(Value::as_object);
        page.lines(
            "Disrupted Pods",
            disrupted
                .into_iter()
                .flatten()
                .map(|(pod, _)| {
                    format!("{pod} {}", ago(object, &format!("/status/disruptedPods/{pod}"), now))
                })
                .collect(),
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn peers_and_ports_in_words() {
        for (p, text) in [
            (
                json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}),
                "CIDR 10.0.0.0/8 except 10.1.0.0/16",
            ),
            (
                json!({"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {}}),
                "pods all in namespaces team=a",
            ),
            (json!({"namespaceSelector": {}}), "all pods in namespaces all"),
            (json!({"podSelector": {"matchLabels": {"app": "web"}}}), "pods app=web of this namespace"),
        ] {
            assert_eq!(peer(&p), text);
        }
        assert_eq!(port(&json!({"port": 80, "endPort": 90, "protocol": "UDP"})), "80-90/UDP");
        assert_eq!(port(&json!({})), "any/TCP");
    }
}
