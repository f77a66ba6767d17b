//! By what the tree is grouped, and what stands above a node then.

use super::{of_cluster, row_of_owner};
use crate::domain::health::Health;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

/// By what the tree is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pivot {
    /// By cloud, account and region.
    #[default]
    Cloud,
    /// By namespace and workload, over all clusters: where each app runs, and which image it has there.
    App,
    /// By environment.
    Environment,
    /// By how clusters are, the worst first.
    Health,
    /// By the groups of the settings; a cluster in several stands under the first.
    Group,
    /// Not at all: the clusters by name.
    Cluster,
}

impl Pivot {
    /// All of them, in the order they are gone through.
    pub const ALL: [Self; 6] =
        [Self::Cloud, Self::App, Self::Environment, Self::Health, Self::Group, Self::Cluster];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::App => "app",
            Self::Environment => "env",
            Self::Health => "health",
            Self::Group => "group",
            Self::Cluster => "cluster",
        }
    }

    /// The pivot of a word, whole or begun.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| {
            !word.is_empty()
                && (p.word().starts_with(word) || word == "environment" && *p == Self::Environment)
        })
    }

    /// The one after it, of those that this fleet can be grouped by.
    #[must_use]
    pub fn next(self, fleet: &Fleet) -> Self {
        let has_groups = fleet.clusters().iter().any(|c| !c.info.groups.is_empty());
        let all: Vec<Self> = Self::ALL.into_iter().filter(|p| *p != Self::Group || has_groups).collect();
        let at = all.iter().position(|p| *p == self).map_or(0, |at| at + 1);
        all.get(at % all.len()).copied().unwrap_or_default()
    }

    /// What a cluster stands under, from the outside in.
    pub fn chain(self, c: &Cluster) -> Vec<TreeNode> {
        match self {
            Self::Cloud => places(c),
            Self::Environment => vec![TreeNode::Environment(c.info.environment)],
            Self::Health => vec![TreeNode::Health(of_cluster(c).0)],
            Self::Group => c.info.groups.first().map(|g| TreeNode::Group(g.clone())).into_iter().collect(),
            Self::App | Self::Cluster => Vec::new(),
        }
    }

    /// Everything that has to be open for a node to be seen.
    pub fn above(self, fleet: &Fleet, node: &TreeNode) -> Vec<TreeNode> {
        let Some(c) = node.cluster().and_then(|id| fleet.cluster(id)) else {
            return match node {
                TreeNode::App(ns, ..) => vec![TreeNode::Namespaces(ns.clone())],
                _ => Vec::new(),
            };
        };
        let owner = match node {
            TreeNode::Pod(_, ns, name) => c.pod(ns, name).and_then(|p| row_of_owner(c, p)),
            _ => None,
        };
        let owner =
            owner.map(|w| TreeNode::Workload(c.id(), w.meta.namespace.clone(), w.kind, w.meta.name.clone()));
        if self == Self::App {
            let Some(ns) = node.namespace() else { return Vec::new() };
            let mut out = vec![TreeNode::Namespaces(ns.clone())];
            if let Some(TreeNode::Workload(_, ns, kind, name)) = owner.as_ref().or(Some(node)) {
                out.push(TreeNode::App(ns.clone(), *kind, name.clone()));
            }
            out.extend(owner);
            return out;
        }
        let mut out = self.chain(c);
        if node.depth() > 4 {
            out.push(TreeNode::Cluster(c.id()));
        }
        if let (true, Some(ns)) = (node.depth() > 5, node.namespace()) {
            out.push(TreeNode::Namespace(c.id(), ns.clone()));
        }
        out.extend(owner);
        out
    }

    /// The order of what stands outermost: the worst first, and what is in no known cloud last.
    pub(super) fn rank(self, node: &TreeNode) -> usize {
        match node {
            TreeNode::Health(health) => Health::Down.index() - health.index(),
            TreeNode::Cloud(cloud) => usize::from(*cloud == "on-prem" || *cloud == "local"),
            _ => 0,
        }
    }
}

/// Cloud, account and region of a cluster, the levels that have a value.
fn places(c: &Cluster) -> Vec<TreeNode> {
    let p = &c.info.place;
    let cloud = SafeText::new(p.provider.tree_word());
    let mut chain = vec![TreeNode::Cloud(cloud.clone())];
    if !p.account.is_empty() {
        chain.push(TreeNode::Account(cloud.clone(), p.account.clone()));
    }
    if !p.region.is_empty() {
        chain.push(TreeNode::Region(cloud, p.account.clone(), p.region.clone()));
    }
    chain
}
