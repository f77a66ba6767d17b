//! OVH: its managed Kubernetes by host (rule 16). Called through `CLOUD`. Never here: its nodes, which are OpenStack's.

use super::evidence::{by_host, pattern};
use super::Cloud;
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Ovh, "mks"),
    ..Cloud::NOTHING
};

pattern!(HOST, r"[a-z0-9]+\.c[0-9]+\.([a-z0-9]+(?:-[a-z0-9]+)*)\.k8s\.ovh\.net");

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

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
