//! Who owns which field: leaf paths, `managedFields` entries, tracking of ordinary updates.
//! Leaves are compared by their whole path; fieldsV1 is only the outer form. Called by the write paths and `apply`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::shape::{Key, ListKind, Shape, item_key};
use crate::sim::clock::{self, Millis};
use crate::sim::json as j;

/// A leaf: `["f:spec", "f:replicas"]`.
pub(crate) type Leaf = Vec<String>;
/// A set of leaves.
pub(crate) type Set = BTreeSet<Leaf>;

/// A writer and how it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manager {
    pub(crate) name: String,
    operation: &'static str,
    pub(crate) api_version: String,
    sub: String,
}

impl Manager {
    /// A writer by create, update or patch.
    pub(crate) fn update(name: &str, api_version: &str, sub: &str) -> Self {
        Self { name: name.into(), operation: "Update", api_version: api_version.into(), sub: sub.into() }
    }

    /// A writer by apply.
    pub(crate) fn apply(name: &str, api_version: &str, sub: &str) -> Self {
        Self { operation: "Apply", ..Self::update(name, api_version, sub) }
    }

    /// The subresource written to.
    pub(crate) fn sub(&self) -> &str {
        &self.sub
    }

    /// Not apply?
    pub(crate) fn is_update(&self) -> bool {
        self.operation == "Update"
    }

    fn wrote(&self, entry: &Entry) -> bool {
        self.name == entry.name && self.operation == entry.operation && self.sub == entry.sub
    }
}

/// One entry of `managedFields`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) api_version: String,
    pub(crate) sub: String,
    pub(crate) time: String,
    pub(crate) set: Set,
}

impl Entry {
    /// As conflicts name it.
    pub(crate) fn shown(&self) -> String {
        let mut out = format!("\"{}\"", self.name);
        if !self.sub.is_empty() {
            out.push_str(&format!(" with subresource \"{}\"", self.sub));
        }
        if self.operation == "Update" {
            out.push_str(&format!(" using {}", self.api_version));
        }
        out
    }

    /// Is it this writer's?
    pub(crate) fn of(&self, manager: &Manager) -> bool {
        manager.wrote(self)
    }

    /// A new entry of a writer.
    pub(crate) fn new(manager: &Manager, set: Set, now: Millis) -> Self {
        Self {
            name: manager.name.clone(),
            operation: manager.operation.into(),
            api_version: manager.api_version.clone(),
            sub: manager.sub.clone(),
            time: clock::rfc3339(now),
            set,
        }
    }
}

/// Reads `metadata.managedFields`.
pub(crate) fn entries(value: &Value) -> Vec<Entry> {
    j::list(value, "metadata.managedFields")
        .iter()
        .map(|entry| {
            let mut set = Set::new();
            unfold(j::at(entry, "fieldsV1"), &mut Vec::new(), &mut set);
            Entry {
                name: j::text(entry, "manager").into(),
                operation: j::text(entry, "operation").into(),
                api_version: j::text(entry, "apiVersion").into(),
                sub: j::text(entry, "subresource").into(),
                time: j::text(entry, "time").into(),
                set,
            }
        })
        .collect()
}

/// Writes `metadata.managedFields`; empty entries go.
pub(crate) fn write(value: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.set.is_empty());
    entries.sort_by(|a, b| {
        (&b.operation == "Update", &a.time, &a.name).cmp(&(&a.operation == "Update", &b.time, &b.name))
    });
    entries.sort_by_key(|e| e.operation == "Update");
    let list: Vec<Value> = entries
        .iter()
        .map(|e| {
            let mut out = json!({"manager": e.name, "operation": e.operation, "apiVersion": e.api_version,
                "time": e.time, "fieldsType": "FieldsV1", "fieldsV1": fold(&e.set)});
            if !e.sub.is_empty() {
                j::set(&mut out, "subresource", e.sub.clone());
            }
            out
        })
        .collect();
    if list.is_empty() {
        j::remove(value, "metadata.managedFields");
    } else {
        j::set(value, "metadata.managedFields", list);
    }
}

