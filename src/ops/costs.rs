//! Costs: what the clusters in scope cost by the hour, summed by cloud, cluster, namespace or workload.
//!
//! Lives here: which rows count and how they are summed. Never: prices or shares (`domain::cost`).
//! Called by the Costs pane, the tree, plans and `skyfleet costs`.
//!
//! Architecture invariant: the rows of a [`Costs`] add up to its total, to the nano-dollar; what is idle and what the
//! control planes cost is in them, as rows of their own or within the row of their cluster.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::cost::catalogue::Catalogue;
use crate::domain::cost::node::{NodePrice, caveat, price_node};
use crate::domain::cost::{ClusterCosts, CostRow, PriceSource, allocate, cluster_fee};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::pod::PodRow;
use crate::domain::quantity::count;
use crate::domain::resources::Amount;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::node_cost::NodeCost;

/// By what costs are summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// One row per cloud, idle and fees included.
    Cloud,
    /// One row per cluster, idle and fee included.
    Cluster,
    /// One row per namespace over all clusters.
    #[default]
    Namespace,
    /// One row per workload over all clusters: an app.
    Workload,
}

impl By {
    /// All of them, in the order of going deeper.
    pub const ALL: [Self; 4] = [Self::Cloud, Self::Cluster, Self::Namespace, Self::Workload];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Cluster => "cluster",
            Self::Namespace => "namespace",
            Self::Workload => "workload",
        }
    }

    /// The headings of a row's label.
    pub const fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Cloud => &["CLOUD"],
            Self::Cluster => &["CLUSTER"],
            Self::Namespace => &["NAMESPACE"],
            Self::Workload => &["NAMESPACE", "WORKLOAD"],
        }
    }
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// What pods ask for and use; of a cloud or cluster, everything.
    #[default]
    Cost,
    /// What nobody asks for.
    Idle,
    /// The nodes of clusters whose pods could not be read: nobody knows who asks for them.
    Unread,
    /// The control planes.
    Fee,
}

/// One row, in nano-dollars per hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostsRow {
    /// What it stands for.
    pub kind: RowKind,
    /// By the headings of the grouping.
    pub label: Vec<SafeText>,
    /// The clusters it sums over.
    pub clusters: Vec<ClusterId>,
    /// CPU.
    pub cpu_nano: i128,
    /// Memory.
    pub mem_nano: i128,
    /// GPUs.
    pub gpu_nano: i128,
    /// Idle within this row; zero where idle is a row of its own.
    pub idle_nano: i128,
    /// Nodes within this row that cannot be shared out, because the pods could not be read.
    pub unread_nano: i128,
    /// Fees within this row; zero where they are a row of their own.
    pub fee_nano: i128,
    /// Everything in this row.
    pub total_nano: i128,
    /// Of the whole, in thousandths.
    pub share_permille: u32,
    /// Pods.
    pub pods: u32,
    /// Of none of its clusters the pods could be read: their number is not 0 but unknown.
    pub pods_unread: bool,
    /// Pods whose cost is not known: when these are all of them, the total is not known either.
    pub unpriced_pods: u32,
    /// Usage by request in thousandths, weighted by cost; none where no usage is known.
    pub efficiency_permille: Option<u32>,
}

impl CostsRow {
    /// Whether nothing is known of its cost.
    pub fn is_unknown(&self) -> bool {
        self.total_nano == 0 && self.unpriced_pods > 0 && self.unpriced_pods == self.pods
    }
}

/// A node without a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpriced {
    /// Where.
    pub cluster: ClusterId,
    /// Which.
    pub node: SafeText,
    /// Why, in a form that completes "no price: …".
    pub why: String,
}

/// What a scope costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// How the rows are summed.
    pub by: By,
    /// The dearest first, then idle, then fees.
    pub rows: Vec<CostsRow>,
    /// Everything.
    pub total_nano: i128,
    /// What of it nobody asks for.
    pub idle_nano: i128,
    /// What of it nodes cost whose pods are not known.
    pub unread_nano: i128,
    /// What of it the control planes cost.
    pub fee_nano: i128,
    /// Nodes without a price.
    pub unpriced: Vec<Unpriced>,
    /// Where the prices come from, most nodes first.
    pub sources: Vec<PriceSource>,
    /// What makes prices less than what is paid, and of how many nodes.
    pub caveats: BTreeMap<&'static str, usize>,
    /// Clusters in scope of which no node is known, by name and why.
    pub missing: Vec<String>,
    /// Parts of clusters are in scope: their idle and fees are left out.
    pub partial: bool,
}

