//! The conformance table, over the simulation; `tests/real` runs the same over real control planes.

use futures::StreamExt;

use crate::conformance;
use crate::simulated;

#[test]
fn the_simulation_answers_as_a_real_server() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let failed = runtime.block_on(async {
        let sim = simulated::small(1);
        let client = sim.client(&sim.contexts()[2]).unwrap();
        let running = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(10.0).await }
        });
        let runs =
            conformance::cases().into_iter().enumerate().map(|(n, case)| {
                let client = client.clone();
                async move {
                    (case.run)(client, format!("c-{n}")).await.err().map(|e| format!("{}: {e}", case.name))
                }
            });
        let failed: Vec<String> =
            futures::stream::iter(runs).buffer_unordered(12).filter_map(std::future::ready).collect().await;
        running.abort();
        failed
    });
    assert!(conformance::cases().len() >= 40);
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
