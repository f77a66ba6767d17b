//! Whether an object has come to rest in the state asked for.
//!
//! Lives here: the rules of kstatus (cli-utils `pkg/kstatus/status`, read at 5895ad6), in its order and with its
//! words, and which pods make waiting useless (krane, k8sgpt). Never: what is wrong with it (`triage`) or waiting
//! itself. Called by `ops::deploy` and the rollout.
//!
//! A field that is missing has its default; a field that should be a whole number and is not makes the answer
//! `Unknown`. kstatus says nothing of image pulls, lost volumes or a load balancer without an address.

use jiff::Timestamp;
use serde_json::Value;

use super::age;
use super::json::{self, text};
use super::pod::{ContainerRow, ContainerState, PodRow};

/// kstatus's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Status {
    /// At rest as asked for.
    Current,
    /// On its way.
    InProgress,
    /// Will not get there by itself.
    Failed,
    /// Being deleted.
    Terminating,
    /// Cannot be told.
    Unknown,
    /// Not there.
    NotFound,
}

impl Status {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::Unknown => "Unknown",
            Self::NotFound => "NotFound",
        }
    }
}

/// The status of one object, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Readiness {
    /// The status.
    pub status: Status,
    /// One word; empty when `Current`.
    pub reason: String,
    /// In words. From the object in part, so not yet safe for a screen.
    pub message: String,
}

impl Readiness {
    fn new(status: Status, reason: &str, message: impl Into<String>) -> Self {
        Self { status, reason: reason.to_owned(), message: message.into() }
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(Status::Current, "", message)
    }

    fn progress(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, reason, message)
    }

    fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::Failed, reason, message)
    }

    /// What a read that found nothing means.
    pub fn not_found() -> Self {
        Self::new(Status::NotFound, "NotFound", "Resource not found")
    }
}

/// A field that does not hold what it should.
struct Bad(String);

type Answer = Result<Readiness, Bad>;

/// The readiness of a full object as the API server sent it.
pub fn of(object: &Value, now: Timestamp) -> Readiness {
    check(object, now).unwrap_or_else(|Bad(why)| Readiness::new(Status::Unknown, "BadField", why))
}

fn check(o: &Value, now: Timestamp) -> Answer {
    if !text(o, "/metadata/deletionTimestamp").is_empty() {
        return Ok(Readiness::new(Status::Terminating, "", "Resource scheduled for deletion"));
    }
    if let (Some(wanted), Some(seen)) =
        (int(o, "/metadata/generation")?, int(o, "/status/observedGeneration")?)
        && wanted != seen
    {
        let kind = text(o, "/kind");
        let message = format!("{kind} generation is {wanted}, but latest observed generation is {seen}");
        return Ok(Readiness::progress("LatestGenerationNotObserved", message));
    }
    for c in conditions(o) {
        if c.is("Reconciling", "True") {
            return Ok(Readiness::progress(c.reason, c.message));
        }
        if c.is("Stalled", "True") {
            return Ok(Readiness::failed(c.reason, c.message));
        }
    }
    let api_version = text(o, "/apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, text(o, "/kind")) {
        ("", "ConfigMap" | "Secret") | ("batch", "CronJob") => {
            Ok(Readiness::current("Resource is always ready"))
        }
        ("policy", "PodDisruptionBudget") => Ok(Readiness::current("AllowedDisruptions has been computed.")),
        ("", "Service") => Ok(service(o)),
        ("", "PersistentVolumeClaim") => Ok(claim(o)),
        ("", "Pod") => pod(o, now),
        ("apps" | "extensions", "Deployment") => deployment(o),
        ("apps" | "extensions", "ReplicaSet") => replica_set(o),
        ("apps" | "extensions", "DaemonSet") => daemon_set(o),
        ("apps", "StatefulSet") => stateful_set(o),
        ("batch", "Job") => job(o),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Ok(definition(o)),
        _ => Ok(generic(o)),
    }
}

fn generic(o: &Value) -> Readiness {
    match conditions(o).find(|c| c.kind == "Ready") {
        Some(c) if c.status == "True" => Readiness::current("Resource is Ready"),
        Some(c) if matches!(c.status, "False" | "Unknown") => Readiness::progress(c.reason, c.message),
        _ => Readiness::current("Resource is current"),
    }
}

fn service(o: &Value) -> Readiness {
    if text(o, "/spec/type") == "LoadBalancer" && text(o, "/spec/clusterIP").is_empty() {
        return Readiness::progress("NoIPAssigned", "ClusterIP not set. Service type: LoadBalancer");
    }
    Readiness::current("Service is ready")
}