impl Costs {
    /// Where the prices come from, of when, and what they leave out: a line each.
    pub fn notes(&self, today: Date) -> Vec<String> {
        let sources: Vec<String> = self.sources.iter().map(|s| s.words(today)).collect();
        let mut out = vec![if sources.is_empty() {
            "estimate; no list price is known for these nodes".to_owned()
        } else {
            format!("estimate at list prices, 730 h a month: {}", sources.join(", "))
        }];
        match self.unpriced.as_slice() {
            [] => {}
            [one] => out.push(format!("without a price: {} ({})", one.node, one.why)),
            [one, rest @ ..] => {
                let nodes = count(rest.len() + 1, "node");
                out.push(format!("without a price: {nodes}, e.g. {} ({})", one.node, one.why));
            }
        }
        if !self.missing.is_empty() {
            out.push(format!("not in these sums: {}", self.missing.join(", ")));
        }
        out.extend(self.caveats.iter().map(|(words, n)| format!("{}: {words}", count(*n, "node"))));
        out
    }

    /// What of the nodes' price is idle, in thousandths.
    pub fn idle_permille(&self) -> Option<u32> {
        // Of nodes whose pods are not known nobody knows what is idle.
        let nodes = self.total_nano - self.fee_nano - self.unread_nano;
        (nodes > 0 && !self.partial).then(|| permille(self.idle_nano, nodes))
    }
}

/// What one cluster costs, by workload.
pub fn of_cluster(cluster: &Cluster, catalogue: Option<&Catalogue>) -> ClusterCosts {
    share_out(cluster, catalogue, &[])
}

/// What one cluster costs, by workload; the pods of `alone` have rows of their own.
fn share_out(
    cluster: &Cluster,
    catalogue: Option<&Catalogue>,
    alone: &[(&SafeText, &SafeText)],
) -> ClusterCosts {
    let place = &cluster.info.place;
    let nodes: Vec<(&NodeRow, NodePrice)> =
        cluster.nodes().map(|n| (n, price_node(catalogue, place, n))).collect();
    let apart: Vec<PodRow> = alone
        .iter()
        .filter_map(|(ns, name)| cluster.pod(ns, name))
        .map(|pod| PodRow { workload: None, ..pod.clone() })
        .collect();
    let is_apart = |p: &PodRow| alone.contains(&(&p.meta.namespace, &p.meta.name));
    let pods: Vec<&PodRow> = cluster.pods().filter(|p| !is_apart(p)).chain(&apart).collect();
    allocate(place, &nodes, &pods, &|p| cluster.pod_usage(&p.meta.namespace, &p.meta.name))
}

/// What a whole cluster costs, in nano-dollars per hour; zero where nothing of it has a price. Cheap: a sum
/// that the fleet keeps.
pub fn cluster_month(cluster: &Cluster) -> i128 {
    let nodes = cluster.node_cost().nodes_nano;
    if nodes == 0 { 0 } else { nodes + i128::from(cluster_fee(&cluster.info.place).0) }
}

/// What a place or cluster of the tree costs, in nano-dollars per hour; `None` below clusters, and where nothing has a
/// price.
pub fn node_month(fleet: &Fleet, node: &TreeNode) -> Option<i128> {
    if node.depth() > 4 {
        return None;
    }
    let scope = Scope::nodes([node.clone()]);
    let total: i128 = fleet.in_scope(&scope).map(cluster_month).sum();
    (total > 0).then_some(total)
}

/// What one more pod with these requests is worth in a cluster, in nano-dollars per hour: at the mean price of its
/// nodes' cores, memory and GPUs. `None` where no node has a price, or the pod asks for nothing.
pub fn pod_nano(cluster: &Cluster, requests: Amount) -> Option<i64> {
    let NodeCost { cpu_nano: cpu, mem_nano: mem, gpu_nano: gpu, capacity, .. } = *cluster.node_cost();
    if requests.is_zero() || capacity.is_zero() {
        return None;
    }
    let part = |nano: i128, asked: u64, there: u64| {
        if there == 0 { 0 } else { nano.saturating_mul(i128::from(asked)) / i128::from(there) }
    };
    let total = part(cpu, requests.cpu_milli, capacity.cpu_milli)
        + part(mem, requests.mem_bytes, capacity.mem_bytes)
        + part(gpu, u64::from(requests.gpu), u64::from(capacity.gpu));
    i64::try_from(total).ok()
}

