//! Rancher: rule 3, by the path of its proxy, and 34, by its token at a cluster's own address. Never here: the clusters
//! it made, which their nodes and versions tell. Called through `CLOUD`.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { host, last, ..Cloud::NOTHING };

pattern!(PATH, r"/k8s/clusters/(c-m-[a-z0-9]+|c-[a-z0-9]+|local)");

/// Of the server's own host alone: the name of a certificate has no path.
fn host(e: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [id] = groups(&PATH, e.path())?;
    let own = e.server.as_ref().is_some_and(|s| s.host == host);
    own.then(|| Clue::certain(Provider::Rancher, "").account(host).id(id))
}

fn last(e: &Evidence<'_>) -> Option<Clue> {
    e.facts.rancher_token.then(|| Clue::inferred(Provider::Rancher, ""))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{EKS, Given, OWN, table};

    #[test]
    fn rule_3_paths() {
        table(&[
            (
                Given::at("https://rancher.example.com/k8s/clusters/c-m-13mz8a32").entry("shop"),
                "rancher - rancher.example.com - shop Certain",
            ),
            (
                Given::at("https://rancher.example.com/k8s/clusters/c-abcde/").entry("shop"),
                "rancher - rancher.example.com - shop Certain",
            ),
            (
                Given::at("https://10.0.0.1/k8s/clusters/local").entry("local"),
                "rancher - 10.0.0.1 - local Certain",
            ),
            (Given::at("https://x.example.com/k8s/clusters/c-m-1/x").entry("s"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.example.com/k8s/clusters/C-M-1").entry("s"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.example.com/x/k8s/clusters/c-m-1").entry("s"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.example.com/?/k8s/clusters/c-m-1").entry("s"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("c-m-13mz8a32"), "unknown - - - ctx Unknown"),
        ]);
        let given = Given::at("https://rancher.example.com/k8s/clusters/c-m-13mz8a32").entry("shop");
        assert_eq!(given.located().id, "c-m-13mz8a32");
    }

    #[test]
    fn rule_34_token() {
        let with = |g: Given| Given { rancher_token: true, ..g };
        table(&[
            (with(Given::at(OWN).entry("shop-node1")), "rancher - - - shop-node1 Inferred"),
            (with(Given::at(EKS).entry("shop")), "aws eks - eu-west-1 shop Certain"),
            (with(Given::at("https://127.0.0.1:6443").entry("k3d-x")), "local k3d - - x Inferred"),
            (Given::at(OWN).entry("kubeconfig-u-abc"), "unknown - - - ctx Unknown"),
        ]);
    }
}
