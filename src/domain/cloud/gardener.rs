//! Gardener: rule 32, by the entry of a shoot. Never here: the cloud a shoot runs in. Called through `CLOUD`.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Entry};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { name, ..Cloud::NOTHING };

// A project holds no `--`.
pattern!(ENTRY, r"garden-([a-z0-9]+(?:-[a-z0-9]+)*)--([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)-(?:external|internal)");

fn name(name: &str, entry: Entry) -> Option<Clue> {
    if entry != Entry::Cluster {
        return None;
    }
    let [project, shoot] = groups(&ENTRY, name)?;
    Some(Clue::inferred(Provider::Gardener, "gardener").account(project).cluster(shoot))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_32_gardener() {
        table(&[
            (Given::at(OWN).entry("garden-core--shop-eu-external"), "gardener gardener core - shop-eu Inferred"),
            (Given::at(OWN).entry("garden-my-team--shop-internal"), "gardener gardener my-team - shop Inferred"),
            (Given::at(OWN).entry("garden-core-shop-external"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("garden-core--shop"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("xgarden-core--shop-external"), "unknown - - - ctx Unknown"),
            (
                Given::at(OWN).context("garden-core--shop-external"),
                "unknown - - - garden-core--shop-external Unknown",
            ),
        ]);
    }
}
