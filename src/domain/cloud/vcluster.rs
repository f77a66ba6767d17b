//! vcluster: rule 29, by the entry its command line writes. Never here: the cluster it runs inside of, which is kept by
//! its context. Called through `CLOUD`.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { entry, ..Cloud::NOTHING };

pattern!(ENTRY, r"vcluster_([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)_([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)_(.+)");

fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let [cluster, namespace, parent] = groups(&ENTRY, e.facts.cluster_entry).filter(|_| e.is_private())?;
    let clue = Clue::inferred(Provider::VCluster, "vcluster").account(namespace).cluster(cluster);
    Some(Clue { within: parent.to_owned(), ..clue })
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_29_vcluster() {
        let inner = Given::at("https://localhost:10443").entry("vcluster_dev_team-a_gke_acme_europe-west1_shop");
        assert_eq!(inner.located().within, "gke_acme_europe-west1_shop");
        table(&[
            (inner, "vcluster vcluster team-a - dev Inferred"),
            (Given::at("https://10.0.0.1").entry("vcluster_dev_team-a_kind-x"), "vcluster vcluster team-a - dev Inferred"),
            (Given::at(OWN).entry("vcluster_dev_team-a_kind-x"), "unknown - - - ctx Unknown"),
            (Given::at("https://localhost:10443").entry("vcluster_dev_team-a_"), "unknown - - - ctx Unknown"),
            (Given::at("https://localhost:10443").entry("vcluster_dev"), "unknown - - - ctx Unknown"),
            (
                Given::at("https://localhost:10443").context("vcluster_dev_team-a_x"),
                "unknown - - - vcluster_dev_team-a_x Unknown",
            ),
        ]);
    }
}
