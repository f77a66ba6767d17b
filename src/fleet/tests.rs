//! Whatever comes in whatever order: the sums are those of the rows that are there, and changes are noticed.

use super::tree::Pivot;
use jiff::Timestamp;
use proptest::prelude::*;

use super::Fleet;
use super::cluster::ClusterInfo;
use super::delta::{Batch, Delta, Roster, Row, Update};
use super::index::Tally;
use super::phase::Phase;
use crate::domain::change::What;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::object::{Meta, Owner};
use crate::domain::place::{Place, Provider};
use crate::domain::pod::PodRow;
use crate::domain::resources::Amount;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::workload::WorkloadRow;

fn fleet() -> Fleet {
    Fleet::new([ClusterInfo::sample(
        "a",
        Place { provider: Provider::Aws, region: "eu-west-1".into(), ..Place::default() },
    )])
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_442_400).unwrap()
}

fn feed(fleet: &mut Fleet, deltas: Vec<Delta>) {
    fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
}

fn meta(ns: &str, name: &str) -> Meta {
    Meta { namespace: ns.into(), name: name.into(), ..Meta::default() }
}

fn pod(n: u8, variant: u8) -> Row {
    Row::Pod(Box::new(PodRow {
        meta: meta(if n.is_multiple_of(2) { "x" } else { "y" }, &format!("p{}", n % 6)),
        node: if variant.is_multiple_of(3) { "".into() } else { format!("n{}", variant % 3).as_str().into() },
        phase: ["Running", "Pending", "Succeeded", "Failed"][usize::from(variant % 4)].into(),
        is_ready: variant.is_multiple_of(2),
        restarts: u32::from(variant),
        compute: std::sync::Arc::new(crate::domain::pod::Compute {
            requests: Amount { cpu_milli: u64::from(variant) * 10, mem_bytes: 1 << 20, ..Amount::default() },
            ..Default::default()
        }),
        workload: Some(std::sync::Arc::new(Owner { kind: "Deployment".into(), name: "w".into() })),
        ..PodRow::default()
    }))
}

fn workload(n: u8, variant: u8) -> Row {
    let kind = if n.is_multiple_of(3) { Kind::StatefulSet } else { Kind::Deployment };
    let mut w =
        WorkloadRow::new(kind, meta(if n.is_multiple_of(2) { "x" } else { "y" }, &format!("w{}", n % 4)));
    w.desired = u32::from(variant % 4);
    w.ready = u32::from(variant % 3);
    w.images = vec![format!("r.example/web:{}", variant % 3).as_str().into()];
    Row::Workload(Box::new(w))
}

fn node(n: u8, variant: u8) -> Row {
    Row::Node(Box::new(NodeRow {
        meta: meta("", &format!("n{}", n % 4)),
        instance_type: if variant.is_multiple_of(2) { "m5.large" } else { "m5.2xlarge" }.into(),
        region: "eu-west-1".into(),
        capacity: Amount { cpu_milli: 2000, mem_bytes: 8 << 30, ..Amount::default() },
        allocatable: Amount { cpu_milli: 1900, mem_bytes: 7 << 30, ..Amount::default() },
        ..NodeRow::default()
    }))
}

fn row(what: u8, n: u8, variant: u8) -> Row {
    match what % 3 {
        0 => pod(n, variant),
        1 => workload(n, variant),
        _ => node(n, variant),
    }
}

/// Every row the fleet holds, as whole lists into an empty one.
fn rebuilt(from: &Fleet) -> Fleet {
    let c = &from.clusters()[0];
    let mut out = fleet();
    if let Some(catalogue) = &from.catalogue {
        out.apply(Update::Catalogue(catalogue.clone()), now());
    }
    let kinds = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::Node];
    feed(&mut out, kinds.map(|kind| Delta::Reset { kind, rows: c.rows_of(kind) }).into());
    out
}

