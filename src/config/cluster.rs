//! What the settings say of single clusters: how they are reached, and what their plugins see. Addresses of proxies and the
//! values of variables may hold secrets. Called by [`super::settings`]; read by `main`.

use std::fmt;

use serde::Deserialize;

/// Text that is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What is said of the clusters that a glob finds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSetting {
    /// A glob on the tree's path, or on the context's name.
    #[serde(rename = "match")]
    pub matches: String,
    /// The proxy it is reached by: `http://`, `https://` or `socks5://`.
    pub proxy: Option<Hidden>,
    /// The name its certificate must have.
    pub tls_server_name: Option<String>,
    /// Added to the environment of its credential plugin.
    #[serde(default)]
    pub env: std::collections::BTreeMap<String, Hidden>,
}
