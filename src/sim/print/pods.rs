//! Rows of pods and nodes.
//! Called by `print`.

use serde_json::{Value, json};

use super::Printer;
use super::cells::{NONE, age, name, or, since};
use crate::sim::clock::{self, Millis};
use crate::sim::json as j;

pub(super) const POD: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Ready", "string", 0),
        ("Status", "string", 0),
        ("Restarts", "string", 0),
        ("Age", "string", 0),
        ("IP", "string", 1),
        ("Node", "string", 1),
        ("Nominated Node", "string", 1),
        ("Readiness Gates", "string", 1),
    ],
    cells: pod,
};

/// What the containers say: the STATUS word, how many are ready, how often and when last they restarted.
#[derive(Default)]
struct Said {
    status: String,
    ready: usize,
    restarts: i64,
    last: Option<Millis>,
}

impl Said {
    fn restarted(&mut self, status: &Value) {
        self.restarts += j::int(status, "restartCount").unwrap_or(0);
        self.last = self.last.max(clock::parse(j::text(status, "lastState.terminated.finishedAt")));
    }
}

fn pod(value: &Value, now: Millis) -> Vec<Value> {
    let sidecars: Vec<&str> = j::list(value, "spec.initContainers")
        .iter()
        .filter(|c| j::text(c, "restartPolicy") == "Always")
        .map(|c| j::text(c, "name"))
        .collect();
    let total = j::list(value, "spec.containers").len() + sidecars.len();
    let said = said(value, &sidecars);
    let mut status = said.status;
    if !j::at(value, "metadata.deletionTimestamp").is_null() {
        if j::text(value, "status.reason") == "NodeLost" {
            status = "Unknown".into();
        } else if !matches!(j::text(value, "status.phase"), "Succeeded" | "Failed") {
            status = "Terminating".into();
        }
    }
    let restarts = match said.last {
        Some(at) if said.restarts != 0 => format!("{} ({} ago)", said.restarts, since(at, now)),
        _ => said.restarts.to_string(),
    };
    let ip = j::list(value, "status.podIPs").first().map_or("", |ip| j::text(ip, "ip"));
    vec![
        name(value),
        json!(format!("{}/{total}", said.ready)),
        json!(status),
        json!(restarts),
        age(value, now),
        json!(or(ip, NONE)),
        json!(or(j::text(value, "spec.nodeName"), NONE)),
        json!(or(j::text(value, "status.nominatedNodeName"), NONE)),
        json!(gates(value)),
    ]
}

fn gates(value: &Value) -> String {
    let gates = j::list(value, "spec.readinessGates");
    if gates.is_empty() {
        return NONE.into();
    }
    let open = gates.iter().filter(|g| condition(value, j::text(g, "conditionType")) == "True").count();
    format!("{open}/{}", gates.len())
}

fn condition<'a>(value: &'a Value, kind: &str) -> &'a str {
    j::find(j::list(value, "status.conditions"), "type", kind).map_or("", |c| j::text(c, "status"))
}

/// How a container ended, where it gave no reason.
fn ended(state: &Value) -> String {
    match j::int(state, "signal") {
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", j::int(state, "exitCode").unwrap_or(0)),
    }
}

fn said(value: &Value, sidecars: &[&str]) -> Said {
    let mut said = Said { status: j::text(value, "status.phase").into(), ..Said::default() };
    let reason = j::text(value, "status.reason");
    if !reason.is_empty() {
        said.status = reason.into();
    }
    let conditions = j::list(value, "status.conditions");
    if j::find(conditions, "type", "PodScheduled").is_some_and(|c| j::text(c, "reason") == "SchedulingGated")
    {
        said.status = "SchedulingGated".into();
    }
    let mut aside = Said::default();
    let mut initializing = false;
    for (index, status) in j::list(value, "status.initContainerStatuses").iter().enumerate() {
        said.restarted(status);
        let sidecar = sidecars.contains(&j::text(status, "name"));
        if sidecar {
            aside.restarted(status);
        }
        let (ended_state, waiting) =
            (j::at(status, "state.terminated"), j::text(status, "state.waiting.reason"));
        if !ended_state.is_null() && j::int(ended_state, "exitCode").unwrap_or(0) == 0 {
            continue;
        }
        if sidecar && j::at(status, "started") == true {
            said.ready += usize::from(j::at(status, "ready") == true);
            continue;
        }
        said.status = if !ended_state.is_null() {
            let reason = j::text(ended_state, "reason");
            format!("Init:{}", if reason.is_empty() { ended(ended_state) } else { reason.into() })
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{index}/{}", j::list(value, "spec.initContainers").len())
        };
        initializing = true;
        break;
    }
    if initializing && condition(value, "Initialized") != "True" {
        return said;
    }
    (said.restarts, said.last) = (aside.restarts, aside.last);
    let mut running = false;
    for status in j::list(value, "status.containerStatuses").iter().rev() {
        said.restarted(status);
        let (ended_state, waiting) =
            (j::at(status, "state.terminated"), j::text(status, "state.waiting.reason"));
        let reason = j::text(ended_state, "reason");
        if !waiting.is_empty() {
            said.status = waiting.into();
        } else if !reason.is_empty() {
            said.status = reason.into();
        } else if !ended_state.is_null() {
            said.status = ended(ended_state);
        } else if j::at(status, "ready") == true && !j::at(status, "state.running").is_null() {
            running = true;
            said.ready += 1;
        }
    }
    if said.status == "Completed" && running {
        said.status = if condition(value, "Ready") == "True" { "Running" } else { "NotReady" }.into();
    }
    said
}

pub(super) const NODE: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Status", "string", 0),
        ("Roles", "string", 0),
        ("Age", "string", 0),
        ("Version", "string", 0),
        ("Internal-IP", "string", 1),
        ("External-IP", "string", 1),
        ("OS-Image", "string", 1),
        ("Kernel-Version", "string", 1),
        ("Container-Runtime", "string", 1),
    ],
    cells: node,
};

fn node(value: &Value, now: Millis) -> Vec<Value> {
    let mut status = match condition(value, "Ready") {
        "True" => "Ready".to_string(),
        "" => "Unknown".to_string(),
        _ => "NotReady".to_string(),
    };
    if j::at(value, "spec.unschedulable") == true {
        status.push_str(",SchedulingDisabled");
    }
    let mut roles: Vec<&str> = j::pairs(j::at(value, "metadata.labels"))
        .filter_map(|(key, label)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => (key == "kubernetes.io/role").then_some(label),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    let address = |kind: &str| {
        let found = j::find(j::list(value, "status.addresses"), "type", kind);
        json!(or(found.map_or("", |a| j::text(a, "address")), NONE))
    };
    let info = |field: &str| json!(or(j::text(value, &format!("status.nodeInfo.{field}")), "<unknown>"));
    vec![
        name(value),
        json!(status),
        json!(or(&roles.join(","), NONE)),
        age(value, now),
        json!(j::text(value, "status.nodeInfo.kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}
