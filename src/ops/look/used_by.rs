//! Who uses a config map, a secret, a claim or a service account: the workloads and pods of its namespace that refer to it, and how.
//! What a controller made is left out where its owner is listed. Called by the view, as k9s's `u`.

use futures::future::join_all;
use serde_json::Value;

use crate::domain::id::ObjectKey;
use crate::domain::json;
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
    let what = USERS.map(|(kind, _)| Resource::from(kind));
    let lists = join_all(what.iter().map(|what| api::list(&client, what, &options))).await;
    for ((kind, spec), list) in USERS.into_iter().zip(lists) {
        match list {
            Err(fault) => {
                refused.push(format!("{} could not be looked at: {}", kind.info().plural, fault.words))
            }
            Ok(objects) => lines.extend(objects.iter().filter_map(|object| line(key, kind, spec, object))),
        }
    }
    if lines.is_empty() {
        lines.push(format!("nothing in namespace {} refers to {}", key.namespace, key.target()));
    }
    lines.extend(refused);
    Ok(lines.join("\n"))
}

/// A user in a line, where it is one, and none that one of the others made.
fn line(key: &ObjectKey, kind: Kind, spec: &str, object: &Value) -> Option<String> {
    let is_listed = |owner: &Value| {
        let made_by = owner.pointer("/kind").and_then(Value::as_str);
        USERS.iter().any(|(kind, _)| Some(kind.info().name) == made_by)
    };
    if each(object, "/metadata/ownerReferences").any(is_listed) {
        return None;
    }
    let ways = ways(key.kind, &key.name, object.pointer(spec)?);
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
    (!ways.is_empty()).then(|| format!("{}/{name}   {}", kind.info().name, ways.join(", ")))
}

fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    json::list(value, pointer).iter()
}

/// A pod's spec refers to it.
pub(in crate::ops) fn refers(kind: Kind, name: &str, spec: &Value) -> bool {
    !ways(kind, name, spec).is_empty()
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

    #[test]
    fn what_an_operator_made_is_a_user_and_what_a_workload_made_is_not() {
        let key = ObjectKey {
            cluster: crate::domain::id::ClusterId(0),
            kind: Kind::ConfigMap,
            namespace: "shop".into(),
            name: "c".into(),
        };
        let owned = |by: &str| {
            json!({"metadata": {"name": "x", "ownerReferences": [{"kind": by}]},
                "spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}})
        };
        assert_eq!(line(&key, Kind::Pod, "/spec", &owned("ReplicaSet")), None);
        let found = line(&key, Kind::Pod, "/spec", &owned("Gear"));
        assert_eq!(found.as_deref(), Some("Pod/x   volume v"));
    }
}
