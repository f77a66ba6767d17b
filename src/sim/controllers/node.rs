//! Node lifecycle: heartbeats, NotReady when a kubelet falls silent, taints, eviction after the tolerated time.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::clock::{self, SECOND};
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

const GRACE: i64 = 40 * SECOND;
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Silences a node's kubelet.
pub(crate) fn silence(world: &mut World, name: &str) {
    world.work.dead.insert(name.into());
    let key = Key::new(table::NODE, "", name);
    world.work.at(world.now + GRACE, Who::Node, key);
}

/// Lets a node's kubelet speak again.
pub(crate) fn revive(world: &mut World, name: &str) {
    world.work.dead.remove(name);
    world.work.mark(Who::Node, Key::new(table::NODE, "", name));
}

/// Brings one node's conditions and taints up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(node) = world.fetch(key) else {
        let pods = world.pods_on(&key.name);
        for pod in pods {
            world.remove(&pod.key);
        }
        return;
    };
    let Some(facts) = node.node.clone() else { return };
    let dead = world.work.dead.contains(&key.name);
    if dead && facts.ready {
        let value = node.value();
        // Still within its grace: the timer will ring.
        if world.work.is_armed(Who::Node, key) {
            return;
        }
        fail(world, &node, value);
    } else if !dead && !facts.ready && facts.taints.iter().any(|(k, ..)| k == UNREACHABLE) {
        recover(world, &node);
    } else if dead {
        evict(world, &node);
    } else {
        taint_cordon(world, &node);
    }
}

fn fail(world: &mut World, node: &Arc<Stored>, mut value: Value) {
    let stamp = world.stamp();
    for c in j::existing_list_mut(&mut value, "status.conditions").into_iter().flatten() {
        j::set(c, "status", "Unknown");
        j::set(c, "reason", "NodeStatusUnknown");
        j::set(c, "message", "Kubelet stopped posting node status.");
        j::set(c, "lastTransitionTime", stamp.clone());
    }
    let taints = j::list_mut(&mut value, "spec.taints");
    for effect in ["NoSchedule", "NoExecute"] {
        taints.push(json!({"key": UNREACHABLE, "effect": effect, "timeAdded": stamp}));
    }
    let written = world.put(table::NODE, value);
    let text = format!("Node {} status is now: NodeNotReady", node.key.name);
    events::about(world, &written, Kind::Normal, "NodeNotReady", &text, "node-controller");
    for pod in world.pods_on(&node.key.name) {
        let mut body = pod.value();
        for c in j::existing_list_mut(&mut body, "status.conditions").into_iter().flatten() {
            if j::text(c, "type") == "Ready" && j::text(c, "status") == "True" {
                j::set(c, "status", "False");
                j::set(c, "lastTransitionTime", stamp.clone());
            }
        }
        let marked = world.put(table::POD, body);
        events::about(world, &marked, Kind::Warning, "NodeNotReady", "Node is not ready", "node-controller");
    }
    world.work.at(world.now + 300 * SECOND, Who::Node, node.key.clone());
}

fn evict(world: &mut World, node: &Arc<Stored>) {
    let value = node.value();
    let since = j::list(&value, "spec.taints")
        .iter()
        .filter(|t| j::text(t, "key") == UNREACHABLE)
        .find_map(|t| clock::parse(j::text(t, "timeAdded")));
    let Some(since) = since else { return };
    if world.now < since + 300 * SECOND {
        return;
    }
    for pod in world.pods_on(&node.key.name) {
        let body = pod.value();
        let stays = j::list(&body, "spec.tolerations").iter().any(|t| {
            let key = j::text(t, "key");
            (key == UNREACHABLE || key.is_empty()) && j::at(t, "tolerationSeconds").is_null()
        });
        if !stays && !pod.deleting {
            let text = format!("Marking for deletion Pod {}/{}", pod.key.ns, pod.key.name);
            events::about(
                world,
                &pod,
                Kind::Normal,
                "TaintManagerEviction",
                &text,
                "taint-eviction-controller",
            );
            owned::delete(world, &pod);
        }
    }
}

fn recover(world: &mut World, node: &Arc<Stored>) {
    let mut value = node.value();
    let stamp = world.stamp();
    for (kind, status, reason, message) in healthy() {
        for c in j::existing_list_mut(&mut value, "status.conditions").into_iter().flatten() {
            if j::text(c, "type") == kind {
                *c = json!({"type": kind, "status": status, "reason": reason, "message": message,
                    "lastHeartbeatTime": stamp, "lastTransitionTime": stamp});
            }
        }
    }
    if let Some(taints) = j::existing_list_mut(&mut value, "spec.taints") {
        taints.retain(|t| j::text(t, "key") != UNREACHABLE);
    }
    let written = world.put(table::NODE, value);
    let text = format!("Node {} status is now: NodeReady", node.key.name);
    events::about(world, &written, Kind::Normal, "NodeReady", &text, "kubelet");
    for pod in world.pods_on(&node.key.name) {
        let mut body = pod.value();
        crate::sim::kubelet_status::conditions(world, &mut body);
        let back = world.put(table::POD, body);
        world.work.mark(Who::Kubelet, back.key.clone());
    }
}

/// The conditions of a healthy node: type, status, reason, message.
pub(crate) fn healthy() -> [(&'static str, &'static str, &'static str, &'static str); 4] {
    [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
}

/// `spec.unschedulable` and its taint go together.
fn taint_cordon(world: &mut World, node: &Arc<Stored>) {
    const TAINT: &str = "node.kubernetes.io/unschedulable";
    let Some(facts) = &node.node else { return };
    let tainted = facts.taints.iter().any(|(k, ..)| k == TAINT);
    if facts.unschedulable == tainted {
        return;
    }
    let mut value = node.value();
    let stamp = world.stamp();
    let taints = j::list_mut(&mut value, "spec.taints");
    if facts.unschedulable {
        taints.push(json!({"key": TAINT, "effect": "NoSchedule", "timeAdded": stamp}));
    } else {
        taints.retain(|t| j::text(t, "key") != TAINT);
    }
    if j::list(&value, "spec.taints").is_empty() {
        j::remove(&mut value, "spec.taints");
    }
    let written = world.put(table::NODE, value);
    let (reason, word) = if facts.unschedulable {
        ("NodeNotSchedulable", "NodeNotSchedulable")
    } else {
        ("NodeSchedulable", "NodeSchedulable")
    };
    let text = format!("Node {} status is now: {word}", node.key.name);
    events::about(world, &written, Kind::Normal, reason, &text, "kubelet");
}
