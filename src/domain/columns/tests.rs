//! Each kind with an object as a server sends it, and with things no server should send.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::kind::KINDS;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

#[track_caller]
fn shows(kind: Kind, object: &Value, expected: &[&str], health: Health) {
    let row = row(kind, object, now());
    let got: Vec<&str> = row.cells.iter().map(SafeText::as_str).collect();
    assert_eq!((got.as_slice(), row.health), (expected, health), "{kind:?}");
}

#[test]
fn as_many_cells_as_columns() {
    for info in KINDS {
        for object in [json!({}), json!(null), json!([1]), json!({"spec": 1, "status": "x", "metadata": []})]
        {
            assert_eq!(cells(info.kind, &object, now()).len(), of(info.kind).len(), "{}", info.name);
        }
        let has_row = info.kind.is_workload() || matches!(info.kind, Kind::Pod | Kind::Node);
        assert_eq!(of(info.kind).is_empty(), has_row, "{}", info.name);
    }
}

#[test]
fn metadata() {
    let object = json!({"metadata": {"name": "a", "namespace": "shop", "uid": "u-1",
        "creationTimestamp": "2026-11-23T11:00:00Z", "deletionTimestamp": "2026-11-23T11:59:00Z"}});
    let row = row(Kind::ConfigMap, &object, now());
    assert_eq!(
        (row.meta.name.as_str(), row.meta.namespace.as_str(), &row.meta.uid),
        ("a", "shop", &"u-1".into())
    );
    assert_eq!(row.meta.created.map(Timestamp::from), Some("2026-11-23T11:00:00Z".parse().unwrap()));
    assert!(row.meta.deleting.is_some());
}

