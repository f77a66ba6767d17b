//! From the price of a whole node to the worth of its CPU, memory and GPUs, by OpenCost's formula in
//! integers.
//!
//! OpenCost (`pkg/costmodel/costmodel.go`, `GetNodeCost`) keeps the ratio of a provider's base rates: with
//! `rc = Bc/Br` and `rg = Bg/Br`, `m = g*rg + c*rc + G`, a GiB costs `P/m`, a core `rc` times that, a GPU
//! `rg` times that. Written out, each part is the node's price times what that part would cost at base rates:
//! so the parts are a split of the price by those weights, which is what stands here, and they add up to it
//! exactly. Called by [`super::node`] and [`mod@super::allocate`].

use super::money::split;
use crate::domain::place::Provider;
use crate::domain::resources::Amount;

/// Base rates: what a core, a GiB of memory and a GPU cost for an hour, in nano-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseRates {
    /// One core for one hour.
    pub cpu_core_hour_nano: u64,
    /// One GiB of memory for one hour.
    pub mem_gib_hour_nano: u64,
    /// One GPU for one hour.
    pub gpu_hour_nano: u64,
}

/// The price of a node, in parts: nano-dollars per hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// All its cores.
    pub cpu_nano: i64,
    /// All its memory.
    pub mem_nano: i64,
    /// All its GPUs.
    pub gpu_nano: i64,
}

impl Parts {
    /// The whole node.
    pub fn total(self) -> i64 {
        self.cpu_nano.saturating_add(self.mem_nano).saturating_add(self.gpu_nano)
    }
}

const fn rates(cpu_core_hour_nano: u64, mem_gib_hour_nano: u64, gpu_hour_nano: u64) -> BaseRates {
    BaseRates { cpu_core_hour_nano, mem_gib_hour_nano, gpu_hour_nano }
}

/// What a node costs by the core when the catalogue does not know it: the defaults of OpenCost
/// (`configs/*.json`). `None` where nobody sells the node by the hour, or nobody knows who does. Of Azure's
/// file all but its GPU rate is taken: at 4 cents a GPU would be worth little more than a core.
pub const fn default_rates(provider: Provider, spot: bool) -> Option<BaseRates> {
    match provider {
        Provider::Azure if spot => Some(rates(7_764_000, 382_000, 950_000_000)),
        Provider::Azure => Some(rates(39_000_000, 1_917_000, 950_000_000)),
        Provider::Oci => Some(rates(15_000_000, 2_000_000, 2_000_000_000)),
        Provider::OpenStack
        | Provider::VSphere
        | Provider::Harvester
        | Provider::Nutanix
        | Provider::Proxmox
        | Provider::Rancher
        | Provider::OpenShift
        | Provider::Teleport
        | Provider::Tailscale
        | Provider::Karmada
        | Provider::VCluster
        | Provider::Gardener
        | Provider::Local
        | Provider::Unknown => None,
        Provider::Aws
        | Provider::Gcp
        | Provider::Alibaba
        | Provider::DigitalOcean
        | Provider::Linode
        | Provider::Ibm
        | Provider::Tencent
        | Provider::Huawei
        | Provider::Scaleway
        | Provider::Ovh
        | Provider::Vultr
        | Provider::Civo
        | Provider::Exoscale
        | Provider::Hetzner => {
            if spot {
                Some(rates(6_655_000, 892_000, 950_000_000))
            } else {
                Some(rates(31_611_000, 4_237_000, 950_000_000))
            }
        }
    }
}

/// The rates whose ratios share a node's price among its parts: by machine family for Google, whose families
/// differ widely (cluster-autoscaler `gce_price_info.go`), else the default rates.
pub fn ratios(provider: Provider, instance_type: &str) -> BaseRates {
    /// The GPU of `gce_price_info.go`.
    const GPU: u64 = 700_000_000;
    if provider == Provider::Gcp {
        let family = instance_type.split('-').next().unwrap_or_default();
        return match family {
            "e2" => rates(21_811_000, 2_923_000, GPU),
            "n1" | "n2" | "a2" => rates(31_611_000, 4_237_000, GPU),
            "n2d" | "t2d" => rates(27_502_000, 3_686_000, GPU),
            "n4" => rates(30_821_000, 4_131_000, GPU),
            "c2" => rates(33_980_000, 4_550_000, GPU),
            "c2d" => rates(29_563_000, 3_959_000, GPU),
            "c3" => rates(33_980_000, 4_560_000, GPU),
            "c3d" => rates(29_560_000, 3_956_000, GPU),
            "m1" => rates(34_800_000, 5_100_000, GPU),
            "m4" => rates(18_278_400, 4_570_000, GPU),
            "g2" => rates(24_988_000, 2_927_000, GPU),
            "z3" => rates(49_653_100, 6_655_300, GPU),
            _ => rates(33_174_000, 4_446_000, GPU),
        };
    }
    default_rates(provider, false).unwrap_or(rates(31_611_000, 4_237_000, 950_000_000))
}

