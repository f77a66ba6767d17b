//! Incidents: timed actions played into a cluster, as a careless colleague or bad luck would.
//! Called by `controllers::run` when a script's timer rings.

use super::clock::Millis;
use super::controllers;
use super::json as j;
use super::object::Key;
use super::server::{Manager, Shape, track};
use super::spec::What;
use super::store::World;
use super::table::{self, KindId};
use super::weather::Fault;
use super::work::Who;

/// Arms an action.
pub(crate) fn arm(world: &mut World, at: Millis, what: What) {
    let key = Key::new(0, "", &world.work.script.len().to_string());
    world.work.script.push(what);
    world.work.at(at, Who::Script, key);
}

/// Plays one action.
pub(crate) fn play(world: &mut World, key: &Key) {
    let Some(what) = key.name.parse::<usize>().ok().and_then(|i| world.work.script.get(i)).cloned() else {
        return;
    };
    match what {
        What::SetImage { namespace, name, image } => edit(world, &namespace, &name, |value| {
            if let Some(container) =
                j::existing_list_mut(value, "spec.template.spec.containers").and_then(|c| c.first_mut())
            {
                j::set(container, "image", image.clone());
            }
            let tag = image.rsplit(':').next().unwrap_or("").to_string();
            let labels = j::slot(value, "spec.template.metadata.labels");
            *j::key(labels, "app.kubernetes.io/version") = tag.into();
        }),
        What::Scale { namespace, name, replicas } => {
            edit(world, &namespace, &name, |value| j::set(value, "spec.replicas", replicas));
        }
        What::Restart { namespace, name } => {
            let stamp = world.stamp();
            edit(world, &namespace, &name, |value| {
                let place = j::slot(value, "spec.template.metadata.annotations");
                *j::key(place, "kubectl.kubernetes.io/restartedAt") = stamp.clone().into();
            });
        }
        What::NodeDown { node } => {
            if let Some(name) = node_name(world, node) {
                controllers::silence(world, &name);
            }
        }
        What::NodeUp { node } => {
            if let Some(name) = node_name(world, node) {
                controllers::revive(world, &name);
            }
        }
        What::Cordon { node } => {
            if let Some(found) = node_name(world, node).and_then(|n| world.get(table::NODE, "", &n)) {
                let mut value = found.value();
                j::set(&mut value, "spec.unschedulable", true);
                world.put(table::NODE, value);
            }
        }
        What::DeletePods { namespace, name } => {
            let pods: Vec<_> = world
                .all(table::POD, &namespace)
                .filter(|p| p.key.name.starts_with(&name))
                .cloned()
                .collect();
            for pod in pods {
                controllers::delete_pod(world, &pod);
            }
        }
        What::Fault { fault } => world.work.faults.push(match fault.as_str() {
            "freeze" => Fault::Freeze,
            "refuse" => Fault::Refuse,
            "slow" => Fault::Latency { ms: 900, jitter: 600 },
            "drop-watches" => Fault::DropWatches,
            "expired" => Fault::Expired410,
            "unauthorized" => Fault::Unauthorized,
            "goaway" => Fault::GoAway { share: 0.0 },
            "overloaded" => Fault::Status { code: 429, retry_after: Some(1), share: 0.3 },
            _ => Fault::None,
        }),
    }
}

fn node_name(world: &World, index: usize) -> Option<String> {
    let count = world.all(table::NODE, "").count().max(1);
    world.all(table::NODE, "").nth(index % count).map(|n| n.key.name.to_string())
}

/// Edits a workload of any kind by name, as `kubectl` would.
fn edit(world: &mut World, ns: &str, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let kinds: [KindId; 3] = [table::DEPLOYMENT, table::STATEFULSET, table::DAEMONSET];
    let Some((kind, old)) = kinds.into_iter().find_map(|k| world.get(k, ns, name).map(|o| (k, o))) else {
        return;
    };
    let before = old.value();
    let mut value = before.clone();
    change(&mut value);
    let generation = j::int(&before, "metadata.generation").unwrap_or(1) + 1;
    j::set(&mut value, "metadata.generation", generation);
    let res = world.resource(kind);
    let manager = Manager::update("kubectl-set", &res.api_version(), "");
    track(&mut value, Some(&before), Shape::of(&res), &manager, world.now);
    world.put(kind, value);
}