fn unfold(tree: &Value, path: &mut Leaf, out: &mut Set) {
    let Some(fields) = tree.as_object() else { return };
    if fields.is_empty() {
        if !path.is_empty() {
            out.insert(path.clone());
        }
        return;
    }
    for (name, below) in fields {
        path.push(name.clone());
        unfold(below, path, out);
        path.pop();
    }
}

fn fold(set: &Set) -> Value {
    let mut root = Value::Object(Map::new());
    for leaf in set {
        let mut here = &mut root;
        for part in leaf {
            here = j::key(here, part);
        }
        if here.is_null() {
            *here = json!({});
        }
    }
    root
}

/// The leaves of an object, with their values. Identity fields of metadata are nobody's.
pub(crate) fn leaves(value: &Value, shape: Shape) -> BTreeMap<Leaf, Value> {
    let mut out = BTreeMap::new();
    let Some(fields) = value.as_object() else { return out };
    for (name, below) in fields {
        let shape = shape.field(name);
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for (field, value) in below.as_object().into_iter().flatten() {
                    if matches!(
                        field.as_str(),
                        "labels" | "annotations" | "finalizers" | "ownerReferences" | "generateName"
                    ) {
                        walk(field, value, shape.field(field), &mut vec!["f:metadata".into()], &mut out);
                    }
                }
            }
            _ => walk(name, below, shape, &mut Vec::new(), &mut out),
        }
    }
    out
}

fn walk(field: &str, value: &Value, shape: Shape, leaf: &mut Leaf, out: &mut BTreeMap<Leaf, Value>) {
    leaf.push(format!("f:{field}"));
    match value {
        Value::Null => {}
        Value::Object(fields) if fields.is_empty() || shape.is_atomic() => {
            out.insert(leaf.clone(), value.clone());
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                walk(name, inner, shape.field(name), leaf, out);
            }
        }
        Value::Array(items) => match shape.list() {
            ListKind::Map(keys) if items.iter().all(|i| item_key(i, keys).is_some()) => {
                for item in items {
                    leaf.push(item_name(item, keys));
                    let mut own = leaf.clone();
                    own.push(".".into());
                    out.insert(own, Value::Null);
                    for (name, inner) in item.as_object().into_iter().flatten() {
                        walk(name, inner, shape.item().field(name), leaf, out);
                    }
                    leaf.pop();
                }
            }
            ListKind::Set => {
                for item in items {
                    leaf.push(format!("v:{item}"));
                    out.insert(leaf.clone(), item.clone());
                    leaf.pop();
                }
            }
            _ => {
                out.insert(leaf.clone(), value.clone());
            }
        },
        scalar => {
            out.insert(leaf.clone(), scalar.clone());
        }
    }
    leaf.pop();
}

/// `.spec.template.spec.containers[name="web"].image`
pub(crate) fn shown(leaf: &Leaf) -> String {
    let mut out = String::new();
    for part in leaf {
        if let Some(field) = part.strip_prefix("f:") {
            out.push('.');
            out.push_str(field);
        } else if let Some(keys) = part.strip_prefix("k:") {
            let keys: Value = serde_json::from_str(keys).unwrap_or(Value::Null);
            let list: Vec<String> =
                keys.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={v}")).collect();
            out.push_str(&format!("[{}]", list.join(",")));
        } else if let Some(item) = part.strip_prefix("v:") {
            out.push_str(&format!("[={item}]"));
        }
    }
    out
}

/// The fieldsV1 of a whole new object, made in one walk (what `fold(leaves)` would give).
fn whole_tree(value: &Value, shape: Shape, status: bool) -> Value {
    let mut root = Map::new();
    for (name, below) in value.as_object().into_iter().flatten() {
        let shape = shape.field(name);
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "status" if !status => {}
            "metadata" => {
                let mut meta = Map::new();
                for (field, value) in below.as_object().into_iter().flatten() {
                    if matches!(
                        field.as_str(),
                        "labels" | "annotations" | "finalizers" | "ownerReferences" | "generateName"
                    ) {
                        tree(field, value, shape.field(field), &mut meta);
                    }
                }
                if !meta.is_empty() {
                    root.insert("f:metadata".into(), Value::Object(meta));
                }
            }
            _ => tree(name, below, shape, &mut root),
        }
    }
    Value::Object(root)
}

