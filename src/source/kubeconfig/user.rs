//! A user entry of a kubeconfig: how it signs in, by client-go's precedence (tools/clientcmd/client_config.go,
//! transport/round_trippers.go, plugin/pkg/client/auth/exec): a token or a password or a certificate is used and then no
//! plugin runs; of a token and its file the file's newest content counts.
//!
//! Never: running a plugin, reading a token. Called by `file`, which reads it, and by `source::credentials`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::cluster::without_blanks;
use super::fields::{Fields, scalar};
use super::flaw::Flaw;

/// Something that is written out, or is in a file.
#[derive(Clone)]
pub enum Material {
    /// Base64 of PEM.
    Data(SecretString),
    /// A file of PEM.
    File(PathBuf),
}

impl Material {
    /// Its PEM.
    pub fn pem(&self) -> Result<SecretString, String> {
        let bytes = match self {
            Self::Data(data) => STANDARD
                .decode(without_blanks(data.expose_secret()).as_ref())
                .map_err(|_| "it is no base64".to_owned())?,
            Self::File(file) => std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?,
        };
        String::from_utf8(bytes).map(SecretString::from).map_err(|_| "it is no PEM".to_owned())
    }

    fn unusable(&self, what: &str) -> Option<Flaw> {
        match self {
            Self::File(file) if !file.is_file() => Some(Flaw::not_there(what, file)),
            Self::File(_) => None,
            Self::Data(data) => {
                let decoded = STANDARD.decode(without_blanks(data.expose_secret()).as_ref());
                decoded.is_err().then(|| format!("has {what}-data that is no base64").into())
            }
        }
    }
}

/// Whom it acts as instead of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// The user.
    pub user: String,
    /// Its uid.
    pub uid: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// More of it.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// An `exec` as it is written. Arguments and the values of variables may hold secrets.
#[derive(Clone)]
pub struct Exec {
    /// As written; a relative path starts at the folder of the file.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Added to its environment.
    pub env: Vec<(String, SecretString)>,
    /// Of the answer.
    pub api_version: String,
    /// `Never`, `IfAvailable`, `Always`, or what is written.
    pub interactive_mode: Option<String>,
    /// What to do when it is not installed.
    pub install_hint: Option<String>,
    /// It is told of the cluster.
    pub provide_cluster_info: bool,
}

/// A user entry.
#[derive(Clone, Default)]
pub struct UserEntry {
    /// A token.
    pub token: Option<SecretString>,
    /// A file with a token.
    pub token_file: Option<PathBuf>,
    /// A user of basic authentication.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// A client certificate.
    pub certificate: Option<Material>,
    /// Its key.
    pub key: Option<Material>,
    /// Whom it acts as.
    pub impersonate: Option<Impersonation>,
    /// A provider that is built into clients: its name, and what it knows.
    pub auth_provider: Option<(String, BTreeMap<String, SecretString>)>,
    /// A plugin.
    pub exec: Option<Exec>,
    /// What makes it unusable.
    pub wrong: Option<String>,
    /// The file that names it.
    pub file: Option<Arc<PathBuf>>,
}

impl fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEntry").field("auth", &self.auth()).finish_non_exhaustive()
    }
}

/// How a user signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A token that stands in the file.
    Token,
    /// A token in a file of its own.
    TokenFile,
    /// User and password.
    Basic,
    /// A client certificate.
    ClientCert,
    /// A plugin, by the last part of its command.
    Exec(String),
    /// A provider built into clients, by its name.
    AuthProvider(String),
    /// Not at all.
    None,
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("token"),
            Self::TokenFile => f.write_str("token-file"),
            Self::Basic => f.write_str("basic"),
            Self::ClientCert => f.write_str("client-cert"),
            Self::Exec(command) => write!(f, "exec:{command}"),
            Self::AuthProvider(name) => write!(f, "auth-provider:{name}"),
            Self::None => f.write_str("none"),
        }
    }
}

/// Versions of the plugin's answer that client-go still reads.
const EXEC_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

impl UserEntry {
    /// Reads one.
    pub(super) fn read(value: Option<&Value>, base: &Path, file: Option<&Arc<PathBuf>>) -> Self {
        let mut fields = Fields::of(value, "user", base);
        let material = |data: Option<SecretString>, path: Option<PathBuf>| {
            data.map(Material::Data).or(path.map(Material::File))
        };
        let (certificate, certificate_file) =
            (fields.secret("client-certificate-data"), fields.path("client-certificate"));
        let (key, key_file) = (fields.secret("client-key-data"), fields.path("client-key"));
        let impersonate = Impersonation {
            user: fields.text("as").unwrap_or_default(),
            uid: fields.text("as-uid"),
            groups: fields.texts("as-groups"),
            extra: fields
                .map("as-user-extra")
                .into_iter()
                .map(|(name, values)| {
                    let values = values.as_array().into_iter().flatten().filter_map(scalar).collect();
                    (name.to_owned(), values)
                })
                .collect(),
        };
        let mut out = Self {
            token: fields.secret("token"),
            token_file: fields.path("tokenFile"),
            username: fields.text("username"),
            password: fields.secret("password"),
            certificate: material(certificate, certificate_file),
            key: material(key, key_file),
            impersonate: (impersonate != Impersonation::default()).then_some(impersonate),
            auth_provider: None,
            exec: None,
            wrong: None,
            file: file.cloned(),
        };
        if let Some(value) = fields.raw("auth-provider") {
            let mut provider = Fields::of(Some(value), "auth-provider", base);
            let name = provider.text("name").unwrap_or_default();
            let known = provider.map("config").into_iter();
            let known = known.filter_map(|(k, v)| Some((k.to_owned(), SecretString::from(scalar(v)?))));
            out.auth_provider = Some((name, known.collect()));
            fields.add(provider.verdict());
        }
        if let Some(value) = fields.raw("exec") {
            let mut exec = Fields::of(Some(value), "exec", base);
            out.exec = Some(read_exec(&mut exec));
            fields.add(exec.verdict());
        }
        out.wrong = fields.verdict();
        out
    }

