//! Azure: AKS by host (rule 8), user (8a) and the subscription in its DNS prefix (8b), OpenShift by host (9), Arc by its
//! proxy (10); its nodes. Never here: asking Azure. Called through `CLOUD`; [`resource_group`] by whoever needs the group.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&AKS_HOST, &ARO_HOST],
    host,
    entry,
    machine,
    labels: &[("kubernetes.azure.com/cluster", |group| Machine {
        service: "aks",
        ..of_group(group).unwrap_or(Machine::of(Provider::Azure, "aks"))
    })],
    ..Cloud::NOTHING
};

pattern!(
    AKS_HOST,
    r"([a-z0-9][a-z0-9-]*)\.(?:hcp|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.privatelink)\.([a-z0-9]+)\.",
    r"(?:azmk8s\.io|cx\.prod\.service\.azk8s\.cn|cx\.aks\.containerservice\.azure\.us)"
);
pattern!(DNS_PREFIX, r"(.+)-([0-9a-f]{6})-[0-9a-z]{8}");
pattern!(ARO_HOST, r"api\.([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\.([a-z0-9]+)\.aroapp\.io");
pattern!(ARC_PATH, r"/proxies/[0-9A-Za-z_-]+");
pattern!(SUBSCRIPTION, r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
// Groups and clusters may hold `_`, regions may not.
pattern!(NODE_GROUP, r"(?i)mc_(.+)_([a-z0-9]+)");

fn host(e: &Evidence<'_>, host: &str) -> Option<Clue> {
    if let Some([cluster, region]) = groups(&ARO_HOST, host) {
        return Some(Clue::certain(Provider::Azure, "aro").region(region).cluster(cluster));
    }
    let [label, region] = groups(&AKS_HOST, host)?;
    Some(Clue::certain(Provider::Azure, "aks").region(region).likely_account(subscription(e, label)))
}

/// The one local subscription whose id begins as the default DNS prefix `name[:10]-group[:16]-sub[:6]-hash` says, if the
/// prefix is of this cluster's name.
fn subscription<'a>(e: &Evidence<'a>, label: &str) -> Option<&'a str> {
    let [named, begins] = groups(&DNS_PREFIX, label)?;
    let name: String = e
        .facts
        .cluster_entry
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(10)
        .collect::<String>()
        .to_ascii_lowercase();
    if name.is_empty() || !named.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('-')) {
        return None;
    }
    let mut found = e.files.azure_subscriptions.iter().filter(|id| {
        super::evidence::is(&SUBSCRIPTION, id) && id.to_ascii_lowercase().starts_with(begins)
    });
    let only = found.next()?;
    found.all(|other| other.eq_ignore_ascii_case(only)).then_some(only.as_str())
}

/// A user as `az aks get-credentials` writes it; behind Arc's proxy as `az connectedk8s proxy` does.
fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let name = e.facts.cluster_entry;
    if e.path().starts_with("/proxies/") {
        let user = e.facts.user_entry;
        let arc = super::evidence::is(&ARC_PATH, e.path())
            && e.is_loopback()
            && (user.starts_with("clusterUser_") || user.starts_with("clusterAdmin_"));
        return arc.then(|| Clue::inferred(Provider::Azure, "arc").cluster(name));
    }
    resource_group(e.facts.user_entry, name)?;
    Some(Clue::inferred(Provider::Azure, "aks").cluster(name))
}

/// The resource group in a user entry `clusterUser_<group>_<cluster>` or `clusterAdmin_…`, when it ends in the name of
/// the cluster entry. A group may hold `_`.
pub fn resource_group<'a>(user_entry: &'a str, cluster_entry: &str) -> Option<&'a str> {
    let rest =
        user_entry.strip_prefix("clusterUser_").or_else(|| user_entry.strip_prefix("clusterAdmin_"))?;
    let group = rest.strip_suffix(cluster_entry)?.strip_suffix('_')?;
    (!group.is_empty() && !cluster_entry.is_empty()).then_some(group)
}

/// `azure:///subscriptions/SUB/resourceGroups/MC_rg_cluster_region/…`.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    let mut parts = provider_id.strip_prefix("azure://")?.trim_start_matches('/').split('/');
    let mut after = |word: &str| parts.next().filter(|p| p.eq_ignore_ascii_case(word)).and_then(|_| parts.next());
    let account = after("subscriptions").filter(|s| super::evidence::is(&SUBSCRIPTION, s));
    let group = after("resourceGroups").and_then(of_group);
    let machine = group.unwrap_or(Machine::of(Provider::Azure, ""));
    Some(Machine { account: account.unwrap_or_default().to_ascii_lowercase(), ..machine })
}

