//! Rules by host, by plugin and by local name: 6a, 6b, 7a, 7b, 8, 11, 22, 26, 27, 28. Called by
//! [`super::classify`] only.
//!
//! | rule | evidence | gives |
//! |---|---|---|
//! | 6a | host `<32 hex>.<id>.<region>.eks.amazonaws.com[.cn]`, or the dual-stack form under `.api.aws` | EKS, region |
//! | 6b | `aws … eks get-token --cluster-name C`, `aws-iam-authenticator token -i C` | EKS, cluster, region; account of a role |
//! | 7a | host `gke-<hex>-<project number>.<region>.gke.goog` | GKE, project number, region |
//! | 7b | plugin `gke-gcloud-auth-plugin` | GKE |
//! | 8 | hosts under `azmk8s.io`, `azk8s.cn`, `aks.containerservice.azure.us` | AKS, region |
//! | 11 | host `<uuid>.k8s.ondigitalocean.com`, or plugin `doctl` | DOKS |
//! | 22 | plugin `ack-ram-tool credential-plugin --cluster-id C` | ACK, cluster |
//! | 26 | cluster extension of provider `minikube.sigs.k8s.io` | minikube |
//! | 27 | host `kubernetes.docker.internal`, or that entry on loopback | Docker Desktop |
//! | 28 | entry `kind-…`, `k3d-…` and so on, and a private host | that tool |

use std::sync::LazyLock;

use regex::Regex;

use super::names::role_account;
use super::server::Server;
use super::{Clue, ContextFacts};
use crate::domain::place::{Certainty, Provider};

/// A pattern; that each compiles is tested, so that `None` never happens.
pub(super) type Pattern = LazyLock<Option<Regex>>;

static EKS_HOST: Pattern = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[0-9a-f]{32}\.[a-z0-9]{2,4}\.",
        r"(?:([a-z]{2,}(?:-[a-z]+)+-[0-9])\.eks\.amazonaws\.com(?:\.cn)?",
        r"|(?:eks(?:-cluster)?\.)?([a-z]{2,}(?:-[a-z]+)+-[0-9])\.api\.(?:aws|amazonwebservices\.com\.cn))$",
    ))
    .ok()
});
static GKE_HOST: Pattern =
    LazyLock::new(|| Regex::new(r"^gke-[0-9a-f]+-([0-9]{5,})\.([a-z]+-[a-z]+[0-9]{1,2})\.gke\.goog$").ok());
static AKS_HOST: Pattern = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[a-z0-9][a-z0-9-]*\.",
        r"(?:hcp|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.privatelink)\.",
        r"([a-z0-9]+)\.",
        r"(?:azmk8s\.io|cx\.prod\.service\.azk8s\.cn|cx\.aks\.containerservice\.azure\.us)$",
    ))
    .ok()
});
static DOKS_HOST: Pattern = LazyLock::new(|| {
    Regex::new(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.k8s\.ondigitalocean\.com$").ok()
});

/// The groups of a whole match, `""` for one that took no part.
pub(super) fn groups<'t>(pattern: &Pattern, text: &'t str) -> Option<[&'t str; 3]> {
    let found = pattern.as_ref()?.captures(text)?;
    let group = |n: usize| found.get(n).map_or("", |m| m.as_str());
    Some([group(1), group(2), group(3)])
}

fn certain(provider: Provider, service: &'static str) -> Clue {
    Clue { provider, service, certainty: Certainty::Certain, ..Clue::default() }
}

/// What a host says; it is in lower case.
pub(super) fn by_host(host: &str) -> Option<Clue> {
    if let Some([classic, dual_stack, _]) = groups(&EKS_HOST, host) {
        let region = if classic.is_empty() { dual_stack } else { classic };
        return Some(Clue { region: region.to_owned(), ..certain(Provider::Aws, "eks") });
    }
    if let Some([project, region, _]) = groups(&GKE_HOST, host) {
        return Some(Clue {
            account: project.to_owned(),
            region: region.to_owned(),
            ..certain(Provider::Gcp, "gke")
        });
    }
    if let Some([region, ..]) = groups(&AKS_HOST, host) {
        return Some(Clue { region: region.to_owned(), ..certain(Provider::Azure, "aks") });
    }
    if groups(&DOKS_HOST, host).is_some() {
        return Some(certain(Provider::DigitalOcean, "doks"));
    }
    (host == "kubernetes.docker.internal")
        .then(|| Clue { cluster: "docker-desktop".to_owned(), ..certain(Provider::Local, "docker-desktop") })
}

