//! Values of another type than a field has: refused. Fields no schema names, for `fieldValidation` and apply: refused, or dropped
//! with warnings. Every built-in kind is checked whole, by the schemas of `openapi`; CRDs' types are not. Called by the write paths.

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

/// A value of another type than its field has.
struct Mistyped {
    /// Without the numbers of list items, as Go's decoder names it.
    path: String,
    /// With them, as the typed parser of apply does.
    place: String,
    /// The struct that has the field.
    of: String,
    got: &'static str,
    value: String,
    /// The field's type: in Go's words, and in those of apply.
    wanted: (String, &'static str),
}

/// The first such value.
fn mistyped(res: &Resource, value: &Value) -> Option<Mistyped> {
    let schema = openapi::of_kind(&res.group, &res.version, &res.kind)?;
    type_of(schema, value, &res.kind, ("", ""), &res.kind)
}

fn type_of(
    schema: &Value,
    value: &Value,
    own: &str,
    (path, place): (&str, &str),
    of: &str,
) -> Option<Mistyped> {
    let name = openapi::referred(schema).map_or(own, |name| name.rsplit('.').next().unwrap_or(name));
    // Both are read from numbers and from texts.
    let either = matches!(name, "Quantity" | "IntOrString");
    let schema = openapi::resolved(schema);
    let kind = j::text(schema, "type");
    let (got, fits) = match value {
        Value::Null => return None,
        Value::Bool(_) => ("bool", kind == "boolean"),
        Value::Number(n) => ("number", either || kind == "number" || kind == "integer" && !n.is_f64()),
        Value::String(_) => ("string", either || kind == "string"),
        Value::Array(_) => ("array", kind == "array"),
        Value::Object(_) => ("object", kind == "object"),
    };
    // Where the schema says no type, anything goes.
    if !kind.is_empty() && !fits {
        let go = match kind {
            "boolean" => "bool".to_owned(),
            "integer" | "number" => match j::text(schema, "format") {
                "int64" => "int64".to_owned(),
                "double" => "float64".to_owned(),
                _ => "int32".to_owned(),
            },
            "array" => {
                let item = openapi::referred(j::at(schema, "items")).and_then(|name| name.rsplit('.').next());
                item.map_or_else(|| "[]string".to_owned(), |item| format!("[]v1.{item}"))
            }
            "object" if own == name => "map[string]string".to_owned(),
            "object" => format!("v1.{name}"),
            other => other.to_owned(),
        };
        let typed = match kind {
            "boolean" => "boolean",
            "integer" | "number" => "numeric (int or float)",
            "array" => "list",
            "object" => "map",
            _ => "string",
        };
        let (path, place, of) = (path.to_owned(), place.to_owned(), of.to_owned());
        return Some(Mistyped { path, place, of, got, value: value.to_string(), wanted: (go, typed) });
    }
    match value {
        Value::Object(fields) => fields.iter().find_map(|(field, below)| {
            let known = schema.get("properties").and_then(|known| known.get(field));
            let further = schema.get("additionalProperties").filter(|s| s.is_object());
            let join = |path: &str| if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            match (known, further) {
                (Some(schema), _) => {
                    type_of(schema, below, "", (&join(path), &format!("{place}.{field}")), name)
                }
                // Of a map the field is the map's.
                (None, Some(schema)) => type_of(schema, below, "", (path, &format!("{place}.{field}")), of),
                (None, None) => None,
            }
        }),
        Value::Array(items) => {
            let below = j::at(schema, "items");
            let each = items.iter().enumerate();
            each.into_iter()
                .find_map(|(n, item)| type_of(below, item, "", (path, &format!("{place}[{n}]")), of))
        }
        _ => None,
    }
}

/// Reads a value into the kind: refuses what cannot be, in the words of the server's decoder, and leaves out what would not be
/// written again: nulls, empty maps, and empty lists that need not be there.
pub(crate) fn read(res: &Resource, value: &mut Value) -> Answer<()> {
    match mistyped(res, value) {
        None => {
            if let Some(schema) = openapi::of_kind(&res.group, &res.version, &res.kind) {
                leave_out(schema, value);
            }
            Ok(())
        }
        Some(m) => Err(ApiError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal {} into Go struct field {}.{} of type {}",
            res.kind, res.version, res.kind, m.got, m.of, m.path, m.wanted.0
        ))),
    }
}

fn leave_out(schema: &Value, value: &mut Value) {
    let schema = openapi::resolved(schema);
    match value {
        Value::Object(fields) => {
            let Some(known) = schema.get("properties").and_then(Value::as_object) else {
                let further = j::at(schema, "additionalProperties");
                fields.values_mut().for_each(|below| leave_out(further, below));
                return;
            };
            let needed = j::list(schema, "required");
            fields.retain(|name, below| {
                let Some(schema) = known.get(name) else { return true };
                leave_out(schema, below);
                let schema = openapi::resolved(schema);
                match below {
                    Value::Null => false,
                    Value::Object(map) => !map.is_empty() || schema.get("additionalProperties").is_none(),
                    Value::Array(list) => !list.is_empty() || needed.iter().any(|n| n == name),
                    _ => true,
                }
            });
        }
        Value::Array(items) => {
            let below = j::at(schema, "items");
            for item in items {
                leave_out(below, item);
            }
        }
        _ => {}
    }
}

/// The first value of an apply that is of another type than its field, as the typed parser words it.
pub(crate) fn ill_typed(res: &Resource, value: &Value) -> Option<String> {
    mistyped(res, value).map(|m| {
        let got = match m.wanted.1 {
            "string" => format!("&value.valueUnstructured{{Value:{}}}", m.value),
            "numeric (int or float)" => match m.got {
                "array" => "[]interface {}".to_owned(),
                "object" => "map[string]interface {}".to_owned(),
                "number" => "float64".to_owned(),
                other => other.to_owned(),
            },
            _ => format!("&{{{}}}", m.value.trim_matches('"')),
        };
        format!("{}: expected {}, got {got}", m.place, m.wanted.1)
    })
}
