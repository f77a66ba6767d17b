//! What a fleet is made of: clusters, node pools, app bundles, incidents; read from YAML.
//! Never: objects. Called by `Simulation::new` and the seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::clock::{HOUR, MINUTE, Millis, SECOND};
use super::embedded;

/// Why a fleet cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// No such embedded fleet.
    #[error("no fleet named {0}; there are: {1}")]
    Unknown(String, String),
    /// The YAML does not fit.
    #[error("fleet file does not parse: {0}")]
    Yaml(String),
    /// A name that is used but nowhere defined.
    #[error("{0} {1} is used but not defined")]
    Missing(&'static str, String),
}

/// A fleet of clusters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    pub(crate) name: String,
    pub(crate) clusters: Vec<ClusterSpec>,
    #[serde(default)]
    pub(crate) incidents: Vec<String>,
    #[serde(skip)]
    pub(crate) bundles: BTreeMap<String, Arc<Bundle>>,
    #[serde(skip)]
    pub(crate) scripts: BTreeMap<String, Arc<Incident>>,
}

/// One cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterSpec {
    pub(crate) name: String,
    /// eks, gke, aks, ack, doks, kind or onprem
    pub(crate) provider: String,
    /// AWS account, GCP project, Azure resource group
    #[serde(default)]
    pub(crate) account: String,
    #[serde(default)]
    pub(crate) region: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) environment: String,
    pub(crate) pools: Vec<Pool>,
    pub(crate) apps: Vec<String>,
    /// Index into a workload's `replicas`: large, medium, small, tiny.
    #[serde(default)]
    pub(crate) size: Size,
    /// `namespace/workload: tag` that differs here.
    #[serde(default)]
    pub(crate) drift: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) unreachable: bool,
}

/// How big a cluster's workloads are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Size {
    Large,
    #[default]
    Medium,
    Small,
    Tiny,
}

/// Equal nodes. Their number follows from what the workloads ask for, shared by weight.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pool {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) machine: String,
    pub(crate) cpu: i64,
    /// GiB
    pub(crate) memory: i64,
    #[serde(default = "one")]
    pub(crate) weight: i64,
    #[serde(default)]
    pub(crate) spot: bool,
}

fn one() -> i64 {
    1
}

/// Workloads of one namespace.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bundle {
    pub(crate) namespace: String,
    #[serde(default)]
    pub(crate) team: String,
    pub(crate) workloads: Vec<WorkloadSpec>,
}

/// One workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkloadSpec {
    pub(crate) name: String,
    #[serde(default = "deployment")]
    pub(crate) kind: String,
    /// web, api, worker, db, cache, cron, agent or system
    pub(crate) component: String,
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) replicas: Vec<i64>,
    #[serde(default = "cpu")]
    pub(crate) cpu: String,
    #[serde(default = "memory")]
    pub(crate) memory: String,
    #[serde(default)]
    pub(crate) limit: String,
    #[serde(default)]
    pub(crate) port: i64,
    /// "", ClusterIP, LoadBalancer or Headless
    #[serde(default)]
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) host: String,
    /// Target percent of an autoscaler, 0 = none
    #[serde(default)]
    pub(crate) hpa: i64,
    #[serde(default)]
    pub(crate) pdb: String,
    #[serde(default)]
    pub(crate) schedule: String,
    #[serde(default)]
    pub(crate) storage: String,
    #[serde(default)]
    pub(crate) sidecar: String,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) secret: Vec<String>,
    #[serde(default)]
    pub(crate) host_network: bool,
    /// helm, argocd or kubectl
    #[serde(default)]
    pub(crate) manager: String,
}

fn deployment() -> String {
    "Deployment".into()
}

fn cpu() -> String {
    "100m".into()
}

fn memory() -> String {
    "128Mi".into()
}

/// A script of things that go wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incident {
    #[expect(dead_code, reason = "read by people and by lists of incidents")]
    pub(crate) title: String,
    pub(crate) actions: Vec<Action>,
}

/// One timed action in some clusters.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Action {
    /// Relative to the start: `-22m`, `0s`, `5m`
    pub(crate) at: String,
    pub(crate) clusters: Vec<String>,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What an action does.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum What {
    SetImage { namespace: String, name: String, image: String },
    Scale { namespace: String, name: String, replicas: i64 },
    Restart { namespace: String, name: String },
    NodeDown { node: usize },
    NodeUp { node: usize },
    Cordon { node: usize },
    DeletePods { namespace: String, name: String },
    Fault { fault: String },
}

impl Action {
    /// Milliseconds from the start.
    pub(crate) fn offset(&self) -> Millis {
        let text = self.at.trim();
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: i64 = text.get(..split).and_then(|n| n.parse().ok()).unwrap_or(0);
        let unit = match text.get(split..).unwrap_or("s") {
            "h" => HOUR,
            "m" => MINUTE,
            _ => SECOND,
        };
        sign * number * unit
    }
}

impl FleetSpec {
    /// An embedded fleet.
    pub fn embedded(name: &str) -> Result<Self, SpecError> {
        match embedded::FLEETS.iter().find(|(n, _)| *n == name) {
            Some((_, yaml)) => Self::parse(yaml),
            None => Err(SpecError::Unknown(name.into(), Self::names().join(", "))),
        }
    }

    /// A fleet out of YAML; workloads and incidents are the embedded ones.
    pub fn parse(yaml: &str) -> Result<Self, SpecError> {
        let mut fleet: Self = serde_saphyr::from_str(yaml).map_err(|e| SpecError::Yaml(e.to_string()))?;
        fleet.load()?;
        Ok(fleet)
    }

    /// The names of the embedded fleets.
    pub fn names() -> Vec<&'static str> {
        embedded::FLEETS.iter().map(|(name, _)| *name).collect()
    }

    /// The names of the embedded incidents.
    pub fn incidents() -> Vec<&'static str> {
        embedded::INCIDENTS.iter().map(|(name, _)| *name).collect()
    }

    /// The fleet's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn load(&mut self) -> Result<(), SpecError> {
        let yaml = |e: serde_saphyr::Error| SpecError::Yaml(e.to_string());
        for cluster in &self.clusters {
            for app in cluster.apps.iter().map(String::as_str).chain(["common", &cluster.provider]) {
                if self.bundles.contains_key(app) {
                    continue;
                }
                let text =
                    embedded::workloads(app).ok_or_else(|| SpecError::Missing("workloads", app.into()))?;
                let bundle: Bundle = serde_saphyr::from_str(text).map_err(yaml)?;
                self.bundles.insert(app.into(), Arc::new(bundle));
            }
        }
        for (name, text) in embedded::INCIDENTS {
            let incident: Incident = serde_saphyr::from_str(text).map_err(yaml)?;
            self.scripts.insert((*name).into(), Arc::new(incident));
        }
        for name in &self.incidents {
            if !self.scripts.contains_key(name) {
                return Err(SpecError::Missing("incident", name.clone()));
            }
        }
        Ok(())
    }
}
