//! What kubectl leans on: published schemas, protobuf, unknown fields of every kind, the takeover from client-side apply.

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use super::ground::{Ground, Outcome, cases, has, holds, same};

cases!("kubectl": schemas, options_of_patches, aggregated_discovery, protobuf, unknown_fields_of_any_kind,
    takes_over_from_client_side_apply, notes_reach_the_replica_set, pods_get_a_token, daemon_sets_count_templates, endpoints_warn, rules,
    pods_that_go_are_counted, pods_carry_their_zone);

async fn schemas(g: &Ground) -> Outcome {
    let index = g.get("/openapi/v3").await?.is(200)?;
    for (path, schema) in
        [("api/v1", "io.k8s.api.core.v1.Pod"), ("apis/apps/v1", "io.k8s.api.apps.v1.Deployment")]
    {
        let url = index.body["paths"][path]["serverRelativeURL"].as_str().ok_or("no address")?.to_owned();
        let document = g.get(&url).await?.is(200)?;
        let schema = &document.body["components"]["schemas"][schema];
        same("kind", schema["x-kubernetes-group-version-kind"][0]["version"].as_str().unwrap_or(""), "v1")?;
        holds(
            "described",
            schema["properties"]["spec"]["description"].as_str().is_some_and(|d| d.len() > 20),
        )?;
    }
    Ok(())
}

async fn options_of_patches(g: &Ground) -> Outcome {
    let document = g.get("/openapi/v3/apis/apps/v1").await?.is(200)?;
    let path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    let patch = &document.body["paths"][path]["patch"];
    same("kind", patch["x-kubernetes-group-version-kind"]["kind"].as_str().unwrap_or(""), "Deployment")?;
    for option in ["dryRun", "fieldManager", "fieldValidation"] {
        holds(option, patch["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == option)))?;
    }
    Ok(())
}

async fn aggregated_discovery(g: &Ground) -> Outcome {
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let request =
        Request::get("/apis").header("accept", accept).body(Body::empty()).map_err(|e| e.to_string())?;
    let response = g.client.send(request).await.map_err(|e| e.to_string())?;
    let media = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    has("media type", &media, "as=APIGroupDiscoveryList")?;
    let bytes = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    let list: Value = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
    let groups = list["items"].as_array().ok_or("no items")?;
    let apps = groups.iter().find(|i| i["metadata"]["name"] == "apps").ok_or("no apps")?;
    let resources = apps["versions"][0]["resources"].as_array().ok_or("no resources")?;
    let names: Vec<&str> = resources.iter().filter_map(|r| r["resource"].as_str()).collect();
    same(
        "in order",
        &names.join(","),
        "controllerrevisions,daemonsets,deployments,replicasets,statefulsets",
    )?;
    let deployments = &resources[2];
    same("scope", deployments["scope"].as_str().unwrap_or(""), "Namespaced")?;
    holds(
        "scale",
        deployments["subresources"].as_array().is_some_and(|s| s.iter().any(|x| x["subresource"] == "scale")),
    )
}

/// `ConfigMap{metadata{name: c, namespace: ..}, data{a: b}}` in an envelope, by hand.
async fn protobuf(g: &Ground) -> Outcome {
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap_or(0)];
        out.extend_from_slice(bytes);
        out
    };
    let meta = [field(1, b"c"), field(2, b""), field(3, g.ns.as_bytes()), field(8, b"")].concat();
    let data = [field(1, b"a"), field(2, b"b")].concat();
    let object = [field(1, &meta), field(2, &data)].concat();
    let kind = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
    let body = [b"k8s\0".to_vec(), field(1, &kind), field(2, &object)].concat();
    let made =
        g.send("POST", &g.core("configmaps"), "application/vnd.kubernetes.protobuf", body).await?.is(201)?;
    same("data", made.text("/data/a"), "b")?;
    same("kept", g.get(&g.core("configmaps/c")).await?.is(200)?.text("/data/a"), "b")
}