/// What the credential plugin says. Wrappers (`sh -c`, `env`) say nothing.
pub(super) fn by_exec(facts: &ContextFacts<'_>) -> Option<Clue> {
    let command = facts.exec_command?.rsplit(['/', '\\']).next()?;
    let args = facts.exec_args;
    match command.strip_suffix(".exe").unwrap_or(command) {
        "aws" if has_words(args, &["eks", "get-token"]) => {
            eks(facts, option(args, &["--cluster-name", "--cluster-id"]), &["--role-arn", "--role"])
        }
        "aws-iam-authenticator" if has_words(args, &["token"]) => {
            eks(facts, option(args, &["-i", "--cluster-id"]), &["-r", "--role"])
        }
        "gke-gcloud-auth-plugin" => Some(certain(Provider::Gcp, "gke")),
        "doctl" if has_words(args, &["kubernetes", "exec-credential"]) => {
            let account = option(args, &["--context"]).filter(|c| *c != "default").unwrap_or_default();
            Some(Clue { account: account.to_owned(), ..certain(Provider::DigitalOcean, "doks") })
        }
        "ack-ram-tool" if has_words(args, &["credential-plugin"]) => {
            let cluster = option(args, &["--cluster-id"])?;
            Some(Clue { cluster: cluster.to_owned(), ..certain(Provider::Alibaba, "ack") })
        }
        _ => None,
    }
}

fn eks(facts: &ContextFacts<'_>, cluster: Option<&str>, role_options: &[&str]) -> Option<Clue> {
    let env = |name: &str| facts.exec_env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let region = option(facts.exec_args, &["--region"])
        .or_else(|| env("AWS_REGION"))
        .or_else(|| env("AWS_DEFAULT_REGION"))
        .unwrap_or_default();
    // The role may be of another account than the cluster: a good guess, but one.
    let account = option(facts.exec_args, role_options).and_then(role_account);
    let certainty = if account.is_some() { Certainty::Inferred } else { Certainty::Certain };
    Some(Clue {
        provider: Provider::Aws,
        service: "eks",
        account: account.unwrap_or_default().to_owned(),
        region: region.to_owned(),
        cluster: cluster?.to_owned(),
        certainty,
    })
}

/// Whether these words stand among the arguments in this order.
fn has_words(args: &[String], words: &[&str]) -> bool {
    let mut args = args.iter();
    words.iter().all(|word| args.any(|arg| arg == word))
}

/// The value of the first of these options: `--k v` or `--k=v`.
fn option<'a>(args: &'a [String], names: &[&str]) -> Option<&'a str> {
    let value = args.iter().enumerate().find_map(|(at, arg)| {
        if names.contains(&arg.as_str()) {
            return args.get(at + 1).map(String::as_str);
        }
        let (name, value) = arg.split_once('=')?;
        names.contains(&name).then_some(value)
    });
    value.filter(|v| !v.is_empty())
}

/// Clusters on somebody's own machine.
pub(super) fn local(facts: &ContextFacts<'_>, server: Option<&Server>) -> Option<Clue> {
    let entry = facts.cluster_entry;
    if server.is_none_or(Server::is_private) && is_minikube(facts.cluster_extensions, 4) {
        return Some(Clue { cluster: entry.to_owned(), ..certain(Provider::Local, "minikube") });
    }
    let inferred = |service: &'static str, cluster: &str| {
        let certainty = Certainty::Inferred;
        Some(Clue { cluster: cluster.to_owned(), certainty, ..certain(Provider::Local, service) })
    };
    let server = server?;
    if matches!(entry, "docker-desktop" | "docker-for-desktop") && server.is_loopback() {
        return inferred("docker-desktop", entry);
    }
    // Such a name at a public address is just a name: `kind-of-prod`.
    if !server.is_private() {
        return None;
    }
    for (prefix, service) in [("kind-", "kind"), ("k3d-", "k3d"), ("colima-", "colima")] {
        if let Some(name) = entry.strip_prefix(prefix).filter(|n| !n.is_empty()) {
            return inferred(service, name);
        }
    }
    match entry {
        "minikube" => inferred("minikube", entry),
        "rancher-desktop" => inferred("rancher-desktop", entry),
        "orbstack" => inferred("orbstack", entry),
        "colima" => inferred("colima", entry),
        "microk8s-cluster" => inferred("microk8s", "microk8s"),
        _ => None,
    }
}

/// Whether minikube wrote this entry: `provider: minikube.sigs.k8s.io` in an extension, at most `depth`
/// levels down.
fn is_minikube(extensions: &serde_json::Value, depth: u8) -> bool {
    let below = |v: &serde_json::Value| depth > 0 && is_minikube(v, depth - 1);
    match extensions {
        serde_json::Value::Object(map) => {
            map.get("provider").and_then(|p| p.as_str()) == Some("minikube.sigs.k8s.io")
                || map.values().any(below)
        }
        serde_json::Value::Array(list) => list.iter().any(below),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_compile() {
        for (name, pattern) in [
            ("EKS", &super::EKS_HOST),
            ("GKE", &super::GKE_HOST),
            ("AKS", &super::AKS_HOST),
            ("DOKS", &super::DOKS_HOST),
        ] {
            assert!(pattern.is_some(), "{name}");
        }
    }
}
