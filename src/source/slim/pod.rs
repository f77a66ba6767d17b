//! Pods: the most frequent type by far, so only what a row needs is parsed.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::Deserialize;

use super::node::amount;
use super::{Slim, amounts, label, owner, resource, slim_meta, stamp};
use crate::domain::object::Owner;
use std::sync::Arc;

use crate::domain::pod::{self, Compute, ContainerRow, ContainerState, PodRow, Termination, Unscheduled};
use crate::domain::resources::Amount;
use crate::domain::stamp::Stamp;
use crate::domain::text::SafeText;
use crate::fleet::delta::Row;

/// Of a Pod.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SlimPod {
    #[serde(deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: PodSpec,
    #[serde(default)]
    status: Status,
}

resource!(SlimPod, "Pod", "", "v1", "pods");

/// Of a pod's spec, here and in the templates of workloads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    node_name: Option<String>,
    pub(super) containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
    #[serde(deserialize_with = "amounts")]
    overhead: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Container {
    name: String,
    pub(super) image: String,
    restart_policy: Option<String>,
    resources: Resources,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "amounts")]
    requests: BTreeMap<String, String>,
    #[serde(deserialize_with = "amounts")]
    limits: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    qos_class: Option<String>,
    start_time: Option<Time>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<ContainerStatus>>,
    init_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
    last_transition_time: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    ready: bool,
    started: Option<bool>,
    restart_count: u32,
    state: State,
    last_state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Waiting>,
    running: Option<Running>,
    terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Running {
    started_at: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Terminated {
    exit_code: i32,
    signal: Option<i32>,
    reason: Option<String>,
    message: Option<String>,
    finished_at: Option<Time>,
}

impl PodSpec {
    /// What the scheduler counts: the sum of containers and native sidecars, or the largest init container with the
    /// sidecars started before it, whichever is more, and the overhead. A limit without a request is the request.
    /// Source: Kubernetes `resourcehelper.PodRequests`.
    pub(super) fn requests(&self) -> Amount {
        let mut running: Amount = self.containers.iter().flatten().map(Container::request).sum();
        let mut sidecars = Amount::default();
        let mut init_peak = Amount::default();
        for c in self.init_containers.iter().flatten() {
            if c.is_sidecar() {
                sidecars += c.request();
                init_peak = init_peak.max(sidecars);
            } else {
                init_peak = init_peak.max(c.request() + sidecars);
            }
        }
        running += sidecars;
        running.max(init_peak) + amount(&self.overhead)
    }

    /// Sum of limits; a part is zero where a container has none.
    fn limits(&self) -> Amount {
        let all: Vec<Amount> =
            self.containers.iter().flatten().map(|c| amount(&c.resources.limits)).collect();
        let sum: Amount = all.iter().copied().sum();
        Amount {
            cpu_milli: if all.iter().any(|a| a.cpu_milli == 0) { 0 } else { sum.cpu_milli },
            mem_bytes: if all.iter().any(|a| a.mem_bytes == 0) { 0 } else { sum.mem_bytes },
            gpu: sum.gpu,
        }
    }
}

impl Container {
    fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }

    fn request(&self) -> Amount {
        let (r, l) = (amount(&self.resources.requests), amount(&self.resources.limits));
        Amount {
            cpu_milli: if self.resources.requests.contains_key("cpu") { r.cpu_milli } else { l.cpu_milli },
            mem_bytes: if self.resources.requests.contains_key("memory") { r.mem_bytes } else { l.mem_bytes },
            gpu: r.gpu.max(l.gpu),
        }
    }
}

fn text(t: Option<&String>) -> SafeText {
    SafeText::new(t.map_or("", String::as_str))
}

impl Terminated {
    fn row(&self) -> Termination {
        Termination {
            reason: text(self.reason.as_ref()),
            message: text(self.message.as_ref()),
            exit_code: self.exit_code,
            finished: stamp(self.finished_at.as_ref()),
        }
    }

    /// As kubectl prints it where there is no reason.
    fn word(&self) -> String {
        match (&self.reason, self.signal) {
            (Some(r), _) if !r.is_empty() => r.clone(),
            (_, Some(s)) if s != 0 => format!("Signal:{s}"),
            _ => format!("ExitCode:{}", self.exit_code),
        }
    }
}

fn container_row(c: &Container, s: Option<&ContainerStatus>, init: bool) -> ContainerRow {
    let state = match s.map(|s| &s.state) {
        Some(State { terminated: Some(t), .. }) => ContainerState::Terminated(Box::new(t.row())),
        Some(State { running: Some(r), .. }) => {
            ContainerState::Running { since: stamp(r.started_at.as_ref()) }
        }
        Some(State { waiting: Some(w), .. }) => ContainerState::Waiting(Box::new(pod::Waiting {
            reason: text(w.reason.as_ref()),
            message: text(w.message.as_ref()),
        })),
        _ => ContainerState::Unknown,
    };
    ContainerRow {
        name: SafeText::new(&c.name),
        image: SafeText::new(&c.image),
        init,
        ready: s.is_some_and(|s| s.ready),
        restarts: s.map_or(0, |s| s.restart_count),
        state,
        last: s.and_then(|s| s.last_state.terminated.as_ref()).map(|t| Box::new(t.row())),
    }
}

