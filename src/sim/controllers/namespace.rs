//! Namespaces: a default ServiceAccount and root CA map for new ones; emptied and removed when deleted.
//! Called by `run`.

use serde_json::json;

use super::owned;
use crate::sim::json as j;
use crate::sim::object::Key;
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// Brings one namespace up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(namespace) = world.fetch(key) else { return };
    let ns = namespace.key.name.clone();
    if !namespace.deleting {
        let stamp = world.stamp();
        if world.get(table::SERVICEACCOUNT, &ns, "default").is_none() {
            let uid = world.rng.uid();
            let body = json!({"metadata": {"name": "default", "namespace": &*ns, "uid": uid, "creationTimestamp": stamp}});
            world.put(table::SERVICEACCOUNT, body);
        }
        if world.get(table::CONFIGMAP, &ns, "kube-root-ca.crt").is_none() {
            let uid = world.rng.uid();
            let body = json!({"metadata": {"name": "kube-root-ca.crt", "namespace": &*ns, "uid": uid, "creationTimestamp": stamp,
                "annotations": {"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}},
                "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIsimulated\n-----END CERTIFICATE-----\n"}});
            world.put(table::CONFIGMAP, body);
        }
        return;
    }
    let mut left = 0usize;
    for kind in 0..world.types.len() {
        if kind == table::NAMESPACE {
            continue;
        }
        let objects: Vec<_> = world.all(kind, &ns).filter(|o| *o.key.ns == *ns).cloned().collect();
        for object in objects {
            if kind == table::POD {
                owned::delete(world, &object);
            } else {
                let mut value = object.value();
                if let Some(list) = j::existing_list_mut(&mut value, "metadata.finalizers") {
                    list.retain(|f| {
                        !f.as_str().is_some_and(|f| {
                            f.starts_with("kubernetes.io/") || f == "foregroundDeletion" || f == "orphan"
                        })
                    });
                }
                if j::list(&value, "metadata.finalizers").is_empty() {
                    world.remove(&object.key);
                } else if !object.deleting {
                    let stamp = world.stamp();
                    j::set(&mut value, "metadata.deletionTimestamp", stamp);
                    world.put(kind, value);
                }
            }
        }
        left += world.all(kind, &ns).filter(|o| *o.key.ns == *ns).count();
    }
    if left > 0 {
        world.work.at(world.now + 500, Who::Namespace, key.clone());
        return;
    }
    if j::list(&namespace.value(), "metadata.finalizers").is_empty() {
        world.remove(key);
    }
}
