//! What is asked of the known world and refused.

use serde_json::{Value, json};

use super::{FULL, MAKER, NAMESPACE};

/// A request that must be refused.
pub(crate) struct Refusal {
    /// What it shows.
    pub(crate) name: &'static str,
    /// Who asks: `admin`, `limited` (pods of another namespace alone), `wrong` (an unknown token).
    pub(crate) user: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) media: &'static str,
    pub(crate) body: Vec<u8>,
}

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

fn ask(name: &'static str, method: &'static str, path: String, media: &'static str, body: &Value) -> Refusal {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Refusal { name, user: "admin", method, path, media, body }
}

fn by(user: &'static str, refusal: Refusal) -> Refusal {
    Refusal { user, ..refusal }
}

/// All of them.
pub(crate) fn all() -> Vec<Refusal> {
    let mut out = missing();
    out.extend(conflicts());
    out.extend(invalid());
    out.extend(malformed());
    out.extend(rights());
    out.extend(logs());
    out
}

fn core(rest: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/{rest}")
}

fn apps(rest: &str) -> String {
    format!("/apis/apps/v1/namespaces/{NAMESPACE}/{rest}")
}

fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}})
}

fn deployment(name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": "registry.example/x:1"}]}}}})
}

fn missing() -> Vec<Refusal> {
    let get = |name, path| ask(name, "GET", path, JSON, &Value::Null);
    vec![
        get("no such pod", core("pods/none")),
        get("no such deployment", apps("deployments/none")),
        get("no such namespace", "/api/v1/namespaces/none".into()),
        get("no such node", "/api/v1/nodes/none".into()),
        get("no such scale", apps("deployments/none/scale")),
        get("unknown kind of a known group", apps("widgets")),
        get("unknown kind of the core group", core("widgets/x")),
        get("unknown version of a known group", "/apis/apps/v9/deployments".into()),
        get("unknown group", "/apis/nope.example.com/v1/widgets".into()),
        get("unknown path", "/nope".into()),
        get("unknown subresource", core("pods/one/nope")),
        ask("patch of nothing", "PATCH", core("configmaps/none"), MERGE, &json!({"data": {"k": "v"}})),
        ask("delete of nothing", "DELETE", core("configmaps/none"), JSON, &Value::Null),
        ask("put of nothing", "PUT", core("configmaps/none"), JSON, &config("none")),
        ask(
            "create in no namespace",
            "POST",
            "/api/v1/namespaces/none/configmaps".into(),
            JSON,
            &config("a"),
        ),
        ask(
            "apply in no namespace",
            "PATCH",
            format!("/api/v1/namespaces/none/configmaps/a?fieldManager={MAKER}"),
            APPLY,
            &config("a"),
        ),
        get(
            "expired continue token",
            core(
                "configmaps?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJrdWJlLXJvb3QtY2EuY3J0XHUwMDAwIn0",
            ),
        ),
    ]
}

fn conflicts() -> Vec<Refusal> {
    let mut stale = config("settings");
    stale["metadata"]["resourceVersion"] = "1".into();
    let mut other = config("settings");
    other["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000".into();
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale",
        "metadata": {"name": "web", "namespace": NAMESPACE, "resourceVersion": "1"}, "spec": {"replicas": 3}});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let apply = |spec: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec});
    let by_other = "deployments/web?fieldManager=other";
    let gone = |key: &str, value: &str| json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {key: value}});
    vec![
        ask("already exists", "POST", core("configmaps"), JSON, &config("settings")),
        ask("already exists, of a group", "POST", apps("deployments"), JSON, &deployment("web")),
        ask("namespace already exists", "POST", "/api/v1/namespaces".into(), JSON, &namespace),
        ask("stale put", "PUT", core("configmaps/settings"), JSON, &stale),
        ask(
            "stale patch",
            "PATCH",
            core("configmaps/settings"),
            MERGE,
            &json!({"metadata": {"resourceVersion": "1"}, "data": {"k": "v"}}),
        ),
        ask("put on another uid", "PUT", core("configmaps/settings"), JSON, &other),
        ask("stale scale", "PUT", apps("deployments/web/scale"), JSON, &scale),
        ask("one field of another manager", "PATCH", apps(by_other), APPLY, &apply(json!({"replicas": 3}))),
        ask(
            "two fields of another manager",
            "PATCH",
            apps(by_other),
            APPLY,
            &apply(json!({"replicas": 3, "template": {"spec": {
            "containers": [{"name": "main", "image": "registry.example/web:2"}]}}})),
        ),
        ask(
            "delete of another uid",
            "DELETE",
            core("configmaps/settings"),
            JSON,
            &gone("uid", "00000000-0000-0000-0000-000000000000"),
        ),
        ask(
            "delete of another version",
            "DELETE",
            core("configmaps/settings"),
            JSON,
            &gone("resourceVersion", "1"),
        ),
        ask(
            "eviction against a budget",
            "POST",
            core("pods/keep/eviction"),
            JSON,
            &json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "keep", "namespace": NAMESPACE}}),
        ),
    ]
}

