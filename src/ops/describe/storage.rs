//! Claims, volumes and classes of storage described.

use serde_json::Value;

use super::json::{at, list, pairs, text, words};
use super::page::Page;
use super::volumes::source;
use super::{Beside, Wanted};
use crate::domain::kind::Kind;
use crate::ops::look::refers;

/// What is read beside a claim: the pods of its namespace, to tell which use it.
pub(super) fn wanted_of_claim(object: &Value) -> Vec<Wanted> {
    vec![Wanted::here(Kind::Pod, object)]
}

/// A claim.
pub(super) fn claim(page: &mut Page, object: &Value, beside: &Beside) {
    page.field("Storage Class", text(object, "/spec/storageClassName"));
    page.field("Status", text(object, "/status/phase"));
    page.field("Volume", text(object, "/spec/volumeName"));
    page.known("Requested", at(object, "/spec/resources/requests/storage"));
    page.field("Capacity", at(object, "/status/capacity/storage"));
    page.field("Access Modes", modes(object));
    page.known("Volume Mode", text(object, "/spec/volumeMode"));
    if let Some(from) = object.pointer("/spec/dataSource") {
        page.field("Data Source", format!("{}/{}", text(from, "/kind"), text(from, "/name")));
        page.known("Data Source Group", text(from, "/apiGroup"));
    }
    if let Some(Ok(pods)) = beside.get(Kind::Pod) {
        let name = text(object, "/metadata/name");
        let mut users: Vec<String> = pods
            .iter()
            .filter(|pod| uses(pod, name))
            .map(|pod| text(pod, "/metadata/name").to_owned())
            .collect();
        users.sort();
        if users.is_empty() {
            page.field("Used By", "");
        }
        page.lines("Used By", users);
    }
    beside.said(page, Kind::Pod, "Used By");
}

/// A pod mounts the claim, by its name or as one made for the pod (named after it and the volume).
fn uses(pod: &Value, claim: &str) -> bool {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let made_for = claim.strip_prefix(text(pod, "/metadata/name")).and_then(|rest| rest.strip_prefix('-'));
    let is_made = |v: &Value| v.get("ephemeral").is_some() && made_for == Some(text(v, "/name"));
    refers(Kind::PersistentVolumeClaim, claim, spec) || list(spec, "/volumes").iter().any(is_made)
}

/// Modes as they are mostly written: `RWO`.
fn modes(object: &Value) -> String {
    let short = |mode: &str| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "?",
    };
    let modes = list(object, "/spec/accessModes").iter().filter_map(Value::as_str);
    modes.map(|m| format!("{} ({m})", short(m))).collect::<Vec<_>>().join(", ")
}

/// A volume.
pub(super) fn volume(page: &mut Page, object: &Value) {
    page.field("Storage Class", text(object, "/spec/storageClassName"));
    page.field("Status", text(object, "/status/phase"));
    page.known("Reason", text(object, "/status/reason"));
    page.known("Message", text(object, "/status/message"));
    let claim = object.pointer("/spec/claimRef");
    page.field(
        "Claim",
        claim.map_or_else(String::new, |c| format!("{}/{}", text(c, "/namespace"), text(c, "/name"))),
    );
    page.field("Reclaim Policy", text(object, "/spec/persistentVolumeReclaimPolicy"));
    page.field("Access Modes", modes(object));
    page.known("Volume Mode", text(object, "/spec/volumeMode"));
    page.field("Capacity", at(object, "/spec/capacity/storage"));
    page.known("Mount Options", words(object, "/spec/mountOptions"));
    page.block("Node Affinity", |page| {
        for (n, term) in list(object, "/spec/nodeAffinity/required/nodeSelectorTerms").iter().enumerate() {
            let each = |e: &Value| {
                let values = words(e, "/values");
                let values = if values.is_empty() { values } else { format!(" [{values}]") };
                format!("{} {}{values}", text(e, "/key"), text(e, "/operator").to_lowercase())
            };
            page.lines(&format!("Term {n}"), list(term, "/matchExpressions").iter().map(each).collect());
        }
    });
    page.block("Source", |page| {
        // All of its fields but these say how it is used; the one that is left says what it is.
        const OTHERS: &[&str] = &[
            "accessModes",
            "capacity",
            "claimRef",
            "mountOptions",
            "nodeAffinity",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "volumeMode",
            "volumeAttributesClassName",
        ];
        let spec = object.get("spec").and_then(Value::as_object);
        for (field, value) in spec.into_iter().flatten().filter(|(k, _)| !OTHERS.contains(&k.as_str())) {
            source(page, field, value);
        }
    });
}

/// A class.
pub(super) fn class(page: &mut Page, object: &Value) {
    let default = object.pointer("/metadata/annotations/storageclass.kubernetes.io~1is-default-class");
    page.field(
        "Is Default Class",
        if default.and_then(Value::as_str) == Some("true") { "Yes" } else { "No" },
    );
    page.field("Provisioner", text(object, "/provisioner"));
    page.lines("Parameters", pairs(object, "/parameters"));
    page.known("Allow Volume Expansion", at(object, "/allowVolumeExpansion"));
    page.known("Mount Options", words(object, "/mountOptions"));
    page.field("Reclaim Policy", text(object, "/reclaimPolicy"));
    page.field("Volume Binding Mode", text(object, "/volumeBindingMode"));
    page.block("Allowed Topologies", |page| {
        for (n, term) in list(object, "/allowedTopologies").iter().enumerate() {
            let each = |e: &Value| format!("{} in [{}]", text(e, "/key"), words(e, "/values"));
            page.lines(&format!("Term {n}"), list(term, "/matchLabelExpressions").iter().map(each).collect());
        }
    });
}
