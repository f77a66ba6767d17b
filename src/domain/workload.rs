//! The slim row of what makes pods: Deployment, StatefulSet, DaemonSet, Job, CronJob.

use jiff::Timestamp;

use super::health::Health;
use super::interner::Interner;
use super::kind::Kind;
use super::object::{Meta, Owner};
use super::resources::Amount;
use super::text::SafeText;

/// One workload. Fields that a kind does not have are zero or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRow {
    /// Which of the workload kinds.
    pub kind: Kind,
    /// Name and identity.
    pub meta: Meta,
    /// Pods wanted (`spec.replicas`, `desiredNumberScheduled`, a Job's completions).
    pub desired: u32,
    /// Pods ready (a Job's succeeded).
    pub ready: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// Pods available.
    pub available: u32,
    /// Pods there are (a Job's or CronJob's active).
    pub current: u32,
    /// `metadata.generation` is ahead of `status.observedGeneration`.
    pub unobserved: bool,
    /// Paused (Deployment) or suspended (Job, CronJob).
    pub paused: bool,
    /// The images of its template, in order.
    pub images: Vec<SafeText>,
    /// What one pod asks for.
    pub pod_requests: Amount,
    /// Its owner (a Job's CronJob; an operator's resource).
    pub owner: Option<Owner>,
    /// Helm, Argo CD, Flux … by labels and annotations; empty when unknown.
    pub managed_by: SafeText,
    /// A failing condition: reason (`ProgressDeadlineExceeded`, `FailedCreate`, `BackoffLimitExceeded`), else empty.
    pub failure: SafeText,
    /// That condition's message.
    pub failure_message: SafeText,
    /// A CronJob's schedule.
    pub schedule: SafeText,
    /// A CronJob's last run; a Job's completion.
    pub last: Option<Timestamp>,
    /// A Job that completed.
    pub complete: bool,
    /// When its last rollout was complete, where the object says so (Deployments).
    pub rolled: Option<Timestamp>,
    /// Since when too few of its pods are available, where the object says so (Deployments).
    pub unavailable: Option<Timestamp>,
}

impl WorkloadRow {
    /// Makes what many workloads say the same piece of memory in all of them.
    pub fn share(&mut self, interner: &mut Interner) {
        let words = [&mut self.meta.namespace, &mut self.managed_by];
        for text in words.into_iter().chain(&mut self.images) {
            interner.share(text);
        }
        self.meta.own.share(interner);
    }

    /// A row with nothing but its kind and metadata.
    pub fn new(kind: Kind, meta: Meta) -> Self {
        Self {
            kind,
            meta,
            desired: 0,
            ready: 0,
            updated: 0,
            available: 0,
            current: 0,
            unobserved: false,
            paused: false,
            images: Vec::new(),
            pod_requests: Amount::default(),
            owner: None,
            managed_by: SafeText::empty(),
            failure: SafeText::empty(),
            failure_message: SafeText::empty(),
            schedule: SafeText::empty(),
            last: None,
            complete: false,
            rolled: None,
            unavailable: None,
        }
    }

    /// How it is.
    pub fn health(&self) -> Health {
        match self.kind {
            Kind::CronJob => Health::Ok,
            Kind::Job => match (self.failure.is_empty(), self.complete || self.paused) {
                (false, _) => Health::Down,
                (true, true) => Health::Ok,
                (true, false) => Health::Progressing,
            },
            _ if self.meta.deleting.is_some() => Health::Progressing,
            _ if self.desired > 0 && self.ready == 0 && !self.failure.is_empty() => Health::Down,
            _ if !self.failure.is_empty() => Health::Degraded,
            _ if self.unobserved => Health::Progressing,
            _ if self.desired > 0 && self.available.max(self.ready) == 0 => Health::Down,
            _ if self.ready < self.desired && self.updated >= self.desired => Health::Degraded,
            _ if self.ready < self.desired || self.updated < self.desired => Health::Progressing,
            _ => Health::Ok,
        }
    }

    /// The READY cell: `3/4`.
    pub fn ready_cell(&self) -> String {
        match self.kind {
            Kind::CronJob => format!("{} active", self.current),
            _ => format!("{}/{}", self.ready, self.desired),
        }
    }
}

/// The image without its registry and path: `web:2.41.0`.
pub fn short_image(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once('@').map_or(name, |(n, _)| if n.is_empty() { name } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_short() {
        assert_eq!(short_image("registry.example:5000/shop/web:2.41.0"), "web:2.41.0");
        assert_eq!(short_image("gcr.io/x/api@sha256:abc"), "api");
        assert_eq!(short_image("nginx"), "nginx");
    }
}
