//! A pod described: where it runs and as what, each container with its state and the one before, its volumes and where it
//! may run. What all pods of a workload share is described from its template.

use jiff::Timestamp;
use serde_json::Value;

use super::container::{self, containers};
use super::json::{ago, at, count, list, pairs, selects, text, words};
use super::page::Page;
use super::volumes::volumes;

/// What matters of a pod.
pub(super) fn describe(page: &mut Page, object: &Value, now: Timestamp) {
    page.known("Priority", at(object, "/spec/priority"));
    page.known("Priority Class Name", text(object, "/spec/priorityClassName"));
    page.known("Runtime Class Name", text(object, "/spec/runtimeClassName"));
    page.known("Service Account", text(object, "/spec/serviceAccountName"));
    let host = text(object, "/status/hostIP");
    let slash = if host.is_empty() { "" } else { "/" };
    page.field("Node", format!("{}{slash}{host}", text(object, "/spec/nodeName")));
    page.known("Start Time", ago(object, "/status/startTime", now));
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        let grace = count(object, "/metadata/deletionGracePeriodSeconds");
        page.field("Status", format!("Terminating ({})", text(object, "/status/phase")));
        page.field("Termination Grace Period", format!("{grace}s"));
    } else {
        page.field("Status", text(object, "/status/phase"));
    }
    page.known("Reason", text(object, "/status/reason"));
    page.known("Message", text(object, "/status/message"));
    container::seccomp(page, object.get("spec").unwrap_or(&Value::Null));
    page.field("IP", text(object, "/status/podIP"));
    let ips: Vec<&str> = list(object, "/status/podIPs").iter().map(|ip| text(ip, "/ip")).collect();
    page.known("IPs", ips.join(", "));
    page.known("Nominated Node", text(object, "/status/nominatedNodeName"));
    page.field("QoS Class", text(object, "/status/qosClass"));
    page.block("Resources", |page| container::resources(page, object.pointer("/spec/resources")));
    let spec = object.get("spec").unwrap_or(&Value::Null);
    containers(page, spec, Some(object), now);
    page.block("Readiness Gates", |page| {
        for gate in list(spec, "/readinessGates") {
            let name = text(gate, "/conditionType");
            let found = list(object, "/status/conditions").iter().find(|c| text(c, "/type") == name);
            page.field(name, found.map_or("", |c| text(c, "/status")));
        }
    });
    volumes(page, spec);
    page.block("Scheduling", |page| placed(page, spec));
}

/// The pods that a workload makes.
pub(super) fn template(page: &mut Page, template: &Value) {
    let spec = template.get("spec").unwrap_or(&Value::Null);
    page.block("Pod Template", |page| {
        page.lines("Labels", pairs(template, "/metadata/labels"));
        page.lines("Annotations", pairs(template, "/metadata/annotations"));
        page.known("Service Account", text(spec, "/serviceAccountName"));
        page.known("Priority Class Name", text(spec, "/priorityClassName"));
        placed(page, spec);
        containers(page, spec, None, Timestamp::UNIX_EPOCH);
        volumes(page, spec);
    });
}

/// Where a pod may run.
fn placed(page: &mut Page, spec: &Value) {
    page.lines("Node Selectors", pairs(spec, "/nodeSelector"));
    page.lines("Tolerations", list(spec, "/tolerations").iter().map(toleration).collect());
    page.lines(
        "Topology Spread Constraints",
        list(spec, "/topologySpreadConstraints").iter().map(spread).collect(),
    );
    let affine = ["nodeAffinity", "podAffinity", "podAntiAffinity"]
        .iter()
        .filter(|a| spec.pointer(&format!("/affinity/{a}")).is_some())
        .copied();
    // All its terms are in the YAML.
    page.known("Affinity", affine.collect::<Vec<_>>().join(", "));
    page.known("Image Pull Secrets", words_of_names(spec, "/imagePullSecrets"));
}

/// The names of references.
pub(super) fn words_of_names(object: &Value, pointer: &str) -> String {
    list(object, pointer).iter().map(|s| text(s, "/name")).collect::<Vec<_>>().join(", ")
}

fn toleration(t: &Value) -> String {
    let mut out = text(t, "/key").to_owned();
    for (sign, pointer) in [("=", "/value"), (":", "/effect")] {
        let word = text(t, pointer);
        if !word.is_empty() {
            out.push_str(sign);
            out.push_str(word);
        }
    }
    if text(t, "/operator") == "Exists" && text(t, "/value").is_empty() {
        out.push_str(" op=Exists");
    }
    if t.get("tolerationSeconds").is_some() {
        out.push_str(&format!(" for {}s", at(t, "/tolerationSeconds")));
    }
    out.trim_start().to_owned()
}

fn spread(t: &Value) -> String {
    let mut out = format!(
        "{}:{} when max skew {} is exceeded",
        text(t, "/topologyKey"),
        text(t, "/whenUnsatisfiable"),
        at(t, "/maxSkew")
    );
    if t.get("labelSelector").is_some() {
        out.push_str(&format!(" for selector {}", selects(t.get("labelSelector"))));
    }
    let keys = words(t, "/matchLabelKeys");
    if !keys.is_empty() {
        out.push_str(&format!(" and the same {keys}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tolerations_as_kubectl_writes_them() {
        for (t, text) in [
            (json!({"key": "a", "value": "b", "effect": "NoSchedule"}), "a=b:NoSchedule"),
            (json!({"operator": "Exists"}), "op=Exists"),
            (
                json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
                "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
            ),
        ] {
            assert_eq!(toleration(&t), text);
        }
    }
}
