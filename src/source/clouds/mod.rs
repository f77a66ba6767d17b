//! Clouds: what the local files of their command lines say, without network; and who AWS says we are, on request.
//!
//! Add a cloud: one file here with a `found(&Home)` and one line in [`found`]. Values that could be secret are never
//! read into anything that leaves this module.

pub mod aws;
pub mod azure;
pub mod gcp;

use std::path::PathBuf;

use serde::Serialize;

/// Where the clouds' tools keep their files, from the environment; a value of its own so that tests can choose.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The person's home.
    pub home: PathBuf,
    /// `AWS_CONFIG_FILE`.
    pub aws_config: Option<PathBuf>,
    /// `AWS_SHARED_CREDENTIALS_FILE`.
    pub aws_credentials: Option<PathBuf>,
    /// `CLOUDSDK_CONFIG`.
    pub gcloud: Option<PathBuf>,
    /// `AZURE_CONFIG_DIR`.
    pub azure: Option<PathBuf>,
}

impl Home {
    /// As the environment says.
    pub fn from_env(home: PathBuf) -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        Self {
            home,
            aws_config: var("AWS_CONFIG_FILE"),
            aws_credentials: var("AWS_SHARED_CREDENTIALS_FILE"),
            gcloud: var("CLOUDSDK_CONFIG"),
            azure: var("AZURE_CONFIG_DIR"),
        }
    }
}

/// An identity or account that a local file speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CloudProfile {
    /// `aws`, `gcp`, `azure`.
    pub provider: &'static str,
    /// The profile, configuration or subscription by name.
    pub name: String,
    /// Account, project or subscription id, where the file says it.
    pub account: Option<String>,
    /// Default region.
    pub region: Option<String>,
    /// How it signs in: `sso`, `static keys`, `assume role`, `credential process`, `user`, `service account` …
    pub method: String,
    /// The default one.
    pub default: bool,
    /// The file.
    pub file: PathBuf,
    /// What the cloud answered when asked who this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Result<String, String>>,
}

/// Everything the local files speak of. No network, no process.
pub fn found(home: &Home) -> Vec<CloudProfile> {
    let mut out = aws::found(home);
    out.extend(gcp::found(home));
    out.extend(azure::found(home));
    out
}

/// Reads INI: sections with their keys; `#` and `;` comments, nested (indented) keys left out.
fn ini(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut out: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            out.push((name.trim().to_owned(), Vec::new()));
        } else if let (false, Some((key, value)), Some((_, keys))) =
            (nested, line.split_once('='), out.last_mut())
        {
            let value = value.split(" #").next().unwrap_or("").trim();
            keys.push((key.trim().to_owned(), value.to_owned()));
        }
    }
    out
}

fn key<'a>(keys: &'a [(String, String)], name: &str) -> Option<&'a str> {
    keys.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
}
