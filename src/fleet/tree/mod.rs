//! The tree as rows: cloud > account > region > cluster > namespace > workload > pod, flattened for what is open; or by another
//! pivot: by app, environment, health, group, or the clusters alone.
//!
//! Levels with no value are skipped, and a chain of single places above the clusters is one row
//! (`aws / 222233334444 / eu-west-1`).

mod apps;
mod cause;
mod pivot;
mod seek;

pub use apps::{image_words, usual_images};
pub use cause::cause;
pub use pivot::Pivot;
pub use seek::seek;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::environment::Environment;
use crate::domain::health::Health;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;

use super::Fleet;
use super::cluster::Cluster;
use super::index::Tally;
use super::phase::Phase;

/// One visible row of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeRow {
    /// What it stands for.
    pub node: TreeNode,
    /// Its indent: 0 at the margin.
    pub indent: u8,
    /// The words.
    pub label: String,
    /// Has something below.
    pub expandable: bool,
    /// Is open.
    pub expanded: bool,
    /// How many clusters stand below (places), or pods (namespaces and workloads).
    pub count: Option<u32>,
    /// How it is, by the worst below.
    pub health: Health,
    /// Workloads, nodes and clusters below that are degraded, and that are down.
    pub bad: (u32, u32),
    /// A word instead of a glyph where the connection needs one: `✖ 4m`, `denied`, `connecting`.
    pub phase: Option<Phase>,
    /// Of a live cluster: which watched kinds are not current, and why.
    pub lack: Option<String>,
    /// A live cluster that answers late.
    pub slow: bool,
}

impl TreeRow {
    /// A row that is well, with nothing below it.
    fn new(node: TreeNode, indent: u8, label: impl Into<String>) -> Self {
        Self {
            node,
            indent,
            label: label.into(),
            expandable: false,
            expanded: false,
            count: None,
            health: Health::Ok,
            bad: (0, 0),
            phase: None,
            lack: None,
            slow: false,
        }
    }
}

/// Which rows are open: those in the set. Places start open, clusters and below start closed.
pub type Expanded = BTreeSet<TreeNode>;

/// Jobs of a CronJob that are done are left out of the tree.
fn is_shown(w: &WorkloadRow) -> bool {
    !(w.kind == Kind::Job && w.complete && w.owner.is_some())
}

/// The workload a pod stands under; none when it has none, or one without a row: of a kind that is not known, or not
/// readable.
pub fn row_of_owner<'a>(c: &'a Cluster, p: &PodRow) -> Option<&'a WorkloadRow> {
    let owner = p.workload.as_ref()?;
    c.workload(Kind::parse(&owner.kind)?, &p.meta.namespace, &owner.name)
}

fn workload_label(w: &WorkloadRow) -> String {
    format!("{}/{}", w.kind.info().short(), w.meta.name)
}

/// A place with what stands below it.
#[derive(Default)]
struct Level<'a> {
    below: BTreeMap<TreeNode, Level<'a>>,
    clusters: Vec<&'a Cluster>,
}

impl<'a> Level<'a> {
    fn all(&self) -> Vec<&'a Cluster> {
        let mut out = self.clusters.clone();
        for level in self.below.values() {
            out.extend(level.all());
        }
        out
    }
}

/// The rows that are visible by a pivot when `open` is what is open.
pub fn rows(fleet: &Fleet, pivot: Pivot, open: &Expanded) -> Vec<TreeRow> {
    if pivot == Pivot::App {
        return apps::rows(fleet, open);
    }
    let mut root = Level::default();
    for c in fleet.clusters() {
        let mut level = &mut root;
        for node in pivot.chain(c) {
            level = level.below.entry(node).or_default();
        }
        level.clusters.push(c);
    }
    let mut out = Vec::new();
    let mut tops: Vec<_> = root.below.iter().collect();
    tops.sort_by_key(|(node, _)| pivot.rank(node));
    let clusters = root.all();
    if tops.len() > 1 || (root.clusters.len() > 1) {
        out.push(place_row(&TreeNode::Fleet, "all clouds".to_owned(), &clusters, 0, true));
    }
    for (node, level) in tops {
        place(node, level, 0, open, &mut out);
    }
    if pivot == Pivot::Cluster {
        root.clusters.sort_by(|a, b| a.info.name().cmp(b.info.name()));
    }
    for c in root.clusters {
        cluster(c, 0, open, &mut out);
    }
    out
}

/// What a scope of that row is made of: of those that are in a state, the clusters that are in it now.
pub fn nodes_of(fleet: &Fleet, node: &TreeNode) -> Vec<TreeNode> {
    match node {
        TreeNode::Health(health) => {
            let those = fleet.clusters().iter().filter(|c| of_cluster(c).0 == *health);
            those.map(|c| TreeNode::Cluster(c.id())).collect()
        }
        other => vec![other.clone()],
    }
}

/// The row of a place, summed over its clusters.
fn place_row(node: &TreeNode, label: String, clusters: &[&Cluster], indent: u8, expanded: bool) -> TreeRow {
    let mut bad = (0, 0);
    let mut health = Health::Ok;
    for c in clusters {
        let (h, b) = of_cluster(c);
        health = health.max(h);
        bad.0 += b.0;
        bad.1 += b.1;
    }
    TreeRow {
        expandable: *node != TreeNode::Fleet,
        expanded,
        count: u32::try_from(clusters.len()).ok(),
        health,
        bad,
        ..TreeRow::new(node.clone(), indent, label)
    }
}

