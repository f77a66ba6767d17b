//! One stored object: its JSON body as bytes, and the few facts controllers and selectors ask often.
//! Bodies leave out apiVersion and kind (the table knows them). Never: changing an object. Called by the store.

use std::sync::Arc;

use hyper::body::Bytes;
use serde_json::Value;

use super::clock::{self, Millis};
use super::json;
use super::quantity;
use super::selector::Selector;
use super::table::{self, KindId};

/// A shared name, namespace, uid or label.
pub(crate) type Name = Arc<str>;

/// Sorted labels, shared by all pods of a template.
pub(crate) type Labels = Arc<[(Name, Name)]>;

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: KindId,
    pub(crate) ns: Name,
    pub(crate) name: Name,
}

impl Key {
    /// A key of text parts.
    pub(crate) fn new(kind: KindId, ns: &str, name: &str) -> Self {
        Self { kind, ns: ns.into(), name: name.into() }
    }
}

/// Pod phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    /// As the API writes it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// Succeeded or Failed.
    pub(crate) fn terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What controllers ask of a pod without parsing it.
#[derive(Clone, Debug)]
pub(crate) struct PodFacts {
    pub(crate) node: Option<Name>,
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
    pub(crate) phase: Phase,
    pub(crate) ready: bool,
    /// Since when Ready has its value.
    pub(crate) ready_since: Millis,
    pub(crate) restarts: i64,
    /// "" until the pod has one.
    pub(crate) ip: Name,
}

/// What the scheduler asks of a node without parsing it.
#[derive(Clone, Debug)]
pub(crate) struct NodeFacts {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
    pub(crate) pods: i64,
    pub(crate) unschedulable: bool,
    pub(crate) ready: bool,
    /// key, value, effect
    pub(crate) taints: Vec<(String, String, String)>,
}

/// An object at one resourceVersion.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) key: Key,
    pub(crate) uid: Name,
    pub(crate) rv: u64,
    pub(crate) labels: Labels,
    /// Uids of all owners; the first is the controller when there is one.
    pub(crate) owners: Vec<Name>,
    pub(crate) deleting: bool,
    pub(crate) created: Millis,
    pub(crate) pod: Option<Box<PodFacts>>,
    pub(crate) node: Option<Box<NodeFacts>>,
    /// `spec.selector` of those kinds that choose pods.
    pub(crate) selector: Option<Arc<Selector>>,
    /// `{"metadata":…}` without apiVersion and kind.
    pub(crate) body: Bytes,
}

impl Stored {
    /// An object that is only named (its body comes later): enough to own others.
    pub(crate) fn named(kind: KindId, ns: &str, name: &str, uid: &str) -> Self {
        Self {
            key: Key::new(kind, ns, name),
            uid: uid.into(),
            rv: 0,
            labels: Arc::new([]),
            owners: Vec::new(),
            deleting: false,
            created: 0,
            pod: None,
            node: None,
            selector: None,
            body: Bytes::new(),
        }
    }

    /// The parsed body, without apiVersion and kind.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// One label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(k, _)| &**k == name).map(|(_, v)| &**v)
    }

    /// A pod that counts for its controller: not deleted, not finished.
    pub(crate) fn active_pod(&self) -> bool {
        !self.deleting && self.pod.as_ref().is_some_and(|p| !p.phase.terminal())
    }

    /// A pod whose Ready condition is True.
    pub(crate) fn ready_pod(&self) -> bool {
        self.pod.as_ref().is_some_and(|p| p.ready)
    }

    /// Reads the facts of a body (which already holds its resourceVersion).
    pub(crate) fn read(kind: KindId, value: &Value, rv: u64) -> Self {
        let meta = json::at(value, "metadata");
        let mut labels: Vec<(Name, Name)> =
            json::pairs(json::at(meta, "labels")).map(|(k, v)| (k.into(), v.into())).collect();
        labels.sort();
        let mut owners: Vec<Name> = Vec::new();
        for owner in json::list(meta, "ownerReferences") {
            let uid: Name = json::text(owner, "uid").into();
            if json::at(owner, "controller").as_bool() == Some(true) {
                owners.insert(0, uid);
            } else {
                owners.push(uid);
            }
        }
        Self {
            key: Key::new(kind, json::text(meta, "namespace"), json::text(meta, "name")),
            uid: json::text(meta, "uid").into(),
            rv,
            labels: labels.into(),
            owners,
            deleting: meta.get("deletionTimestamp").is_some_and(|t| !t.is_null()),
            created: clock::parse(json::text(meta, "creationTimestamp")).unwrap_or(0),
            pod: (kind == table::POD).then(|| Box::new(pod_facts(value))),
            node: (kind == table::NODE).then(|| Box::new(node_facts(value))),
            selector: Selector::of_kind(kind, value).map(Arc::new),
            body: Bytes::from(serde_json::to_vec(value).unwrap_or_default()),
        }
    }
}

/// The facts of a pod body.
pub(crate) fn pod_facts(value: &Value) -> PodFacts {
    let (cpu, memory) = quantity::pod_requests(json::at(value, "spec"));
    let node = json::text(value, "spec.nodeName");
    let ready = json::find(json::list(value, "status.conditions"), "type", "Ready");
    PodFacts {
        node: (!node.is_empty()).then(|| node.into()),
        cpu,
        memory,
        phase: match json::text(value, "status.phase") {
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Unknown" => Phase::Unknown,
            _ => Phase::Pending,
        },
        ready: ready.is_some_and(|c| json::text(c, "status") == "True"),
        ready_since: ready.and_then(|c| clock::parse(json::text(c, "lastTransitionTime"))).unwrap_or(0),
        restarts: json::list(value, "status.containerStatuses")
            .iter()
            .map(|c| json::int(c, "restartCount").unwrap_or(0))
            .max()
            .unwrap_or(0),
        ip: json::text(value, "status.podIP").into(),
    }
}

fn node_facts(value: &Value) -> NodeFacts {
    let room = json::at(value, "status.allocatable");
    let ready = json::find(json::list(value, "status.conditions"), "type", "Ready");
    NodeFacts {
        cpu: quantity::cpu_milli(json::at(room, "cpu")),
        memory: quantity::units(json::at(room, "memory")),
        pods: quantity::units(json::at(room, "pods")),
        unschedulable: json::at(value, "spec.unschedulable").as_bool().unwrap_or(false),
        ready: ready.is_some_and(|c| json::text(c, "status") == "True"),
        taints: json::list(value, "spec.taints")
            .iter()
            .map(|t| {
                (json::text(t, "key").into(), json::text(t, "value").into(), json::text(t, "effect").into())
            })
            .collect(),
    }
}
