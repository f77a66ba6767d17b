//! Server-side apply: owners, conflicts, force, pruning, dry runs, unknown fields.

use serde_json::{Value, json};

use super::ground::{Answer, Ground, Outcome, cases, config, deployment, has, holds, same};

cases!("apply": creates_and_owns, conflicts_and_force, drops_what_is_left_out, shared_values_do_not_conflict,
    lists_merge_by_key, dry_run_is_quiet, unknown_fields, other_types, updates_own_what_they_change, names_a_manager);

fn managers(answer: &Answer) -> Vec<String> {
    answer
        .list("/metadata/managedFields")
        .iter()
        .map(|e| format!("{}:{}", e["manager"].as_str().unwrap_or(""), e["operation"].as_str().unwrap_or("")))
        .collect()
}

async fn creates_and_owns(g: &Ground) -> Outcome {
    let path = g.core("configmaps/a?fieldManager=one");
    let made = g.patch(&path, "apply", &config("a", &json!({"k": "1"}))).await?.is(201)?;
    same("manager", &managers(&made).join(","), "one:Apply")?;
    let owned = made.body.pointer("/metadata/managedFields/0/fieldsV1/f:data/f:k");
    holds("f:data/f:k", owned == Some(&json!({})))?;
    let again = g.patch(&path, "apply", &config("a", &json!({"k": "1"}))).await?.is(200)?;
    same("unchanged", again.text("/metadata/resourceVersion"), made.text("/metadata/resourceVersion"))
}

async fn conflicts_and_force(g: &Ground) -> Outcome {
    let spec = |image: &str| deployment("d", image, 0);
    g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &spec("app:1")).await?.is(201)?;
    let two = g.apps("deployments/d?fieldManager=two");
    let refused = g.patch(&two, "apply", &spec("app:2")).await?.fails(
        409,
        "Conflict",
        "Apply failed with 1 conflict: conflict with \"one\": .spec.template.spec.containers[name=\"main\"].image",
    )?;
    same("cause", refused.text("/details/causes/0/reason"), "FieldManagerConflict")?;
    same("message", refused.text("/details/causes/0/message"), "conflict with \"one\"")?;
    same(
        "field",
        refused.text("/details/causes/0/field"),
        ".spec.template.spec.containers[name=\"main\"].image",
    )?;
    let forced = g.patch(&format!("{two}&force=true"), "apply", &spec("app:2")).await?.is(200)?;
    same("image", forced.text("/spec/template/spec/containers/0/image"), "app:2")?;
    let owner = forced
        .list("/metadata/managedFields")
        .iter()
        .find(|e| e["manager"] == "one")
        .cloned()
        .unwrap_or(Value::Null);
    let image = "/fieldsV1/f:spec/f:template/f:spec/f:containers/k:{\"name\":\"main\"}/f:image";
    holds("one lost the image", owner.pointer(image).is_none())
}

async fn drops_what_is_left_out(g: &Ground) -> Outcome {
    let path = g.core("configmaps/a?fieldManager=one");
    g.patch(&path, "apply", &config("a", &json!({"k": "1", "l": "2"}))).await?.is(201)?;
    let less = g.patch(&path, "apply", &config("a", &json!({"l": "2"}))).await?.is(200)?;
    holds("k is gone", less.body["data"].get("k").is_none())?;
    same("l", less.text("/data/l"), "2")
}

async fn shared_values_do_not_conflict(g: &Ground) -> Outcome {
    g.patch(&g.core("configmaps/a?fieldManager=one"), "apply", &config("a", &json!({"k": "1"})))
        .await?
        .is(201)?;
    let both = g
        .patch(&g.core("configmaps/a?fieldManager=two"), "apply", &config("a", &json!({"k": "1"})))
        .await?
        .is(200)?;
    holds("two owners", both.list("/metadata/managedFields").len() == 2)?;
    // What another still owns stays when one lets go.
    let left = g
        .patch(&g.core("configmaps/a?fieldManager=one"), "apply", &config("a", &json!({})))
        .await?
        .is(200)?;
    same("k stays", left.text("/data/k"), "1")
}