/// What the clusters in scope cost. Of clusters that are in scope in part only the workloads in scope count.
pub fn of(fleet: &Fleet, scope: &Scope, by: By) -> Costs {
    let catalogue = fleet.catalogue.as_deref();
    let mut out = Costs { by, ..Costs::default() };
    let mut groups: BTreeMap<Vec<SafeText>, Group> = BTreeMap::new();
    for cluster in fleet.in_scope(scope) {
        let alone: Vec<(&SafeText, &SafeText)> = scope
            .tree_nodes()
            .filter_map(|n| match n {
                TreeNode::Pod(id, ns, name) if *id == cluster.id() => Some((ns, name)),
                _ => None,
            })
            .collect();
        if cluster.nodes().next().is_none() {
            out.missing.push(format!("{} ({})", cluster.info.name(), cluster.phase.word()));
        }
        let costs = share_out(cluster, catalogue, &alone);
        let at = cluster.info.at();
        let whole = scope.covers_cluster(at);
        out.partial |= !whole;
        for row in &costs.rows {
            let pod = (row.workload_kind == "Pod").then_some(row.workload.as_str());
            let workload = Some((row.workload_kind.as_str(), row.workload.as_str()));
            if whole || scope.covers(at, &row.namespace, workload, pod) {
                groups.entry(key_of(by, cluster, row)).or_default().add(cluster.id(), row);
            }
        }
        // What no pod asks for is idle only where the pods are known.
        let (idle, unread) =
            if cluster.watches_all_pods() { (costs.idle_nano, 0) } else { (0, costs.idle_nano) };
        if whole {
            out.idle_nano += idle;
            out.unread_nano += unread;
            out.fee_nano += i128::from(costs.fee_nano);
            if matches!(by, By::Cloud | By::Cluster) && costs.total_nano > 0 {
                let group = groups.entry(key_of(by, cluster, &CostRow::default())).or_default();
                group.add(cluster.id(), &CostRow::default());
                group.row.idle_nano += idle;
                group.row.unread_nano += unread;
                group.row.fee_nano += i128::from(costs.fee_nano);
            }
        }
        for words in cluster.nodes().filter_map(caveat) {
            *out.caveats.entry(words).or_default() += 1;
        }
        out.unpriced.extend(costs.unpriced.into_iter().map(|(node, why)| Unpriced {
            cluster: cluster.id(),
            node,
            why,
        }));
        add_sources(&mut out.sources, costs.bases);
    }
    out.sources.sort_by(|a, b| b.nodes.cmp(&a.nodes).then_with(|| a.source.cmp(&b.source)));
    out.rows = groups.into_iter().map(|(key, group)| group.finish(shown(by, &key))).collect();
    if matches!(by, By::Namespace | By::Workload) {
        out.rows.extend(extra(RowKind::Idle, "idle", out.idle_nano, by));
        out.rows.extend(extra(RowKind::Unread, "nodes without pods read", out.unread_nano, by));
        out.rows.extend(extra(RowKind::Fee, "control planes", out.fee_nano, by));
    }
    out.total_nano = out.rows.iter().map(|r| r.total_nano).sum();
    let unread = |id: &ClusterId| fleet.cluster(*id).is_none_or(|c| !c.watches_all_pods());
    for row in &mut out.rows {
        row.pods_unread = !row.clusters.is_empty() && row.clusters.iter().all(unread);
        row.share_permille = permille(row.total_nano, out.total_nano);
    }
    out.rows.sort_by(|a, b| {
        a.kind.cmp(&b.kind).then(b.total_nano.cmp(&a.total_nano)).then_with(|| a.label.cmp(&b.label))
    });
    out
}

/// What rows are summed by.
fn key_of(by: By, cluster: &Cluster, row: &CostRow) -> Vec<SafeText> {
    match by {
        By::Cloud => vec![SafeText::new(cluster.info.place.provider.tree_word())],
        // The context keeps two clusters of one name apart.
        By::Cluster => vec![cluster.info.name().clone(), cluster.info.context.clone()],
        By::Namespace => vec![row.namespace.clone()],
        By::Workload => vec![row.namespace.clone(), row.workload_kind.clone(), row.workload.clone()],
    }
}

/// What of a key is shown, one text per heading.
fn shown(by: By, key: &[SafeText]) -> Vec<SafeText> {
    match (by, key) {
        (By::Cluster, [name, _]) => vec![name.clone()],
        (By::Workload, [namespace, kind, name]) => {
            let kind = Kind::parse(kind).map_or_else(|| kind.to_lowercase(), |k| k.info().short().to_owned());
            vec![namespace.clone(), SafeText::new(&format!("{kind}/{name}"))]
        }
        _ => key.to_vec(),
    }
}

fn extra(kind: RowKind, word: &str, nano: i128, by: By) -> Option<CostsRow> {
    let mut label = vec![SafeText::new(word)];
    label.resize(by.headings().len().max(1), SafeText::empty());
    (nano > 0).then(|| CostsRow { kind, label, total_nano: nano, ..CostsRow::default() })
}