proptest! {
    #[test]
    fn sums_are_those_of_the_rows(steps in proptest::collection::vec((0u8..8, any::<u8>(), any::<u8>(), any::<u8>()), 1..120)) {
        let catalogue = crate::domain::cost::catalogue::Catalogue::parse(
            "provider,region,instance_type,vcpu,memory_gib,gpu_count,gpu_model,ondemand_usd_hour,spot_usd_hour,as_of,source\n\
             aws,eu-west-1,m5.large,2,8,,,0.107,,2026-07-20,aws\n\
             aws,eu-west-1,m5.2xlarge,8,32,,,0.428,,2026-07-20,aws\n",
        ).unwrap();
        let catalogue = std::sync::Arc::new(catalogue);
        let mut fleet = fleet();
        for (step, what, n, variant) in steps {
            let row = row(what, n, variant);
            let meta = row.meta().clone();
            let delta = match step {
                0 | 1 => Delta::Upsert(row),
                2 => Delta::Remove { kind: row.kind(), namespace: meta.namespace, name: meta.name },
                3 => {
                    // A list holds an object once.
                    let kind = row.kind();
                    let mut rows: Vec<Row> = vec![row];
                    for k in 0..n % 5 {
                        let other = self::row(what, k, variant);
                        if other.kind() == kind && rows.iter().all(|r| {
                            (&r.meta().namespace, &r.meta().name) != (&other.meta().namespace, &other.meta().name)
                        }) {
                            rows.push(other);
                        }
                    }
                    Delta::Reset { kind, rows }
                }
                4 => Delta::Counted { total: usize::from(n) },
                5 => Delta::PodsIn { namespace: if n.is_multiple_of(2) { "x" } else { "y" }.into(), rows: None },
                6 => Delta::PodsIn {
                    namespace: if n.is_multiple_of(2) { "x" } else { "y" }.into(),
                    rows: Some((0..n % 7).map(|k| pod(k, variant)).filter(|r| (r.meta().namespace == "x") == n.is_multiple_of(2)).collect()),
                },
                _ => {
                    fleet.apply(Update::Catalogue(catalogue.clone()), now());
                    Delta::Dropped { kind: row.kind() }
                }
            };
            feed(&mut fleet, vec![delta]);
        }
        let again = rebuilt(&fleet);
        let (a, b) = (&fleet.clusters()[0], &again.clusters()[0]);
        prop_assert_eq!(a.tally(), b.tally());
        prop_assert_eq!(a.node_cost(), b.node_cost());
        for ns in ["x", "y"] {
            // What is known of it is the same; whether that is all is not a matter of the rows.
            let sums = |c: &super::cluster::Cluster| Tally { is_part: false, ..c.tally_in(ns) };
            prop_assert_eq!(sums(a), sums(b));
        }
        for n in ["n0", "n1", "n2"] {
            prop_assert_eq!(a.pods_on(&n.into()), b.pods_on(&n.into()));
        }
    }
}

fn words(fleet: &Fleet) -> Vec<String> {
    fleet.changes().map(|c| c.what.words()).collect()
}

#[test]
fn a_first_list_is_no_news_and_what_follows_is() {
    let mut fleet = fleet();
    feed(&mut fleet, vec![Delta::Upsert(workload(1, 0))]);
    feed(&mut fleet, vec![Delta::Reset { kind: Kind::Deployment, rows: vec![workload(1, 0)] }]);
    assert_eq!(words(&fleet), Vec::<String>::new());
    // 1: other replicas and another image; then gone; then there again.
    feed(&mut fleet, vec![Delta::Upsert(workload(1, 1))]);
    assert_eq!(words(&fleet), ["web:0 → web:1", "replicas 0 → 1"]);
    feed(
        &mut fleet,
        vec![Delta::Remove { kind: Kind::Deployment, namespace: "y".into(), name: "w1".into() }],
    );
    feed(&mut fleet, vec![Delta::Upsert(workload(1, 1))]);
    assert_eq!(words(&fleet)[2..], ["deleted", "created"]);
}

#[test]
fn a_list_after_a_silence_tells_what_changed_meanwhile() {
    let mut fleet = fleet();
    let list = |variant| Delta::Reset { kind: Kind::Deployment, rows: vec![workload(1, variant)] };
    feed(&mut fleet, vec![list(0), Delta::Phase(Phase::Live)]);
    let stale = Phase::Stale { since: now(), cause: "no answer".into() };
    feed(&mut fleet, vec![Delta::Phase(stale.clone()), Delta::Phase(stale)]);
    feed(&mut fleet, vec![Delta::Phase(Phase::Syncing { since: now() }), list(3), Delta::Phase(Phase::Live)]);
    assert_eq!(words(&fleet), ["no longer answers: no answer", "replicas 0 → 3", "answers again"]);
    assert!(matches!(fleet.changes().next().unwrap().what, What::Lost { .. }));
}

#[test]
fn a_guard_holds_as_soon_as_the_nodes_tell_where_a_cluster_is() {
    let glob = crate::domain::scope::PathGlob::parse("aws/**").unwrap();
    let read_only = Some(crate::domain::scope::Scope::globs([glob]));
    let mut info = fleet().clusters()[0].info.clone();
    info.place = Place::default();
    let rules = super::rules::Rules { read_only, ..Default::default() };
    let mut fleet = Fleet::new([info]).ruled(std::sync::Arc::new(rules));
    assert!(!fleet.clusters()[0].info.read_only);
    let mut rows = vec![node(0, 0)];
    if let Row::Node(n) = &mut rows[0] {
        n.provider_id = "aws:///eu-west-1a/i-0abc".into();
    }
    feed(&mut fleet, vec![Delta::Reset { kind: Kind::Node, rows }]);
    let info = &fleet.clusters()[0].info;
    assert_eq!((info.place.provider, info.read_only), (Provider::Aws, true));
}

