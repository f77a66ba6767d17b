//! A node described: the machine, what is allocated on it, and the pods that run there.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::domain::quantity::{self, show_bytes, show_cpu};
use crate::domain::resources::Amount;
use crate::ops::session::Session;
use crate::source::api::{self, ListOptions, Resource};
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
    let Ok(client) = session.client(key.cluster).await else { return };
    let fields = format!("spec.nodeName={},status.phase!=Failed,status.phase!=Succeeded", key.name);
    let options = ListOptions { namespace: None, labels: None, fields: Some(fields) };
    let mut pods: Vec<PodRow> = match api::list(&client, &Resource::from(Kind::Pod), &options).await {
        Ok(pods) => pods.into_iter().filter_map(pod_row).collect(),
        Err(fault) => {
            let _ = writeln!(out, "\nPods:\n  cannot be read: {fault}");
            return;
        }
    };
    pods.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let has = |name: &str| text(object, &format!("/status/allocatable/{name}")).to_owned();
    let (cpu, mem) = (quantity::cpu_milli(&has("cpu")), quantity::bytes(&has("memory")));
    let asked: Amount = pods.iter().map(|p| p.requests).sum();
    let limits: Amount = pods.iter().map(|p| p.limits).sum();
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
            row("cpu", cpu, show_cpu, [asked.cpu_milli, limits.cpu_milli]),
            row("memory", mem, show_bytes, [asked.mem_bytes, limits.mem_bytes]),
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
            show_cpu(p.requests.cpu_milli),
            show_bytes(p.requests.mem_bytes),
            p.meta.created.map_or_else(String::new, |c| age::show(c, now)),
        ]
    }));
    if !pods.is_empty() {
        cells(out, &rows);
    }
}
