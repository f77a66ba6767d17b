//! The engine's cases, over the simulation.

use std::sync::Arc;

use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::clock::Clock;
use skyfleet::source::connect::Ready;
use skyfleet::source::kubeconfig;

use crate::engine::{Stage, cases};
use crate::simulated;

#[test]
fn every_case() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let failed: Vec<String> = runtime.block_on(async {
        let sim = simulated::small(11);
        let driver = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(5.0).await }
        });
        let plays = cases().into_iter().zip(0..).map(|(case, n)| {
            let sim = sim.clone();
            async move {
                let state = tempfile::tempdir().unwrap();
                let loaded = kubeconfig::from_value(sim.kubeconfig()).unwrap();
                let client = |c: String| Some((c.clone(), sim.client(&c)?));
                let clients: Vec<_> = sim.contexts().into_iter().filter_map(client).collect();
                let clock = Clock::new(move || sim.now());
                let state_dir = Some(state.path().to_owned());
                let options = SessionOptions { clock, state_dir, ..SessionOptions::default() };
                let session = Session::new(loaded, Arc::new(Ready::new(clients)), options);
                let session = Arc::new(session);
                let stage = Stage { session, state, namespace: format!("r-{n}") };
                (case.play)(&stage).await.err().map(|why| format!("{}: {why}", case.name))
            }
        });
        let failed = futures::future::join_all(plays).await.into_iter().flatten().collect();
        driver.abort();
        failed
    });
    runtime.shutdown_background();
    assert!(failed.is_empty(), "{failed:#?}");
}
