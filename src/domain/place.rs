//! Where a cluster is: cloud, account, region, and its own name. What is not known stays empty, never guessed.

use super::text::SafeText;
use serde::Serialize;

/// Declares the providers, each with its word: the enum, all of them in order, and the word of each.
macro_rules! providers {
    ($($variant:ident $word:literal)*) => {
        /// Whose cloud a cluster runs in, what leads to it where that is all that is known, or that it is local.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        #[expect(missing_docs, reason = "each variant is the provider of that name")]
        pub enum Provider {
            $($variant,)*
            #[default]
            Unknown,
        }

        impl Provider {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* Self::Unknown];

            /// The word in the tree, in scopes and in JSON.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

providers! {
    Aws "aws"
    Gcp "gcp"
    Azure "azure"
    Alibaba "alibaba"
    DigitalOcean "digitalocean"
    Linode "linode"
    Oci "oci"
    Ibm "ibm"
    Tencent "tencent"
    Huawei "huawei"
    Scaleway "scaleway"
    Ovh "ovh"
    Vultr "vultr"
    Civo "civo"
    Exoscale "exoscale"
    Hetzner "hetzner"
    OpenStack "openstack"
    VSphere "vsphere"
    Harvester "harvester"
    Nutanix "nutanix"
    Proxmox "proxmox"
    Rancher "rancher"
    OpenShift "openshift"
    Teleport "teleport"
    Tailscale "tailscale"
    Karmada "karmada"
    VCluster "vcluster"
    Gardener "gardener"
    Local "local"
}

impl Provider {
    /// The word in the tree: a cluster of no known cloud stands under `on-prem`.
    pub const fn tree_word(self) -> &'static str {
        match self {
            Self::Unknown => "on-prem",
            other => other.word(),
        }
    }

    /// The provider of that word, in either form.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.word() == word || p.tree_word() == word)
    }

    /// Whether it is a way to clusters or a distribution, which runs on machines of somebody else's.
    pub const fn is_front(self) -> bool {
        matches!(
            self,
            Self::Rancher
                | Self::OpenShift
                | Self::Teleport
                | Self::Tailscale
                | Self::Karmada
                | Self::VCluster
                | Self::Gardener
        )
    }
}

/// How sure a classification is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// By ARN, host, path or plugin arguments.
    Certain,
    /// By names, which people choose.
    Inferred,
    /// Not known.
    #[default]
    Unknown,
}

impl Certainty {
    /// The word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
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
    /// How sure this is, the account with it.
    pub certainty: Certainty,
    /// How sure the provider and the region are: a certain host stays one where the account is inferred.
    pub provider_certainty: Certainty,
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

    /// `on-prem/local-1`: the path as it is shown, as a scope may be written.
    pub fn shown_path(&self) -> String {
        self.join("/")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        for provider in Provider::ALL {
            let json = serde_json::to_value(provider).unwrap();
            assert_eq!(json, provider.word());
            assert_eq!(Provider::parse(provider.word()), Some(*provider));
            assert_eq!(Provider::parse(provider.tree_word()), Some(*provider));
        }
    }
}
