//! Huawei: CCE by the entries its console writes, at its port (rule 21); its nodes by version. Called through `CLOUD`.
//! Never here: a region, which nothing tells but nodes' labels.

use super::evidence::{is, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { entry, machine, version, ..Cloud::NOTHING };

const CCE: Machine = Machine::of(Provider::Huawei, "cce");

pattern!(VERSION, r"v[0-9.]+-r[0-9]+-[0-9].*");
pattern!(UUID, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");

fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let own = matches!(
        e.facts.cluster_entry,
        "internalCluster" | "externalCluster" | "externalClusterTLSVerify"
    );
    (own && e.at_port(&[5443])).then(|| Clue::inferred(Provider::Huawei, "cce"))
}

/// A bare uuid: only the kubelet's version says whose.
fn machine(provider_id: &str, kubelet_version: &str) -> Option<Machine> {
    (is(&UUID, provider_id) && is(&VERSION, kubelet_version)).then_some(CCE)
}

fn version(git_version: &str) -> Option<Machine> {
    is(&VERSION, git_version).then_some(CCE)
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, table};

    #[test]
    fn rule_21_cce() {
        table(&[
            (Given::at("https://192.168.0.10:5443").entry("internalCluster"), "huawei cce - - internalCluster Inferred"),
            (Given::at("https://203.0.113.9:5443").entry("externalCluster"), "huawei cce - - externalCluster Inferred"),
            (
                Given::at("https://203.0.113.9:5443").entry("externalClusterTLSVerify"),
                "huawei cce - - externalClusterTLSVerify Inferred",
            ),
            (Given::at("https://203.0.113.9:6443").entry("externalCluster"), "unknown - - - ctx Unknown"),
            (Given::at("https://203.0.113.9:5443").entry("external"), "unknown - - - ctx Unknown"),
            (Given::at("https://203.0.113.9:5443").context("externalCluster"), "unknown - - - externalCluster Unknown"),
        ]);
    }
}
