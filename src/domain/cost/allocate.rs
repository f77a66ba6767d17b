//! Shares the price of every node of a cluster among the pods on it, by what they request; what nobody
//! requests is idle.
//!
//! OpenCost's allocation (specification 0.1) as a rate: per node and per resource a pod gets `max(request,
//! usage) / capacity` of the part's price. Where pods claim more than the node has, they share all of it and
//! nothing is idle, so idle never goes negative. Called by `ops::costs` and the Costs pane.
//!
//! Architecture invariant: rows + idle + fee = total, to the nano-dollar. What cannot be priced is listed,
//! not counted as free.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::money::split;
use super::node::{Basis, NodePrice, cluster_fee, is_old, provider_of};
use super::rates::{Parts, parts_of, ratios};
use crate::domain::node::NodeRow;
use crate::domain::place::Place;
use crate::domain::pod::PodRow;
use crate::domain::quantity;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;

/// What a cluster costs now, in nano-dollars per hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterCosts {
    /// All priced nodes and the fee: exactly rows + idle + fee.
    pub total_nano: i128,
    /// The control plane.
    pub fee_nano: i64,
    /// Why the fee is what it is.
    pub fee_reason: &'static str,
    /// What no pod requests, over all nodes; what the kubelet and the system keep for themselves is part of
    /// it.
    pub idle_nano: i128,
    /// The same by node, in the order the nodes came in.
    pub node_idle: Vec<NodeIdle>,
    /// Nodes with a price.
    pub priced_nodes: u32,
    /// Nodes without, and why.
    pub unpriced: Vec<(SafeText, String)>,
    /// Where the prices come from, most nodes first.
    pub bases: Vec<PriceSource>,
    /// By workload, in the order of namespace, kind and name.
    pub rows: Vec<CostRow>,
}

/// One priced node: what it costs, and what of it is idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeIdle {
    /// Which node.
    pub node: SafeText,
    /// The whole node, nano-dollars per hour.
    pub price_nano: i64,
    /// What of it is idle.
    pub idle: Parts,
}

/// A source of prices, and how many nodes have theirs from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceSource {
    /// The table of the catalogue, or `default rates`.
    pub source: SafeText,
    /// The day of those prices; none for the default rates.
    pub as_of: Option<Date>,
    /// Spot prices.
    pub spot: bool,
    /// Nodes priced by it.
    pub nodes: u32,
}

impl PriceSource {
    /// Where from, of when and for how many nodes; prices that are old on that day say so.
    pub fn words(&self, today: Date) -> String {
        let mut out = self.source.to_string();
        if let Some(day) = self.as_of {
            out.push_str(&format!(" {day}{}", if is_old(day, today) { " (old)" } else { "" }));
        }
        if self.spot {
            out.push_str(" spot");
        }
        out + &format!(" ({})", quantity::count(self.nodes as usize, "node"))
    }
}

/// What a workload, or a sum of them, costs now, in nano-dollars per hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostRow {
    /// Its namespace.
    pub namespace: SafeText,
    /// Its kind as written, `Pod` for a bare pod; empty in a sum.
    pub workload_kind: SafeText,
    /// Its name; empty in a sum.
    pub workload: SafeText,
    /// Pods that have not ended, scheduled or not.
    pub pods: u32,
    /// Pods among them on nodes without a price: their cost is not in the sums. When these are all, show
    /// `n/a`.
    pub unpriced_pods: u32,
    /// CPU.
    pub cpu_nano: i128,
    /// Memory.
    pub mem_nano: i128,
    /// GPUs.
    pub gpu_nano: i128,
    /// Usage by request in thousandths, weighted by cost over CPU and memory; more than 1000 is a risk, not a
    /// merit. None where no usage is known or nothing costs.
    pub efficiency_permille: Option<u32>,
}

impl CostRow {
    /// CPU, memory and GPUs.
    pub fn total_nano(&self) -> i128 {
        self.cpu_nano + self.mem_nano + self.gpu_nano
    }
}

impl ClusterCosts {
    /// The rows summed by namespace, in the order of names.
    pub fn by_namespace(&self) -> Vec<CostRow> {
        let mut sums: BTreeMap<&str, Vec<&CostRow>> = BTreeMap::new();
        for row in &self.rows {
            sums.entry(&row.namespace).or_default().push(row);
        }
        sums.into_values().map(|rows| sum(&rows)).collect()
    }

    /// All rows in one: what pods cost, without idle and fee.
    pub fn allocated(&self) -> CostRow {
        let rows: Vec<&CostRow> = self.rows.iter().collect();
        CostRow { namespace: SafeText::empty(), ..sum(&rows) }
    }

    /// What of the nodes' price is idle, in thousandths; none where nothing has a price.
    pub fn idle_permille(&self) -> Option<u32> {
        let nodes = self.total_nano - i128::from(self.fee_nano);
        permille(self.idle_nano, nodes)
    }

