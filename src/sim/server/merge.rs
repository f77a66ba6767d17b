//! Strategic merge: which lists are maps, and by which keys.
//! The keys follow the `patchMergeKey` and `listMapKey` tags of k8s.io/api. Called by `patch`, `fields` and `apply`.

use serde_json::Value;

use crate::sim::json as j;

/// How a list merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// Items are found by these keys.
    Map(&'static [&'static str]),
    /// Items are unique scalars.
    Set,
    /// Replaced as a whole.
    Atomic,
}

/// How the list in `field` merges; `path` is its parent path, `sample` an item.
pub(crate) fn list_kind(field: &str, path: &str, sample: Option<&Value>) -> ListKind {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resizePolicy" => ListKind::Map(&["name"]),
        "ports" => {
            let container = path.contains("ontainers");
            let service = sample.is_some_and(|s| s.get("port").is_some()) && path.ends_with("spec");
            match (container, service) {
                (true, _) => ListKind::Map(&["containerPort", "protocol"]),
                (_, true) => ListKind::Map(&["port", "protocol"]),
                _ => ListKind::Atomic,
            }
        }
        "volumeMounts" => ListKind::Map(&["mountPath"]),
        "volumeDevices" => ListKind::Map(&["devicePath"]),
        "conditions" if path.starts_with(".status") || path == "status" || path.is_empty() => {
            ListKind::Map(&["type"])
        }
        "hostAliases" | "podIPs" => ListKind::Map(&["ip"]),
        "topologySpreadConstraints" => ListKind::Map(&["topologyKey", "whenUnsatisfiable"]),
        "ownerReferences" => ListKind::Map(&["uid"]),
        "finalizers" => ListKind::Set,
        "secrets" if path.is_empty() => ListKind::Map(&["name"]),
        _ => ListKind::Atomic,
    }
}

/// The key values of an item (missing protocol means TCP); `None` when it lacks one.
pub(crate) fn item_key(item: &Value, keys: &[&str]) -> Option<Vec<Value>> {
    keys.iter()
        .map(|key| match item.get(*key) {
            Some(value) => Some(value.clone()),
            None if *key == "protocol" => Some(Value::String("TCP".into())),
            None => None,
        })
        .collect()
}

/// Strategic merge has one key per list; `ports` go by their number alone.
fn patch_keys(keys: &'static [&'static str]) -> &'static [&'static str] {
    keys.get(..1).unwrap_or(keys)
}

/// Applies a strategic merge patch.
pub(crate) fn strategic(target: &mut Value, patch: &Value, path: &str) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if fields.get("$patch").and_then(Value::as_str) == Some("replace") {
        let mut new = patch.clone();
        j::remove(&mut new, "$patch");
        *target = new;
        return;
    }
    for (field, change) in fields {
        if field == "$retainKeys" {
            let keep: Vec<&str> = change.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if let Some(map) = target.as_object_mut() {
                map.retain(|name, _| keep.contains(&name.as_str()));
            }
            continue;
        }
        if field.starts_with('$') {
            directive(target, field, change);
            continue;
        }
        let below = format!("{path}.{field}");
        match change {
            Value::Null => {
                if let Some(map) = target.as_object_mut() {
                    map.remove(field);
                }
            }
            Value::Object(map) if map.get("$patch").and_then(Value::as_str) == Some("delete") => {
                if let Some(map) = target.as_object_mut() {
                    map.remove(field);
                }
            }
            Value::Object(_) => strategic(j::key(target, field), change, &below),
            Value::Array(items) => match list_kind(field, path, items.first()) {
                ListKind::Map(keys) => {
                    merge_list(j::array(j::key(target, field)), items, patch_keys(keys), &below)
                }
                ListKind::Set => {
                    let list = j::array(j::key(target, field));
                    for item in items {
                        if !list.contains(item) {
                            list.push(item.clone());
                        }
                    }
                }
                ListKind::Atomic => *j::key(target, field) = change.clone(),
            },
            scalar => *j::key(target, field) = scalar.clone(),
        }
    }
}

fn directive(target: &mut Value, field: &str, change: &Value) {
    if let Some(list) = field.strip_prefix("$deleteFromPrimitiveList/") {
        if let Some(items) = j::existing_list_mut(target, list) {
            items.retain(|item| !change.as_array().is_some_and(|gone| gone.contains(item)));
        }
    } else if let Some(list) = field.strip_prefix("$setElementOrder/") {
        let Some(items) = j::existing_list_mut(target, list) else { return };
        let order = change.as_array().map_or(&[][..], Vec::as_slice);
        let place = |item: &Value| {
            order.iter().position(|wanted| {
                wanted == item
                    || wanted
                        .as_object()
                        .is_some_and(|keys| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
            })
        };
        items.sort_by_key(|item| place(item).unwrap_or(usize::MAX));
    }
}

fn merge_list(list: &mut Vec<Value>, items: &[Value], keys: &[&str], path: &str) {
    if items.iter().any(|item| {
        item.get("$patch").and_then(Value::as_str) == Some("replace")
            && item.as_object().is_some_and(|o| o.len() == 1)
    }) {
        list.clear();
    }
    for item in items {
        let directive = item.get("$patch").and_then(Value::as_str);
        if directive == Some("replace") {
            continue;
        }
        let wanted = item_key(item, keys);
        let at = list.iter().position(|have| wanted.is_some() && item_key(have, keys) == wanted);
        match (directive, at) {
            (Some("delete"), Some(at)) => {
                list.remove(at);
            }
            (Some("delete"), None) => {}
            (_, Some(at)) => {
                if let Some(have) = list.get_mut(at) {
                    strategic(have, item, path);
                }
            }
            (_, None) => {
                let mut fresh = Value::Null;
                strategic(&mut fresh, item, path);
                list.push(fresh);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_merge_by_name() {
        let mut value = json!({"spec": {"containers": [{"name": "a", "image": "x:1", "env": [{"name": "K", "value": "1"}]}, {"name": "b", "image": "y"}]}});
        let patch = json!({"spec": {"containers": [{"name": "a", "image": "x:2", "env": [{"name": "L", "value": "2"}]}, {"name": "b", "$patch": "delete"}]}});
        strategic(&mut value, &patch, "");
        assert_eq!(
            value,
            json!({"spec": {"containers": [{"name": "a", "image": "x:2", "env": [{"name": "K", "value": "1"}, {"name": "L", "value": "2"}]}]}})
        );
    }
}
