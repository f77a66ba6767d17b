//! A node described: the machine, what is allocated on it, and the pods that run there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, is_true, list, plain, text, words};
use super::page::Page;
use super::{Beside, Wanted};
use crate::domain::age;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::domain::quantity::{self, binary};
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
    beside.said(page, Kind::Lease, "Lease");
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
    let mut rows: Vec<(PodRow, &Value)> =
        pods.iter().filter_map(|pod| pod_row(pod.clone()).map(|row| (row, pod))).collect();
    rows.sort_by(|(a, _), (b, _)| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let has: BTreeMap<&str, u64> = object
        .pointer("/status/allocatable")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, amount)| Some((name.as_str(), read(name, &plain(amount))?)))
        .collect();
    let share = |name: &str, part: u64| match has.get(name).filter(|of| **of > 0) {
        Some(of) => format!("{} ({}%)", show(name, part), u128::from(part) * 100 / u128::from(*of)),
        None => show(name, part),
    };
    let sum =
        |name: &str, part| pods.iter().fold(0, |sum: u64, pod| sum.saturating_add(total(pod, part, name)));
    let taken = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    page.block("Allocated Resources", |page| {
        // Also what pods ask for and the node has not.
        let mut names: BTreeSet<&str> = has.keys().copied().chain(["cpu", "memory"]).collect();
        names.remove("pods");
        let row = |name: &str| {
            let of = has.get(name).map_or_else(String::new, |of| show(name, *of));
            [name.to_owned(), of, share(name, sum(name, "requests")), share(name, sum(name, "limits"))]
        };
        let mut all: Vec<[String; 4]> = names.into_iter().map(row).collect();
        if let Some(places) = has.get("pods") {
            all.push(["pods".to_owned(), places.to_string(), share("pods", taken), String::new()]);
        }
        page.table(["Resource", "Allocatable", "Requests", "Limits"], all);
    });
    page.block(&format!("Pods ({taken} in total)"), |page| {
        let rows = rows.iter().map(|(p, pod)| {
            let part = |name: &str, part| share(name, total(pod, part, name));
            [
                p.meta.namespace.to_string(),
                p.meta.name.to_string(),
                p.status.to_string(),
                part("cpu", "requests"),
                part("cpu", "limits"),
                part("memory", "requests"),
                part("memory", "limits"),
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

/// An amount: of CPU in thousandths of a core.
fn read(name: &str, amount: &str) -> Option<u64> {
    if name == "cpu" { quantity::cpu_milli(amount) } else { quantity::bytes(amount) }
}

/// An amount as kubectl writes it: exactly.
fn show(name: &str, amount: u64) -> String {
    match name {
        "cpu" if amount.is_multiple_of(1_000) => (amount / 1_000).to_string(),
        "cpu" => format!("{amount}m"),
        "memory" | "ephemeral-storage" => binary(amount),
        _ if name.starts_with("hugepages-") => binary(amount),
        _ => amount.to_string(),
    }
}

/// What a pod asks for or may take at most of a resource, as kubectl adds it up (component-helpers `PodRequests`, `PodLimits`): what
/// the pod as a whole says, else containers and sidecars together, or what one init container takes beside the sidecars before
/// it, if that is more; and the overhead, of limits only where there is one. A container that says nothing adds nothing.
fn total(pod: &Value, part: &str, name: &str) -> u64 {
    let of = |resources: Option<&Value>| {
        let amount = resources.and_then(|r| r.get(part)).and_then(|amounts| amounts.get(name));
        amount.and_then(|amount| read(name, &plain(amount)))
    };
    let own = |c: &Value| of(c.get("resources")).unwrap_or(0);
    let mut sum = list(pod, "/spec/containers").iter().map(own).fold(0, u64::saturating_add);
    let (mut sidecars, mut starting) = (0u64, 0u64);
    for c in list(pod, "/spec/initContainers") {
        let own = own(c);
        if text(c, "/restartPolicy") == "Always" {
            sidecars = sidecars.saturating_add(own);
            sum = sum.saturating_add(own);
            starting = starting.max(sidecars);
        } else {
            starting = starting.max(own.saturating_add(sidecars));
        }
    }
    sum = of(pod.pointer("/spec/resources")).unwrap_or_else(|| sum.max(starting));
    let overhead = pod.pointer("/spec/overhead").and_then(|o| o.get(name));
    let overhead = overhead.and_then(|o| read(name, &plain(o))).unwrap_or(0);
    if part == "requests" || sum > 0 { sum.saturating_add(overhead) } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_as_kubectl_adds_them_up() {
        let limit = |cpu: &str| json!({"resources": {"limits": {"cpu": cpu, "memory": "10", "x/gpu": "1"}}});
        let mut sidecar = limit("300m");
        sidecar["restartPolicy"] = json!("Always");
        let mut pod = json!({"spec": {
            "containers": [limit("1"), {"name": "proxy"}],
            "initContainers": [sidecar, limit("2")],
            "overhead": {"cpu": "50m", "memory": "5"}}});
        // The second init container beside the sidecar is more than all that run later.
        assert_eq!(["cpu", "memory", "x/gpu"].map(|name| total(&pod, "limits", name)), [2_350, 25, 2]);
        assert_eq!(
            ["cpu", "x/gpu"].map(|name| total(&pod, "requests", name)),
            [50, 0],
            "of requests the overhead always"
        );
        pod["spec"]["resources"] = json!({"limits": {"cpu": "700m"}});
        assert_eq!(
            ["cpu", "memory"].map(|name| total(&pod, "limits", name)),
            [750, 25],
            "as the pod as a whole says"
        );
        let none = json!({"spec": {"containers": [{}], "overhead": {"cpu": "1"}}});
        assert_eq!(total(&none, "limits", "cpu"), 0);
    }

    #[test]
    fn exactly() {
        let shown =
            [("cpu", 1_850), ("cpu", 3_000), ("memory", 1_152 << 20), ("x/gpu", 3)].map(|(n, a)| show(n, a));
        assert_eq!(shown, ["1850m", "3", "1152Mi", "3"]);
    }
}
