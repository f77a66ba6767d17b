//! Small reads and writes on `serde_json::Value`, by dotted path.
//! Here: path access, annotation and label access, deep merge. Never: knowledge of a kind. Called by all of `sim`.

use serde_json::{Map, Value};

static NULL: Value = Value::Null;

/// The value at a dotted path, or `Null`.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut here = value;
    for key in path.split('.') {
        match here.get(key) {
            Some(next) => here = next,
            None => return &NULL,
        }
    }
    here
}

/// The text at a dotted path, or "".
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).as_str().unwrap_or("")
}

/// The integer at a dotted path.
pub(crate) fn int(value: &Value, path: &str) -> Option<i64> {
    at(value, path).as_i64()
}

/// The list at a dotted path, or an empty one.
pub(crate) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// The place of one key; a parent that is no map becomes one.
pub(crate) fn key<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) => fields.entry(name).or_insert(Value::Null),
        other => other,
    }
}

/// The place at a dotted path, created as needed.
pub(crate) fn slot<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').fold(value, |here, name| key(here, name))
}

/// Writes at a dotted path.
pub(crate) fn set(value: &mut Value, path: &str, new: impl Into<Value>) {
    *slot(value, path) = new.into();
}

/// Writes at a dotted path when nothing (or null) is there.
pub(crate) fn default(value: &mut Value, path: &str, new: impl Into<Value>) {
    let place = slot(value, path);
    if place.is_null() {
        *place = new.into();
    }
}

/// The list at a dotted path, created as needed.
pub(crate) fn list_mut<'a>(value: &'a mut Value, path: &str) -> &'a mut Vec<Value> {
    array(slot(value, path))
}

/// This value as a list, replaced by an empty one if it is none.
pub(crate) fn array(place: &mut Value) -> &mut Vec<Value> {
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    match place {
        Value::Array(items) => items,
        _ => unreachable_list(),
    }
}

#[expect(clippy::panic, reason = "the caller made it a list in the line before")]
fn unreachable_list() -> ! {
    panic!("not a list")
}

/// The list at a dotted path if it exists; creates nothing.
pub(crate) fn existing_list_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Vec<Value>> {
    let mut here = value;
    for name in path.split('.') {
        here = here.get_mut(name)?;
    }
    here.as_array_mut()
}

/// Removes the value at a dotted path.
pub(crate) fn remove(value: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = match path.rsplit_once('.') {
        Some((parent, last)) => {
            let mut here = value;
            for name in parent.split('.') {
                here = here.get_mut(name)?;
            }
            (here, last)
        }
        None => (value, path),
    };
    parent.as_object_mut()?.remove(last)
}

/// One annotation, or "".
pub(crate) fn annotation<'a>(value: &'a Value, name: &str) -> &'a str {
    at(value, "metadata.annotations").get(name).and_then(Value::as_str).unwrap_or("")
}

/// Sets one annotation.
pub(crate) fn annotate(value: &mut Value, name: &str, text: impl Into<String>) {
    *key(slot(value, "metadata.annotations"), name) = Value::String(text.into());
}

/// The index of the list item whose `field` is `wanted`.
pub(crate) fn find<'a>(items: &'a [Value], field: &str, wanted: &str) -> Option<&'a Value> {
    items.iter().find(|item| text(item, field) == wanted)
}

/// RFC 7386 merge patch.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, change) in fields {
        if change.is_null() {
            if let Some(map) = target.as_object_mut() {
                map.remove(name);
            }
        } else {
            merge_patch(key(target, name), change);
        }
    }
}

/// A string map as pairs.
pub(crate) fn pairs(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    value.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str().unwrap_or("")))
}

/// A count as JSON likes it.
pub(crate) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Sets one annotation of a bare metadata map.
pub(crate) fn annotate_meta(meta: &mut Value, name: &str, text: &str) {
    *key(key(meta, "annotations"), name) = Value::String(text.into());
}
