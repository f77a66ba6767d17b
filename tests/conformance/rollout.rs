//! Controllers: Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, endpoints.

use serde_json::{Value, json};

use super::ground::{Answer, Ground, Outcome, cases, condition, deployment, has, holds, int, same, text};

cases!("rollout": a_scale_is_no_rollout, replica_sets_carry_revisions, rolls_to_a_new_image, stops_at_a_bad_image_and_heals, paused_waits, recreate,
    progress_deadline, stateful_pods_in_order, daemon_on_every_node, job_completes, job_fails, cron_makes_jobs, endpoints_follow);

async fn sets(g: &Ground, app: &str) -> Outcome<Vec<Value>> {
    Ok(g.get(&g.apps(&format!("replicasets?labelSelector=app%3D{app}")))
        .await?
        .is(200)?
        .list("/items")
        .to_vec())
}

fn image(name: &str, image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}})
}

async fn a_scale_is_no_rollout(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    let before = g.rolled_out("d", 1).await?;
    let updated = |answer: &Answer| {
        condition(&answer.body, "Progressing")
            .map(|c| text(c, "/lastUpdateTime").to_owned())
            .unwrap_or_default()
    };
    // Stamps are of whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    g.patch(&g.apps("deployments/d/scale"), "merge", &json!({"spec": {"replicas": 3}})).await?.is(200)?;
    let after = g.rolled_out("d", 3).await?;
    same("lastUpdateTime", &updated(&after), &updated(&before))
}

async fn replica_sets_carry_revisions(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    let live = g.rolled_out("d", 1).await?;
    same("revision", live.text("/metadata/annotations/deployment.kubernetes.io~1revision"), "1")?;
    let sets = sets(g, "d").await?;
    let set = sets.first().ok_or("no set")?;
    let hash = text(set, "/metadata/labels/pod-template-hash");
    same("name", text(set, "/metadata/name"), &format!("d-{hash}"))?;
    same("selector", text(set, "/spec/selector/matchLabels/pod-template-hash"), hash)?;
    same("owner", text(set, "/metadata/ownerReferences/0/name"), "d")?;
    same("desired", text(set, "/metadata/annotations/deployment.kubernetes.io~1desired-replicas"), "1")?;
    let pods = g.pods("d").await?;
    let pod = pods.first().ok_or("no pod")?;
    holds("pod name", text(pod, "/metadata/name").starts_with(&format!("d-{hash}-")))?;
    same("generateName", text(pod, "/metadata/generateName"), &format!("d-{hash}-"))?;
    let progressing = condition(&live.body, "Progressing").ok_or("no Progressing")?;
    same("reason", text(progressing, "/reason"), "NewReplicaSetAvailable")?;
    has("message", text(progressing, "/message"), "has successfully progressed.")?;
    let available = condition(&live.body, "Available").ok_or("no Available")?;
    same("reason", text(available, "/reason"), "MinimumReplicasAvailable")
}

async fn rolls_to_a_new_image(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 3).await?;
    g.rolled_out("d", 3).await?;
    g.patch(&g.apps("deployments/d"), "strategic", &image("main", "app:2")).await?.is(200)?;
    let live = g.rolled_out("d", 3).await?;
    same("revision", live.text("/metadata/annotations/deployment.kubernetes.io~1revision"), "2")?;
    let sets = sets(g, "d").await?;
    holds("two sets", sets.len() == 2)?;
    let old = sets
        .iter()
        .find(|s| text(s, "/spec/template/spec/containers/0/image") == "app:1")
        .ok_or("old set gone")?;
    holds("old is empty", int(old, "/spec/replicas") == 0)?;
    // Back to the first template: the same set with a newer revision.
    g.patch(&g.apps("deployments/d"), "strategic", &image("main", "app:1")).await?.is(200)?;
    let back = g.rolled_out("d", 3).await?;
    same("revision", back.text("/metadata/annotations/deployment.kubernetes.io~1revision"), "3")?;
    holds("still two sets", self::sets(g, "d").await?.len() == 2)
}

async fn stops_at_a_bad_image_and_heals(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 4).await?;
    g.rolled_out("d", 4).await?;
    g.patch(&g.apps("deployments/d"), "strategic", &image("main", "app:missing")).await?.is(200)?;
    g.pod_until("d", "a pod without image", |p| {
        matches!(
            text(p, "/status/containerStatuses/0/state/waiting/reason"),
            "ErrImagePull" | "ImagePullBackOff"
        )
    })
    .await?;
    // maxSurge 1, maxUnavailable 1: three old pods keep serving, two new ones wait.
    let stuck = g
        .until(&g.apps("deployments/d"), "the rollout stuck", |d| {
            d.int("/status/updatedReplicas") == 2
                && d.int("/status/replicas") == 5
                && d.int("/status/availableReplicas") == 3
        })
        .await?;
    let available = condition(&stuck.body, "Available").ok_or("no Available")?;
    same("available", text(available, "/status"), "True")?;
    g.patch(&g.apps("deployments/d"), "strategic", &image("main", "app:1")).await?.is(200)?;
    g.rolled_out("d", 4).await?;
    Ok(())
}

