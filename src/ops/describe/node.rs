//! A node described: the machine, what is allocated on it, and the pods that run there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, at, is_true, list, plain, text, words};
use super::page::Page;
use super::{Beside, Wanted};
use crate::domain::age;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::domain::quantity::{self, binary, show_cpu};
use crate::domain::resources::Amount;
use crate::source::slim::pod_row;

/// The label a role of a node is a part of.
const ROLE: &str = "node-role.kubernetes.io/";

/// What is read beside it: its pods that have not ended, as kubectl asks, and its lease.
pub(super) fn wanted(object: &Value) -> Vec<Wanted> {
    let name = text(object, "/metadata/name");
    vec![
        Wanted {
            kind: Kind::Pod,
            namespace: None,
            labels: None,
            fields: Some(format!("spec.nodeName={name},status.phase!=Failed,status.phase!=Succeeded")),
        },
        Wanted {
            kind: Kind::Lease,
            namespace: Some("kube-node-lease".to_owned()),
            labels: None,
            fields: Some(format!("metadata.name={name}")),
        },
    ]
}

/// What matters of a node.
pub(super) fn describe(page: &mut Page, object: &Value, beside: &Beside, now: Timestamp) {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let roles: Vec<&str> = labels.into_iter().flatten().filter_map(|(k, _)| k.strip_prefix(ROLE)).collect();
    page.field("Roles", roles.join(","));
    page.known("Provider ID", text(object, "/spec/providerID"));
    let taint = |t: &Value| match text(t, "/value") {
        "" => format!("{}:{}", text(t, "/key"), text(t, "/effect")),
        value => format!("{}={value}:{}", text(t, "/key"), text(t, "/effect")),
    };
    page.lines("Taints", list(object, "/spec/taints").iter().map(taint).collect());
    page.field(
        "Unschedulable",
        if is_true(object, "/spec/unschedulable") { "true (cordoned)" } else { "false" },
    );
    page.known("Pod CIDR", text(object, "/spec/podCIDR"));
    page.known("Pod CIDRs", words(object, "/spec/podCIDRs"));
    if let Some(Ok(leases)) = beside.get(Kind::Lease) {
        page.block("Lease", |page| {
            for lease in leases {
                page.field("Holder Identity", text(lease, "/spec/holderIdentity"));
                page.known("Acquire Time", ago(lease, "/spec/acquireTime", now));
                page.field("Renew Time", ago(lease, "/spec/renewTime", now));
            }
        });
    }
    page.block("Addresses", |page| {
        for a in list(object, "/status/addresses") {
            page.field(text(a, "/type"), text(a, "/address"));
        }
    });
    capacity(page, object);
    page.block("System Info", |page| {
        for (name, field) in [
            ("Machine ID", "machineID"),
            ("System UUID", "systemUUID"),
            ("Boot ID", "bootID"),
            ("Kernel Version", "kernelVersion"),
            ("OS Image", "osImage"),
            ("Operating System", "operatingSystem"),
            ("Architecture", "architecture"),
            ("Container Runtime Version", "containerRuntimeVersion"),
            ("Kubelet Version", "kubeletVersion"),
        ] {
            page.known(name, text(object, &format!("/status/nodeInfo/{field}")));
        }
    });
}

/// What it has and what pods may take of it, side by side.
fn capacity(page: &mut Page, object: &Value) {
    let map = |pointer: &str| object.pointer(pointer).and_then(Value::as_object);
    let (has, may) = (map("/status/capacity"), map("/status/allocatable"));
    let mut rows: BTreeMap<&str, [String; 2]> = BTreeMap::new();
    for (n, map) in [has, may].into_iter().enumerate() {
        for (name, value) in map.into_iter().flatten() {
            if let Some(cell) = rows.entry(name).or_default().get_mut(n) {
                *cell = plain(value);
            }
        }
    }
    page.block("Capacity", |page| {
        let rows = rows.into_iter().map(|(name, [has, may])| [name.to_owned(), has, may]);
        page.table(["Resource", "Capacity", "Allocatable"], rows.collect());
    });
}

