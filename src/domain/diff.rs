//! Differences between objects: what a change changes, field by field.
//!
//! Lives here: what is left out of a comparison, matching of list items, hiding of secret values, the YAML writer.
//! Never: asking a server what an apply would do (`ops::deploy` asks with a dry run and compares here).
//! Called by the deploy plan and the `yaml` command.

mod yaml;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use yaml::to_yaml;

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// `spec.template.spec.containers[web].image`; names stand in brackets, as do keys with dots.
    pub path: String,
    /// The value before; `None` when there was none.
    pub before: Option<String>,
    /// The value after; `None` when there is none any more.
    pub after: Option<String>,
}

/// A secret value that stays.
pub const MASK: &str = "•••";

/// A secret value that changes.
pub const MASK_CHANGED: &str = "••• (changed)";

/// The annotation kubectl keeps its last input in; it holds secret values in plain text.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object without what servers write into it: so that what is left is what people ask for.
pub fn normalise(live: &Value) -> Value {
    let mut out = live.clone();
    let Some(object) = out.as_object_mut() else { return out };
    object.remove("status");
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return out };
    for field in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    out
}

/// Two versions of an object with secret values hidden: equal ones behind [`MASK`], others so that one sees that
/// they change and not what they are. Objects that are no Secret stay as they are.
pub fn masked(before: Option<&Value>, after: &Value) -> (Option<Value>, Value) {
    let (mut old, mut new) = (before.cloned(), after.clone());
    if !is_secret(after) && !before.is_some_and(is_secret) {
        return (old, new);
    }
    for field in ["data", "stringData"] {
        let keys: BTreeSet<String> = [old.as_ref(), Some(&new)]
            .into_iter()
            .flatten()
            .filter_map(|v| v.get(field)?.as_object())
            .flat_map(|map| map.keys().cloned())
            .collect();
        for key in keys {
            let was = before.and_then(|b| b.get(field)?.get(&key));
            let is = after.get(field).and_then(|d| d.get(&key));
            let changed = was.is_some() && is.is_some() && was != is;
            if let Some(old) = &mut old {
                hide(old, field, &key, MASK);
            }
            hide(&mut new, field, &key, if changed { MASK_CHANGED } else { MASK });
        }
    }
    for object in old.iter_mut().chain([&mut new]) {
        if let Some(text) = object.pointer_mut("/metadata/annotations").and_then(|a| a.get_mut(LAST_APPLIED))
        {
            *text = Value::String(MASK.to_owned());
        }
    }
    (old, new)
}

/// One object with secret values hidden.
pub fn masked_alone(object: &Value) -> Value {
    masked(None, object).1
}

fn is_secret(object: &Value) -> bool {
    let word = |key: &str| object.get(key).and_then(Value::as_str);
    word("kind") == Some("Secret") && word("apiVersion").is_none_or(|v| v == "v1")
}

fn hide(object: &mut Value, field: &str, key: &str, by: &str) {
    if let Some(value) = object.get_mut(field).and_then(|d| d.get_mut(key)) {
        *value = Value::String(by.to_owned());
    }
}

/// What changes from `before` to `after`, in the order of the paths; for a new object, its top-level fields.
/// Lists whose items all have a `name` of their own are matched by it, others by place. Values of a Secret are
/// masked. Give it normalised objects, or the server's own fields are changes too.
pub fn changes(before: Option<&Value>, after: &Value) -> Vec<Change> {
    let (old, new) = masked(before, after);
    let empty = Value::Object(Map::new());
    let mut out = Vec::new();
    compare(&mut out, "", old.as_ref().unwrap_or(&empty), &new);
    out
}

fn compare(out: &mut Vec<Change>, path: &str, before: &Value, after: &Value) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                pair(out, &field_path(path, key), old.get(key), new.get(key));
            }
        }
        (Value::Array(old), Value::Array(new)) => compare_lists(out, path, old, new),
        _ if same(before, after) => {}
        _ => out.push(Change { path: path.to_owned(), before: Some(show(before)), after: Some(show(after)) }),
    }
}

fn pair(out: &mut Vec<Change>, path: &str, before: Option<&Value>, after: Option<&Value>) {
    match (before, after) {
        (Some(before), Some(after)) => compare(out, path, before, after),
        (None, None) => {}
        _ => out.push(Change { path: path.to_owned(), before: before.map(show), after: after.map(show) }),
    }
}

fn compare_lists(out: &mut Vec<Change>, path: &str, old: &[Value], new: &[Value]) {
    if let (Some(old_names), Some(new_names)) = (names(old), names(new)) {
        let find = |list: &'_ [Value], name: &str| list.iter().position(|v| name_of(v) == Some(name));
        let gone = old_names.iter().filter(|n| !new_names.contains(n));
        for name in new_names.iter().chain(gone) {
            let before = find(old, name).and_then(|i| old.get(i));
            let after = find(new, name).and_then(|i| new.get(i));
            pair(out, &format!("{path}[{name}]"), before, after);
        }
        // Order alone: env and init containers mean something by it.
        let kept = |list: &[&str], other: &[&str]| -> Vec<String> {
            list.iter().filter(|n| other.contains(n)).map(|n| (*n).to_owned()).collect()
        };
        let (was, is) = (kept(&old_names, &new_names), kept(&new_names, &old_names));
        if was != is {
            let path = format!("{path} (order)");
            out.push(Change { path, before: Some(was.join(", ")), after: Some(is.join(", ")) });
        }
        return;
    }
    for i in 0..old.len().max(new.len()) {
        pair(out, &format!("{path}[{i}]"), old.get(i), new.get(i));
    }
}