async fn paused_waits(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    let mut patch = image("main", "app:2");
    patch["spec"]["paused"] = json!(true);
    g.patch(&g.apps("deployments/d"), "strategic", &patch).await?.is(200)?;
    // The controller may say so a moment before it counts anew.
    g.until(&g.apps("deployments/d"), "DeploymentPaused and nothing new", |d| {
        condition(&d.body, "Progressing").is_some_and(|c| text(c, "/reason") == "DeploymentPaused")
            && d.int("/status/updatedReplicas") == 0
    })
    .await?;
    g.patch(&g.apps("deployments/d"), "merge", &json!({"spec": {"paused": false}})).await?.is(200)?;
    g.rolled_out("d", 1).await?;
    Ok(())
}

async fn recreate(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 2);
    body["spec"]["strategy"] = json!({"type": "Recreate"});
    g.post(&g.apps("deployments"), &body).await?.is(201)?;
    g.rolled_out("d", 2).await?;
    g.patch(&g.apps("deployments/d"), "strategic", &image("main", "app:2")).await?.is(200)?;
    g.rolled_out("d", 2).await?;
    let pods = g.pods("d").await?;
    holds("only new pods", pods.iter().all(|p| text(p, "/spec/containers/0/image") == "app:2"))
}

async fn progress_deadline(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:missing", 1);
    body["spec"]["progressDeadlineSeconds"] = json!(5);
    g.post(&g.apps("deployments"), &body).await?.is(201)?;
    let late = g
        .until(&g.apps("deployments/d"), "ProgressDeadlineExceeded", |d| {
            condition(&d.body, "Progressing")
                .is_some_and(|c| text(c, "/reason") == "ProgressDeadlineExceeded")
        })
        .await?;
    let c = condition(&late.body, "Progressing").ok_or("no Progressing")?;
    same("status", text(c, "/status"), "False")?;
    has("message", text(c, "/message"), "has timed out progressing.")
}

async fn stateful_pods_in_order(g: &Ground) -> Outcome {
    let mut body = deployment("s", "app:1", 2);
    body["kind"] = json!("StatefulSet");
    body["spec"]["serviceName"] = json!("s");
    g.post(&g.apps("statefulsets"), &body).await?.is(201)?;
    let ready = |s: &super::ground::Answer| {
        s.int("/status/readyReplicas") == 2
            && s.int("/status/updatedReplicas") == 2
            && s.int("/status/observedGeneration") == s.int("/metadata/generation")
            && s.text("/status/currentRevision") == s.text("/status/updateRevision")
    };
    let live = g.until(&g.apps("statefulsets/s"), "two ready", ready).await?;
    holds("partition", live.body.pointer("/spec/updateStrategy/rollingUpdate/partition") == Some(&json!(0)))?;
    let first = g.get(&g.core("pods/s-0")).await?.is(200)?;
    let second = g.get(&g.core("pods/s-1")).await?.is(200)?;
    same("label", first.text("/metadata/labels/statefulset.kubernetes.io~1pod-name"), "s-0")?;
    same(
        "revision",
        first.text("/metadata/labels/controller-revision-hash"),
        live.text("/status/updateRevision"),
    )?;
    holds(
        "in order",
        first.text("/metadata/creationTimestamp") <= second.text("/metadata/creationTimestamp"),
    )?;
    g.patch(&g.apps("statefulsets/s"), "strategic", &image("main", "app:2")).await?.is(200)?;
    let rolled = g
        .until(&g.apps("statefulsets/s"), "both replaced", |s| {
            ready(s) && s.text("/status/updateRevision") != live.text("/status/updateRevision")
        })
        .await?;
    holds("ready", rolled.int("/status/readyReplicas") == 2)?;
    g.patch(&g.apps("statefulsets/s/scale"), "merge", &json!({"spec": {"replicas": 1}})).await?.is(200)?;
    g.until(&g.core("pods/s-1"), "the last one gone", |p| p.code == 404).await?;
    g.get(&g.core("pods/s-0")).await?.is(200)?;
    Ok(())
}

