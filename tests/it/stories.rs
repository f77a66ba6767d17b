//! The stories, over the simulation.

use std::sync::Arc;

use skyfleet::sim::Fault;

use crate::play::script::{self, SCRIPTS};
use crate::play::{Play, World, stories};
use crate::simulated;

/// Plays it in a world of its own.
fn play(name: &str, namespace: &str, is_still: bool, story: impl FnOnce(World) -> Play) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let sim = simulated::small(7);
        if is_still {
            sim.still();
        }
        let driver = tokio::spawn({
            let sim = sim.clone();
            async move { sim.run(5.0).await }
        });
        let world = World {
            session: simulated::session(&sim),
            freeze: Arc::new({
                let sim = sim.clone();
                move |context, on| {
                    sim.fault(context, if on { Fault::Freeze } else { Fault::None });
                }
            }),
            namespace: namespace.to_owned(),
        };
        let result = story(world).await;
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
            let story = stories().into_iter().find(|s| s.name == stringify!($name)).unwrap();
            play(story.name, story.namespace, false, story.play);
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

/// A test for each script.
macro_rules! each_script {
    ($($name:ident)*) => {
        mod scripted {
            $(#[test]
            fn $name() {
                super::play_script(stringify!($name));
            })*
        }
    };
}

fn play_script(name: &str) {
    let (_, text) = SCRIPTS.iter().find(|(n, _)| *n == name).unwrap();
    // In them numbers are looked at.
    play(name, "t-script", true, |world| script::play(text, world));
}

with_each_script!(each_script);

#[test]
fn every_script_is_in_the_list() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/scripts");
    let mut files: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().trim_end_matches(".txt").to_owned())
        .collect();
    files.sort();
    let mut names: Vec<&str> = SCRIPTS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(files, names);
    // The ones by hand are all played there.
    assert!(SCRIPTS.iter().any(|(_, text)| script::is_real(text)), "some are played on real control planes");
}
