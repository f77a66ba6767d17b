//! What nodes say of where they run: `spec.providerID`, which the cloud's own controller writes. Called by
//! [`super::refine`]'s users and by `cost` for the price of a node.

use crate::domain::node::NodeRow;
use crate::domain::place::{Certainty, Place, Provider};
use crate::domain::text::SafeText;

/// What one `providerID` says; empty means that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderId {
    /// Whose machine it is.
    pub provider: Provider,
    /// Project or subscription. Amazon's do not say.
    pub account: String,
    /// Region.
    pub region: String,
}

/// Reads a `providerID`. The kubelet's version decides about Alibaba's, which have no scheme. `None` for
/// those of no cloud that skyfleet knows, and for none at all.
pub fn parse(provider_id: &str, kubelet_version: &str) -> Option<ProviderId> {
    let of = |provider, account: &str, region: &str| {
        Some(ProviderId { provider, account: account.to_owned(), region: region.to_owned() })
    };
    let Some((scheme, rest)) = provider_id.split_once("://") else {
        if provider_id.starts_with("ocid1.instance.") {
            return of(Provider::Oci, "", "");
        }
        let (region, _) = provider_id.split_once(".i-")?;
        return if kubelet_version.contains("aliyun") { of(Provider::Alibaba, "", region) } else { None };
    };
    match scheme {
        // aws:///us-east-1a/i-0abc
        "aws" => of(
            Provider::Aws,
            "",
            rest.trim_start_matches('/').split('/').next().and_then(aws_region).unwrap_or(""),
        ),
        // gce://project/europe-west1-b/name
        "gce" => {
            let mut parts = rest.split('/');
            of(Provider::Gcp, parts.next().unwrap_or(""), parts.next().map_or("", gcp_region))
        }
        // azure:///subscriptions/SUB/resourceGroups/MC_rg_cluster_region/…
        "azure" => {
            let mut parts = rest.trim_start_matches('/').split('/');
            let subscription =
                parts.next().filter(|p| p.eq_ignore_ascii_case("subscriptions")).and_then(|_| parts.next());
            of(Provider::Azure, subscription.unwrap_or(""), "")
        }
        "alicloud" => of(Provider::Alibaba, "", rest.split_once(".i-").map_or("", |(region, _)| region)),
        "digitalocean" => of(Provider::DigitalOcean, "", ""),
        "linode" => of(Provider::Linode, "", ""),
        "oci" => of(Provider::Oci, "", ""),
        "hcloud" | "hrobot" => of(Provider::Hetzner, "", ""),
        "kind" => of(Provider::Local, "", ""),
        _ => None,
    }
}

/// The region of one of Amazon's zones: `us-east-1a` and the local zone `us-west-2-lax-1a` are in
/// `us-east-1`, `us-west-2`.
pub fn aws_region(zone: &str) -> Option<&str> {
    let digit = zone.find(|c: char| c.is_ascii_digit())?;
    let (region, _) = zone.split_at_checked(digit + 1)?;
    let letters = region.split_at_checked(digit)?.0.strip_suffix('-')?;
    let parts = letters.split('-').count();
    let plain = letters.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()));
    (plain && parts >= 2).then_some(region)
}

/// The region of one of Google's locations: `europe-west1-b` is in `europe-west1`; a region is its own.
pub fn gcp_region(location: &str) -> &str {
    match location.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && region.ends_with(|c: char| c.is_ascii_digit()) => region,
        Some(_) | None => location,
    }
}

