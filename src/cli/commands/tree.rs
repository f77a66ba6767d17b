//! `skyfleet tree`.

use std::io;

use serde_json::json;

use super::{gathered, priced};
use crate::cli::Io;
use crate::cli::args::{Args, Output, TreeArgs};
use crate::cli::exit::Exit;
use crate::cli::out::Answer;
use crate::domain::cost::money;
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::phase::Phase;
use crate::fleet::tree::{self, Expanded, Pivot, TreeRow};
use crate::ops::costs;
use crate::ops::session::Session;

/// Prints it.
pub async fn run(
    a: &TreeArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let gathered = gathered(args, session, scope, priced(), io).await;
    let fleet = &gathered.fleet;
    let pivot = Pivot::parse(&a.by).unwrap_or_default();
    let level = a.level.unwrap_or(if pivot == Pivot::App { 3 } else { 4 });
    let mut rows: Vec<TreeRow> = tree::rows(fleet, pivot, &open(fleet, scope, pivot, level))
        .into_iter()
        .filter(|r| is_shown(r, pivot, level) && in_scope(fleet, scope, &r.node))
        .map(|r| counted(fleet, scope, r))
        .collect();
    // One cloud needs no row for all of them.
    if rows.iter().filter(|r| r.indent == 0 && r.node != TreeNode::Fleet).count() < 2 {
        rows.retain(|r| r.node != TreeNode::Fleet);
    }
    let month = |node: &TreeNode| month(fleet, scope, node);
    let answer = Answer {
        columns: vec![
            ("TREE", false),
            ("COUNT", true),
            ("HEALTH", false),
            ("DOWN", true),
            ("DEGRADED", true),
            ("$/MONTH", true),
        ],
        rows: rows
            .iter()
            .map(|r| {
                let number = |n: u32| if n == 0 { String::new() } else { n.to_string() };
                let state = r.phase.as_ref().map_or_else(
                    || r.lack.as_ref().map_or_else(|| r.health.word().to_owned(), |l| format!("{}: {l}", r.health.word())),
                    |p| p.cause().map_or_else(|| p.word().to_owned(), |c| format!("{}: {c}", p.word())),
                );
                vec![
                    format!("{}{}", "  ".repeat(usize::from(r.indent)), r.label),
                    // What is not known of a place with rows is no blank, and no nought.
                    r.count.map_or_else(
                        || if r.node.depth() <= 5 { "–".to_owned() } else { String::new() },
                        |n| n.to_string(),
                    ),
                    state,
                    number(r.bad.1),
                    number(r.bad.0),
                    month(&r.node).map_or_else(String::new, money::show_month),
                ]
            })
            .collect(),
        items: rows
            .iter()
            .map(|r| {
                json!({
                    "level": level_word(&r.node), "name": r.label, "path": path(fleet, &r.node),
                    "cluster": r.node.cluster().and_then(|id| session.info(id)).map(|i| i.name()),
                    "namespace": r.node.namespace(),
                    "count": r.count, "health": r.health, "down": r.bad.1, "degraded": r.bad.0,
                    "phase": r.phase.as_ref().map_or("live", |p| p.word()),
                    "cause": r.phase.as_ref().and_then(|p| p.cause()).map(|c| c.as_str()).or(r.lack.as_deref()),
                    "usd_per_month": month(&r.node).map(usd_month),
                })
            })
            .collect(),
        more: Vec::new(),
        whole: None,
        errors: gathered.errors(scope),
    };
    // In a table an unreachable cluster is a row with its cause already.
    let has_rows_of_clusters = pivot != Pivot::App;
    let shown = if matches!(a.output, Output::Table | Output::Wide) && has_rows_of_clusters {
        Answer { errors: Vec::new(), ..answer }
    } else {
        answer
    };
    shown.print(a.output, session, io)?;
    Ok(Exit::of(rows.len(), gathered.errors(scope).len()))
}

