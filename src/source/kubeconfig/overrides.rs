//! What skyfleet's own settings say of single clusters: a proxy, the name of a certificate, the environment of a plugin. They
//! come over what the kubeconfig says; the kubeconfig itself is never written. Called by [`super::reader`].

use std::sync::Arc;

use globset::GlobMatcher;
use secrecy::SecretString;

use super::contexts::{Loaded, rehash};
use crate::domain::id::ClusterId;
use crate::domain::scope::{ClusterAt, Scope};
use crate::domain::text::SafeText;
use crate::source::proxy;

/// For whom something is said, and what.
#[derive(Clone)]
pub struct Override {
    /// Clusters by their place in the tree.
    pub scope: Option<Scope>,
    /// Contexts by name.
    pub context: Option<GlobMatcher>,
    /// The proxy.
    pub proxy: Option<SecretString>,
    /// The name the server's certificate must have.
    pub tls_server_name: Option<String>,
    /// Added to the environment of its plugin.
    pub env: Vec<(String, SecretString)>,
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Override").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Applies what is said to the contexts it is said of; of two that say the same thing the later counts.
pub(super) fn apply(overrides: &[Override], loaded: &mut Loaded) {
    for context in &mut loaded.contexts {
        let name = SafeText::new(&context.name);
        for one in overrides {
            let at = ClusterAt::new(ClusterId(0), &context.located.place, &name);
            let meant = one.scope.as_ref().is_some_and(|scope| scope.touches(at))
                || one.context.as_ref().is_some_and(|glob| glob.is_match(&context.name));
            let Some(access) = context.access.as_mut().filter(|_| meant) else { continue };
            if one.proxy.is_some() || one.tls_server_name.is_some() {
                let cluster = Arc::make_mut(&mut access.cluster);
                cluster.proxy = one.proxy.clone().or(cluster.proxy.take());
                cluster.tls_server_name = one.tls_server_name.clone().or(cluster.tls_server_name.take());
                context.tls_server_name.clone_from(&cluster.tls_server_name);
                context.endpoint = super::fold::endpoint_of(cluster, Some(&access.user));
            }
            if !one.env.is_empty()
                && let Some(exec) = Arc::make_mut(&mut access.user).exec.as_mut()
            {
                exec.env.extend(one.env.iter().cloned());
            }
            rehash(access);
        }
    }
}

/// Whether an address can be a proxy's.
pub fn is_proxy(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("http" | "https" | "socks5" | "socks5h"))
        && proxy::shown(address).parse::<http::Uri>().is_ok()
}
