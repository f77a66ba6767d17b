//! The `Table` form, as kubectl asks for it: the columns of each kind, and cells where they say more than a field.

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use super::ground::{Ground, Outcome, cases, config, pod, same};

cases!("table": columns, cells, pods_in_trouble, one_object, includes, watched, of_custom_resources);

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

async fn table(g: &Ground, path: &str) -> Outcome<Value> {
    let request =
        Request::get(path).header("accept", TABLE).body(Body::empty()).map_err(|e| e.to_string())?;
    let response = g.client.send(request).await.map_err(|e| e.to_string())?;
    let bytes = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|e| format!("{path}: {e}"))
}

/// `Name Ready Status (IP)`: those of wide tables in brackets.
fn titles(table: &Value) -> String {
    let columns = table["columnDefinitions"].as_array().cloned().unwrap_or_default();
    let title = |c: &Value| {
        let name = c["name"].as_str().unwrap_or("").to_owned();
        if c["priority"] == 0 { name } else { format!("({name})") }
    };
    columns.iter().map(title).collect::<Vec<_>>().join("|")
}

/// The cells of the row of a name, without its age.
fn row_of(table: &Value, name: &str, skip: &[&str]) -> String {
    let empty = Vec::new();
    let columns = table["columnDefinitions"].as_array().unwrap_or(&empty);
    let rows = table["rows"].as_array().unwrap_or(&empty);
    let Some(row) = rows.iter().find(|r| r["object"]["metadata"]["name"] == name) else {
        return format!("no row {name}");
    };
    let cells = row["cells"].as_array().unwrap_or(&empty);
    let shown = columns.iter().zip(cells).filter(|(c, _)| !skip.iter().any(|s| c["name"] == **s));
    shown
        .map(|(_, v)| v.as_str().map_or_else(|| v.to_string(), Into::into))
        .collect::<Vec<String>>()
        .join("|")
}

async fn columns(g: &Ground) -> Outcome {
    for (path, want) in [
        (g.core("pods"), "Name|Ready|Status|Restarts|Age|(IP)|(Node)|(Nominated Node)|(Readiness Gates)"),
        (g.core("services"), "Name|Type|Cluster-IP|External-IP|Port(s)|Age|(Selector)"),
        (g.core("configmaps"), "Name|Data|Age"),
        (g.core("secrets"), "Name|Type|Data|Age"),
        (g.core("serviceaccounts"), "Name|Age"),
        (g.core("endpoints"), "Name|Endpoints|Age"),
        (g.core("resourcequotas"), "Name|Request|Limit|Age"),
        (g.core("limitranges"), "Name|Created At"),
        (g.core("replicationcontrollers"), "Name|Desired|Current|Ready|Age|(Containers)|(Images)|(Selector)"),
        (
            g.core("events"),
            "Last Seen|Type|Reason|Object|(Subobject)|(Source)|Message|(First Seen)|(Count)|(Name)",
        ),
        (
            g.core("persistentvolumeclaims"),
            "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|(VolumeMode)",
        ),
        (
            "/api/v1/persistentvolumes".into(),
            "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|(VolumeMode)",
        ),
        ("/api/v1/namespaces".into(), "Name|Status|Age"),
        (
            "/api/v1/nodes".into(),
            "Name|Status|Roles|Age|Version|(Internal-IP)|(External-IP)|(OS-Image)|(Kernel-Version)|(Container-Runtime)",
        ),
        (g.apps("deployments"), "Name|Ready|Up-to-date|Available|Age|(Containers)|(Images)|(Selector)"),
        (g.apps("replicasets"), "Name|Desired|Current|Ready|Age|(Containers)|(Images)|(Selector)"),
        (g.apps("statefulsets"), "Name|Ready|Age|(Containers)|(Images)"),
        (
            g.apps("daemonsets"),
            "Name|Desired|Current|Ready|Up-to-date|Available|Node Selector|Age|(Containers)|(Images)|(Selector)",
        ),
        (g.apps("controllerrevisions"), "Name|Controller|Revision|Age"),
        (
            g.group("batch/v1", "jobs"),
            "Name|Status|Completions|Duration|Age|(Containers)|(Images)|(Selector)",
        ),
        (
            g.group("batch/v1", "cronjobs"),
            "Name|Schedule|Timezone|Suspend|Active|Last Schedule|Age|(Containers)|(Images)|(Selector)",
        ),
        (
            g.group("autoscaling/v2", "horizontalpodautoscalers"),
            "Name|Reference|Targets|MinPods|MaxPods|Replicas|Age",
        ),
        (
            g.group("policy/v1", "poddisruptionbudgets"),
            "Name|Min Available|Max Unavailable|Allowed Disruptions|Age",
        ),
        (g.group("networking.k8s.io/v1", "ingresses"), "Name|Class|Hosts|Address|Ports|Age"),
        (g.group("networking.k8s.io/v1", "networkpolicies"), "Name|Pod-Selector|Age"),
        ("/apis/networking.k8s.io/v1/ingressclasses".into(), "Name|Controller|Parameters|Age"),
        (
            "/apis/storage.k8s.io/v1/storageclasses".into(),
            "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
        ),
        (g.group("coordination.k8s.io/v1", "leases"), "Name|Holder|Age"),
        (g.group("discovery.k8s.io/v1", "endpointslices"), "Name|AddressType|Ports|Endpoints|Age"),
        (g.group("rbac.authorization.k8s.io/v1", "roles"), "Name|Created At"),
        (
            g.group("rbac.authorization.k8s.io/v1", "rolebindings"),
            "Name|Role|Age|(Users)|(Groups)|(ServiceAccounts)",
        ),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles".into(), "Name|Created At"),
        (
            "/apis/scheduling.k8s.io/v1/priorityclasses".into(),
            "Name|Value|Global-Default|Age|PreemptionPolicy",
        ),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions".into(), "Name|Created At"),
        ("/apis/apiregistration.k8s.io/v1/apiservices".into(), "Name|Service|Available|Age"),
        ("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations".into(), "Name|Webhooks|Age"),
    ] {
        let table = table(g, &format!("{path}?limit=1")).await?;
        same(&path, table["kind"].as_str().unwrap_or(""), "Table")?;
        same(&path, &titles(&table), want)?;
    }
    Ok(())
}

