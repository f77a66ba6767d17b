//! The scheduler: room, taints, selectors, required node affinity; the least used node wins; else the real refusal.
//! Called by `run` for pods without a node, and by the binding subresource.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, NodeFacts, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// Finds a node for one pod.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(pod) = world.fetch(key) else {
        world.work.waiting.remove(key);
        return;
    };
    let facts = match &pod.pod {
        Some(p) if p.node.is_none() && !pod.deleting && !p.phase.terminal() => p.clone(),
        _ => {
            world.work.waiting.remove(key);
            return;
        }
    };
    let value = pod.value();
    if j::text(&value, "spec.schedulerName") != "default-scheduler" {
        return;
    }
    if !j::list(&value, "spec.schedulingGates").is_empty() {
        let mut value = value;
        let stamp = world.stamp();
        owned::condition(
            &mut value,
            "PodScheduled",
            "False",
            "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates",
            &stamp,
            false,
        );
        world.put(table::POD, value);
        return;
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut best: Option<(i64, Arc<Stored>)> = None;
    let mut count = 0usize;
    for node in world.all(table::NODE, "") {
        let Some(room) = &node.node else { continue };
        count += 1;
        let used = world.used_on(&node.key.name);
        let mut bad = Vec::new();
        if let Some(why) = keeps_out(&value, node, room) {
            bad.push(why);
        } else {
            if used.pods + 1 > room.pods {
                bad.push("Too many pods".to_string());
            }
            if used.cpu + facts.cpu > room.cpu && facts.cpu > 0 {
                bad.push("Insufficient cpu".to_string());
            }
            if used.memory + facts.memory > room.memory && facts.memory > 0 {
                bad.push("Insufficient memory".to_string());
            }
            for resource in extended(&value) {
                bad.push(format!("Insufficient {resource}"));
            }
        }
        if bad.is_empty() {
            let load =
                used.cpu * 1000 / room.cpu.max(1) + used.memory / (room.memory / 1000).max(1) + used.pods;
            if best.as_ref().is_none_or(|(least, _)| load < *least) {
                best = Some((load, Arc::clone(node)));
            }
        }
        for why in bad {
            *reasons.entry(why).or_default() += 1;
        }
    }
    if let Some((_, node)) = best {
        world.work.waiting.remove(key);
        bind(world, &pod, &node.key.name);
        return;
    }
    refuse(world, &pod, value, count, &reasons);
}

fn extended(value: &Value) -> Vec<String> {
    let mut out: Vec<String> = j::list(value, "spec.containers")
        .iter()
        .flat_map(|c| j::pairs(j::at(c, "resources.limits")).map(|(k, _)| k.to_string()).collect::<Vec<_>>())
        .filter(|name| name.contains('/'))
        .collect();
    out.dedup();
    out
}

/// Binds a pod to a node.
pub(crate) fn bind(world: &mut World, pod: &Stored, node: &str) {
    let mut value = pod.value();
    j::set(&mut value, "spec.nodeName", node);
    // Since 1.35 a pod carries where its node is.
    let place = (world.minor >= 35).then(|| world.get(table::NODE, "", node)).flatten();
    for name in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
        if let Some(label) = place.as_ref().and_then(|n| n.label(name)) {
            *j::key(j::slot(&mut value, "metadata.labels"), name) = label.into();
        }
    }
    let stamp = world.stamp();
    owned::drop_condition(&mut value, "PodScheduled");
    owned::condition(&mut value, "PodScheduled", "True", "", "", &stamp, false);
    let bound = world.put(table::POD, value);
    let text = format!("Successfully assigned {}/{} to {node}", pod.key.ns, pod.key.name);
    events::about(world, &bound, Kind::Normal, "Scheduled", &text, "default-scheduler");
}

