//! Distributions on machines of nobody known: kubeadm, Cluster API and Talos by the names they write (rule 33); k3s, RKE2
//! and Metal3 by their nodes and versions. The provider stays unknown. Called through `CLOUD`, after all others.

use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { last, machine, version, ..Cloud::NOTHING };

/// The names are of a cluster only where entry, user and context agree on it.
fn last(e: &Evidence<'_>) -> Option<Clue> {
    let (entry, user, context) = (e.facts.cluster_entry, e.facts.user_entry, e.facts.context);
    if entry.is_empty() {
        return None;
    }
    let is = |prefix: &str, name: &str| name.strip_prefix(prefix) == Some(entry);
    let service = if is("kubernetes-admin@", context) || (entry == "kubernetes" && user == "kubernetes-admin") {
        "kubeadm"
    } else if context.strip_prefix(entry).and_then(|c| c.strip_prefix("-admin@")) == Some(entry) {
        "capi"
    } else if is("admin@", context) && is("admin@", user) {
        "talos"
    } else {
        return None;
    };
    // What kubeadm calls every cluster tells none from another.
    let cluster = if entry == "kubernetes" { context } else { entry };
    Some(Clue::inferred(Provider::Unknown, service).cluster(cluster))
}

fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    let service = match provider_id.split_once("://")?.0 {
        "k3s" => "k3s",
        "rke2" => "rke2",
        "metal3" => "metal3",
        _ => return None,
    };
    Some(Machine::of(Provider::Unknown, service))
}

fn version(git_version: &str) -> Option<Machine> {
    let service = if git_version.contains("+k3s") {
        "k3s"
    } else if git_version.contains("+rke2r") {
        "rke2"
    } else {
        return None;
    };
    Some(Machine::of(Provider::Unknown, service))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, PRIVATE, table};

    #[test]
    fn rule_33_names() {
        table(&[
            (
                Given::at(PRIVATE).entry("kubernetes").user("kubernetes-admin").context("kubernetes-admin@kubernetes"),
                "unknown kubeadm - - kubernetes-admin@kubernetes Inferred",
            ),
            (
                Given::at(PRIVATE).entry("kubernetes").user("kubernetes-admin").context("berlin"),
                "unknown kubeadm - - berlin Inferred",
            ),
            (Given::at(PRIVATE).entry("lab").context("kubernetes-admin@lab"), "unknown kubeadm - - lab Inferred"),
            (Given::at(OWN).entry("edge").user("edge-admin").context("edge-admin@edge"), "unknown capi - - edge Inferred"),
            (Given::at(OWN).entry("t1").user("admin@t1").context("admin@t1"), "unknown talos - - t1 Inferred"),
            (Given::at(OWN).entry("edge").context("core-admin@edge"), "unknown - - - core-admin@edge Unknown"),
            (Given::at(OWN).entry("other").context("edge-admin@edge"), "unknown - - - edge-admin@edge Unknown"),
            (Given::at(OWN).entry("x").context("kubernetes-admin@kubernetes"), "unknown - - - kubernetes-admin@kubernetes Unknown"),
            (Given::at(OWN).entry("kubernetes").user("jane").context("x"), "unknown - - - x Unknown"),
            (Given::at(OWN).entry("t1").user("t1-admin").context("admin@t1"), "unknown - - - admin@t1 Unknown"),
            (Given::at(OWN).context("k3s").entry("rke2"), "unknown - - - k3s Unknown"),
        ]);
    }
}