/// What the group of an AKS's nodes says. Where groups or clusters hold `_` it does not say which is which.
fn of_group(group: &str) -> Option<Machine> {
    let [names, region] = groups(&NODE_GROUP, group)?;
    let cluster = match names.split_once('_') {
        Some((group, cluster)) if !group.is_empty() && !cluster.contains('_') => cluster,
        Some(_) | None => "",
    };
    Some(Machine {
        service: "aks",
        region: region.to_ascii_lowercase(),
        cluster: cluster.to_owned(),
        ..Machine::of(Provider::Azure, "aks")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloud::LocalFiles;
    use crate::domain::cloud::tests::{Given, OWN, PRIVATE, table};

    const SUB: &str = "1a2b3c00-1111-2222-3333-444444444444";

    #[test]
    fn rule_8_aks() {
        let host = "https://shop-prod-rg-shop-weu-1a2b3c-0d1e2f30.hcp.westeurope.azmk8s.io:443";
        table(&[
            (Given::at(host).entry("shop").user("clusterUser_rg_shop"), "azure aks - westeurope shop Certain"),
            (Given::at(host).entry("shop").context("shop-admin"), "azure aks - westeurope shop Certain"),
            (
                Given::at(
                    "https://shop-1a2b.00000000-1111-2222-3333-444444444444.privatelink.northeurope.azmk8s.io",
                )
                .entry("p"),
                "azure aks - northeurope p Certain",
            ),
            (
                Given::at("https://a-b.hcp.chinaeast2.cx.prod.service.azk8s.cn").entry("cn"),
                "azure aks - chinaeast2 cn Certain",
            ),
            (
                Given::at("https://a-b.hcp.usgovvirginia.cx.aks.containerservice.azure.us").entry("gov"),
                "azure aks - usgovvirginia gov Certain",
            ),
            // 8a
            (Given::at(PRIVATE).entry("shop").user("clusterUser_rg_a_shop"), "azure aks - - shop Inferred"),
            (Given::at(OWN).entry("shop").user("clusterUser_rg_other"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.hcp.westeurope.azmk8s.io.example.com").entry("x"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.westeurope.azmk8s.io").entry("x"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_8b_subscriptions() {
        let host = "https://shop-prod-rg-shop-weu-1a2b3c-0d1e2f30.hcp.westeurope.azmk8s.io:443";
        let with = |entry: &'static str, ids: &[&str]| Given {
            files: LocalFiles {
                azure_subscriptions: ids.iter().map(|i| (*i).to_owned()).collect(),
                ..LocalFiles::default()
            },
            ..Given::at(host).entry(entry)
        };
        let other = "ffffffff-1111-2222-3333-444444444444";
        let same_start = "1a2b3cff-1111-2222-3333-444444444444";
        let unknown = "azure aks - westeurope shop-prod Certain";
        table(&[
            (with("shop-prod", &[other, SUB]), &format!("azure aks {SUB} westeurope shop-prod Inferred")),
            (with("shop-prod", &[SUB, SUB]), &format!("azure aks {SUB} westeurope shop-prod Inferred")),
            (with("shop-prod", &[SUB, same_start]), unknown),
            (with("shop-prod", &[other]), unknown),
            (with("shop-prod", &["1a2b3c"]), unknown),
            (with("shop-prod", &[]), unknown),
            (with("billing", &[SUB]), "azure aks - westeurope billing Certain"),
            (with("sho", &[SUB]), "azure aks - westeurope sho Certain"),
        ]);
    }

    #[test]
    fn rule_9_openshift() {
        table(&[
            (Given::at("https://api.a1b2c3d4.westeurope.aroapp.io:6443").entry("x"), "azure aro - westeurope a1b2c3d4 Certain"),
            (Given::at("https://api.a1b2.westeurope.aroapp.io.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://console.a1b2.westeurope.aroapp.io"), "unknown - - - ctx Unknown"),
            (Given::at("https://api.westeurope.aroapp.io"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_10_arc() {
        let proxy = Given::at("https://127.0.0.1:47011/proxies/0a1b2c").entry("edge");
        table(&[
            (proxy.clone().user("clusterUser_rg_edge"), "azure arc - - edge Inferred"),
            (proxy.clone().user("someone"), "unknown - - - ctx Unknown"),
            (Given::at("https://k8s.example.com/proxies/0a1b").entry("edge").user("clusterUser_rg_edge"), "unknown - - - ctx Unknown"),
            (Given::at("https://127.0.0.1:47011/proxies/0a/b").entry("edge").user("clusterUser_rg_edge"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn resource_groups() {
        assert_eq!(resource_group("clusterUser_rg_shop_weu_shop", "shop"), Some("rg_shop_weu"));
        assert_eq!(resource_group("clusterAdmin_rg_shop", "shop"), Some("rg"));
        for (user, entry) in [
            ("clusterUser_rg_shop", "other"),
            ("clusterUser__shop", "shop"),
            ("someone", "shop"),
            ("clusterUser_rg_", ""),
        ] {
            assert_eq!(resource_group(user, entry), None, "{user}");
        }
    }

    #[test]
    fn node_groups() {
        for (group, cluster, region) in [
            ("MC_rg_shop_westeurope", "shop", "westeurope"),
            ("mc_rg-shop_shop-1_EASTUS2", "shop-1", "eastus2"),
            ("MC_rg_shop_prod_westeurope", "", "westeurope"),
        ] {
            let machine = of_group(group).unwrap();
            assert_eq!((machine.cluster.as_str(), machine.region.as_str()), (cluster, region), "{group}");
        }
        for group in ["rg_shop_westeurope", "MC_", "MC_x", "aro-nodes", ""] {
            assert_eq!(of_group(group), None, "{group}");
        }
    }
}
