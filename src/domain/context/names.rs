//! Rules by name: 6 (ARN), 6c (eksctl), 7 (gcloud), 8a (AKS user), 11 (doctl), 22 (ACK). Names are what tools
//! write by default and people change at will, so that all but an ARN of the cluster or user entry is
//! inferred. Called by [`super::classify`] only.

use std::sync::LazyLock;

use regex::Regex;

use super::provider_id::gcp_region;
use super::rules::{Pattern, groups};
use super::server::Server;
use super::{Clue, ContextFacts};
use crate::domain::place::{Certainty, Provider};

static ARN: Pattern = LazyLock::new(|| {
    Regex::new(concat!(
        r"^arn:aws[a-z-]*:eks:([a-z]{2,}(?:-[a-z]+)+-[0-9]):([0-9]{12}):cluster/",
        r"([0-9A-Za-z][0-9A-Za-z_-]{0,99})$",
    ))
    .ok()
});
static ROLE_ARN: Pattern =
    LazyLock::new(|| Regex::new(r"^arn:aws[a-z-]*:(?:iam|sts)::([0-9]{12}):(?:role|assumed-role)/.+$").ok());
static EKSCTL: Pattern = LazyLock::new(|| {
    Regex::new(r"^(?:.+@)?([0-9A-Za-z][0-9A-Za-z_-]{0,99})\.([a-z]{2,}(?:-[a-z]+)+-[0-9])\.eksctl\.io$").ok()
});
// None of the parts may hold `_`; a project may be `example.com:project`.
static GCLOUD: Pattern = LazyLock::new(|| {
    Regex::new(r"^gke_([a-z][a-z0-9.:-]{3,})_([a-z]+-[a-z]+[0-9]{1,2}(?:-[a-z])?)_([a-z][a-z0-9-]*)$").ok()
});
static DOCTL: Pattern = LazyLock::new(|| Regex::new(r"^do-([a-z]{3}[0-9])-([a-z0-9][a-z0-9.-]*)$").ok());
static ACK: Pattern = LazyLock::new(|| Regex::new(r"^(?:kubernetes-admin|[0-9]{15,})-(c[0-9a-f]{32})$").ok());

/// The names of a context, the most telling first.
fn names<'a>(facts: &ContextFacts<'a>) -> [&'a str; 3] {
    [facts.cluster_entry, facts.user_entry, facts.context]
}

fn inferred(provider: Provider, service: &'static str) -> Clue {
    Clue { provider, service, certainty: Certainty::Inferred, ..Clue::default() }
}

/// Rule 6: an EKS ARN. In the cluster or user entry a tool wrote it; as a context's name a person may have
/// chosen it.
pub(super) fn arn(facts: &ContextFacts<'_>) -> Option<Clue> {
    let clue = |name: &str, certainty: Certainty| {
        let [region, account, cluster] = groups(&ARN, name)?;
        Some(Clue {
            account: account.to_owned(),
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            certainty,
            ..inferred(Provider::Aws, "eks")
        })
    };
    clue(facts.cluster_entry, Certainty::Certain)
        .or_else(|| clue(facts.user_entry, Certainty::Certain))
        .or_else(|| clue(facts.context, Certainty::Inferred))
}

/// The account of an IAM role's ARN.
pub(super) fn role_account(arn: &str) -> Option<&str> {
    groups(&ROLE_ARN, arn).map(|[account, ..]| account)
}

/// What the names say, first of the cluster entry, then of the user, then of the context.
pub(super) fn by_name(facts: &ContextFacts<'_>, server: Option<&Server>) -> Option<Clue> {
    names(facts).into_iter().find_map(of_name).or_else(|| aks(facts, server))
}

fn of_name(name: &str) -> Option<Clue> {
    if let Some([cluster, region, _]) = groups(&EKSCTL, name) {
        return Some(Clue {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            ..inferred(Provider::Aws, "eks")
        });
    }
    if let Some([project, location, cluster]) = groups(&GCLOUD, name) {
        return Some(Clue {
            account: project.to_owned(),
            region: gcp_region(location).to_owned(),
            cluster: cluster.to_owned(),
            ..inferred(Provider::Gcp, "gke")
        });
    }
    if let Some([region, cluster, _]) = groups(&DOCTL, name) {
        return Some(Clue {
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            ..inferred(Provider::DigitalOcean, "doks")
        });
    }
    let [cluster, ..] = groups(&ACK, name)?;
    Some(Clue { cluster: cluster.to_owned(), ..inferred(Provider::Alibaba, "ack") })
}

/// Rule 8a: a user as `az aks get-credentials` writes it. Behind the proxy of Azure Arc it is no AKS.
fn aks(facts: &ContextFacts<'_>, server: Option<&Server>) -> Option<Clue> {
    let arc = server.is_some_and(|s| s.path.starts_with("/proxies/"));
    aks_resource_group(facts.user_entry, facts.cluster_entry).filter(|_| !arc)?;
    Some(Clue { cluster: facts.cluster_entry.to_owned(), ..inferred(Provider::Azure, "aks") })
}

/// The resource group in a user entry `clusterUser_<group>_<cluster>` or `clusterAdmin_…`, when it ends in
/// the name of the cluster entry. A group may hold `_`.
pub fn aks_resource_group<'a>(user_entry: &'a str, cluster_entry: &str) -> Option<&'a str> {
    let rest =
        user_entry.strip_prefix("clusterUser_").or_else(|| user_entry.strip_prefix("clusterAdmin_"))?;
    let group = rest.strip_suffix(cluster_entry)?.strip_suffix('_')?;
    (!group.is_empty() && !cluster_entry.is_empty()).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        for pattern in [&ARN, &ROLE_ARN, &EKSCTL, &GCLOUD, &DOCTL, &ACK] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn resource_groups() {
        assert_eq!(aks_resource_group("clusterUser_rg_shop_weu_shop", "shop"), Some("rg_shop_weu"));
        assert_eq!(aks_resource_group("clusterAdmin_rg_shop", "shop"), Some("rg"));
        for (user, entry) in [
            ("clusterUser_rg_shop", "other"),
            ("clusterUser__shop", "shop"),
            ("someone", "shop"),
            ("clusterUser_rg_", ""),
        ] {
            assert_eq!(aks_resource_group(user, entry), None, "{user}");
        }
    }
}
