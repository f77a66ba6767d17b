//! The engine's cases, over the simulation.

use skyfleet::ops::session::SessionOptions;

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
                let options =
                    SessionOptions { state_dir: Some(state.path().to_owned()), ..SessionOptions::default() };
                let session = simulated::session_with(&sim, None, options);
                let viewer = simulated::session_with(&sim, Some("viewers"), SessionOptions::default());
                let stage = Stage { session, viewer, state, namespace: format!("r-{n}") };
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
