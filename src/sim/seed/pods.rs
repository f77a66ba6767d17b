//! Seeded pods: one body per template, cut at its changing places, then spliced per pod.
//! Called by `workloads`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sim::admit;
use crate::sim::clock::{self, DAY, HOUR, Millis};
use crate::sim::controllers;
use crate::sim::json as j;
use crate::sim::kubelet_status;
use crate::sim::object::{Key, Labels, Name, Phase, PodFacts, Stored, pod_facts};
use crate::sim::store::World;
use crate::sim::table;

use super::nodes::Rooms;

/// What changes from pod to pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    Name,
    Uid,
    Version,
    Node,
    HostIp,
    Ip,
    Created,
    Started,
    Id,
}

const HOLES: [(&str, Hole); 9] = [
    ("@@N@@", Hole::Name),
    ("@@U@@", Hole::Uid),
    ("@@R@@", Hole::Version),
    ("@@O@@", Hole::Node),
    ("@@H@@", Hole::HostIp),
    ("@@P@@", Hole::Ip),
    ("@@C@@", Hole::Created),
    ("@@S@@", Hole::Started),
    ("@@I@@", Hole::Id),
];

/// A template cut into text and holes.
pub(super) struct Mould {
    pieces: Vec<(String, Option<Hole>)>,
    labels: Labels,
    owner: Name,
    ns: Name,
    facts: PodFacts,
    prefix: String,
    host_network: bool,
}

/// The body of a running pod of a template, with marks where pods differ.
pub(super) fn running(world: &mut World, owner: &Stored, template: &Value) -> Value {
    let mut pod = controllers::new_pod(world, owner, template, "@@N@@");
    if owner.key.kind != table::STATEFULSET {
        j::set(&mut pod, "metadata.generateName", format!("{}-", owner.key.name));
    }
    for (path, text) in [
        ("metadata.uid", "@@U@@"),
        ("metadata.creationTimestamp", "@@C@@"),
        ("metadata.resourceVersion", "@@R@@"),
        ("spec.nodeName", "@@O@@"),
        ("status.hostIP", "@@H@@"),
        ("status.podIP", "@@P@@"),
        ("status.startTime", "@@C@@"),
    ] {
        j::set(&mut pod, path, text);
    }
    j::set(&mut pod, "metadata.generation", 1);
    j::set(&mut pod, "status.hostIPs", json!([{"ip": "@@H@@"}]));
    j::set(&mut pod, "status.podIPs", json!([{"ip": "@@P@@"}]));
    j::set(&mut pod, "status.phase", "Running");
    admit::defaults(world, table::POD, &mut pod);
    let statuses: Vec<Value> = j::list(&pod, "spec.containers")
        .iter()
        .map(|c| {
            let image = j::text(c, "image");
            json!({"name": j::text(c, "name"), "image": image, "imageID": kubelet_status::image_id(image), "ready": true,
                "started": true, "restartCount": 0, "lastState": {}, "state": {"running": {"startedAt": "@@S@@"}},
                "containerID": "containerd://@@I@@"})
        })
        .collect();
    j::set(&mut pod, "status.containerStatuses", statuses);
    let conditions: Vec<Value> = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        .iter()
        .map(|kind| {
            let at = if matches!(*kind, "Initialized" | "PodScheduled") { "@@C@@" } else { "@@S@@" };
            json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": at, "observedGeneration": 1})
        })
        .collect();
    j::set(&mut pod, "status.conditions", conditions);
    j::set(&mut pod, "status.observedGeneration", 1);
    pod
}

impl Mould {
    /// Cuts a marked body.
    pub(super) fn new(body: &Value, owner: &Stored) -> Self {
        let text = body.to_string();
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("@@") {
            let found = HOLES.iter().find(|(mark, _)| rest.get(at..).is_some_and(|r| r.starts_with(mark)));
            let Some((mark, hole)) = found else { break };
            pieces.push((rest.get(..at).unwrap_or("").to_string(), Some(*hole)));
            rest = rest.get(at + mark.len()..).unwrap_or("");
        }
        pieces.push((rest.to_string(), None));
        let mut labels: Vec<(Name, Name)> =
            j::pairs(j::at(body, "metadata.labels")).map(|(k, v)| (k.into(), v.into())).collect();
        labels.sort();
        Self {
            pieces,
            labels: labels.into(),
            owner: owner.uid.clone(),
            ns: owner.key.ns.clone(),
            facts: PodFacts { phase: Phase::Running, ready: true, ..pod_facts(body) },
            prefix: owner.key.name.to_string(),
            host_network: j::at(body, "spec.hostNetwork").as_bool() == Some(true),
        }
    }

