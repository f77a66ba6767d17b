//! Civo: its managed Kubernetes by host (rule 18; newer kubeconfigs have a bare address, which says nothing); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{is, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    host,
    machine: |id, _| id.strip_prefix("civo://").map(|_| Machine::of(Provider::Civo, "")),
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.k8s\.civo\.com");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    is(&HOST, host).then(|| Clue::certain(Provider::Civo, "civo"))
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
