//! Exoscale: SKS by host (rule 19); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, pattern};
use super::Cloud;
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Exoscale, "sks"),
    schemes: &[("exoscale", Provider::Exoscale)],
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.sks-([a-z]{2}-[a-z]+-[0-9]+)\.exo\.io");

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_19_sks() {
        table(&[
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.sks-ch-gva-2.exo.io:443").entry("shop"), "exoscale sks - ch-gva-2 shop Certain"),
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.sks-ch-gva-2.exo.io.attacker.example").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.sks-ch-gva-2.exo.io").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at("https://01234567-89ab-cdef-0123-456789abcdef.ch-gva-2.exo.io").entry("shop"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("shop"), "unknown - - - ctx Unknown"),
        ]);
    }
}
