//! CustomResourceDefinitions: established at once, their types served generically, gone with them.
//! Called by `run`, and by the seed.

use serde_json::Value;

use super::owned;
use crate::sim::json as j;
use crate::sim::object::Key;
use crate::sim::store::World;
use crate::sim::table::{self, Resource};

/// Looks at one definition.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(crd) = world.fetch(key) else {
        if let Some((plural, group)) = key.name.split_once('.') {
            world.retire_types(group, plural);
        }
        return;
    };
    let value = crd.value();
    establish(world, &value);
    let mut value = value;
    let stamp = world.stamp();
    let names = j::at(&value, "spec.names").clone();
    j::set(&mut value, "status.acceptedNames", names);
    let stored: Vec<Value> = j::list(&value, "spec.versions")
        .iter()
        .filter(|v| j::at(v, "storage").as_bool() == Some(true))
        .map(|v| j::at(v, "name").clone())
        .collect();
    j::set(&mut value, "status.storedVersions", stored);
    owned::condition(&mut value, "NamesAccepted", "True", "NoConflicts", "no conflicts found", &stamp, false);
    owned::condition(
        &mut value,
        "Established",
        "True",
        "InitialNamesAccepted",
        "the initial names have been accepted",
        &stamp,
        false,
    );
    world.put(table::CRD, value);
}

/// Serves the types of a definition.
pub(crate) fn establish(world: &mut World, crd: &Value) {
    let group = j::text(crd, "spec.group").to_string();
    let names = j::at(crd, "spec.names").clone();
    let plural = j::text(&names, "plural").to_string();
    let strings = |list: &str| {
        j::list(&names, list)
            .iter()
            .filter_map(|s| s.as_str().map(|s| s.to_string().into()))
            .collect::<Vec<_>>()
    };
    for version in j::list(crd, "spec.versions") {
        let name = j::text(version, "name").to_string();
        if world.kind_of(&group, &name, &plural).is_some()
            || j::at(version, "served").as_bool() == Some(false)
        {
            continue;
        }
        let subs = j::at(version, "subresources");
        let subs: Vec<_> =
            ["status", "scale"].into_iter().filter(|s| subs.get(*s).is_some()).map(Into::into).collect();
        world.add_type(Resource {
            group: group.clone().into(),
            version: name.into(),
            kind: j::text(&names, "kind").to_string().into(),
            plural: plural.clone().into(),
            singular: j::text(&names, "singular").to_string().into(),
            short: strings("shortNames"),
            namespaced: j::text(crd, "spec.scope") == "Namespaced",
            categories: strings("categories"),
            subs,
            generations: true,
            custom: true,
        });
    }
}