fn invalid() -> Vec<Refusal> {
    let edited = |path: &str, value: Value| {
        let mut object = deployment("bad");
        if let Some(at) = object.pointer_mut(path) {
            *at = value;
        }
        object
    };
    let post = |name, object: &Value| ask(name, "POST", apps("deployments"), JSON, object);
    let service = |port: u32, kind: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"},
        "spec": {"type": kind, "ports": [{"port": port}]}})
    };
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "bad"},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.example/x:1"}]}}}});
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"containers": []}});
    let mut noname = deployment("bad");
    noname["spec"]["template"]["spec"]["containers"][0] = json!({"image": "registry.example/x:1"});
    let mut noselector = deployment("bad");
    if let Some(spec) = noselector["spec"].as_object_mut() {
        spec.remove("selector");
    }
    vec![
        post("negative replicas", &edited("/spec/replicas", json!(-1))),
        post("selector that does not match", &edited("/spec/template/metadata/labels/app", json!("other"))),
        post("no selector", &noselector),
        post("container without a name", &noname),
        post("restart policy of a deployment", &{
            let mut d = deployment("bad");
            d["spec"]["template"]["spec"]["restartPolicy"] = "Never".into();
            d
        }),
        ask("bad name", "POST", core("configmaps"), JSON, &config("Bad_Name")),
        ask("no name", "POST", core("configmaps"), JSON, &config("")),
        ask(
            "bad label",
            "PATCH",
            core("configmaps/settings"),
            MERGE,
            &json!({"metadata": {"labels": {"a b": "c"}}}),
        ),
        ask(
            "selector is fixed",
            "PATCH",
            apps("deployments/web"),
            MERGE,
            &json!({"spec": {"selector": {"matchLabels": {"more": "x"}},
            "template": {"metadata": {"labels": {"more": "x"}}}}}),
        ),
        ask("pod spec is fixed", "PATCH", core("pods/one"), MERGE, &json!({"spec": {"nodeName": "other"}})),
        ask("port out of range", "POST", core("services"), JSON, &service(70_000, "ClusterIP")),
        ask("unknown service type", "POST", core("services"), JSON, &service(80, "Magic")),
        ask(
            "job without a policy",
            "POST",
            format!("/apis/batch/v1/namespaces/{NAMESPACE}/jobs"),
            JSON,
            &job,
        ),
        ask("pod without containers", "POST", core("pods"), JSON, &pod),
        ask("apply without a manager", "PATCH", core("configmaps/settings"), APPLY, &config("settings")),
        ask(
            "json patch of nothing",
            "PATCH",
            core("configmaps/settings"),
            "application/json-patch+json",
            &json!([{"op": "remove", "path": "/data/none"}]),
        ),
        ask(
            "json patch whose test fails",
            "PATCH",
            core("configmaps/settings"),
            "application/json-patch+json",
            &json!([{"op": "test", "path": "/data/LOG_LEVEL", "value": "debug"}]),
        ),
        ask(
            "quota",
            "POST",
            format!("/api/v1/namespaces/{FULL}/pods"),
            JSON,
            &json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "more"}, "spec": {"containers": [{"name": "main", "image": "registry.example/x:1"}]}}),
        ),
    ]
}

