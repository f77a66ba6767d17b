//! Deployments, StatefulSets, DaemonSets, Jobs, CronJobs: one shape holds what is read of each.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::Deserialize;

use super::pod::PodSpec;
use super::{Slim, label, owner, resource, slim_meta};
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;
use crate::fleet::delta::Row;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Option<u32>,
    paused: bool,
    suspend: bool,
    completions: Option<u32>,
    parallelism: Option<u32>,
    schedule: Option<String>,
    template: Template,
    job_template: Option<JobTemplate>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobTemplate {
    spec: JobSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobSpec {
    template: Template,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
    replicas: u32,
    ready_replicas: u32,
    updated_replicas: u32,
    available_replicas: u32,
    current_revision: Option<String>,
    update_revision: Option<String>,
    desired_number_scheduled: u32,
    current_number_scheduled: u32,
    updated_number_scheduled: u32,
    number_ready: u32,
    number_available: u32,
    succeeded: u32,
    #[serde(deserialize_with = "count_or_list")]
    active: u32,
    completion_time: Option<Time>,
    last_schedule_time: Option<Time>,
    conditions: Option<Vec<Condition>>,
}

/// A Job counts its active pods, a CronJob lists its active Jobs.
fn count_or_list<'de, D: serde::Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Count(u32),
        List(Vec<serde::de::IgnoredAny>),
        Null(()),
    }
    Ok(match Either::deserialize(d)? {
        Either::Count(n) => n,
        Either::List(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
        Either::Null(()) => 0,
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
    #[serde(rename = "lastUpdateTime")]
    updated: Option<Time>,
    #[serde(rename = "lastTransitionTime")]
    turned: Option<Time>,
}

macro_rules! workload {
    ($type:ident, $kind:ident, $name:literal, $group:literal, $plural:literal) => {
        #[doc = concat!("Of a ", $name, ".")]
        #[derive(Clone, Debug, Default, Deserialize)]
        pub struct $type {
            #[serde(deserialize_with = "slim_meta")]
            metadata: ObjectMeta,
            #[serde(default)]
            spec: Spec,
            #[serde(default)]
            status: Status,
        }
        resource!($type, $name, $group, "v1", $plural);
        impl Slim for $type {
            fn row(self) -> Row {
                Row::Workload(Box::new(row(Kind::$kind, &self.metadata, &self.spec, &self.status)))
            }
        }
    };
}

workload!(SlimDeployment, Deployment, "Deployment", "apps", "deployments");
workload!(SlimStatefulSet, StatefulSet, "StatefulSet", "apps", "statefulsets");
workload!(SlimDaemonSet, DaemonSet, "DaemonSet", "apps", "daemonsets");
workload!(SlimJob, Job, "Job", "batch", "jobs");
workload!(SlimCronJob, CronJob, "CronJob", "batch", "cronjobs");

fn row(kind: Kind, m: &ObjectMeta, spec: &Spec, status: &Status) -> WorkloadRow {
    let pod = spec.job_template.as_ref().map_or(&spec.template.spec, |j| &j.spec.template.spec);
    let mut w = WorkloadRow::new(kind, super::meta(m));
    w.images = pod.containers.iter().flatten().map(|c| SafeText::new(&c.image)).collect();
    w.pod_requests = pod.requests();
    w.owner = owner(m);
    w.managed_by = managed_by(m);
    w.paused = spec.paused || spec.suspend;
    w.unobserved = match (m.generation, status.observed_generation) {
        (Some(g), Some(o)) => g > o,
        _ => false,
    };
    match kind {
        Kind::Deployment => {
            w.desired = spec.replicas.unwrap_or(1);
            (w.ready, w.updated) = (status.ready_replicas, status.updated_replicas);
            (w.available, w.current) = (status.available_replicas, status.replicas);
        }
        Kind::StatefulSet => {
            w.desired = spec.replicas.unwrap_or(1);
            (w.ready, w.current) = (status.ready_replicas, status.replicas);
            w.available = status.available_replicas;
            // The controller moves updatedReplicas back to 0 once both revisions are one.
            w.updated = if status.current_revision == status.update_revision {
                status.replicas
            } else {
                status.updated_replicas
            };
        }
        Kind::DaemonSet => {
            w.desired = status.desired_number_scheduled;
            (w.ready, w.updated) = (status.number_ready, status.updated_number_scheduled);
            (w.available, w.current) = (status.number_available, status.current_number_scheduled);
        }
        Kind::Job => {
            w.desired = spec.completions.or(spec.parallelism).unwrap_or(1);
            (w.ready, w.updated, w.available) = (status.succeeded, status.succeeded, status.succeeded);
            w.current = status.active;
            w.last = status.completion_time.as_ref().map(|t| t.0);
        }
        _ => {
            w.current = status.active;
            w.schedule = SafeText::new(spec.schedule.as_deref().unwrap_or(""));
            w.last = status.last_schedule_time.as_ref().map(|t| t.0);
        }
    }
    for c in status.conditions.iter().flatten() {
        let reason = c.reason.as_deref().unwrap_or("");
        // The controller leaves this time alone once a rollout is complete (deployment/progress.go).
        if c.kind == "Progressing" && reason == "NewReplicaSetAvailable" {
            w.rolled = c.updated.as_ref().map(|t| t.0);
        }
        if c.kind == "Available" && c.status == "False" {
            w.unavailable = c.turned.as_ref().map(|t| t.0);
        }
        let failed = match c.kind.as_str() {
            "Progressing" => c.status == "False" && reason == "ProgressDeadlineExceeded",
            "ReplicaFailure" | "Failed" => c.status == "True",
            "Complete" => {
                w.complete |= c.status == "True";
                false
            }
            _ => false,
        };
        if failed && w.failure.is_empty() {
            w.failure = SafeText::new(if reason.is_empty() { &c.kind } else { reason });
            w.failure_message = SafeText::new(c.message.as_deref().unwrap_or(""));
        }
    }
    w
}

/// Who else writes this object, by the labels the tools leave. Annotations are not read on lists.
fn managed_by(m: &ObjectMeta) -> SafeText {
    if label(m, "kustomize.toolkit.fluxcd.io/name").is_some()
        || label(m, "helm.toolkit.fluxcd.io/name").is_some()
    {
        return "Flux".into();
    }
    if label(m, "argocd.argoproj.io/instance").is_some() {
        return "Argo CD".into();
    }
    SafeText::new(label(m, "app.kubernetes.io/managed-by").unwrap_or(""))
}
