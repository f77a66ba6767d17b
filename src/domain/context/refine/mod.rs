//! What a live cluster adds to what its context said: its version and its first nodes. Never here: what a single cloud's
//! nodes look like (`domain::cloud`). Called by `fleet` when nodes or the version arrive.
//!
//! A cluster may lie, so it never overrules a certain answer: it fills what that leaves open. An answer by names it does
//! overrule. Where nodes disagree (a cluster over two clouds, or one that lies) nothing is taken from them; what only one
//! of them says differently stays open.

use crate::domain::cloud::{self, Machine};
use crate::domain::node::NodeRow;
use crate::domain::place::{Certainty, Place, Provider};
use crate::domain::text::SafeText;

/// Where the cluster is, now that its nodes and its `gitVersion` (empty until known) are there.
pub fn refine(place: &Place, nodes: &[&NodeRow], git_version: &str) -> Place {
    let Some(told) = told(nodes, git_version) else { return place.clone() };
    let certain = Certainty::Certain;
    if place.certainty == certain || place.provider_certainty == certain {
        return fill(place, &told);
    }
    let place = &not_local_after_all(place, &told, nodes, git_version);
    if told.provider == Provider::Unknown || told.provider == place.provider {
        return overwrite(place, &told);
    }
    // A distribution says nothing of the machines it runs on.
    if told.provider.is_front() && place.provider != Provider::Unknown {
        return fill(place, &told);
    }
    let kept = if place.provider == Provider::Unknown || place.provider.is_front() {
        place.service.clone()
    } else {
        SafeText::empty()
    };
    let moved = Place {
        provider: told.provider,
        service: if told.service.is_empty() { kept } else { SafeText::new(told.service) },
        cluster: place.cluster.clone(),
        certainty: Certainty::Inferred,
        provider_certainty: Certainty::Inferred,
        ..Place::default()
    };
    overwrite(&moved, &told)
}

/// What nodes and version say together; `None` where nodes disagree.
fn told(nodes: &[&NodeRow], git_version: &str) -> Option<Machine> {
    let says: Vec<Machine> = nodes.iter().filter_map(|n| of_node(n)).collect();
    let all = |field: fn(&Machine) -> &str| same(says.iter().map(field)).unwrap_or_default();
    let mut told = Machine {
        provider: if says.is_empty() { Provider::Unknown } else { same(says.iter().map(|m| m.provider))? },
        service: same(says.iter().map(|m| m.service)).unwrap_or_default(),
        account: all(|m| &m.account).to_owned(),
        region: all(|m| &m.region).to_owned(),
        cluster: all(|m| &m.cluster).to_owned(),
    };
    // The kubelets' version stands in until the server's is known.
    let kubelets = same(nodes.iter().map(|n| n.version.as_str())).unwrap_or_default();
    let by_version = cloud::version(if git_version.is_empty() { kubelets } else { git_version });
    if let Some(by_version) = by_version {
        let agrees = by_version.provider == told.provider;
        let distribution = by_version.provider == Provider::Unknown || by_version.provider.is_front();
        if told.provider == Provider::Unknown && by_version.provider != Provider::Unknown {
            told.provider = by_version.provider;
            told.service = by_version.service;
        } else if told.service.is_empty() && (agrees || distribution) {
            told.service = by_version.service;
        }
    }
    Some(told)
}

/// What one node says: its providerID, and what its labels add. A distribution's label names its service and leaves the
/// machine whose it is.
fn of_node(node: &NodeRow) -> Option<Machine> {
    let by_id = cloud::machine(&node.provider_id, &node.version);
    let labels = node.cloud_labels.iter().filter_map(|(key, value)| cloud::label(key, value));
    let mut machine = labels.fold(by_id, |known, label| {
        let Some(mut known) = known else { return Some(label) };
        if known.provider == Provider::Unknown || (known.provider.is_front() && !label.provider.is_front()) {
            let service = if label.service.is_empty() { known.service } else { label.service };
            return Some(Machine { service, ..label });
        }
        if known.provider == label.provider || label.provider.is_front() {
            if known.service.is_empty() {
                known.service = label.service;
            }
            for (open, told) in [(&mut known.region, label.region), (&mut known.cluster, label.cluster)] {
                if open.is_empty() {
                    *open = told;
                }
            }
        }
        Some(known)
    })?;
    if machine.region.is_empty() {
        node.region.as_str().clone_into(&mut machine.region);
    }
    Some(machine)
}

/// What k3s or RKE2 install as `default` on this machine is theirs by version; of anything else the loopback address is the
/// near end of a tunnel.
fn not_local_after_all(place: &Place, told: &Machine, nodes: &[&NodeRow], git_version: &str) -> Place {
    let open = place.provider == Provider::Local && place.service.is_empty();
    let versioned = !git_version.is_empty() || nodes.iter().any(|n| !n.version.is_empty());
    if open && versioned && !matches!(told.service, "k3s" | "rke2") {
        return Place { cluster: place.cluster.clone(), ..Place::default() };
    }
    place.clone()
}

/// Fills what a certain answer leaves open. Of a way to clusters it is not certain where they run.
fn fill(place: &Place, told: &Machine) -> Place {
    let mut out = place.clone();
    let ours = told.provider == place.provider;
    let distribution = told.provider == Provider::Unknown || told.provider.is_front();
    if !ours && !place.provider.is_front() && !distribution {
        return out;
    }
    // A project's id says more to people than its number.
    let number = place.provider == Provider::Gcp
        && !place.account.is_empty()
        && place.account.bytes().all(|b| b.is_ascii_digit());
    if ours && !told.account.is_empty() && (out.account.is_empty() || number) {
        out.account = SafeText::new(&told.account);
    }
    if out.region.is_empty() && (ours || place.provider.is_front()) {
        out.region = SafeText::new(&told.region);
    }
    if out.service.is_empty() {
        out.service = SafeText::new(told.service);
    }
    out
}

/// Nodes know better than names.
fn overwrite(place: &Place, told: &Machine) -> Place {
    let mut out = place.clone();
    if told.provider != Provider::Unknown {
        for (field, told) in [(&mut out.account, &told.account), (&mut out.region, &told.region)] {
            if !told.is_empty() {
                *field = SafeText::new(told);
            }
        }
        if !told.cluster.is_empty() && !told.cluster.eq_ignore_ascii_case(&out.cluster) {
            out.cluster = SafeText::new(&told.cluster);
        }
    }
    if !told.service.is_empty() && (out.service.is_empty() || out.provider == Provider::Unknown) {
        out.service = SafeText::new(told.service);
        out.certainty = Certainty::Inferred;
        out.provider_certainty = Certainty::Inferred;
    }
    out
}

/// What all say alike; `None` when they differ or there are none.
fn same<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests;