    /// The day of the oldest price in it.
    pub fn oldest(&self) -> Option<Date> {
        self.bases.iter().filter_map(|b| b.as_of).min()
    }
}

/// Rows of one namespace in one.
fn sum(rows: &[&CostRow]) -> CostRow {
    let mut out = CostRow {
        namespace: rows.first().map(|r| r.namespace.clone()).unwrap_or_default(),
        ..CostRow::default()
    };
    let mut weighted: i128 = 0;
    let mut weight: i128 = 0;
    for row in rows {
        out.pods = out.pods.saturating_add(row.pods);
        out.unpriced_pods = out.unpriced_pods.saturating_add(row.unpriced_pods);
        out.cpu_nano += row.cpu_nano;
        out.mem_nano += row.mem_nano;
        out.gpu_nano += row.gpu_nano;
        if let Some(efficiency) = row.efficiency_permille {
            let cost = row.cpu_nano + row.mem_nano;
            weighted = weighted.saturating_add(cost.saturating_mul(i128::from(efficiency)));
            weight += cost;
        }
    }
    out.efficiency_permille = (weight > 0).then(|| u32::try_from(weighted / weight).unwrap_or(u32::MAX));
    out
}

fn permille(part: i128, whole: i128) -> Option<u32> {
    (whole > 0).then(|| u32::try_from(part.saturating_mul(1000) / whole).unwrap_or(u32::MAX))
}

/// What one pod claims of its node.
struct Claim {
    row: usize,
    amount: Amount,
}

/// Shares each node's price among the pods on it. `usage` says what a pod uses now, where that is known;
/// `&|_| None` shares by requests alone. Pods that have ended, that are not scheduled or whose node is not in
/// `nodes` cost nothing.
pub fn allocate(
    place: &Place,
    nodes: &[(&NodeRow, NodePrice)],
    pods: &[&PodRow],
    usage: &dyn Fn(&PodRow) -> Option<Amount>,
) -> ClusterCosts {
    let mut rows = Rows::default();
    let mut claims: HashMap<&str, Vec<Claim>> = HashMap::new();
    for pod in pods.iter().filter(|p| !p.is_terminal()) {
        let used = usage(pod);
        let row = rows.of(pod, used);
        if !pod.node.is_empty() {
            let amount = pod.compute.requests.max(used.unwrap_or_default());
            claims.entry(&pod.node).or_default().push(Claim { row, amount });
        }
    }

    let (fee_nano, fee_reason) = cluster_fee(place);
    let mut out =
        ClusterCosts { total_nano: i128::from(fee_nano), fee_nano, fee_reason, ..ClusterCosts::default() };
    for (node, price) in nodes {
        // Removed: of two nodes with one name (a cluster may lie) the pods are the first's.
        let here = claims.remove(&*node.meta.name).unwrap_or_default();
        if let Basis::Unpriced { why } = &price.basis {
            out.unpriced.push((node.meta.name.clone(), why.clone()));
            rows.unpriced(&here);
            continue;
        }
        let price_nano = price.nano_usd_hour.max(0);
        let parts =
            parts_of(price_nano, ratios(provider_of(place, node), &node.instance_type), node.capacity);
        let idle = rows.share(parts, node.capacity, &here);
        out.priced_nodes += 1;
        out.total_nano += i128::from(price_nano);
        out.idle_nano += i128::from(idle.cpu_nano) + i128::from(idle.mem_nano) + i128::from(idle.gpu_nano);
        out.node_idle.push(NodeIdle { node: node.meta.name.clone(), price_nano, idle });
        count(&mut out.bases, &price.basis);
    }
    for stray in claims.values() {
        rows.unpriced(stray);
    }
    out.bases.sort_by(|a, b| b.nodes.cmp(&a.nodes).then_with(|| a.source.cmp(&b.source)));
    out.rows = rows.finish();
    out
}

fn count(bases: &mut Vec<PriceSource>, basis: &Basis) {
    let (source, as_of, spot) = match basis {
        Basis::Catalogue { as_of, source, spot } => (source.clone(), Some(*as_of), *spot),
        Basis::DefaultRates => (SafeText::new("default rates"), None, false),
        Basis::Unpriced { .. } => return,
    };
    match bases.iter_mut().find(|b| b.source == source && b.as_of == as_of && b.spot == spot) {
        Some(base) => base.nodes += 1,
        None => bases.push(PriceSource { source, as_of, spot, nodes: 1 }),
    }
}

/// The rows being summed up, found by namespace, kind and name.
#[derive(Default)]
struct Rows<'a> {
    by_key: BTreeMap<(&'a str, &'a str, &'a str), usize>,
    rows: Vec<(CostRow, Evidence)>,
}

