//! A session over the simulation.

use std::sync::Arc;

use skyfleet::ops::session::{Session, SessionOptions, Shared};
use skyfleet::sim::{FleetSpec, Simulation};
use skyfleet::source::clock::Clock;
use skyfleet::source::connect::Ready;
use skyfleet::source::kubeconfig;

/// A session whose clusters are simulated.
pub(crate) fn session(sim: &Simulation) -> Shared {
    let loaded = kubeconfig::from_value(sim.kubeconfig()).unwrap();
    let clients = sim.contexts().into_iter().filter_map(|c| Some((c.clone(), sim.client(&c)?)));
    let clock = {
        let sim = sim.clone();
        Clock::new(move || sim.now())
    };
    let options = SessionOptions { clock, ..SessionOptions::default() };
    Arc::new(Session::new(loaded, Arc::new(Ready::new(clients)), options))
}

/// The small fleet, as of now.
pub(crate) fn small(seed: u64) -> Simulation {
    Simulation::new(&FleetSpec::embedded("small").unwrap(), seed, jiff::Timestamp::now())
}
