//! Rules over pods and their containers.
//!
//! Lives here: the pod rules of k8sgpt, robusta, popeye and krane that a row can answer. Never: events, metrics.
//! Called by `ops::triage` for every pod, so a healthy pod leaves early.

use jiff::Timestamp;

use super::finding::{Finding, FindingObject, NextStep, Severity};
use super::words;
use crate::domain::age;
use crate::domain::id::ClusterId;
use crate::domain::pod::{ContainerRow, ContainerState, PodRow, Termination, Unscheduled};
use crate::domain::readiness::waits_for_cache;
use crate::domain::stamp::Stamp;

const PREVIOUS: NextStep = NextStep { words: "previous logs", action: "previous-logs" };
const LOGS: NextStep = NextStep { words: "logs", action: "logs" };
const DESCRIBE: NextStep = NextStep { words: "describe", action: "describe" };
const SCALE: NextStep = NextStep { words: "where is room", action: "goto-scale" };

/// What is wrong with a pod. Rules that name a cause come before those that only say that it is not ready: these
/// speak only when no other did.
pub fn check(cluster: ClusterId, pod: &PodRow, now: Timestamp) -> Vec<Finding> {
    let at = At { cluster, pod, now };
    if pod.phase == "Succeeded" {
        return Vec::new();
    }
    if pod.meta.deleting.is_some() {
        return at.stuck_terminating().into_iter().collect();
    }
    if let Some(finding) = at.evicted().or_else(|| at.node_lost()) {
        return vec![finding];
    }
    let mut out: Vec<Finding> = Vec::new();
    for container in &pod.containers {
        let found = at
            .oom(container)
            .or_else(|| at.crashloop(container))
            .or_else(|| at.image_pull(container))
            .or_else(|| at.config_error(container))
            .or_else(|| at.create_error(container))
            .or_else(|| at.exit_code(container));
        // Two containers of one image with one cause are one finding.
        out.extend(found.filter(|f| !out.iter().any(|o| o.rule == f.rule && o.cause == f.cause)));
    }
    if out.is_empty() {
        let waiting = at
            .unschedulable()
            .or_else(|| at.gated())
            .or_else(|| at.no_scheduler())
            .or_else(|| at.init_stuck())
            .or_else(|| at.stuck_creating())
            .or_else(|| at.not_ready())
            .or_else(|| at.restarts());
        out.extend(waiting);
    }
    out
}

struct At<'a> {
    cluster: ClusterId,
    pod: &'a PodRow,
    now: Timestamp,
}

