//! Tests of the simulation as a client sees it.

use super::*;

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

#[test]
fn default_fleet_builds() {
    let spec = FleetSpec::embedded("default").unwrap();
    let began = std::time::Instant::now();
    let sim = Simulation::new(&spec, 1, start());
    let pods: usize = sim.clusters.iter().map(|c| c.lock().all(table::POD, "").count()).sum();
    let nodes: usize = sim.clusters.iter().map(|c| c.lock().all(table::NODE, "").count()).sum();
    println!("{} clusters, {nodes} nodes, {pods} pods in {:?}", sim.contexts().len(), began.elapsed());
    for cluster in sim.clusters.iter() {
        let world = cluster.lock();
        let bad = world.all(table::POD, "").filter(|p| !p.ready_pod()).count();
        println!("{:70} nodes {:3} pods {:4} not ready {bad}", cluster.context, world.all(table::NODE, "").count(), world.all(table::POD, "").count());
    }
}
