//! The shape of a pod's status: container states, conditions, phase, addresses; as the real kubelet writes them.
//! Called by the kubelet and by the seed (for pods that have been running for long).

use serde_json::{Value, json};

use super::clock::{self, Millis};
use super::json as j;
use super::kubelet::Part;
use super::rng::Rng;
use super::store::World;
use super::table;

/// An image's id.
pub(crate) fn image_id(image: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let base = match name.rsplit_once(':') {
        Some((base, tag)) if !tag.contains('/') => base,
        _ => name,
    };
    let base = if base.contains('/') { base.to_string() } else { format!("docker.io/library/{base}") };
    format!("{base}@sha256:{}", Rng::of(11, image).hex(64))
}

/// The first status after binding: ContainerCreating or PodInitializing.
pub(crate) fn starting(world: &mut World, value: &mut Value, parts: &[Part]) {
    let now = world.stamp();
    let init = parts.iter().any(|p| p.init);
    let reason = if init { "PodInitializing" } else { "ContainerCreating" };
    let blank = |p: &Part| {
        json!({"name": p.name, "image": p.image, "imageID": "", "ready": false, "started": false, "restartCount": 0,
            "lastState": {}, "state": {"waiting": {"reason": reason}}})
    };
    let mains: Vec<Value> = parts.iter().filter(|p| !p.init).map(blank).collect();
    let inits: Vec<Value> = parts.iter().filter(|p| p.init).map(blank).collect();
    j::set(value, "status.containerStatuses", mains);
    if init {
        j::set(value, "status.initContainerStatuses", inits);
    }
    j::set(value, "status.startTime", now);
    j::set(value, "status.phase", "Pending");
    let node = j::text(value, "spec.nodeName").to_string();
    if let Some(node) = world.get(table::NODE, "", &node) {
        let ip = node_ip(&node.value());
        j::set(value, "status.hostIP", ip.clone());
        j::set(value, "status.hostIPs", json!([{"ip": ip}]));
    }
    conditions(world, value);
}

/// A node's internal address.
pub(crate) fn node_ip(node: &Value) -> String {
    j::find(j::list(node, "status.addresses"), "type", "InternalIP")
        .map_or("", |a| j::text(a, "address"))
        .into()
}

fn entry<'a>(value: &'a mut Value, part_name: &str) -> Option<&'a mut Value> {
    let list = ["status.containerStatuses", "status.initContainerStatuses"]
        .into_iter()
        .find(|list| j::find(j::list(value, list), "name", part_name).is_some())?;
    j::existing_list_mut(value, list)?.iter_mut().find(|s| j::text(s, "name") == part_name)
}

/// The container waits.
pub(crate) fn waiting(value: &mut Value, part: &Part, reason: &str, message: &str) {
    // An image is pulled for a pod that has its sandbox, and with it its address.
    if matches!(reason, "ErrImagePull" | "ImagePullBackOff") {
        address(value);
    }
    if let Some(s) = entry(value, &part.name) {
        j::set(s, "state", json!({"waiting": {"reason": reason, "message": message}}));
        j::set(s, "ready", false);
        j::set(s, "started", false);
    }
}

/// The container runs.
pub(crate) fn running(value: &mut Value, part: &Part, now: Millis, id: &str) {
    if let Some(s) = entry(value, &part.name) {
        let last = j::at(s, "state.terminated").clone();
        if !last.is_null() {
            j::set(s, "lastState", json!({"terminated": last}));
        }
        j::set(s, "state", json!({"running": {"startedAt": clock::rfc3339(now)}}));
        j::set(s, "containerID", format!("containerd://{id}"));
        j::set(s, "image", part.image.clone());
        j::set(s, "imageID", image_id(&part.image));
        j::set(s, "restartCount", part.restarts);
        j::set(s, "started", true);
        j::set(s, "ready", false);
    }
    if !part.init {
        j::set(value, "status.phase", "Running");
    }
    address(value);
}

/// Gives the pod its address, once.
fn address(value: &mut Value) {
    if j::text(value, "status.podIP").is_empty() {
        let mut rng = Rng::of(5, j::text(value, "metadata.uid"));
        let ip = format!("10.{}.{}.{}", 40 + rng.below(8), rng.below(255), rng.between(2, 254));
        j::set(value, "status.podIP", ip.clone());
        j::set(value, "status.podIPs", json!([{"ip": ip}]));
    }
}

