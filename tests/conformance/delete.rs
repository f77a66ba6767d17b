//! Deleting: preconditions, propagation, grace, finalizers, eviction, namespaces.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, config, holds, pod, same};

cases!("delete": answers_with_a_status, preconditions, collection, finalizers, pods_take_their_time, owners_take_children,
    orphans_stay, foreground_waits, eviction_and_budget, namespaces_empty_themselves);

async fn answers_with_a_status(g: &Ground) -> Outcome {
    let made = g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let gone = g.delete(&g.core("configmaps/a"), &json!({})).await?.is(200)?;
    same("status", gone.text("/status"), "Success")?;
    same("uid", gone.text("/details/uid"), made.text("/metadata/uid"))?;
    g.delete(&g.core("configmaps/a"), &json!({})).await?.fails(
        404,
        "NotFound",
        "configmaps \"a\" not found",
    )?;
    Ok(())
}

async fn preconditions(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let other = json!({"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}});
    g.delete(&g.core("configmaps/a"), &other).await?.fails(409, "Conflict", "the UID in the precondition (00000000-0000-0000-0000-000000000000) does not match the UID in record (")?;
    g.get(&g.core("configmaps/a")).await?.is(200)?;
    Ok(())
}

async fn collection(g: &Ground) -> Outcome {
    for name in ["a", "b", "c"] {
        let mut body = config(name, &json!({}));
        body["metadata"]["labels"] = json!({"del": (name != "c").to_string()});
        g.post(&g.core("configmaps"), &body).await?.is(201)?;
    }
    g.delete(&g.core("configmaps?labelSelector=del%3Dtrue"), &json!({})).await?.is(200)?;
    let left = g.get(&g.core("configmaps?labelSelector=del")).await?.is(200)?;
    holds("only c", left.list("/items").len() == 1)
}

async fn finalizers(g: &Ground) -> Outcome {
    let mut body = config("a", &json!({}));
    body["metadata"]["finalizers"] = json!(["example.com/hold"]);
    g.post(&g.core("configmaps"), &body).await?.is(201)?;
    let held = g.delete(&g.core("configmaps/a"), &json!({})).await?.is(200)?;
    same("kind", held.text("/kind"), "ConfigMap")?;
    holds("deletionTimestamp", !held.text("/metadata/deletionTimestamp").is_empty())?;
    g.patch(&g.core("configmaps/a"), "merge", &json!({"metadata": {"finalizers": null}})).await?.is(200)?;
    g.until(&g.core("configmaps/a"), "it gone", |a| a.code == 404).await?;
    Ok(())
}

async fn pods_take_their_time(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    g.until(&g.core("pods/p"), "running", |p| p.text("/status/phase") == "Running").await?;
    let going = g.delete(&g.core("pods/p"), &json!({"gracePeriodSeconds": 3})).await?.is(200)?;
    same("kind", going.text("/kind"), "Pod")?;
    holds("grace", going.int("/metadata/deletionGracePeriodSeconds") == 3)?;
    g.until(&g.core("pods/p"), "it gone", |p| p.code == 404).await?;
    g.post(&g.core("pods"), &pod("q", "app:1")).await?.is(201)?;
    g.until(&g.core("pods/q"), "running", |p| p.text("/status/phase") == "Running").await?;
    g.delete(&g.core("pods/q"), &json!({"gracePeriodSeconds": 0})).await?.is(200)?;
    g.get(&g.core("pods/q")).await?.is(404)?;
    Ok(())
}

async fn owners_take_children(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 2).await?;
    g.rolled_out("d", 2).await?;
    g.delete(&g.apps("deployments/d"), &json!({"propagationPolicy": "Background"})).await?.is(200)?;
    g.get(&g.apps("deployments/d")).await?.is(404)?;
    g.wait("no pods", || Box::pin(async { Ok(g.pods("d").await?.is_empty()) })).await?;
    let sets = g.get(&g.apps("replicasets")).await?.is(200)?;
    holds("no sets", sets.list("/items").is_empty())
}

async fn orphans_stay(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    g.delete(&g.apps("deployments/d"), &json!({"propagationPolicy": "Orphan"})).await?.is(200)?;
    g.until(&g.apps("deployments/d"), "it gone", |d| d.code == 404).await?;
    let sets = g.get(&g.apps("replicasets")).await?.is(200)?;
    let set = sets.list("/items").first().ok_or("the set went too")?;
    holds("no owner", set["metadata"].get("ownerReferences").is_none())?;
    holds("its pod stays", g.pods("d").await?.len() == 1)
}

async fn foreground_waits(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    let going =
        g.delete(&g.apps("deployments/d"), &json!({"propagationPolicy": "Foreground"})).await?.is(200)?;
    let finalizers = going.list("/metadata/finalizers");
    holds("finalizer", finalizers.iter().any(|f| f == "foregroundDeletion"))?;
    g.until(&g.apps("deployments/d"), "it gone", |d| d.code == 404).await?;
    g.wait("no pods", || Box::pin(async { Ok(g.pods("d").await?.is_empty()) })).await
}

async fn eviction_and_budget(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "d"}}}});
    g.post(&g.group("policy/v1", "poddisruptionbudgets"), &budget).await?.is(201)?;
    g.until(&g.group("policy/v1", "poddisruptionbudgets/b"), "the budget's status", |b| {
        b.int("/status/expectedPods") == 1 && b.int("/status/currentHealthy") == 1
    })
    .await?;
    let name = g
        .pods("d")
        .await?
        .first()
        .and_then(|p| p["metadata"]["name"].as_str().map(str::to_string))
        .ok_or("no pod")?;
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
    let path = g.core(&format!("pods/{name}/eviction"));
    let refused = g.post(&path, &eviction).await?.fails(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
    )?;
    same("cause", refused.text("/details/causes/0/reason"), "DisruptionBudget")?;
    same(
        "message",
        refused.text("/details/causes/0/message"),
        "The disruption budget b needs 1 healthy pods and has 1 currently",
    )?;
    g.delete(&g.group("policy/v1", "poddisruptionbudgets/b"), &json!({})).await?.is(200)?;
    g.post(&path, &eviction).await?.is(201)?;
    g.until(&g.core(&format!("pods/{name}")), "it gone", |p| p.code == 404).await?;
    Ok(())
}

async fn namespaces_empty_themselves(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    let path = format!("/api/v1/namespaces/{}", g.ns);
    let going = g.delete(&path, &json!({})).await?.is(200)?;
    same("phase", going.text("/status/phase"), "Terminating")?;
    let late = g.post(&g.core("configmaps"), &config("late", &json!({}))).await?;
    if late.code != 404 {
        late.fails(403, "Forbidden", "because it is being terminated")?;
    }
    g.until(&path, "the namespace gone", |n| n.code == 404).await?;
    Ok(())
}
