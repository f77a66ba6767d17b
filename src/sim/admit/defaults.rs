//! Defaulting as the API server does it, for the fields users meet; without it dry runs would show noise.
//! Called by the write paths, the seed and the controllers.

use super::limits;
use serde_json::{Value, json};

use crate::sim::json as j;
use crate::sim::rng::Rng;
use crate::sim::store::World;
use crate::sim::table::{self, KindId};

/// Counts the templates a DaemonSet has had.
const TEMPLATES: &str = "deprecated.daemonset.template.generation";

/// Fills what the server fills.
pub(crate) fn defaults(world: &mut World, kind: KindId, value: &mut Value) {
    match kind {
        table::POD => {
            pod_defaults(j::slot(value, "spec"));
            limits::set(world, value);
            pod_admission(value);
            token(value);
        }
        table::DEPLOYMENT => {
            let d = |v: &mut Value, p: &str, x: Value| j::default(v, p, x);
            d(value, "spec.replicas", json!(1));
            d(value, "spec.revisionHistoryLimit", json!(10));
            d(value, "spec.progressDeadlineSeconds", json!(600));
            d(value, "spec.strategy.type", json!("RollingUpdate"));
            if j::text(value, "spec.strategy.type") == "RollingUpdate" {
                d(value, "spec.strategy.rollingUpdate.maxSurge", json!("25%"));
                d(value, "spec.strategy.rollingUpdate.maxUnavailable", json!("25%"));
            }
            template_defaults(value, "spec.template");
        }
        table::REPLICASET => {
            j::default(value, "spec.replicas", 1);
            template_defaults(value, "spec.template");
        }
        table::STATEFULSET => {
            j::default(value, "spec.replicas", 1);
            j::default(value, "spec.revisionHistoryLimit", 10);
            j::default(value, "spec.podManagementPolicy", "OrderedReady");
            j::default(value, "spec.updateStrategy.type", "RollingUpdate");
            if j::text(value, "spec.updateStrategy.type") == "RollingUpdate" {
                j::default(value, "spec.updateStrategy.rollingUpdate.partition", 0);
            }
            j::default(
                value,
                "spec.persistentVolumeClaimRetentionPolicy",
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
            );
            for claim in j::existing_list_mut(value, "spec.volumeClaimTemplates").into_iter().flatten() {
                j::default(claim, "kind", "PersistentVolumeClaim");
                j::default(claim, "apiVersion", "v1");
                j::default(claim, "spec.volumeMode", "Filesystem");
                j::default(claim, "status.phase", "Pending");
            }
            template_defaults(value, "spec.template");
        }
        table::DAEMONSET => {
            j::default(value, "spec.revisionHistoryLimit", 10);
            j::default(value, "spec.updateStrategy.type", "RollingUpdate");
            if j::text(value, "spec.updateStrategy.type") == "RollingUpdate" {
                j::default(value, "spec.updateStrategy.rollingUpdate.maxSurge", 0);
                j::default(value, "spec.updateStrategy.rollingUpdate.maxUnavailable", 1);
            }
            template_defaults(value, "spec.template");
            if j::at(value, "metadata.annotations").get(TEMPLATES).is_none() {
                j::annotate(value, TEMPLATES, "1");
            }
        }
        table::JOB => job_defaults(value, true),
        table::CRONJOB => {
            j::default(value, "spec.concurrencyPolicy", "Allow");
            j::default(value, "spec.suspend", false);
            j::default(value, "spec.successfulJobsHistoryLimit", 3);
            j::default(value, "spec.failedJobsHistoryLimit", 1);
            template_defaults(j::slot(value, "spec.jobTemplate"), "spec.template");
        }
        table::SERVICE => service(world, value),
        table::SECRET => secret(value),
        table::NAMESPACE => {
            j::default(value, "spec.finalizers", json!(["kubernetes"]));
            j::default(value, "status.phase", "Active");
            let name = j::text(value, "metadata.name").to_string();
            *j::key(j::slot(value, "metadata.labels"), "kubernetes.io/metadata.name") = name.into();
        }
        table::HPA => {
            j::default(value, "spec.minReplicas", 1);
            j::default(
                value,
                "spec.metrics",
                json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
            );
        }
        table::PVC => {
            j::default(value, "spec.volumeMode", "Filesystem");
            j::default(value, "status.phase", "Pending");
            let list = j::list_mut(value, "metadata.finalizers");
            if list.is_empty() {
                list.push("kubernetes.io/pvc-protection".into());
            }
        }
        table::INGRESS => {
            for rule in j::existing_list_mut(value, "spec.rules").into_iter().flatten() {
                for path in j::existing_list_mut(rule, "http.paths").into_iter().flatten() {
                    j::default(path, "pathType", "ImplementationSpecific");
                }
            }
        }
        _ => {}
    }
}