/// The container's readiness.
pub(crate) fn ready(value: &mut Value, name: &str, yes: bool) {
    if let Some(s) = entry(value, name) {
        j::set(s, "ready", yes);
    }
}

/// The container ended.
pub(crate) fn died(value: &mut Value, part: &Part, code: i64, reason: &str, now: Millis, good: bool) {
    let Some(s) = entry(value, &part.name) else { return };
    let started = j::text(s, "state.running.startedAt").to_string();
    let id = j::text(s, "containerID").to_string();
    let ended = json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": started,
        "finishedAt": clock::rfc3339(now), "containerID": id}});
    if good || part.restarts == 0 {
        j::set(s, "state", ended);
    } else {
        j::set(s, "state", ended.clone());
        j::set(s, "lastState", ended);
    }
    j::set(s, "ready", part.init && good);
    j::set(s, "started", false);
}

/// All containers have stopped (a deleted pod that a finalizer keeps).
pub(crate) fn stopped(world: &mut World, value: &mut Value) {
    let now = world.stamp();
    for s in j::existing_list_mut(value, "status.containerStatuses").into_iter().flatten() {
        if s.pointer("/state/running").is_some() {
            j::set(
                s,
                "state",
                json!({"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now,
                "startedAt": now, "containerID": j::text(s, "containerID")}}),
            );
        }
        j::set(s, "ready", false);
        j::set(s, "started", false);
    }
    conditions(world, value);
}

/// Writes the five conditions from the container states; times move only with the status.
pub(crate) fn conditions(world: &World, value: &mut Value) {
    let names = |list: &[Value], bad: fn(&Value) -> bool| -> Vec<String> {
        list.iter().filter(|s| bad(s)).map(|s| j::text(s, "name").to_string()).collect()
    };
    let not_ready = |s: &Value| s.get("ready") != Some(&Value::Bool(true));
    let unready = names(j::list(value, "status.containerStatuses"), not_ready);
    let unfinished = names(j::list(value, "status.initContainerStatuses"), not_ready);
    let phase = j::text(value, "status.phase").to_string();
    let finished = matches!(phase.as_str(), "Succeeded" | "Failed");
    let deaf = json!(null);
    let completed = json!({"reason": "PodCompleted"});
    let incomplete = json!({"reason": "ContainersNotInitialized", "message": format!("containers with incomplete status: [{}]", unfinished.join(" "))});
    let failed = if phase == "Failed" { json!({"reason": "PodFailed"}) } else { completed.clone() };
    let not = json!({"reason": "ContainersNotReady", "message": format!("containers with unready status: [{}]", unready.join(" "))});
    let sandbox = !j::text(value, "status.podIP").is_empty() && !finished;
    let ready = unready.is_empty() && !finished;
    let off = if finished { &failed } else { &not };
    let wanted: [(&str, bool, &Value); 5] = [
        ("PodReadyToStartContainers", sandbox, &deaf),
        (
            "Initialized",
            unfinished.is_empty(),
            if !unfinished.is_empty() {
                &incomplete
            } else if finished {
                &completed
            } else {
                &deaf
            },
        ),
        ("Ready", ready, if ready { &deaf } else { off }),
        ("ContainersReady", ready, if ready { &deaf } else { off }),
        ("PodScheduled", true, &deaf),
    ];
    let old = j::list(value, "status.conditions").to_vec();
    let now = world.stamp();
    let generation = j::at(value, "metadata.generation").clone();
    let list: Vec<Value> = wanted
        .iter()
        .map(|(kind, yes, more)| {
            let text = if *yes { "True" } else { "False" };
            let before = j::find(&old, "type", kind).filter(|c| j::text(c, "status") == text);
            let since = before.map_or(now.as_str(), |c| j::text(c, "lastTransitionTime"));
            let mut c =
                json!({"type": kind, "status": text, "lastProbeTime": null, "lastTransitionTime": since});
            if !generation.is_null() {
                j::set(&mut c, "observedGeneration", generation.clone());
            }
            for (field, extra) in more.as_object().into_iter().flatten() {
                j::set(&mut c, field, extra.clone());
            }
            c
        })
        .collect();
    j::set(value, "status.conditions", list);
    if !generation.is_null() {
        j::set(value, "status.observedGeneration", generation);
    }
}