/// A folded chain of places stands at the level of its first. By app the levels are others: namespace, workload, cluster, pod.
fn is_shown(row: &TreeRow, pivot: Pivot, level: u8) -> bool {
    if pivot == Pivot::App || row.node.depth() < 4 { row.indent < level } else { row.node.depth() <= level }
}

/// Dollars a month of nano-dollars an hour, as a JSON number.
#[expect(clippy::cast_precision_loss, reason = "a sum for people; cents are exact far beyond any fleet")]
pub fn usd_month(nano_hour: i128) -> f64 {
    let cents = (nano_hour * money::HOURS_PER_MONTH + 5_000_000).div_euclid(10_000_000);
    cents as f64 / 100.0
}

const fn level_word(node: &TreeNode) -> &'static str {
    match node {
        TreeNode::Fleet => "fleet",
        TreeNode::Cloud(_) => "cloud",
        TreeNode::Account(..) => "account",
        TreeNode::Region(..) => "region",
        TreeNode::Environment(_) => "environment",
        TreeNode::Group(_) => "group",
        TreeNode::Health(_) => "health",
        TreeNode::App(..) => "app",
        TreeNode::Cluster(_) => "cluster",
        TreeNode::Namespaces(_) | TreeNode::Namespace(..) => "namespace",
        TreeNode::Workload(..) => "workload",
        TreeNode::Pod(..) => "pod",
    }
}

/// Everything that has to be open to see `level` levels.
fn open(fleet: &Fleet, scope: &Scope, pivot: Pivot, level: u8) -> Expanded {
    let mut open = Expanded::new();
    for c in fleet.in_scope(scope) {
        if pivot == Pivot::App {
            for w in c.workloads() {
                let (ns, name) = (&w.meta.namespace, &w.meta.name);
                open.insert(TreeNode::Namespaces(ns.clone()));
                open.insert(TreeNode::App(ns.clone(), w.kind, name.clone()));
                if level >= 4 {
                    open.insert(TreeNode::Workload(c.id(), ns.clone(), w.kind, name.clone()));
                }
            }
            continue;
        }
        open.extend(pivot.chain(c));
        if level >= 5 {
            open.insert(TreeNode::Cluster(c.id()));
        }
        for ns in tree::namespace_names(c).into_iter().filter(|_| level >= 6) {
            for w in c.workloads_in(&ns).filter(|_| level >= 7) {
                open.insert(TreeNode::Workload(c.id(), ns.clone(), w.kind, w.meta.name.clone()));
            }
            open.insert(TreeNode::Namespace(c.id(), ns));
        }
    }
    open
}

fn in_scope(fleet: &Fleet, scope: &Scope, node: &TreeNode) -> bool {
    match node.cluster().and_then(|id| fleet.cluster(id)) {
        Some(c) => {
            let at = c.info.at();
            match node {
                TreeNode::Workload(_, ns, kind, name) => {
                    scope.covers(at, ns, Some((kind.info().name, name)), None)
                }
                TreeNode::Pod(_, ns, name) => {
                    let workload = c.pod(ns, name).and_then(|p| p.workload.as_ref());
                    scope.covers(at, ns, workload.map(|o| (o.kind.as_str(), o.name.as_str())), Some(name))
                }
                other => match other.namespace() {
                    Some(ns) => scope.touches_namespace(at, ns),
                    None => scope.touches(at),
                },
            }
        }
        None => match node {
            TreeNode::Namespaces(ns) => {
                below(fleet, scope, node).any(|c| scope.touches_namespace(c.info.at(), ns))
            }
            TreeNode::App(ns, kind, name) => {
                let workload = Some((kind.info().name, name.as_str()));
                below(fleet, scope, node).any(|c| scope.covers(c.info.at(), ns, workload, None))
            }
            _ => below(fleet, scope, node).next().is_some(),
        },
    }
}

