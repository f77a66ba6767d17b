//! Contexts to one server are one cluster, with several identities. What tells a server from others is its address, and
//! where addresses may be had twice (private ones, behind proxies or with CAs of their own) those, too: taking two clusters
//! for one would send writes to the wrong one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use secrecy::ExposeSecret;

use super::cluster::ClusterEntry;
use super::contexts::ContextEntry;
use super::user::UserEntry;
use crate::domain::cloud::is_own_host;
use crate::domain::context::{Server, environment_of, host_of};
use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::place::Place;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::source::proxy;

/// What tells the server of a cluster entry from others. A host that a cloud gave out is nobody else's: there proxy, CA
/// and the tunnel it is reached through do not matter.
///
/// Behind Teleport's proxy one address leads to many clusters, and the credential says to which.
pub(super) fn endpoint_of(cluster: &ClusterEntry, user: Option<&UserEntry>) -> String {
    let exec = user.and_then(|u| u.exec.as_ref());
    let tsh = exec.filter(|e| matches!(e.command.rsplit('/').next(), Some("tsh" | "tsh.exe")));
    match tsh {
        Some(exec) => format!("{}|{}", address_of(cluster), exec.args.join(" ")),
        None => address_of(cluster),
    }
}

fn address_of(cluster: &ClusterEntry) -> String {
    let server = cluster.server.as_deref().and_then(Server::parse);
    let tls_host = cluster.tls_server_name.as_deref().and_then(host_of);
    let Some(server) = server else {
        return format!("unreadable:{}", cluster.server.as_deref().unwrap_or(""));
    };
    if is_own_host(&server.host) {
        return format!("host:{}:{}{}", server.host, server.port, server.path);
    }
    // The name its certificate must have counts only where it is looked at, and by whom the machine itself trusts or by
    // the cluster's own CA; then it is that cluster, whatever tunnel leads there.
    let checked = server.secure && !cluster.insecure;
    if let Some(host) = tls_host.as_deref().filter(|h| checked && is_own_host(h)) {
        let ca = cluster.ca_data.as_deref().map_or(0, hash);
        return format!("tunnel:{host}{}|{ca:x}", server.path);
    }
    let ca = match (&cluster.ca_data, &cluster.ca_file) {
        (Some(data), _) => hash(data),
        (None, Some(file)) => hash(&file.to_string_lossy()),
        (None, None) => 0,
    };
    // Without its user and password, which tell no server from another.
    let proxy = cluster.proxy.as_ref().map_or_else(String::new, |p| proxy::shown(p.expose_secret()));
    format!("{}|{}|{proxy}|{ca:x}", server.key(), cluster.tls_server_name.as_deref().unwrap_or(""))
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What one of its contexts calls production is production, by whichever it is entered.
fn environment(acting: &ContextEntry, all: &[&ContextEntry]) -> Environment {
    let of = |c: &ContextEntry| environment_of(&c.located.place, &c.name);
    if all.iter().any(|c| of(c) == Environment::Prod) { Environment::Prod } else { of(acting) }
}

/// Where the cluster of these contexts is, and what it is called: by the one that knows most, the first in file order of
/// those that know as much. Who acts does not change which cluster it is.
fn place(all: &[&ContextEntry]) -> Place {
    let unknown = |p: &Place| usize::from(p.account.is_empty()) + usize::from(p.region.is_empty());
    let places = all.iter().map(|c| &c.located.place);
    let best = places.min_by_key(|p| (p.provider_certainty, unknown(p), p.certainty));
    best.cloned().unwrap_or_default()
}

/// The clusters behind the contexts. The remembered choice acts for one, else the current context, else the first in file
/// order that could be dialled; never the most powerful.
pub fn clusters(
    contexts: &[ContextEntry],
    read_only: bool,
    remembered: &[String],
    acting: &[String],
) -> Vec<ClusterInfo> {
    let is_remembered =
        |c: &&&ContextEntry| remembered.iter().any(|r| *r == c.name || *r == SafeText::new(&c.name).as_str());
    let mut by_server: Vec<Vec<&ContextEntry>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for c in contexts {
        let place = *places.entry(&c.endpoint).or_insert(by_server.len());
        match by_server.get_mut(place) {
            Some(list) => list.push(c),
            None => by_server.push(vec![c]),
        }
    }
    by_server
        .into_iter()
        .filter_map(|list| {
            let acting = list
                .iter()
                .find(is_remembered)
                .or_else(|| list.iter().find(|c| acting.contains(&c.name) && c.unusable.is_none()))
                .or_else(|| list.iter().find(|c| c.current))
                .or_else(|| list.iter().find(|c| c.unusable.is_none()))
                .or_else(|| list.first())?;
            Some(ClusterInfo {
                id: ClusterId(0),
                context: SafeText::new(&acting.name),
                other_contexts: list
                    .iter()
                    .filter(|c| c.name != acting.name)
                    .map(|c| SafeText::new(&c.name))
                    .collect(),
                environment: environment(acting, &list),
                place: place(&list),
                server: SafeText::new(acting.server.as_deref().unwrap_or("")),
                user: SafeText::new(&acting.acts_as),
                acting_as: SafeText::new(acting.impersonates()),
                auth: SafeText::new(&acting.auth.to_string()),
                read_only,
                groups: Vec::new(),
                called: SafeText::empty(),
            })
        })
        .collect()
}
