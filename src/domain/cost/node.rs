//! The price of one node, and how it came about: catalogue, default rates, or none with the reason.
//!
//! Must never guess a provider: what neither the cluster's place nor the node's `providerID` says stays
//! unpriced. Called by `fleet` when a node changes, and by the Costs pane.

use jiff::civil::Date;

use super::catalogue::{Catalogue, Price};
use super::rates;
use crate::domain::cloud;
use crate::domain::node::NodeRow;
use crate::domain::place::{Place, Provider};
use crate::domain::text::SafeText;

/// Prices older than this many days are marked wherever they are shown.
pub const OLD_AFTER_DAYS: i32 = 180;

const GIB: u64 = 1 << 30;

/// What a node costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePrice {
    /// Nano-dollars per hour; zero when there is no price.
    pub nano_usd_hour: i64,
    /// Where that comes from.
    pub basis: Basis,
}

/// Where a price comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A list price.
    Catalogue {
        /// The day it was read from its provider.
        as_of: Date,
        /// Which table.
        source: SafeText,
        /// It is a spot price. A spot node priced on demand, for want of a spot price, says `false`.
        spot: bool,
    },
    /// By core, GiB and GPU at the default rates: an estimate, for the catalogue does not hold this type in
    /// this region.
    DefaultRates,
    /// None.
    Unpriced {
        /// Why, in a form that completes "no price: …".
        why: String,
    },
}

impl NodePrice {
    fn unpriced(why: impl Into<String>) -> Self {
        Self { nano_usd_hour: 0, basis: Basis::Unpriced { why: why.into() } }
    }

    /// Whether there is a price.
    pub fn is_priced(&self) -> bool {
        match self.basis {
            Basis::Catalogue { .. } | Basis::DefaultRates => true,
            Basis::Unpriced { .. } => false,
        }
    }
}

/// The price of a node: its type's list price in its region, else what its size costs at the default rates of
/// its cloud, else none, with the reason.
pub fn price_node(catalogue: Option<&Catalogue>, place: &Place, node: &NodeRow) -> NodePrice {
    let provider = provider_of(place, node);
    if provider == Provider::Unknown || provider.is_front() {
        return NodePrice::unpriced("nothing says which cloud this node runs in");
    }
    if provider == Provider::Local {
        return NodePrice::unpriced("a local cluster has no list price");
    }
    if let Some(why) = billed_by_pod(node) {
        return NodePrice::unpriced(why);
    }
    let region = region_of(place, node);
    let found = catalogue.and_then(|c| {
        c.price(provider, &region, &node.instance_type)
            .or_else(|| (provider == Provider::Oci).then(|| oci_shape(c, &region, node)).flatten())
    });
    if let Some(price) = found {
        let spot = price.spot_nano.filter(|_| node.spot);
        return NodePrice {
            nano_usd_hour: spot.unwrap_or(price.ondemand_nano),
            basis: Basis::Catalogue { as_of: price.as_of, source: price.source, spot: spot.is_some() },
        };
    }
    let Some(rates) = rates::default_rates(provider, node.spot) else {
        return NodePrice::unpriced("machines of a private cloud have no list price");
    };
    let default = rates::worth(rates, node.capacity).total();
    if default > 0 {
        NodePrice { nano_usd_hour: default, basis: Basis::DefaultRates }
    } else {
        NodePrice::unpriced("neither its type's price nor its size is known")
    }
}

/// The provider of a node: its cluster's, or else, where that is unknown or stands before other people's
/// machines, what its `providerID` says.
pub fn provider_of(place: &Place, node: &NodeRow) -> Provider {
    if place.provider == Provider::Unknown || place.provider.is_front() {
        cloud::machine(&node.provider_id, &node.version).map_or(place.provider, |m| m.provider)
    } else {
        place.provider
    }
}

