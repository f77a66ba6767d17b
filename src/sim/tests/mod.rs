//! Tests of the simulation as a client sees it.

use super::*;

// The table as tests/it and tests/real have it; here for quick runs, also against a real server (SIM_REAL=kubeconfig).
#[path = "../../../tests/conformance/mod.rs"]
mod conformance;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let sim = Simulation::new(&FleetSpec::embedded("small").unwrap(), 1, start());
    let client = match std::env::var("SIM_REAL") {
        Ok(path) => {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let file = kube::config::Kubeconfig::read_from(path).unwrap();
            let mut config = kube::Config::from_custom_kubeconfig(file, &Default::default()).await.unwrap();
            config.default_retry = false;
            kube::Client::try_from(config).unwrap()
        }
        Err(_) => sim.client(&sim.contexts()[2]).unwrap(),
    };
    let running = tokio::spawn({
        let sim = sim.clone();
        async move { sim.run(10.0).await }
    });
    let only = std::env::var("SIM_CASE").unwrap_or_default();
    let stamp = std::process::id();
    let runs = conformance::cases().into_iter().filter(|c| c.name.contains(&only)).enumerate().map(|(n, case)| {
        let client = client.clone();
        async move {
            let outcome = (case.run)(client, format!("c{stamp}-{n}")).await;
            (case.name, outcome)
        }
    });
    use futures::StreamExt;
    let outcomes: Vec<_> = futures::stream::iter(runs).buffer_unordered(12).collect().await;
    running.abort();
    let count = outcomes.len();
    let failed: Vec<_> = outcomes.into_iter().filter_map(|(name, o)| o.err().map(|e| format!("{name}: {e}"))).collect();
    println!("{count} cases");
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
}

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

#[test]
fn default_fleet_builds() {
    let mut spec = FleetSpec::embedded("default").unwrap();
    for (clusters, pods) in [(12, 4_200), (200, 10_000), (100, 100_000)] {
        let began = std::time::Instant::now();
        let sized = FleetSpec::sized(clusters, pods);
        let spent = began.elapsed();
        let sim = Simulation::new(&sized, 1, start());
        let real: usize = sim.clusters.iter().map(|c| c.lock().all(table::POD, "").count()).sum();
        let nodes: usize = sim.clusters.iter().map(|c| c.lock().all(table::NODE, "").count()).sum();
        println!("sized({clusters}, {pods}): {real} pods, {nodes} nodes in {:?} (spec {spent:?})", began.elapsed());
        if std::env::var("SIM_RSS").is_ok() {
            println!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmRSS")).unwrap());
        }
    }
    let quiet = std::mem::take(&mut spec.incidents);
    let began = std::time::Instant::now();
    drop(Simulation::new(&spec, 1, start()));
    println!("without incidents: {:?}", began.elapsed());
    spec.incidents = quiet;
    let began = std::time::Instant::now();
    let sim = Simulation::new(&spec, 1, start());
    let pods: usize = sim.clusters.iter().map(|c| c.lock().all(table::POD, "").count()).sum();
    let nodes: usize = sim.clusters.iter().map(|c| c.lock().all(table::NODE, "").count()).sum();
    println!("{} clusters, {nodes} nodes, {pods} pods in {:?}", sim.contexts().len(), began.elapsed());
    for cluster in sim.clusters.iter() {
        let world = cluster.lock();
        let bad = world.all(table::POD, "").filter(|p| !p.ready_pod()).count();
        println!(
            "{:70} nodes {:3} pods {:4} not ready {bad}",
            cluster.context,
            world.all(table::NODE, "").count(),
            world.all(table::POD, "").count()
        );
    }
}

#[tokio::test]
async fn a_client_lists_watches_scales_and_reads_logs() {
    use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::Pod;
    use kube::api::{Api, ListParams, LogParams, Patch, PatchParams, WatchParams};
    let sim = Simulation::new(&FleetSpec::embedded("small").unwrap(), 1, start());
    let context = sim.contexts()[0].clone();
    assert_eq!(context, "arn:aws:eks:eu-west-1:111122223333:cluster/alpha");
    let client = sim.client(&context).unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), "identity");
    let list = pods.list(&ListParams::default().labels("app.kubernetes.io/name=login")).await.unwrap();
    assert_eq!(list.items.len(), 1);
    let mut watch = pods.watch(&WatchParams::default(), list.metadata.resource_version.as_deref().unwrap()).await.unwrap().boxed();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "identity");
    let patch = serde_json::json!({"spec": {"replicas": 4}});
    let scale = deployments.patch_scale("login", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(4));
    sim.advance(Duration::from_secs(20));
    let web = deployments.get("login").await.unwrap();
    println!("{}", serde_json::to_string_pretty(&web).unwrap());
    assert_eq!(web.status.unwrap().ready_replicas, Some(4));
    let mut seen = 0;
    while let Ok(Some(Ok(_))) = tokio::time::timeout(Duration::from_millis(200), watch.next()).await {
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
    let name = list.items[0].metadata.name.clone().unwrap();
    println!("{}", serde_json::to_string_pretty(&list.items[0]).unwrap());
    let text = pods
        .logs(&name, &LogParams { tail_lines: Some(5), timestamps: true, ..LogParams::default() })
        .await
        .unwrap();
    println!("{text}");
    assert_eq!(text.lines().count(), 5);
    let lines = pods
        .log_stream(&name, &LogParams { since_seconds: Some(30), ..LogParams::default() })
        .await
        .unwrap()
        .lines();
    assert!(lines.try_collect::<Vec<_>>().await.unwrap().len() > 10);
    let apply = serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "login"}, "spec": {"replicas": 5}});
    let refused = deployments.patch("login", &PatchParams::apply("tester"), &Patch::Apply(&apply)).await.unwrap_err();
    println!("{refused}");
    let forced = deployments.patch("login", &PatchParams::apply("tester").force(), &Patch::Apply(&apply)).await.unwrap();
    println!("{}", serde_json::to_string(&forced.metadata.managed_fields).unwrap());
}
