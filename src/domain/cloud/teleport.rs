//! Teleport: rules 1 and 1b, by the plugin `tsh`. Never here: the address, which is the proxy's. Called through `CLOUD`.
//!
//! Behind a proxy any cluster may stand, so that its service is open. One that discovery enrolled from EKS is called
//! `<name>-eks-<region>-<account>`.

use super::evidence::{groups, is_plain, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { exec, ..Cloud::NOTHING };

pattern!(DISCOVERED, r"([0-9A-Za-z][0-9A-Za-z_-]{0,99})-eks-([a-z]{2,}(?:-[a-z]+)+-[0-9])-([0-9]{12})");

fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    if command != "tsh" || !e.has_words(&["kube", "credentials"]) {
        return None;
    }
    let cluster = e.option(&["--kube-cluster"]).filter(|c| is_plain(c))?;
    if let Some([name, region, account]) = groups(&DISCOVERED, cluster) {
        return Some(
            Clue::inferred(Provider::Aws, "eks").account(account).region(region).cluster(name).id(cluster),
        );
    }
    let through = e.option(&["--teleport-cluster"]).filter(|t| is_plain(t)).unwrap_or_default();
    Some(Clue::certain(Provider::Teleport, "").account(through).cluster(cluster))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_1_tsh() {
        let proxy = Given::at("https://tele.example.com:443").entry("tele.example.com");
        table(&[
            (
                proxy.clone().exec("tsh kube credentials --kube-cluster=lab --teleport-cluster=tele.example.com"),
                "teleport - tele.example.com - lab Certain",
            ),
            (
                proxy.clone().exec("/usr/bin/tsh kube credentials --kube-cluster lab --teleport-cluster t.example"),
                "teleport - t.example - lab Certain",
            ),
            (proxy.clone().exec("tsh kube credentials --kube-cluster=lab"), "teleport - - - lab Certain"),
            // Only looks like it.
            (Given::at(OWN).exec("tsh kube credentials"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("tsh ssh --kube-cluster=lab"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("my-tsh kube credentials --kube-cluster=lab"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).context("tele.example.com-lab"), "unknown - - - tele.example.com-lab Unknown"),
        ]);
    }

    #[test]
    fn rule_1b_discovered_in_eks() {
        let at = |name: &'static str| Given::at("https://tele.example.com:443").words(&["tsh", "kube", "credentials", "--kube-cluster", name, "--teleport-cluster", "t"]);
        table(&[
            (at("payments-eks-eu-west-1-111122223333"), "aws eks 111122223333 eu-west-1 payments Inferred"),
            (at("a-eks-b-eks-us-gov-west-1-111122223333"), "aws eks 111122223333 us-gov-west-1 a-eks-b Inferred"),
            // Eleven digits, thirteen, no region.
            (at("payments-eks-eu-west-1-11112222333"), "teleport - t - payments-eks-eu-west-1-11112222333 Certain"),
            (at("payments-eks-eu-west-1-1111222233334"), "teleport - t - payments-eks-eu-west-1-1111222233334 Certain"),
            (at("payments-eks-111122223333"), "teleport - t - payments-eks-111122223333 Certain"),
        ]);
        assert_eq!(at("payments-eks-eu-west-1-111122223333").located().id, "payments-eks-eu-west-1-111122223333");
    }
}
