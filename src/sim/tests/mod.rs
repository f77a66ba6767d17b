//! Tests of the simulation as a client sees it.

use super::*;

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

#[test]
fn fleets_are_as_large_as_asked_for() {
    for (clusters, pods) in [(1, 12), (2, 50), (3, 120), (10, 500), (10, 2_000), (10, 5_003), (2, 5_000)] {
        let sized = Simulation::new(&FleetSpec::sized(clusters, pods), 1, start());
        assert_eq!(sized.contexts().len(), clusters);
        for cluster in sized.clusters.iter() {
            let have = cluster.lock().all(table::POD, "").count();
            let want = pods / clusters;
            assert!(have.abs_diff(want) <= 1 + want / 50, "{have} of {want} pods in {}", cluster.context);
        }
        // Nor do autoscalers and jobs change that by much.
        if pods == 2_000 {
            sized.advance(Duration::from_mins(20));
            let later = sized.pods();
            assert!(later.abs_diff(pods) <= pods / 20, "{later} of {pods} pods after 20 minutes");
        }
    }
}

#[tokio::test]
async fn a_pod_that_is_deleted_while_it_starts_goes() {
    use k8s_openapi::api::core::v1::Pod;
    use kube::api::{Api, DeleteParams, ListParams, PostParams};
    let sim = Simulation::new(&FleetSpec::embedded("small").unwrap(), 1, start());
    let pods: Api<Pod> = Api::namespaced(sim.client(&sim.contexts()[0]).unwrap(), "identity");
    let before = pods.list(&ListParams::default()).await.unwrap().items.len();
    for n in 0..20u64 {
        let body = serde_json::json!({"metadata": {"name": format!("p{n}")}, "spec": {"containers": [{"name": "c", "image": "nginx:1.28"}]}});
        pods.create(&PostParams::default(), &serde_json::from_value(body).unwrap()).await.unwrap();
        sim.advance(Duration::from_millis(n * 170));
        pods.delete(&format!("p{n}"), &DeleteParams::default()).await.unwrap();
    }
    sim.advance(Duration::from_secs(40));
    assert_eq!(pods.list(&ListParams::default()).await.unwrap().items.len(), before);
}

#[test]
fn in_a_still_fleet_nothing_happens_by_the_clock_alone() {
    let versions = |sim: &Simulation| -> Vec<u64> { sim.clusters.iter().map(|c| c.lock().rv).collect() };
    let [moves, still] = [(); 2].map(|()| Simulation::new(&FleetSpec::sized(2, 1_000), 1, start()));
    still.still();
    // What was at work when it was stilled ends.
    for sim in [&moves, &still] {
        sim.advance(Duration::from_mins(5));
    }
    let before = [&moves, &still].map(versions);
    for sim in [&moves, &still] {
        sim.advance(Duration::from_hours(2));
    }
    assert_eq!(versions(&still), before[1]);
    assert_ne!(versions(&moves), before[0], "else this says nothing");
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
    let mut watch = pods
        .watch(&WatchParams::default(), list.metadata.resource_version.as_deref().unwrap())
        .await
        .unwrap()
        .boxed();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "identity");
    let patch = serde_json::json!({"spec": {"replicas": 4}});
    let scale =
        deployments.patch_scale("login", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(4));
    sim.advance(Duration::from_secs(20));
    let web = deployments.get("login").await.unwrap();
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
    let refused =
        deployments.patch("login", &PatchParams::apply("tester"), &Patch::Apply(&apply)).await.unwrap_err();
    println!("{refused}");
    let forced = deployments
        .patch("login", &PatchParams::apply("tester").force(), &Patch::Apply(&apply))
        .await
        .unwrap();
    println!("{}", serde_json::to_string(&forced.metadata.managed_fields).unwrap());
}
