//! What the server is and offers: /version, health, discovery in both forms, OpenAPI.
//! Called by `dispatch` before everything else.

use std::collections::BTreeMap;

use http::Response;
use serde_json::{Value, json};

use super::Call;
use super::body::{self, Body};
use crate::sim::cluster::Cluster;
use crate::sim::openapi;
use crate::sim::status::Answer;
use crate::sim::store::World;
use crate::sim::table::Resource;

/// Answers discovery paths; `None` for all others.
pub(crate) fn answer(cluster: &Cluster, call: &Call, segments: &[&str]) -> Option<Answer<Response<Body>>> {
    Some(Ok(match segments {
        [] => body::value(
            200,
            &json!({"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"]}),
        ),
        ["version"] => body::value(200, &version(&cluster.spec.version)),
        ["healthz" | "livez" | "readyz", ..] => {
            if call.query.get("verbose").is_some() {
                body::plain(
                    200,
                    "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]poststarthook/start-apiserver-admission-initializer ok\n[+]shutdown ok\nreadyz check passed\n",
                )
            } else {
                body::plain(200, "ok")
            }
        }
        ["api"] => match aggregated(call) {
            Some(kind) => body::typed(200, &kind, &aggregate(&cluster.lock(), true, &kind)),
            None => body::value(
                200,
                &json!({"kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:443"}]}),
            ),
        },
        ["apis"] => match aggregated(call) {
            Some(kind) => body::typed(200, &kind, &aggregate(&cluster.lock(), false, &kind)),
            None => body::value(200, &groups(&cluster.lock())),
        },
        ["api", "v1"] => body::value(200, &resources(&cluster.lock(), "", "v1")),
        ["apis", group] => {
            let world = cluster.lock();
            let found = groups(&world);
            let one = crate::sim::json::list(&found, "groups")
                .iter()
                .find(|g| crate::sim::json::text(g, "name") == *group)?;
            let mut one = one.clone();
            crate::sim::json::set(&mut one, "kind", "APIGroup");
            crate::sim::json::set(&mut one, "apiVersion", "v1");
            body::value(200, &one)
        }
        ["apis", group, version] => {
            let list = resources(&cluster.lock(), group, version);
            if crate::sim::json::list(&list, "resources").is_empty() {
                return None;
            }
            body::value(200, &list)
        }
        ["openapi", "v3"] => body::value(200, &openapi::index(served(&cluster.lock()).keys())),
        ["openapi", "v3", "api", version] => document(&cluster.lock(), "", version)?,
        ["openapi", "v3", "apis", group, version] => document(&cluster.lock(), group, version)?,
        _ => return None,
    }))
}

/// The schemas of a group and version.
fn document(world: &World, group: &str, version: &str) -> Option<Response<Body>> {
    let types = served(world).remove(&(group.to_string(), version.to_string()))?;
    Some(body::value(200, &openapi::document(world, group, version, &types)))
}

/// `/version` of a gitVersion.
fn version(git: &str) -> Value {
    let numbers = git.trim_start_matches('v');
    let mut parts = numbers.split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("36"));
    let commit = crate::sim::rng::Rng::of(1, git).hex(40);
    json!({
        "major": major, "minor": minor, "emulationMajor": major, "emulationMinor": minor,
        "minCompatibilityMajor": major, "minCompatibilityMinor": minor.parse::<u32>().map_or(35, |m| m.saturating_sub(1)).to_string(),
        "gitVersion": git, "gitCommit": commit, "gitTreeState": "clean",
        "buildDate": "2026-08-12T09:31:07Z", "goVersion": "go1.26.0", "compiler": "gc", "platform": "linux/amd64"
    })
}

fn aggregated(call: &Call) -> Option<String> {
    let accept = call.header("accept");
    let first = accept.split(',').find(|part| part.contains("as=APIGroupDiscoveryList"))?;
    let version = if first.contains("v=v2beta1") { "v2beta1" } else { "v2" };
    Some(format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"))
}

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

fn virtual_types() -> Vec<Resource> {
    let make = |group: &'static str,
                version: &'static str,
                kind: &'static str,
                plural: &'static str,
                namespaced: bool| Resource {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        plural: plural.into(),
        singular: kind.to_lowercase().into(),
        short: Vec::new(),
        namespaced,
        categories: Vec::new(),
        subs: Vec::new(),
        generations: false,
        custom: false,
    };
    vec![
        make("metrics.k8s.io", "v1beta1", "NodeMetrics", "nodes", false),
        make("metrics.k8s.io", "v1beta1", "PodMetrics", "pods", true),
        make("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", false),
        make("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", false),
        make("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", false),
        make("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", false),
        make("events.k8s.io", "v1", "Event", "events", true),
    ]
}

fn verbs(res: &Resource) -> &'static [&'static str] {
    match &*res.group {
        "metrics.k8s.io" => &["get", "list"],
        "authorization.k8s.io" | "authentication.k8s.io" => &["create"],
        _ => &VERBS,
    }
}