async fn lists_merge_by_key(g: &Ground) -> Outcome {
    g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &deployment("d", "app:1", 0))
        .await?
        .is(201)?;
    let side = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": {"spec": {
        "containers": [{"name": "side", "image": "side:1"}]}}}});
    let both = g.patch(&g.apps("deployments/d?fieldManager=two"), "apply", &side).await?.is(200)?;
    holds("two containers", both.list("/spec/template/spec/containers").len() == 2)?;
    let empty = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}});
    let one = g.patch(&g.apps("deployments/d?fieldManager=two"), "apply", &empty).await?.is(200)?;
    holds("one container again", one.list("/spec/template/spec/containers").len() == 1)
}

async fn dry_run_is_quiet(g: &Ground) -> Outcome {
    let body = deployment("d", "app:1", 1);
    g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &body).await?.is(201)?;
    let live = g.rolled_out("d", 1).await?;
    let dry = g.patch(&g.apps("deployments/d?fieldManager=one&dryRun=All"), "apply", &body).await?.is(200)?;
    holds("the same spec", dry.body["spec"] == live.body["spec"])?;
    let other = g
        .patch(&g.apps("deployments/d?fieldManager=one&dryRun=All"), "apply", &deployment("d", "app:2", 1))
        .await?
        .is(200)?;
    same("shown", other.text("/spec/template/spec/containers/0/image"), "app:2")?;
    let kept = g.get(&g.apps("deployments/d")).await?.is(200)?;
    same("not written", kept.text("/spec/template/spec/containers/0/image"), "app:1")
}

async fn unknown_fields(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 0);
    body["spec"]["foo"] = json!("bar");
    let strict = g.apps("deployments?fieldValidation=Strict");
    g.post(&strict, &body).await?.fails(
        400,
        "BadRequest",
        "strict decoding error: unknown field \"spec.foo\"",
    )?;
    let applied = g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &body).await?;
    holds("refused", applied.code >= 400)?;
    has("message", applied.text("/message"), ".spec.foo: field not declared in schema")?;
    let made = g.post(&g.apps("deployments?fieldValidation=Ignore"), &body).await?.is(201)?;
    holds("dropped", made.body["spec"].get("foo").is_none())
}

async fn other_types(g: &Ground) -> Outcome {
    let path = g.core("configmaps/a?fieldManager=one");
    let answer = g.patch(&path, "apply", &config("a", &json!({"k": 1}))).await?;
    holds("code", answer.code == 500)?;
    has(
        "message",
        answer.text("/message"),
        ".data.k: expected string, got &value.valueUnstructured{Value:1}",
    )?;
    let mut body = deployment("d", "app:1", 1);
    body["spec"]["replicas"] = json!("3");
    let answer = g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &body).await?;
    has("message", answer.text("/message"), ".spec.replicas: expected numeric (int or float), got string")
}

async fn updates_own_what_they_change(g: &Ground) -> Outcome {
    g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &deployment("d", "app:1", 0))
        .await?
        .is(201)?;
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}}});
    let changed = g.patch(&g.apps("deployments/d?fieldManager=hand"), "strategic", &patch).await?.is(200)?;
    holds(
        &format!("hand:Update in {:?}", managers(&changed)),
        managers(&changed).contains(&"hand:Update".to_string()),
    )?;
    let refused =
        g.patch(&g.apps("deployments/d?fieldManager=one"), "apply", &deployment("d", "app:3", 0)).await?;
    refused.fails(
        409,
        "Conflict",
        "conflict with \"hand\" using apps/v1: .spec.template.spec.containers[name=\"main\"].image",
    )?;
    Ok(())
}

async fn names_a_manager(g: &Ground) -> Outcome {
    let answer = g.patch(&g.core("configmaps/a"), "apply", &config("a", &json!({}))).await?;
    has("message", answer.text("/message"), "fieldManager: Required value: is required for apply patch")
}