#[test]
fn workload_kinds() {
    let set = json!({"metadata": {"ownerReferences": [{"name": "web"}]}, "spec": {"replicas": 3,
        "template": {"spec": {"containers": [{"image": "a:1"}, {"image": "b:2"}]}}},
        "status": {"replicas": 3, "readyReplicas": 1}});
    shows(Kind::ReplicaSet, &set, &["3", "3", "1", "web", "a:1,b:2"], Health::Degraded);
    let scaler = json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 9,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
            {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"averageValue": "10"}}}]},
        "status": {"currentReplicas": 9,
            "conditions": [{"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}],
            "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 91}}}]}});
    shows(
        Kind::HorizontalPodAutoscaler,
        &scaler,
        &["Deployment/web", "cpu: 91%/80%,rps: ?/10", "2", "9", "9"],
        Health::Degraded,
    );
}

#[test]
fn network_kinds() {
    let service = json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "selector": {"app": "web"},
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}});
    let cells = ["LoadBalancer", "10.0.0.1", "<pending>", "80:30080/TCP,53/UDP", "app=web"];
    shows(Kind::Service, &service, &cells, Health::Progressing);
    let endpoints = json!({"subsets": [{"addresses": [{"ip": "1.1.1.1"}, {"ip": "1.1.1.2"}], "ports": [{"port": 80}, {"port": 81}]}]});
    shows(Kind::Endpoints, &endpoints, &["1.1.1.1:80,1.1.1.1:81,1.1.1.2:80 + 1 more"], Health::Ok);
    let slice = json!({"metadata": {"labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["1.1.1.1"], "conditions": {"ready": false}}, {"addresses": ["1.1.1.2"]}]});
    shows(Kind::EndpointSlice, &slice, &["IPv4", "80", "1.1.1.1,1.1.1.2", "1/2", "web"], Health::Ok);
    let ingress = json!({"spec": {"ingressClassName": "nginx", "tls": [{}], "rules": [{"host": "a.io",
        "http": {"paths": [{"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}, {}]},
        "status": {"loadBalancer": {"ingress": [{"hostname": "lb.io"}]}}});
    shows(Kind::Ingress, &ingress, &["nginx", "a.io,*", "lb.io", "80,443", "/→web:80"], Health::Ok);
    let policy = json!({"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}], "policyTypes": ["Ingress"]}});
    shows(Kind::NetworkPolicy, &policy, &["app=web", "1", "0", "Ingress"], Health::Ok);
}

#[test]
fn configuration_kinds() {
    let map = json!({"data": {"a": "1"}, "binaryData": {"b": "MQ=="}});
    shows(Kind::ConfigMap, &map, &["2", "a,b"], Health::Ok);
    shows(
        Kind::Namespace,
        &json!({"status": {"phase": "Terminating"}}),
        &["Terminating"],
        Health::Progressing,
    );
    shows(Kind::ServiceAccount, &json!({"secrets": [{}, {}]}), &["2"], Health::Ok);
    let lease = json!({"spec": {"holderIdentity": "n1", "renewTime": "2026-11-23T11:59:50.000000Z", "leaseDurationSeconds": 40}});
    shows(Kind::Lease, &lease, &["n1", "10s", "40"], Health::Ok);
    let definition = json!({"spec": {"group": "x.io", "scope": "Namespaced",
        "names": {"kind": "Widget", "shortNames": ["wd"]},
        "versions": [{"name": "v1", "served": true}, {"name": "v1alpha1", "served": false}]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]}});
    shows(
        Kind::CustomResourceDefinition,
        &definition,
        &["x.io", "Widget", "v1", "Namespaced", "wd"],
        Health::Ok,
    );
}

#[test]
fn no_secret_value_is_in_a_row() {
    let secret =
        json!({"type": "Opaque", "data": {"password": "aHVudGVyMg=="}, "stringData": {"x": "hunter2"}});
    shows(Kind::Secret, &secret, &["Opaque", "1", "password"], Health::Ok);
    assert!(!format!("{:?}", row(Kind::Secret, &secret, now())).contains("hunter2"));
}

#[test]
fn storage_kinds() {
    let volume = json!({"spec": {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
        "persistentVolumeReclaimPolicy": "Delete", "claimRef": {"namespace": "shop", "name": "data"}},
        "status": {"phase": "Failed", "reason": "gone"}});
    let cells = ["10Gi", "RWO", "Delete", "Failed", "shop/data", "gp3", "gone"];
    shows(Kind::PersistentVolume, &volume, &cells, Health::Down);
    let claim = json!({"spec": {"volumeName": "pv-1", "storageClassName": "gp3", "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "10Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "12Gi"}, "accessModes": ["ReadWriteOncePod"]}});
    shows(Kind::PersistentVolumeClaim, &claim, &["Bound", "pv-1", "12Gi", "RWOP", "gp3", "10Gi"], Health::Ok);
    let class = json!({"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"});
    let cells = ["yes", "ebs.csi.aws.com", "Delete", "WaitForFirstConsumer", "no"];
    shows(Kind::StorageClass, &class, &cells, Health::Ok);
}

#[test]
fn policy_kinds() {
    let budget = json!({"spec": {"minAvailable": "50%"}, "status": {"currentHealthy": 1, "desiredHealthy": 2, "expectedPods": 4}});
    shows(Kind::PodDisruptionBudget, &budget, &["50%", "", "0", "1", "2", "4"], Health::Degraded);
    let quota = json!({"status": {"hard": {"requests.cpu": "4", "limits.cpu": "8", "pods": "10"},
        "used": {"requests.cpu": "1500m", "limits.cpu": "8", "pods": "3"}}});
    shows(Kind::ResourceQuota, &quota, &["100%", "pods: 3/10,cpu: 1500m/4", "cpu: 8/8"], Health::Degraded);
    let range = json!({"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}});
    shows(Kind::LimitRange, &range, &["Container", "cpu=1"], Health::Ok);
}

#[test]
fn rights() {
    let role = json!({"rules": [{"verbs": ["get", "list"], "resources": ["pods"]}, {"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]});
    shows(Kind::Role, &role, &["2", "get|list pods,get /healthz"], Health::Ok);
    let binding = json!({"roleRef": {"kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "web"}, {"kind": "Group", "name": "ops"}]});
    let cells = ["ClusterRole/view", "ServiceAccount/shop/web,Group/ops"];
    shows(Kind::ClusterRoleBinding, &binding, &cells, Health::Ok);
}

#[test]
fn events_of_both_apis() {
    let old = json!({"type": "Warning", "reason": "BackOff", "message": "x\ny", "count": 4,
        "lastTimestamp": "2026-11-23T11:58:00Z", "involvedObject": {"kind": "Pod", "name": "web-1"},
        "source": {"component": "kubelet"}});
    let cells = ["2m", "Warning", "BackOff", "pod/web-1", "4", "x⏎y", "kubelet"];
    shows(Kind::Event, &old, &cells, Health::Degraded);
    let new = json!({"type": "Normal", "reason": "Started", "note": "n", "eventTime": "2026-11-23T11:59:59.000000Z",
        "regarding": {"kind": "Pod", "name": "web-1"}, "reportingController": "c"});
    shows(Kind::Event, &new, &["1s", "Normal", "Started", "pod/web-1", "1", "n", "c"], Health::Ok);
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let keys = "(spec|status|metadata|ports|rules|hard|used|type|subsets|endpoints|addresses|conditions|metrics|data|limits)";
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(keys, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_panics(object in anything()) {
        for info in KINDS {
            prop_assert_eq!(row(info.kind, &object, now()).cells.len(), of(info.kind).len());
        }
    }
}