async fn cells_of(g: &Ground, path: &str, name: &str, skip: &[&str], want: &str) -> Outcome {
    same(path, &row_of(&table(g, path).await?, name, skip), want)
}

async fn cells_of_a_service(g: &Ground) -> Outcome {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {
        "selector": {"app": "web"}, "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 53, "protocol": "UDP"}]}});
    g.post(&g.core("services"), &service).await?.is(201)?;
    let hidden = &["Age", "Cluster-IP"];
    cells_of(g, &g.core("services"), "s", hidden, "s|ClusterIP|<none>|80/TCP,53/UDP|app=web").await?;
    let balancer = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lb"}, "spec": {"type": "ExternalName", "externalName": "x.example"}});
    g.post(&g.core("services"), &balancer).await?.is(201)?;
    cells_of(g, &g.core("services"), "lb", &["Age"], "lb|ExternalName|<none>|x.example|<none>|<none>").await
}

async fn cells(g: &Ground) -> Outcome {
    g.deployment("web", "app:1", 2).await?;
    g.rolled_out("web", 2).await?;
    cells_of(g, &g.apps("deployments"), "web", &["Age"], "web|2/2|2|2|main|app:1|app=web").await?;
    let pods = g.pods("web").await?;
    let (name, node, ip) = (
        pods[0]["metadata"]["name"].as_str().unwrap_or(""),
        pods[0]["spec"]["nodeName"].as_str().unwrap_or(""),
        pods[0]["status"]["podIP"].as_str().unwrap_or(""),
    );
    let row = format!("{name}|1/1|Running|0|{ip}|{node}|<none>|<none>");
    cells_of(g, &g.core("pods"), name, &["Age"], &row).await?;
    g.post(&g.core("configmaps"), &config("c", &json!({"a": "1", "b": "2"}))).await?.is(201)?;
    cells_of(g, &g.core("configmaps"), "c", &["Age"], "c|2").await?;
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "nothing"}}}});
    let path = g.group("policy/v1", "poddisruptionbudgets");
    g.post(&path, &budget).await?.is(201)?;
    cells_of(g, &path, "b", &["Age"], "b|N/A|50%|0").await?;
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n"}, "spec": {"schedule": "0 0 1 1 *", "suspend": true,
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "m", "image": "app:1"}]}}}}}});
    let path = g.group("batch/v1", "cronjobs");
    g.post(&path, &cron).await?.is(201)?;
    cells_of(g, &path, "n", &["Age"], "n|0 0 1 1 *|<none>|True|0|<none>|m|app:1|<none>").await?;
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"podSelector": {"matchLabels": {"a": "b"}}}});
    let path = g.group("networking.k8s.io/v1", "networkpolicies");
    g.post(&path, &policy).await?.is(201)?;
    cells_of(g, &path, "p", &["Age"], "p|a=b").await?;
    cells_of_a_service(g).await
}