/// The clusters in scope that stand in a place.
fn below<'a>(fleet: &'a Fleet, scope: &'a Scope, place: &TreeNode) -> impl Iterator<Item = &'a Cluster> {
    let place = Scope::nodes(tree::nodes_of(fleet, place));
    fleet.in_scope(scope).filter(move |c| place.touches_what(c.info.at(), |node| c.has(node)))
}

/// A place summed over the clusters in scope: those outside were not asked, and must not count. No pods in a live cluster
/// are none, and not unknown.
fn counted(fleet: &Fleet, scope: &Scope, row: TreeRow) -> TreeRow {
    if let TreeNode::Namespaces(_) | TreeNode::App(..) = row.node {
        return in_its_clusters(fleet, scope, row);
    }
    if row.node.depth() >= 4 {
        let cluster = row.node.cluster().and_then(|id| fleet.cluster(id));
        let lists = |c: &Cluster| c.phase == Phase::Live && c.is_loaded(Kind::Pod);
        let knows = cluster.is_some_and(lists) && row.node.depth() <= 5;
        return TreeRow { count: row.count.or(knows.then_some(0)), ..row };
    }
    let (mut count, mut health, mut bad) = (0, Health::Ok, (0, 0));
    for c in below(fleet, scope, &row.node) {
        let (its, (degraded, down)) = tree::of_cluster(c);
        count += 1;
        health = health.max(its);
        bad = (bad.0 + degraded, bad.1 + down);
    }
    TreeRow { count: Some(count), health, bad, ..row }
}

/// A namespace or an app of all clusters, summed over those in scope.
fn in_its_clusters(fleet: &Fleet, scope: &Scope, row: TreeRow) -> TreeRow {
    let (mut count, mut health, mut bad) = (0, Health::Ok, (0, 0));
    for c in below(fleet, scope, &row.node) {
        count += 1;
        let (its, (degraded, down)) = match &row.node {
            TreeNode::App(ns, kind, name) => c.workload(*kind, ns, name).map_or((Health::Ok, (0, 0)), |w| {
                let health = w.health();
                (health, health.counted())
            }),
            other => {
                let tally = other.namespace().map(|ns| c.tally_in(ns)).unwrap_or_default();
                (tally.worst(), tally.bad())
            }
        };
        health = health.max(its);
        bad = (bad.0 + degraded, bad.1 + down);
    }
    TreeRow { count: Some(count), health, bad, ..row }
}

/// What a place costs in scope, or a cluster; in nano-dollars an hour, where any of it has a price.
fn month(fleet: &Fleet, scope: &Scope, node: &TreeNode) -> Option<i128> {
    if node.depth() >= 4 {
        return costs::node_month(fleet, node);
    }
    below(fleet, scope, node)
        .filter_map(|c| costs::node_month(fleet, &TreeNode::Cluster(c.id())))
        .reduce(|sum, one| sum + one)
}

/// The path by which `-s` finds it.
fn path(fleet: &Fleet, node: &TreeNode) -> Option<String> {
    let part = |t: &SafeText| if t.is_empty() { "-".to_owned() } else { t.to_string() };
    match node {
        TreeNode::Fleet => None,
        TreeNode::Cloud(cloud) => Some(cloud.to_string()),
        TreeNode::Account(cloud, account) => Some(format!("{cloud}/{}", part(account))),
        TreeNode::Region(cloud, account, region) => {
            Some(format!("{cloud}/{}/{}", part(account), part(region)))
        }
        TreeNode::Environment(_) | TreeNode::Group(_) | TreeNode::Health(_) => None,
        TreeNode::Namespaces(ns) => Some(format!("*/*/*/*/{ns}")),
        TreeNode::App(ns, _, name) => Some(format!("*/*/*/*/{ns}/{name}")),
        other => {
            let mut path = fleet.cluster(other.cluster()?)?.info.place.scope_path();
            let name = match other {
                TreeNode::Workload(.., name) | TreeNode::Pod(.., name) => Some(name),
                _ => None,
            };
            for part in other.namespace().into_iter().chain(name) {
                path.push('/');
                path.push_str(part);
            }
            Some(path)
        }
    }
}