async fn unknown_fields_of_any_kind(g: &Ground) -> Outcome {
    for (path, mut body, place) in [
        (
            g.group("networking.k8s.io/v1", "ingresses"),
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {
                "defaultBackend": {"service": {"name": "s", "port": {"number": 1, "odd": 1}}}}}),
            "spec.defaultBackend.service.port.odd",
        ),
        (
            g.group("policy/v1", "poddisruptionbudgets"),
            json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "i"}, "spec": {"minAvailable": 1, "odd": 1}}),
            "spec.odd",
        ),
        (
            g.apps("deployments"),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "i"}, "spec": {
                "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
                    "spec": {"containers": [{"name": "m", "image": "app:1", "readinessProbe": {"httpGet": {"port": 1, "odd": 1}}}]}}}}),
            "spec.template.spec.containers[0].readinessProbe.httpGet.odd",
        ),
    ] {
        let words = format!("strict decoding error: unknown field \"{place}\"");
        g.post(&format!("{path}?fieldValidation=Strict"), &body).await?.fails(400, "BadRequest", &words)?;
        body["metadata"]["name"] = json!("j");
        let made = g.post(&format!("{path}?fieldValidation=Ignore"), &body).await?.is(201)?;
        holds("dropped", !made.body.to_string().contains("\"odd\""))?;
    }
    Ok(())
}

async fn takes_over_from_client_side_apply(g: &Ground) -> Outcome {
    const NOTE: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let applied = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": g.ns}, "data": {"a": value}});
    let mut first = applied("1");
    first["metadata"]["annotations"] = json!({NOTE: applied("1").to_string()});
    g.post(&g.core("configmaps?fieldManager=kubectl-client-side-apply"), &first).await?.is(201)?;
    let path = |manager: &str| g.core(&format!("configmaps/c?fieldManager={manager}"));
    g.patch(&path("other"), "apply", &applied("2")).await?.fails(
        409,
        "Conflict",
        "conflict with \"kubectl-client-side-apply\"",
    )?;
    let taken = g.patch(&path("kubectl"), "apply", &applied("2")).await?.is(200)?;
    same("value", taken.text("/data/a"), "2")?;
    let note = taken.body["metadata"]["annotations"][NOTE].as_str().unwrap_or("").to_owned();
    has("the note is new", &note, "\"a\":\"2\"")
}

async fn notes_reach_the_replica_set(g: &Ground) -> Outcome {
    g.deployment("web", "app:1", 1).await?;
    g.rolled_out("web", 1).await?;
    let note = json!({"metadata": {"annotations": {"kubernetes.io/change-cause": "why"}}});
    g.patch(&g.apps("deployments/web"), "merge", &note).await?.is(200)?;
    g.until(&g.apps("replicasets"), "the note", |sets| {
        sets.list("/items")
            .iter()
            .any(|s| s["metadata"]["annotations"]["kubernetes.io/change-cause"] == "why")
    })
    .await
    .map(drop)
}

async fn pods_get_a_token(g: &Ground) -> Outcome {
    let pod = g.post(&g.core("pods"), &super::ground::pod("p", "app:1")).await?.is(201)?;
    let volume = pod.text("/spec/volumes/0/name").to_owned();
    holds(
        &format!("a volume, not {volume:?}"),
        volume.starts_with("kube-api-access-") && volume.len() == 21,
    )?;
    same("mounted", pod.text("/spec/containers/0/volumeMounts/0/name"), &volume)?;
    same(
        "where",
        pod.text("/spec/containers/0/volumeMounts/0/mountPath"),
        "/var/run/secrets/kubernetes.io/serviceaccount",
    )?;
    let mut bare = super::ground::pod("q", "app:1");
    bare["spec"]["automountServiceAccountToken"] = json!(false);
    let bare = g.post(&g.core("pods"), &bare).await?.is(201)?;
    holds("none when it is not wanted", bare.list("/spec/volumes").is_empty())
}

