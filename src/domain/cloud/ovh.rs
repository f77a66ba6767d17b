//! OVH: its managed Kubernetes by host (rule 16). Called through `CLOUD`. Never here: its nodes, which are OpenStack's.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { host, ..Cloud::NOTHING };

pattern!(HOST, r"[a-z0-9]+\.c[0-9]+\.([a-z0-9]+(?:-[a-z0-9]+)*)\.k8s\.ovh\.net");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [region] = groups(&HOST, host)?;
    Some(Clue::certain(Provider::Ovh, "mks").region(region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn patterns_compile() {
        assert!(HOST.is_some());
    }

    #[test]
    fn rule_16_mks() {
        table(&[
            (
                Given::at("https://xxxxxx.c1.gra9.k8s.ovh.net").entry("shop").context("kubernetes-admin@shop"),
                "ovh mks - gra9 shop Certain",
            ),
            (Given::at("https://xxxxxx.c1.gra9.k8s.ovh.net.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://xxxxxx.gra9.k8s.ovh.net"), "unknown - - - ctx Unknown"),
            (Given::at("https://xxxxxx.c1.gra9.k8sxovh.net"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("ovh-gra9"), "unknown - - - ctx Unknown"),
        ]);
    }
}
