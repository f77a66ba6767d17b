//! skyfleet tells the same truth as kubectl, over the same clusters.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use skyfleet::domain::cloud::LocalFiles;
use skyfleet::domain::scope::Scope;
use skyfleet::fleet::phase::Phase;
use skyfleet::ops::gather::{Want, gather};

use crate::Clusters;

pub(crate) type Test = fn(&'static Clusters) -> Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// Every test.
pub(crate) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("pods_as_kubectl_lists_them", |c| Box::pin(pods_as_kubectl_lists_them(c))),
        ("clusters_are_classified", |c| Box::pin(clusters_are_classified(c))),
        ("rights_in_one_namespace_show_it", |c| Box::pin(one_namespace(c))),
        ("fewer_rights_are_said_and_harm_nothing", |c| Box::pin(fewer_rights(c))),
    ]
}

/// The same names, phases and readiness as `kubectl get pods`.
async fn pods_as_kubectl_lists_them(clusters: &Clusters) -> Result<(), String> {
    if std::process::Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        return Err("kubectl is not installed; the comparison needs it".to_owned());
    }
    let session = clusters.session();
    let want = Want { limit: Duration::from_secs(30), ..Want::default() };
    for (config, info) in clusters.kubeconfigs("admin").iter().zip(&session.infos) {
        let mut last = String::new();
        // Pods come and go: both are asked until they agree.
        for _ in 0..10 {
            let gathered = gather(&session, &Scope::all(), &want, |_| {}).await;
            let out = std::process::Command::new("kubectl")
                .args(["--kubeconfig", &config.to_string_lossy(), "get", "pods", "-A", "--no-headers"])
                .output()
                .map_err(|e| e.to_string())?;
            let theirs: BTreeSet<String> = String::from_utf8_lossy(&out.stdout)
                .lines()
                .map(|l| l.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
                .collect();
            let cluster = gathered.fleet.cluster(info.id).ok_or("no cluster")?;
            let ours: BTreeSet<String> = cluster
                .pods()
                .map(|p| format!("{} {} {}/{} {}", p.meta.namespace, p.meta.name, p.ready, p.total, p.status))
                .collect();
            if ours == theirs {
                last.clear();
                break;
            }
            let only =
                |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
            last =
                format!("only ours: {:?}; only kubectl's: {:?}", only(&ours, &theirs), only(&theirs, &ours));
        }
        if !last.is_empty() {
            return Err(format!("{}: {last}", info.context));
        }
    }
    Ok(())
}

/// Cloud, account and region of each, by its context or its nodes.
async fn clusters_are_classified(clusters: &Clusters) -> Result<(), String> {
    let session = clusters.session();
    let want = Want { limit: Duration::from_secs(30), ..Want::default() };
    let gathered = gather(&session, &Scope::all(), &want, |_| {}).await;
    let paths: Vec<String> = gathered.fleet.clusters().iter().map(|c| c.info.place.scope_path()).collect();
    for wanted in ["aws/222233334444/eu-west-1/shop-a", "gcp/shop-prod/europe-west1/shop-b"] {
        if !paths.iter().any(|p| p == wanted) {
            return Err(format!("no {wanted} among {paths:?}"));
        }
    }
    if !paths.iter().any(|p| p.starts_with("azure/") && p.contains("westeurope")) {
        return Err(format!("no azure cluster in westeurope among {paths:?}"));
    }
    Ok(())
}

/// Who may read pods of one namespace only sees those: kubectl's list of that namespace.
async fn one_namespace(clusters: &Clusters) -> Result<(), String> {
    let config = clusters.kubeconfigs("limited").remove(0);
    let kubectl = |arguments: &[&str]| {
        let out = std::process::Command::new("kubectl")
            .args(["--kubeconfig", &clusters.kubeconfigs("admin")[0].to_string_lossy()])
            .args(arguments)
            .output()
            .map_err(|e| e.to_string())?;
        Ok::<String, String>(String::from_utf8_lossy(&out.stdout).into_owned())
    };
    kubectl(&["-n", "team-a", "run", "seen", "--image", "registry.example/seen:1"])?;
    let loaded = skyfleet::source::kubeconfig::load(&[config], &LocalFiles::default());
    let options = skyfleet::ops::session::SessionOptions::default();
    let session = skyfleet::ops::session::Session::from_kubeconfig(loaded, options);
    let want = Want { limit: Duration::from_secs(30), ..Want::default() };
    let gathered = gather(&session, &Scope::all(), &want, |_| {}).await;
    let cluster = &gathered.fleet.clusters()[0];
    let ours: BTreeSet<String> =
        cluster.pods().map(|p| format!("{} {}", p.meta.namespace, p.meta.name)).collect();
    let theirs = kubectl(&["get", "pods", "-n", "team-a", "--no-headers"])?;
    let theirs: BTreeSet<String> =
        theirs.lines().filter_map(|l| Some(format!("team-a {}", l.split_whitespace().next()?))).collect();
    if ours != theirs || ours.is_empty() {
        return Err(format!("ours {ours:?}, kubectl's {theirs:?}, {:?}", cluster.phase));
    }
    let errors = gathered.errors(&Scope::all());
    if errors.is_empty() {
        return Err("nothing says that only one namespace was read".to_owned());
    }
    Ok(())
}

/// A user with no rights is denied, one with a wrong token is denied, and the admin beside them is live.
async fn fewer_rights(clusters: &Clusters) -> Result<(), String> {
    for (user, denied) in [("nobody", true), ("wrong", true), ("viewer", false)] {
        let loaded = skyfleet::source::kubeconfig::load(&clusters.kubeconfigs(user), &LocalFiles::default());
        let session = skyfleet::ops::session::Session::from_kubeconfig(
            loaded,
            skyfleet::ops::session::SessionOptions::default(),
        );
        let want = Want { limit: Duration::from_secs(30), ..Want::default() };
        let gathered = gather(&session, &Scope::all(), &want, |_| {}).await;
        for c in gathered.fleet.clusters() {
            if matches!(c.phase, Phase::Denied { .. }) != denied {
                return Err(format!("{user} in {}: {:?}", c.info.context, c.phase));
            }
        }
    }
    Ok(())
}
