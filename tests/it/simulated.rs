//! A session over the simulation.

use std::sync::Arc;

use skyfleet::ops::session::{Session, SessionOptions, Shared};
use skyfleet::sim::{FleetSpec, Simulation};
use skyfleet::source::clock::Clock;
use skyfleet::source::connect::Ready;
use skyfleet::source::kubeconfig;

/// A session whose clusters are simulated.
pub(crate) fn session(sim: &Simulation) -> Shared {
    session_with(sim, None, SessionOptions::default())
}

/// The same, with these options, as somebody in this group rather than the administrator.
pub(crate) fn session_with(sim: &Simulation, group: Option<&str>, options: SessionOptions) -> Shared {
    let loaded = kubeconfig::from_value(&sim.kubeconfig()).unwrap();
    let client = |context: &str| match group {
        Some(group) => sim.client_as(context, "somebody", &[group]),
        None => sim.client(context),
    };
    let clients = sim.contexts().into_iter().filter_map(|c| Some((c.clone(), client(&c)?)));
    let clock = {
        let sim = sim.clone();
        Clock::new(move || sim.now())
    };
    Arc::new(Session::new(loaded, Arc::new(Ready::new(clients)), SessionOptions { clock, ..options }))
}

/// The small fleet, as of now.
pub(crate) fn small(seed: u64) -> Simulation {
    Simulation::new(&FleetSpec::embedded("small").unwrap(), seed, jiff::Timestamp::now())
}
