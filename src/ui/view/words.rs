//! Scopes and nodes of the tree in words.

use crate::domain::cells;
use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::fleet::Fleet;

use super::View;

impl View {
    /// The scope in words: `all clouds`, `aws / eu-west-1`, `3 selected`; by its name alone where there is little room.
    pub fn scope_words(&self, fleet: &Fleet, room: u16) -> String {
        match self.scope_nodes.as_slice() {
            [] => "all clouds".to_owned(),
            [one] => {
                let words = node_words(fleet, one);
                if cells::width(&words) > room { node_name(fleet, one) } else { words }
            }
            many => {
                let namespace = many.first().and_then(TreeNode::namespace);
                let alike = |n: &TreeNode| matches!(n, TreeNode::Namespace(_, ns) if Some(ns) == namespace);
                match namespace {
                    Some(ns) if many.iter().all(alike) => {
                        format!("ns {ns} in {}", count(many.len(), "cluster"))
                    }
                    _ => {
                        // The header is short: names tell more than places there.
                        let names: Vec<String> = many.iter().map(|n| node_name(fleet, n)).collect();
                        format!("{} selected: {}", many.len(), names.join(", "))
                    }
                }
            }
        }
    }
}

/// A tree node by its own name, and its cluster's.
pub(super) fn node_name(fleet: &Fleet, node: &TreeNode) -> String {
    let cluster = |id: &ClusterId| fleet.cluster(*id).map_or("", |c| c.info.name().as_str());
    match node {
        TreeNode::Fleet
        | TreeNode::Cloud(_)
        | TreeNode::Account(..)
        | TreeNode::Environment(_)
        | TreeNode::Group(_)
        | TreeNode::Health(_)
        | TreeNode::Namespaces(_) => node_words(fleet, node),
        TreeNode::App(_, _, name) => name.to_string(),
        TreeNode::Region(_, _, region) => region.to_string(),
        TreeNode::Cluster(id) => cluster(id).to_owned(),
        TreeNode::Namespace(id, ns) => format!("{}/{ns}", cluster(id)),
        TreeNode::Workload(id, _, _, name) | TreeNode::Pod(id, _, name) => format!("{}/{name}", cluster(id)),
    }
}

/// How many clusters have it.
fn having(fleet: &Fleet, node: &TreeNode) -> String {
    count(fleet.clusters().iter().filter(|c| c.has(node)).count(), "cluster")
}

/// A tree node in words.
pub fn node_words(fleet: &Fleet, node: &TreeNode) -> String {
    let cluster = |id: &ClusterId| fleet.cluster(*id).map_or_else(String::new, |c| c.info.place.path());
    match node {
        TreeNode::Fleet => "all clouds".to_owned(),
        TreeNode::Cloud(c) => c.to_string(),
        TreeNode::Account(c, a) => format!("{c} / {a}"),
        TreeNode::Region(c, a, r) if a.is_empty() => format!("{c} / {r}"),
        TreeNode::Region(c, a, r) => format!("{c} / {a} / {r}"),
        TreeNode::Environment(Environment::Unknown) => "no environment".to_owned(),
        TreeNode::Environment(environment) => format!("{} clusters", environment.word()),
        TreeNode::Group(group) => format!("group {group}"),
        TreeNode::Health(health) => format!("{} clusters", health.word()),
        TreeNode::Namespaces(ns) => format!("ns {ns} in {}", having(fleet, node)),
        TreeNode::App(ns, kind, name) => {
            format!("{ns} / {}/{name} in {}", kind.info().short(), having(fleet, node))
        }
        TreeNode::Cluster(id) => cluster(id),
        TreeNode::Namespace(id, ns) => format!("{} / {ns}", cluster(id)),
        TreeNode::Workload(id, ns, kind, name) => {
            format!("{} / {ns} / {}/{name}", cluster(id), kind.info().short())
        }
        TreeNode::Pod(id, ns, name) => format!("{} / {ns} / po/{name}", cluster(id)),
    }
}
