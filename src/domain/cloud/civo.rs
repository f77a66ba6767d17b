//! Civo: its managed Kubernetes by host (rule 18; newer kubeconfigs have a bare address, which says nothing); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, pattern};
use super::Cloud;
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Civo, "civo"),
    schemes: &[("civo", Provider::Civo)],
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.k8s\.civo\.com");

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_18_civo() {
        table(&[
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.k8s.civo.com:6443").entry("shop"), "civo civo - - shop Certain"),
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.k8s.civo.com.attacker.example").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.k8s.civo.com").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at("https://203.0.113.9:6443").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("shop"), "unknown - - - ctx Unknown"),
        ]);
    }
}
