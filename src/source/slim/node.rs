//! Nodes.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::Deserialize;

use super::{Slim, amounts, label, resource, slim_meta};
use crate::domain::cloud;
use crate::domain::node::{NodeRow, Trouble};
use crate::domain::quantity;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;
use crate::fleet::delta::Row;

/// Of a Node.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SlimNode {
    #[serde(deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    unschedulable: bool,
    taints: Option<Vec<Taint>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Taint {
    key: String,
    value: Option<String>,
    effect: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "amounts")]
    capacity: BTreeMap<String, String>,
    #[serde(deserialize_with = "amounts")]
    allocatable: BTreeMap<String, String>,
    conditions: Option<Vec<Condition>>,
    addresses: Option<Vec<Address>>,
    node_info: NodeInfo,
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
#[serde(default)]
struct Address {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kubelet_version: String,
}

resource!(SlimNode, "Node", "", "v1", "nodes");

/// Labels by which the clouds name a node pool, in order of belief.
const POOL_LABELS: [&str; 8] = [
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "alibabacloud.com/nodepool-id",
    "doks.digitalocean.com/node-pool",
    "lke.linode.com/pool-id",
    "k8s.scaleway.com/pool-name",
];

impl Slim for SlimNode {
    fn row(self) -> Row {
        let m = &self.metadata;
        let text = |t: Option<&str>| SafeText::new(t.unwrap_or(""));
        let either = |a: &str, b: &str| text(label(m, a).or_else(|| label(m, b)));
        let conditions = self.status.conditions.unwrap_or_default();
        let ready = conditions.iter().find(|c| c.kind == "Ready");
        let troubles = conditions
            .iter()
            .filter(|c| {
                if c.kind == "Ready" { c.status != "True" } else { c.status == "True" && is_bad(&c.kind) }
            })
            .map(|c| Trouble {
                condition: SafeText::new(&c.kind),
                reason: text(c.reason.as_deref()),
                message: text(c.message.as_deref()),
            })
            .collect();
        let mut roles: Vec<&str> = m
            .labels
            .iter()
            .flatten()
            .filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/"))
            .filter(|r| !r.is_empty())
            .collect();
        roles.sort_unstable();
        Row::Node(Box::new(NodeRow {
            meta: super::meta(m),
            ready: ready.and_then(|c| match c.status.as_str() {
                "True" => Some(true),
                "False" => Some(false),
                _ => None,
            }),
            ready_since: ready.and_then(|c| c.last_transition_time.as_ref()).map(|t| t.0),
            troubles,
            unschedulable: self.spec.unschedulable,
            taints: self
                .spec
                .taints
                .unwrap_or_default()
                .iter()
                .map(|t| {
                    let value = t.value.as_deref().map_or_else(String::new, |v| format!("={v}"));
                    SafeText::new(&format!("{}{value}:{}", t.key, t.effect))
                })
                .collect(),
            roles: SafeText::new(&roles.join(",")),
            version: SafeText::new(&self.status.node_info.kubelet_version),
            provider_id: text(self.spec.provider_id.as_deref()),
            instance_type: either("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"),
            region: either("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"),
            zone: either("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
            pool: text(POOL_LABELS.iter().find_map(|l| label(m, l))),
            cloud_labels: cloud::labels().filter_map(|k| Some((k, SafeText::new(label(m, k)?)))).collect(),
            spot: is_spot(m),
            arch: text(label(m, "kubernetes.io/arch")),
            os: text(label(m, "kubernetes.io/os")),
            ip: text(
                self.status
                    .addresses
                    .unwrap_or_default()
                    .iter()
                    .find(|a| a.kind == "InternalIP")
                    .map(|a| a.address.as_str()),
            ),
            capacity: amount(&self.status.capacity),
            allocatable: amount(&self.status.allocatable),
            pods_max: self
                .status
                .allocatable
                .get("pods")
                .and_then(|p| quantity::bytes(p))
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0),
        }))
    }
}

/// Conditions of the kubelet and of the node problem detector that are bad when True. `EtcdIsVoter` (k3s) and other
/// good news are not among them.
fn is_bad(kind: &str) -> bool {
    kind.ends_with("Pressure")
        || matches!(
            kind,
            "NetworkUnavailable" | "KernelDeadlock" | "ReadonlyFilesystem" | "CorruptDockerOverlay2"
        )
        || kind.starts_with("Frequent")
}

/// Spot by Karpenter's label, then the clouds' own.
fn is_spot(m: &ObjectMeta) -> bool {
    let is = |key: &str, value: &str| label(m, key).is_some_and(|v| v.eq_ignore_ascii_case(value));
    is("karpenter.sh/capacity-type", "spot")
        || is("eks.amazonaws.com/capacityType", "SPOT")
        || is("cloud.google.com/gke-spot", "true")
        || is("cloud.google.com/gke-preemptible", "true")
        || is("cloud.google.com/gke-provisioning", "spot")
        || is("kubernetes.azure.com/scalesetpriority", "spot")
        || is("oci.oraclecloud.com/oke-is-preemptible", "true")
}

/// CPU, memory and GPUs of a resource list.
pub(in crate::source) fn amount(list: &BTreeMap<String, String>) -> Amount {
    let gpu = ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915"]
        .iter()
        .find_map(|k| list.get(*k))
        .and_then(|q| quantity::bytes(q))
        .unwrap_or(0);
    Amount {
        cpu_milli: list.get("cpu").and_then(|q| quantity::cpu_milli(q)).unwrap_or(0),
        mem_bytes: list.get("memory").and_then(|q| quantity::bytes(q)).unwrap_or(0),
        gpu: u32::try_from(gpu).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_tell_of_a_cloud_are_kept_and_others_are_not() {
        let node: SlimNode = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "n", "labels": {
                "kubernetes.azure.com/cluster": "MC_rg_shop_westeurope", "team": "x"
            }},
        }))
        .unwrap();
        let Row::Node(row) = node.row() else { panic!("a node makes a node's row") };
        assert_eq!(
            row.cloud_labels,
            [("kubernetes.azure.com/cluster", SafeText::new("MC_rg_shop_westeurope"))]
        );
    }
}
