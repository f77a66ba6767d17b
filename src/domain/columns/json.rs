//! Reading of JSON for cells: what is missing or of another type is empty, never an error.
//!
//! Called by the families of columns only.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::age;
use crate::domain::json;
pub(super) use crate::domain::json::{text, time};
use crate::domain::text::SafeText;

/// The scalar at a JSON pointer as a cell: texts, numbers and truth values.
pub(super) fn cell(o: &Value, path: &str) -> SafeText {
    o.pointer(path).map_or_else(SafeText::empty, |v| SafeText::from(scalar(v)))
}

/// A scalar as text; empty for null, lists and objects.
pub(super) fn scalar(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// The whole number at a JSON pointer, else 0.
pub(super) fn int(o: &Value, path: &str) -> i64 {
    o.pointer(path).and_then(Value::as_i64).unwrap_or(0)
}

/// The number at a JSON pointer as a cell, `0` where it is missing: status fields leave zeros out.
pub(super) fn number(o: &Value, path: &str) -> SafeText {
    SafeText::from(int(o, path).to_string())
}

/// The items at a JSON pointer, else none.
pub(super) fn list<'a>(o: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    json::list(o, path).iter()
}

/// The entries at a JSON pointer, else none.
pub(super) fn map<'a>(o: &'a Value, path: &str) -> Option<&'a Map<String, Value>> {
    o.pointer(path).and_then(Value::as_object)
}

/// How many items or entries there are at a JSON pointer.
pub(super) fn count(o: &Value, path: &str) -> usize {
    match o.pointer(path) {
        Some(Value::Array(a)) => a.len(),
        Some(Value::Object(m)) => m.len(),
        _ => 0,
    }
}

/// The texts of a list, by commas.
pub(super) fn texts(o: &Value, path: &str) -> SafeText {
    joined(list(o, path).map(scalar), usize::MAX)
}

/// Parts by commas; after `most` of them `+ n more`, as kubectl does.
pub(super) fn joined(parts: impl Iterator<Item = String>, most: usize) -> SafeText {
    let mut out = String::new();
    let mut more = 0;
    for (i, part) in parts.filter(|p| !p.is_empty()).enumerate() {
        if i >= most {
            more += 1;
            continue;
        }
        if i > 0 {
            out.push(',');
        }
        out.push_str(&part);
    }
    if more > 0 {
        out.push_str(" + ");
        out.push_str(&more.to_string());
        out.push_str(" more");
    }
    SafeText::from(out)
}

/// `a=b,c=d` of a map of texts.
pub(super) fn labels(o: &Value, path: &str) -> SafeText {
    let entries = map(o, path).into_iter().flatten();
    joined(entries.map(|(k, v)| format!("{k}={}", scalar(v))), usize::MAX)
}

/// The age of the first time that is there.
pub(super) fn ago(o: &Value, paths: &[&str], now: Timestamp) -> SafeText {
    let found = paths.iter().find_map(|p| time(o, p));
    found.map_or_else(SafeText::empty, |t| SafeText::from(age::show(t, now)))
}

/// Whether a condition of `status.conditions` has this status.
pub(super) fn condition(o: &Value, kind: &str, status: &str) -> bool {
    list(o, "/status/conditions").any(|c| text(c, "/type") == kind && text(c, "/status") == status)
}