/// What so much of a machine costs at these rates, in parts.
pub fn worth(rates: BaseRates, capacity: Amount) -> Parts {
    let [cpu_nano, mem_nano, gpu_nano] =
        weights(rates, capacity).map(|w| i64::try_from(w).unwrap_or(i64::MAX));
    Parts { cpu_nano, mem_nano, gpu_nano }
}

/// Shares the price of a node among its cores, memory and GPUs; the parts add up to the price exactly. A node
/// of unknown size is all CPU, as it is in OpenCost.
pub fn parts_of(price_nano: i64, rates: BaseRates, capacity: Amount) -> Parts {
    let shares = split(price_nano, &weights(rates, capacity));
    match shares.as_slice() {
        [cpu_nano, mem_nano, gpu_nano] if shares.iter().any(|s| *s > 0) => {
            Parts { cpu_nano: *cpu_nano, mem_nano: *mem_nano, gpu_nano: *gpu_nano }
        }
        _ => Parts { cpu_nano: price_nano.max(0), ..Parts::default() },
    }
}

fn weights(rates: BaseRates, capacity: Amount) -> [u64; 3] {
    [
        times(capacity.cpu_milli, rates.cpu_core_hour_nano, 1000),
        times(capacity.mem_bytes, rates.mem_gib_hour_nano, 1 << 30),
        times(u64::from(capacity.gpu), rates.gpu_hour_nano, 1),
    ]
}

/// `amount * rate / unit`, saturating.
fn times(amount: u64, rate: u64, unit: u64) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(rate) / u128::from(unit)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn the_example_of_the_specification() {
        // OpenCost specification, appendix A: one CPU, one GiB, one GPU for $35 with base rates 30, 10, 30 ->
        // 15, 5, 15.
        let base = rates(30_000_000_000, 10_000_000_000, 30_000_000_000);
        let parts = parts_of(35_000_000_000, base, Amount { cpu_milli: 1000, mem_bytes: GIB, gpu: 1 });
        assert_eq!(
            parts,
            Parts { cpu_nano: 15_000_000_000, mem_nano: 5_000_000_000, gpu_nano: 15_000_000_000 }
        );
    }

    #[test]
    fn a_plain_node_keeps_the_ratio() {
        let base = ratios(Provider::Aws, "m5.xlarge");
        let parts = parts_of(192_000_000, base, Amount { cpu_milli: 4000, mem_bytes: 16 * GIB, gpu: 0 });
        assert_eq!(parts.total(), 192_000_000);
        // 4 * 31.611 : 16 * 4.237 = 126.444 : 67.792
        assert_eq!((parts.cpu_nano, parts.mem_nano, parts.gpu_nano), (124_988_406, 67_011_594, 0));
    }

    #[test]
    fn worth_at_default_rates() {
        let base = default_rates(Provider::Aws, false).unwrap();
        let parts = worth(base, Amount { cpu_milli: 4000, mem_bytes: 16 * GIB, gpu: 0 });
        assert_eq!((parts.cpu_nano, parts.mem_nano, parts.total()), (126_444_000, 67_792_000, 194_236_000));
        assert_eq!(default_rates(Provider::Local, false), None);
        assert_eq!(default_rates(Provider::Unknown, true), None);
        for provider in Provider::ALL.iter().copied() {
            let (full, spot) = (default_rates(provider, false), default_rates(provider, true));
            assert!(
                full.zip(spot).is_none_or(|(f, s)| s.cpu_core_hour_nano <= f.cpu_core_hour_nano),
                "{provider:?}"
            );
        }
    }

    #[test]
    fn families_of_google() {
        assert_ne!(ratios(Provider::Gcp, "e2-standard-4"), ratios(Provider::Gcp, "z3-highmem-8"));
        assert_eq!(ratios(Provider::Gcp, "x9-mega-1").cpu_core_hour_nano, 33_174_000);
        assert_eq!(ratios(Provider::Gcp, "").cpu_core_hour_nano, 33_174_000);
    }

    #[test]
    fn a_node_of_unknown_size_is_all_cpu() {
        let parts = parts_of(5, ratios(Provider::Unknown, ""), Amount::default());
        assert_eq!(parts, Parts { cpu_nano: 5, mem_nano: 0, gpu_nano: 0 });
        assert_eq!(parts_of(-5, ratios(Provider::Aws, ""), Amount::default()), Parts::default());
    }

    proptest! {
        #[test]
        fn parts_add_up(
            price in 0..=i64::MAX, cpu_milli in any::<u64>(), mem_bytes in any::<u64>(), gpu in any::<u32>(),
            provider in proptest::sample::select(Provider::ALL.to_vec()),
        ) {
            let capacity = Amount { cpu_milli, mem_bytes, gpu };
            let parts = parts_of(price, ratios(provider, "n2-standard-4"), capacity);
            let sum = i128::from(parts.cpu_nano) + i128::from(parts.mem_nano) + i128::from(parts.gpu_nano);
            prop_assert_eq!(sum, i128::from(price));
            prop_assert!(parts.cpu_nano >= 0 && parts.mem_nano >= 0 && parts.gpu_nano >= 0);
        }
    }
}
