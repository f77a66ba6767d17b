//! The conformance table, over the simulation; `tests/real` runs the same over real control planes.

use std::sync::Arc;

use skyfleet::domain::cloud::LocalFiles;
use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::kubeconfig;

use crate::conformance::{self, FOR_ANY_CLIENT};
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
        let failed = conformance::failed(&client, &[], "c").await;
        running.abort();
        failed
    });
    assert!(conformance::cases().len() >= 40);
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Over sockets, by skyfleet's own connections: HTTP/2, and HTTP/1.1 for what upgrades.
#[test]
fn it_answers_over_our_own_connections() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let failed = runtime.block_on(async {
        let sim = simulated::small(1);
        let served = sim.listen(&[]).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, served.kubeconfig().to_string()).unwrap();
        let loaded = kubeconfig::load(&[file], &LocalFiles::default());
        let session = Arc::new(Session::from_kubeconfig(loaded, SessionOptions::default()));
        let client = session.client(session.infos[2].id).await.unwrap();
        let running = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(10.0).await }
        });
        let failed = conformance::failed(&client, &FOR_ANY_CLIENT, "o").await;
        running.abort();
        failed
    });
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
