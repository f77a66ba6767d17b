//! Kinds in trouble, refused, well again.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_list_in_trouble_is_said_with_its_cause_and_passes() {
    for mode in TROUBLE {
        let mut w = World::new(&[("pods", mode)]);
        w.until("unreadable", |w| matches!(w.cluster().phase, Phase::Unreadable { .. })).await;
        let cause = w.cluster().phase.cause().unwrap().to_string();
        assert!(cause.starts_with("pods: "), "{mode:?}: {cause}");
        assert!(matches!(w.pods(), Some(Load::Absent(lack)) if lack.why == Why::Trouble), "{mode:?}");
        if let Mode::Status(code) = mode {
            assert_eq!(cause, format!("pods: told {code}"));
        }
        w.hand.set("pods", Mode::Objects(2));
        w.live().await;
        assert_eq!(w.cluster().pods().count(), 2, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_after_live_makes_rows_old_and_passes() {
    for mode in TROUBLE {
        let mut w = World::new(&[("pods", Mode::Objects(2))]);
        w.live().await;
        let begin = w.clock.now();
        w.hand.set("pods", mode);
        w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
        assert!(w.cluster().phase.since().unwrap() >= begin, "{mode:?}");
        assert!(w.cluster().phase.cause().unwrap().starts_with("pods: "), "{mode:?}");
        assert!(matches!(w.pods(), Some(Load::Old(lack)) if lack.why == Why::Trouble), "{mode:?}");
        assert_eq!(w.cluster().pods().count(), 2, "{mode:?}");
        w.hand.set("pods", Mode::Objects(3));
        w.live().await;
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_that_passes_soon_is_no_news() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("pods", Mode::Status(500));
    let asked = w.hand.asked("GET /api/v1/pods");
    let quiet = async {
        // Two answers of trouble, which is less than the patience.
        while w.hand.asked("GET /api/v1/pods") < asked + 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(14), quiet).await.unwrap();
    w.hand.set("pods", Mode::Objects(2));
    w.hand.set("nodes", Mode::Objects(4));
    w.demand.send_modify(|d| d.usage = false);
    let after = w.clock.now().as_second() + 60;
    w.until("a minute", |w| w.clock.now().as_second() > after).await;
    assert_eq!(w.phases.last(), Some(&Phase::Live));
    assert!(!w.phases.iter().any(|p| matches!(p, Phase::Stale { .. })), "{:?}", w.phases);
}

#[tokio::test(start_paused = true)]
async fn a_refused_kind_is_asked_for_again_each_minute_and_on_demand() {
    let mut w = World::new(&[("pods", Mode::Status(403))]);
    w.until("live", |w| w.cluster().phase == Phase::Live).await;
    assert!(matches!(w.pods(), Some(Load::Absent(lack)) if lack.why == Why::Refused));
    assert_eq!(w.cluster().lack_words().unwrap(), "pods: told 403");
    w.hand.set("pods", Mode::Objects(2));
    w.until("pods", |w| w.pods() == Some(&Load::Ready)).await;
    assert!((60..70).contains(&w.since_start()), "{}", w.since_start());
    assert_eq!(w.cluster().lack_words(), None);

    let mut w = World::new(&[("pods", Mode::Status(403))]);
    w.until("live", |w| w.cluster().phase == Phase::Live).await;
    w.hand.set("pods", Mode::Objects(2));
    w.retry();
    w.until("pods", |w| w.pods() == Some(&Load::Ready)).await;
    assert!(w.since_start() < 5, "{}", w.since_start());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_what_was_there_keeps_the_rows_as_old_ones() {
    for mode in [Mode::Status(403), Mode::Status(404), Mode::NoWatch] {
        let mut w = World::new(&[("pods", Mode::Objects(1))]);
        w.live().await;
        w.hand.set("pods", mode);
        w.until("old", |w| matches!(w.pods(), Some(Load::Old(_)))).await;
        assert_eq!(w.cluster().pods().count(), 1, "{mode:?}");
        assert_eq!(w.cluster().tally().pods, 1, "{mode:?}");
        assert!(w.cluster().lack_words().is_some(), "{mode:?}");
        w.hand.set("pods", Mode::Objects(3));
        w.live().await;
        assert_eq!(w.cluster().pods().count(), 3, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_was_never_served_lacks_nobody() {
    let mut w = World::new(&[("cronjobs", Mode::Status(404))]);
    w.live().await;
    assert!(
        matches!(w.cluster().loads.get(&Kind::CronJob), Some(Load::Absent(l)) if l.why == Why::NotServed)
    );
    assert_eq!(w.cluster().lack_words(), None);
}

#[tokio::test(start_paused = true)]
async fn rows_keep_their_age_until_the_new_lists_are_there() {
    let mut w = World::new(&[("pods", Mode::Objects(2))]);
    w.live().await;
    w.hand.set("readyz", Mode::Never);
    w.until("stale", |w| matches!(w.cluster().phase, Phase::Stale { .. })).await;
    let since = w.cluster().phase.since().unwrap();
    // It answers again, but its lists take a while.
    w.hand.set("pods", Mode::Never);
    w.hand.set("readyz", Mode::Objects(0));
    let asked = w.hand.asked("GET /version");
    w.until("connected anew", |w| w.hand.asked("GET /version") > asked).await;
    let again = w.clock.now().as_second() + 10;
    w.until("ten seconds", |w| w.clock.now().as_second() > again).await;
    assert!(
        matches!(w.cluster().phase, Phase::Stale { since: s, .. } if s == since),
        "{:?}",
        w.cluster().phase
    );
    w.hand.set("pods", Mode::Objects(2));
    w.live().await;
    let live = w.phases.iter().position(|p| *p == Phase::Live).unwrap();
    let back = &w.phases[live..];
    assert!(!back.iter().any(|p| matches!(p, Phase::Syncing { .. })), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn when_it_is_tried_again_is_known_while_it_waits() {
    let mut w = World::new(&[("version", Mode::Status(500))]);
    w.until("waiting", |w| w.cluster().next_try.is_some()).await;
    let left = w.cluster().next_try.unwrap().as_second() - w.clock.now().as_second();
    assert!((1..=4).contains(&left), "{left}");
    assert!(matches!(w.cluster().phase, Phase::Failed { .. }));
    let first = w.cluster().next_try;
    w.until("waiting for another", |w| w.cluster().next_try > first).await;
    w.hand.well("version");
    w.live().await;
    assert_eq!(w.cluster().next_try, None);
}
