//! `skyfleet tree`.

use std::io;

use serde_json::json;

use super::{gathered, priced};
use crate::cli::Io;
use crate::cli::args::{Args, Output, TreeArgs};
use crate::cli::exit::Exit;
use crate::cli::out::Answer;
use crate::domain::cost::money;
use crate::domain::scope::{Scope, TreeNode};
use crate::fleet::Fleet;
use crate::fleet::tree::{self, Expanded, TreeRow};
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
    let rows: Vec<TreeRow> = tree::rows(fleet, &open(fleet, scope, a.level))
        .into_iter()
        .filter(|r| is_shown(r, a.level) && in_scope(fleet, scope, &r.node))
        .collect();
    let answer = Answer {
        columns: vec![("TREE", false), ("COUNT", true), ("HEALTH", false), ("DOWN", true), ("DEGRADED", true), ("$/MONTH", true)],
        rows: rows
            .iter()
            .map(|r| {
                let number = |n: u32| if n == 0 { String::new() } else { n.to_string() };
                let state = r.phase.as_ref().map_or_else(|| r.health.word().to_owned(), |p| {
                    p.cause().map_or_else(|| p.word().to_owned(), |c| format!("{}: {c}", p.word()))
                });
                vec![
                    format!("{}{}", "  ".repeat(usize::from(r.indent)), r.label),
                    r.count.map_or_else(String::new, |n| n.to_string()),
                    state,
                    number(r.bad.1),
                    number(r.bad.0),
                    costs::node_month(fleet, &r.node).map_or_else(String::new, money::show_month),
                ]
            })
            .collect(),
        items: rows
            .iter()
            .map(|r| {
                let place = r.node.cluster().and_then(|id| fleet.cluster(id)).map(|c| c.info.place.scope_path());
                json!({
                    "level": level_word(&r.node), "name": r.label, "path": place, "namespace": r.node.namespace(),
                    "count": r.count, "health": r.health, "down": r.bad.1, "degraded": r.bad.0,
                    "phase": r.phase.as_ref().map_or("live", |p| p.word()),
                    "cause": r.phase.as_ref().and_then(|p| p.cause()),
                    "usd_per_month": costs::node_month(fleet, &r.node).map(usd_month),
                })
            })
            .collect(),
        more: Vec::new(),
        errors: gathered.errors(scope),
    };
    // In a table an unreachable cluster is a row with its cause already.
    let shown = if matches!(a.output, Output::Table | Output::Wide) {
        Answer { errors: Vec::new(), ..answer }
    } else {
        answer
    };
    shown.print(a.output, session, io.out, io.err)?;
    Ok(Exit::of(rows.len(), gathered.errors(scope).len()))
}

/// A folded chain of places stands at the level of its first.
fn is_shown(row: &TreeRow, level: u8) -> bool {
    if row.node.depth() < 4 { row.indent < level } else { row.node.depth() <= level }
}

/// Dollars a month of nano-dollars an hour, as a JSON number.
#[expect(clippy::cast_precision_loss, reason = "a sum for people; cents are exact far beyond any fleet")]
pub fn usd_month(nano_hour: i128) -> f64 {
    let cents = nano_hour * 730 / 10_000_000;
    cents as f64 / 100.0
}

const fn level_word(node: &TreeNode) -> &'static str {
    match node {
        TreeNode::Fleet => "fleet",
        TreeNode::Cloud(_) => "cloud",
        TreeNode::Account(..) => "account",
        TreeNode::Region(..) => "region",
        TreeNode::Cluster(_) => "cluster",
        TreeNode::Namespace(..) => "namespace",
        TreeNode::Workload(..) => "workload",
        TreeNode::Pod(..) => "pod",
    }
}

/// Everything that has to be open to see `level` levels.
fn open(fleet: &Fleet, scope: &Scope, level: u8) -> Expanded {
    let mut open = Expanded::new();
    for c in fleet.in_scope(scope) {
        open.extend(tree::place_chain(c));
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
        Some(c) => match node.namespace() {
            Some(ns) => scope.touches_namespace(c.info.at(), ns),
            None => scope.touches(c.info.at()),
        },
        None => {
            let below = Scope::nodes([node.clone()]);
            fleet.in_scope(&below).any(|c| scope.touches(c.info.at()))
        }
    }
}
