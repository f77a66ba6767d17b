//! Discovery: which kinds a server serves, built in or not. In two answers where it knows the aggregated form (Kubernetes 1.26
//! and later), else group by group.
//!
//! Called by the supervisors for the `:` line, and by `ops` for what people name and manifests hold.

use std::collections::BTreeSet;

use futures::StreamExt;
use kube::Client;
use serde_json::Value;

use super::api::{Resource, read, read_as};
use super::fault::{Fault, FaultClass};
use crate::domain::kind::{Kind, Served};

/// `apidiscovery.k8s.io` as v2, as v2beta1, else the lists of groups and versions of old.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
/// Groups asked for at once, where each is asked for by itself.
const AT_ONCE: usize = 8;

/// Every kind that can be listed, in the version that the server prefers; the core group first.
pub async fn served(client: &Client) -> Result<Vec<Served>, Fault> {
    let mut out = Vec::new();
    for root in ["/api", "/apis"] {
        let answer: Value = read_as(client, root, Some(AGGREGATED)).await?;
        if text(&answer, "kind") == "APIGroupDiscoveryList" {
            for group in array(&answer, "items") {
                of_group(group, &mut out);
            }
        } else {
            one_by_one(client, root, &answer, &mut out).await;
        }
    }
    Ok(out)
}

/// The kinds of a group in the aggregated form: each in the first version that has it.
fn of_group(group: &Value, out: &mut Vec<Served>) {
    let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
    let mut seen = BTreeSet::new();
    for version in array(group, "versions") {
        for resource in array(version, "resources").filter(|r| is_listed(r)) {
            if seen.insert(text(resource, "resource")) {
                out.push(Served {
                    group: name.to_owned(),
                    version: text(version, "version").to_owned(),
                    name: resource
                        .pointer("/responseKind/kind")
                        .and_then(Value::as_str)
                        .unwrap_or("")
                        .to_owned(),
                    plural: text(resource, "resource").to_owned(),
                    singular: text(resource, "singularResource").to_owned(),
                    shorts: texts(resource, "shortNames"),
                    namespaced: text(resource, "scope") == "Namespaced",
                });
            }
        }
    }
}

/// The kinds of servers that do not know the aggregated form. A group whose own server is away must not hide the others.
async fn one_by_one(client: &Client, root: &str, answer: &Value, out: &mut Vec<Served>) {
    let core = array(answer, "versions").filter_map(Value::as_str).take(1).map(str::to_owned);
    let preferred =
        array(answer, "groups").filter_map(|g| g.pointer("/preferredVersion/groupVersion")?.as_str());
    let versions: Vec<String> = core.chain(preferred.map(str::to_owned)).collect();
    let mut lists = futures::stream::iter(versions)
        .map(|version| async move {
            let list = read::<Value>(client, &format!("{root}/{version}")).await.unwrap_or_default();
            (version, list)
        })
        .buffered(AT_ONCE);
    while let Some((version, list)) = lists.next().await {
        let (group, version) = version.split_once('/').unwrap_or(("", version.as_str()));
        for resource in array(&list, "resources").filter(|r| is_listed(r) && !text(r, "name").contains('/')) {
            out.push(Served {
                group: group.to_owned(),
                version: version.to_owned(),
                name: text(resource, "kind").to_owned(),
                plural: text(resource, "name").to_owned(),
                singular: text(resource, "singularName").to_owned(),
                shorts: texts(resource, "shortNames"),
                namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
            });
        }
    }
}

/// The resource of a kind in this server: of one that is not built in the server says in which version.
pub async fn resource(client: &Client, kind: Kind) -> Result<Resource, Fault> {
    let Kind::Custom(custom) = kind else { return Ok(kind.into()) };
    let info = custom.info();
    let found = served(client).await?.into_iter().find(|s| s.group == info.group && s.plural == info.plural);
    found.map(|s| Resource::from(&s)).ok_or_else(|| unknown(&custom.full()))
}

/// The resource of a kind of a group, in the version that the server prefers.
pub async fn of_group_and_kind(client: &Client, group: &str, kind: &str) -> Result<Resource, Fault> {
    let found = served(client).await?.into_iter().find(|s| s.group == group && s.name == kind);
    found.map(|s| Resource::from(&s)).ok_or_else(|| unknown(&format!("{kind} of {group}")))
}

/// The resource that a word names: plural, singular, kind or short name, in any case, also as `plural.group`.
pub async fn find(client: &Client, word: &str) -> Result<Resource, Fault> {
    let found = served(client).await?.into_iter().find(|s| s.is_named(word));
    found.map(|s| Resource::from(&s)).ok_or_else(|| unknown(word))
}

fn unknown(word: &str) -> Fault {
    not_found(&format!("the server knows no kind named {word}"))
}

fn not_found(words: &str) -> Fault {
    let mut fault = Fault::new(FaultClass::NotFound, words);
    fault.code = Some(404);
    fault
}

/// The resource of a manifest's kind and version.
pub async fn of_manifest(client: &Client, api_version: &str, kind: &str) -> Result<Resource, Fault> {
    let path = if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    };
    let missing = || {
        not_found(&format!(
            "the server does not know {kind} of {api_version}; install its CRD first, or check the apiVersion"
        ))
    };
    let list: Value = match read(client, &path).await {
        Ok(list) => list,
        Err(fault) if fault.class == FaultClass::NotFound => return Err(missing()),
        Err(fault) => return Err(fault),
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    array(&list, "resources")
        .find(|r| text(r, "kind") == kind && !text(r, "name").contains('/'))
        .map(|r| Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: text(r, "name").to_owned(),
            kind: kind.to_owned(),
            namespaced: r.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
        })
        .ok_or_else(missing)
}

fn is_listed(resource: &Value) -> bool {
    array(resource, "verbs").any(|verb| verb == "list")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    array(value, key).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
