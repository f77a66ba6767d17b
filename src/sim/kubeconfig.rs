//! The kubeconfig of a fleet, as the clouds' own tools would have written it.
//! Called by `Simulation::kubeconfig`.

use serde_json::{Value, json};

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
