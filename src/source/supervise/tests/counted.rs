//! Pods where there is no room for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::Budget;
use super::*;

fn wants(w: &World, namespaces: &[&str]) {
    let wanted: BTreeSet<_> = namespaces.iter().map(|ns| (*ns).into()).collect();
    w.demand.send_modify(|d| d.pods = BTreeMap::from([(ClusterId(0), wanted)]).into());
}

/// They are counted, watched in a namespace that is wanted, and all there when there is room again.
#[tokio::test(start_paused = true)]
async fn pods_without_room_are_counted_until_there_is_some() {
    let budget = Budget::with(9, 5);
    let mut others = budget.hold();
    assert!(others.at_least(5));
    let mut w = World::within(&[("pods", Mode::Objects(5))], budget);
    w.live().await;
    let counted = |w: &World| w.cluster().counted.as_ref().map(|c| (c.total, c.namespaces.len()));
    assert_eq!((counted(&w), w.cluster().tally().pods, w.cluster().pod_count()), (Some((5, 0)), 0, 5));
    assert!(!w.cluster().watches_pods_in("x"));

    // For a namespace that somebody looks at there is room of its own.
    wants(&w, &["x"]);
    w.until("those of the namespace", |w| w.cluster().tally().pods == 5).await;
    assert!(counted(&w) == Some((5, 1)) && w.cluster().watches_pods_in("x"));
    // Nobody wants it any more, and there is one more pod: still no room for all.
    w.hand.set("pods", Mode::Objects(6));
    wants(&w, &[]);
    w.until("none of it", |w| w.cluster().tally().pods == 0 && w.cluster().pod_count() == 6).await;
    assert_eq!(counted(&w), Some((6, 0)));

    let asked = || w.hand.asked.lock().unwrap().iter().filter(|a| a.contains("/pods?")).cloned().collect();
    let before: Vec<String> = asked();
    assert!(before.iter().any(|a| a.ends_with("limit=1")), "{before:?}");
    others.let_go();
    w.until("all of them", |w| w.cluster().counted.is_none() && w.cluster().tally().pods == 6).await;
    assert_eq!(w.cluster().phase, Phase::Live);
}

/// A namespace that has too many by itself stays counted, and nothing is asked for over and over.
#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_too_large_is_tried_again_with_each_count() {
    let mut w = World::within(&[("pods", Mode::Objects(5))], Budget::with(4, 4));
    w.live().await;
    wants(&w, &["x"]);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(150) {
        let _ = tokio::time::timeout(Duration::from_secs(10), w.heard.recv()).await;
    }
    let asked = w.hand.asked.lock().unwrap().iter().filter(|a| a.contains("/namespaces/x/pods")).count();
    assert!((1..=4).contains(&asked), "{asked}");
    assert!(!w.cluster().watches_pods_in("x"));
}

/// After a silence the cluster is live again at once, its pods counted anew.
#[tokio::test(start_paused = true)]
async fn who_is_counted_is_counted_again_when_the_cluster_is_back() {
    let mut w = World::within(&[("pods", Mode::Objects(5))], Budget::of(4));
    w.live().await;
    w.hand.set("readyz", Mode::Never);
    w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
    let silent = w.since_start();
    w.hand.set("pods", Mode::Objects(7));
    w.hand.set("readyz", Mode::Objects(0));
    w.until("back", |w| w.cluster().phase == Phase::Live).await;
    assert!(w.since_start() - silent < 20, "{} {silent}", w.since_start());
    w.until("counted", |w| w.cluster().pod_count() == 7).await;
    assert!(w.cluster().counted.is_some() && w.cluster().tally().pods == 0);
}

/// A count that fails is trouble of that kind alone, and is taken back.
#[tokio::test(start_paused = true)]
async fn a_count_that_fails_is_said() {
    let mut w = World::within(&[("pods", Mode::Objects(5))], Budget::of(4));
    w.live().await;
    w.hand.set("pods", Mode::Status(500));
    w.until("trouble", |w| w.cluster().lacks().next().is_some()).await;
    assert_eq!(w.cluster().pod_count(), 5);
    w.hand.set("pods", Mode::Objects(6));
    w.until("well", |w| w.cluster().lacks().next().is_none() && w.cluster().pod_count() == 6).await;
    w.live().await;
}

/// Who may read one namespace alone, which has too many, hears how many that has, and of which it is.
#[tokio::test(start_paused = true)]
async fn the_one_namespace_that_may_be_read_can_be_too_large() {
    let mut w = World::of_namespace(&[("pods", Mode::Within(5))], Budget::of(4), Some("x"));
    w.live().await;
    let cluster = w.cluster();
    assert_eq!(
        (cluster.pod_count(), cluster.within.get(&Kind::Pod).map(ToString::to_string)),
        (5, Some("x".into()))
    );
    wants(&w, &["x", "y"]);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(150) {
        let _ = tokio::time::timeout(Duration::from_secs(10), w.heard.recv()).await;
    }
    let asked = w.hand.asked.lock().unwrap().iter().filter(|a| a.contains("/namespaces/y/pods")).count();
    assert_eq!(asked, 0);
}

/// A list that never comes whole takes no room from others.
#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_gives_its_places_back() {
    let budget = Budget::of(100_000);
    let mut w = World::within(&[("pods", Mode::Endless)], budget.clone());
    w.until("trouble", |w| w.cluster().lacks().next().is_some()).await;
    assert!(budget.hold().at_least(99_999));
}