impl Slim for SlimPod {
    fn row(self) -> Row {
        let (m, spec, status) = (&self.metadata, &self.spec, &self.status);
        let condition = |kind: &str| status.conditions.iter().flatten().find(|c| c.kind == kind);
        let find = |list: &Option<Vec<ContainerStatus>>, name: &str| -> Option<ContainerStatus> {
            list.iter().flatten().find(|s| s.name == name).cloned()
        };
        // No larger than it is: there may be a hundred thousand.
        let number = spec.init_containers.iter().chain(&spec.containers).map(Vec::len).sum();
        let mut containers = Vec::with_capacity(number);
        for c in spec.init_containers.iter().flatten() {
            containers.push(container_row(c, find(&status.init_container_statuses, &c.name).as_ref(), true));
        }
        for c in spec.containers.iter().flatten() {
            containers.push(container_row(c, find(&status.container_statuses, &c.name).as_ref(), false));
        }
        let sidecars: Vec<&str> = spec
            .init_containers
            .iter()
            .flatten()
            .filter(|c| c.is_sidecar())
            .map(|c| c.name.as_str())
            .collect();
        let total = spec.containers.iter().flatten().count() + sidecars.len();
        let ready = status
            .container_statuses
            .iter()
            .flatten()
            .chain(
                status
                    .init_container_statuses
                    .iter()
                    .flatten()
                    .filter(|s| sidecars.contains(&s.name.as_str())),
            )
            .filter(|s| s.ready)
            .count();
        let ready_condition = condition("Ready");
        let scheduled = condition("PodScheduled").filter(|c| c.status == "False");
        let message = message(status, scheduled);
        let owner = owner(m);
        Row::Pod(Box::new(PodRow {
            meta: super::meta(m),
            node: text(spec.node_name.as_ref()),
            phase: SafeText::new(status.phase.as_deref().unwrap_or("Unknown")),
            status: SafeText::new(&status_word(m, spec, status)),
            message,
            ready: u16::try_from(ready).unwrap_or(u16::MAX),
            total: u16::try_from(total).unwrap_or(u16::MAX),
            restarts: containers
                .iter()
                .filter(|c| !c.init || sidecars.contains(&&*c.name))
                .map(|c| c.restarts)
                .sum(),
            last_restart: last_restart(status),
            is_ready: ready_condition.is_some_and(|c| c.status == "True"),
            ready_since: stamp(ready_condition.and_then(|c| c.last_transition_time.as_ref())),
            unscheduled: Unscheduled::of(scheduled.and_then(|c| c.reason.as_deref()).unwrap_or("")),
            workload: workload(m, owner.as_ref()).map(Arc::new),
            owner: owner.map(Arc::new),
            containers,
            ip: status.pod_ip.as_deref().unwrap_or("").into(),
            compute: Arc::new(Compute {
                qos: text(status.qos_class.as_ref()),
                requests: spec.requests(),
                limits: spec.limits(),
            }),
            started: stamp(status.start_time.as_ref()),
        }))
    }
}

fn last_restart(status: &Status) -> Option<Stamp> {
    status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|s| stamp(s.last_state.terminated.as_ref()?.finished_at.as_ref()))
        .max()
}

/// The words that say why: the scheduler's, the kubelet's on a waiting container, or the pod's own.
fn message(status: &Status, scheduled: Option<&Condition>) -> SafeText {
    let waiting = status
        .init_container_statuses
        .iter()
        .flatten()
        .chain(status.container_statuses.iter().flatten())
        .filter_map(|s| s.state.waiting.as_ref())
        .find_map(|w| w.message.as_ref().filter(|m| !m.is_empty()));
    text(status.message.as_ref().or(scheduled.and_then(|c| c.message.as_ref())).or(waiting))
}

/// The Deployment of a ReplicaSet whose name ends in the pod's own template hash; any other owner as it is.
fn workload(m: &ObjectMeta, owner: Option<&Owner>) -> Option<Owner> {
    let owner = owner?;
    if owner.kind == "Node" {
        return None; // a mirror pod
    }
    if owner.kind == "ReplicaSet"
        && let Some(name) = label(m, "pod-template-hash")
            .and_then(|hash| owner.name.strip_suffix(hash))
            .and_then(|rest| rest.strip_suffix('-'))
    {
        return Some(Owner { kind: "Deployment".into(), name: SafeText::new(name) });
    }
    Some(owner.clone())
}

