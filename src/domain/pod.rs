//! The slim row of a pod: what panes, triage, costs and logs read; the full object is fetched when looked at.

use std::sync::Arc;

use jiff::Timestamp;

use super::address::Address;
use super::health::Health;
use super::interner::Interner;
use super::kind::Kind;
use super::object::{Meta, Owner};
use super::resources::Amount;
use super::stamp::Stamp;
use super::text::SafeText;

/// One pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodRow {
    /// Name and identity.
    pub meta: Meta,
    /// The node it is bound to; empty while unscheduled.
    pub node: SafeText,
    /// `status.phase`: Pending, Running, Succeeded, Failed, Unknown.
    pub phase: SafeText,
    /// The STATUS word as kubectl prints it: `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`.
    pub status: SafeText,
    /// Why, in the server's words, when something is wrong (waiting message, scheduler message, eviction).
    pub message: SafeText,
    /// Containers that are ready.
    pub ready: u16,
    /// Containers in all, without init containers (native sidecars count, as kubectl does).
    pub total: u16,
    /// Restarts over all containers.
    pub restarts: u32,
    /// When a container last ended before restarting.
    pub last_restart: Option<Stamp>,
    /// The condition Ready is True.
    pub is_ready: bool,
    /// Since when the condition Ready has its value.
    pub ready_since: Option<Stamp>,
    /// Why no node was found for it yet.
    pub unscheduled: Unscheduled,
    /// Its containers, init containers first.
    pub containers: Vec<ContainerRow>,
    /// Its controller; for a ReplicaSet of a Deployment, see [`PodRow::workload`].
    pub owner: Option<Arc<Owner>>,
    /// The workload it belongs to as a person names it (kind as written, name): the Deployment rather than its ReplicaSet,
    /// the CronJob's Job as it is; `None` for a bare pod.
    pub workload: Option<Arc<Owner>>,
    /// `status.podIP`.
    pub ip: Address,
    /// What it asks for: the same in all pods of a template, which share it.
    pub compute: Arc<Compute>,
    /// When the kubelet took it (`status.startTime`).
    pub started: Option<Stamp>,
}

/// The reason of a PodScheduled condition that is False.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unscheduled {
    /// There is no such condition.
    #[default]
    No,
    /// `Unschedulable`: no node is fit for it.
    Unschedulable,
    /// `SchedulingGated`: it is held back.
    Gated,
    /// Any other.
    Other,
}

impl Unscheduled {
    /// Of the reason as it is written.
    pub fn of(reason: &str) -> Self {
        match reason {
            "" => Self::No,
            "Unschedulable" => Self::Unschedulable,
            "SchedulingGated" => Self::Gated,
            _ => Self::Other,
        }
    }
}

/// What a pod asks for and is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Compute {
    /// QoS class: `Guaranteed`, `Burstable`, `BestEffort`.
    pub qos: SafeText,
    /// What the scheduler counts: max(sum of containers, each init container) + overhead.
    pub requests: Amount,
    /// Sum of the containers' limits; a part is zero where any container has none.
    pub limits: Amount,
}

/// One container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerRow {
    /// Its name.
    pub name: SafeText,
    /// The image as asked for.
    pub image: SafeText,
    /// An init container.
    pub init: bool,
    /// Passes its readiness probe.
    pub ready: bool,
    /// Restarts so far.
    pub restarts: u32,
    /// What it does now.
    pub state: ContainerState,
    /// How it last ended.
    pub last: Option<Box<Termination>>,
}

/// What a container does now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ContainerState {
    /// The kubelet has said nothing yet.
    #[default]
    Unknown,
    /// Not started, with the kubelet's reason and message.
    Waiting(Box<Waiting>),
    /// Running since then.
    Running {
        /// Start of this run.
        since: Option<Stamp>,
    },
    /// Ended.
    Terminated(Box<Termination>),
}

/// Why a container is not started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// `CrashLoopBackOff`, `ImagePullBackOff`, `ContainerCreating` …
    pub reason: SafeText,
    /// The kubelet's words.
    pub message: SafeText,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Termination {
    /// `OOMKilled`, `Error`, `Completed` …
    pub reason: SafeText,
    /// The kubelet's words, or the termination message.
    pub message: SafeText,
    /// 137 for a kill, 139 for a crash in native code, and so on.
    pub exit_code: i32,
    /// When.
    pub finished: Option<Stamp>,
}

impl PodRow {
    /// It belongs to that workload.
    pub fn is_of(&self, kind: Kind, name: &str) -> bool {
        self.workload.as_ref().is_some_and(|owner| owner.kind == kind.info().name && owner.name == name)
    }

    /// Makes what many pods say the same piece of memory in all of them.
    pub fn share(&mut self, interner: &mut Interner) {
        let words =
            [&mut self.meta.namespace, &mut self.node, &mut self.phase, &mut self.status, &mut self.message];
        let of_containers = self.containers.iter_mut().flat_map(|c| [&mut c.name, &mut c.image]);
        for text in words.into_iter().chain(of_containers) {
            interner.share(text);
        }
        self.meta.labels.share(interner);
        self.meta.own.share(interner);
        for owner in self.owner.iter_mut().chain(&mut self.workload) {
            interner.share_owner(owner);
        }
        interner.share_compute(&mut self.compute);
    }

    /// Succeeded or Failed: holds no resources of its node any more.
    pub fn is_terminal(&self) -> bool {
        self.phase == "Succeeded" || self.phase == "Failed"
    }

    /// How it is. A pod that is starting for less than two minutes is progressing, longer is degraded, so that
    /// `now` matters; the rules that name causes are in `triage`.
    pub fn health(&self, now: Timestamp) -> Health {
        if self.phase == "Succeeded" {
            return Health::Ok;
        }
        if self.phase == "Unknown" {
            return Health::Unknown;
        }
        if self.meta.deleting.is_some() {
            return Health::Progressing;
        }
        if self.phase == "Failed" || self.containers.iter().any(ContainerRow::is_broken) {
            return Health::Down;
        }
        if self.is_ready {
            return Health::Ok;
        }
        let age = self.ready_since.or(self.meta.created).map_or(0, |t| super::age::seconds(t, now));
        if age < 120 && self.unscheduled != Unscheduled::Unschedulable {
            Health::Progressing
        } else {
            Health::Degraded
        }
    }
}

impl ContainerRow {
    /// In a state that does not mend itself: it crashes, cannot be pulled, cannot be made.
    pub fn is_broken(&self) -> bool {
        match &self.state {
            ContainerState::Waiting(w) => is_broken_reason(&w.reason),
            ContainerState::Terminated(t) => t.exit_code != 0,
            ContainerState::Running { .. } | ContainerState::Unknown => false,
        }
    }
}

/// Waiting reasons that name a fault (kubelet `pkg/kubelet/container` and `images` error names).
pub fn is_broken_reason(reason: &str) -> bool {
    matches!(
        reason,
        "CrashLoopBackOff"
            | "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "CreateContainerConfigError"
            | "CreateContainerError"
            | "RunContainerError"
            | "PreStartHookError"
            | "PostStartHookError"
            | "StartError"
    )
}