async fn daemon_on_every_node(g: &Ground) -> Outcome {
    let nodes = g.get("/api/v1/nodes").await?.is(200)?;
    let open = nodes.list("/items").iter().filter(|n| n.pointer("/spec/taints").is_none()).count();
    let mut body = deployment("a", "app:1", 0);
    body["kind"] = json!("DaemonSet");
    if let Some(spec) = body["spec"].as_object_mut() {
        spec.remove("replicas");
    }
    g.post(&g.apps("daemonsets"), &body).await?.is(201)?;
    let live = g
        .until(&g.apps("daemonsets/a"), "all ready", |d| {
            d.int("/status/desiredNumberScheduled") > 0
                && d.int("/status/numberReady") == d.int("/status/desiredNumberScheduled")
                && d.int("/status/updatedNumberScheduled") == d.int("/status/desiredNumberScheduled")
        })
        .await?;
    holds(
        "at least the open nodes",
        live.int("/status/desiredNumberScheduled") >= i64::try_from(open).unwrap_or(0),
    )?;
    let pods = g.pods("a").await?;
    let mut hosts: Vec<&str> = pods.iter().map(|p| text(p, "/spec/nodeName")).collect();
    hosts.sort_unstable();
    hosts.dedup();
    holds("one each", hosts.len() == pods.len())
}

fn job(name: &str, image: &str, limit: i64) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"backoffLimit": limit, "template": {
        "metadata": {"labels": {"app": name}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}}}})
}

async fn job_completes(g: &Ground) -> Outcome {
    g.post(&g.group("batch/v1", "jobs"), &job("j", "app:1", 1)).await?.is(201)?;
    let done = g
        .until(&g.group("batch/v1", "jobs/j"), "Complete", |j| {
            condition(&j.body, "Complete").is_some_and(|c| text(c, "/status") == "True")
        })
        .await?;
    holds("succeeded", done.int("/status/succeeded") == 1)?;
    holds("completionTime", !done.text("/status/completionTime").is_empty())?;
    let pods = g.pods("j").await?;
    let pod = pods.first().ok_or("no pod")?;
    same("phase", text(pod, "/status/phase"), "Succeeded")?;
    same("reason", text(pod, "/status/containerStatuses/0/state/terminated/reason"), "Completed")?;
    let ready = condition(pod, "Ready").ok_or("no Ready")?;
    same("ready", text(ready, "/reason"), "PodCompleted")?;
    same("label", text(pod, "/metadata/labels/job-name"), "j")
}

async fn job_fails(g: &Ground) -> Outcome {
    g.post(&g.group("batch/v1", "jobs"), &job("j", "app:crash", 0)).await?.is(201)?;
    let failed = g
        .until(&g.group("batch/v1", "jobs/j"), "Failed", |j| {
            condition(&j.body, "Failed").is_some_and(|c| text(c, "/status") == "True")
        })
        .await?;
    let c = condition(&failed.body, "Failed").ok_or("no Failed")?;
    same("reason", text(c, "/reason"), "BackoffLimitExceeded")?;
    same("message", text(c, "/message"), "Job has reached the specified backoff limit")?;
    holds("failed", failed.int("/status/failed") == 1)
}

async fn cron_makes_jobs(g: &Ground) -> Outcome {
    let template =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]}});
    let body = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"schedule": "0 0 1 1 *",
        "suspend": true, "jobTemplate": {"spec": {"template": template}}}});
    let made = g.post(&g.group("batch/v1", "cronjobs"), &body).await?.is(201)?;
    same("policy", made.text("/spec/concurrencyPolicy"), "Allow")?;
    holds(
        "history",
        made.int("/spec/successfulJobsHistoryLimit") == 3 && made.int("/spec/failedJobsHistoryLimit") == 1,
    )
}

async fn endpoints_follow(g: &Ground) -> Outcome {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "d"},
        "ports": [{"port": 80, "targetPort": 8080}]}});
    g.post(&g.core("services"), &service).await?.is(201)?;
    g.deployment("d", "app:1", 2).await?;
    let path =
        g.group("discovery.k8s.io/v1", "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Ds");
    let ready = |a: &super::ground::Answer| -> usize {
        a.list("/items")
            .iter()
            .flat_map(|s| s["endpoints"].as_array().cloned().unwrap_or_default())
            .filter(|e| e["conditions"]["ready"] == true)
            .count()
    };
    let slices = g.until(&path, "two endpoints", |a| ready(a) == 2).await?;
    holds("port", slices.list("/items").iter().all(|s| s["ports"][0]["port"] == 8080))?;
    g.patch(&g.apps("deployments/d/scale"), "merge", &json!({"spec": {"replicas": 0}})).await?.is(200)?;
    g.until(&path, "no endpoints", |a| ready(a) == 0).await?;
    Ok(())
}
