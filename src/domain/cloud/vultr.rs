//! Vultr: VKE by host (rule 17); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, pattern};
use super::Cloud;
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Vultr, "vke"),
    schemes: &[("vultr", Provider::Vultr)],
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.vultr-k8s\.com");

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_17_vke() {
        table(&[
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.vultr-k8s.com:6443").entry("vke-01234567-89ab-cdef-0123-456789abcdef"), "vultr vke - - vke-01234567-89ab-cdef-0123-456789abcdef Certain"),
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.vultr-k8s.com.attacker.example").entry("vke-01234567-89ab-cdef-0123-456789abcdef"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.vultr-k8s.com").entry("vke-01234567-89ab-cdef-0123-456789abcdef"), "unknown - - - ctx Unknown"),
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.vultrxk8s.com").entry("vke-01234567-89ab-cdef-0123-456789abcdef"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("vke-01234567-89ab-cdef-0123-456789abcdef"), "unknown - - - ctx Unknown"),
        ]);
    }
}
