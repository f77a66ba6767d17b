//! What every cluster has before any workload: namespaces, accounts, roles, storage classes, priorities, an ingress class.
//! Called by `seed::world`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sim::clock::{self, Millis};
use crate::sim::json as j;
use crate::sim::spec::{Bundle, ClusterSpec};
use crate::sim::store::World;
use crate::sim::table::{self, KindId};

/// Stores an object as if it had been made at a time.
pub(super) fn put(world: &mut World, kind: KindId, made: Millis, mut value: Value) {
    let uid = world.rng.uid();
    j::set(&mut value, "metadata.uid", uid);
    j::set(&mut value, "metadata.creationTimestamp", clock::rfc3339(made));
    world.put(kind, value);
}

/// Fills a cluster's base.
pub(super) fn fill(world: &mut World, spec: &ClusterSpec, bundles: &[Arc<Bundle>], age: Millis) {
    let born = world.now - age;
    let mut names: Vec<(String, String)> = ["default", "kube-system", "kube-public", "kube-node-lease"]
        .iter()
        .map(|n| ((*n).to_string(), String::new()))
        .collect();
    for bundle in bundles {
        if !names.iter().any(|(n, _)| *n == bundle.namespace) {
            names.push((bundle.namespace.clone(), bundle.team.clone()));
        }
    }
    for (name, team) in names {
        let mut labels = json!({"kubernetes.io/metadata.name": name});
        if !team.is_empty() {
            *j::key(&mut labels, "team") = team.into();
            *j::key(&mut labels, "environment") = spec.environment.clone().into();
        }
        let body = json!({"metadata": {"name": name, "labels": labels}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        put(world, table::NAMESPACE, born, body);
        put(world, table::SERVICEACCOUNT, born, json!({"metadata": {"name": "default", "namespace": name}}));
        let map = json!({"metadata": {"name": "kube-root-ca.crt", "namespace": name}, "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIsimulated\n-----END CERTIFICATE-----\n"}});
        put(world, table::CONFIGMAP, born, map);
    }
    roles(world, born);
    classes(world, spec, born);
    put(
        world,
        table::INGRESSCLASS,
        born,
        json!({"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}),
    );
    for (name, value) in
        [("system-cluster-critical", 2_000_000_000i64), ("system-node-critical", 2_000_001_000)]
    {
        put(
            world,
            table::PRIORITYCLASS,
            born,
            json!({"metadata": {"name": name}, "value": value, "preemptionPolicy": "PreemptLowerPriority"}),
        );
    }
    let kubernetes = json!({"metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"type": "ClusterIP", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"], "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
        "status": {"loadBalancer": {}}});
    put(world, table::SERVICE, born, kubernetes);
    let metrics = json!({"metadata": {"name": "v1beta1.metrics.k8s.io"}, "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
        "insecureSkipTLSVerify": true, "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443}},
        "status": {"conditions": [{"type": "Available", "status": "True", "reason": "Passed", "message": "all checks passed", "lastTransitionTime": clock::rfc3339(born)}]}});
    put(world, table::APISERVICE, born, metrics);
}

fn roles(world: &mut World, born: Millis) {
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "deletecollection", "patch", "update"];
    let view = json!([
        {"apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers", "resourcequotas", "limitranges", "serviceaccounts", "services", "events", "namespaces"], "verbs": read},
        {"apiGroups": ["apps"], "resources": ["*"], "verbs": read},
        {"apiGroups": ["batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io", "events.k8s.io", "metrics.k8s.io"], "resources": ["*"], "verbs": read},
    ]);
    let mut edit = view.as_array().cloned().unwrap_or_default();
    edit.push(json!({"apiGroups": ["", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"],
        "resources": ["configmaps", "secrets", "services", "pods", "pods/eviction", "pods/exec", "persistentvolumeclaims", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale", "daemonsets", "jobs", "cronjobs", "horizontalpodautoscalers", "poddisruptionbudgets", "ingresses", "networkpolicies"],
        "verbs": write}));
    edit.push(json!({"apiGroups": [""], "resources": ["secrets"], "verbs": read}));
    for (name, rules) in [
        ("cluster-admin", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
        ("view", view),
        ("edit", json!(edit.clone())),
        ("admin", json!(edit)),
    ] {
        put(
            world,
            table::CLUSTERROLE,
            born,
            json!({"metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": rules}),
        );
    }
    for (name, role, group) in [
        ("cluster-admin", "cluster-admin", "system:masters"),
        ("viewers", "view", "viewers"),
        ("developers", "edit", "developers"),
    ] {
        let body = json!({"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}]});
        put(world, table::CLUSTERROLEBINDING, born, body);
    }
}

fn classes(world: &mut World, spec: &ClusterSpec, born: Millis) {
    let list: &[(&str, &str)] = match spec.provider.as_str() {
        "eks" => &[("gp3", "ebs.csi.aws.com"), ("gp2", "kubernetes.io/aws-ebs")],
        "gke" => &[("standard-rwo", "pd.csi.storage.gke.io"), ("premium-rwo", "pd.csi.storage.gke.io")],
        "aks" => &[("managed-csi", "disk.csi.azure.com"), ("azurefile-csi", "file.csi.azure.com")],
        "ack" => &[("alicloud-disk-topology-alltype", "diskplugin.csi.alibabacloud.com")],
        "doks" => &[("do-block-storage", "dobs.csi.digitalocean.com")],
        _ => &[("standard", "rancher.io/local-path")],
    };
    for (index, (name, driver)) in list.iter().enumerate() {
        let mut body = json!({"metadata": {"name": name}, "provisioner": driver, "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true});
        if index == 0 {
            j::annotate(&mut body, "storageclass.kubernetes.io/is-default-class", "true");
        }
        put(world, table::STORAGECLASS, born, body);
    }
}
