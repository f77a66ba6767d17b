//! Load: pods whose containers restart, evenly over the fleet, so many a second.
//! Never: anything that controllers answer with changes of their own. Called by `Simulation::stir`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Simulation;
use super::clock;
use super::cluster::Cluster;
use super::json as j;
use super::object::{Key, Phase};
use super::rng::Rng;
use super::table;

/// How often changes are made.
const TICK: Duration = Duration::from_millis(50);

impl Simulation {
    /// Makes so many changes of pod statuses a second of real time, until dropped: each is one MODIFIED event.
    pub async fn stir(&self, per_second: u32) {
        let mut rng = Rng::of(u64::from(per_second), "stir");
        let mut pods = Pods::default();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let mut owed = 0;
        loop {
            ticks.tick().await;
            owed += u128::from(per_second) * TICK.as_millis();
            let due = owed / 1_000;
            owed %= 1_000;
            for _ in 0..due {
                pods.change_one(self, &mut rng);
            }
        }
    }
}

/// The pods of the clusters, as far as they were looked up.
#[derive(Default)]
struct Pods {
    /// One cluster after the other.
    turn: usize,
    known: std::collections::HashMap<usize, Vec<Key>>,
}

impl Pods {
    fn change_one(&mut self, sim: &Simulation, rng: &mut Rng) {
        let count = sim.clusters.len().max(1);
        // A cluster may have no pods that run; then it is the next one's turn.
        for _ in 0..count {
            let index = self.turn % count;
            self.turn = index + 1;
            let Some(cluster) = sim.clusters.get(index) else { continue };
            let keys = self.known.entry(index).or_insert_with(|| running(cluster));
            let at = usize::try_from(rng.below(u64::try_from(keys.len()).unwrap_or(0))).unwrap_or(0);
            let Some(key) = keys.get(at).cloned() else { continue };
            if restart(cluster, &key, sim.now.load(Ordering::Acquire)) {
                return;
            }
            // It is gone or not running: look again.
            self.known.remove(&index);
        }
    }
}

fn running(cluster: &Cluster) -> Vec<Key> {
    let world = cluster.lock();
    let runs =
        |o: &super::object::Stored| o.pod.as_ref().is_some_and(|p| p.phase == Phase::Running && p.ready);
    world.all(table::POD, "").filter(|o| runs(o) && !o.deleting).map(|o| o.key.clone()).collect()
}

/// The first container of a pod ended well and runs again.
fn restart(cluster: &Cluster, key: &Key, now: clock::Millis) -> bool {
    let mut world = cluster.lock();
    let Some(pod) = world.fetch(key).filter(|p| !p.deleting && p.ready_pod()) else { return false };
    let mut value = pod.value();
    let Some(status) =
        j::existing_list_mut(&mut value, "status.containerStatuses").and_then(|list| list.first_mut())
    else {
        return false;
    };
    let stamp = clock::rfc3339(now);
    let begun = j::text(status, "state.running.startedAt").to_string();
    let id = j::text(status, "containerID").to_string();
    let count = j::int(status, "restartCount").unwrap_or(0) + 1;
    j::set(status, "restartCount", count);
    j::set(status, "state", serde_json::json!({"running": {"startedAt": stamp}}));
    j::set(
        status,
        "lastState",
        serde_json::json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": begun, "finishedAt": stamp, "containerID": id}}),
    );
    world.put(table::POD, value);
    true
}
