//! Strategic merge patches, with their directives. Which lists are maps, and by which keys, says `shape`. Called by `patch`.

use serde_json::Value;

use super::shape::{Key, ListKind, Shape, item_key};
use crate::sim::json as j;

/// Applies a strategic merge patch.
pub(crate) fn strategic(target: &mut Value, patch: &Value, shape: Shape) {
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
        let below = shape.field(field);
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
            Value::Object(_) => strategic(j::key(target, field), change, below),
            Value::Array(items) => match below.patched_list() {
                ListKind::Map(keys) => merge_list(j::array(j::key(target, field)), items, keys, below.item()),
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

fn merge_list(list: &mut Vec<Value>, items: &[Value], keys: &[Key], shape: Shape) {
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
                    strategic(have, item, shape);
                }
            }
            (_, None) => {
                let mut fresh = Value::Null;
                strategic(&mut fresh, item, shape);
                list.push(fresh);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::table;
    use serde_json::json;

    #[test]
    fn containers_merge_by_name() {
        let mut value = json!({"spec": {"containers": [{"name": "a", "image": "x:1", "env": [{"name": "K", "value": "1"}]}, {"name": "b", "image": "y"}]}});
        let patch = json!({"spec": {"containers": [{"name": "a", "image": "x:2", "env": [{"name": "L", "value": "2"}]}, {"name": "b", "$patch": "delete"}]}});
        let shape = Shape::of(&table::builtin().into_iter().find(|r| r.kind == "Pod").unwrap());
        strategic(&mut value, &patch, shape);
        assert_eq!(
            value,
            json!({"spec": {"containers": [{"name": "a", "image": "x:2", "env": [{"name": "K", "value": "1"}, {"name": "L", "value": "2"}]}]}})
        );
    }
}
