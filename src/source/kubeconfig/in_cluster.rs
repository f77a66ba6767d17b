//! Inside a pod without any kubeconfig: the pod's own service account, as one context named `in-cluster` (client-go
//! rest/config.go, InClusterConfig). It is listed like any other; nothing falls back to it silently. Called by
//! [`super::reader`].

use std::path::Path;

use serde_json::json;

use super::contexts::{Loaded, from_value};

/// Where a pod finds its service account.
pub(super) const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The context of the pod this runs in, if it runs in one.
pub(super) fn in_cluster(get: impl Fn(&str) -> Option<String>, account: &Path) -> Option<Loaded> {
    let set = |name: &str| get(name).filter(|v| !v.is_empty());
    let (host, port) = (set("KUBERNETES_SERVICE_HOST")?, set("KUBERNETES_SERVICE_PORT")?);
    let (token, ca) = (account.join("token"), account.join("ca.crt"));
    if !token.is_file() {
        return None;
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let namespace = std::fs::read_to_string(account.join("namespace")).unwrap_or_default();
    let config = json!({
        "current-context": "in-cluster",
        "clusters": [{"name": "in-cluster", "cluster": {"server": format!("https://{host}:{port}"), "certificate-authority": ca}}],
        "users": [{"name": "in-cluster", "user": {"tokenFile": token}}],
        "contexts": [{"name": "in-cluster", "context": {"cluster": "in-cluster", "user": "in-cluster", "namespace": namespace.trim()}}],
    });
    from_value(&config).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_16_a_pod_without_kubeconfig_has_a_context_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let env = |name: &str| match name {
            "KUBERNETES_SERVICE_HOST" => Some("fd00::1".to_owned()),
            "KUBERNETES_SERVICE_PORT" => Some("443".to_owned()),
            _ => None,
        };
        assert!(in_cluster(env, dir.path()).is_none(), "no token: no pod");
        std::fs::write(dir.path().join("token"), "t").unwrap();
        std::fs::write(dir.path().join("ca.crt"), "c").unwrap();
        std::fs::write(dir.path().join("namespace"), "team-a\n").unwrap();
        let loaded = in_cluster(env, dir.path()).unwrap();
        let one = &loaded.contexts[0];
        assert_eq!((one.name.as_str(), one.namespace.as_deref()), ("in-cluster", Some("team-a")));
        assert_eq!((one.server.as_deref(), one.unusable.as_deref()), (Some("https://[fd00::1]:443"), None));
        assert_eq!(one.auth.to_string(), "token-file");
        assert!(in_cluster(|_| None, dir.path()).is_none());
    }
}