    /// What a pod asks for.
    pub(super) fn asks(&self) -> (i64, i64) {
        (self.facts.cpu, self.facts.memory)
    }

    /// Stores one pod; `name` empty: generated.
    pub(super) fn cast(
        &self,
        world: &mut World,
        (node, host): &(String, String),
        created: Millis,
        name: &str,
    ) {
        let name = if name.is_empty() {
            format!("{}-{}", self.prefix, world.rng.suffix(5))
        } else {
            name.to_string()
        };
        let uid = world.rng.uid();
        let rv = world.next_rv();
        let started = created + 2_000 + i64::try_from(world.rng.below(4_000)).unwrap_or(0);
        let (made, begun) = (clock::rfc3339(created), clock::rfc3339(started));
        let ip = if self.host_network {
            host.clone()
        } else {
            format!("10.{}.{}.{}", 40 + world.rng.below(8), world.rng.below(255), world.rng.between(2, 254))
        };
        let mut body = String::with_capacity(4_096);
        for (text, hole) in &self.pieces {
            body.push_str(text);
            match hole {
                Some(Hole::Name) => body.push_str(&name),
                Some(Hole::Uid) => body.push_str(&uid),
                Some(Hole::Version) => body.push_str(&rv.to_string()),
                Some(Hole::Node) => body.push_str(node),
                Some(Hole::HostIp) => body.push_str(host),
                Some(Hole::Ip) => body.push_str(&ip),
                Some(Hole::Created) => body.push_str(&made),
                Some(Hole::Started) => body.push_str(&begun),
                Some(Hole::Id) => body.push_str(&world.rng.hex(64)),
                None => {}
            }
        }
        body.shrink_to_fit();
        let stored = Stored {
            key: Key { kind: table::POD, ns: self.ns.clone(), name: name.as_str().into() },
            uid: uid.as_str().into(),
            rv,
            labels: Arc::clone(&self.labels),
            owners: vec![self.owner.clone()],
            deleting: false,
            created,
            pod: Some(Box::new(PodFacts {
                node: Some(node.as_str().into()),
                ready_since: started,
                ip: ip.as_str().into(),
                ..self.facts.clone()
            })),
            node: None,
            selector: None,
            body: body.into(),
        };
        if world.rng.below(40) == 0 && created + 2 * DAY < world.now {
            restarted(world, &stored);
        } else {
            world.shelve(stored);
        }
    }

    /// Stores pods wherever there is room.
    pub(super) fn scatter(
        &self,
        world: &mut World,
        rooms: &mut Rooms,
        count: i64,
        newest: Millis,
        oldest: Millis,
    ) {
        let (cpu, memory) = self.asks();
        for _ in 0..count {
            let Some(place) = rooms.take(cpu, memory) else { continue };
            let span = (newest - oldest).max(1);
            let created =
                oldest + i64::try_from(world.rng.below(u64::try_from(span).unwrap_or(1))).unwrap_or(0);
            self.cast(world, &place, created, "");
        }
    }
}

/// A pod that fell over once, some hours or days ago.
fn restarted(world: &mut World, pod: &Stored) {
    let mut value = pod.value();
    let ago = world.rng.between(3, 40) * HOUR;
    let at = world.now - ago;
    let times = world.rng.between(1, 3);
    if let Some(first) =
        j::existing_list_mut(&mut value, "status.containerStatuses").and_then(|l| l.first_mut())
    {
        j::set(first, "restartCount", times);
        let begun = j::text(first, "state.running.startedAt").to_string();
        let id = j::text(first, "containerID").to_string();
        let (code, reason) = if times == 1 { (137, "OOMKilled") } else { (1, "Error") };
        j::set(
            first,
            "lastState",
            json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": begun,
            "finishedAt": clock::rfc3339(at), "containerID": id}}),
        );
        j::set(first, "state.running.startedAt", clock::rfc3339(at + 1_000));
    }
    world.shelve(Stored::read(table::POD, &value, pod.rv));
}
