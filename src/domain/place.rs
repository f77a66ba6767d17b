//! Where a cluster is: cloud, account, region, and its own name. What is not known stays empty, never guessed.

use super::text::SafeText;
use serde::Serialize;

/// Whose cloud a cluster runs in, or that it is local.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant is the provider of that name")]
pub enum Provider {
    Aws,
    Gcp,
    Azure,
    Alibaba,
    DigitalOcean,
    Linode,
    Oci,
    Hetzner,
    Local,
    #[default]
    Unknown,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Aws,
        Self::Gcp,
        Self::Azure,
        Self::Alibaba,
        Self::DigitalOcean,
        Self::Linode,
        Self::Oci,
        Self::Hetzner,
        Self::Local,
        Self::Unknown,
    ];

    /// The word in the tree, in scopes and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Alibaba => "alibaba",
            Self::DigitalOcean => "digitalocean",
            Self::Linode => "linode",
            Self::Oci => "oci",
            Self::Hetzner => "hetzner",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }

    /// The word in the tree: a cluster of no known cloud stands under `on-prem`.
    pub const fn tree_word(self) -> &'static str {
        match self {
            Self::Unknown => "on-prem",
            other => other.word(),
        }
    }

    /// The provider of that word, in either form.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word || p.tree_word() == word)
    }
}

/// How sure a classification is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// By ARN, host or plugin arguments.
    Certain,
    /// By names, which people choose.
    Inferred,
    /// Not known.
    #[default]
    Unknown,
}

/// Where a cluster is. Empty text means: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The cloud.
    pub provider: Provider,
    /// The managed service or distribution: `eks`, `gke`, `aks`, `kind`, `k3d` …
    pub service: SafeText,
    /// Account, project, subscription.
    pub account: SafeText,
    /// Region.
    pub region: SafeText,
    /// The cluster's own name.
    pub cluster: SafeText,
    /// How sure this is.
    pub certainty: Certainty,
}

impl Place {
    /// `aws / 222233334444 / eu-west-1 / prod-a`, without the parts nobody knows.
    pub fn path(&self) -> String {
        self.join(" / ")
    }

    /// `aws/222233334444/eu-west-1/prod-a`: what scopes match against. Unknown parts are `-`.
    pub fn scope_path(&self) -> String {
        let part = |t: &SafeText| if t.is_empty() { "-".to_owned() } else { t.to_string() };
        format!(
            "{}/{}/{}/{}",
            self.provider.tree_word(),
            part(&self.account),
            part(&self.region),
            part(&self.cluster)
        )
    }

    fn join(&self, by: &str) -> String {
        let mut out = self.provider.tree_word().to_owned();
        for part in [&self.account, &self.region, &self.cluster] {
            if !part.is_empty() {
                out.push_str(by);
                out.push_str(part);
            }
        }
        out
    }
}
