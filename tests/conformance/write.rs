//! Create and update: names, versions, status, scale, dry runs.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, config, deployment, has, holds, same};

cases!("write": generated_names, already_exists, not_found, conflict, foreign_uid, dry_run, secret_strings,
    status_is_apart, scale_reads_and_writes, generation_counts_spec, defaults, unchanged_writes_keep_the_version);

async fn generated_names(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}});
    let made = g.post(&g.core("configmaps"), &body).await?.is(201)?;
    let name = made.text("/metadata/name");
    holds(name, name.starts_with("gen-") && name.len() == 9)?;
    holds("created", made.text("/metadata/creationTimestamp").ends_with('Z'))?;
    same("kind", made.text("/kind"), "ConfigMap")
}

async fn already_exists(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let again = g.post(&g.core("configmaps"), &config("a", &json!({}))).await?;
    let again = again.fails(409, "AlreadyExists", "configmaps \"a\" already exists")?;
    same("details", again.text("/details/kind"), "configmaps")
}

async fn not_found(g: &Ground) -> Outcome {
    g.get(&g.core("pods/x")).await?.fails(404, "NotFound", "pods \"x\" not found")?;
    let answer =
        g.get(&g.apps("deployments/x")).await?.fails(404, "NotFound", "deployments.apps \"x\" not found")?;
    same("group", answer.text("/details/group"), "apps")?;
    same("name", answer.text("/details/name"), "x")?;
    let there = "/api/v1/namespaces/does-not-exist/configmaps";
    g.post(there, &config("a", &json!({}))).await?.fails(
        404,
        "NotFound",
        "namespaces \"does-not-exist\" not found",
    )?;
    Ok(())
}

async fn conflict(g: &Ground) -> Outcome {
    let made = g.post(&g.core("configmaps"), &config("a", &json!({"k": "1"}))).await?.is(201)?;
    let mut stale = made.body.clone();
    g.patch(&g.core("configmaps/a"), "merge", &json!({"data": {"k": "2"}})).await?.is(200)?;
    stale["data"]["k"] = json!("3");
    g.put(&g.core("configmaps/a"), &stale).await?.fails(
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
    )?;
    if let Some(meta) = stale["metadata"].as_object_mut() {
        meta.remove("resourceVersion");
    }
    g.put(&g.core("configmaps/a"), &stale).await?.is(200)?;
    let patch = json!({"metadata": {"resourceVersion": "1"}, "data": {"k": "4"}});
    g.patch(&g.core("configmaps/a"), "merge", &patch).await?.fails(
        409,
        "Conflict",
        "the object has been modified",
    )?;
    Ok(())
}

async fn foreign_uid(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let mut body = config("a", &json!({"k": "1"}));
    body["metadata"]["uid"] = json!("00000000-0000-0000-0000-000000000000");
    g.put(&g.core("configmaps/a"), &body).await?.fails(
        409,
        "Conflict",
        "Precondition failed: UID in precondition",
    )?;
    Ok(())
}

async fn dry_run(g: &Ground) -> Outcome {
    let path = g.core("configmaps?dryRun=All");
    let made = g.post(&path, &config("a", &json!({}))).await?.is(201)?;
    holds("uid", !made.text("/metadata/uid").is_empty())?;
    g.get(&g.core("configmaps/a")).await?.is(404)?;
    Ok(())
}

async fn secret_strings(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "hello"}});
    let made = g.post(&g.core("secrets"), &body).await?.is(201)?;
    same("data", made.text("/data/k"), "aGVsbG8=")?;
    same("type", made.text("/type"), "Opaque")?;
    holds("stringData is not kept", made.body.get("stringData").is_none())
}

async fn status_is_apart(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 0);
    body["status"] = json!({"replicas": 7});
    let made = g.post(&g.apps("deployments"), &body).await?.is(201)?;
    holds("no status from a create", made.int("/status/replicas") == 0)?;
    let patch =
        json!({"spec": {"replicas": 5}, "status": {"conditions": [{"type": "Probe", "status": "True"}]}});
    let changed = g.patch(&g.apps("deployments/d/status"), "merge", &patch).await?.is(200)?;
    holds("spec stays", changed.int("/spec/replicas") == 0)?;
    holds("condition", changed.list("/status/conditions").iter().any(|c| c["type"] == "Probe"))
}

