//! Silence, sleep and versions that are gone: what is gone on with, and what is asked for anew.

use super::*;

/// Lists that were asked for, without watches.
fn lists(hand: &Hand, resource: &str) -> usize {
    let asked = hand.asked.lock().unwrap();
    asked.iter().filter(|a| a.contains(resource) && !a.contains("watch=")).count()
}

#[tokio::test(start_paused = true)]
async fn who_is_back_goes_on_from_where_it_was_without_a_list() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    w.hand.set("readyz", Mode::Never);
    w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
    let watches = |w: &World| {
        let asked = w.hand.asked.lock().unwrap();
        let is_from_there = |a: &&String| a.contains("/pods?") && a.contains("resourceVersion=7");
        asked.iter().filter(|a| a.contains("watch=true")).filter(is_from_there).count()
    };
    let before = watches(&w);
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    assert!(watches(&w) > before);
    assert_eq!(w.cluster().pods().count(), 2);
}

/// What was told of a kind in one session is taken back in the next, which asks for no list.
#[tokio::test(start_paused = true)]
async fn a_lack_ends_with_the_session_after_it() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("pods", Mode::Status(500));
    w.until("old", |w| matches!(w.pods(), Some(Load::Old(_)))).await;
    w.hand.set("readyz", Mode::Never);
    tokio::time::sleep(Duration::from_secs(20)).await;
    w.hand.set("pods", Mode::Objects(2));
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_is_silent_nothing_is_asked_but_whether_it_is_there() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    // It refuses whom it let in before: nobody knocks at each door, one knocks at the first.
    w.hand.set("readyz", Mode::Status(401));
    w.hand.set("version", Mode::Status(401));
    w.until("denied", |w| matches!(w.cluster().phase, Phase::Denied { .. })).await;
    let (watches, knocks) = (w.hand.asked("watch=true"), w.hand.asked("GET /version"));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(w.hand.asked("watch=true"), watches);
    assert!(w.hand.asked("GET /version") > knocks);
    for resource in ["readyz", "version"] {
        w.hand.set(resource, Mode::Objects(0));
    }
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_everything_is_as_old_as_the_sleep_until_it_answers() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let fell_asleep = w.clock.now();
    w.hand.set("readyz", Mode::Never);
    w.ahead.fetch_add(3_600_000, Ordering::Relaxed);
    let slept =
        |w: &World| matches!(&w.cluster().phase, Phase::Stale { cause, .. } if cause.contains("slept for"));
    w.until("stale", slept).await;
    let Phase::Stale { since, cause } = w.cluster().phase.clone() else { panic!() };
    assert!(since <= fell_asleep && since.duration_since(fell_asleep).as_secs() > -10, "{since}");
    assert_eq!(cause, "this machine slept for 60m, or its clock was set");
    // That is said within two seconds of waking, long before a server is known to be silent.
    assert!(w.clock.now().duration_since(fell_asleep).as_secs() < 3600 + 10 + 2);
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
    assert_eq!(lists(&w.hand, "/pods"), 1);
    // Back by an hour, too: it is asked again.
    w.hand.set("readyz", Mode::Never);
    w.ahead.fetch_sub(3_600_000, Ordering::Relaxed);
    w.until(
        "stale again",
        |w| matches!(&w.cluster().phase, Phase::Stale { cause, .. } if cause.contains("set back")),
    )
    .await;
    w.hand.set("readyz", Mode::Objects(0));
    w.live().await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_gone_brings_a_new_list_at_once() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    let at = w.clock.now();
    w.hand.set("pods", Mode::Gone(3));
    w.until("three", |w| w.cluster().pods().count() == 3).await;
    assert_eq!(lists(&w.hand, "/pods"), 2);
    assert!(w.clock.now().duration_since(at).as_secs() < 2);
    assert!(!w.phases.iter().any(|p| matches!(p, Phase::Stale { .. })), "{:?}", w.phases);
}