/// What the nodes of a live cluster add to what its context said. They never overrule a certain answer, but
/// fill what it leaves open; an answer by names they overrule. Where nodes disagree (a cluster over two
/// clouds, or one that lies) nothing is taken from them; what only one of them says differently stays open.
pub fn refine(place: &Place, nodes: &[&NodeRow]) -> Place {
    let ids: Vec<(ProviderId, &NodeRow)> =
        nodes.iter().filter_map(|n| Some((parse(&n.provider_id, &n.version)?, *n))).collect();
    let Some(provider) = same(ids.iter().map(|(id, _)| id.provider)) else { return place.clone() };
    let account = same(ids.iter().map(|(id, _)| id.account.as_str())).unwrap_or_default();
    let region =
        same(ids.iter().map(|(id, n)| if id.region.is_empty() { &*n.region } else { id.region.as_str() }));
    let region = region.unwrap_or_default();

    let mut out = place.clone();
    if provider != place.provider {
        if place.certainty == Certainty::Certain {
            return out;
        }
        out = Place {
            provider,
            cluster: place.cluster.clone(),
            certainty: Certainty::Inferred,
            ..Place::default()
        };
        if provider == Provider::Local {
            out.service = SafeText::new("kind");
        }
    }
    let certain = place.certainty == Certainty::Certain;
    for (field, told) in [(&mut out.account, account), (&mut out.region, region)] {
        let open = field.is_empty();
        // A project's id says more to people than its number.
        let number = provider == Provider::Gcp && super::is_number(field);
        if !told.is_empty() && (open || number || !certain) {
            *field = SafeText::new(told);
        }
    }
    out
}