/// The names of all items, when each has one of its own.
fn names(list: &[Value]) -> Option<Vec<&str>> {
    let names: Vec<&str> = list.iter().map(name_of).collect::<Option<_>>()?;
    let different = names.iter().collect::<BTreeSet<_>>().len();
    (different == names.len()).then_some(names)
}

fn name_of(item: &Value) -> Option<&str> {
    item.as_object()?.get("name")?.as_str()
}

/// Equal, also where one side writes `1` and the other `1.0`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || x.as_f64().zip(y.as_f64()).is_some_and(|(x, y)| x.total_cmp(&y).is_eq())
        }
        _ => a == b,
    }
}

fn field_path(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    match (path.is_empty(), plain) {
        (_, false) => format!("{path}[{key}]"),
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
    }
}

/// A value on one line: texts as they are, everything else as JSON.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(changes: &[Change]) -> Vec<String> {
        let side = |v: &Option<String>| v.clone().unwrap_or_else(|| "-".to_owned());
        changes.iter().map(|c| format!("{}: {} > {}", c.path, side(&c.before), side(&c.after))).collect()
    }

    #[test]
    fn what_servers_write_goes() {
        let live = json!({"kind": "A", "status": {}, "metadata": {"name": "a", "uid": "u", "generation": 1,
            "resourceVersion": "9", "creationTimestamp": "x", "selfLink": "s", "managedFields": [],
            "annotations": {LAST_APPLIED: "{}"}}});
        assert_eq!(normalise(&live), json!({"kind": "A", "metadata": {"name": "a"}}));
        let kept = json!({"metadata": {"annotations": {"a": "b"}}});
        assert_eq!(normalise(&kept), kept);
        assert_eq!(normalise(&json!(1)), json!(1));
        assert_eq!(normalise(&json!({"metadata": 1})), json!({"metadata": 1}));
    }

    #[test]
    fn fields_and_named_items() {
        let before = json!({"metadata": {"annotations": {"a.b/c": "1"}}, "spec": {"replicas": 3, "containers": [
            {"name": "web", "image": "web:1", "args": ["a", "b"]}, {"name": "old", "image": "o"}]}});
        let after = json!({"metadata": {"annotations": {"a.b/c": "2"}}, "spec": {"replicas": 3.0, "containers": [
            {"name": "new", "image": "n"}, {"name": "web", "image": "web:2", "args": ["a"]}]}});
        assert_eq!(
            lines(&changes(Some(&before), &after)),
            [
                "metadata.annotations[a.b/c]: 1 > 2",
                "spec.containers[new]: - > {\"image\":\"n\",\"name\":\"new\"}",
                "spec.containers[web].args[1]: b > -",
                "spec.containers[web].image: web:1 > web:2",
                "spec.containers[old]: {\"image\":\"o\",\"name\":\"old\"} > -",
            ]
        );
        assert_eq!(changes(Some(&after), &after), []);
        let new = changes(None, &json!({"kind": "A", "spec": {"x": 1}}));
        assert_eq!(lines(&new), ["kind: - > A", "spec: - > {\"x\":1}"]);
    }

    #[test]
    fn order_alone_is_a_change() {
        let before = json!({"l": [{"name": "a"}, {"name": "b"}]});
        let after = json!({"l": [{"name": "b"}, {"name": "a"}]});
        assert_eq!(lines(&changes(Some(&before), &after)), ["l (order): a, b > b, a"]);
        // Names that are there twice match nothing.
        let twice = json!({"l": [{"name": "a", "x": 1}, {"name": "a", "x": 2}]});
        let other = json!({"l": [{"name": "a", "x": 1}, {"name": "a", "x": 3}]});
        assert_eq!(lines(&changes(Some(&twice), &other)), ["l[1].x: 2 > 3"]);
    }

    #[test]
    fn secrets_are_never_shown() {
        let before = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "b2xk", "same": "eA==", "gone": "Zw=="},
            "metadata": {"annotations": {LAST_APPLIED: "b2xk"}}});
        let after = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "bmV3", "same": "eA==", "more": "bQ=="},
            "stringData": {"s": "plain"}});
        let all = changes(Some(&before), &after);
        let text = lines(&all).join("\n");
        for secret in ["b2xk", "bmV3", "eA==", "Zw==", "bQ==", "plain"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains("data.a: ••• > ••• (changed)"), "{text}");
        assert!(text.contains("data.gone: ••• > -") && text.contains("data.more: - > •••"), "{text}");
        assert!(!text.contains("data.same"), "{text}");
        assert!(!masked_alone(&before).to_string().contains("b2xk"));
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(masked_alone(&map), map);
    }
}
