//! Garbage: children whose owners are gone, foreground and orphan deletion, events past their hour, finished claims.
//! Called by `run`.

use std::sync::Arc;

use serde_json::Value;

use super::owned;
use crate::sim::clock::HOUR;
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;

/// Looks at a key: an event that may be old, an object that wants to go, or (namespace part = uid) one that is gone.
pub(crate) fn collect(world: &mut World, key: &Key) {
    if key.kind == table::EVENT {
        let old = world.fetch(key).is_some_and(|e| {
            let value = e.value();
            let last = ["lastTimestamp", "series.lastObservedTime"]
                .iter()
                .find_map(|field| crate::sim::clock::parse(j::text(&value, field)))
                .unwrap_or(e.created);
            last + HOUR <= world.now
        });
        if old {
            world.remove(key);
        } else if world.fetch(key).is_some() {
            world.work.at(world.now + HOUR / 4, crate::sim::work::Who::Garbage, key.clone());
        }
        return;
    }
    match world.fetch(key) {
        Some(object) if object.deleting => leaving(world, &object),
        Some(_) => {}
        None => orphaned(world, &key.ns),
    }
}

/// The owner with this uid is gone: its children go, unless another owner lives.
fn orphaned(world: &mut World, uid: &str) {
    for child in world.children(uid) {
        let others = child.owners.iter().any(|o| &**o != uid && world.by_uid(o).is_some());
        if others {
            let mut value = child.value();
            if let Some(list) = j::existing_list_mut(&mut value, "metadata.ownerReferences") {
                list.retain(|o| j::text(o, "uid") != uid);
            }
            world.put(child.key.kind, value);
        } else {
            delete(world, &child, false);
        }
    }
}

fn delete(world: &mut World, object: &Arc<Stored>, foreground: bool) {
    if object.key.kind == table::POD {
        owned::delete(world, object);
        return;
    }
    if object.deleting {
        return;
    }
    let mut value = object.value();
    if foreground && !world.children(&object.uid).is_empty() {
        j::list_mut(&mut value, "metadata.finalizers").push("foregroundDeletion".into());
    }
    if j::list(&value, "metadata.finalizers").is_empty() {
        world.remove(&object.key);
    } else {
        let stamp = world.stamp();
        j::set(&mut value, "metadata.deletionTimestamp", stamp);
        j::set(&mut value, "metadata.deletionGracePeriodSeconds", 0);
        world.put(object.key.kind, value);
    }
}

/// An object with a deletion time: work off its finalizers of ours.
fn leaving(world: &mut World, object: &Arc<Stored>) {
    let value = object.value();
    let has = |name: &str| j::list(&value, "metadata.finalizers").iter().any(|f| f == name);
    if has("orphan") {
        for child in world.children(&object.uid) {
            let mut body = child.value();
            if let Some(list) = j::existing_list_mut(&mut body, "metadata.ownerReferences") {
                list.retain(|o| j::text(o, "uid") != &*object.uid);
                if list.is_empty() {
                    j::remove(&mut body, "metadata.ownerReferences");
                }
            }
            world.put(child.key.kind, body);
        }
        drop_finalizer(world, object, value, "orphan");
    } else if has("foregroundDeletion") {
        let children = world.children(&object.uid);
        if children.is_empty() {
            drop_finalizer(world, object, value, "foregroundDeletion");
            return;
        }
        for child in children {
            delete(world, &child, true);
        }
        if world.children(&object.uid).is_empty() {
            drop_finalizer(world, object, value, "foregroundDeletion");
        } else {
            world.work.at(world.now + 500, crate::sim::work::Who::Garbage, object.key.clone());
        }
    } else if object.key.kind == table::PVC && has("kubernetes.io/pvc-protection") {
        let used = world.all(table::POD, &object.key.ns).any(|p| {
            !p.pod.as_ref().is_some_and(|f| f.phase.terminal())
                && j::list(&p.value(), "spec.volumes")
                    .iter()
                    .any(|v| j::text(v, "persistentVolumeClaim.claimName") == &*object.key.name)
        });
        if used {
            world.work.at(world.now + 1_000, crate::sim::work::Who::Garbage, object.key.clone());
        } else {
            drop_finalizer(world, object, value, "kubernetes.io/pvc-protection");
        }
    }
}

fn drop_finalizer(world: &mut World, object: &Arc<Stored>, mut value: Value, name: &str) {
    if let Some(list) = j::existing_list_mut(&mut value, "metadata.finalizers") {
        list.retain(|f| f != name);
    }
    let empty = j::list(&value, "metadata.finalizers").is_empty();
    if empty {
        j::remove(&mut value, "metadata.finalizers");
    }
    if empty && object.key.kind != table::NAMESPACE {
        world.remove(&object.key);
    } else {
        world.put(object.key.kind, value);
    }
}
