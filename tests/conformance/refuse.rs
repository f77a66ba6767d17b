//! What the server refuses, and in which words.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, config, deployment, has, holds, pod, same};

cases!("refuse": selector_required, selector_must_match, selector_is_immutable, invalid_names, quota, request_above_limit,
    pod_spec_is_fixed, other_types, wrong_kind, wrong_name_in_body, bad_schedule, job_policy, pod_needs_containers, immutable_config);

async fn selector_required(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 1);
    if let Some(spec) = body["spec"].as_object_mut() {
        spec.remove("selector");
    }
    let answer = g.post(&g.apps("deployments"), &body).await?.fails(
        422,
        "Invalid",
        "Deployment.apps \"d\" is invalid: ",
    )?;
    has("message", answer.text("/message"), "spec.selector: Required value")?;
    let causes = answer.list("/details/causes");
    holds(
        "cause",
        causes.iter().any(|c| c["field"] == "spec.selector" && c["reason"] == "FieldValueRequired"),
    )
}

async fn selector_must_match(g: &Ground) -> Outcome {
    let mut body = deployment("d", "app:1", 1);
    body["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let answer = g.post(&g.apps("deployments"), &body).await?.fails(
        422,
        "Invalid",
        "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`",
    )?;
    same("field", answer.text("/details/causes/0/field"), "spec.template.metadata.labels")
}

async fn selector_is_immutable(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 0).await?;
    let patch = json!({"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}});
    g.patch(&g.apps("deployments/d"), "merge", &patch).await?.fails(422, "Invalid", "field is immutable")?;
    Ok(())
}

async fn invalid_names(g: &Ground) -> Outcome {
    let answer = g.post(&g.core("configmaps"), &config("Bad_Name", &json!({}))).await?.fails(
        422,
        "Invalid",
        "ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of",
    )?;
    same("reason", answer.text("/details/causes/0/reason"), "FieldValueInvalid")?;
    let none = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}});
    g.post(&g.core("configmaps"), &none).await?.fails(422, "Invalid", "name or generateName is required")?;
    Ok(())
}

async fn quota(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}});
    g.post(&g.core("resourcequotas"), &body).await?.is(201)?;
    g.until(&g.core("resourcequotas/few"), "the quota's status", |q| q.text("/status/hard/pods") == "1")
        .await?;
    g.post(&g.core("pods"), &pod("one", "app:1")).await?.is(201)?;
    g.until(&g.core("resourcequotas/few"), "the quota's use", |q| q.text("/status/used/pods") == "1").await?;
    g.post(&g.core("pods"), &pod("two", "app:1")).await?.fails(
        403,
        "Forbidden",
        "pods \"two\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1",
    )?;
    g.deployment("d", "app:1", 1).await?;
    let blocked = g
        .until(&g.apps("deployments/d"), "ReplicaFailure", |d| {
            d.list("/status/conditions")
                .iter()
                .any(|c| c["type"] == "ReplicaFailure" && c["status"] == "True")
        })
        .await?;
    let failure = blocked
        .list("/status/conditions")
        .iter()
        .find(|c| c["type"] == "ReplicaFailure")
        .cloned()
        .unwrap_or_default();
    same("reason", failure["reason"].as_str().unwrap_or(""), "FailedCreate")?;
    has("message", failure["message"].as_str().unwrap_or(""), "exceeded quota: few")
}

async fn request_above_limit(g: &Ground) -> Outcome {
    let mut body = pod("p", "app:1");
    body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}});
    g.post(&g.core("pods"), &body).await?.fails(
        422,
        "Invalid",
        "must be less than or equal to cpu limit of 1",
    )?;
    Ok(())
}

async fn pod_spec_is_fixed(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    let patch = json!({"spec": {"containers": [{"name": "main", "command": ["sleep"]}]}});
    let answer = g.patch(&g.core("pods/p"), "strategic", &patch).await?.fails(
        422,
        "Invalid",
        "pod updates may not change fields other than",
    )?;
    same("field", answer.text("/details/causes/0/field"), "spec")
}

async fn wrong_kind(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &pod("p", "app:1")).await?.is(400)?;
    let mut body = deployment("d", "app:1", 1);
    body["apiVersion"] = json!("apps/v1beta9");
    g.post(&g.apps("deployments"), &body).await?.fails(
        400,
        "BadRequest",
        "no kind \"Deployment\" is registered for version \"apps/v1beta9\" in scheme",
    )?;
    Ok(())
}

async fn other_types(g: &Ground) -> Outcome {
    // YAML makes a boolean of `no`.
    let mut body = pod("p", "app:1");
    body["spec"]["containers"][0]["env"] = json!([{"name": false, "value": "1"}]);
    g.post(&g.core("pods"), &body).await?.fails(
        400,
        "BadRequest",
        "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.name of type string",
    )?;
    let numbers = config("c", &json!({"a": 1}));
    g.post(&g.core("configmaps"), &numbers).await?.fails(
        400,
        "BadRequest",
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
    )?;
    let mut body = deployment("d", "app:1", 1);
    body["spec"]["replicas"] = json!("3");
    g.post(&g.apps("deployments"), &body).await?.fails(
        400,
        "BadRequest",
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    )?;
    // Amounts and ports are read from both.
    let mut body = pod("both", "app:1");
    body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": 1, "memory": "64Mi"}});
    g.post(&g.core("pods"), &body).await?.is(201)?;
    g.post(&g.core("configmaps"), &config("c", &json!({"a": "1"}))).await?.is(201)?;
    let patch = json!({"data": {"a": 1}});
    let answer = g.patch(&g.core("configmaps/c"), "merge", &patch).await?;
    has(
        "message",
        answer.text("/message"),
        "cannot unmarshal number into Go struct field ConfigMap.data of type string",
    )
}

async fn wrong_name_in_body(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    g.put(&g.core("configmaps/a"), &config("b", &json!({}))).await?.fails(
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
    )?;
    let mut body = config("c", &json!({}));
    body["metadata"]["namespace"] = json!("default");
    g.post(&g.core("configmaps"), &body).await?.fails(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    )?;
    Ok(())
}

async fn bad_schedule(g: &Ground) -> Outcome {
    let template =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]}});
    let body = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"schedule": "often",
        "jobTemplate": {"spec": {"template": template}}}});
    g.post(&g.group("batch/v1", "cronjobs"), &body).await?.fails(
        422,
        "Invalid",
        "spec.schedule: Invalid value: \"often\"",
    )?;
    Ok(())
}

async fn job_policy(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {"spec": {
        "containers": [{"name": "main", "image": "app:1"}]}}}});
    g.post(&g.group("batch/v1", "jobs"), &body).await?.fails(
        422,
        "Invalid",
        "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
    )?;
    Ok(())
}

async fn pod_needs_containers(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}});
    g.post(&g.core("pods"), &body).await?.fails(422, "Invalid", "spec.containers: Required value")?;
    Ok(())
}

async fn immutable_config(g: &Ground) -> Outcome {
    let mut body = config("a", &json!({"k": "1"}));
    body["immutable"] = json!(true);
    g.post(&g.core("configmaps"), &body).await?.is(201)?;
    let patch = json!({"data": {"k": "2"}});
    g.patch(&g.core("configmaps/a"), "merge", &patch).await?.fails(
        422,
        "Invalid",
        "field is immutable when `immutable` is set",
    )?;
    Ok(())
}