fn claim(o: &Value) -> Readiness {
    match text(o, "/status/phase") {
        "Bound" => Readiness::current("PVC is Bound"),
        phase => Readiness::progress("NotBound", format!("PVC is not Bound. phase: {phase}")),
    }
}

fn pod(o: &Value, now: Timestamp) -> Answer {
    let ready = conditions(o).any(|c| c.is("Ready", "True"));
    Ok(match text(o, "/status/phase") {
        "Succeeded" => Readiness::current("Pod has completed successfully"),
        "Failed" => Readiness::current("Pod has completed, but not successfully"),
        "Running" if ready => Readiness::current("Pod is Ready"),
        "Running" => match crashing(o) {
            names if names.is_empty() => {
                Readiness::progress("PodRunningNotReady", "Pod is running but is not Ready")
            }
            names => {
                let message = format!("Containers in CrashLoop state: {}", names.join(","));
                Readiness::failed("ContainerCrashLooping", message)
            }
        },
        "Pending" => pending(o, now),
        "" => Readiness::progress("PodNotObserved", "Pod phase not available"),
        other => return Err(Bad(format!("unknown phase {other}"))),
    })
}

fn crashing(o: &Value) -> Vec<&str> {
    list(o, "/status/containerStatuses")
        .filter(|c| text(c, "/state/waiting/reason") == "CrashLoopBackOff")
        .map(|c| text(c, "/name"))
        .collect()
}

/// A pod that was just made may be unschedulable for a moment: kstatus gives it 15 seconds.
fn pending(o: &Value, now: Timestamp) -> Readiness {
    if !conditions(o).any(|c| c.is("PodScheduled", "False") && c.reason == "Unschedulable") {
        return Readiness::progress("PodPending", "Pod is in the Pending phase");
    }
    let created = text(o, "/metadata/creationTimestamp").parse::<Timestamp>();
    if created.is_ok_and(|t| age::seconds(t, now) < 15) {
        return Readiness::progress("PodNotScheduled", "Pod has not been scheduled");
    }
    Readiness::failed("PodUnschedulable", "Pod could not be scheduled")
}

fn deployment(o: &Value) -> Answer {
    let mut progressing = matches!(int(o, "/spec/progressDeadlineSeconds")?, None | Some(2_147_483_647));
    let mut available = false;
    for c in conditions(o) {
        match c.kind {
            "Progressing" if c.reason == "ProgressDeadlineExceeded" => {
                return Ok(Readiness::failed("ProgressDeadlineExceeded", "Progress deadline exceeded"));
            }
            "Progressing" if c.status == "True" && c.reason == "NewReplicaSetAvailable" => progressing = true,
            "Available" if c.status == "True" => available = true,
            _ => {}
        }
    }
    let spec = int(o, "/spec/replicas")?.unwrap_or(1);
    let [all, updated, ready, free] = ints(
        o,
        ["/status/replicas", "/status/updatedReplicas", "/status/readyReplicas", "/status/availableReplicas"],
    )?;
    Ok(if spec > all {
        Readiness::progress("LessReplicas", format!("replicas: {all}/{spec}"))
    } else if spec > updated {
        Readiness::progress("LessUpdated", format!("Updated: {updated}/{spec}"))
    } else if all > spec {
        Readiness::progress("ExtraPods", format!("Pending termination: {}", all - spec))
    } else if updated > free {
        Readiness::progress("LessAvailable", format!("Available: {free}/{updated}"))
    } else if spec > ready {
        Readiness::progress("LessReady", format!("Ready: {ready}/{spec}"))
    } else if !progressing {
        Readiness::progress("ReplicaSetNotAvailable", "ReplicaSet not Available")
    } else if !available {
        Readiness::progress("DeploymentNotAvailable", "Deployment not Available")
    } else {
        Readiness::current(format!("Deployment is available. Replicas: {all}"))
    })
}

fn replica_set(o: &Value) -> Answer {
    if let Some(c) = conditions(o).find(|c| c.is("ReplicaFailure", "True")) {
        return Ok(Readiness::progress("ReplicaFailure", c.message));
    }
    let spec = int(o, "/spec/replicas")?.unwrap_or(1);
    let [all, labelled, ready, free] = ints(
        o,
        [
            "/status/replicas",
            "/status/fullyLabeledReplicas",
            "/status/readyReplicas",
            "/status/availableReplicas",
        ],
    )?;
    Ok(if spec > labelled {
        Readiness::progress("LessLabelled", format!("Labelled: {labelled}/{spec}"))
    } else if spec > free {
        Readiness::progress("LessAvailable", format!("Available: {free}/{spec}"))
    } else if spec > ready {
        Readiness::progress("LessReady", format!("Ready: {ready}/{spec}"))
    } else if all > spec {
        Readiness::progress("ExtraPods", format!("Pending termination: {}", all - spec))
    } else {
        Readiness::current(format!("ReplicaSet is available. Replicas: {all}"))
    })
}