fn job_defaults(value: &mut Value, own: bool) {
    j::default(value, "spec.parallelism", 1);
    if j::at(value, "spec.completions").is_null() && j::int(value, "spec.parallelism") == Some(1) {
        j::default(value, "spec.completions", 1);
    }
    j::default(value, "spec.backoffLimit", 6);
    j::default(value, "spec.completionMode", "NonIndexed");
    j::default(value, "spec.suspend", false);
    j::default(value, "spec.podReplacementPolicy", "TerminatingOrFailed");
    j::default(value, "spec.manualSelector", false);
    template_defaults(value, "spec.template");
    if own {
        let (uid, name) =
            (j::text(value, "metadata.uid").to_string(), j::text(value, "metadata.name").to_string());
        if j::at(value, "spec.selector").is_null() && !uid.is_empty() {
            j::set(
                value,
                "spec.selector",
                json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}),
            );
            let labels = j::slot(value, "spec.template.metadata.labels");
            for (key, text) in [
                ("batch.kubernetes.io/controller-uid", &uid),
                ("batch.kubernetes.io/job-name", &name),
                ("controller-uid", &uid),
                ("job-name", &name),
            ] {
                *j::key(labels, key) = text.clone().into();
            }
        }
        let labels = j::at(value, "spec.template.metadata.labels").clone();
        if j::at(value, "metadata.labels").is_null() && !labels.is_null() {
            j::set(value, "metadata.labels", labels);
        }
    }
}

/// Defaults of a pod template at a path.
pub(crate) fn template_defaults(value: &mut Value, path: &str) {
    pod_defaults(j::slot(value, &format!("{path}.spec")));
}

/// Defaults of a pod spec.
pub(crate) fn pod_defaults(spec: &mut Value) {
    j::default(spec, "restartPolicy", "Always");
    j::default(spec, "dnsPolicy", "ClusterFirst");
    j::default(spec, "schedulerName", "default-scheduler");
    j::default(spec, "terminationGracePeriodSeconds", 30);
    j::default(spec, "securityContext", json!({}));
    let account = j::text(spec, "serviceAccountName").to_string();
    if !account.is_empty() {
        j::default(spec, "serviceAccount", account);
    }
    for list in ["containers", "initContainers"] {
        for container in j::existing_list_mut(spec, list).into_iter().flatten() {
            container_defaults(container);
        }
    }
    for volume in j::existing_list_mut(spec, "volumes").into_iter().flatten() {
        for source in ["configMap", "secret", "projected", "downwardAPI"] {
            if volume.get(source).is_some() {
                j::default(volume, &format!("{source}.defaultMode"), 420);
            }
        }
    }
}

