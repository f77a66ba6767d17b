//! The kubeconfig of a fleet: as the clouds' own tools would have written it, and as it is served on this machine.
//! Called by `Simulation::kubeconfig` and by `serve`.

use serde_json::{Value, json};

use super::admit::base64;
use super::json as j;
use super::seed;
use super::spec::ClusterSpec;

/// A `Config` v1 with one context per cluster.
pub(crate) fn of<'a>(clusters: impl Iterator<Item = &'a ClusterSpec>) -> Value {
    let (mut contexts, mut entries, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for spec in clusters {
        let (context, cluster, user) = seed::context(spec);
        // ACK writes the same cluster and user names into every file; merged by hand they get the id.
        let (cluster, user) = if spec.provider == "ack" {
            (context.replace("kubernetes-admin-", "kubernetes-"), context.clone())
        } else {
            (cluster, user)
        };
        contexts.push(json!({"name": context, "context": {"cluster": cluster, "user": user}}));
        entries.push(json!({"name": cluster, "cluster": {"server": seed::server(spec),
            "certificate-authority-data": "c2ltdWxhdGVk"}}));
        users.push(json!({"name": user, "user": seed::user_entry(spec)}));
    }
    let current = contexts.first().and_then(|c| c.get("name")).cloned().unwrap_or(Value::Null);
    json!({"apiVersion": "v1", "kind": "Config", "preferences": {}, "clusters": entries, "contexts": contexts,
        "users": users, "current-context": current})
}

/// The same contexts where they are served: by address and authority, with the administrator's token for each, and further
/// users that no context names.
pub(crate) fn served<'a>(
    clusters: impl Iterator<Item = &'a ClusterSpec> + Clone,
    place: &dyn Fn(&str) -> String,
    authority: &str,
    token: &str,
    further: Vec<Value>,
) -> Value {
    let mut config = of(clusters.clone());
    let places: Vec<String> = clusters.map(|spec| place(&seed::context(spec).0)).collect();
    let entries = j::existing_list_mut(&mut config, "clusters").into_iter().flatten();
    for (entry, server) in entries.zip(places) {
        let authority = base64(authority.as_bytes());
        j::set(entry, "cluster", json!({"server": server, "certificate-authority-data": authority}));
    }
    let users = j::list_mut(&mut config, "users");
    for user in users.iter_mut() {
        j::set(user, "user", json!({"token": token}));
    }
    users.extend(further);
    config
}
