//! Any value described by its own fields, as kubectl does with kinds it does not know: for these kinds, and for parts of
//! others that have many forms.

use serde_json::Value;

use super::json::plain;
use super::page::Page;

/// Letters that stay together in a name.
const ACRONYMS: &[&str] = &[
    "API", "CIDR", "CPU", "DNS", "FQDN", "GPU", "HTTP", "HTTPS", "ID", "IP", "JSON", "TCP", "TLS", "UDP",
    "UID", "URI", "URL",
];

/// Ends of names of maps whose keys are no fields.
const CHOSEN: &[&str] = &["abels", "nnotations", "Attributes", "elector", "arameters", "data", "Data"];

/// A kind that is not built in: all of it but what the head of the page has.
pub(super) fn object(page: &mut Page, object: &Value) {
    for (name, value) in object.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "metadata" | "kind" | "apiVersion") {
            // A list of conditions has a table of its own.
            let is_told = name == "status" && value.get("conditions").is_some_and(Value::is_array);
            field(page, name, value, if is_told { &["conditions"] } else { &[] });
        }
    }
}

/// Each field of a map.
pub(super) fn fields(page: &mut Page, value: &Value) {
    fields_but(page, value, &[]);
}

fn fields_but(page: &mut Page, value: &Value, but: &[&str]) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if !but.contains(&name.as_str()) {
            field(page, name, value, &[]);
        }
    }
}

fn field(page: &mut Page, name: &str, value: &Value, but: &[&str]) {
    let title = title(name);
    match value {
        Value::Object(map) if map.is_empty() => {}
        // Keys that people chose stay as they are.
        Value::Object(map)
            if CHOSEN.iter().any(|end| name.ends_with(end)) && map.values().all(|v| !v.is_object()) =>
        {
            page.lines(&title, map.iter().map(|(k, v)| format!("{k}={}", plain(v))).collect());
        }
        Value::Object(_) => page.block(&title, |page| fields_but(page, value, but)),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            page.known(&title, items.iter().map(plain).collect::<Vec<_>>().join(", "));
        }
        Value::Array(items) => page.block(&title, |page| {
            for (n, item) in items.iter().enumerate() {
                // What names an item is its title.
                let name = item
                    .get("name")
                    .and_then(Value::as_str)
                    .map_or_else(|| format!("{}", n + 1), str::to_owned);
                page.block(&name, |page| match item {
                    Value::Object(_) => fields_but(page, item, &["name"]),
                    other => page.text(&plain(other)),
                });
            }
        }),
        Value::Null => {}
        other => page.known(&title, plain(other)),
    }
}

/// The name of a field for people: `targetRef` is `Target Ref`, `podIPs` is `Pod IPs`. What is no plain name stays.
fn title(field: &str) -> String {
    if !field.chars().all(|c| c.is_ascii_alphanumeric()) {
        return field.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let chars: Vec<char> = field.chars().collect();
    for (n, c) in chars.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(n + 1).copied();
        // A capital begins a word, unless it is one of several and none of small letters follows but the s of a plural.
        let begins = c.is_ascii_uppercase()
            && (before.is_some_and(|b| !b.is_ascii_uppercase())
                || (after.is_some_and(|a| a.is_ascii_lowercase())
                    && !(after == Some('s') && n + 2 == chars.len())));
        match words.last_mut() {
            Some(word) if !begins => word.push(*c),
            _ => words.push(c.to_string()),
        }
    }
    let named = |word: &String| {
        let upper = word.to_ascii_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    words.iter().map(named).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_fields_for_people() {
        for (field, text) in [
            ("replicas", "Replicas"),
            ("targetRef", "Target Ref"),
            ("podIPs", "Pod IPs"),
            ("clusterIP", "Cluster IP"),
            ("apiVersion", "API Version"),
            ("HTTPRoute", "HTTP Route"),
            ("a.b/c", "a.b/c"),
            ("", ""),
        ] {
            assert_eq!(title(field), text);
        }
    }

    #[test]
    fn any_shape_is_told() {
        let mut page = Page::default();
        object(
            &mut page,
            &json!({"kind": "X", "metadata": {}, "spec": {"size": 3, "empty": {}, "none": null, "tags": ["a", "b"],
                "conditions": {"any": 1}, "parts": [{"name": "one", "on": true}, {"on": false}, [1]]}, "status": {"conditions": [{"type": "Ready"}], "phase": "Up"}}),
        );
        assert_eq!(
            page.written(),
            "Spec:\n  Conditions:\n    Any: 1\n  Parts:\n    one:\n      On: true\n    2:\n      On: false\n    3:\n      [1]\n  Size: 3\n  Tags: a, b\n\nStatus:\n  Phase: Up\n"
        );
    }
}
