//! Clusters on somebody's own machine: CRC (rule 24), minikube (26), Docker Desktop (27), kind, k3d and others (28), and
//! what k3s or RKE2 install as `default` (31). Never here: a cluster at a public address, whatever its name is.
//! Called through `CLOUD`.

use serde_json::Value;

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { host, entry, machine, ..Cloud::NOTHING };

pattern!(KIND, r"kind://[a-z]*/([^/]*)/.*");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let service = match host {
        "api.crc.testing" => "crc",
        "kubernetes.docker.internal" => "docker-desktop",
        _ => return None,
    };
    Some(Clue::certain(Provider::Local, service).cluster(service))
}

fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let entry = e.facts.cluster_entry;
    // Such a name at a public address is just a name: `kind-of-prod`.
    if !e.is_private() {
        return None;
    }
    if is_minikube(e.facts.cluster_extensions, 4) {
        return Some(Clue::certain(Provider::Local, "minikube").cluster(entry));
    }
    let inferred = |service: &'static str, cluster: &str| {
        Some(Clue::inferred(Provider::Local, service).cluster(cluster))
    };
    for (prefix, service) in [("kind-", "kind"), ("k3d-", "k3d"), ("colima-", "colima"), ("kwok-", "kwok")] {
        if let Some(name) = entry.strip_prefix(prefix).filter(|n| !n.is_empty()) {
            return inferred(service, name);
        }
    }
    match entry {
        "docker-desktop" | "docker-for-desktop" if e.is_loopback() => inferred("docker-desktop", entry),
        "minikube" => inferred("minikube", entry),
        "rancher-desktop" => inferred("rancher-desktop", entry),
        "orbstack" => inferred("orbstack", entry),
        "colima" => inferred("colima", entry),
        "microk8s-cluster" => inferred("microk8s", "microk8s"),
        // Whether it is k3s or RKE2 its version tells; and if neither, that it was not local.
        "default" if e.is_loopback() && e.at_port(&[6443]) => inferred("", e.facts.context),
        _ => None,
    }
}

/// Whether minikube wrote this entry: `provider: minikube.sigs.k8s.io` in an extension, at most `depth` levels down.
fn is_minikube(extensions: &Value, depth: u8) -> bool {
    let below = |v: &Value| depth > 0 && is_minikube(v, depth - 1);
    match extensions {
        Value::Object(map) => {
            map.get("provider").and_then(|p| p.as_str()) == Some("minikube.sigs.k8s.io")
                || map.values().any(below)
        }
        Value::Array(list) => list.iter().any(below),
        _ => false,
    }
}

/// `kind://docker/<cluster>/<node>`, `kwok://…`.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    if provider_id.starts_with("kind://") {
        let [cluster] = groups(&KIND, provider_id).unwrap_or_default();
        return Some(Machine { cluster: cluster.to_owned(), ..Machine::of(Provider::Local, "kind") });
    }
    provider_id.strip_prefix("kwok://").map(|_| Machine::of(Provider::Local, "kwok"))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{EKS, Given, OWN, table};

    #[test]
    fn rule_24_crc() {
        table(&[
            (Given::at("https://api.crc.testing:6443").entry("api-crc-testing:6443"), "local crc - - crc Certain"),
            (Given::at("https://api.crc.testing.attacker.example:6443").entry("crc"), "unknown - - - ctx Unknown"),
            (Given::at("https://apixcrc.testing").entry("crc"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_28_kwok_and_profiles() {
        table(&[
            (Given::at("https://127.0.0.1:32766").entry("kwok-kwok"), "local kwok - - kwok Inferred"),
            (Given::at("https://127.0.0.1:6443").entry("colima"), "local colima - - colima Inferred"),
            (Given::at("https://203.0.113.9").entry("colima-work"), "unknown - - - ctx Unknown"),
            (Given::at("https://203.0.113.9").entry("kwok-kwok"), "unknown - - - ctx Unknown"),
            (Given::at("https://k8s.example.com").entry("rancher-desktop"), "unknown - - - ctx Unknown"),
            (Given::at("https://k8s.example.com").entry("orbstack"), "unknown - - - ctx Unknown"),
            (Given::at("https://k8s.example.com").entry("microk8s-cluster"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_31_default() {
        table(&[
            (Given::at("https://127.0.0.1:6443").entry("default").context("default"), "local - - - default Inferred"),
            (Given::at("https://127.0.0.1:6443").entry("default").context("nuc"), "local - - - nuc Inferred"),
            (Given::at("https://127.0.0.1:8443").entry("default"), "unknown - - - ctx Unknown"),
            (Given::at("https://10.0.0.1:6443").entry("default"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("default"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rules_26_to_28_local() {
        let minikube = serde_json::json!([
            {"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io", "version": "v1.36.0"}}
        ]);
        let with = |g: Given| Given { extensions: minikube.clone(), ..g };
        table(&[
            (with(Given::at("https://192.168.49.2:8443").entry("work")), "local minikube - - work Certain"),
            (with(Given::at(EKS).entry("work")), "aws eks - eu-west-1 work Certain"),
            (with(Given::at(OWN).entry("work")), "unknown - - - ctx Unknown"),
            (
                Given::at("https://kubernetes.docker.internal:6443").entry("docker-desktop"),
                "local docker-desktop - - docker-desktop Certain",
            ),
            (
                Given::at("https://127.0.0.1:6443").entry("docker-desktop"),
                "local docker-desktop - - docker-desktop Inferred",
            ),
            (Given::at(OWN).entry("docker-desktop"), "unknown - - - ctx Unknown"),
            (Given::at("https://127.0.0.1:40001").entry("kind-dev"), "local kind - - dev Inferred"),
            (Given::at("https://0.0.0.0:6550").entry("k3d-demo"), "local k3d - - demo Inferred"),
            (Given::at("https://127.0.0.1:6443").entry("colima-work"), "local colima - - work Inferred"),
            (
                Given::at("https://127.0.0.1:6443").entry("rancher-desktop"),
                "local rancher-desktop - - rancher-desktop Inferred",
            ),
            (Given::at("https://127.0.0.1:26443").entry("orbstack"), "local orbstack - - orbstack Inferred"),
            (
                Given::at("https://127.0.0.1:16443").entry("microk8s-cluster"),
                "local microk8s - - microk8s Inferred",
            ),
            (Given::at(OWN).entry("kind-of-prod"), "unknown - - - ctx Unknown"),
            (Given::at("https://203.0.113.9").entry("k3d-demo"), "unknown - - - ctx Unknown"),
            (Given::at("https://127.0.0.1:6443").entry("kind-"), "unknown - - - ctx Unknown"),
            // A context's name alone makes nothing local.
            (
                Given::at("https://127.0.0.1:6443").entry("x").context("kind-dev"),
                "unknown - - - kind-dev Unknown",
            ),
        ]);
    }
}
