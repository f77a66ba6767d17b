//! Reading of JSON by pointers: what is missing or of another type is empty, never an error.

use jiff::Timestamp;
use serde_json::Value;

/// The text at a pointer, else empty.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The list at a pointer, else empty.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The moment at a pointer.
pub fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_or_another_is_empty() {
        let value = json!({"a": {"b": "x", "n": 1, "l": [1], "t": "2026-01-01T00:00:00Z"}});
        assert_eq!((text(&value, "/a/b"), text(&value, "/a/n"), text(&value, "/z")), ("x", "", ""));
        assert_eq!((list(&value, "/a/l").len(), list(&value, "/a/b").len()), (1, 0));
        assert!(time(&value, "/a/t").is_some() && time(&value, "/a/b").is_none());
    }
}
