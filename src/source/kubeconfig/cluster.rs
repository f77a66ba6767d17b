//! A cluster entry of a kubeconfig: where the server is and how it is known. Never: a connection. Called by `file`, which
//! reads it, by `fold`, which asks what tells it from others, and by `source::connect`, which dials it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::fields::Fields;
use super::flaw::Flaw;
use crate::domain::context::Server;
use crate::domain::text::SafeText;

/// A cluster entry.
#[derive(Clone, Default)]
pub struct ClusterEntry {
    /// The address as written, without a user, a query or a fragment in it.
    pub server: Option<String>,
    /// The name its certificate must have.
    pub tls_server_name: Option<String>,
    /// Its certificate is not looked at.
    pub insecure: bool,
    /// Who signs its certificate: base64 of PEM.
    pub ca_data: Option<String>,
    /// Who signs its certificate: a file.
    pub ca_file: Option<PathBuf>,
    /// The proxy it is reached by. Its address may hold a password.
    pub proxy: Option<SecretString>,
    /// Answers are not to be compressed.
    pub disable_compression: bool,
    /// Extensions, as they stand in the file.
    pub extensions: Value,
    /// What makes it unusable.
    pub wrong: Option<String>,
    /// The file that names it.
    pub file: Option<Arc<PathBuf>>,
}

impl fmt::Debug for ClusterEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterEntry").field("server", &self.server).finish_non_exhaustive()
    }
}

impl ClusterEntry {
    /// Reads one.
    pub(super) fn read(value: Option<&Value>, base: &Path, file: Option<&Arc<PathBuf>>) -> Self {
        let mut fields = Fields::of(value, "cluster", base);
        let written = fields.text("server");
        let server = written.as_deref().map(bare);
        if written.is_some() && server != written {
            // Wherever it stands: a password may hold a `/` that nobody escaped. Such a server is never dialled.
            let user = written.as_deref().is_some_and(|w| w.contains('@'));
            fields.add(user.then(|| "its server names a user: credentials do not belong there".to_owned()));
        }
        let mut out = Self {
            server,
            tls_server_name: fields.text("tls-server-name"),
            insecure: fields.flag("insecure-skip-tls-verify"),
            ca_data: fields.text("certificate-authority-data"),
            ca_file: fields.path("certificate-authority"),
            proxy: fields.secret("proxy-url"),
            disable_compression: fields.flag("disable-compression"),
            extensions: fields.raw("extensions").cloned().unwrap_or(Value::Null),
            wrong: None,
            file: file.cloned(),
        };
        out.wrong = fields.verdict();
        out
    }

    /// Why it cannot be dialled as it is written, in one sentence's end.
    pub(super) fn unusable(&self) -> Option<Flaw> {
        if let Some(wrong) = &self.wrong {
            return Some(format!("cannot be used: {wrong}").into());
        }
        let Some(server) = &self.server else { return Some("names no server".into()) };
        let Some(parsed) = Server::parse(server) else {
            return Some(format!("names a server that is no address: {}", SafeText::new(server)).into());
        };
        if self.insecure && (self.ca_data.is_some() || self.ca_file.is_some()) {
            return Some("has both a certificate authority and insecure-skip-tls-verify".into());
        }
        if parsed.secure && !self.insecure {
            if let Some(data) = &self.ca_data {
                if STANDARD.decode(without_blanks(data).as_ref()).is_err() {
                    return Some("has certificate-authority-data that is no base64".into());
                }
            } else if let Some(file) = &self.ca_file
                && !file.is_file()
            {
                return Some(Flaw::not_there("certificate-authority", file));
            }
        }
        let proxy =
            self.proxy.as_ref().map(|p| p.expose_secret().split("://").next().unwrap_or("").to_owned());
        match proxy.as_deref() {
            None | Some("http" | "https" | "socks5" | "socks5h") => None,
            Some(_) => Some("has a proxy-url that is not of http, https or socks5".into()),
        }
    }

    /// The PEM of who signs its certificate; none: whom the machine trusts.
    pub fn authority(&self) -> Result<Option<Vec<u8>>, String> {
        if let Some(data) = &self.ca_data {
            let pem = STANDARD.decode(without_blanks(data).as_ref());
            return pem.map(Some).map_err(|_| "certificate-authority-data is no base64".to_owned());
        }
        let Some(file) = &self.ca_file else { return Ok(None) };
        std::fs::read(file).map(Some).map_err(|e| format!("{}: {e}", file.display()))
    }

    /// What the extension of that name holds.
    pub fn extension(&self, name: &str) -> Option<&Value> {
        let list = self.extensions.as_array()?;
        list.iter().find(|e| e.get("name").and_then(Value::as_str) == Some(name))?.get("extension")
    }
}

/// Base64 may be folded over lines.
pub(super) fn without_blanks(data: &str) -> std::borrow::Cow<'_, str> {
    if data.bytes().any(|b| b.is_ascii_whitespace()) {
        data.split_whitespace().collect::<String>().into()
    } else {
        data.into()
    }
}

fn before_query(server: &str) -> &str {
    server.split(['?', '#']).next().unwrap_or(server)
}

/// An address without user, query and fragment: what may be shown, and what client-go sends requests to.
fn bare(server: &str) -> String {
    let (scheme, rest) = server.split_once("://").map_or(("", server), |(s, r)| (s, r));
    // Whatever is before the last `@` may be a password, a `?` in it included.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = before_query(rest);
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (server, shown) in [
            ("https://a:6443", "https://a:6443"),
            ("https://user:pass@a:6443/x", "https://a:6443/x"),
            ("https://a/?token=t#f", "https://a/"),
            ("https://user:pa/ss?w@rd@a:6443/x", "https://a:6443/x"),
            ("a:8080", "a:8080"),
        ] {
            assert_eq!(bare(server), shown);
        }
    }
}
