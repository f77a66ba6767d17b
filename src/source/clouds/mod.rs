//! Clouds: what the local files of their command lines say, without network; and who AWS says we are, on request.
//!
//! Add a cloud: one file here with a `found(&Home)` and one line in [`found`]. Values that could be secret are never
//! read into anything that leaves this module.

pub mod aws;
pub mod azure;
pub mod gcp;
pub mod oci;

use std::path::PathBuf;

use serde::Serialize;

use crate::domain::cloud::{AwsProfile, LocalFiles, OciProfile};

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
    /// `OCI_CLI_CONFIG_FILE`.
    pub oci: Option<PathBuf>,
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
            oci: var("OCI_CLI_CONFIG_FILE"),
        }
    }
}

impl Home {
    /// Files in which the tools keep what nobody else may read, with a word for each; whether they are there or not.
    pub fn secret_files(&self) -> Vec<(&'static str, PathBuf)> {
        let gcloud = self.gcloud.clone().unwrap_or_else(|| self.home.join(".config/gcloud"));
        let azure = self.azure.clone().unwrap_or_else(|| self.home.join(".azure"));
        let aws = self.aws_credentials.clone().unwrap_or_else(|| self.home.join(".aws/credentials"));
        vec![
            ("AWS credentials", aws),
            ("Google credentials", gcloud.join("application_default_credentials.json")),
            ("Google credentials", gcloud.join("credentials.db")),
            ("Azure tokens", azure.join("msal_token_cache.json")),
        ]
    }
}

/// An identity or account that a local file speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CloudProfile {
    /// `aws`, `gcp`, `azure`, `oci`.
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
    out.extend(oci::found(home));
    out
}

/// What of them a context's account can be known by. Google's are left out: a default project is not a cluster's.
pub fn local_files(home: &Home) -> LocalFiles {
    LocalFiles {
        aws: aws::found(home).into_iter().map(|p| AwsProfile { name: p.name, account: p.account }).collect(),
        azure_subscriptions: azure::found(home).into_iter().filter_map(|p| p.account).collect(),
        oci: oci::found(home)
            .into_iter()
            .map(|p| OciProfile { name: p.name, tenancy: p.account, region: p.region })
            .collect(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_classification_may_know() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            ".aws/config",
            "[profile pay]\nsso_account_id = 222233334444\n[profile hop]\nrole_arn = arn:aws:iam::333344445555:role/ops\n",
        );
        write(
            ".azure/azureProfile.json",
            "\u{feff}{\"subscriptions\":[{\"id\":\"1a2b3c00-1111-2222-3333-444444444444\",\"name\":\"shop\"}]}",
        );
        write(".config/gcloud/configurations/config_default", "[core]\nproject = acme\n");
        write(".oci/config", "[DEFAULT]\ntenancy=ocid1.tenancy.oc1..aaaa\nregion=eu-zurich-1\n");
        let files = local_files(&Home { home: dir.path().to_owned(), ..Home::default() });
        let account = |name: &str| files.aws.iter().find(|p| p.name == name).and_then(|p| p.account.clone());
        assert_eq!(account("pay").as_deref(), Some("222233334444"));
        assert_eq!(account("hop").as_deref(), Some("333344445555"));
        assert_eq!(files.azure_subscriptions, ["1a2b3c00-1111-2222-3333-444444444444"]);
        assert_eq!(files.oci.first().and_then(|p| p.tenancy.as_deref()), Some("ocid1.tenancy.oc1..aaaa"));
        assert!(!format!("{files:?}").contains("acme"), "a default project is not a cluster's");
        assert_eq!(
            local_files(&Home { home: dir.path().join("none"), ..Home::default() }),
            LocalFiles::default()
        );
    }
}