fn stateful_set(o: &Value) -> Answer {
    if text(o, "/spec/updateStrategy/type") == "OnDelete" {
        return Ok(Readiness::current("StatefulSet is using the ondelete update strategy"));
    }
    let spec = int(o, "/spec/replicas")?.unwrap_or(1);
    let [all, ready, current, updated] = ints(
        o,
        ["/status/replicas", "/status/readyReplicas", "/status/currentReplicas", "/status/updatedReplicas"],
    )?;
    if spec > all {
        return Ok(Readiness::progress("LessReplicas", format!("Replicas: {all}/{spec}")));
    }
    if spec > ready {
        return Ok(Readiness::progress("LessReady", format!("Ready: {ready}/{spec}")));
    }
    if all > spec {
        return Ok(Readiness::progress("ExtraPods", format!("Pending termination: {}", all - spec)));
    }
    if let Some(partition) = int(o, "/spec/updateStrategy/rollingUpdate/partition")? {
        let wanted = spec - partition;
        return Ok(if updated < wanted {
            Readiness::progress("PartitionRollout", format!("updated: {updated}/{wanted}"))
        } else {
            Readiness::current(format!("Partition rollout complete. updated: {updated}"))
        });
    }
    if spec > current {
        return Ok(Readiness::progress("LessCurrent", format!("current: {current}/{spec}")));
    }
    if text(o, "/status/currentRevision") != text(o, "/status/updateRevision") {
        return Ok(Readiness::progress("RevisionMismatch", "Waiting for updated revision to match current"));
    }
    Ok(Readiness::current(format!("All replicas scheduled as expected. Replicas: {all}")))
}

fn daemon_set(o: &Value) -> Answer {
    if int(o, "/metadata/generation")?.is_none() {
        return Ok(Readiness::progress("NoGeneration", "metadata.generation not found"));
    }
    if int(o, "/status/observedGeneration")?.is_none() {
        return Ok(Readiness::progress("NoObservedGeneration", "status.observedGeneration not found"));
    }
    let Some(desired) = int(o, "/status/desiredNumberScheduled")? else {
        return Ok(Readiness::progress("NoDesiredNumber", "desiredNumberScheduled not found"));
    };
    let [current, updated, free, ready] = ints(
        o,
        [
            "/status/currentNumberScheduled",
            "/status/updatedNumberScheduled",
            "/status/numberAvailable",
            "/status/numberReady",
        ],
    )?;
    Ok(if desired > current {
        Readiness::progress("LessCurrent", format!("Current: {current}/{desired}"))
    } else if desired > updated {
        Readiness::progress("LessUpdated", format!("Updated: {updated}/{desired}"))
    } else if desired > free {
        Readiness::progress("LessAvailable", format!("Available: {free}/{desired}"))
    } else if desired > ready {
        Readiness::progress("LessReady", format!("Ready: {ready}/{desired}"))
    } else {
        Readiness::current(format!("All replicas scheduled as expected. Replicas: {desired}"))
    })
}

/// A Job that runs is `Current`: who waits for its end asks [`job_done`].
fn job(o: &Value) -> Answer {
    let parallelism = int(o, "/spec/parallelism")?.unwrap_or(1);
    let completions = int(o, "/spec/completions")?.unwrap_or(parallelism);
    let [succeeded, active, failed] = ints(o, ["/status/succeeded", "/status/active", "/status/failed"])?;
    for c in conditions(o).filter(|c| c.status == "True") {
        match c.kind {
            "Complete" => {
                return Ok(Readiness::current(format!(
                    "Job Completed. succeeded: {succeeded}/{completions}"
                )));
            }
            "Failed" => {
                let message = format!("Job Failed. failed: {failed}/{completions}");
                return Ok(Readiness::failed("JobFailed", message));
            }
            "Suspended" if o.pointer("/spec/suspend") == Some(&Value::Bool(true)) => {
                return Ok(Readiness::current("Job is suspended"));
            }
            _ => {}
        }
    }
    if text(o, "/status/startTime").is_empty() {
        return Ok(Readiness::progress("JobNotStarted", "Job not started"));
    }
    let message = format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}");
    Ok(Readiness::current(message))
}

