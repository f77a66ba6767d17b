//! What the nodes of a cluster cost by the catalogue: kept as nodes come and go, so that a header, a tree and a
//! plan read a sum instead of pricing every node again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::cost::catalogue::Catalogue;
use crate::domain::cost::node::{price_node, provider_of};
use crate::domain::cost::rates::{parts_of, ratios};
use crate::domain::node::NodeRow;
use crate::domain::place::Place;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;

/// One node's cost, or the sum of many: nano-dollars per hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeCost {
    /// All nodes, those at default rates included.
    pub nodes_nano: i128,
    /// The CPU part of the nodes that have a price.
    pub cpu_nano: i128,
    /// Their memory part.
    pub mem_nano: i128,
    /// Their GPU part.
    pub gpu_nano: i128,
    /// What those nodes have.
    pub capacity: Amount,
}

impl NodeCost {
    fn of(catalogue: Option<&Catalogue>, place: &Place, node: &NodeRow) -> Self {
        let price = price_node(catalogue, place, node);
        let nano = price.nano_usd_hour.max(0);
        let mut out = Self { nodes_nano: nano.into(), ..Self::default() };
        if price.is_priced() {
            let rates = ratios(provider_of(place, node), &node.instance_type);
            let parts = parts_of(nano, rates, node.capacity);
            out.cpu_nano = parts.cpu_nano.into();
            out.mem_nano = parts.mem_nano.into();
            out.gpu_nano = parts.gpu_nano.into();
            out.capacity = node.capacity;
        }
        out
    }

    fn add(&mut self, o: &Self) {
        self.nodes_nano += o.nodes_nano;
        self.cpu_nano += o.cpu_nano;
        self.mem_nano += o.mem_nano;
        self.gpu_nano += o.gpu_nano;
        self.capacity += o.capacity;
    }

    fn sub(&mut self, o: &Self) {
        self.nodes_nano -= o.nodes_nano;
        self.cpu_nano -= o.cpu_nano;
        self.mem_nano -= o.mem_nano;
        self.gpu_nano -= o.gpu_nano;
        self.capacity -= o.capacity;
    }
}

/// The cost of a cluster's nodes, each remembered as it was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeCosts {
    catalogue: Option<Arc<Catalogue>>,
    by_node: HashMap<SafeText, NodeCost>,
    sum: NodeCost,
}

impl NodeCosts {
    /// All nodes together.
    pub(super) fn sum(&self) -> &NodeCost {
        &self.sum
    }

    /// A node is there, or is another than it was.
    pub(super) fn put(&mut self, place: &Place, node: &NodeRow) {
        let node_cost = NodeCost::of(self.catalogue.as_deref(), place, node);
        self.sum.add(&node_cost);
        if let Some(old) = self.by_node.insert(node.meta.name.clone(), node_cost) {
            self.sum.sub(&old);
        }
    }

    /// A node is gone.
    pub(super) fn remove(&mut self, name: &SafeText) {
        if let Some(old) = self.by_node.remove(name) {
            self.sum.sub(&old);
        }
    }

    /// Other prices, or another place: everything anew.
    pub(super) fn again<'a>(
        &mut self,
        catalogue: Option<Arc<Catalogue>>,
        place: &Place,
        nodes: impl Iterator<Item = &'a NodeRow>,
    ) {
        *self = Self { catalogue, ..Self::default() };
        for node in nodes {
            self.put(place, node);
        }
    }

    /// The prices that count.
    pub(super) fn catalogue(&self) -> Option<Arc<Catalogue>> {
        self.catalogue.clone()
    }
}
