//! LimitRange: what containers get that do not say what they need.
//! Called by `defaults`, before a pod's class is told by what it asks for.

use serde_json::Value;

use crate::sim::json as j;
use crate::sim::store::World;
use crate::sim::table;

/// Fills in requests and limits, and notes it in the annotation of the real plugin.
pub(super) fn set(world: &World, pod: &mut Value) {
    let ns = j::text(pod, "metadata.namespace").to_string();
    let mut notes = Vec::new();
    for range in world.all(table::LIMITRANGE, &ns) {
        let range = range.value();
        for item in j::list(&range, "spec.limits").iter().filter(|i| j::text(i, "type") == "Container") {
            for (list, word) in [("initContainers", "init container"), ("containers", "container")] {
                for container in j::existing_list_mut(pod, &format!("spec.{list}")).into_iter().flatten() {
                    fill(container, item, word, &mut notes);
                }
            }
        }
    }
    if !notes.is_empty() {
        let text = format!("LimitRanger plugin set: {}", notes.join("; "));
        j::annotate(pod, "kubernetes.io/limit-ranger", text);
    }
}

fn fill(container: &mut Value, item: &Value, word: &str, notes: &mut Vec<String>) {
    let name = j::text(container, "name").to_string();
    for (part, from, what) in [("requests", "defaultRequest", "request"), ("limits", "default", "limit")] {
        // A range that names limits alone asks for as much.
        let given = match j::at(item, from) {
            Value::Null if part == "requests" => j::at(item, "default"),
            given => given,
        };
        let mut set = Vec::new();
        for (resource, amount) in given.as_object().into_iter().flatten() {
            let place = j::slot(container, &format!("resources.{part}"));
            if place.get(resource).is_none() {
                *j::key(place, resource) = amount.clone();
                set.push(resource.as_str());
            }
        }
        if !set.is_empty() {
            notes.push(format!("{} {what} for {word} {name}", set.join(", ")));
        }
    }
}
