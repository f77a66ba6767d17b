//! Volumes described, of pods and as objects of their own: what kind of source, and each of its fields.

use serde_json::Value;

use super::json::{is_true, list, plain, text};
use super::other;
use super::page::Page;

/// The kinds of sources with the names people know them by; any other is named like its field.
const SOURCES: &[(&str, &str)] = &[
    ("hostPath", "HostPath (a directory of the node)"),
    ("emptyDir", "EmptyDir (lives as long as the pod)"),
    ("secret", "Secret"),
    ("configMap", "ConfigMap"),
    ("projected", "Projected (from several sources)"),
    ("persistentVolumeClaim", "PersistentVolumeClaim"),
    ("ephemeral", "EphemeralVolume (a claim made and deleted with the pod)"),
    ("downwardAPI", "DownwardAPI (fields of the pod)"),
    ("nfs", "NFS"),
    ("csi", "CSI"),
    ("iscsi", "ISCSI"),
    ("fc", "FC (a Fibre Channel disk)"),
    ("local", "LocalVolume (on one node)"),
    ("image", "Image (an image or an artifact)"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("azureDisk", "AzureDisk"),
    ("azureFile", "AzureFile"),
    ("cephfs", "CephFS"),
    ("rbd", "RBD"),
];

/// The volumes of a pod or of a template.
pub(super) fn volumes(page: &mut Page, spec: &Value) {
    page.block("Volumes", |page| {
        for v in list(spec, "/volumes") {
            page.block(text(v, "/name"), |page| {
                for (field, source) in v.as_object().into_iter().flatten().filter(|(k, _)| *k != "name") {
                    self::source(page, field, source);
                }
            });
        }
    });
}

/// The source of a volume: what it is, and its fields.
pub(super) fn source(page: &mut Page, field: &str, source: &Value) {
    let name = SOURCES.iter().find(|(f, _)| *f == field).map_or(field, |(_, name)| name);
    page.field("Type", name);
    match field {
        "secret" => {
            page.field("Secret Name", text(source, "/secretName"));
            page.field("Optional", is_true(source, "/optional").to_string());
            items(page, source);
        }
        "configMap" => {
            page.field("Name", text(source, "/name"));
            page.field("Optional", is_true(source, "/optional").to_string());
            items(page, source);
        }
        "persistentVolumeClaim" => {
            page.field("Claim Name", text(source, "/claimName"));
            page.field("Read Only", is_true(source, "/readOnly").to_string());
        }
        "downwardAPI" => items(page, source),
        "hostPath" => {
            page.field("Path", text(source, "/path"));
            page.known("HostPath Type", text(source, "/type"));
        }
        "projected" => {
            for part in list(source, "/sources") {
                projected(page, part);
            }
        }
        _ => other::fields(page, source),
    }
}

fn projected(page: &mut Page, part: &Value) {
    if let Some(secret) = part.get("secret") {
        page.field("Secret Name", text(secret, "/name"));
        page.field("Optional", is_true(secret, "/optional").to_string());
        items(page, secret);
    }
    if let Some(map) = part.get("configMap") {
        page.field("ConfigMap Name", text(map, "/name"));
        page.field("Optional", is_true(map, "/optional").to_string());
        items(page, map);
    }
    if let Some(fields) = part.get("downwardAPI") {
        page.field("Downward API", "true");
        items(page, fields);
    }
    if let Some(token) = part.get("serviceAccountToken") {
        page.known("Token Audience", text(token, "/audience"));
        page.field(
            "Token Expiration Seconds",
            token.get("expirationSeconds").map_or_else(String::new, plain),
        );
    }
    if let Some(bundle) = part.get("clusterTrustBundle") {
        page.block("Cluster Trust Bundle", |page| other::fields(page, bundle));
    }
}

/// Which key, or which field, becomes which file.
fn items(page: &mut Page, source: &Value) {
    let of = |item: &Value| {
        let from =
            [text(item, "/key"), text(item, "/fieldRef/fieldPath"), text(item, "/resourceFieldRef/resource")];
        format!("{} -> {}", from.concat(), text(item, "/path"))
    };
    page.lines("Items", list(source, "/items").iter().map(of).collect());
}
