//! ResourceQuota status: what a namespace uses.
//! Called by `run` (the key's name is empty: all quotas of its namespace).

use serde_json::{Map, Value, json};

use crate::sim::admit;
use crate::sim::json as j;
use crate::sim::object::Key;
use crate::sim::store::World;
use crate::sim::table;

/// Brings the quotas of a namespace up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let quotas: Vec<_> = world.all(table::RESOURCEQUOTA, &key.ns).cloned().collect();
    if quotas.is_empty() {
        world.work.quotas.remove(&key.ns);
        return;
    }
    for quota in quotas {
        let mut value = quota.value();
        let hard = j::at(&value, "spec.hard").clone();
        let used: Map<String, Value> =
            admit::used(world, &key.ns, &hard).into_iter().map(|(k, v)| (k, Value::from(v))).collect();
        j::set(&mut value, "status", json!({"hard": hard, "used": used}));
        world.put(table::RESOURCEQUOTA, value);
    }
}
