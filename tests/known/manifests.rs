//! The objects of the known world, in the order they are made in.

use serde_json::{Value, json};

use super::{FULL, NAMESPACE};

/// Path of the collection and object.
pub(crate) fn all() -> Vec<(String, Value)> {
    let mut out = vec![
        of(
            "v1",
            "Namespace",
            "namespaces",
            "",
            json!({"metadata": {"name": NAMESPACE, "labels": {"team": "shop"}}}),
        ),
        of("v1", "Namespace", "namespaces", "", json!({"metadata": {"name": FULL}})),
        core(
            "ResourceQuota",
            "resourcequotas",
            FULL,
            json!({"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}),
        ),
    ];
    out.extend(settings());
    out.extend(workloads());
    out.extend(pods());
    out.extend(around());
    out
}

fn of(version: &str, kind: &str, plural: &str, ns: &str, mut object: Value) -> (String, Value) {
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    if ns.is_empty() {
        return (format!("{root}/{plural}"), object);
    }
    object["metadata"]["namespace"] = ns.into();
    (format!("{root}/namespaces/{ns}/{plural}"), object)
}

fn core(kind: &str, plural: &str, ns: &str, object: Value) -> (String, Value) {
    of("v1", kind, plural, ns, object)
}

fn settings() -> Vec<(String, Value)> {
    vec![
        core(
            "ConfigMap",
            "configmaps",
            NAMESPACE,
            json!({"metadata": {"name": "settings"},
            "data": {"LOG_LEVEL": "info", "app.yaml": "port: 8080\n"}}),
        ),
        core(
            "Secret",
            "secrets",
            NAMESPACE,
            json!({"metadata": {"name": "login"}, "type": "Opaque",
            "data": {"user": "c2NydWJiZWQ=", "password": "c2NydWJiZWQ="}}),
        ),
        core("ServiceAccount", "serviceaccounts", NAMESPACE, json!({"metadata": {"name": "runner"}})),
        core(
            "ResourceQuota",
            "resourcequotas",
            NAMESPACE,
            json!({"metadata": {"name": "enough"},
            "spec": {"hard": {"pods": "50", "requests.cpu": "200"}}}),
        ),
        core(
            "LimitRange",
            "limitranges",
            NAMESPACE,
            json!({"metadata": {"name": "defaults"}, "spec": {"limits": [
            {"type": "Container", "defaultRequest": {"cpu": "50m", "memory": "32Mi"}, "default": {"memory": "64Mi"}}]}}),
        ),
    ]
}

fn template(app: &str, image: &str, more: &Value) -> Value {
    let mut container = json!({"name": "main", "image": image, "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}});
    for (key, value) in more.as_object().into_iter().flatten() {
        container[key] = value.clone();
    }
    json!({"metadata": {"labels": {"app": app}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}})
}

fn deployment(name: &str, image: &str, replicas: u8) -> (String, Value) {
    of(
        "apps/v1",
        "Deployment",
        "deployments",
        NAMESPACE,
        json!({
        "metadata": {"name": name, "labels": {"app": name, "app.kubernetes.io/managed-by": "Helm"}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template(name, image, &json!({}))}}),
    )
}

fn workloads() -> Vec<(String, Value)> {
    // Crashes wait as long as real ones, so that the wait is what is seen. The simulation does not read it, and waits as long.
    let mut crash = deployment("crash", "registry.example/api:crash", 1);
    crash.1["spec"]["template"]["metadata"]["annotations"] =
        json!({"testbed.skyfleet.dev/backoff-factor": "1"});
    let init = json!([{"name": "prepare", "image": "registry.example/tools:2"}]);
    let mut db = template(
        "db",
        "registry.example/db:16",
        &json!({
        "readinessProbe": {"tcpSocket": {"port": 8080}},
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "login"}}]}),
    );
    db["spec"]["initContainers"] = init;
    let once = |policy: &str| {
        let mut t = template("batch", "registry.example/batch:3", &json!({"ports": []}));
        t["spec"]["restartPolicy"] = policy.into();
        t
    };
    vec![
        deployment("web", "registry.example/web:1.4.2", 2),
        crash,
        deployment("nopull", "registry.example/api:missing", 1),
        of(
            "apps/v1",
            "StatefulSet",
            "statefulsets",
            NAMESPACE,
            json!({"metadata": {"name": "db", "labels": {"app": "db"}},
            "spec": {"replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": db}}),
        ),
        of(
            "apps/v1",
            "DaemonSet",
            "daemonsets",
            NAMESPACE,
            json!({"metadata": {"name": "agent"},
            "spec": {"selector": {"matchLabels": {"app": "agent"}},
                "template": template("agent", "registry.example/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000", &json!({}))}}),
        ),
        of(
            "batch/v1",
            "Job",
            "jobs",
            NAMESPACE,
            json!({"metadata": {"name": "once"},
            "spec": {"backoffLimit": 2, "template": once("Never")}}),
        ),
        of(
            "batch/v1",
            "CronJob",
            "cronjobs",
            NAMESPACE,
            json!({"metadata": {"name": "tick"},
            "spec": {"schedule": "* * * * *", "successfulJobsHistoryLimit": 1,
                "jobTemplate": {"spec": {"template": once("OnFailure")}}}}),
        ),
    ]
}

fn pods() -> Vec<(String, Value)> {
    let pod = |name: &str, image: &str, more: &Value| {
        let mut object = template(name, image, more);
        object["metadata"]["name"] = name.into();
        core("Pod", "pods", NAMESPACE, object)
    };
    vec![
        pod("one", "registry.example/one:1", &json!({})),
        pod("keep", "registry.example/keep:1", &json!({})),
        pod("nopull", "registry.example/nopull:missing", &json!({})),
        pod("toobig", "registry.example/one:1", &json!({"resources": {"requests": {"cpu": "64"}}})),
    ]
}

fn around() -> Vec<(String, Value)> {
    let budget = |app: &str| {
        of(
            "policy/v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
            NAMESPACE,
            json!({"metadata": {"name": app},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}}}),
        )
    };
    vec![
        core(
            "Service",
            "services",
            NAMESPACE,
            json!({"metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}),
        ),
        core(
            "Service",
            "services",
            NAMESPACE,
            json!({"metadata": {"name": "db"},
            "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 5432, "targetPort": 8080}]}}),
        ),
        core(
            "PersistentVolumeClaim",
            "persistentvolumeclaims",
            NAMESPACE,
            json!({"metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "8Gi"}}}}),
        ),
        of(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            NAMESPACE,
            json!({"metadata": {"name": "web"},
            "spec": {"minReplicas": 2, "maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 95}}}]}}),
        ),
        budget("web"),
        budget("keep"),
        of(
            "networking.k8s.io/v1",
            "Ingress",
            "ingresses",
            NAMESPACE,
            json!({"metadata": {"name": "web"}, "spec": {"ingressClassName": "public",
            "tls": [{"hosts": ["shop.example.com"], "secretName": "login"}],
            "rules": [{"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}),
        ),
        of(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "networkpolicies",
            NAMESPACE,
            json!({"metadata": {"name": "web"},
            "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}}),
        ),
        of(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "roles",
            NAMESPACE,
            json!({"metadata": {"name": "reader"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}),
        ),
        of(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "rolebindings",
            NAMESPACE,
            json!({"metadata": {"name": "reader"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "runner", "namespace": NAMESPACE}]}),
        ),
    ]
}