async fn scale_reads_and_writes(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    let path = g.apps("deployments/d/scale");
    let scale = g.get(&path).await?.is(200)?;
    same("kind", scale.text("/kind"), "Scale")?;
    same("apiVersion", scale.text("/apiVersion"), "autoscaling/v1")?;
    holds("spec", scale.int("/spec/replicas") == 1)?;
    same("selector", scale.text("/status/selector"), "app=d")?;
    let mut wanted = scale.body.clone();
    wanted["spec"]["replicas"] = json!(2);
    g.put(&path, &wanted).await?.is(200)?;
    wanted["spec"]["replicas"] = json!(3);
    g.put(&path, &wanted).await?.fails(409, "Conflict", "the object has been modified")?;
    g.patch(&path, "merge", &json!({"spec": {"replicas": 3}})).await?.is(200)?;
    g.rolled_out("d", 3).await?;
    g.patch(&path, "merge", &json!({"spec": {"replicas": -1}})).await?.fails(
        422,
        "Invalid",
        "must be greater than or equal to 0",
    )?;
    g.get(&g.apps("deployments/none/scale")).await?.is(404)?;
    Ok(())
}

async fn generation_counts_spec(g: &Ground) -> Outcome {
    let made = g.deployment("d", "app:1", 0).await?;
    holds("one", made.int("/metadata/generation") == 1)?;
    let labelled = g
        .patch(&g.apps("deployments/d"), "merge", &json!({"metadata": {"labels": {"x": "y"}}}))
        .await?
        .is(200)?;
    holds("labels do not count", labelled.int("/metadata/generation") == 1)?;
    let paused =
        g.patch(&g.apps("deployments/d"), "merge", &json!({"spec": {"paused": true}})).await?.is(200)?;
    holds("spec counts", paused.int("/metadata/generation") == 2)
}

async fn defaults(g: &Ground) -> Outcome {
    let made = g.deployment("d", "app:1", 0).await?;
    same("strategy", made.text("/spec/strategy/type"), "RollingUpdate")?;
    same("surge", made.text("/spec/strategy/rollingUpdate/maxSurge"), "25%")?;
    holds("deadline", made.int("/spec/progressDeadlineSeconds") == 600)?;
    holds("history", made.int("/spec/revisionHistoryLimit") == 10)?;
    let spec = "/spec/template/spec";
    for (field, want) in
        [("restartPolicy", "Always"), ("dnsPolicy", "ClusterFirst"), ("schedulerName", "default-scheduler")]
    {
        same(field, made.text(&format!("{spec}/{field}")), want)?;
    }
    same("pull", made.text(&format!("{spec}/containers/0/imagePullPolicy")), "IfNotPresent")?;
    same("protocol", made.text(&format!("{spec}/containers/0/ports/0/protocol")), "TCP")?;
    same("log", made.text(&format!("{spec}/containers/0/terminationMessagePath")), "/dev/termination-log")?;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "d"}, "ports": [{"port": 80}]}});
    let made = g.post(&g.core("services"), &service).await?.is(201)?;
    same("type", made.text("/spec/type"), "ClusterIP")?;
    holds("target", made.int("/spec/ports/0/targetPort") == 80)?;
    has("address", made.text("/spec/clusterIP"), ".")
}

async fn unchanged_writes_keep_the_version(g: &Ground) -> Outcome {
    let made = g.post(&g.core("configmaps"), &config("a", &json!({"k": "1"}))).await?.is(201)?;
    let again = g.patch(&g.core("configmaps/a"), "merge", &json!({"data": {"k": "1"}})).await?.is(200)?;
    same("version", again.text("/metadata/resourceVersion"), made.text("/metadata/resourceVersion"))
}
