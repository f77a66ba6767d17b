//! Who uses a config map, a secret, a claim or a service account: the workloads and pods of its namespace that refer to it, and how.
//! What a controller made is left out where its owner is listed. Called by the view, as k9s's `u`.

use serde_json::Value;

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::ops::session::Session;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::fault::Fault;

/// The kinds that may be used.
pub const USED: [Kind; 4] =
    [Kind::ConfigMap, Kind::Secret, Kind::PersistentVolumeClaim, Kind::ServiceAccount];

/// Where the pod's spec is in each kind that has one.
const USERS: [(Kind, &str); 7] = [
    (Kind::Deployment, "/spec/template/spec"),
    (Kind::StatefulSet, "/spec/template/spec"),
    (Kind::DaemonSet, "/spec/template/spec"),
    (Kind::CronJob, "/spec/jobTemplate/spec/template/spec"),
    (Kind::Job, "/spec/template/spec"),
    (Kind::ReplicaSet, "/spec/template/spec"),
    (Kind::Pod, "/spec"),
];

/// A line for each user.
pub async fn used_by(session: &Session, key: &ObjectKey) -> Result<String, Fault> {
    let client = session.client(key.cluster).await?;
    let options = ListOptions { namespace: Some(key.namespace.to_string()), ..ListOptions::default() };
    let mut lines = Vec::new();
    let mut refused = Vec::new();
    for (kind, spec) in USERS {
        match api::list(&client, &Resource::from(kind), &options).await {
            Err(fault) => {
                refused.push(format!("{} could not be looked at: {}", kind.info().plural, fault.words))
            }
            Ok(objects) => {
                for object in
                    objects.iter().filter(|object| object.pointer("/metadata/ownerReferences").is_none())
                {
                    let ways =
                        object.pointer(spec).map(|spec| ways(key.kind, &key.name, spec)).unwrap_or_default();
                    if !ways.is_empty() {
                        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
                        lines.push(format!("{}/{name}   {}", kind.info().name, ways.join(", ")));
                    }
                }
            }
        }
    }
    if lines.is_empty() {
        lines.push(format!("nothing in namespace {} refers to {}", key.namespace, key.target()));
    }
    lines.extend(refused);
    Ok(lines.join("\n"))
}

fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// How a pod's spec refers to it.
fn ways(kind: Kind, name: &str, spec: &Value) -> Vec<String> {
    let is = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str) == Some(name);
    let text = |value: &Value| value.pointer("/name").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut out = Vec::new();
    if kind == Kind::ServiceAccount && is(spec, "/serviceAccountName") {
        out.push("service account".to_owned());
    }
    let (volume, projected, from, key) = match kind {
        Kind::ConfigMap => {
            ("/configMap/name", "/configMap/name", "/configMapRef/name", "/valueFrom/configMapKeyRef/name")
        }
        Kind::Secret => {
            ("/secret/secretName", "/secret/name", "/secretRef/name", "/valueFrom/secretKeyRef/name")
        }
        Kind::PersistentVolumeClaim => ("/persistentVolumeClaim/claimName", "", "", ""),
        _ => return out,
    };
    for v in each(spec, "/volumes") {
        let has =
            is(v, volume) || !projected.is_empty() && each(v, "/projected/sources").any(|s| is(s, projected));
        if has {
            out.push(format!("volume {}", text(v)));
        }
    }
    if kind == Kind::Secret && each(spec, "/imagePullSecrets").any(|s| is(s, "/name")) {
        out.push("pulls images".to_owned());
    }
    for container in ["/initContainers", "/containers"].into_iter().flat_map(|list| each(spec, list)) {
        if !from.is_empty() && each(container, "/envFrom").any(|e| is(e, from)) {
            out.push(format!("all variables of {}", text(container)));
        }
        for variable in each(container, "/env").filter(|e| !key.is_empty() && is(e, key)) {
            out.push(format!("{} of {}", text(variable), text(container)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_refer_to_something() {
        let spec = json!({
            "serviceAccountName": "robot",
            "imagePullSecrets": [{"name": "s"}],
            "volumes": [
                {"name": "a", "configMap": {"name": "c"}}, {"name": "b", "secret": {"secretName": "s"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "p"}},
                {"name": "e", "projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "s"}}]}}],
            "initContainers": [{"name": "init", "envFrom": [{"secretRef": {"name": "s"}}]}],
            "containers": [{"name": "web", "env": [
                {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "mode"}}},
                {"name": "OTHER", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "mode"}}}]}],
        });
        for (kind, name, wanted) in [
            (Kind::ConfigMap, "c", "volume a, volume e, MODE of web"),
            (Kind::Secret, "s", "volume b, volume e, pulls images, all variables of init"),
            (Kind::PersistentVolumeClaim, "p", "volume d"),
            (Kind::ServiceAccount, "robot", "service account"),
            (Kind::ServiceAccount, "other", ""),
        ] {
            assert_eq!(ways(kind, name, &spec).join(", "), wanted, "{name}");
        }
    }
}