fn tree(field: &str, value: &Value, shape: Shape, out: &mut Map<String, Value>) {
    let leaf = || Value::Object(Map::new());
    let made = match value {
        Value::Null => return,
        Value::Object(fields) if !fields.is_empty() && !shape.is_atomic() => {
            let mut inner = Map::new();
            for (name, value) in fields {
                tree(name, value, shape.field(name), &mut inner);
            }
            Value::Object(inner)
        }
        Value::Array(items) => match shape.list() {
            ListKind::Map(keys) if items.iter().all(|i| item_key(i, keys).is_some()) => {
                let mut inner = Map::new();
                for item in items {
                    let mut own = Map::new();
                    own.insert(".".into(), leaf());
                    for (name, value) in item.as_object().into_iter().flatten() {
                        tree(name, value, shape.item().field(name), &mut own);
                    }
                    inner.insert(item_name(item, keys), Value::Object(own));
                }
                Value::Object(inner)
            }
            ListKind::Set => Value::Object(items.iter().map(|item| (format!("v:{item}"), leaf())).collect()),
            _ => leaf(),
        },
        _ => leaf(),
    };
    out.insert(format!("f:{field}"), made);
}

/// `k:{"name":"web"}`
fn item_name(item: &Value, keys: &[Key]) -> String {
    let named: Map<String, Value> = keys
        .iter()
        .zip(item_key(item, keys).unwrap_or_default())
        .map(|((k, _), v)| ((*k).to_string(), v))
        .collect();
    format!("k:{}", Value::Object(named))
}

/// Gives a whole new object to one writer.
pub(crate) fn own(value: &mut Value, shape: Shape, manager: &Manager, now: Millis) {
    let tree = whole_tree(value, shape, false);
    let mut entry = json!({"manager": manager.name, "operation": manager.operation, "apiVersion": manager.api_version,
        "time": clock::rfc3339(now), "fieldsType": "FieldsV1", "fieldsV1": tree});
    if !manager.sub.is_empty() {
        j::set(&mut entry, "subresource", manager.sub.clone());
    }
    j::set(value, "metadata.managedFields", json!([entry]));
}

/// Moves ownership after an ordinary write: what changed is the writer's, what went is nobody's.
pub(crate) fn track(value: &mut Value, before: Option<&Value>, shape: Shape, manager: &Manager, now: Millis) {
    if before.is_none() && j::at(value, "metadata.managedFields").is_null() && manager.sub.is_empty() {
        return own(value, shape, manager, now);
    }
    let mut old = before.map(|before| leaves(before, shape)).unwrap_or_default();
    let mut new = leaves(value, shape);
    if manager.sub != "status" {
        let not_status = |leaf: &Leaf| leaf.first().is_none_or(|f| f != "f:status");
        old.retain(|leaf, _| not_status(leaf));
        new.retain(|leaf, _| not_status(leaf));
    }
    let changed: Set =
        new.iter().filter(|(leaf, v)| old.get(*leaf) != Some(v)).map(|(l, _)| l.clone()).collect();
    let removed: Set = old.keys().filter(|leaf| !new.contains_key(*leaf)).cloned().collect();
    if changed.is_empty() && removed.is_empty() {
        return;
    }
    let mut list = entries(value);
    for entry in &mut list {
        entry.set.retain(|leaf| !removed.contains(leaf));
        if !entry.of(manager) {
            entry.set.retain(|leaf| !changed.contains(leaf) || leaf.last().is_some_and(|l| l == "."));
        }
    }
    if !changed.is_empty() {
        match list.iter_mut().find(|e| e.of(manager)) {
            Some(mine) => {
                mine.set.extend(changed);
                mine.time = clock::rfc3339(now);
            }
            None => list.push(Entry::new(manager, changed, now)),
        }
    }
    write(value, list);
}
