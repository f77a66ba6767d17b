//! Kinds that are not built in: found by discovery, watched as the server prints them.

use super::*;
use crate::domain::scope::Scope;
use crate::fleet::table::{RowRef, cells};

const GEARS: Mode = Mode::Printed(&["Name", "Teeth", "Age"]);

/// A supervised server that is asked which kinds it serves.
async fn asked(mode: Option<Mode>) -> World {
    let modes: Vec<(&str, Mode)> = mode.map(|mode| ("gears", mode)).into_iter().collect();
    let mut world = World::new(&modes);
    world.ask();
    world.until("asked", |w| w.cluster().served.asked == 1).await;
    world
}

impl World {
    fn ask(&self) {
        self.demand.send_modify(|d| *d.discovery.entry(ClusterId(0)).or_default() += 1);
    }

    fn kind(&self) -> Option<Kind> {
        self.fleet.served_as("gr", &Scope::all()).first().copied()
    }

    /// Looks at the kind.
    fn look(&self, kind: Kind) {
        self.demand.send_modify(|d| {
            d.clusters.insert(ClusterId(0));
            d.kinds = [kind].into();
        });
    }

    fn titles(&self, kind: Kind) -> String {
        self.fleet.columns(kind).iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn rows(&self, kind: Kind) -> Vec<String> {
        let texts =
            |row| cells(self.cluster(), RowRef::Other(row), self.clock.now()).into_iter().map(|c| c.text);
        self.cluster().others(kind).map(|row| texts(row).collect::<Vec<_>>().join("|")).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_found_and_watched_as_it_is_printed() {
    let mut world = asked(Some(GEARS)).await;
    let kind = world.kind().unwrap();
    world.look(kind);
    world.until("rows", |w| w.rows(kind) == ["x|o0|Teeth|–"]).await;
    assert_eq!(world.titles(kind), "NAMESPACE NAME TEETH AGE");
    assert_eq!(world.hand.asked("/apis/example.com/v1/gears?&limit=500"), 1);
    // The kind has other columns, which the watch that goes on says: the list is brought anew.
    world.hand.set("gears", Mode::Printed(&["Name", "Colour", "Teeth", "Age"]));
    world.until("other columns", |w| w.rows(kind) == ["x|o0|Teeth|Colour|–"]).await;
    assert_eq!(world.titles(kind), "NAMESPACE NAME TEETH COLOUR AGE");
    assert_eq!(world.hand.asked("/apis/example.com/v1/gears?&limit=500"), 2);
    // Nobody looks any more.
    world.demand.send_modify(|d| d.kinds.clear());
    world.until("no rows", |w| w.rows(kind).is_empty() && !w.cluster().loads.contains_key(&kind)).await;
}

/// The version that was preferred is served no more: another is, and is found.
#[tokio::test(start_paused = true)]
async fn a_version_that_goes_is_looked_for_again() {
    let mut world = asked(Some(GEARS)).await;
    let kind = world.kind().unwrap();
    world.look(kind);
    world.until("rows", |w| w.rows(kind) == ["x|o0|Teeth|–"]).await;
    let discovered = world.hand.asked("GET /apis");
    world.hand.set("gears", Mode::Status(404));
    let is_lacking = |w: &World| matches!(w.cluster().loads.get(&kind), Some(load) if load.lack().is_some());
    world.until("lacking", is_lacking).await;
    world.hand.set("gears", GEARS);
    world.until("rows again", |w| w.cluster().loads.get(&kind) == Some(&Load::Ready)).await;
    assert!(world.hand.asked("GET /apis") > discovered + 2);
}

#[tokio::test(start_paused = true)]
async fn ages_that_a_server_prints_are_printed_anew() {
    let mut world = asked(Some(Mode::Printed(&["Name", "@Since", "Age"]))).await;
    let kind = world.kind().unwrap();
    world.look(kind);
    world.until("rows", |w| w.rows(kind) == ["x|o0|@Since|–"]).await;
    let started = world.since_start();
    let lists = |w: &World| w.hand.asked("gears?&limit=500");
    world.until("three lists", |w| lists(w) == 3).await;
    assert!((115..=135).contains(&(world.since_start() - started)), "{}", world.since_start() - started);
}

#[tokio::test(start_paused = true)]
async fn what_is_installed_later_comes_by_itself_once_it_is_looked_at() {
    let mut world = asked(None).await;
    assert_eq!(world.kind(), None);
    // Elsewhere it is known.
    let mut kinds = crate::domain::kind::Kinds::default();
    let served = crate::domain::kind::Served {
        group: "example.com".into(),
        version: "v1".into(),
        name: "Gear".into(),
        plural: "gears".into(),
        singular: "gear".into(),
        shorts: vec!["gr".into()],
        namespaced: true,
    };
    let kind = kinds.kind(&served).unwrap();
    world.look(kind);
    let not_served = |w: &World| matches!(w.cluster().loads.get(&kind), Some(Load::Absent(lack)) if lack.why == Why::NotServed);
    world.until("not served", not_served).await;
    assert_eq!(world.cluster().phase, Phase::Live);
    world.hand.set("gears", GEARS);
    world.until("rows", |w| w.rows(kind) == ["x|o0|Teeth|–"]).await;
    world.ask();
    world.until("known", |w| w.kind() == Some(kind)).await;
}
