//! The stories, over the simulation.

use std::sync::Arc;

use skyfleet::sim::Fault;

use crate::play::{World, stories};
use crate::simulated;

fn play(name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let sim = simulated::small(7);
        let driver = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(5.0).await }
        });
        let story = stories().into_iter().find(|s| s.name == name).unwrap();
        let world = World {
            session: simulated::session(&sim),
            freeze: Arc::new({
                let sim = sim.clone();
                move |context, on| {
                    sim.fault(context, if on { Fault::Freeze } else { Fault::None });
                }
            }),
            namespace: story.namespace.to_owned(),
        };
        let result = (story.play)(world).await;
        driver.abort();
        result
    });
    runtime.shutdown_background();
    if let Err(why) = result {
        panic!("{name}: {why}");
    }
}

macro_rules! each {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(stringify!($name));
        })*

        #[test]
        fn none_is_left_out() {
            let names: Vec<&str> = stories().iter().map(|s| s.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

each! {
    find_a_crashing_pod_and_heal_it
    apply_to_three_clusters_one_refuses
    scale_one_app_in_two_clusters
    logs_of_pods_that_start_later_join_in
    a_set_is_written_and_then_awaited_together
    see_what_it_costs
    sort_by_a_column_and_go_by_a_few_letters
    meet_a_kind_that_is_not_built_in
    lose_a_cluster_and_get_it_back
}
