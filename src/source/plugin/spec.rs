//! A plugin as a kubeconfig describes it, and what tells one from another. Nothing here runs anything.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::fault::PluginFault;
use crate::domain::sign_in::{ENVIRONMENT, PluginFacts, shown};
use crate::domain::text::SafeText;

/// Whether a plugin wants a person at a terminal: `interactiveMode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interactive {
    /// It never asks.
    Never,
    /// It asks where there is a terminal.
    IfAvailable,
    /// It always asks.
    Always,
    /// Not said: `IfAvailable` for v1beta1, wrong for v1.
    Missing,
    /// A word we do not know.
    Unknown(String),
}

/// What a kubeconfig's `exec` says. Its `Debug` holds no argument that looks like a secret and no value of its environment.
#[derive(Clone)]
pub struct Plugin {
    /// As the kubeconfig has it. One with a path separator that is relative is taken from [`Plugin::file`]'s folder.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Added to the environment, later ones first in rank.
    pub env: Vec<(String, SecretString)>,
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`; with anything else nothing is run.
    pub api_version: String,
    /// Whether it asks.
    pub interactive: Interactive,
    /// What the kubeconfig says about installing it.
    pub install_hint: Option<String>,
    /// `spec.cluster` of what it is told, where the kubeconfig has `provideClusterInfo`.
    pub cluster: Option<Value>,
    /// The kubeconfig that names it; none in the simulation.
    pub file: Option<PathBuf>,
    /// The context, for words only.
    pub context: String,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("line", &self.line())
            .field("api_version", &SafeText::new(&self.api_version))
            .field("interactive", &self.interactive)
            .field("context", &SafeText::new(&self.context))
            .finish_non_exhaustive()
    }
}

/// Tells plugins apart: equal for those that give the same credentials. A strong hash of all that they are told.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Plugin {
    /// Which plugin this is, for all contexts: by all that it is told.
    pub fn key(&self) -> Key {
        let env: Vec<_> = self.env.iter().map(|(n, v)| (n, v.expose_secret())).collect();
        let program = self.written().to_string_lossy().into_owned();
        Key(hash(
            &json!([program, self.args, env, self.api_version, self.mode_name(), self.cluster]).to_string(),
        ))
    }

    /// The command line for a person: quoted, without secrets.
    pub fn line(&self) -> SafeText {
        let argv: Vec<String> = std::iter::once(&self.command).chain(&self.args).cloned().collect();
        shown(&argv)
    }

    /// The command, a relative path made absolute by the kubeconfig's folder. A bare name stays one.
    pub(super) fn written(&self) -> PathBuf {
        let path = PathBuf::from(&self.command);
        match self.file.as_deref().and_then(std::path::Path::parent) {
            Some(folder) if self.is_relative() => folder.join(path),
            _ => path,
        }
    }

    /// A path, and not from the root.
    pub(super) fn is_relative(&self) -> bool {
        self.has_separator() && !std::path::Path::new(&self.command).is_absolute()
    }

    pub(super) fn has_separator(&self) -> bool {
        self.command.contains(std::path::is_separator)
    }

    /// What cannot be run as it stands.
    pub(super) fn check(&self) -> Result<(), PluginFault> {
        let wrong = |words: &str| Err(PluginFault::Entry(SafeText::new(words)));
        match (self.api_version.as_str(), &self.interactive) {
            ("client.authentication.k8s.io/v1", Interactive::Missing) => wrong(
                "the kubeconfig's exec entry has no interactiveMode, which client.authentication.k8s.io/v1 requires",
            ),
            ("client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1", mode) => {
                match mode {
                    Interactive::Unknown(word) => wrong(&format!(
                        "the kubeconfig's exec entry has the unknown interactiveMode {word:?}; known are Never, IfAvailable and Always"
                    )),
                    _ if self.command.is_empty() => wrong("the kubeconfig's exec entry names no command"),
                    _ => Ok(()),
                }
            }
            ("client.authentication.k8s.io/v1alpha1", _) => wrong(
                "the kubeconfig's exec entry has client.authentication.k8s.io/v1alpha1, which Kubernetes has removed; write it anew for v1",
            ),
            (other, _) => wrong(&format!("the kubeconfig's exec entry has the unknown apiVersion {other:?}")),
        }
    }

    /// `KUBERNETES_EXEC_INFO`.
    pub(super) fn request(&self, interactive: bool) -> String {
        let mut spec = json!({ "interactive": interactive });
        if let (Some(cluster), Some(spec)) = (&self.cluster, spec.as_object_mut()) {
            spec.insert("cluster".to_owned(), cluster.clone());
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec }).to_string()
    }

    /// What of its environment says as whom it signs in: the kubeconfig's own words before what is inherited.
    pub(super) fn identity(&self) -> Vec<(String, String)> {
        let own = |name: &str| {
            self.env.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.expose_secret().to_owned())
        };
        let value = |name: &&str| Some(((*name).to_owned(), own(name).or_else(|| std::env::var(name).ok())?));
        ENVIRONMENT.iter().filter_map(value).collect()
    }

    /// With what `domain::sign_in` words its rules.
    pub(super) fn facts<'a>(&'a self, env: &'a [(String, String)], over_ssh: bool) -> PluginFacts<'a> {
        PluginFacts { command: &self.command, args: &self.args, env, context: &self.context, over_ssh }
    }

    fn mode_name(&self) -> &str {
        match &self.interactive {
            Interactive::Never => "Never",
            Interactive::IfAvailable => "IfAvailable",
            Interactive::Always => "Always",
            Interactive::Missing => "",
            Interactive::Unknown(word) => word,
        }
    }
}

/// SHA-256, from the one provider of cryptography that is there. Were it not, the text itself is as good a key.
pub(super) fn hash(text: &str) -> Vec<u8> {
    let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    match suite.tls13() {
        Some(suite) => suite.common.hash_provider.hash(text.as_bytes()).as_ref().to_vec(),
        None => text.as_bytes().to_vec(),
    }
}
