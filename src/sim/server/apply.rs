//! Server-side apply: conflicts, merge, pruning of what an applier dropped, ownership.
//! Called by `patch`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Response;
use serde_json::{Map, Value};

use super::body::{self, Body};
use super::fields::{self, Entry, Leaf, Manager, Set};
use super::read::whole;
use super::route::Target;
use super::shape::{ListKind, Shape, item_key};
use super::{Call, incoming, write};
use crate::sim::admit;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError, Cause};
use crate::sim::table::KindId;

/// PATCH with `application/apply-patch+yaml`.
pub(crate) fn answer(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
    sub: &str,
) -> Answer<Response<Body>> {
    let Some(name) = call.query.get("fieldManager").filter(|n| !n.is_empty()) else {
        let cause = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
        let mut error = ApiError::bad_request(cause);
        error.code = 422;
        error.reason = "Invalid";
        return Err(error);
    };
    let mut applied: Value = incoming::parse(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    if j::text(&applied, "apiVersion").is_empty() || j::text(&applied, "kind").is_empty() {
        return Err(ApiError::bad_request("invalid object type: /, Kind="));
    }
    if !j::at(&applied, "metadata.managedFields").is_null() {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    let named = j::text(&applied, "metadata.namespace").to_string();
    if res.namespaced {
        j::set(&mut applied, "metadata.namespace", target.ns.clone());
    }
    j::default(&mut applied, "metadata.name", target.name.clone());
    let undeclared =
        admit::undeclared(&res, &applied).map(|path| format!("{path}: field not declared in schema"));
    if let Some(wrong) = undeclared.or_else(|| admit::ill_typed(&res, &applied)) {
        let mut error = ApiError::of_code(500, None);
        error.reason = "";
        error.message = format!(
            "failed to create typed patch object ({named}/{}; {}, Kind={}): {wrong}",
            target.name,
            res.api_version(),
            res.kind
        );
        return Err(error);
    }
    let manager = Manager::apply(name, &res.api_version(), sub);
    let shape = Shape::of(&res);
    let old = world.get(kind, &target.ns, &target.name);
    let Some(old) = old else {
        if !j::text(&applied, "metadata.uid").is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {}, and no existing object was found",
                j::text(&applied, "metadata.uid")
            );
            return Err(ApiError::conflict(&res, &target.name, &why));
        }
        let set: Set = fields::leaves(&applied, shape).into_keys().collect();
        let now = world.now;
        fields::write(&mut applied, vec![Entry::new(&manager, set, now)]);
        let object = write::create_in(&mut world, kind, applied, &manager, call.dry())?;
        return Ok(body::bytes(201, whole(&res, &object)));
    };
    let before = old.value();
    let version = j::text(&applied, "metadata.resourceVersion");
    if !version.is_empty() && version != old.rv.to_string() {
        return Err(ApiError::modified(&res, &target.name));
    }
    let next = merged((&before, &applied, shape), &manager, call.query.flag("force"), world.now)?;
    let object = write::update_in(&mut world, kind, &old, next, &manager, call.dry())?;
    drop(world);
    Ok(body::bytes(200, whole(&res, &object)))
}

/// The live object after an apply.
fn merged(
    (live, applied, shape): (&Value, &Value, Shape),
    manager: &Manager,
    force: bool,
    now: i64,
) -> Answer<Value> {
    let wanted = fields::leaves(applied, shape);
    let have = fields::leaves(live, shape);
    let mut entries = fields::entries(live);
    let differs =
        |leaf: &Leaf, value: &Value| have.get(leaf).is_none_or(|h| h != value) && have.contains_key(leaf);
    let contested: BTreeMap<&Leaf, &Value> =
        wanted.iter().filter(|(leaf, value)| differs(leaf, value)).collect();
    let mut causes = Vec::new();
    for entry in entries.iter().filter(|e| !e.of(manager)) {
        for leaf in contested.keys().filter(|leaf| entry.set.contains(**leaf)) {
            causes.push(Cause {
                reason: "FieldManagerConflict",
                field: fields::shown(leaf),
                message: format!("conflict with {}", entry.shown()),
            });
        }
    }
    if !causes.is_empty() && !force && !taken_over(live, shape, manager, contested.keys().copied()) {
        return Err(ApiError::apply_conflict(&causes));
    }
    let mut next = live.clone();
    overlay(&mut next, applied, shape);
    let set: Set = wanted.keys().cloned().collect();
    let mut dropped: Vec<Leaf> = entries
        .iter()
        .filter(|e| e.of(manager))
        .flat_map(|e| e.set.iter().cloned())
        .filter(|leaf| !set.contains(leaf))
        .collect();
    dropped.retain(|leaf| {
        let item = leaf.last().is_some_and(|l| l == ".").then(|| leaf.len().saturating_sub(1));
        let below = |other: &Leaf| match item.and_then(|n| leaf.get(..n)) {
            Some(prefix) => other.starts_with(prefix),
            None => other == leaf,
        };
        !entries.iter().any(|e| !e.of(manager) && e.set.iter().any(below))
    });
    dropped.sort_by_key(|leaf| std::cmp::Reverse(leaf.len()));
    for leaf in &dropped {
        prune(&mut next, leaf, shape);
    }
    for entry in &mut entries {
        if !entry.of(manager) {
            entry.set.retain(|leaf| !contested.contains_key(leaf) && !dropped.contains(leaf));
        }
    }
    match entries.iter_mut().find(|e| e.of(manager)) {
        Some(mine) => {
            if mine.set != set || next != *live {
                mine.time = crate::sim::clock::rfc3339(now);
            }
            mine.set = set;
        }
        None => entries.push(Entry::new(manager, set, now)),
    }
    renew_last_applied(&mut next, applied, manager);
    fields::write(&mut next, entries);
    Ok(next)
}