#[test]
fn a_version_tells_where_nodes_may_not_be_read() {
    let mut info = fleet().clusters()[0].info.clone();
    info.place = Place::default();
    let mut fleet = Fleet::new([info]);
    feed(&mut fleet, vec![Delta::Version("v1.35.2-eks-3025e55".into())]);
    let place = &fleet.clusters()[0].info.place;
    assert_eq!((place.provider, place.service.as_str()), (Provider::Aws, "eks"));
}

/// The list of clusters changes: numbers stay, what was read of a cluster that is entered another way goes.
#[test]
fn the_roster_changes() {
    let info = |id: u32, name: &str| ClusterInfo {
        id: ClusterId(id),
        ..ClusterInfo::sample(name, Place { cluster: name.into(), ..Place::default() })
    };
    let mut fleet = Fleet::new([info(0, "a"), info(1, "b"), info(2, "c")]);
    let pods = |fleet: &Fleet| {
        fleet
            .clusters()
            .iter()
            .map(|c| (c.id().0, c.info.context.to_string(), c.pods().count()))
            .collect::<Vec<_>>()
    };
    for n in 0..3 {
        let deltas = vec![Delta::Reset { kind: Kind::Pod, rows: vec![pod(1, 1)] }, Delta::Phase(Phase::Live)];
        fleet.apply(Update::Cluster(Batch { cluster: ClusterId(n), deltas }), now());
    }
    let renamed = ClusterInfo { user: "somebody else".into(), ..info(2, "c") };
    let roster = Roster {
        added: vec![info(3, "d")],
        renamed: vec![renamed],
        anew: vec![info(1, "b2")],
        gone: vec![ClusterId(0)],
    };
    fleet.apply(Update::Roster(roster), now());
    assert_eq!(pods(&fleet), [(1, "b2".to_owned(), 0), (2, "c".to_owned(), 1), (3, "d".to_owned(), 0)]);
    assert_eq!(fleet.cluster(ClusterId(2)).unwrap().info.user, "somebody else");
    assert!(fleet.cluster(ClusterId(0)).is_none());
    // A word of one that is gone is nobody's.
    fleet.apply(
        Update::Cluster(Batch { cluster: ClusterId(0), deltas: vec![Delta::Phase(Phase::Live)] }),
        now(),
    );
    let deltas = vec![Delta::Reset { kind: Kind::Pod, rows: vec![pod(1, 1), pod(2, 1)] }];
    fleet.apply(Update::Cluster(Batch { cluster: ClusterId(3), deltas }), now());
    assert_eq!(fleet.cluster(ClusterId(3)).unwrap().pods().count(), 2);
    assert_eq!(fleet.clusters().len(), 3);
}

/// What a filter looks through is what is shown.
#[test]
fn texts_are_those_of_the_cells() {
    use crate::fleet::table::{RowRef, cells, texts};
    let mut fleet = Fleet::new([ClusterInfo::sample("a", Place::default())]);
    for n in 0..40 {
        feed(&mut fleet, vec![Delta::Upsert(pod(n, n.wrapping_mul(7)))]);
    }
    let cluster = &fleet.clusters()[0];
    assert!(cluster.pods().count() > 4);
    for pod in cluster.pods() {
        let mut out = String::new();
        texts(cluster, RowRef::Pod(pod), now(), &mut out);
        let wanted: String =
            cells(cluster, RowRef::Pod(pod), now()).iter().map(|c| format!("{}\n", c.text)).collect();
        assert_eq!(out, wanted);
    }
}

