//! The fields of the common workload kinds, for `fieldValidation` and apply: `spec` and its pod template.
//! Only the levels named here are checked; everything below passes. Called by the write paths.

use serde_json::Value;

use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::{self, KindId, Resource};

const META: &[&str] = &[
    "name",
    "namespace",
    "generateName",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];
const POD: &[&str] = &[
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "containers",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "ephemeralContainers",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "hostname",
    "hostnameOverride",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
    "workloadRef",
];
const CONTAINER: &[&str] = &[
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "targetContainerName",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];
const DEPLOYMENT: &[&str] = &[
    "replicas",
    "selector",
    "template",
    "strategy",
    "minReadySeconds",
    "revisionHistoryLimit",
    "paused",
    "progressDeadlineSeconds",
];
const REPLICASET: &[&str] = &["replicas", "selector", "template", "minReadySeconds"];
const STATEFULSET: &[&str] = &[
    "replicas",
    "selector",
    "template",
    "volumeClaimTemplates",
    "serviceName",
    "podManagementPolicy",
    "updateStrategy",
    "revisionHistoryLimit",
    "minReadySeconds",
    "persistentVolumeClaimRetentionPolicy",
    "ordinals",
];
const DAEMONSET: &[&str] =
    &["selector", "template", "updateStrategy", "minReadySeconds", "revisionHistoryLimit"];
const JOB: &[&str] = &[
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "podFailurePolicy",
    "successPolicy",
    "backoffLimit",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
    "selector",
    "manualSelector",
    "template",
    "ttlSecondsAfterFinished",
    "completionMode",
    "suspend",
    "podReplacementPolicy",
    "managedBy",
];
const CRONJOB: &[&str] = &[
    "schedule",
    "timeZone",
    "startingDeadlineSeconds",
    "concurrencyPolicy",
    "suspend",
    "jobTemplate",
    "successfulJobsHistoryLimit",
    "failedJobsHistoryLimit",
];
const SERVICE: &[&str] = &[
    "ports",
    "selector",
    "clusterIP",
    "clusterIPs",
    "type",
    "externalIPs",
    "sessionAffinity",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "publishNotReadyAddresses",
    "sessionAffinityConfig",
    "ipFamilies",
    "ipFamilyPolicy",
    "allocateLoadBalancerNodePorts",
    "loadBalancerClass",
    "internalTrafficPolicy",
    "trafficDistribution",
];
const HPA: &[&str] = &["scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"];

/// Where unknown fields were found: full paths, first in document order.
fn unknown(kind: KindId, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let (spec, template): (&[&str], &str) = match kind {
        table::POD => (POD, "spec"),
        table::DEPLOYMENT => (DEPLOYMENT, "spec.template.spec"),
        table::REPLICASET => (REPLICASET, "spec.template.spec"),
        table::STATEFULSET => (STATEFULSET, "spec.template.spec"),
        table::DAEMONSET => (DAEMONSET, "spec.template.spec"),
        table::JOB => (JOB, "spec.template.spec"),
        table::CRONJOB => (CRONJOB, "spec.jobTemplate.spec.template.spec"),
        table::SERVICE => (SERVICE, ""),
        table::HPA => (HPA, ""),
        table::CONFIGMAP => {
            check(
                value,
                "",
                &["apiVersion", "kind", "metadata", "data", "binaryData", "immutable"],
                &mut out,
            );
            return out;
        }
        _ => return out,
    };
    check(value, "", &["apiVersion", "kind", "metadata", "spec", "status"], &mut out);
    check(j::at(value, "metadata"), "metadata", META, &mut out);
    check(j::at(value, "spec"), "spec", spec, &mut out);
    if !template.is_empty() {
        let pod = j::at(value, template);
        if template != "spec" {
            check(pod, template, POD, &mut out);
        }
        for list in ["containers", "initContainers"] {
            for (index, container) in j::list(pod, list).iter().enumerate() {
                check(container, &format!("{template}.{list}[{index}]"), CONTAINER, &mut out);
            }
        }
    }
    out
}

fn check(value: &Value, path: &str, known: &[&str], out: &mut Vec<String>) {
    for name in value.as_object().into_iter().flat_map(|m| m.keys()) {
        if !known.contains(&name.as_str()) {
            out.push(if path.is_empty() { name.clone() } else { format!("{path}.{name}") });
        }
    }
}

/// Handles unknown fields as `fieldValidation` says: refused, or dropped with warnings (or silently).
pub(crate) fn unknown_fields(
    kind: KindId,
    res: &Resource,
    value: &mut Value,
    mode: Option<&str>,
) -> Answer<Vec<String>> {
    let found = unknown(kind, value);
    if found.is_empty() {
        return Ok(found);
    }
    let texts: Vec<String> = found.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    if mode == Some("Strict") {
        return Err(ApiError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
            res.kind,
            res.version,
            res.kind,
            texts.join(", ")
        )));
    }
    for path in &found {
        drop_path(value, path);
    }
    Ok(if mode == Some("Ignore") { Vec::new() } else { texts })
}

fn drop_path(value: &mut Value, path: &str) {
    let pointer: String = path.replace(['[', '.'], "/").replace(']', "");
    if let Some((parent, last)) = pointer.rsplit_once('/') {
        let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
        if let Some(map) = value.pointer_mut(&parent).and_then(Value::as_object_mut) {
            map.remove(last);
        }
    } else if let Some(map) = value.as_object_mut() {
        map.remove(&pointer);
    }
}

/// The first undeclared field of an apply, as the typed parser words it.
pub(crate) fn undeclared(kind: KindId, value: &Value) -> Option<String> {
    unknown(kind, value).first().map(|path| format!(".{path}"))
}