impl At<'_> {
    fn find(
        &self,
        rule: &'static str,
        severity: Severity,
        cause: &str,
        detail: &str,
        next: NextStep,
    ) -> Finding {
        let object = FindingObject::new(self.cluster, "Pod", &self.pod.meta);
        Finding::new(rule, severity, object, cause, detail, next)
            .of_workload(self.pod.workload.as_deref())
            .on_node(&self.pod.node)
    }

    fn age(&self, since: Option<impl Into<Timestamp>>) -> u64 {
        since.map_or(0, |t| age::seconds(t, self.now))
    }

    /// Since when it could have been running.
    fn begun(&self) -> Option<Stamp> {
        self.pod.started.or(self.pod.meta.created)
    }

    /// Killed for its memory, now or within the last hour.
    fn oom(&self, c: &ContainerRow) -> Option<Finding> {
        let ended = ending(c).filter(|t| t.reason == "OOMKilled")?;
        if matches!(c.state, ContainerState::Running { .. }) && self.age(ended.finished) > 3600 {
            return None;
        }
        let ago = ended.finished.map_or_else(String::new, |t| format!(", {} ago", age::show(t, self.now)));
        let detail = format!("{}: killed for memory{ago}, {} restarts", c.name, c.restarts);
        let cause = format!("OOMKilled (exit {})", ended.exit_code);
        // As of a crash loop: since it was last ready.
        let since = self.pod.ready_since.filter(|_| !self.pod.is_ready).or(ended.finished);
        Some(self.find("oom", Severity::P2, &cause, &detail, PREVIOUS).since(since))
    }

    fn crashloop(&self, c: &ContainerRow) -> Option<Finding> {
        let backing_off = waiting(c).is_some_and(|(reason, _)| reason == "CrashLoopBackOff");
        // Between two crashes it runs, or has just ended: that is the same loop, not another trouble.
        let between = waiting(c).is_none() && !c.ready && c.restarts >= 2;
        let failed = c.last.as_ref().is_some_and(|t| t.exit_code != 0 && self.age(t.finished) < 600);
        if !(backing_off || between && failed) {
            return None;
        }
        let (cause, since) = match &c.last {
            Some(t) => (format!("crash loop: {}", words::exit(t.exit_code)), t.finished),
            None => ("crash loop".to_owned(), None),
        };
        let said = c.last.as_ref().map_or("", |t| t.message.as_str());
        let colon = if said.is_empty() { "" } else { ": " };
        let detail = format!("{}: {} restarts{colon}{}", c.name, c.restarts, words::evidence(said));
        // Since it was last ready, not since it last ended: it has been broken over all those restarts.
        let since = self.pod.ready_since.filter(|_| !self.pod.is_ready).or(since);
        Some(self.find("crashloop", Severity::P2, &cause, &detail, PREVIOUS).since(since))
    }

    fn image_pull(&self, c: &ContainerRow) -> Option<Finding> {
        let (reason, message) = waiting(c)?;
        if !matches!(
            reason,
            "ErrImagePull"
                | "ImagePullBackOff"
                | "InvalidImageName"
                | "ErrImageNeverPull"
                | "ImageInspectError"
                | "RegistryUnavailable"
        ) {
            return None;
        }
        let cause = words::image_pull(&c.image, reason, message);
        let detail = format!("{}: {reason}: {}", c.name, words::evidence(message));
        let finding = self.find("image-pull", Severity::P1, &cause, &detail, DESCRIBE);
        Some(finding.since(self.begun()).shared())
    }

    fn config_error(&self, c: &ContainerRow) -> Option<Finding> {
        let (_, message) = waiting(c).filter(|(reason, _)| *reason == "CreateContainerConfigError")?;
        if waits_for_cache(message) {
            return None;
        }
        let cause = words::first_words(message);
        let detail = format!("{}: {message}", c.name);
        Some(self.find("config-error", Severity::P1, &cause, &detail, DESCRIBE).since(self.begun()))
    }

    fn create_error(&self, c: &ContainerRow) -> Option<Finding> {
        let (reason, message) = match &c.state {
            // Exit 128 is trouble of the node (krane).
            ContainerState::Terminated(t) if t.reason == "ContainerCannotRun" && t.exit_code != 128 => {
                (t.reason.as_str(), t.message.as_str())
            }
            _ => waiting(c)?,
        };
        if !matches!(
            reason,
            "CreateContainerError"
                | "RunContainerError"
                | "PreStartHookError"
                | "PostStartHookError"
                | "StartError"
                | "ContainerCannotRun"
        ) {
            return None;
        }
        let detail = format!("{}: {}", c.name, words::evidence(message));
        Some(self.find("create-error", Severity::P2, reason, &detail, DESCRIBE).since(self.begun()))
    }

    fn exit_code(&self, c: &ContainerRow) -> Option<Finding> {
        let ContainerState::Terminated(t) = &c.state else { return None };
        if t.exit_code == 0 {
            return None;
        }
        let detail = format!("{}: {} {}", c.name, t.reason, words::evidence(&t.message));
        let cause = words::exit(t.exit_code);
        Some(self.find("exit-code", Severity::P2, &cause, detail.trim_end(), LOGS).since(t.finished))
    }

    fn unschedulable(&self) -> Option<Finding> {
        let since = self.pod.meta.created;
        if self.pod.unscheduled != Unscheduled::Unschedulable || self.age(since) <= 15 {
            return None;
        }
        let cause = words::unschedulable(&self.pod.message);
        let detail = words::evidence(&self.pod.message);
        let next = if cause.starts_with("Insufficient") || cause.starts_with("nodes are full") {
            SCALE
        } else {
            DESCRIBE
        };
        Some(self.find("pending-unschedulable", Severity::P2, &cause, &detail, next).since(since).shared())
    }

    fn gated(&self) -> Option<Finding> {
        (self.pod.unscheduled == Unscheduled::Gated).then(|| {
            let cause = "held back by a scheduling gate";
            self.find("gated", Severity::P2, cause, &self.pod.message, DESCRIBE).since(self.pod.meta.created)
        })
    }

    fn no_scheduler(&self) -> Option<Finding> {
        let pod = self.pod;
        let alone = pod.phase == "Pending" && pod.node.is_empty() && pod.unscheduled == Unscheduled::No;
        (alone && self.age(pod.meta.created) > 60).then(|| {
            let cause = "no scheduler looked at it";
            let detail = format!("pending for {}", age::show_seconds(self.age(pod.meta.created)));
            let finding = self.find("pending-no-scheduler", Severity::P1, cause, &detail, DESCRIBE);
            finding.since(pod.meta.created).shared()
        })
    }

    fn init_stuck(&self) -> Option<Finding> {
        let status = &self.pod.status;
        if self.pod.phase != "Pending" || !status.starts_with("Init:") || self.age(self.begun()) <= 300 {
            return None;
        }
        let name = self
            .pod
            .containers
            .iter()
            .find(|c| c.init && !matches!(&c.state, ContainerState::Terminated(t) if t.exit_code == 0))
            .map_or("", |c| c.name.as_str());
        let detail = format!("{status}: {name} for {}", age::show_seconds(self.age(self.begun())));
        let cause = format!("init container {name} does not end");
        Some(self.find("init-stuck", Severity::P2, &cause, &detail, LOGS).since(self.begun()))
    }

    fn stuck_creating(&self) -> Option<Finding> {
        let creating = |c: &ContainerRow| waiting(c).is_some_and(|(reason, _)| reason == "ContainerCreating");
        if self.age(self.begun()) <= 120 || !self.pod.containers.iter().any(creating) {
            return None;
        }
        let detail = format!("ContainerCreating for {}", age::show_seconds(self.age(self.begun())));
        let cause = match &*self.pod.message {
            "" => "containers are not created: volume, secret or network".to_owned(),
            message => words::first_words(message),
        };
        Some(self.find("stuck-creating", Severity::P2, &cause, &detail, DESCRIBE).since(self.begun()))
    }

    fn not_ready(&self) -> Option<Finding> {
        let pod = self.pod;
        let since = pod.ready_since.or(self.begun());
        if pod.phase != "Running" || pod.is_ready || self.age(since) <= 120 {
            return None;
        }
        let cause = match pod.containers.iter().find(|c| !c.init && !c.ready) {
            Some(c) => format!("container {} is not ready", c.name),
            None => "a readiness gate is not met".to_owned(),
        };
        let for_long = age::show_seconds(self.age(since));
        let detail = format!("{}/{} ready for {for_long} {}", pod.ready, pod.total, pod.message);
        Some(self.find("not-ready", Severity::P2, &cause, detail.trim_end(), LOGS).since(since))
    }

    fn restarts(&self) -> Option<Finding> {
        let pod = self.pod;
        let last = pod.last_restart.filter(|t| age::seconds(*t, self.now) < 3600)?;
        if pod.restarts < 3 {
            return None;
        }
        let detail = format!("{} restarts, the last {} ago", pod.restarts, age::show(last, self.now));
        Some(
            self.find("restarts", Severity::P3, "restarts again and again", &detail, PREVIOUS)
                .since(Some(last)),
        )
    }

    fn evicted(&self) -> Option<Finding> {
        (self.pod.status == "Evicted").then(|| {
            let resource = ["ephemeral-storage", "memory", "disk", "inodes", "pids"]
                .into_iter()
                .find(|r| self.pod.message.contains(r));
            let cause = format!("evicted: {}", resource.unwrap_or("node pressure"));
            let detail = words::evidence(&self.pod.message);
            self.find("evicted", Severity::P2, &cause, &detail, DESCRIBE).since(self.begun())
        })
    }

    fn node_lost(&self) -> Option<Finding> {
        let lost = self.pod.phase == "Unknown" || self.pod.status == "NodeLost";
        lost.then(|| {
            let cause = format!("node lost: {}", self.pod.node);
            let detail = format!("last known on {}", self.pod.node);
            self.find("node-lost", Severity::P1, &cause, &detail, DESCRIBE)
                .since(self.pod.ready_since)
                .shared()
        })
    }

    /// The API server writes the end of the grace period into `deletionTimestamp`.
    fn stuck_terminating(&self) -> Option<Finding> {
        let since = self.pod.meta.deleting;
        (self.age(since) > 60).then(|| {
            let detail =
                format!("{} past its grace period on {}", age::show_seconds(self.age(since)), self.pod.node);
            let cause = "does not end: finalizer, or its node is gone";
            self.find("stuck-terminating", Severity::P2, cause, &detail, DESCRIBE).since(since)
        })
    }
}

fn waiting(c: &ContainerRow) -> Option<(&str, &str)> {
    match &c.state {
        ContainerState::Waiting(w) => Some((w.reason.as_str(), w.message.as_str())),
        ContainerState::Running { .. } | ContainerState::Terminated(_) | ContainerState::Unknown => None,
    }
}

fn ending(c: &ContainerRow) -> Option<&Termination> {
    match &c.state {
        ContainerState::Terminated(t) => Some(t),
        ContainerState::Waiting(_) | ContainerState::Running { .. } | ContainerState::Unknown => {
            c.last.as_deref()
        }
    }
}

#[cfg(test)]
mod tests;