fn add_sources(all: &mut Vec<PriceSource>, more: Vec<PriceSource>) {
    for source in more {
        match all
            .iter_mut()
            .find(|s| s.source == source.source && s.as_of == source.as_of && s.spot == source.spot)
        {
            Some(known) => known.nodes += source.nodes,
            None => all.push(source),
        }
    }
}

fn permille(part: i128, whole: i128) -> u32 {
    if whole <= 0 { 0 } else { u32::try_from(part.saturating_mul(1000) / whole).unwrap_or(u32::MAX) }
}

/// A row being summed up.
#[derive(Default)]
struct Group {
    row: CostsRow,
    weighted: i128,
    weight: i128,
}

impl Group {
    fn add(&mut self, cluster: ClusterId, row: &CostRow) {
        if self.row.clusters.last() != Some(&cluster) {
            self.row.clusters.push(cluster);
        }
        self.row.cpu_nano += row.cpu_nano;
        self.row.mem_nano += row.mem_nano;
        self.row.gpu_nano += row.gpu_nano;
        self.row.pods += row.pods;
        self.row.unpriced_pods += row.unpriced_pods;
        if let Some(efficiency) = row.efficiency_permille {
            let cost = row.cpu_nano + row.mem_nano;
            self.weighted = self.weighted.saturating_add(cost.saturating_mul(i128::from(efficiency)));
            self.weight += cost;
        }
    }

    fn finish(self, label: Vec<SafeText>) -> CostsRow {
        let mut row = self.row;
        row.label = label;
        row.total_nano =
            row.cpu_nano + row.mem_nano + row.gpu_nano + row.idle_nano + row.unread_nano + row.fee_nano;
        row.efficiency_permille =
            (self.weight > 0).then(|| u32::try_from(self.weighted / self.weight).unwrap_or(u32::MAX));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::{Meta, Owner};
    use crate::domain::place::{Place, Provider};
    use crate::fleet::cluster::ClusterInfo;
    use crate::fleet::delta::{Batch, Delta, Row, Update};

    fn meta(namespace: &str, name: &str) -> Meta {
        Meta { namespace: namespace.into(), name: name.into(), ..Meta::default() }
    }

    fn fleet() -> Fleet {
        let mut fleet = Fleet::new([ClusterInfo::sample(
            "a",
            Place { provider: Provider::Aws, region: "eu-west-1".into(), ..Place::default() },
        )]);
        let whole = Amount { cpu_milli: 2000, mem_bytes: 8 << 30, ..Amount::default() };
        let node = NodeRow {
            meta: meta("", "n1"),
            instance_type: "m5.large".into(),
            capacity: whole,
            allocatable: whole,
            ..NodeRow::default()
        };
        let pod = |n: u64| PodRow {
            meta: meta("shop", &format!("web-{n}")),
            node: "n1".into(),
            phase: "Running".into(),
            is_ready: true,
            compute: std::sync::Arc::new(crate::domain::pod::Compute {
                requests: Amount { cpu_milli: 100 * n, mem_bytes: n << 28, ..Amount::default() },
                ..Default::default()
            }),
            workload: Some(std::sync::Arc::new(Owner { kind: "Deployment".into(), name: "web".into() })),
            ..PodRow::default()
        };
        let deltas = vec![
            Delta::Reset { kind: Kind::Node, rows: vec![Row::Node(Box::new(node))] },
            Delta::Reset { kind: Kind::Pod, rows: (1..=3).map(|n| Row::Pod(Box::new(pod(n)))).collect() },
        ];
        let now = jiff::Timestamp::from_second(1_795_442_400).unwrap();
        fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now);
        fleet
    }

    #[test]
    fn a_pod_costs_its_part_of_its_workload() {
        let fleet = fleet();
        let cost = |node: TreeNode| of(&fleet, &Scope::nodes([node]), By::Workload);
        let pod =
            |n: u32| cost(TreeNode::Pod(ClusterId(0), "shop".into(), format!("web-{n}").as_str().into()));
        let whole =
            cost(TreeNode::Workload(ClusterId(0), "shop".into(), Kind::Deployment, "web".into())).total_nano;
        let parts: Vec<i128> = (1..=3).map(|n| pod(n).total_nano).collect();
        assert!(whole > 0);
        assert_eq!(pod(2).rows.len(), 1);
        assert_eq!(pod(2).rows[0].label[1], "po/web-2");
        // Shares are whole nano-dollars; what is left over of a node goes to one of its rows.
        assert!((parts.iter().sum::<i128>() - whole).abs() <= 3, "{parts:?} of {whole}");
        assert!(parts[0] < parts[1] && parts[1] < parts[2], "{parts:?}");
    }
}
