//! Merge, strategic merge and JSON patches.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, config, deployment, holds, same};

cases!("patch": empty_maps_are_none, merge_patch, strategic_patch, json_patch, wrong_media_type);

async fn empty_maps_are_none(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("c", &json!({"a": "1"}))).await?.is(201)?;
    // As `kubectl diff` asks.
    let patch = json!({"metadata": {"annotations": {}}});
    for kind in ["strategic", "merge"] {
        let answer = g.patch(&g.core("configmaps/c"), kind, &patch).await?.is(200)?;
        holds(kind, answer.body.pointer("/metadata/annotations").is_none())?;
    }
    Ok(())
}

async fn merge_patch(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({"k": "1", "l": "2"}))).await?.is(201)?;
    let patched =
        g.patch(&g.core("configmaps/a"), "merge", &json!({"data": {"k": null, "m": "3"}})).await?.is(200)?;
    holds("k gone", patched.body["data"].get("k").is_none())?;
    same("l", patched.text("/data/l"), "2")?;
    same("m", patched.text("/data/m"), "3")
}

async fn strategic_patch(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 0);
    body["spec"]["template"]["spec"]["containers"] = json!([
        {"name": "main", "image": "app:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"name": "side", "image": "side:1"}
    ]);
    g.post(&g.apps("deployments"), &body).await?.is(201)?;
    let patch = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "app:2", "env": [{"name": "A", "$patch": "delete"}, {"name": "C", "value": "3"}]}]}}}});
    let patched = g.patch(&g.apps("deployments/d"), "strategic", &patch).await?.is(200)?;
    let containers = patched.list("/spec/template/spec/containers");
    holds("both containers", containers.len() == 2)?;
    let main = containers.iter().find(|c| c["name"] == "main").ok_or("no main")?;
    same("image", main["image"].as_str().unwrap_or(""), "app:2")?;
    let mut names: Vec<&str> =
        main["env"].as_array().into_iter().flatten().filter_map(|e| e["name"].as_str()).collect();
    names.sort_unstable();
    same("env", &names.join(","), "B,C")?;
    let gone =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}});
    let patched = g.patch(&g.apps("deployments/d"), "strategic", &gone).await?.is(200)?;
    holds("one container", patched.list("/spec/template/spec/containers").len() == 1)
}

async fn json_patch(g: &Ground) -> Outcome {
    let mut body = config("a", &json!({"k": "1"}));
    body["metadata"]["annotations"] = json!({"x": "y"});
    g.post(&g.core("configmaps"), &body).await?.is(201)?;
    let patch = json!([{"op": "test", "path": "/data/k", "value": "1"}, {"op": "replace", "path": "/data/k", "value": "2"},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "3"}]);
    let patched = g.patch(&g.core("configmaps/a"), "json", &patch).await?.is(200)?;
    same("k", patched.text("/data/k"), "2")?;
    same("a/b", patched.body["metadata"]["annotations"]["a/b"].as_str().unwrap_or(""), "3")?;
    let wrong = json!([{"op": "test", "path": "/data/k", "value": "1"}]);
    g.patch(&g.core("configmaps/a"), "json", &wrong).await?.fails(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    )?;
    Ok(())
}

async fn wrong_media_type(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let answer = g.send("PATCH", &g.core("configmaps/a"), "text/plain", b"{}".to_vec()).await?;
    answer.fails(415, "UnsupportedMediaType", "415: Unsupported Media Type")?;
    Ok(())
}
