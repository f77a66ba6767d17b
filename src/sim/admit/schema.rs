//! Fields no schema names, for `fieldValidation` and apply: refused, or dropped with warnings.
//! Every built-in kind is checked whole, by the schemas of `openapi`; CRDs' types are not. Called by the write paths.

use serde_json::Value;

use crate::sim::json as j;
use crate::sim::openapi;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::Resource;

/// Where unknown fields were found: full paths.
fn unknown(res: &Resource, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(schema) = openapi::of_kind(&res.group, &res.version, &res.kind) {
        walk(schema, value, "", &mut out);
    }
    out
}

fn walk(schema: &Value, value: &Value, path: &str, out: &mut Vec<String>) {
    let schema = openapi::resolved(schema);
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let further = schema.get("additionalProperties").filter(|s| s.is_object());
            for (name, below) in fields {
                let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (known.and_then(|k| k.get(name)), further) {
                    (Some(schema), _) | (None, Some(schema)) => walk(schema, below, &place, out),
                    (None, None) if known.is_some() => out.push(place),
                    // Anything goes: raw extensions.
                    (None, None) => {}
                }
            }
        }
        Value::Array(items) => {
            let below = j::at(schema, "items");
            for (index, item) in items.iter().enumerate() {
                walk(below, item, &format!("{path}[{index}]"), out);
            }
        }
        _ => {}
    }
}

/// Handles unknown fields as `fieldValidation` says: refused, or dropped with warnings (or silently).
pub(crate) fn unknown_fields(res: &Resource, value: &mut Value, mode: Option<&str>) -> Answer<Vec<String>> {
    let found = unknown(res, value);
    if found.is_empty() {
        return Ok(found);
    }
    let texts: Vec<String> = found.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    if mode == Some("Strict") {
        return Err(ApiError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
            res.kind,
            res.version,
            res.kind,
            texts.join(", ")
        )));
    }
    for path in &found {
        drop_path(value, path);
    }
    Ok(if mode == Some("Ignore") { Vec::new() } else { texts })
}

fn drop_path(value: &mut Value, path: &str) {
    let pointer: String = path.replace(['[', '.'], "/").replace(']', "");
    if let Some((parent, last)) = pointer.rsplit_once('/') {
        let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
        if let Some(map) = value.pointer_mut(&parent).and_then(Value::as_object_mut) {
            map.remove(last);
        }
    } else if let Some(map) = value.as_object_mut() {
        map.remove(&pointer);
    }
}

/// The first undeclared field of an apply, as the typed parser words it.
pub(crate) fn undeclared(res: &Resource, value: &Value) -> Option<String> {
    unknown(res, value).first().map(|path| format!(".{path}"))
}
