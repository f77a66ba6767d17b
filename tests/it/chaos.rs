//! The chaos run over the simulation, on its own clock: ten minutes take as long as they have work. One seed of two minutes
//! with every `cargo test`; `SKYFLEET_CHAOS_SEEDS=20` plays twenty of ten minutes.

use std::time::Duration;

use skyfleet::sim::{Fault, FleetSpec, Simulation};

use crate::simulated;
use crate::storm::{Run, Told, Weather};

struct Simulated {
    sim: Simulation,
    contexts: Vec<String>,
}

const KINDS: [&str; 12] = [
    "freeze",
    "refuse",
    "latency",
    "loss=0.1",
    "401",
    "403",
    "410",
    "429=0.5",
    "500=0.5",
    "goaway",
    "cut=500-60000",
    "drop-watches",
];

impl Weather for Simulated {
    fn kinds(&self) -> Vec<&'static str> {
        KINDS.to_vec()
    }

    fn blow(&mut self, cluster: usize, kind: &str) {
        let (fault, _) = Fault::parse(kind).unwrap();
        assert!(self.sim.fault(&self.contexts[cluster], fault));
    }

    fn calm(&mut self, cluster: usize) {
        assert!(self.sim.fault(&self.contexts[cluster], Fault::None));
    }
}

fn play(seed: u64, clusters: usize, seconds: u64) -> Result<Told, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().unwrap();
        let sim = Simulation::new(&FleetSpec::sized(clusters, clusters * 40), seed, start);
        let driver = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(1.0).await }
        });
        let session = simulated::session(&sim);
        let writers = session.infos.iter().map(|i| sim.client(&i.context).unwrap()).collect();
        let contexts = session.infos.iter().map(|i| i.context.to_string()).collect();
        let mut weather = Simulated { sim: sim.clone(), contexts };
        let run = Run { session, writers, weather: &mut weather, seed, seconds, spared: clusters / 3 };
        let told = run.play().await;
        driver.abort();
        told
    })
}

#[test]
fn whatever_blows_the_model_ends_as_the_servers_are() {
    let seeds: u64 = std::env::var("SKYFLEET_CHAOS_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let (clusters, seconds) = if seeds > 0 { (30, 600) } else { (12, 120) };
    for seed in 1..=seeds.max(1) {
        let started = std::time::Instant::now();
        let told = play(seed, clusters, seconds).unwrap_or_else(|why| panic!("{why}"));
        println!("seed {seed}: {told:?} in {:.0} s", started.elapsed().as_secs_f64());
        assert!(told.faults.len() > 3 && told.pulses > seconds, "{told:?}");
        assert!(told.oldest <= Duration::from_secs(5), "{told:?}");
        // A few more requests may be on their way than at the other moment.
        assert!(told.tasks[1] <= told.tasks[0] + 4 * clusters, "tasks are left: {told:?}");
        assert_eq!(told.tasks[2], 0, "tasks are left: {told:?}");
    }
}
