//! Pods and nodes: statuses, crashes, pulls, scheduling, events, metrics.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, condition, has, holds, int, pod, same, text};

cases!("life": runs_and_is_ready, crashes_into_back_off, runs_out_of_memory, cannot_pull, slow_to_be_ready, finds_no_room,
    finds_no_node, init_containers_first, events_tell, nodes_are_ready, metrics, image_change_restarts_in_place);

async fn runs_and_is_ready(g: &Ground) -> Outcome {
    let made = g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    same("phase at first", made.text("/status/phase"), "Pending")?;
    same("class", made.text("/status/qosClass"), "BestEffort")?;
    let live = g
        .pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    same("phase", text(&live, "/status/phase"), "Running")?;
    for kind in ["PodScheduled", "Initialized", "ContainersReady"] {
        holds(kind, condition(&live, kind).is_some_and(|c| text(c, "/status") == "True"))?;
    }
    for field in ["podIP", "hostIP", "startTime"] {
        holds(field, !text(&live, &format!("/status/{field}")).is_empty())?;
    }
    let main = "/status/containerStatuses/0";
    holds("ready", live.pointer(&format!("{main}/ready")) == Some(&json!(true)))?;
    holds("started", live.pointer(&format!("{main}/started")) == Some(&json!(true)))?;
    holds("running", !text(&live, &format!("{main}/state/running/startedAt")).is_empty())?;
    has("id", text(&live, &format!("{main}/containerID")), "://")?;
    holds(
        "tolerations",
        live.pointer("/spec/tolerations").and_then(|t| t.as_array()).is_some_and(|t| t.len() == 2),
    )?;
    same("account", text(&live, "/spec/serviceAccountName"), "default")
}

async fn crashes_into_back_off(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:crash")).await?.is(201)?;
    let main = "/status/containerStatuses/0";
    let live = g
        .pod_until("p", "CrashLoopBackOff after restarts", |p| {
            text(p, &format!("{main}/state/waiting/reason")) == "CrashLoopBackOff"
                && int(p, &format!("{main}/restartCount")) >= 1
        })
        .await?;
    has(
        "message",
        text(&live, &format!("{main}/state/waiting/message")),
        "restarting failed container=main pod=p_",
    )?;
    same("last", text(&live, &format!("{main}/lastState/terminated/reason")), "Error")?;
    holds("code", int(&live, &format!("{main}/lastState/terminated/exitCode")) == 1)?;
    same("phase", text(&live, "/status/phase"), "Running")?;
    let ready = condition(&live, "Ready").ok_or("no Ready")?;
    same("reason", text(ready, "/reason"), "ContainersNotReady")?;
    same("message", text(ready, "/message"), "containers with unready status: [main]")
}

async fn runs_out_of_memory(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:oom")).await?.is(201)?;
    let live = g
        .pod_until("p", "OOMKilled", |p| {
            text(p, "/status/containerStatuses/0/lastState/terminated/reason") == "OOMKilled"
        })
        .await?;
    holds("137", int(&live, "/status/containerStatuses/0/lastState/terminated/exitCode") == 137)
}

async fn cannot_pull(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:missing")).await?.is(201)?;
    let live = g
        .pod_until("p", "ImagePullBackOff", |p| {
            text(p, "/status/containerStatuses/0/state/waiting/reason") == "ImagePullBackOff"
        })
        .await?;
    has(
        "message",
        text(&live, "/status/containerStatuses/0/state/waiting/message"),
        "Back-off pulling image \"app:missing\"",
    )?;
    same("phase", text(&live, "/status/phase"), "Pending")
}

async fn slow_to_be_ready(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:slow")).await?.is(201)?;
    g.pod_until("p", "running but not ready", |p| {
        text(p, "/status/phase") == "Running"
            && condition(p, "Ready").is_some_and(|c| text(c, "/status") == "False")
    })
    .await?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    Ok(())
}

async fn finds_no_room(g: &Ground) -> Outcome {
    let mut body = pod("p", "app:1");
    body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "900"}});
    g.post(&g.core("pods"), &body).await?.is(201)?;
    let live = g
        .pod_until("p", "Unschedulable", |p| {
            condition(p, "PodScheduled").is_some_and(|c| text(c, "/reason") == "Unschedulable")
        })
        .await?;
    let c = condition(&live, "PodScheduled").ok_or("no condition")?;
    same("status", text(c, "/status"), "False")?;
    let message = text(c, "/message");
    has("message", message, "nodes are available: ")?;
    has("message", message, "Insufficient cpu")?;
    holds(message, message.starts_with("0/"))?;
    same("phase", text(&live, "/status/phase"), "Pending")?;
    let field = "events?fieldSelector=involvedObject.name%3Dp,reason%3DFailedScheduling";
    g.until(&g.core(field), "its event", |e| !e.list("/items").is_empty()).await?;
    Ok(())
}

