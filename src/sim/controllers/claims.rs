//! PersistentVolumeClaims: provisioned and bound after a moment when their class exists; volumes of deleted claims go.
//! Called by `run`.

use serde_json::json;

use crate::sim::json as j;
use crate::sim::object::Key;
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// Looks at one claim (or volume).
pub(crate) fn sync(world: &mut World, key: &Key) {
    if key.kind == table::PV {
        return;
    }
    let Some(claim) = world.fetch(key) else {
        let lost: Vec<Key> = world
            .all(table::PV, "")
            .filter(|v| {
                let body = v.value();
                j::text(&body, "spec.claimRef.namespace") == &*key.ns
                    && j::text(&body, "spec.claimRef.name") == &*key.name
            })
            .map(|v| v.key.clone())
            .collect();
        for volume in lost {
            world.remove(&volume);
        }
        return;
    };
    let mut value = claim.value();
    if j::text(&value, "status.phase") != "Pending" || claim.deleting {
        return;
    }
    let mut class = j::text(&value, "spec.storageClassName").to_string();
    if class.is_empty() {
        let default = world
            .all(table::STORAGECLASS, "")
            .find(|c| j::annotation(&c.value(), "storageclass.kubernetes.io/is-default-class") == "true")
            .map(|c| c.key.name.to_string());
        let Some(found) = default else { return };
        class = found;
        j::set(&mut value, "spec.storageClassName", class.clone());
    }
    if world.get(table::STORAGECLASS, "", &class).is_none() {
        return;
    }
    let due = claim.created + 2_000;
    if world.now < due {
        world.work.at(due, Who::Claim, key.clone());
        return;
    }
    let name = format!("pvc-{}", claim.uid);
    let size = j::at(&value, "spec.resources.requests.storage").clone();
    let modes = j::at(&value, "spec.accessModes").clone();
    let stamp = world.stamp();
    let uid = world.rng.uid();
    let volume = json!({
        "metadata": {"name": name, "uid": uid, "creationTimestamp": stamp, "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {"capacity": {"storage": size}, "accessModes": modes, "storageClassName": class, "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": &*key.ns, "name": &*key.name, "uid": &*claim.uid},
            "csi": {"driver": "csi.simulated", "volumeHandle": format!("vol-{}", claim.uid)}},
        "status": {"phase": "Bound"}
    });
    world.put(table::PV, volume);
    j::set(&mut value, "spec.volumeName", name);
    j::set(
        &mut value,
        "status",
        json!({"phase": "Bound", "accessModes": modes, "capacity": {"storage": size}}),
    );
    world.put(table::PVC, value);
}
