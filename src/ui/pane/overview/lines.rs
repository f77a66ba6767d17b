//! The lines of the upper table: what stands one level below what is selected, with its sums.

use std::collections::BTreeMap;

use crate::domain::age;
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;
use crate::fleet::cluster::Cluster;
use crate::fleet::index::Tally;
use crate::fleet::phase::Phase;
use crate::fleet::tree;
use crate::ops::costs;
use crate::ui::pane::Seen;

/// One line of the upper table.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) node: Option<TreeNode>,
    pub(super) name: String,
    pub(super) clusters: usize,
    pub(super) tally: Tally,
    pub(super) health: Health,
    pub(super) bad: (u32, u32),
    pub(super) cost: Option<i128>,
    pub(super) trouble: Option<String>,
}

pub(super) fn clouds(seen: Seen<'_>, clusters: &[&Cluster]) -> Vec<Line> {
    let mut by: BTreeMap<&'static str, Vec<&Cluster>> = BTreeMap::new();
    for c in clusters {
        by.entry(c.info.place.provider.tree_word()).or_default().push(c);
    }
    let mut out: Vec<Line> = by
        .into_iter()
        .map(|(cloud, list)| {
            let lines: Vec<Line> = list.iter().map(|c| cluster_line(seen, c)).collect();
            let mut sum = Line {
                node: Some(TreeNode::Cloud(SafeText::new(cloud))),
                name: cloud.to_owned(),
                clusters: lines.len(),
                tally: Tally::default(),
                health: Health::Ok,
                bad: (0, 0),
                cost: None,
                trouble: match lines.as_slice() {
                    [one] => one.trouble.clone(),
                    _ => None,
                },
            };
            for l in lines {
                sum.tally.add(&l.tally);
                sum.health = sum.health.max(l.health);
                sum.bad = (sum.bad.0 + l.bad.0, sum.bad.1 + l.bad.1);
                sum.cost = match (sum.cost, l.cost) {
                    (Some(a), Some(b)) => Some(a + b),
                    (a, b) => a.or(b),
                };
            }
            sum
        })
        .collect();
    out.sort_by_key(|l| matches!(l.name.as_str(), "on-prem" | "local"));
    out
}

pub(super) fn cluster_line(seen: Seen<'_>, c: &Cluster) -> Line {
    let (health, bad) = tree::of_cluster(c);
    let trouble = match &c.phase {
        Phase::Live | Phase::Syncing { .. } => c.lack_words(),
        phase @ (Phase::Idle
        | Phase::Connecting { .. }
        | Phase::Stale { .. }
        | Phase::Denied { .. }
        | Phase::Unreadable { .. }
        | Phase::SignedOut { .. }
        | Phase::Unusable { .. }
        | Phase::Failed { .. }) => {
            let since = phase.since().map_or_else(String::new, |s| format!(" {}", age::show(s, seen.now)));
            let cause = phase.cause().map_or_else(String::new, |w| format!(": {w}"));
            Some(format!("{}{since}{cause}", phase.word()))
        }
    };
    Line {
        node: Some(TreeNode::Cluster(c.id())),
        name: c.info.name().to_string(),
        clusters: 0,
        tally: Tally::in_scope(c, seen.preview),
        health,
        bad,
        cost: costs::node_month(seen.fleet, &TreeNode::Cluster(c.id()))
            .filter(|_| seen.preview.covers_cluster(c.info.at())),
        trouble,
    }
}

pub(super) fn namespaces(seen: Seen<'_>, id: crate::domain::id::ClusterId) -> Vec<Line> {
    let Some(c) = seen.fleet.cluster(id) else { return Vec::new() };
    tree::namespace_names(c)
        .into_iter()
        .map(|ns| {
            let tally = c.tally_in(&ns);
            Line {
                name: ns.to_string(),
                clusters: 0,
                health: tally.worst(),
                bad: tally.bad(),
                cost: None,
                trouble: None,
                tally,
                node: Some(TreeNode::Namespace(id, ns)),
            }
        })
        .collect()
}

pub(super) fn workloads(seen: Seen<'_>, id: crate::domain::id::ClusterId, ns: &SafeText) -> Vec<Line> {
    let Some(c) = seen.fleet.cluster(id) else { return Vec::new() };
    c.workloads_in(ns)
        .map(|w| {
            let mut tally = Tally::default();
            for p in c.pods_in(ns) {
                if p.is_of(w.kind, &w.meta.name) {
                    tally.add(&Tally::of_pod(p));
                }
            }
            let health = w.health();
            Line {
                node: Some(TreeNode::Workload(id, ns.clone(), w.kind, w.meta.name.clone())),
                name: format!("{}/{}  {}", w.kind.info().short(), w.meta.name, w.ready_cell()),
                clusters: 0,
                health,
                bad: health.counted(),
                cost: None,
                trouble: None,
                tally,
            }
        })
        .collect()
}

pub(super) fn pods(
    seen: Seen<'_>,
    id: crate::domain::id::ClusterId,
    ns: &SafeText,
    kind: Kind,
    name: &SafeText,
) -> Vec<Line> {
    let Some(c) = seen.fleet.cluster(id) else { return Vec::new() };
    c.pods_in(ns)
        .filter(|p| p.is_of(kind, name))
        .map(|p| {
            let health = p.health(seen.now);
            Line {
                node: Some(TreeNode::Pod(id, ns.clone(), p.meta.name.clone())),
                name: format!("{}  {}", p.meta.name, p.status),
                clusters: 0,
                health,
                bad: health.counted(),
                cost: None,
                trouble: None,
                tally: Tally::of_pod(p),
            }
        })
        .collect()
}

/// An app: a line for each cluster that has it, with its image there.
pub(super) fn app(
    seen: Seen<'_>,
    clusters: &[&Cluster],
    ns: &SafeText,
    kind: Kind,
    name: &SafeText,
) -> Vec<Line> {
    let rows: Vec<_> = clusters.iter().filter_map(|c| Some((*c, c.workload(kind, ns, name)?))).collect();
    let usual = tree::usual_images(&rows);
    let line = |(c, w): &(&Cluster, &WorkloadRow)| {
        let health = w.health();
        Line {
            node: Some(TreeNode::Workload(c.id(), ns.clone(), kind, name.clone())),
            name: format!(
                "{}  {}  {}",
                c.info.name(),
                w.ready_cell(),
                tree::image_words(w, w.images.as_slice() == usual)
            ),
            health,
            bad: health.counted(),
            ..cluster_line(seen, c)
        }
    };
    rows.iter().map(line).collect()
}

/// A namespace: a line for each cluster that has it.
pub(super) fn namespace_in(seen: Seen<'_>, clusters: &[&Cluster], ns: &SafeText) -> Vec<Line> {
    let line = |c: &&Cluster| {
        let tally = c.tally_in(ns);
        Line {
            node: Some(TreeNode::Namespace(c.id(), ns.clone())),
            health: tally.worst(),
            bad: tally.bad(),
            ..cluster_line(seen, c)
        }
    };
    clusters.iter().map(line).collect()
}