fn container_defaults(container: &mut Value) {
    let image = j::text(container, "image").to_string();
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map_or("latest", |(_, tag)| tag);
    let policy = if tag == "latest" && !image.contains('@') { "Always" } else { "IfNotPresent" };
    j::default(container, "imagePullPolicy", policy);
    j::default(container, "terminationMessagePath", "/dev/termination-log");
    j::default(container, "terminationMessagePolicy", "File");
    j::default(container, "resources", json!({}));
    for part in ["resources.limits", "resources.requests"] {
        // A server writes every quantity as text.
        let amounts = j::at(container, part).as_object().cloned().unwrap_or_default();
        for (name, amount) in amounts.into_iter().filter(|(_, amount)| amount.is_number()) {
            *j::key(j::slot(container, part), &name) = Value::from(amount.to_string());
        }
    }
    let limits = j::at(container, "resources.limits").clone();
    for (name, amount) in limits.as_object().into_iter().flatten() {
        // A name may have dots.
        let request = j::key(j::slot(container, "resources.requests"), name);
        if request.is_null() {
            *request = amount.clone();
        }
    }
    for port in j::existing_list_mut(container, "ports").into_iter().flatten() {
        j::default(port, "protocol", "TCP");
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_none_or(Value::is_null) {
            continue;
        }
        let probe = j::slot(container, probe);
        j::default(probe, "timeoutSeconds", 1);
        j::default(probe, "periodSeconds", 10);
        j::default(probe, "successThreshold", 1);
        j::default(probe, "failureThreshold", 3);
        if probe.get("httpGet").is_some() {
            j::default(probe, "httpGet.scheme", "HTTP");
            j::default(probe, "httpGet.path", "/");
        }
    }
    for env in j::existing_list_mut(container, "env").into_iter().flatten() {
        if env.pointer("/valueFrom/fieldRef").is_some() {
            j::default(env, "valueFrom.fieldRef.apiVersion", "v1");
        }
    }
}

/// What admission plugins add to a pod: account, token volume, default tolerations, priority.
fn pod_admission(value: &mut Value) {
    j::default(value, "spec.serviceAccountName", "default");
    let account = j::text(value, "spec.serviceAccountName").to_string();
    j::default(value, "spec.serviceAccount", account);
    j::default(value, "spec.enableServiceLinks", true);
    j::default(value, "spec.preemptionPolicy", "PreemptLowerPriority");
    j::default(value, "spec.priority", 0);
    let tolerations = j::list_mut(value, "spec.tolerations");
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|t| {
            let same = j::text(t, "key") == key || j::text(t, "key").is_empty();
            same && matches!(j::text(t, "effect"), "NoExecute" | "")
        });
        if !covered {
            tolerations.push(
                json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
            );
        }
    }
    if j::text(value, "status.phase").is_empty() {
        j::set(value, "status.phase", "Pending");
    }
    let class = quality(j::at(value, "spec"));
    j::default(value, "status.qosClass", class);
}