/// Of a cluster that is counted, what is watched is known, and the rest is never said to be none.
#[test]
fn what_is_counted_is_not_none() {
    let mut fleet = fleet();
    let spaces = ["x", "y"]
        .map(|ns| Row::Namespace(super::delta::NamespaceRow { meta: meta("", ns), phase: "Active".into() }));
    let well = |ns: &str| WorkloadRow {
        desired: 1,
        ready: 1,
        updated: 1,
        available: 1,
        current: 1,
        ..WorkloadRow::new(Kind::Deployment, meta(ns, "w"))
    };
    let ill = WorkloadRow { ready: 0, ..well("y") };
    feed(
        &mut fleet,
        vec![
            Delta::Reset { kind: Kind::Namespace, rows: spaces.to_vec() },
            Delta::Reset { kind: Kind::Deployment, rows: vec![Row::Workload(Box::new(well("x")))] },
            Delta::Reset { kind: Kind::Pod, rows: vec![pod(0, 0), pod(1, 0)] },
            Delta::Dropped { kind: Kind::Pod },
            Delta::Counted { total: 1_000 },
        ],
    );
    let all = Scope::all();
    let one = |ns: &str| Scope::nodes([TreeNode::Namespace(ClusterId(0), ns.into())]);
    let sums = |fleet: &Fleet, scope: &Scope| Tally::in_scope(&fleet.clusters()[0], scope);
    let words = |fleet: &Fleet, scope: &Scope| sums(fleet, scope).pods_words();
    assert_eq!(
        (words(&fleet, &all), words(&fleet, &one("x")), fleet.pods_watched(&all)),
        ("1,000".into(), "–".into(), Some((0, 1)))
    );
    assert!(!sums(&fleet, &all).knows_pods() && !fleet.clusters()[0].watches_all_pods());

    // One namespace is watched, and what changes in it is followed.
    feed(&mut fleet, vec![Delta::PodsIn { namespace: "x".into(), rows: Some(vec![pod(0, 0), pod(2, 0)]) }]);
    feed(&mut fleet, vec![Delta::Upsert(pod(4, 0))]);
    assert_eq!(
        (words(&fleet, &all), words(&fleet, &one("x")), words(&fleet, &one("y"))),
        ("1,000".into(), "3".into(), "–".into())
    );
    assert_eq!((sums(&fleet, &all).pods, sums(&fleet, &all).unwatched), (3, 997));
    feed(&mut fleet, vec![Delta::PodsIn { namespace: "x".into(), rows: Some(vec![pod(0, 0)]) }]);
    assert_eq!(words(&fleet, &one("x")), "1");

    // What is open and what is not well is wanted; what is in scope too.
    feed(&mut fleet, vec![Delta::Upsert(Row::Workload(Box::new(ill)))]);
    let wanted = |open: &[TreeNode], scopes: &[&Scope]| {
        let open = open.iter().cloned().collect();
        fleet.wanted_pods(&open, &all, scopes).remove(&ClusterId(0)).unwrap_or_default()
    };
    assert_eq!(wanted(&[], &[&all]), ["y".into()].into());
    assert_eq!(
        wanted(&[TreeNode::Namespace(ClusterId(0), "x".into())], &[&all]),
        ["x".into(), "y".into()].into()
    );
    assert_eq!(wanted(&[], &[&one("x")]), ["x".into(), "y".into()].into());
    let entered = Scope::nodes([TreeNode::Cluster(ClusterId(0))]);
    let of_cluster = fleet.wanted_pods(&std::collections::BTreeSet::new(), &entered, &[]);
    assert_eq!(of_cluster[&ClusterId(0)], ["x".into(), "y".into()].into());

    feed(&mut fleet, vec![Delta::PodsIn { namespace: "x".into(), rows: None }]);
    assert_eq!((words(&fleet, &one("x")), fleet.clusters()[0].tally().pods), ("–".into(), 0));
    feed(&mut fleet, vec![Delta::Reset { kind: Kind::Pod, rows: vec![pod(0, 0)] }]);
    assert_eq!((words(&fleet, &all), fleet.pods_watched(&all)), ("1".into(), None));
    assert!(fleet.wanted_pods(&std::collections::BTreeSet::new(), &all, &[&all]).is_empty());
}

#[test]
fn who_answers_late_is_slow_while_it_is_live() {
    let mut fleet = fleet();
    let is_slow = |fleet: &Fleet| {
        super::tree::rows(fleet, Pivot::Cloud, &std::collections::BTreeSet::new()).iter().any(|r| r.slow)
    };
    feed(&mut fleet, vec![Delta::Phase(Phase::Live), Delta::Latency { millis: 300 }]);
    let chain = Pivot::Cloud.chain(&fleet.clusters()[0]).into_iter().collect();
    let shown = |fleet: &Fleet| super::tree::rows(fleet, Pivot::Cloud, &chain).iter().any(|r| r.slow);
    assert!(!shown(&fleet));
    feed(&mut fleet, vec![Delta::Latency { millis: 3_300 }]);
    assert!(shown(&fleet) && !is_slow(&fleet));
    feed(&mut fleet, vec![Delta::Phase(Phase::Stale { since: now(), cause: "silent".into() })]);
    assert!(!shown(&fleet));
}
