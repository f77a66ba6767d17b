//! A node described: the machine, what is allocated on it, and the pods that run there.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
use crate::domain::id::ObjectKey;
use crate::domain::pod::PodRow;
use crate::domain::quantity::{self, show_bytes, show_cpu};
use crate::domain::resources::Amount;
use crate::ops::session::Session;
use crate::source::api::ListOptions;
use crate::source::slim::pod_row;

use super::{cells, line, list, map, text};

/// What matters of a node.
pub(super) fn describe(out: &mut String, object: &Value) {
    line(out, "Provider", text(object, "/spec/providerID"));
    let cordoned = object.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
    line(out, "Unschedulable", if cordoned { "true (cordoned)" } else { "false" });
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

/// What its pods take of it, and which they are: those that have ended take nothing and are left out, as kubectl does.
pub(super) async fn pods(
    session: &Session,
    key: &ObjectKey,
    object: &Value,
    now: Timestamp,
    out: &mut String,
) {
    let fields = format!("spec.nodeName={},status.phase!=Failed,status.phase!=Succeeded", key.name);
    let options = ListOptions { namespace: None, labels: None, fields: Some(fields) };
    let Some(pods) = super::pods(session, key, &options, out).await else { return };
    let most: Amount = pods.iter().map(limits).sum();
    let mut pods: Vec<PodRow> = pods.into_iter().filter_map(pod_row).collect();
    pods.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let has = |name: &str| text(object, &format!("/status/allocatable/{name}")).to_owned();
    let (cpu, mem) = (quantity::cpu_milli(&has("cpu")), quantity::bytes(&has("memory")));
    let asked: Amount = pods.iter().map(|p| p.compute.requests).sum();
    let row = |name: &str, of: Option<u64>, show: fn(u64) -> String, parts: [u64; 2]| {
        let [asked, limit] = parts.map(|part| match of.filter(|of| *of > 0) {
            Some(of) => format!("{} ({}%)", show(part), u128::from(part) * 100 / u128::from(of)),
            None => show(part),
        });
        [name.to_owned(), of.map_or_else(|| "–".to_owned(), show), asked, limit]
    };
    let places = quantity::bytes(&has("pods"));
    let taken = u64::try_from(pods.len()).unwrap_or(u64::MAX);
    let _ = writeln!(out, "\nAllocated:");
    cells(
        out,
        &[
            ["RESOURCE", "ALLOCATABLE", "REQUESTS", "LIMITS"].map(str::to_owned),
            row("cpu", cpu, show_cpu, [asked.cpu_milli, most.cpu_milli]),
            row("memory", mem, show_bytes, [asked.mem_bytes, most.mem_bytes]),
            {
                let [name, of, taken, _] = row("pods", places, |n| n.to_string(), [taken, 0]);
                [name, of, taken, String::new()]
            },
        ],
    );
    let _ = writeln!(out, "\nPods: {}", pods.len());
    let mut rows = vec![["NAMESPACE", "NAME", "STATUS", "CPU", "MEMORY", "AGE"].map(str::to_owned)];
    rows.extend(pods.iter().map(|p| {
        [
            p.meta.namespace.to_string(),
            p.meta.name.to_string(),
            p.status.to_string(),
            show_cpu(p.compute.requests.cpu_milli),
            show_bytes(p.compute.requests.mem_bytes),
            p.meta.created.map_or_else(String::new, |c| age::show(c, now)),
        ]
    }));
    if !pods.is_empty() {
        cells(out, &rows);
    }
}

/// What a pod may take at most, as kubectl adds it up (component-helpers `PodLimits`): containers and sidecars together,
/// or what one init container may take beside the sidecars before it, if that is more; and the overhead of what is limited.
/// A container without a limit adds nothing.
fn limits(pod: &Value) -> Amount {
    let of = |at: &Value, pointer: &str| Amount {
        cpu_milli: quantity::cpu_milli(text(at, &format!("{pointer}/cpu"))).unwrap_or(0),
        mem_bytes: quantity::bytes(text(at, &format!("{pointer}/memory"))).unwrap_or(0),
        gpu: 0,
    };
    let mut sum: Amount = list(pod, "/spec/containers").iter().map(|c| of(c, "/resources/limits")).sum();
    let (mut sidecars, mut starting) = (Amount::default(), Amount::default());
    for c in list(pod, "/spec/initContainers") {
        let own = of(c, "/resources/limits");
        if text(c, "/restartPolicy") == "Always" {
            sidecars += own;
            sum += own;
            starting = starting.max(sidecars);
        } else {
            starting = starting.max(own + sidecars);
        }
    }
    sum = sum.max(starting);
    let overhead = of(pod, "/spec/overhead");
    if sum.cpu_milli > 0 {
        sum.cpu_milli = sum.cpu_milli.saturating_add(overhead.cpu_milli);
    }
    if sum.mem_bytes > 0 {
        sum.mem_bytes = sum.mem_bytes.saturating_add(overhead.mem_bytes);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_as_kubectl_adds_them_up() {
        let limit = |cpu: &str| json!({"resources": {"limits": {"cpu": cpu, "memory": "10"}}});
        let mut sidecar = limit("300m");
        sidecar["restartPolicy"] = json!("Always");
        let pod = json!({"spec": {
            "containers": [limit("1"), {"name": "proxy"}],
            "initContainers": [sidecar, limit("2")],
            "overhead": {"cpu": "50m", "memory": "5"}}});
        // The second init container beside the sidecar is more than all that run later.
        assert_eq!(limits(&pod), Amount { cpu_milli: 2_350, mem_bytes: 25, gpu: 0 });
        assert_eq!(
            limits(&json!({"spec": {"containers": [{}], "overhead": {"cpu": "1"}}})),
            Amount::default()
        );
    }
}