/// The region of a node: its label, its `providerID`, or else its cluster's.
fn region_of(place: &Place, node: &NodeRow) -> SafeText {
    if !node.region.is_empty() {
        return node.region.clone();
    }
    match cloud::machine(&node.provider_id, &node.version) {
        Some(id) if !id.region.is_empty() => SafeText::new(&id.region),
        Some(_) | None => place.region.clone(),
    }
}

/// Nodes that stand for no machine of the user's: the pods on them are billed one by one.
fn billed_by_pod(node: &NodeRow) -> Option<&'static str> {
    let name = &*node.meta.name;
    if name.starts_with("fargate-ip-") || node.provider_id.contains("/fargate-") {
        Some("Fargate is billed by pod")
    } else if name.starts_with("gk3-") {
        Some("GKE Autopilot is billed by pod")
    } else if name.starts_with("virtual-node-") || name.starts_with("virtual-kubelet-") {
        Some("a virtual node is billed by pod")
    } else {
        None
    }
}

/// An Oracle shape, priced by OCPU and GB: rows `SHAPE/ocpu` (whose `vcpu` says how many make one OCPU) and
/// `SHAPE/gb`. Old fixed shapes have no `/gb` row: their memory is in the price of the OCPU. Capacity lacks
/// what the kernel keeps of the memory, so it is rounded up to whole GiB.
fn oci_shape(catalogue: &Catalogue, region: &str, node: &NodeRow) -> Option<Price> {
    let row = |unit: &str| catalogue.price(Provider::Oci, region, &format!("{}/{unit}", node.instance_type));
    let mut price = row("ocpu")?;
    let milli_per_ocpu = u128::from(price.vcpu_milli.filter(|v| *v > 0).unwrap_or(2000));
    let per_ocpu = u128::try_from(price.ondemand_nano).ok()?;
    let cpu = u128::from(node.capacity.cpu_milli) * per_ocpu / milli_per_ocpu;
    let mem = match row("gb") {
        Some(gb) => {
            u128::from(node.capacity.mem_bytes.div_ceil(GIB)) * u128::try_from(gb.ondemand_nano).ok()?
        }
        None => 0,
    };
    price.ondemand_nano = i64::try_from(cpu + mem).ok().filter(|nano| *nano > 0)?;
    price.spot_nano = None;
    Some(price)
}

/// What the provider asks for the control plane, in nano-dollars per hour, and why. A guess from the service
/// alone; a setting per cluster replaces it.
pub fn cluster_fee(place: &Place) -> (i64, &'static str) {
    match (place.provider, place.service.as_str()) {
        (Provider::Aws, "eks") => {
            (100_000_000, "EKS cluster in standard support: $0.10 an hour; extended support costs more")
        }
        (Provider::Gcp, "gke") => {
            (100_000_000, "GKE cluster: $0.10 an hour; Google credits one zonal or Autopilot cluster")
        }
        (Provider::Azure, "aks") => (0, "AKS taken as Free tier; Standard and Premium cost more"),
        (Provider::Local, _) => (0, "a local cluster has no fee"),
        _ => (0, "no fee is known for this kind of cluster"),
    }
}

/// What makes the price of a node less than what it costs, if anything: the catalogue is of Linux, and of
/// whole regions.
pub fn caveat(node: &NodeRow) -> Option<&'static str> {
    if node.os == "windows" {
        Some("the list price is of Linux; Windows costs more")
    } else if is_local_zone(&node.zone) {
        Some("the list price is of the region; local zones cost more")
    } else {
        None
    }
}

/// Amazon's local and wavelength zones: `us-west-2-lax-1a`.
fn is_local_zone(zone: &str) -> bool {
    cloud::aws::region_of(zone)
        .is_some_and(|region| zone.strip_prefix(region).is_some_and(|rest| rest.starts_with('-')))
}