fn place(node: &TreeNode, level: &Level<'_>, indent: u8, open: &Expanded, out: &mut Vec<TreeRow>) {
    // Fold a chain of single places into its last.
    let mut label = place_label(node);
    let (mut node, mut level) = (node, level);
    while level.clusters.is_empty() && level.below.len() == 1 {
        let Some((next, below)) = level.below.iter().next() else { break };
        label = format!("{label} / {}", place_label(next));
        (node, level) = (next, below);
    }
    let expanded = open.contains(node);
    out.push(place_row(node, label, &level.all(), indent, expanded));
    if expanded {
        for (next, below) in &level.below {
            place(next, below, indent + 1, open, out);
        }
        for c in &level.clusters {
            cluster(c, indent + 1, open, out);
        }
    }
}

fn place_label(node: &TreeNode) -> String {
    match node {
        TreeNode::Cloud(name)
        | TreeNode::Account(_, name)
        | TreeNode::Region(_, _, name)
        | TreeNode::Group(name)
        | TreeNode::Namespaces(name) => name.to_string(),
        TreeNode::Environment(Environment::Unknown) => "no environment".to_owned(),
        TreeNode::Environment(environment) => environment.word().to_owned(),
        TreeNode::Health(health) => health.word().to_owned(),
        other => format!("{other:?}"),
    }
}

/// A cluster's own health and its counts of degraded and down, the connection included.
pub fn of_cluster(c: &Cluster) -> (Health, (u32, u32)) {
    let t = c.tally();
    let bad = t.bad();
    match c.phase {
        Phase::Failed { .. } => (Health::Down, (bad.0, bad.1 + 1)),
        Phase::Stale { .. }
        | Phase::Denied { .. }
        | Phase::Unreadable { .. }
        | Phase::SignedOut { .. }
        | Phase::Unusable { .. } => (Health::Degraded.max(worst(t)), (bad.0 + 1, bad.1)),
        // What is not seen may be broken: such a cluster is not simply well.
        Phase::Live if c.lacks().next().is_some() => (Health::Degraded.max(worst(t)), (bad.0 + 1, bad.1)),
        Phase::Idle => (Health::Unknown, bad),
        Phase::Connecting { .. } | Phase::Syncing { .. } => (Health::Progressing.max(worst(t)), bad),
        Phase::Live => (worst(t), bad),
    }
}

fn worst(t: &Tally) -> Health {
    t.worst()
}

fn cluster(c: &Cluster, indent: u8, open: &Expanded, out: &mut Vec<TreeRow>) {
    let node = TreeNode::Cluster(c.id());
    let expanded = open.contains(&node);
    let (health, bad) = of_cluster(c);
    out.push(TreeRow {
        expandable: c.namespaces().next().is_some() || c.pods().next().is_some(),
        expanded,
        count: (c.pod_count() > 0).then(|| c.pod_count()),
        health,
        bad,
        phase: (!matches!(c.phase, Phase::Live)).then(|| c.phase.clone()),
        lack: if c.phase == Phase::Live { c.lack_words() } else { None },
        slow: c.is_slow(),
        ..TreeRow::new(node, indent, c.info.name().as_str())
    });
    if expanded {
        for ns in namespace_names(c) {
            namespace(c, &ns, indent + 1, open, out);
        }
    }
}

/// Namespaces of a cluster by name: those listed, and those only seen on rows (no right to list namespaces).
pub fn namespace_names(c: &Cluster) -> Vec<SafeText> {
    let mut names: BTreeSet<SafeText> = c.namespaces().map(|n| n.meta.name.clone()).collect();
    names.extend(c.by_namespace.keys().cloned());
    names.into_iter().collect()
}

fn namespace(c: &Cluster, ns: &SafeText, indent: u8, open: &Expanded, out: &mut Vec<TreeRow>) {
    let node = TreeNode::Namespace(c.id(), ns.clone());
    let expanded = open.contains(&node);
    let tally = c.tally_in(ns);
    out.push(TreeRow {
        expandable: tally != Tally::default(),
        expanded,
        count: (tally.pods > 0).then_some(tally.pods),
        health: tally.worst(),
        bad: tally.bad(),
        ..TreeRow::new(node, indent, ns.as_str())
    });
    if !expanded {
        return;
    }
    let mut pods: BTreeMap<(&str, &SafeText), Vec<&PodRow>> = BTreeMap::new();
    for p in c.pods_in(ns) {
        if let Some(o) = &p.workload {
            pods.entry((o.kind.as_str(), &o.name)).or_default().push(p);
        }
    }
    for w in c.workloads_in(ns).filter(|w| is_shown(w)) {
        let row = workload_row(c, w, indent + 1, workload_label(w), open);
        let expanded = row.expanded;
        out.push(row);
        if expanded {
            for p in pods.get(&(w.kind.info().name, &w.meta.name)).into_iter().flatten() {
                pod(c.id(), ns, p, indent + 2, out);
            }
        }
    }
    for p in c.pods_in(ns).filter(|p| row_of_owner(c, p).is_none()) {
        pod(c.id(), ns, p, indent + 1, out);
    }
}

/// A workload in a cluster.
fn workload_row(c: &Cluster, w: &WorkloadRow, indent: u8, label: String, open: &Expanded) -> TreeRow {
    let node = TreeNode::Workload(c.id(), w.meta.namespace.clone(), w.kind, w.meta.name.clone());
    let health = w.health();
    TreeRow {
        expandable: w.current > 0 || w.ready > 0,
        expanded: open.contains(&node),
        count: Some(w.current),
        health,
        bad: health.counted(),
        ..TreeRow::new(node, indent, label)
    }
}

fn pod(id: ClusterId, ns: &SafeText, p: &PodRow, indent: u8, out: &mut Vec<TreeRow>) {
    let node = TreeNode::Pod(id, ns.clone(), p.meta.name.clone());
    let health = Tally::of_pod(p).worst();
    out.push(TreeRow { health, ..TreeRow::new(node, indent, p.meta.name.as_str()) });
}
