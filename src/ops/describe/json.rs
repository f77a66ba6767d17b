//! Reading fields of an object as words.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;
pub(super) use crate::domain::json::{list, text, time};

/// The texts of the list at a pointer, with commas.
pub(super) fn words(value: &Value, pointer: &str) -> String {
    list(value, pointer).iter().map(plain).collect::<Vec<_>>().join(", ")
}

/// The count at a pointer, 0 where there is none.
pub(super) fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Whether a pointer leads to `true`.
pub(super) fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The moment at a pointer and how long ago it was, or when it will be: `2026-01-01T00:00:00Z (5m ago)`; empty where there is none.
pub(super) fn ago(value: &Value, pointer: &str, now: Timestamp) -> String {
    time(value, pointer).map_or_else(String::new, |t| {
        if t > now {
            format!("{t} (in {})", age::show(now, t))
        } else {
            format!("{t} ({} ago)", age::show(t, now))
        }
    })
}

/// The age at a pointer, empty where there is none.
pub(super) fn since(value: &Value, pointer: &str, now: Timestamp) -> String {
    time(value, pointer).map_or_else(String::new, |t| age::show(t, now))
}

/// A value in one word: a number, a text or a truth as it is written, anything else as JSON, nothing for none.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

/// [`plain`] of what is at a pointer.
pub(super) fn at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map_or_else(String::new, plain)
}

/// `key=value` of each entry of the map at a pointer, by key.
pub(super) fn pairs(value: &Value, pointer: &str) -> Vec<String> {
    let map = value.pointer(pointer).and_then(Value::as_object);
    map.into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect()
}

/// A label selector as requests and people write it; empty when it selects by nothing, `None` when it cannot be read.
pub(super) fn selector(selector: Option<&Value>) -> Option<String> {
    let Some(selector) = selector else { return Some(String::new()) };
    let mut out = pairs(selector, "/matchLabels");
    for e in list(selector, "/matchExpressions") {
        let (key, values) = (text(e, "/key"), list(e, "/values"));
        let values = values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",");
        out.push(match text(e, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    Some(out.join(","))
}

/// [`selector`] for people: what selects all is said.
pub(super) fn selects(found: Option<&Value>) -> String {
    match selector(found) {
        None => "cannot be read".to_owned(),
        Some(text) if text.is_empty() => "none".to_owned(),
        Some(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_as_requests_have_them() {
        let all = json!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"},
            {"key": "zone", "operator": "NotIn", "values": ["x"]}, {"key": "x/y", "operator": "Exists"}]});
        assert_eq!(selector(Some(&all)).as_deref(), Some("app=web,tier in (a,b),!old,zone notin (x),x/y"));
        assert_eq!(selector(Some(&json!({}))).as_deref(), Some(""));
        assert_eq!(selector(None).as_deref(), Some(""));
        assert_eq!(selector(Some(&json!({"matchExpressions": [{"key": "a", "operator": "?"}]}))), None);
    }
}