/// What its pods take of it, and which they are: those that have ended take nothing and are left out, as kubectl does.
pub(super) fn pods(page: &mut Page, object: &Value, pods: &[Value], now: Timestamp) {
    let mut rows: Vec<(PodRow, Amount)> = pods
        .iter()
        .filter_map(|pod| {
            let most = limits(pod);
            pod_row(pod.clone()).map(|row| (row, most))
        })
        .collect();
    rows.sort_by(|(a, _), (b, _)| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let has = |name: &str| at(object, &format!("/status/allocatable/{name}"));
    let (cpu, mem) = (quantity::cpu_milli(&has("cpu")), quantity::bytes(&has("memory")));
    let share = |part: u64, of: Option<u64>, show: fn(u64) -> String| match of.filter(|of| *of > 0) {
        Some(of) => format!("{} ({}%)", show(part), u128::from(part) * 100 / u128::from(of)),
        None => show(part),
    };
    let asked: Amount = rows.iter().map(|(p, _)| p.compute.requests).sum();
    let most: Amount = rows.iter().map(|(_, most)| *most).sum();
    let of = |amount: Option<u64>, show: fn(u64) -> String| amount.map_or_else(String::new, show);
    page.block("Allocated Resources", |page| {
        let places = quantity::bytes(&has("pods"));
        let taken = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let number: fn(u64) -> String = |n| n.to_string();
        page.table(
            ["Resource", "Allocatable", "Requests", "Limits"],
            vec![
                [
                    "cpu".to_owned(),
                    of(cpu, show_cpu),
                    share(asked.cpu_milli, cpu, show_cpu),
                    share(most.cpu_milli, cpu, show_cpu),
                ],
                [
                    "memory".to_owned(),
                    of(mem, binary),
                    share(asked.mem_bytes, mem, binary),
                    share(most.mem_bytes, mem, binary),
                ],
                ["pods".to_owned(), of(places, number), share(taken, places, number), String::new()],
            ],
        );
        // Devices and huge pages: what any pod of the node asks for.
        page.table(["Extended", "Allocatable", "Requests", "Limits"], extended(object, pods));
    });
    page.block(&format!("Pods ({} in total)", rows.len()), |page| {
        let rows = rows.iter().map(|(p, most)| {
            [
                p.meta.namespace.to_string(),
                p.meta.name.to_string(),
                p.status.to_string(),
                share(p.compute.requests.cpu_milli, cpu, show_cpu),
                share(most.cpu_milli, cpu, show_cpu),
                share(p.compute.requests.mem_bytes, mem, binary),
                share(most.mem_bytes, mem, binary),
                p.meta.created.map_or_else(String::new, |c| age::show(c, now)),
            ]
        });
        page.table(
            [
                "Namespace",
                "Name",
                "Status",
                "CPU Requests",
                "CPU Limits",
                "Memory Requests",
                "Memory Limits",
                "Age",
            ],
            rows.collect(),
        );
    });
}

/// Resources beside CPU, memory and places of pods, that the node has: what its pods ask for and may take.
fn extended(object: &Value, pods: &[Value]) -> Vec<[String; 4]> {
    let may = object.pointer("/status/allocatable").and_then(Value::as_object);
    let others =
        may.into_iter().flatten().filter(|(name, _)| !matches!(name.as_str(), "cpu" | "memory" | "pods"));
    let sum = |name: &str, part: &str| -> u64 {
        let amount = |c: &Value| {
            let found = c.get("resources").and_then(|r| r.get(part)).and_then(|m| m.get(name));
            found.and_then(|q| quantity::bytes(&plain(q))).unwrap_or(0)
        };
        pods.iter().flat_map(|pod| list(pod, "/spec/containers")).map(amount).fold(0, u64::saturating_add)
    };
    let show = |name: &str, n: u64| {
        if name.starts_with("hugepages-") || name == "ephemeral-storage" { binary(n) } else { n.to_string() }
    };
    others
        .map(|(name, value)| {
            [name.clone(), plain(value), show(name, sum(name, "requests")), show(name, sum(name, "limits"))]
        })
        .collect()
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