async fn pods_in_trouble(g: &Ground) -> Outcome {
    for (name, image, word) in
        [("c", "app:crash", "CrashLoopBackOff"), ("m", "app:missing", "ImagePullBackOff")]
    {
        g.post(&g.core("pods"), &pod(name, image)).await?.is(201)?;
        g.wait(word, || {
            Box::pin(async {
                let row = row_of(&table(g, &g.core("pods")).await?, name, &[]);
                Ok(row.starts_with(&format!("{name}|0/1|{word}|")))
            })
        })
        .await?;
    }
    Ok(())
}

async fn one_object(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("c", &json!({"a": "1"}))).await?.is(201)?;
    let one = table(g, &g.core("configmaps/c")).await?;
    same("kind", one["kind"].as_str().unwrap_or(""), "Table")?;
    same("cells", &row_of(&one, "c", &["Age"]), "c|1")
}

async fn includes(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("c", &json!({"a": "1"}))).await?.is(201)?;
    for (include, kind) in [("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap"), ("None", "")] {
        let path = g.core(&format!("configmaps?fieldSelector=metadata.name%3Dc&includeObject={include}"));
        let table = table(g, &path).await?;
        same(include, table["rows"][0]["object"]["kind"].as_str().unwrap_or(""), kind)?;
    }
    Ok(())
}

/// Each event of a watch is a table with one row; the columns come once.
async fn watched(g: &Ground) -> Outcome {
    let list = g.get(&g.core("configmaps")).await?.is(200)?;
    let version = list.text("/metadata/resourceVersion").to_owned();
    for name in ["a", "b"] {
        g.post(&g.core("configmaps"), &config(name, &json!({}))).await?.is(201)?;
    }
    let path = g.core(&format!("configmaps?watch=true&timeoutSeconds=2&resourceVersion={version}"));
    let request =
        Request::get(path).header("accept", TABLE).body(Body::empty()).map_err(|e| e.to_string())?;
    let response = g.client.send(request).await.map_err(|e| e.to_string())?;
    let bytes = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let events: Vec<Value> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let names: Vec<&str> =
        events.iter().filter_map(|e| e["object"]["rows"][0]["cells"][0].as_str()).collect();
    same("rows", &names.join(","), "a,b")?;
    same("kind", events[1]["object"]["kind"].as_str().unwrap_or(""), "Table")?;
    same("the first has columns", &titles(&events[0]["object"]), "Name|Data|Age")?;
    same("the second has none", &titles(&events[1]["object"]), "")
}

async fn of_custom_resources(g: &Ground) -> Outcome {
    let group = format!("{}.example.com", g.ns);
    let column = |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("gears.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "gears", "singular": "gear", "kind": "Gear", "listKind": "GearList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "additionalPrinterColumns": [column("Teeth", "integer", ".spec.teeth"), column("Colour", "string", ".spec.colour"),
                    column("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#), column("First", "string", ".spec.names[0]"),
                    column("Each", "string", ".spec.names[*]")],
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    g.post(path, &crd).await?.is(201)?;
    let gears = format!("/apis/{group}/v1/namespaces/{}/gears", g.ns);
    g.until(&gears, "the new type", |w| w.code == 200).await?;
    let gear = json!({"apiVersion": format!("{group}/v1"), "kind": "Gear", "metadata": {"name": "w"}, "spec": {"teeth": 12, "names": ["a", "b"]},
        "status": {"conditions": [{"type": "Stalled", "status": "False"}, {"type": "Ready", "status": "True"}]}});
    g.post(&gears, &gear).await?.is(201)?;
    let shown = table(g, &gears).await?;
    same("columns", &titles(&shown), "Name|Teeth|Colour|Ready|First|Each")?;
    same("cells", &row_of(&shown, "w", &[]), "w|12|null|True|a|a")?;
    g.delete(&format!("{path}/gears.{group}"), &json!({})).await?.is(200).map(drop)
}