/// kubectl's STATUS column. Source: Kubernetes `pkg/printers/internalversion` `printPod`.
fn status_word(m: &ObjectMeta, spec: &PodSpec, status: &Status) -> String {
    let filled = |t: &Option<String>| t.as_ref().filter(|t| !t.is_empty()).cloned();
    let phase = status.phase.clone().unwrap_or_else(|| "Unknown".to_owned());
    let mut reason = filled(&status.reason).unwrap_or_else(|| phase.clone());
    if status
        .conditions
        .iter()
        .flatten()
        .any(|c| c.kind == "PodScheduled" && c.reason.as_deref() == Some("SchedulingGated"))
    {
        "SchedulingGated".clone_into(&mut reason);
    }
    let inits: Vec<&Container> = spec.init_containers.iter().flatten().collect();
    let mut initializing = false;
    for (i, s) in status.init_container_statuses.iter().flatten().enumerate() {
        let sidecar = inits.iter().any(|c| c.name == s.name && c.is_sidecar());
        match &s.state {
            State { terminated: Some(t), .. } if t.exit_code == 0 => continue,
            _ if sidecar && s.started == Some(true) => continue,
            State { terminated: Some(t), .. } => reason = format!("Init:{}", t.word()),
            State { waiting: Some(Waiting { reason: Some(r), .. }), .. }
                if !r.is_empty() && r != "PodInitializing" =>
            {
                reason = format!("Init:{r}");
            }
            _ => reason = format!("Init:{i}/{}", inits.len()),
        }
        initializing = true;
        break;
    }
    let initialized =
        status.conditions.iter().flatten().any(|c| c.kind == "Initialized" && c.status == "True");
    if !initializing || initialized {
        let mut running = false;
        for s in status.container_statuses.iter().flatten().rev() {
            match &s.state {
                State { waiting: Some(Waiting { reason: Some(r), .. }), .. } if !r.is_empty() => {
                    reason.clone_from(r)
                }
                State { terminated: Some(t), .. } => reason = t.word(),
                State { running: Some(_), .. } if s.ready => running = true,
                _ => {}
            }
        }
        if reason == "Completed" && running {
            let ready = status.conditions.iter().flatten().any(|c| c.kind == "Ready" && c.status == "True");
            (if ready { "Running" } else { "NotReady" }).clone_into(&mut reason);
        }
    }
    if m.deletion_timestamp.is_some() {
        if status.reason.as_deref() == Some("NodeLost") {
            "Unknown".clone_into(&mut reason);
        } else if phase != "Succeeded" && phase != "Failed" {
            "Terminating".clone_into(&mut reason);
        }
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: &Value, spec: &Value) -> PodRow {
        let pod: SlimPod = serde_json::from_value(json!({
            "metadata": {"name": "web-7c9d8f6b5-2xkqz", "namespace": "shop", "uid": "u", "resourceVersion": "1",
                "labels": {"pod-template-hash": "7c9d8f6b5"}, "managedFields": [{"x": {"y": 1}}],
                "ownerReferences": [{"kind": "ReplicaSet", "name": "web-7c9d8f6b5", "controller": true}]},
            "spec": spec, "status": status,
        }))
        .unwrap();
        match pod.row() {
            Row::Pod(p) => *p,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn status_as_kubectl_prints_it() {
        let one = json!({"containers": [{"name": "c", "image": "i:1"}]});
        let with_init = json!({"containers": [{"name": "c", "image": "i:1"}], "initContainers": [{"name": "i", "image": "x"}]});
        for (status, spec, word) in [
            (
                json!({"phase": "Running", "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]}),
                &one,
                "Running",
            ),
            (
                json!({"phase": "Running", "containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}),
                &one,
                "CrashLoopBackOff",
            ),
            (
                json!({"phase": "Failed", "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 3}}}]}),
                &one,
                "ExitCode:3",
            ),
            (json!({"phase": "Failed", "reason": "Evicted"}), &one, "Evicted"),
            (
                json!({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"running": {}}}]}),
                &with_init,
                "Init:0/1",
            ),
            (
                json!({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}),
                &with_init,
                "Init:Error",
            ),
            (json!({"phase": "Pending"}), &one, "Pending"),
        ] {
            assert_eq!(pod(&status, spec).status, word, "{status}");
        }
    }

    #[test]
    fn the_deployment_behind_the_replica_set() {
        let p = pod(&json!({"phase": "Running"}), &json!({"containers": []}));
        assert_eq!(p.workload.as_deref(), Some(&Owner { kind: "Deployment".into(), name: "web".into() }));
    }

    #[test]
    fn requests_as_the_scheduler_counts() {
        // The vector of facts: containers {cpu 10m, mem 10}, init {5m, 10}, overhead 5 each -> cpu 15m, mem 15.
        let p = pod(
            &json!({}),
            &json!({
                "containers": [{"name": "c", "resources": {"requests": {"cpu": "10m", "memory": "10"}}}],
                "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "5m", "memory": "10"}}}],
                "overhead": {"cpu": "5m", "memory": "5"}
            }),
        );
        assert_eq!(p.compute.requests, Amount { cpu_milli: 15, mem_bytes: 15, gpu: 0 });
    }
}