/// What kubectl's client-side apply wrote.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// kubectl takes over what its own client-side apply wrote before.
fn taken_over<'a>(
    live: &Value,
    shape: Shape,
    manager: &Manager,
    mut contested: impl Iterator<Item = &'a Leaf>,
) -> bool {
    if manager.name != "kubectl" {
        return false;
    }
    let before: Value = serde_json::from_str(j::annotation(live, LAST_APPLIED)).unwrap_or(Value::Null);
    let own = fields::leaves(&before, shape);
    contested.all(|leaf| own.contains_key(leaf))
}

/// And leaves what a later client-side apply wants to find.
fn renew_last_applied(next: &mut Value, applied: &Value, manager: &Manager) {
    if manager.name != "kubectl" || j::annotation(next, LAST_APPLIED).is_empty() {
        return;
    }
    let mut said = applied.clone();
    if let Some(notes) = said.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        notes.remove(LAST_APPLIED);
    }
    j::annotate(next, LAST_APPLIED, format!("{said}\n"));
}

/// Writes the applied object over the live one.
fn overlay(live: &mut Value, applied: &Value, shape: Shape) {
    for (field, value) in applied.as_object().into_iter().flatten() {
        if !matches!(field.as_str(), "apiVersion" | "kind") {
            overlay_field(live, field, value, shape.field(field));
        }
    }
}

/// Writes the applied fields of a part of the object over the live ones.
fn overlay_part(live: &mut Value, applied: &Value, shape: Shape) {
    let Some(fields) = applied.as_object() else {
        *live = applied.clone();
        return;
    };
    for (field, value) in fields {
        overlay_field(live, field, value, shape.field(field));
    }
}

fn overlay_field(live: &mut Value, field: &str, value: &Value, shape: Shape) {
    match value {
        Value::Null => {}
        Value::Object(_) if shape.is_atomic() => *j::key(live, field) = value.clone(),
        Value::Object(map) if map.is_empty() => j::default(live, field, Value::Object(Map::new())),
        Value::Object(_) => overlay_part(j::key(live, field), value, shape),
        Value::Array(items) => match shape.list() {
            ListKind::Map(keys) => {
                let list = j::array(j::key(live, field));
                for item in items {
                    let wanted = item_key(item, keys);
                    match list.iter_mut().find(|have| item_key(have, keys) == wanted) {
                        Some(have) => overlay_part(have, item, shape.item()),
                        None => list.push(item.clone()),
                    }
                }
            }
            ListKind::Set => {
                let list = j::array(j::key(live, field));
                for item in items {
                    if !list.contains(item) {
                        list.push(item.clone());
                    }
                }
            }
            ListKind::Atomic => *j::key(live, field) = value.clone(),
        },
        scalar => *j::key(live, field) = scalar.clone(),
    }
}

/// Removes one leaf.
fn prune(value: &mut Value, leaf: &[String], shape: Shape) {
    let Some((first, rest)) = leaf.split_first() else { return };
    if let Some(field) = first.strip_prefix("f:") {
        let Some(map) = value.as_object_mut() else { return };
        if rest.is_empty() {
            map.remove(field);
            return;
        }
        if matches!(rest, [last] if last == ".") {
            return;
        }
        if let Some(inner) = map.get_mut(field) {
            prune(inner, rest, shape.field(field));
            let empty =
                inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(Vec::is_empty);
            if empty {
                map.remove(field);
            }
        }
        return;
    }
    let Some(items) = value.as_array_mut() else { return };
    if let Some(keys) = first.strip_prefix("k:") {
        let ListKind::Map(names) = shape.list() else { return };
        let wanted = serde_json::from_str(keys).ok().and_then(|keys| item_key(&keys, names));
        let same = |item: &Value| wanted.is_some() && item_key(item, names) == wanted;
        let Some(at) = items.iter().position(same) else { return };
        if matches!(rest, [last] if last == ".") {
            items.remove(at);
        } else if let Some(item) = items.get_mut(at) {
            prune(item, rest, shape.item());
        }
    } else if let Some(item) = first.strip_prefix("v:") {
        let item: Option<Value> = serde_json::from_str(item).ok();
        items.retain(|have| Some(have) != item.as_ref());
    }
}
