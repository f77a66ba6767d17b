//! Columns of a person's own: their values come with the rows, in lists and with events.

use super::*;
use crate::domain::scope::Scope;
use crate::domain::table_view::{TableView, TableViews};

fn views() -> TableViews {
    let columns = ["name", "path:.metadata.uid", "path:.metadata.nothing"].map(str::to_owned).to_vec();
    let view = TableView { columns, sort: None };
    let words = ["pods", "services", "gears.example.com"].map(str::to_owned);
    TableViews::new(words.iter().map(|word| (word, &view)))
}

#[tokio::test(start_paused = true)]
async fn values_come_with_rows_of_every_sort_of_kind() {
    let modes = [
        ("pods", Mode::Objects(2)),
        ("services", Mode::Objects(1)),
        ("gears", Mode::Printed(&["Name", "Teeth", "Age"])),
        ("configmaps", Mode::Objects(1)),
    ];
    let mut world = World::full(&modes, Budget::unlimited(), None, views());
    world.demand.send_modify(|d| *d.discovery.entry(ClusterId(0)).or_default() += 1);
    world.until("asked", |w| w.cluster().served.asked == 1).await;
    let gears = world.fleet.served_as("gears", &Scope::all())[0];
    world.demand.send_modify(|d| {
        d.clusters.insert(ClusterId(0));
        d.kinds = [gears, Kind::Service, Kind::ConfigMap].into();
    });
    let others = |w: &World, kind| {
        let own = w.cluster().others(kind).map(|row| row.meta.own.get(0).map(str::to_owned));
        own.collect::<Vec<_>>()
    };
    world.until("gears", |w| others(w, gears) == [Some("u0".to_owned())]).await;
    world.until("services", |w| others(w, Kind::Service) == [Some("u0".to_owned())]).await;
    world.until("config maps", |w| others(w, Kind::ConfigMap) == [None]).await;
    world.until("pods", |w| w.cluster().pods().count() == 2).await;
    let own: Vec<_> = world.cluster().pods().map(|p| (p.meta.own.get(0), p.meta.own.get(1))).collect();
    assert_eq!(own, [(Some("u0"), None), (Some("u1"), None)]);
    // The whole objects are asked for beside the rows where they are needed.
    assert!(world.hand.asked("/gears?&limit=500&includeObject=Object") > 0);
    assert!(world.hand.asked("watch=true") > 0 && world.hand.asked("/gears?&watch=true") > 0);
}

/// An object that is none of its kind is garbage, with columns of one's own as without.
#[tokio::test(start_paused = true)]
async fn garbage_is_trouble_of_that_kind_alone() {
    let mut world = World::full(&[("pods", Mode::Growing)], Budget::unlimited(), None, views());
    let in_trouble = |w: &World| matches!(w.pods(), Some(load) if load.lack().is_some());
    world.until("trouble", in_trouble).await;
    world.hand.set("pods", Mode::Objects(1));
    world.until("pods", |w| w.cluster().pods().count() == 1).await;
}