/// All served types by group and version, in serving order.
fn served(world: &World) -> BTreeMap<(String, String), Vec<Resource>> {
    let mut out: BTreeMap<(String, String), Vec<Resource>> = BTreeMap::new();
    let all = world
        .types
        .iter()
        .filter(|r| !r.group.starts_with('\u{0}'))
        .map(|r| (**r).clone())
        .chain(virtual_types());
    for res in all {
        out.entry((res.group.to_string(), res.version.to_string())).or_default().push(res);
    }
    for list in out.values_mut() {
        list.sort_by(|a, b| a.plural.cmp(&b.plural));
    }
    out
}

fn groups(world: &World) -> Value {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (group, version) in served(world).into_keys() {
        if !group.is_empty() {
            groups.entry(group).or_default().push(version);
        }
    }
    let list: Vec<Value> = groups
        .into_iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|v| json!({"groupVersion": format!("{group}/{v}"), "version": v}))
                .collect();
            json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
}

fn resources(world: &World, group: &str, version: &str) -> Value {
    let mut list = Vec::new();
    for res in served(world).remove(&(group.to_string(), version.to_string())).unwrap_or_default() {
        let mut item = json!({
            "name": res.plural, "singularName": res.singular, "namespaced": res.namespaced, "kind": res.kind,
            "verbs": verbs(&res)
        });
        if !res.short.is_empty() {
            crate::sim::json::set(&mut item, "shortNames", json!(res.short));
        }
        if !res.categories.is_empty() {
            crate::sim::json::set(&mut item, "categories", json!(res.categories));
        }
        list.push(item);
        for sub in &res.subs {
            list.push(sub_json(&res, sub, "name", &format!("{}/{sub}", res.plural)));
        }
    }
    let gv = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": gv, "resources": list})
}

fn sub_kind(res: &Resource, sub: &str) -> (String, String, String, Vec<&'static str>) {
    let own = (res.group.to_string(), res.version.to_string(), res.kind.to_string());
    let (group, version, kind) = match sub {
        "scale" => ("autoscaling".into(), "v1".into(), "Scale".into()),
        "eviction" => ("policy".into(), "v1".into(), "Eviction".into()),
        "binding" => (String::new(), "v1".into(), "Binding".into()),
        "exec" => (String::new(), "v1".into(), "PodExecOptions".into()),
        "attach" => (String::new(), "v1".into(), "PodAttachOptions".into()),
        "portforward" => (String::new(), "v1".into(), "PodPortForwardOptions".into()),
        _ => own,
    };
    let verbs = match sub {
        "log" => vec!["get"],
        "eviction" | "binding" => vec!["create"],
        "exec" | "attach" | "portforward" => vec!["create", "get"],
        "finalize" => vec!["update"],
        _ => vec!["get", "patch", "update"],
    };
    (group, version, kind, verbs)
}

fn sub_json(res: &Resource, sub: &str, name_key: &str, name: &str) -> Value {
    let (group, version, kind, verbs) = sub_kind(res, sub);
    let mut out = json!({"singularName": "", "namespaced": res.namespaced, "kind": kind, "verbs": verbs});
    crate::sim::json::set(&mut out, name_key, name);
    if kind != res.kind {
        crate::sim::json::set(&mut out, "group", group);
        crate::sim::json::set(&mut out, "version", version);
    }
    out
}

fn aggregate(world: &World, core: bool, media: &str) -> Value {
    let version = if media.contains("v2beta1") { "v2beta1" } else { "v2" };
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for ((group, group_version), list) in served(world) {
        if group.is_empty() != core {
            continue;
        }
        let resources: Vec<Value> = list
            .iter()
            .map(|res| {
                let subs: Vec<Value> = res
                    .subs
                    .iter()
                    .map(|sub| {
                        let (g, v, k, verbs) = sub_kind(res, sub);
                        json!({"subresource": sub, "responseKind": {"group": g, "version": v, "kind": k}, "verbs": verbs})
                    })
                    .collect();
                let mut item = json!({
                    "resource": res.plural, "singularResource": res.singular,
                    "responseKind": {"group": res.group, "version": res.version, "kind": res.kind},
                    "scope": if res.namespaced { "Namespaced" } else { "Cluster" }, "verbs": verbs(res)
                });
                if !res.short.is_empty() {
                    crate::sim::json::set(&mut item, "shortNames", json!(res.short));
                }
                if !res.categories.is_empty() {
                    crate::sim::json::set(&mut item, "categories", json!(res.categories));
                }
                if !subs.is_empty() {
                    crate::sim::json::set(&mut item, "subresources", subs);
                }
                item
            })
            .collect();
        groups
            .entry(group)
            .or_default()
            .push(json!({"version": group_version, "freshness": "Current", "resources": resources}));
    }
    let items: Vec<Value> = groups
        .into_iter()
        .map(|(group, versions)| {
            let meta = if group.is_empty() {
                json!({"creationTimestamp": null})
            } else {
                json!({"name": group, "creationTimestamp": null})
            };
            json!({"metadata": meta, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{version}"), "metadata": {}, "items": items})
}
