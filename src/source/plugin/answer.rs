//! What a plugin prints: an `ExecCredential`, read as client-go does. Faults here never quote any of it.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What a plugin gave. Its `Debug` says what there is, and nothing of it.
#[derive(Clone)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// A client certificate and its key, both PEM text.
    pub certificate: Option<(String, SecretString)>,
    /// Until when, where it says so.
    pub expires: Option<Timestamp>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("token", &self.token.is_some())
            .field("certificate", &self.certificate.is_some())
            .field("expires", &self.expires)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    client_certificate_data: Option<String>,
    #[serde(default)]
    client_key_data: Option<String>,
    #[serde(default)]
    expiration_timestamp: Option<String>,
}

/// Reads it; the error goes on from "the credential plugin NAME".
pub(super) fn parse(printed: &[u8], api_version: &str) -> Result<Credential, &'static str> {
    if printed.iter().all(u8::is_ascii_whitespace) {
        return Err("printed nothing");
    }
    // serde's own words can quote the text.
    let answer: Answer = serde_json::from_slice(printed).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => "printed JSON that is no ExecCredential",
        _ => "printed something that is not JSON",
    })?;
    if answer.kind.as_deref() != Some("ExecCredential") {
        return Err("printed JSON that is no ExecCredential");
    }
    if answer.api_version.as_deref() != Some(api_version) {
        return Err("answered with another apiVersion than the kubeconfig asks for");
    }
    let Some(status) = answer.status else { return Err("printed an ExecCredential without a status") };
    let token = match status.token.filter(|t| !t.is_empty()).map(SecretString::from) {
        Some(token) => Some(header_value(&token)?),
        None => None,
    };
    let certificate = status.client_certificate_data.filter(|c| !c.is_empty());
    let key = status.client_key_data.filter(|k| !k.is_empty()).map(SecretString::from);
    let certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            if !certificate.contains("-----BEGIN CERTIFICATE-----") {
                return Err("gave a client certificate that is not PEM text");
            }
            if !key.expose_secret().contains("PRIVATE KEY-----") {
                return Err("gave a client key that is not PEM text");
            }
            Some((certificate, key))
        }
        (None, None) => None,
        (Some(_), None) => return Err("gave a client certificate without its key"),
        (None, Some(_)) => return Err("gave a client key without its certificate"),
    };
    if token.is_none() && certificate.is_none() {
        return Err("gave neither a token nor a client certificate");
    }
    let expires = match status.expiration_timestamp.as_deref() {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| "gave an expirationTimestamp that is not a time of RFC 3339")?)
        }
    };
    Ok(Credential { token, certificate, expires })
}

/// A token as it can stand in a header.
fn header_value(token: &SecretString) -> Result<SecretString, &'static str> {
    let trimmed = token.expose_secret().trim();
    if trimmed.is_empty() || !trimmed.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("gave a token that cannot be sent");
    }
    Ok(SecretString::from(trimmed))
}