    /// How it signs in.
    pub fn auth(&self) -> Auth {
        if self.token.is_some() {
            Auth::Token
        } else if self.token_file.is_some() {
            Auth::TokenFile
        } else if self.has_password() {
            Auth::Basic
        } else if self.certificate.is_some() {
            Auth::ClientCert
        } else if let Some(exec) = &self.exec {
            Auth::Exec(exec.command.rsplit(['/', '\\']).next().unwrap_or("").to_owned())
        } else if let Some((name, _)) = &self.auth_provider {
            Auth::AuthProvider(name.clone())
        } else {
            Auth::None
        }
    }

    fn has_password(&self) -> bool {
        self.username.is_some() || self.password.is_some()
    }

    /// Why it cannot sign in as it is written, in one sentence's end. What client-go's validation refuses is refused here.
    pub(super) fn unusable(&self) -> Option<Flaw> {
        if let Some(wrong) = &self.wrong {
            return Some(format!("cannot be used: {wrong}").into());
        }
        if self.has_password() && (self.token.is_some() || self.token_file.is_some()) {
            return Some("has both a token and a password".into());
        }
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let wrong = certificate.unusable("client-certificate").or_else(|| key.unusable("client-key"));
                if wrong.is_some() {
                    return wrong;
                }
            }
            (Some(_), None) => return Some("has a client certificate without its key".into()),
            (None, _) => {}
        }
        if self.impersonate.as_ref().is_some_and(|i| i.user.is_empty()) {
            return Some("has as-uid, as-groups or as-user-extra without `as`".into());
        }
        match (&self.exec, &self.auth_provider) {
            (Some(_), Some(_)) => Some("has both an exec plugin and an auth-provider".into()),
            (Some(exec), None) => exec.unusable(),
            (None, Some((name, known))) if self.auth() == Auth::AuthProvider(name.clone()) => match name.as_str() {
                "oidc" if known.contains_key("id-token") => None,
                "oidc" => Some("has an oidc provider that holds no id-token".into()),
                "gcp" => Some("uses the gcp provider, removed in Kubernetes 1.26: fetch it anew with gcloud container clusters get-credentials".into()),
                "azure" => Some("uses the azure provider, removed in Kubernetes 1.26: kubelogin convert-kubeconfig mends it".into()),
                _ => Some("uses an auth-provider that no client has any more".into()),
            },
            (None, _) => match &self.token_file {
                Some(file) if self.token.is_none() && !file.is_file() => {
                    Some(Flaw::not_there("token file", file))
                }
                _ => None,
            },
        }
    }

    /// It sends something that others must not read.
    pub fn has_credentials(&self) -> bool {
        self.auth() != Auth::None
    }
}

fn read_exec(exec: &mut Fields<'_>) -> Exec {
    let command = exec.text("command").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut env = Vec::new();
    for variable in exec.list("env") {
        let part = |name: &str| variable.get(name).and_then(scalar);
        match part("name") {
            Some(name) if !name.is_empty() && !name.contains(['=', '\0']) => {
                env.push((name, SecretString::from(part("value").unwrap_or_default())));
            }
            Some(_) | None => wrong.push("`env` has a variable without a name".to_owned()),
        }
    }
    exec.add(wrong);
    Exec {
        command,
        args: exec.texts("args"),
        env,
        api_version: exec.text("apiVersion").unwrap_or_default(),
        interactive_mode: exec.text("interactiveMode"),
        install_hint: exec.text("installHint"),
        provide_cluster_info: exec.flag("provideClusterInfo"),
    }
}

impl Exec {
    fn unusable(&self) -> Option<Flaw> {
        if self.command.is_empty() {
            return Some("has an exec plugin without a command".into());
        }
        if self.api_version.is_empty() {
            return Some("has an exec plugin without an apiVersion".into());
        }
        if !EXEC_VERSIONS.contains(&self.api_version.as_str()) {
            return Some("has an exec plugin of a version no client reads any more; v1 and v1beta1 of client.authentication.k8s.io are".into());
        }
        match self.interactive_mode.as_deref() {
            Some("Never" | "IfAvailable" | "Always") => None,
            None if self.api_version.ends_with("/v1beta1") => None,
            None => Some("has an exec plugin of v1 without an interactiveMode".into()),
            Some(_) => Some("has an exec plugin with an unknown interactiveMode".into()),
        }
    }
}