fn malformed() -> Vec<Refusal> {
    let mut misspelt = deployment("bad");
    misspelt["spec"]["replcas"] = 3.into();
    let mut quantity = deployment("bad");
    quantity["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "lots"}});
    let mut text = deployment("bad");
    text["spec"]["replicas"] = "three".into();
    let mut elsewhere = config("a");
    elsewhere["metadata"]["namespace"] = "default".into();
    let raw = |name, method, path: String, media, body: &str| Refusal {
        name,
        user: "admin",
        method,
        path,
        media,
        body: body.into(),
    };
    vec![
        raw("cut JSON", "POST", core("configmaps"), JSON, "{\"kind\": "),
        raw("not an object", "POST", core("configmaps"), JSON, "[]"),
        raw("no kind", "POST", core("configmaps"), JSON, "{}"),
        ask("strict: unknown field", "POST", apps("deployments?fieldValidation=Strict"), JSON, &misspelt),
        ask(
            "strict apply: unknown field",
            "PATCH",
            apps(&format!("deployments/bad?fieldManager={MAKER}&fieldValidation=Strict")),
            APPLY,
            &misspelt,
        ),
        ask("bad quantity", "POST", apps("deployments"), JSON, &quantity),
        ask("text for a number", "POST", apps("deployments"), JSON, &text),
        ask("another kind", "POST", core("configmaps"), JSON, &deployment("bad")),
        ask("another name", "PUT", core("configmaps/settings"), JSON, &config("other")),
        ask("another namespace", "POST", core("configmaps"), JSON, &elsewhere),
        ask("bad label selector", "GET", core("pods?labelSelector=a%3D%3D%3Db"), JSON, &Value::Null),
        ask("unknown field selector", "GET", core("pods?fieldSelector=spec.nope%3D1"), JSON, &Value::Null),
        ask("bad continue token", "GET", core("pods?limit=1&continue=nonsense"), JSON, &Value::Null),
        ask("method of a collection", "PATCH", core("configmaps"), MERGE, &json!({})),
        ask("method of an object", "POST", core("configmaps/settings"), JSON, &config("settings")),
        raw("unknown patch type", "PATCH", core("configmaps/settings"), "text/plain", "x"),
        ask(
            "strategic merge of a bad shape",
            "PATCH",
            apps("deployments/web"),
            "application/strategic-merge-patch+json",
            &json!({"spec": []}),
        ),
        ask("unknown dry run", "POST", core("configmaps?dryRun=Some"), JSON, &config("a")),
        ask("unknown field validation", "POST", core("configmaps?fieldValidation=Nope"), JSON, &config("a")),
    ]
}

fn rights() -> Vec<Refusal> {
    let get = |name, path| ask(name, "GET", path, JSON, &Value::Null);
    vec![
        by("limited", get("may not list secrets", core("secrets"))),
        by("limited", get("may not list pods everywhere", "/api/v1/pods?limit=500".into())),
        by("limited", get("may not watch", core("pods?watch=true"))),
        by("limited", get("may not list nodes", "/api/v1/nodes".into())),
        by("limited", get("may not read a deployment", apps("deployments/web"))),
        by("limited", get("may not read logs", core("pods/one/log"))),
        by("limited", get("may not read metrics", "/apis/metrics.k8s.io/v1beta1/nodes".into())),
        by("limited", ask("may not create", "POST", core("configmaps"), JSON, &config("a"))),
        by(
            "limited",
            ask(
                "may not scale",
                "PATCH",
                apps("deployments/web/scale"),
                MERGE,
                &json!({"spec": {"replicas": 1}}),
            ),
        ),
        by("limited", ask("may not delete", "DELETE", core("pods/one"), JSON, &Value::Null)),
        by("limited", ask("may not delete all", "DELETE", core("pods"), JSON, &Value::Null)),
        by("limited", get("may not read a namespace", "/api/v1/namespaces/shop".into())),
        by("wrong", get("unknown token", "/version".into())),
        by("wrong", get("unknown token, of pods", "/api/v1/pods?limit=500".into())),
        ask("namespace that stays", "DELETE", "/api/v1/namespaces/kube-system".into(), JSON, &Value::Null),
    ]
}

fn logs() -> Vec<Refusal> {
    let get = |name, path: &str| ask(name, "GET", core(path), JSON, &Value::Null);
    vec![
        get("logs of no pod", "pods/none/log"),
        get("logs of no container", "pods/one/log?container=none"),
        get("logs of a run before the first", "pods/one/log?container=main&previous=true"),
        get("logs of a container that waits", "pods/nopull/log?container=main"),
        get("logs of a pod without a node", "pods/toobig/log?container=main"),
        get("logs with a bad tail", "pods/one/log?tailLines=-1"),
    ]
}