/// Whether a price of that day is to be marked as old.
pub fn is_old(as_of: Date, today: Date) -> bool {
    today.since(as_of).is_ok_and(|span| span.get_days() > OLD_AFTER_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Meta;
    use crate::domain::resources::Amount;
    use jiff::civil::date;

    fn catalogue() -> Catalogue {
        Catalogue::parse(
            "provider,region,instance_type,vcpu,memory_gib,gpu_count,gpu_model,ondemand_usd_hour,spot_usd_hour,as_of,source\n\
             aws,us-east-1,m5.xlarge,4,16,0,,0.192,0.0817,2026-07-20,karpenter-aws+spot2024\n\
             aws,eu-west-1,m5.xlarge,4,16,0,,0.214,,2025-04-04,ec2shop\n\
             azure,eastus,Standard_D4s_v5,4,16,0,,0.192,,2026-06-18,karpenter-azure\n\
             oci,*,VM.Standard.E4.Flex/ocpu,2,0,0,,0.025,,2024-01-19,opencost-oci\n\
             oci,*,VM.Standard.E4.Flex/gb,0,1,0,,0.0015,,2024-01-19,opencost-oci\n\
             oci,*,VM.Standard.A1.Flex/ocpu,1,0,0,,0.01,,2024-01-19,opencost-oci\n\
             oci,*,VM.Standard.A1.Flex/gb,0,1,0,,0.0015,,2024-01-19,opencost-oci\n\
             oci,*,VM.Standard2.4/ocpu,2,0,0,,0.0638,,2024-01-19,opencost-oci\n\
             oci,*,VM.GPU2.1,,,1,NVIDIA P100,1.275,,2024-01-19,opencost-oci\n",
        )
        .unwrap()
    }

    fn node(instance_type: &str, region: &str) -> NodeRow {
        NodeRow {
            meta: Meta { name: "n1".into(), ..Meta::default() },
            instance_type: instance_type.into(),
            region: region.into(),
            capacity: Amount { cpu_milli: 4000, mem_bytes: 16 * GIB - 700_000_000, gpu: 0 },
            ..NodeRow::default()
        }
    }

    fn place(provider: Provider, region: &str) -> Place {
        Place { provider, region: region.into(), ..Place::default() }
    }

    fn price(place: &Place, node: &NodeRow) -> NodePrice {
        price_node(Some(&catalogue()), place, node)
    }

    fn why(price: &NodePrice) -> &str {
        match &price.basis {
            Basis::Unpriced { why } => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn list_prices() {
        let p = price(&place(Provider::Aws, "eu-west-1"), &node("m5.xlarge", "us-east-1"));
        assert_eq!(p.nano_usd_hour, 192_000_000, "the node's own region first");
        let basis = Basis::Catalogue {
            as_of: date(2026, 7, 20),
            source: "karpenter-aws+spot2024".into(),
            spot: false,
        };
        assert_eq!(p.basis, basis);
        assert_eq!(
            price(&place(Provider::Aws, "eu-west-1"), &node("m5.xlarge", "")).nano_usd_hour,
            214_000_000
        );
        let azure = price(&place(Provider::Azure, "eastus"), &node("Standard_D4s_v5", ""));
        assert_eq!(azure.nano_usd_hour, 192_000_000);
    }

    #[test]
    fn spot_where_it_is_known() {
        let mut n = node("m5.xlarge", "us-east-1");
        n.spot = true;
        let p = price(&place(Provider::Aws, ""), &n);
        assert!(
            p.nano_usd_hour == 81_700_000 && matches!(p.basis, Basis::Catalogue { spot: true, .. }),
            "{p:?}"
        );
        n.region = "eu-west-1".into();
        let p = price(&place(Provider::Aws, ""), &n);
        assert!(
            p.nano_usd_hour == 214_000_000 && matches!(p.basis, Basis::Catalogue { spot: false, .. }),
            "{p:?}"
        );
    }

    #[test]
    fn the_provider_id_speaks_where_the_place_does_not() {
        let mut n = node("m5.xlarge", "");
        n.provider_id = "aws:///us-east-1a/i-0abc".into();
        assert_eq!(price(&Place::default(), &n).nano_usd_hour, 192_000_000);
        n.provider_id = "kind://docker/dev/dev-control-plane".into();
        assert_eq!(why(&price(&Place::default(), &n)), "a local cluster has no list price");
        n.provider_id = "vsphere://x".into();
        assert!(why(&price(&Place::default(), &n)).contains("private cloud"));
        // Behind a way to clusters the machines are somebody else's.
        n.provider_id = "aws:///us-east-1a/i-0abc".into();
        assert_eq!(price(&place(Provider::Rancher, ""), &n).nano_usd_hour, 192_000_000);
        n.provider_id = "".into();
        assert!(why(&price(&place(Provider::Rancher, ""), &n)).contains("which cloud"));
    }

    #[test]
    fn default_rates_are_said_to_be_so() {
        let p = price(&place(Provider::Aws, "us-east-1"), &node("m99.huge", "us-east-1"));
        assert!(p.basis == Basis::DefaultRates && p.nano_usd_hour > 126_444_000, "{p:?}");
        let mut spot = node("m99.huge", "us-east-1");
        spot.spot = true;
        assert!(price(&place(Provider::Aws, ""), &spot).nano_usd_hour < p.nano_usd_hour);
        let without = price_node(None, &place(Provider::Aws, "us-east-1"), &node("m5.xlarge", "us-east-1"));
        assert_eq!(without.basis, Basis::DefaultRates);
    }

    #[test]
    fn no_price_says_why() {
        assert!(why(&price(&Place::default(), &node("m5.xlarge", "us-east-1"))).contains("which cloud"));
        assert!(why(&price(&place(Provider::Local, ""), &node("m5.xlarge", "us-east-1"))).contains("local"));
        let mut empty = node("m99.huge", "us-east-1");
        empty.capacity = Amount::default();
        let p = price(&place(Provider::Aws, ""), &empty);
        assert!(!p.is_priced() && why(&p).contains("size"));
        for (name, word) in [("fargate-ip-10-0-0-1.ec2.internal", "Fargate"), ("gk3-pool-1", "Autopilot")] {
            let mut n = node("", "us-east-1");
            n.meta.name = name.into();
            assert!(why(&price(&place(Provider::Aws, ""), &n)).contains(word));
        }
    }

    #[test]
    fn oracle_shapes() {
        let nano =
            |shape: &str| price(&place(Provider::Oci, ""), &node(shape, "eu-frankfurt-1")).nano_usd_hour;
        // 4 vCPU are 2 OCPU of x86: 2 * 0.025 + 16 * 0.0015
        assert_eq!(nano("VM.Standard.E4.Flex"), 74_000_000);
        // and 4 OCPU of Arm
        assert_eq!(nano("VM.Standard.A1.Flex"), 64_000_000);
        assert_eq!(nano("VM.Standard2.4"), 127_600_000);
        assert_eq!(nano("VM.GPU2.1"), 1_275_000_000);
    }

    #[test]
    fn fees_by_service() {
        let fee = |provider, service: &str| {
            cluster_fee(&Place { provider, service: service.into(), ..Place::default() }).0
        };
        assert_eq!(fee(Provider::Aws, "eks"), 100_000_000);
        assert_eq!(fee(Provider::Gcp, "gke"), 100_000_000);
        assert_eq!(fee(Provider::Azure, "aks"), 0);
        assert_eq!(fee(Provider::Aws, ""), 0);
        assert_eq!(fee(Provider::Unknown, "eks"), 0);
    }

    #[test]
    fn caveats_and_age() {
        let mut n = node("m5.xlarge", "us-west-2");
        n.zone = "us-west-2a".into();
        assert_eq!(caveat(&n), None);
        n.zone = "us-west-2-lax-1a".into();
        assert!(caveat(&n).is_some_and(|c| c.contains("local zones")));
        n.os = "windows".into();
        assert!(caveat(&n).is_some_and(|c| c.contains("Windows")));
        assert!(is_old(date(2025, 4, 4), date(2026, 11, 23)));
        assert!(!is_old(date(2026, 7, 20), date(2026, 11, 23)));
        assert!(!is_old(date(2026, 7, 20), date(2026, 1, 1)));
    }
}