/// What is known of usage in one row.
#[derive(Clone, Copy, Default)]
struct Evidence {
    /// Whether anything is.
    known: bool,
    /// What the pods whose usage is known request.
    requests: Amount,
    /// What they use.
    used: Amount,
}

impl<'a> Rows<'a> {
    /// The row of a pod, with the pod counted in.
    fn of(&mut self, pod: &'a PodRow, used: Option<Amount>) -> usize {
        let (kind, name) = match &pod.workload {
            Some(owner) => (owner.kind.as_str(), owner.name.as_str()),
            None => ("Pod", pod.meta.name.as_str()),
        };
        let at = *self.by_key.entry((pod.meta.namespace.as_str(), kind, name)).or_insert(self.rows.len());
        if at == self.rows.len() {
            let row = CostRow {
                namespace: pod.meta.namespace.clone(),
                workload_kind: pod.workload.as_ref().map_or_else(|| SafeText::new("Pod"), |o| o.kind.clone()),
                workload: pod.workload.as_ref().map_or_else(|| pod.meta.name.clone(), |o| o.name.clone()),
                ..CostRow::default()
            };
            self.rows.push((row, Evidence::default()));
        }
        if let Some((row, evidence)) = self.rows.get_mut(at) {
            row.pods += 1;
            if let Some(used) = used {
                evidence.known = true;
                evidence.requests += pod.compute.requests;
                evidence.used += used;
            }
        }
        at
    }

    fn unpriced(&mut self, claims: &[Claim]) {
        for claim in claims {
            if let Some((row, _)) = self.rows.get_mut(claim.row) {
                row.unpriced_pods += 1;
            }
        }
    }

    /// Shares a node's parts among the claims on it; what is left is idle.
    fn share(&mut self, parts: Parts, capacity: Amount, claims: &[Claim]) -> Parts {
        let cpu = shares(parts.cpu_nano, capacity.cpu_milli, claims, |a| a.cpu_milli);
        let mem = shares(parts.mem_nano, capacity.mem_bytes, claims, |a| a.mem_bytes);
        let gpu = shares(parts.gpu_nano, u64::from(capacity.gpu), claims, |a| u64::from(a.gpu));
        for (claim, ((cpu, mem), gpu)) in claims.iter().zip(cpu.iter().zip(&mem).zip(&gpu)) {
            if let Some((row, _)) = self.rows.get_mut(claim.row) {
                row.cpu_nano += i128::from(*cpu);
                row.mem_nano += i128::from(*mem);
                row.gpu_nano += i128::from(*gpu);
            }
        }
        let idle = |shares: &[i64]| shares.last().copied().unwrap_or(0);
        Parts { cpu_nano: idle(&cpu), mem_nano: idle(&mem), gpu_nano: idle(&gpu) }
    }

    fn finish(self) -> Vec<CostRow> {
        let mut rows: Vec<Option<(CostRow, Evidence)>> = self.rows.into_iter().map(Some).collect();
        let order = self.by_key.into_values();
        order
            .filter_map(|at| rows.get_mut(at).and_then(Option::take))
            .map(|(row, evidence)| CostRow { efficiency_permille: efficiency(&row, evidence), ..row })
            .collect()
    }
}

/// The claims' shares of one part of a node's price, and at the end what is idle.
fn shares(part_nano: i64, capacity: u64, claims: &[Claim], of: fn(Amount) -> u64) -> Vec<i64> {
    let mut weights: Vec<u64> = claims.iter().map(|c| of(c.amount)).collect();
    let claimed = weights.iter().fold(0_u64, |sum, w| sum.saturating_add(*w));
    // With neither capacity nor claims the whole part is idle.
    let nothing = capacity == 0 && claimed == 0;
    weights.push(if nothing { 1 } else { capacity.saturating_sub(claimed) });
    split(part_nano, &weights)
}

/// Usage by request, per OpenCost: without a request it is 1 where there is usage and cost, else 0; the mean
/// over CPU and memory is weighted by cost.
fn efficiency(row: &CostRow, evidence: Evidence) -> Option<u32> {
    let cost = row.cpu_nano + row.mem_nano;
    if !evidence.known || cost <= 0 {
        return None;
    }
    let ratio = |used: u64, request: u64| match (used, request) {
        (0, _) => 0,
        (_, 0) => 1000,
        (used, request) => (i128::from(used) * 1000 / i128::from(request)).min(1_000_000),
    };
    let cpu = ratio(evidence.used.cpu_milli, evidence.requests.cpu_milli);
    let mem = ratio(evidence.used.mem_bytes, evidence.requests.mem_bytes);
    let mean = (row.cpu_nano.saturating_mul(cpu)).saturating_add(row.mem_nano.saturating_mul(mem)) / cost;
    Some(u32::try_from(mean).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "allocate_tests.rs"]
mod tests;
