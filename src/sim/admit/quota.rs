//! ResourceQuota: usage of a namespace and refusals in the real words.
//! Called by admission and by the quota controller.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sim::json as j;
use crate::sim::quantity;
use crate::sim::store::World;
use crate::sim::table::{self, KindId};

/// Why something is forbidden.
pub(crate) struct Refusal(pub(crate) String);

/// What one object of a kind adds to quotas, in thousandths.
fn charge(kind: KindId, value: &Value, count_name: &str) -> BTreeMap<String, i128> {
    let mut out = BTreeMap::new();
    out.insert(format!("count/{count_name}"), 1000);
    match kind {
        table::POD => {
            out.insert("pods".into(), 1000);
            for (name, pick) in [("requests", "requests"), ("limits", "limits")] {
                for resource in ["cpu", "memory"] {
                    let sum: i128 = j::list(value, "spec.containers")
                        .iter()
                        .filter_map(|c| {
                            quantity::any_milli(j::at(c, &format!("resources.{pick}.{resource}")))
                        })
                        .sum();
                    out.insert(format!("{name}.{resource}"), sum);
                    if name == "requests" {
                        out.insert(resource.into(), sum);
                    }
                }
            }
        }
        table::SERVICE => {
            out.insert("services".into(), 1000);
            if j::text(value, "spec.type") == "LoadBalancer" {
                out.insert("services.loadbalancers".into(), 1000);
            }
        }
        table::CONFIGMAP => {
            out.insert("configmaps".into(), 1000);
        }
        table::SECRET => {
            out.insert("secrets".into(), 1000);
        }
        table::PVC => {
            out.insert("persistentvolumeclaims".into(), 1000);
            let asked = quantity::any_milli(j::at(value, "spec.resources.requests.storage")).unwrap_or(0);
            out.insert("requests.storage".into(), asked);
        }
        _ => {}
    }
    out
}

fn shown(name: &str, milli: i128) -> String {
    let memory = name.contains("memory") || name.contains("storage");
    let units = i64::try_from(milli / 1000).unwrap_or(i64::MAX);
    if memory {
        quantity::bytes_text(units)
    } else {
        quantity::cpu_text(i64::try_from(milli).unwrap_or(i64::MAX))
    }
}

/// The use of a namespace in terms of a quota's `hard` names.
pub(crate) fn used(world: &World, ns: &str, hard: &Value) -> BTreeMap<String, String> {
    sums(world, ns, hard).into_iter().map(|(name, milli)| (name.clone(), shown(&name, milli))).collect()
}

fn sums(world: &World, ns: &str, hard: &Value) -> BTreeMap<String, i128> {
    let mut out: BTreeMap<String, i128> = j::pairs(hard).map(|(name, _)| (name.to_string(), 0)).collect();
    for kind in 0..world.types.len() {
        let res = world.resource(kind);
        let simple =
            [table::POD, table::SERVICE, table::CONFIGMAP, table::SECRET, table::PVC].contains(&kind);
        if !simple && !out.contains_key(&format!("count/{}", res.qualified())) {
            continue;
        }
        for object in world.all(kind, ns) {
            if object.pod.as_ref().is_some_and(|p| p.phase.terminal()) {
                continue;
            }
            for (name, milli) in charge(kind, &object.value(), &res.qualified()) {
                if let Some(sum) = out.get_mut(&name) {
                    *sum += milli;
                }
            }
        }
    }
    out
}

/// Refuses an object that would exceed a quota of its namespace.
pub(crate) fn quota(world: &World, kind: KindId, value: &Value) -> Result<(), Refusal> {
    let ns = j::text(value, "metadata.namespace");
    if !world.work.quotas.contains(ns) {
        return Ok(());
    }
    let res = world.resource(kind);
    let charge = charge(kind, value, &res.qualified());
    for object in world.all(table::RESOURCEQUOTA, ns) {
        let quota = object.value();
        let hard = j::at(&quota, "spec.hard");
        if kind == table::POD {
            let missing: Vec<&str> = j::pairs(hard)
                .map(|(name, _)| name)
                .filter(|name| {
                    matches!(
                        *name,
                        "requests.cpu"
                            | "requests.memory"
                            | "limits.cpu"
                            | "limits.memory"
                            | "cpu"
                            | "memory"
                    )
                })
                .filter(|name| charge.get(*name).is_none_or(|milli| *milli == 0))
                .collect();
            if !missing.is_empty() {
                let names: Vec<String> = j::list(value, "spec.containers")
                    .iter()
                    .map(|c| j::text(c, "name").to_string())
                    .collect();
                let list: Vec<String> =
                    missing.iter().map(|m| format!("{m} for: {}", names.join(","))).collect();
                return Err(Refusal(format!(
                    "failed quota: {}: must specify {}",
                    object.key.name,
                    list.join("; ")
                )));
            }
        }
        let have = sums(world, ns, hard);
        let mut over: Vec<(String, i128, i128, i128)> = Vec::new();
        for (name, limit) in j::pairs(hard) {
            let limit = quantity::milli(limit).unwrap_or(0);
            let (asked, used) =
                (charge.get(name).copied().unwrap_or(0), have.get(name).copied().unwrap_or(0));
            if asked > 0 && used + asked > limit {
                over.push((name.to_string(), asked, used, limit));
            }
        }
        if !over.is_empty() {
            let part = |pick: fn(&(String, i128, i128, i128)) -> i128| {
                let list: Vec<String> =
                    over.iter().map(|o| format!("{}={}", o.0, shown(&o.0, pick(o)))).collect();
                list.join(",")
            };
            return Err(Refusal(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                object.key.name,
                part(|o| o.1),
                part(|o| o.2),
                part(|o| o.3)
            )));
        }
    }
    Ok(())
}
