//! Tests of [`super`]: what a pod, an idle node and an overcommitted one cost, and that nothing is ever lost.

use proptest::prelude::*;

use super::*;
use crate::domain::object::{Meta, Owner};
use crate::domain::place::Provider;

const GIB: u64 = 1 << 30;

fn eks() -> Place {
    Place { provider: Provider::Aws, service: "eks".into(), ..Place::default() }
}

fn node(name: &str, cores: u64, gib: u64, gpu: u32) -> NodeRow {
    NodeRow {
        meta: Meta { name: name.into(), ..Meta::default() },
        capacity: Amount { cpu_milli: cores * 1000, mem_bytes: gib * GIB, gpu },
        ..NodeRow::default()
    }
}

fn listed(nano_usd_hour: i64) -> NodePrice {
    let as_of = jiff::civil::date(2026, 7, 20);
    NodePrice { nano_usd_hour, basis: Basis::Catalogue { as_of, source: "list".into(), spot: false } }
}

fn unpriced() -> NodePrice {
    NodePrice { nano_usd_hour: 0, basis: Basis::Unpriced { why: "no price".to_owned() } }
}

fn pod(namespace: &str, workload: Option<&str>, name: &str, node: &str, requests: Amount) -> PodRow {
    PodRow {
        meta: Meta { namespace: namespace.into(), name: name.into(), ..Meta::default() },
        node: node.into(),
        phase: "Running".into(),
        workload: workload.map(|w| std::sync::Arc::new(Owner { kind: "Deployment".into(), name: w.into() })),
        compute: std::sync::Arc::new(crate::domain::pod::Compute { requests, ..Default::default() }),
        ..PodRow::default()
    }
}

fn ask(cpu_milli: u64, mem_bytes: u64) -> Amount {
    Amount { cpu_milli, mem_bytes, gpu: 0 }
}

fn accounted(costs: &ClusterCosts) -> i128 {
    costs.rows.iter().map(CostRow::total_nano).sum::<i128>() + costs.idle_nano + i128::from(costs.fee_nano)
}

#[test]
fn requests_share_a_node() {
    let n = node("n1", 4, 16, 0);
    let (a, b) = (
        pod("shop", Some("web"), "web-1", "n1", ask(1000, 4 * GIB)),
        pod("shop", None, "job", "n1", ask(1000, 4 * GIB)),
    );
    let costs = allocate(&eks(), &[(&n, listed(192_000_000))], &[&a, &b], &|_| None);
    assert_eq!((costs.total_nano, costs.fee_nano, costs.priced_nodes), (292_000_000, 100_000_000, 1));
    assert_eq!(accounted(&costs), costs.total_nano);
    let keys: Vec<(&str, &str)> = costs.rows.iter().map(|r| (&*r.workload_kind, &*r.workload)).collect();
    assert_eq!(keys, [("Deployment", "web"), ("Pod", "job")]);
    // A quarter of the node each, give or take a nano-dollar.
    for row in &costs.rows {
        assert!((row.total_nano() - 48_000_000).abs() <= 2 && row.efficiency_permille.is_none(), "{row:?}");
    }
    assert!((costs.idle_nano - 96_000_000).abs() <= 4);
    assert_eq!(costs.idle_permille(), Some(500));
    assert_eq!(costs.oldest(), Some(jiff::civil::date(2026, 7, 20)));
}

#[test]
fn who_claims_too_much_shares_all_of_it() {
    let n = node("n1", 2, 4, 0);
    let (a, b) = (
        pod("x", Some("a"), "a", "n1", ask(3000, 4 * GIB)),
        pod("x", Some("b"), "b", "n1", ask(3000, 4 * GIB)),
    );
    let costs = allocate(&Place::default(), &[(&n, listed(100))], &[&a, &b], &|_| None);
    assert_eq!((costs.idle_nano, accounted(&costs), costs.total_nano), (0, 100, 100));
}

#[test]
fn an_idle_gpu_stays_visible() {
    let n = node("n1", 8, 32, 1);
    let p = pod("ml", Some("train"), "t", "n1", ask(8000, 32 * GIB));
    let costs = allocate(&eks(), &[(&n, listed(3_000_000_000))], &[&p], &|_| None);
    let idle = costs.node_idle[0].idle;
    assert!(idle.gpu_nano > 0 && idle.cpu_nano == 0 && idle.mem_nano == 0, "{idle:?}");
    assert_eq!(costs.rows[0].gpu_nano, 0);
    assert_eq!(accounted(&costs), costs.total_nano);
}

#[test]
fn ended_and_waiting_pods_cost_nothing() {
    let n = node("n1", 4, 16, 0);
    let waiting = pod("x", Some("w"), "w", "", ask(1000, GIB));
    let mut ended = pod("x", Some("e"), "e", "n1", ask(1000, GIB));
    ended.phase = "Succeeded".into();
    let costs = allocate(&eks(), &[(&n, listed(500))], &[&waiting, &ended], &|_| None);
    assert_eq!(costs.rows.len(), 1, "an ended pod is no row");
    assert_eq!((costs.rows[0].pods, costs.rows[0].total_nano(), costs.idle_nano), (1, 0, 500));
}

#[test]
fn what_has_no_price_is_listed() {
    let (priced, other) = (node("n1", 4, 16, 0), node("n2", 4, 16, 0));
    let (a, stray) =
        (pod("x", Some("a"), "a", "n2", ask(1000, GIB)), pod("x", Some("a"), "b", "gone", ask(1000, GIB)));
    let costs = allocate(&eks(), &[(&priced, listed(500)), (&other, unpriced())], &[&a, &stray], &|_| None);
    assert_eq!(costs.unpriced, [(SafeText::new("n2"), "no price".to_owned())]);
    assert_eq!((costs.rows[0].pods, costs.rows[0].unpriced_pods), (2, 2));
    assert_eq!(costs.total_nano, 100_000_500);
    assert_eq!(
        costs.bases,
        [PriceSource {
            source: "list".into(),
            as_of: Some(jiff::civil::date(2026, 7, 20)),
            spot: false,
            nodes: 1
        }]
    );
}