fn refuse(
    world: &mut World,
    pod: &Stored,
    mut value: Value,
    count: usize,
    reasons: &BTreeMap<String, usize>,
) {
    // As the real one: sorted by the text of "n reason".
    let mut list: Vec<String> = reasons.iter().map(|(why, n)| format!("{n} {why}")).collect();
    list.sort();
    let message = if count == 0 {
        "no nodes available to schedule pods".to_string()
    } else {
        let blocked = reasons
            .iter()
            .filter(|(why, _)| !why.starts_with("Insufficient") && !why.starts_with("Too many"))
            .map(|(_, n)| n)
            .sum::<usize>();
        let victims = count.saturating_sub(blocked);
        let mut parts = Vec::new();
        if victims > 0 {
            parts.push(format!("{victims} No preemption victims found for incoming pod"));
        }
        if blocked > 0 {
            parts.push(format!("{blocked} Preemption is not helpful for scheduling"));
        }
        parts.sort();
        format!(
            "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: {}.",
            list.join(", "),
            parts.join(", ")
        )
    };
    world.work.waiting.insert(pod.key.clone());
    let stamp = world.stamp();
    let before = value.clone();
    owned::condition(&mut value, "PodScheduled", "False", "Unschedulable", &message, &stamp, false);
    for c in j::existing_list_mut(&mut value, "status.conditions").into_iter().flatten() {
        j::default(c, "lastProbeTime", json!(null));
        if j::text(c, "type") == "PodScheduled" {
            j::default(c, "observedGeneration", 1);
        }
    }
    if value != before {
        let written = world.put(table::POD, value);
        events::about(world, &written, Kind::Warning, "FailedScheduling", &message, "default-scheduler");
        world.work.dirty.remove(&(Who::Scheduler, pod.key.clone()));
    }
    world.work.at(world.now + 300_000, Who::Scheduler, pod.key.clone());
}

/// Why a node does not take a pod, apart from room.
pub(super) fn keeps_out(pod: &Value, node: &Stored, facts: &NodeFacts) -> Option<String> {
    let tolerations = j::list(pod, "spec.tolerations");
    if facts.unschedulable && !tolerates(tolerations, "node.kubernetes.io/unschedulable", "", "NoSchedule") {
        return Some("node(s) were unschedulable".into());
    }
    for (key, value, effect) in &facts.taints {
        if effect != "PreferNoSchedule" && !tolerates(tolerations, key, value, effect) {
            return Some(format!("node(s) had untolerated taint {{{key}: {value}}}"));
        }
    }
    let wanted = j::at(pod, "spec.nodeSelector");
    let chosen = j::pairs(wanted).all(|(k, v)| node.label(k) == Some(v));
    if !chosen || !affine(pod, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".into());
    }
    None
}

fn affine(pod: &Value, node: &Stored) -> bool {
    let terms = j::list(
        pod,
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
    );
    terms.is_empty()
        || terms.iter().any(|term| {
            let labels = j::list(term, "matchExpressions").iter().all(|need| {
                let have = node.label(j::text(need, "key"));
                let one_of = || j::list(need, "values").iter().any(|v| v.as_str() == have);
                match j::text(need, "operator") {
                    "In" => have.is_some() && one_of(),
                    "NotIn" => !(have.is_some() && one_of()),
                    "Exists" => have.is_some(),
                    "DoesNotExist" => have.is_none(),
                    _ => true,
                }
            });
            let fields = j::list(term, "matchFields")
                .iter()
                .all(|need| j::list(need, "values").iter().any(|v| v.as_str() == Some(&node.key.name)));
            labels && fields
        })
}

/// Does any toleration cover a taint?
pub(super) fn tolerates(tolerations: &[Value], key: &str, value: &str, effect: &str) -> bool {
    tolerations.iter().any(|t| {
        let same_effect = matches!(j::text(t, "effect"), "") || j::text(t, "effect") == effect;
        let exists = j::text(t, "operator") == "Exists";
        let same_key = j::text(t, "key") == key || j::text(t, "key").is_empty() && exists;
        same_effect && same_key && (exists || j::text(t, "value") == value)
    })
}