fn definition(o: &Value) -> Readiness {
    for c in conditions(o) {
        if c.is("NamesAccepted", "False") {
            return Readiness::failed(c.reason, c.message);
        }
        if c.is("Established", "False") && c.reason != "Installing" {
            return Readiness::failed(c.reason, c.message);
        }
        if c.is("Established", "True") {
            return Readiness::current("CRD is established");
        }
    }
    Readiness::progress("Installing", "Install in progress")
}

/// Whether a Job has ended, and how: `Some(true)` when it completed, `None` while it runs.
pub fn job_done(object: &Value) -> Option<bool> {
    conditions(object).filter(|c| c.status == "True").find_map(|c| match c.kind {
        "Complete" => Some(true),
        "Failed" => Some(false),
        _ => None,
    })
}

/// Restarts that are forgiven: apps that wait for a dependency crash once or twice.
pub const GRACE_RESTARTS: u32 = 2;

/// Why waiting for these pods is useless, if it is. Give it the pods of the newest template only. (krane
/// `pod.rb`, k8sgpt `pod.go`.)
pub fn doomed(pods: &[PodRow]) -> Option<String> {
    pods.iter().filter(|p| p.meta.deleting.is_none()).find_map(|pod| {
        let why = match &*pod.phase {
            // The node's doing, not the app's: the controller makes another.
            "Failed" if matches!(&*pod.status, "Evicted" | "Preempting" | "NodeLost" | "Shutdown") => {
                return None;
            }
            "Succeeded" => return None,
            _ => pod.containers.iter().find_map(doomed_container),
        };
        let why = why.or_else(|| (pod.phase == "Failed").then(|| format!("failed: {}", pod.status)));
        why.map(|why| format!("pod {}: {why}", pod.meta.name))
    })
}

fn doomed_container(c: &ContainerRow) -> Option<String> {
    let why = match &c.state {
        ContainerState::Waiting(waiting) => {
            let (reason, message) = (&waiting.reason, &waiting.message);
            match &**reason {
                "CrashLoopBackOff" if c.restarts > GRACE_RESTARTS => {
                    let exit =
                        c.last.as_ref().map_or_else(String::new, |t| format!(" (exit {})", t.exit_code));
                    format!("crash-looping after {} restarts{exit}", c.restarts)
                }
                "ErrImagePull" if message.contains("not found") => format!("image {} not found", c.image),
                "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
                    format!("image {} cannot be pulled ({reason})", c.image)
                }
                "CreateContainerConfigError" if !waits_for_cache(message) => format!("{reason}: {message}"),
                "CreateContainerError" | "RunContainerError" => format!("{reason}: {message}"),
                _ => return None,
            }
        }
        // Exit 128 is trouble of the node, and mends itself elsewhere.
        ContainerState::Terminated(t) if t.reason == "ContainerCannotRun" && t.exit_code != 128 => {
            format!("{}: {}", t.reason, t.message)
        }
        ContainerState::Terminated(_) | ContainerState::Running { .. } | ContainerState::Unknown => {
            return None;
        }
    };
    Some(format!("container {} {why}", c.name))
}

/// The kubelet has not read a ConfigMap or Secret yet: no fault of the manifest.
pub fn waits_for_cache(message: &str) -> bool {
    message.contains("failed to sync") && message.contains("cache")
}

struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Condition<'_> {
    fn is(&self, kind: &str, status: &str) -> bool {
        self.kind == kind && self.status == status
    }
}

fn conditions(o: &Value) -> impl Iterator<Item = Condition<'_>> {
    list(o, "/status/conditions").map(|c| Condition {
        kind: text(c, "/type"),
        status: text(c, "/status"),
        reason: text(c, "/reason"),
        message: text(c, "/message"),
    })
}

fn list<'a>(o: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    json::list(o, path).iter()
}

fn int(o: &Value, path: &str) -> Result<Option<i64>, Bad> {
    match o.pointer(path) {
        None | Some(Value::Null) => Ok(None),
        Some(v) => v
            .as_i64()
            .map(Some)
            .ok_or_else(|| Bad(format!("{} is no whole number", path.trim_start_matches('/')))),
    }
}

fn ints<const N: usize>(o: &Value, paths: [&str; N]) -> Result<[i64; N], Bad> {
    let mut out = [0; N];
    for (slot, path) in out.iter_mut().zip(paths) {
        *slot = int(o, path)?.unwrap_or(0);
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