async fn finds_no_node(g: &Ground) -> Outcome {
    let mut body = pod("p", "app:1");
    body["spec"]["nodeSelector"] = json!({"no-such-label": "x"});
    g.post(&g.core("pods"), &body).await?.is(201)?;
    let live = g
        .pod_until("p", "Unschedulable", |p| {
            condition(p, "PodScheduled").is_some_and(|c| text(c, "/reason") == "Unschedulable")
        })
        .await?;
    let c = condition(&live, "PodScheduled").ok_or("no condition")?;
    has("message", text(c, "/message"), "node(s) didn't match Pod's node affinity/selector")
}

async fn init_containers_first(g: &Ground) -> Outcome {
    let mut body = pod("p", "app:1");
    body["spec"]["initContainers"] = json!([{"name": "first", "image": "init:1"}]);
    g.post(&g.core("pods"), &body).await?.is(201)?;
    let live = g
        .pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    let init = "/status/initContainerStatuses/0/state/terminated";
    same("init", text(&live, &format!("{init}/reason")), "Completed")?;
    holds("code", int(&live, &format!("{init}/exitCode")) == 0)
}

async fn events_tell(g: &Ground) -> Outcome {
    g.deployment("d", "app:1", 1).await?;
    g.rolled_out("d", 1).await?;
    g.until(&g.core("events?fieldSelector=involvedObject.name%3Dd"), "ScalingReplicaSet", |e| {
        e.list("/items")
            .iter()
            .any(|x| text(x, "/reason") == "ScalingReplicaSet" && text(x, "/message").contains("from 0 to 1"))
    })
    .await?;
    let pods = g.pods("d").await?;
    let name = pods.first().map(|p| text(p, "/metadata/name").to_string()).ok_or("no pod")?;
    let events = g
        .until(
            &g.core(&format!("events?fieldSelector=involvedObject.name%3D{name}")),
            "the pod's events",
            |e| {
                ["Scheduled", "Started"]
                    .iter()
                    .all(|r| e.list("/items").iter().any(|x| text(x, "/reason") == *r))
            },
        )
        .await?;
    let started =
        events.list("/items").iter().find(|x| text(x, "/reason") == "Started").ok_or("no Started")?;
    same("field", text(started, "/involvedObject/fieldPath"), "spec.containers{main}")?;
    same("type", text(started, "/type"), "Normal")?;
    let newer = g.get(&g.group("events.k8s.io/v1", "events")).await?.is(200)?;
    holds("events.k8s.io", newer.list("/items").iter().any(|x| text(x, "/regarding/name") == name))
}

async fn nodes_are_ready(g: &Ground) -> Outcome {
    let nodes = g.get("/api/v1/nodes").await?.is(200)?;
    let node = nodes.list("/items").first().ok_or("no nodes")?;
    let ready = condition(node, "Ready").ok_or("no Ready")?;
    same("status", text(ready, "/status"), "True")?;
    same("reason", text(ready, "/reason"), "KubeletReady")?;
    for field in ["cpu", "memory", "pods"] {
        holds(field, !text(node, &format!("/status/allocatable/{field}")).is_empty())?;
    }
    holds("kubelet", text(node, "/status/nodeInfo/kubeletVersion").starts_with("v1."))?;
    same("os", text(node, "/metadata/labels/kubernetes.io~1os"), "linux")
}

async fn metrics(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods", g.ns);
    let pods = g.until(&path, "the pod's metrics", |m| m.code == 200 && !m.list("/items").is_empty()).await?;
    same("kind", pods.text("/kind"), "PodMetricsList")?;
    same("container", pods.text("/items/0/containers/0/name"), "main")?;
    holds("cpu", !pods.text("/items/0/containers/0/usage/cpu").is_empty())?;
    let nodes = g.get("/apis/metrics.k8s.io/v1beta1/nodes").await?.is(200)?;
    holds("nodes", !nodes.list("/items").is_empty())
}

async fn image_change_restarts_in_place(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    let patch = json!({"spec": {"containers": [{"name": "main", "image": "app:2"}]}});
    g.patch(&g.core("pods/p"), "strategic", &patch).await?.is(200)?;
    let live = g.get(&g.core("pods/p")).await?.is(200)?;
    same("image", live.text("/spec/containers/0/image"), "app:2")
}
