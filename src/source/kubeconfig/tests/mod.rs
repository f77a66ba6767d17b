//! What the tests of reading kubeconfigs are written with.

mod entries;
mod fold;
mod hostile;
mod merge;

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::domain::cloud::LocalFiles;
use crate::domain::text::SafeText;

pub(super) const GOOD: &str = r"
apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: one, cluster: {server: 'https://10.0.0.1:6443'}}
users:
- {name: alice, user: {token: secret-of-alice}}
- {name: bob, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /usr/bin/aws, args: [eks, get-token], interactiveMode: IfAvailable}, as: root}}
contexts:
- {name: a, context: {cluster: one, user: alice}}
- {name: b, context: {cluster: one, user: bob}}
- {name: dangling, context: {cluster: two, user: alice}}
";

/// Files in a folder of their own, read in this order.
pub(super) fn read(files: &[(&str, &str)]) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let loaded = load(&paths, &LocalFiles::default());
    (dir, loaded)
}

pub(super) fn one(text: &str) -> Loaded {
    read(&[("config", text)]).1
}

pub(super) fn context<'a>(loaded: &'a Loaded, name: &str) -> &'a ContextEntry {
    loaded.contexts.iter().find(|c| c.name == name).unwrap()
}

pub(super) fn why(loaded: &Loaded, name: &str) -> String {
    context(loaded, name).unusable.clone().unwrap_or_default()
}

/// A kubeconfig of one context `c` with this cluster and this user.
pub(super) fn pair(cluster: &str, user: &str) -> Loaded {
    one(&format!(
        "clusters: [{{name: k, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
    ))
}

pub(super) const SERVER: &str = "server: 'https://10.0.0.1:6443'";
