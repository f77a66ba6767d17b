//! The schemas of the built-in kinds, as a real API server publishes them, and the documents made of them.
//! Read once from `data/openapi.json.gz`, when somebody first asks. Called by discovery and by admission.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use super::json as j;
use super::store::World;
use super::table::{self, Resource};

static PACKED: &[u8] = include_bytes!("../../data/openapi.json.gz");
static NONE: Value = Value::Null;
static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::read);

const PREFIX: &str = "#/components/schemas/";
const GVK: &str = "x-kubernetes-group-version-kind";

/// All schemas by name, and the names of kinds.
#[derive(Default)]
struct Schemas {
    all: Map<String, Value>,
    kinds: BTreeMap<(String, String, String), String>,
}

impl Schemas {
    fn read() -> Self {
        let read: Value = serde_json::from_reader(GzDecoder::new(PACKED)).unwrap_or_default();
        let Value::Object(mut document) = read else { return Self::default() };
        let Some(Value::Object(all)) = document.remove("schemas") else { return Self::default() };
        let mut kinds = BTreeMap::new();
        for (name, schema) in &all {
            // Options of deletes and the like name every group; they are nobody's kind.
            if let [one] = j::list(schema, GVK) {
                let part = |field: &str| j::text(one, field).to_string();
                kinds.insert((part("group"), part("version"), part("kind")), name.clone());
            }
        }
        Self { all, kinds }
    }
}

/// The schema of a built-in kind.
pub(crate) fn of_kind(group: &str, version: &str, kind: &str) -> Option<&'static Value> {
    let name = SCHEMAS.kinds.get(&(group.to_string(), version.to_string(), kind.to_string()))?;
    SCHEMAS.all.get(name)
}

/// The name of a built-in kind's schema: `io.k8s.api.apps.v1.Deployment`.
pub(crate) fn name_of(group: &str, version: &str, kind: &str) -> Option<&'static str> {
    SCHEMAS.kinds.get(&(group.to_string(), version.to_string(), kind.to_string())).map(String::as_str)
}

/// All schemas by their names.
pub(crate) fn all() -> impl Iterator<Item = (&'static String, &'static Value)> {
    SCHEMAS.all.iter()
}

/// A schema by its name.
pub(crate) fn named(name: &str) -> Option<&'static Value> {
    SCHEMAS.all.get(name)
}

/// The schema that a reference means.
pub(crate) fn resolved(schema: &Value) -> &Value {
    match referred(schema) {
        Some(name) => SCHEMAS.all.get(name).unwrap_or(&NONE),
        None => schema,
    }
}

/// The name that a schema refers to, if that is what it does.
pub(crate) fn referred(schema: &Value) -> Option<&str> {
    let all_of = schema.get("allOf").and_then(|all| all.get(0));
    schema.get("$ref").or_else(|| all_of?.get("$ref"))?.as_str()?.strip_prefix(PREFIX)
}

/// Every name that a schema refers to, and those they refer to.
fn reach(schema: &Value, out: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(name) =
                schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(PREFIX))
                && out.insert(name.to_string())
                && let Some(next) = SCHEMAS.all.get(name)
            {
                reach(next, out);
            }
            fields.values().for_each(|below| reach(below, out));
        }
        Value::Array(items) => items.iter().for_each(|below| reach(below, out)),
        _ => {}
    }
}

/// Where the documents are: `api/v1`, `apis/apps/v1` …
pub(crate) fn index<'a>(groups: impl Iterator<Item = &'a (String, String)>) -> Value {
    let mut paths = Map::new();
    for (group, version) in groups {
        let path =
            if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        // The hash stands for the content, which a version of the program fixes.
        let url = format!("/openapi/v3/{path}?hash={:016X}", super::rng::hash(&path));
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// The document of a group and version: paths with their options, and all schemas they need.
pub(crate) fn document(world: &World, group: &str, version: &str, types: &[Resource]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    let mut names = BTreeSet::new();
    for res in types {
        let gvk = json!({"group": group, "version": version, "kind": res.kind});
        let schema = if res.custom {
            let name =
                format!("{}.{version}.{}", group.split('.').rev().collect::<Vec<_>>().join("."), res.kind);
            schemas.insert(name.clone(), own(world, res, &gvk));
            reach(
                &json!({"$ref": format!("{PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")}),
                &mut names,
            );
            name
        } else {
            let key = (group.to_string(), version.to_string(), res.kind.to_string());
            let Some(name) = SCHEMAS.kinds.get(&key) else { continue };
            reach(&json!({"$ref": format!("{PREFIX}{name}")}), &mut names);
            name.clone()
        };
        let root =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let place = if res.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("{root}{place}/{}", res.plural);
        let operation = |action: &str, writes: bool| operation(action, writes, &gvk, &schema);
        paths.insert(
            format!("{collection}/{{name}}"),
            json!({"get": operation("get", false), "put": operation("put", true), "patch": operation("patch", true),
                "delete": operation("delete", false)}),
        );
        paths.insert(collection, json!({"get": operation("list", false), "post": operation("post", true)}));
    }
    for name in names {
        if let Some(schema) = SCHEMAS.all.get(&name) {
            schemas.insert(name, schema.clone());
        }
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "1.36"}, "paths": paths,
        "components": {"schemas": schemas}})
}

fn operation(action: &str, writes: bool, gvk: &Value, schema: &str) -> Value {
    let content = json!({"application/json": {"schema": {"$ref": format!("{PREFIX}{schema}")}}});
    let mut out = json!({"responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action, GVK: gvk});
    if writes {
        let options = ["dryRun", "fieldManager", "fieldValidation"];
        let one = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        j::set(&mut out, "parameters", options.iter().map(|name| one(name)).collect::<Vec<_>>());
    }
    out
}

/// The schema of a CRD's type, with the fields every object has.
fn own(world: &World, res: &Resource, gvk: &Value) -> Value {
    let crd = world.get(table::CRD, "", &format!("{}.{}", res.plural, res.group)).map(|c| c.value());
    let versions = crd.as_ref().map(|c| j::list(c, "spec.versions")).unwrap_or_default();
    let found = versions.iter().find(|v| j::text(v, "name") == res.version);
    let mut schema =
        found.map_or_else(|| json!({"type": "object"}), |v| j::at(v, "schema.openAPIV3Schema").clone());
    for field in ["apiVersion", "kind"] {
        j::default(&mut schema, &format!("properties.{field}"), json!({"type": "string"}));
    }
    let meta = format!("{PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    j::set(&mut schema, "properties.metadata", json!({"allOf": [{"$ref": meta}]}));
    if let Some(fields) = schema.as_object_mut() {
        fields.insert(GVK.into(), json!([gvk]));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_kind_has_a_schema() {
        let without: Vec<_> = table::builtin()
            .iter()
            .filter(|r| of_kind(&r.group, &r.version, &r.kind).is_none())
            .map(|r| r.qualified())
            .collect();
        assert!(without.is_empty(), "{without:?}");
        let pod = of_kind("", "v1", "Pod").unwrap();
        let spec = resolved(&pod["properties"]["spec"]);
        assert_eq!(spec["properties"]["containers"]["x-kubernetes-list-map-keys"], json!(["name"]));
    }
}