/// What all say alike; `None` when they differ or there are none.
fn same<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(provider_id: &str, region: &str) -> NodeRow {
        NodeRow { provider_id: provider_id.into(), region: region.into(), ..NodeRow::default() }
    }

    fn refined(place: &Place, nodes: &[NodeRow]) -> Place {
        refine(place, &nodes.iter().collect::<Vec<_>>())
    }

    #[test]
    fn provider_ids() {
        for (id, version, provider, account, region) in [
            ("aws:///us-east-1a/i-0abc", "v1.33.1-eks-1", Provider::Aws, "", "us-east-1"),
            ("aws:///us-west-2-lax-1a/i-0abc", "", Provider::Aws, "", "us-west-2"),
            ("aws:///us-gov-west-1b/i-0abc", "", Provider::Aws, "", "us-gov-west-1"),
            ("aws:///eu-west-1c/0123abcd/fargate-ip-10-0-0-1", "", Provider::Aws, "", "eu-west-1"),
            ("gce://acme-prod/europe-west1-b/gke-x", "", Provider::Gcp, "acme-prod", "europe-west1"),
            (
                "azure:///subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/mc_rg_shop_westeurope/x",
                "",
                Provider::Azure,
                "00000000-1111-2222-3333-444444444444",
                "",
            ),
            ("cn-hangzhou.i-bp1abc", "v1.30.1-aliyun.1", Provider::Alibaba, "", "cn-hangzhou"),
            ("alicloud://cn-beijing.i-2ze", "", Provider::Alibaba, "", "cn-beijing"),
            ("digitalocean://123", "", Provider::DigitalOcean, "", ""),
            ("linode://123", "", Provider::Linode, "", ""),
            ("hcloud://123", "", Provider::Hetzner, "", ""),
            ("ocid1.instance.oc1.iad.abc", "", Provider::Oci, "", ""),
            ("oci://ocid1.instance.oc1.iad.abc", "", Provider::Oci, "", ""),
            ("kind://docker/dev/dev-control-plane", "", Provider::Local, "", ""),
        ] {
            let expected = ProviderId { provider, account: account.into(), region: region.into() };
            assert_eq!(parse(id, version), Some(expected), "{id}");
        }
        for id in
            ["", "cn-hangzhou.i-bp1abc", "k3s://n1", "vsphere://x", "openstack:///x", "not an id", "://"]
        {
            assert_eq!(parse(id, "v1.30.1"), None, "{id}");
        }
        assert_eq!(parse("aws://", "").map(|i| i.region), Some(String::new()));
        assert_eq!(parse("gce://", "").map(|i| i.account), Some(String::new()));
    }

    #[test]
    fn zones_and_regions() {
        for (zone, region) in [
            ("eu-west-1", Some("eu-west-1")),
            ("eu-west-1a", Some("eu-west-1")),
            ("1a", None),
            ("é1", None),
            ("", None),
        ] {
            assert_eq!(aws_region(zone), region, "{zone}");
        }
        for (location, region) in
            [("europe-west1", "europe-west1"), ("us-east1-c", "us-east1"), ("x-y", "x-y"), ("", "")]
        {
            assert_eq!(gcp_region(location), region);
        }
    }

    #[test]
    fn an_unknown_place_learns() {
        let unknown = Place { cluster: "berlin".into(), ..Place::default() };
        let place = refined(
            &unknown,
            &[node("gce://acme/europe-west1-b/a", ""), node("gce://acme/europe-west1-c/b", "")],
        );
        assert_eq!(place.path(), "gcp / acme / europe-west1 / berlin");
        assert_eq!(place.certainty, Certainty::Inferred);
        let hetzner = refined(&unknown, &[node("hcloud://1", "fsn1")]);
        assert_eq!((hetzner.provider, hetzner.region.as_str()), (Provider::Hetzner, "fsn1"));
        let kind = refined(&unknown, &[node("kind://docker/dev/dev-1", "")]);
        assert_eq!((kind.provider, kind.service.as_str()), (Provider::Local, "kind"));
    }

    #[test]
    fn a_certain_answer_is_filled_and_never_overruled() {
        let eks = Place {
            provider: Provider::Aws,
            service: "eks".into(),
            account: "222233334444".into(),
            region: "eu-west-1".into(),
            cluster: "prod-a".into(),
            certainty: Certainty::Certain,
        };
        assert_eq!(refined(&eks, &[node("gce://evil/us-east1-b/x", "")]), eks);
        assert_eq!(refined(&eks, &[node("aws:///us-east-1a/i-1", "")]), eks);
        let aks = Place {
            provider: Provider::Azure,
            account: SafeText::empty(),
            region: "westeurope".into(),
            ..eks.clone()
        };
        let filled = refined(&aks, &[node("azure:///subscriptions/sub-1/resourceGroups/g/x", "eastus")]);
        assert_eq!((filled.account.as_str(), filled.region.as_str()), ("sub-1", "westeurope"));
        let gke = Place {
            provider: Provider::Gcp,
            account: "123456789".into(),
            region: "europe-west1".into(),
            ..eks
        };
        assert_eq!(refined(&gke, &[node("gce://acme/europe-west1-b/x", "")]).account, "acme");
    }

    #[test]
    fn an_answer_by_names_is_overruled() {
        let named = Place {
            provider: Provider::Gcp,
            service: "gke".into(),
            account: "acme".into(),
            region: "us-east1".into(),
            cluster: "c".into(),
            certainty: Certainty::Inferred,
        };
        let place = refined(&named, &[node("aws:///eu-west-1a/i-1", "")]);
        assert_eq!(place.path(), "aws / eu-west-1 / c");
        assert!(place.service.is_empty());
        let place = refined(&named, &[node("gce://other/europe-west1-b/x", "")]);
        assert_eq!(
            (place.account.as_str(), place.region.as_str(), place.service.as_str()),
            ("other", "europe-west1", "gke")
        );
    }

    #[test]
    fn nodes_that_disagree_say_nothing() {
        let unknown = Place { cluster: "x".into(), ..Place::default() };
        assert_eq!(
            refined(&unknown, &[node("gce://a/us-east1-b/x", ""), node("aws:///us-east-1a/i-1", "")]),
            unknown
        );
        assert_eq!(refined(&unknown, &[node("", ""), node("k3s://x", "")]), unknown);
        assert_eq!(refined(&unknown, &[]), unknown);
        let two = refined(&unknown, &[node("gce://a/us-east1-b/x", ""), node("gce://b/us-east1-b/x", "")]);
        assert_eq!((two.account.as_str(), two.region.as_str()), ("", "us-east1"));
    }
}