/// The volume with the account's token, mounted into every container.
fn token(value: &mut Value) {
    let has = |v: &Value| j::text(v, "name").starts_with("kube-api-access-");
    let refused = j::at(value, "spec.automountServiceAccountToken") == false;
    if refused || j::list(value, "spec.volumes").iter().any(has) {
        return;
    }
    // Chance out of the pod itself: the world's own stays as it is for everything else.
    let meta = j::at(value, "metadata");
    let own = format!("{}/{}/{}", j::text(meta, "namespace"), j::text(meta, "name"), j::text(meta, "uid"));
    let name = format!("kube-api-access-{}", Rng::of(0, &own).suffix(5));
    j::list_mut(value, "spec.volumes").push(json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}}));
    for list in ["spec.containers", "spec.initContainers"] {
        for container in j::existing_list_mut(value, list).into_iter().flatten() {
            j::list_mut(container, "volumeMounts").push(
                json!({"name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}),
            );
        }
    }
}

/// Guaranteed, Burstable or BestEffort.
pub(crate) fn quality(spec: &Value) -> &'static str {
    let (mut any, mut all) = (false, true);
    for container in j::list(spec, "containers") {
        let (requests, limits) =
            (j::at(container, "resources.requests"), j::at(container, "resources.limits"));
        any |= requests.as_object().is_some_and(|m| !m.is_empty())
            || limits.as_object().is_some_and(|m| !m.is_empty());
        for name in ["cpu", "memory"] {
            let limit = limits.get(name);
            all &= limit.is_some() && requests.get(name).is_none_or(|r| Some(r) == limit);
        }
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn service(world: &mut World, value: &mut Value) {
    j::default(value, "spec.type", "ClusterIP");
    j::default(value, "spec.sessionAffinity", "None");
    let kind = j::text(value, "spec.type").to_string();
    for port in j::existing_list_mut(value, "spec.ports").into_iter().flatten() {
        j::default(port, "protocol", "TCP");
        let number = j::at(port, "port").clone();
        j::default(port, "targetPort", number);
        if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
            let random = world.rng.between(30_000, 32_767);
            j::default(port, "nodePort", random);
        }
    }
    if kind == "ExternalName" {
        return;
    }
    j::default(value, "spec.internalTrafficPolicy", "Cluster");
    j::default(value, "spec.ipFamilies", json!(["IPv4"]));
    j::default(value, "spec.ipFamilyPolicy", "SingleStack");
    let ip = format!("10.100.{}.{}", world.rng.below(255), world.rng.between(2, 254));
    j::default(value, "spec.clusterIP", ip);
    let ip = j::text(value, "spec.clusterIP").to_string();
    j::default(value, "spec.clusterIPs", json!([ip]));
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        j::default(value, "spec.externalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        j::default(value, "spec.allocateLoadBalancerNodePorts", true);
    }
    j::default(value, "status.loadBalancer", json!({}));
}

fn secret(value: &mut Value) {
    j::default(value, "type", "Opaque");
    if let Some(Value::Object(plain)) = j::remove(value, "stringData") {
        for (name, text) in plain {
            let encoded = base64(text.as_str().unwrap_or("").as_bytes());
            *j::key(j::slot(value, "data"), &name) = encoded.into();
        }
    }
}

/// Standard base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let part = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for i in 0..4usize {
            if i > chunk.len() {
                out.push('=');
                continue;
            }
            let index = usize::try_from(bits >> (18 - 6 * i) & 63).unwrap_or(0);
            out.push(char::from(SET.get(index).copied().unwrap_or(b'A')));
        }
    }
    out
}

/// What an update leaves as it was when it does not say: allocated addresses, claims' volumes.
pub(crate) fn inherit(kind: KindId, before: &Value, value: &mut Value) {
    let kept: &[&str] = match kind {
        table::SERVICE => &["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"],
        table::PVC => &["spec.volumeName", "spec.storageClassName"],
        table::POD => &["spec.nodeName", "spec.tolerations", "spec.priority"],
        table::JOB => &["spec.selector"],
        _ => &[],
    };
    for path in kept {
        let old = j::at(before, path);
        if !old.is_null() && j::at(value, path).is_null() {
            j::set(value, path, old.clone());
        }
    }
    if kind == table::SERVICE {
        let ports = j::list(before, "spec.ports").to_vec();
        for port in j::existing_list_mut(value, "spec.ports").into_iter().flatten() {
            let old = ports.iter().find(|o| o.get("port") == port.get("port") && o.get("nodePort").is_some());
            if let Some(old) = old.and_then(|o| o.get("nodePort")) {
                j::default(port, "nodePort", old.clone());
            }
        }
    }
}

/// Counts a DaemonSet's new template; both bodies have their defaults.
pub(crate) fn count_template(kind: KindId, before: &Value, value: &mut Value) {
    if kind == table::DAEMONSET {
        let had = j::annotation(before, TEMPLATES).parse::<i64>().unwrap_or(1);
        let changed = j::at(before, "spec.template") != j::at(value, "spec.template");
        j::annotate(value, TEMPLATES, (had + i64::from(changed)).to_string());
    }
}