async fn daemon_sets_count_templates(g: &Ground) -> Outcome {
    const COUNT: &str = "/metadata/annotations/deprecated.daemonset.template.generation";
    let mut set = super::ground::deployment("agent", "app:1", 1);
    set["kind"] = json!("DaemonSet");
    set["spec"] = json!({"selector": set["spec"]["selector"], "template": set["spec"]["template"]});
    same("first", g.post(&g.apps("daemonsets"), &set).await?.is(201)?.text(COUNT), "1")?;
    let path = g.apps("daemonsets/agent");
    let label = json!({"metadata": {"labels": {"x": "y"}}});
    same("still", g.patch(&path, "merge", &label).await?.is(200)?.text(COUNT), "1")?;
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}}});
    same("second", g.patch(&path, "strategic", &image).await?.is(200)?.text(COUNT), "2")
}

async fn endpoints_warn(g: &Ground) -> Outcome {
    let request = Request::get(g.core("endpoints")).body(Body::empty()).map_err(|e| e.to_string())?;
    let response = g.client.send(request).await.map_err(|e| e.to_string())?;
    let warning = response.headers().get("warning").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    has("warning", &warning, "v1 Endpoints is deprecated in v1.33+")
}

async fn rules(g: &Ground) -> Outcome {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": g.ns}});
    let answer = g.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review).await?.is(201)?;
    let rules = answer.list("/status/resourceRules");
    holds("all", rules.iter().any(|r| r["verbs"][0] == "*" && r["resources"][0] == "*"))?;
    holds("oneself", rules.iter().any(|r| r["resources"][0] == "selfsubjectreviews"))?;
    let paths = answer.list("/status/nonResourceRules");
    holds(
        "paths",
        paths
            .iter()
            .any(|r| r["nonResourceURLs"].as_array().is_some_and(|u| u.contains(&json!("/openapi/*")))),
    )
}

/// Of servers since 1.35: zero is said, and a pod that takes its time is counted while it goes.
async fn pods_that_go_are_counted(g: &Ground) -> Outcome {
    g.deployment("web", "app:1", 1).await?;
    let web = g.rolled_out("web", 1).await?;
    let zero = web.body["status"]["terminatingReplicas"] == 0;
    holds(&format!("zero is said: {}", web.body["status"]), zero)?;
    let set = g.get(&g.apps("replicasets")).await?.is(200)?;
    holds("of the ReplicaSet too", set.body["items"][0]["status"]["terminatingReplicas"] == 0)?;
    // A finalizer holds it where it is.
    let pod = g.pods("web").await?.remove(0);
    let path = g.core(&format!("pods/{}", pod["metadata"]["name"].as_str().unwrap_or("")));
    g.patch(&path, "merge", &json!({"metadata": {"finalizers": ["example.com/hold"]}})).await?.is(200)?;
    g.delete(&path, &json!({"gracePeriodSeconds": 5})).await?.is(200)?;
    g.until(&g.apps("deployments/web"), "one that goes", |d| d.int("/status/terminatingReplicas") == 1)
        .await?;
    g.patch(&path, "merge", &json!({"metadata": {"finalizers": null}})).await?.is(200)?;
    g.until(&g.apps("deployments/web"), "none that goes", |d| d.body["status"]["terminatingReplicas"] == 0)
        .await
        .map(drop)
}

async fn pods_carry_their_zone(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &super::ground::pod("p", "app:1")).await?.is(201)?;
    let pod = g.until(&g.core("pods/p"), "a node", |p| !p.text("/spec/nodeName").is_empty()).await?;
    let node = g.get(&format!("/api/v1/nodes/{}", pod.text("/spec/nodeName"))).await?.is(200)?;
    for label in
        ["/metadata/labels/topology.kubernetes.io~1zone", "/metadata/labels/topology.kubernetes.io~1region"]
    {
        same(label, pod.text(label), node.text(label))?;
    }
    Ok(())
}
