//! Karmada: rule 4, a member through its aggregated API, and 30, its own API server. Called through `CLOUD`.
//! Never here: where the members run.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { host, entry, ..Cloud::NOTHING };

pattern!(MEMBER, r"/apis/cluster\.karmada\.io/v1alpha1/clusters/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)/proxy");

fn host(e: &Evidence<'_>, _: &str) -> Option<Clue> {
    let [member] = groups(&MEMBER, e.path())?;
    Some(Clue::certain(Provider::Karmada, "").cluster(member))
}

fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let own = e.facts.cluster_entry == "karmada-apiserver" && e.at_port(&[5443, 32443]);
    own.then(|| Clue::inferred(Provider::Karmada, "karmada"))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_4_members() {
        let member = "https://10.0.0.1:5443/apis/cluster.karmada.io/v1alpha1/clusters/member1/proxy";
        table(&[
            (Given::at(member).entry("x"), "karmada - - - member1 Certain"),
            (Given::at("https://10.0.0.1:5443/apis/cluster.karmada.io/v1alpha1/clusters/a/b/proxy"), "unknown - - - ctx Unknown"),
            (Given::at("https://10.0.0.1:5443/apis/cluster.karmada.io/v1alpha1/clusters/m"), "unknown - - - ctx Unknown"),
            (Given::at("https://10.0.0.1:5443/apis/clusterXkarmada.io/v1alpha1/clusters/m/proxy"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_30_its_own_server() {
        table(&[
            (Given::at("https://10.0.0.1:5443").entry("karmada-apiserver"), "karmada karmada - - karmada-apiserver Inferred"),
            (Given::at("https://10.0.0.1:32443").entry("karmada-apiserver"), "karmada karmada - - karmada-apiserver Inferred"),
            (Given::at("https://10.0.0.1:6443").entry("karmada-apiserver"), "unknown - - - ctx Unknown"),
            (Given::at("https://10.0.0.1:5443").entry("karmada"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).context("karmada-apiserver"), "unknown - - - karmada-apiserver Unknown"),
        ]);
    }
}
