//! Scaleway: Kapsule by host (rule 15); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, groups, pattern};
use super::{Cloud, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Scaleway, "kapsule"),
    machine,
    labels: &[("k8s.scaleway.com/kapsule", |_| Machine::of(Provider::Scaleway, "kapsule"))],
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.api\.k8s\.([a-z]{2}-[a-z]{3})\.scw\.cloud");
pattern!(MACHINE, r"scaleway://(?:instance|baremetal)/([a-z]{2}-[a-z]{3})-[0-9]+/.*");

/// `scaleway://instance/fr-par-1/<uuid>`: the zone is in `fr-par`.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    provider_id.strip_prefix("scaleway://")?;
    let [region] = groups(&MACHINE, provider_id).unwrap_or_default();
    Some(Machine::at(Provider::Scaleway, region))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_15_kapsule() {
        table(&[
            (
                Given::at("https://01234567-89ab-cdef-0123-456789abcdef.api.k8s.fr-par.scw.cloud:6443")
                    .entry("shop")
                    .context("admin@shop"),
                "scaleway kapsule - fr-par shop Certain",
            ),
            (
                Given::at("https://01234567-89ab-cdef-0123-456789abcdef.api.k8s.fr-par.scw.cloud.attacker.example"),
                "unknown - - - ctx Unknown",
            ),
            (
                Given::at("https://01234567-89ab-cdef-0123-456789abcde.api.k8s.fr-par.scw.cloud"),
                "unknown - - - ctx Unknown",
            ),
            (Given::at("https://api.k8s.fr-par.scw.cloud"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("shop").context("admin@shop"), "unknown - - - admin@shop Unknown"),
        ]);
    }
}
