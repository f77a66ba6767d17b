//! The clouds: one file each, with all that its tools, its hosts and its nodes write, and how to read it.
//!
//! A rule reads strings and says where the cluster is, or nothing. Never here: the weighing of what several rules say,
//! which is `context`'s. Called by `context::classify` and `context::refine`, by `cost` for the price of a node
//! ([`machine`]), and by `source::slim` for the labels to keep ([`labels`]).
//!
//! Add a cloud: one file with a `CLOUD`, and its word in the list below. Where two rules of one weight match, the first
//! of the list wins.
//!
//! Architecture invariant: hosts are matched whole by anchored patterns, never by substring: a hostile file may name
//! `eks.amazonaws.com.attacker.example`.

mod evidence;
mod files;

pub(in crate::domain) use evidence::{Clue, Entry, Evidence};
pub use files::{AwsProfile, LocalFiles, OciProfile};

use super::place::Provider;
use evidence::Pattern;

/// Declares the clouds and their order.
macro_rules! clouds {
    ($($name:ident)*) => {
        $(pub mod $name;)*
        /// All of them.
        pub(in crate::domain) static ALL: &[&Cloud] = &[$(&$name::CLOUD,)*];
    };
}

clouds! {
    teleport tailscale rancher karmada aws gcp azure digitalocean linode oci ibm scaleway ovh vultr civo exoscale
    tencent huawei alibaba openshift local vcluster gardener hetzner machines selfmanaged
}

/// The rules of one cloud. Each says nothing of what it does not know.
pub(in crate::domain) struct Cloud {
    /// Hosts that it makes for each cluster: no other cluster ever has one of them.
    pub(in crate::domain) own_hosts: &'static [&'static Pattern],
    /// By one host, in lower case, and by the server's path.
    pub(in crate::domain) host: fn(&Evidence<'_>, &str) -> Option<Clue>,
    /// By the sign-in: the plugin's command without folder and `.exe`, `""` where there is none.
    pub(in crate::domain) exec: fn(&Evidence<'_>, &str) -> Option<Clue>,
    /// By several strings together, the cluster entry among them.
    pub(in crate::domain) entry: fn(&Evidence<'_>) -> Option<Clue>,
    /// By one name alone.
    pub(in crate::domain) name: fn(&str, Entry) -> Option<Clue>,
    /// By what is weaker than any name of another cloud.
    pub(in crate::domain) last: fn(&Evidence<'_>) -> Option<Clue>,
    /// Schemes of `spec.providerID` that say whose machine it is, and nothing else.
    pub(in crate::domain) schemes: &'static [(&'static str, Provider)],
    /// By a node's `spec.providerID` and the version of its kubelet.
    pub(in crate::domain) machine: fn(&str, &str) -> Option<Machine>,
    /// Labels of nodes that tell, and what of their values.
    pub(in crate::domain) labels: &'static [(&'static str, fn(&str) -> Machine)],
    /// By `/version`'s `gitVersion`.
    pub(in crate::domain) version: fn(&str) -> Option<Machine>,
}

impl Cloud {
    /// Knows nothing: the rules a cloud has none of.
    const NOTHING: Self = Self {
        own_hosts: &[],
        schemes: &[],
        host: |_, _| None,
        exec: |_, _| None,
        entry: |_| None,
        name: |_, _| None,
        last: |_| None,
        machine: |_, _| None,
        labels: &[],
        version: |_| None,
    };
}

/// What a running cluster says of where it runs; empty means that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Whose machine it is.
    pub provider: Provider,
    /// Service or distribution.
    pub service: &'static str,
    /// Account, project or subscription. Amazon's do not say.
    pub account: String,
    /// Region.
    pub region: String,
    /// The cluster's name.
    pub cluster: String,
}

impl Machine {
    /// One that says whose it is, and which service.
    const fn of(provider: Provider, service: &'static str) -> Self {
        Self { provider, service, account: String::new(), region: String::new(), cluster: String::new() }
    }

    /// One with a region.
    fn at(provider: Provider, region: &str) -> Self {
        Self { region: region.to_owned(), ..Self::of(provider, "") }
    }
}

/// Reads a node's `spec.providerID`, which the cloud's own controller writes. The kubelet's version decides about those
/// without a scheme. `None` for those that skyfleet does not know, and for none at all.
pub fn machine(provider_id: &str, kubelet_version: &str) -> Option<Machine> {
    let scheme = provider_id.split_once("://").map(|(scheme, _)| scheme);
    ALL.iter().find_map(|cloud| {
        let plain = cloud.schemes.iter().find(|(s, _)| Some(*s) == scheme);
        plain
            .map(|(_, provider)| Machine::of(*provider, ""))
            .or_else(|| (cloud.machine)(provider_id, kubelet_version))
    })
}

/// Whether a host, in lower case, is one that a cloud made for one cluster: by whatever way it is reached, it is that one.
pub fn is_own_host(host: &str) -> bool {
    ALL.iter().any(|cloud| cloud.own_hosts.iter().any(|pattern| evidence::is(pattern, host)))
}

/// What a server's version says of its service.
pub(in crate::domain) fn version(git_version: &str) -> Option<Machine> {
    ALL.iter().find_map(|cloud| (cloud.version)(git_version))
}

/// What a label of a node says.
pub(in crate::domain) fn label(key: &str, value: &str) -> Option<Machine> {
    ALL.iter().find_map(|cloud| cloud.labels.iter().find(|(k, _)| *k == key).map(|(_, read)| read(value)))
}

/// The keys of the labels of nodes that tell of a cloud.
pub fn labels() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|cloud| cloud.labels.iter().map(|(key, _)| *key))
}

#[cfg(test)]
mod tests;