#[test]
fn usage_above_the_request_counts_and_shows() {
    let n = node("n1", 4, 16, 0);
    let (a, b) = (
        pod("x", Some("a"), "a", "n1", ask(1000, 4 * GIB)),
        pod("y", Some("b"), "b", "n1", ask(1000, 4 * GIB)),
    );
    let usage = |p: &PodRow| (p.meta.name == "a").then_some(ask(2000, 2 * GIB));
    let costs = allocate(&eks(), &[(&n, listed(192_000_000))], &[&a, &b], &usage);
    let [a, b] = costs.rows.as_slice() else { panic!("{:?}", costs.rows) };
    assert!(a.cpu_nano > b.cpu_nano && (a.mem_nano - b.mem_nano).abs() <= 1);
    // 200 % of twice the CPU, 50 % of the memory, weighted by cost.
    assert!(a.efficiency_permille.is_some_and(|e| (1400..1900).contains(&e)), "{a:?}");
    assert_eq!(b.efficiency_permille, None);
    let namespaces = costs.by_namespace();
    assert_eq!(namespaces.iter().map(|r| r.namespace.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(costs.allocated().efficiency_permille, a.efficiency_permille);
    assert_eq!(costs.allocated().total_nano() + costs.idle_nano, 192_000_000);
}

#[test]
fn no_node_no_cost() {
    let costs = allocate(&Place::default(), &[], &[], &|_| None);
    assert_eq!((costs.total_nano, costs.idle_permille(), costs.oldest()), (0, None, None));
    assert!(costs.by_namespace().is_empty() && costs.allocated() == CostRow::default());
}

fn any_amount() -> impl Strategy<Value = Amount> {
    let size = prop_oneof![Just(0_u64), 0..64_000_u64, any::<u64>()].boxed();
    (size.clone(), size, prop_oneof![Just(0_u32), 0..8_u32, any::<u32>()])
        .prop_map(|(cpu_milli, mem_bytes, gpu)| Amount { cpu_milli, mem_bytes, gpu })
}

proptest! {
    #[test]
    fn nothing_is_lost(
        nodes in proptest::collection::vec((any_amount(), prop_oneof![0..10_000_000_000_i64, any::<i64>()], 0..5_u8), 0..8),
        pods in proptest::collection::vec((any_amount(), 0..10_usize, 0..4_usize, any::<bool>(), proptest::option::of(any_amount())), 0..40),
    ) {
        // Two nodes may have one name, and pods may sit on a node nobody listed.
        let nodes: Vec<(NodeRow, NodePrice)> = nodes
            .into_iter()
            .enumerate()
            .map(|(i, (capacity, price, what))| {
                let name = format!("n{}", i.min(6));
                let row = NodeRow { capacity, ..node(&name, 0, 0, 0) };
                let price = match what {
                    0 => unpriced(),
                    1 => NodePrice { nano_usd_hour: price, basis: Basis::DefaultRates },
                    _ => listed(price),
                };
                (row, price)
            })
            .collect();
        let usages: Vec<Option<Amount>> = pods.iter().map(|p| p.4).collect();
        let pods: Vec<PodRow> = pods
            .into_iter()
            .enumerate()
            .map(|(i, (requests, at, workload, ended, _))| {
                let on = if at == 9 { String::new() } else { format!("n{at}") };
                let workloads = [Some("a"), Some("b"), Some("c"), None];
                let mut p = pod(&format!("ns{}", i % 3), workloads[workload], &format!("p{i}"), &on, requests);
                if ended && i % 4 == 0 {
                    p.phase = "Failed".into();
                }
                p
            })
            .collect();
        let node_refs: Vec<(&NodeRow, NodePrice)> = nodes.iter().map(|(n, p)| (n, p.clone())).collect();
        let pod_refs: Vec<&PodRow> = pods.iter().collect();
        let usage = |p: &PodRow| p.meta.name[1..].parse::<usize>().ok().and_then(|i| usages[i]);
        let costs = allocate(&eks(), &node_refs, &pod_refs, &usage);

        prop_assert_eq!(accounted(&costs), costs.total_nano);
        let of_nodes: i128 = nodes
            .iter()
            .filter(|(_, p)| p.is_priced())
            .map(|(_, p)| i128::from(p.nano_usd_hour.max(0)))
            .sum();
        prop_assert_eq!(costs.total_nano, of_nodes + i128::from(costs.fee_nano));
        let by_node: i128 = costs
            .node_idle
            .iter()
            .map(|n| i128::from(n.idle.cpu_nano) + i128::from(n.idle.mem_nano) + i128::from(n.idle.gpu_nano))
            .sum();
        prop_assert_eq!(by_node, costs.idle_nano);
        prop_assert_eq!(costs.priced_nodes as usize + costs.unpriced.len(), nodes.len());
        for row in &costs.rows {
            prop_assert!(row.cpu_nano >= 0 && row.mem_nano >= 0 && row.gpu_nano >= 0 && row.unpriced_pods <= row.pods);
        }
        let namespaces: i128 = costs.by_namespace().iter().map(CostRow::total_nano).sum();
        prop_assert_eq!(namespaces + costs.idle_nano + i128::from(costs.fee_nano), costs.total_nano);
        prop_assert_eq!(costs.rows.iter().map(|r| r.pods).sum::<u32>() as usize, pods.iter().filter(|p| !p.is_terminal()).count());
    }
}
