//! The simulated fleet that the flags of a session name: an embedded one, one of a file, or a generated one.
//! Never: a session over it. Called by main for the demo, and by `served`.

use std::path::Path;
use std::time::Duration;

use skyfleet::cli::args::SessionArgs;
use skyfleet::sim::{FleetSpec, Simulation};

/// Makes it as of `start`, with its incidents, and lets so much time pass.
pub(crate) async fn made(
    a: SessionArgs,
    start: jiff::Timestamp,
    passed: Duration,
) -> Result<Simulation, String> {
    // Thousands of objects are made: not on a thread that has to answer keys.
    let made = tokio::task::spawn_blocking(move || -> Result<Simulation, String> {
        let spec = match (a.clusters, a.pods) {
            (None, None) => match FleetSpec::embedded(&a.fleet) {
                Ok(spec) => spec,
                Err(_) if Path::new(&a.fleet).is_file() => {
                    let text = std::fs::read_to_string(&a.fleet).map_err(|e| format!("{}: {e}", a.fleet))?;
                    FleetSpec::parse(&text).map_err(|e| format!("{}: {e}", a.fleet))?
                }
                Err(error) => return Err(format!("{error}; there are: {}", FleetSpec::names().join(", "))),
            },
            (clusters, pods) => FleetSpec::sized(clusters.unwrap_or(12), pods.unwrap_or(1_500)),
        };
        let sim = Simulation::new(&spec, a.seed, start);
        for incident in &a.incident {
            if !sim.with_incident(incident) {
                return Err(format!("there is no incident `{incident}`"));
            }
        }
        if !passed.is_zero() {
            sim.advance(passed);
        }
        Ok(sim)
    });
    made.await.map_err(|_| "the simulation could not be made".to_owned())?
}
