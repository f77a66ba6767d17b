//! Hetzner: its nodes alone (rule 35), for nothing in a kubeconfig speaks of it. Called through `CLOUD`.
//! Never here: what runs there, which is self-managed.

use super::Cloud;
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    schemes: &[("hcloud", Provider::Hetzner), ("hrobot", Provider::Hetzner)],
    ..Cloud::NOTHING
};

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, PUBLIC, table};

    #[test]
    fn rule_35_strings_do_not_speak_of_it() {
        table(&[
            (Given::at(PUBLIC).entry("hetzner-prod").context("hcloud"), "unknown - - - hcloud Unknown"),
            (Given::at(OWN).entry("fsn1-prod"), "unknown - - - ctx Unknown"),
            (Given::at("https://k8s.hetzner.cloud").entry("prod"), "unknown - - - ctx Unknown"),
        ]);
    }
}
