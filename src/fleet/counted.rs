//! Clusters whose pods are counted and not all watched, because the fleet has more of them than are watched at once: how many
//! there are, and in which namespaces they are watched all the same.
//!
//! What is not watched is never said to be none: sums say that they are of a part, cells have a dash. Written by `apply`, read
//! by sums, tables and the tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::health::Health;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;

use super::Fleet;
use super::cluster::{Cluster, Load};
use super::delta::Row;
use super::index::Tally;
use super::tree::{self, Expanded};

/// Of a cluster whose pods are not all watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many pods there are in all, as they were last counted.
    pub total: u32,
    /// Namespaces whose pods are watched.
    pub namespaces: BTreeSet<SafeText>,
}

impl Cluster {
    /// Whether the pods of a namespace are watched: a number of them can be said.
    pub fn watches_pods_in(&self, namespace: &str) -> bool {
        self.is_loaded(Kind::Pod)
            && self.within.get(&Kind::Pod).is_none_or(|within| within.as_str() == namespace)
            && self.counted.as_ref().is_none_or(|counted| counted.namespaces.contains(namespace))
    }

    /// Whether all its pods are, or were, known.
    pub fn watches_all_pods(&self) -> bool {
        self.is_loaded(Kind::Pod) && self.counted.is_none() && !self.within.contains_key(&Kind::Pod)
    }

    /// How many pods it has, watched or not.
    pub fn pod_count(&self) -> u32 {
        self.tally().pods.max(self.counted.as_ref().map_or(0, |counted| counted.total))
    }

    /// Its pods are that many, and are not all watched.
    pub(super) fn count_pods(&mut self, total: usize) {
        self.counted.get_or_insert_default().total = u32::try_from(total).unwrap_or(u32::MAX);
        if !self.last_known.contains(&Kind::Pod) {
            self.loads.insert(Kind::Pod, Load::Ready);
        }
    }

    /// The pods of one namespace: as this list has them, or not watched any more.
    pub(super) fn pods_of_namespace(&mut self, namespace: SafeText, rows: Option<Vec<Row>>) {
        let known: Vec<SafeText> = self.pods_in(&namespace).map(|p| p.meta.name.clone()).collect();
        for name in known {
            self.remove(Kind::Pod, namespace.clone(), name);
        }
        let Some(counted) = self.counted.as_mut() else { return };
        match rows {
            Some(rows) => {
                counted.namespaces.insert(namespace.clone());
                // Whatever else a server says of that namespace is not of it.
                for row in rows.into_iter().filter(|row| row.meta().namespace == namespace) {
                    self.upsert(row);
                }
            }
            None => {
                counted.namespaces.remove(&namespace);
            }
        }
    }
}

/// Of each cluster, at most so many namespaces are watched only because something in them is not well, and so many in all.
const BAD_NAMESPACES: usize = 20;
const MOST_NAMESPACES: usize = 64;
/// Who has entered so few clusters looks at all of them.
const FEW_CLUSTERS: usize = 3;

impl Fleet {
    /// Of clusters whose pods are not all watched, the namespaces whose pods are wanted: those that are open in the tree, those
    /// of the scopes that somebody looks at, those of a cluster that was entered, and those with workloads that are not ready,
    /// the worst first.
    pub fn wanted_pods(
        &self,
        open: &Expanded,
        entered: &Scope,
        scopes: &[&Scope],
    ) -> BTreeMap<ClusterId, BTreeSet<SafeText>> {
        let is_close = !entered.is_all() && self.in_scope(entered).count() <= FEW_CLUSTERS;
        let mut out: BTreeMap<ClusterId, BTreeSet<SafeText>> = BTreeMap::new();
        for cluster in self.clusters.iter().filter(|c| c.counted.is_some()) {
            let wanted = out.entry(cluster.id()).or_default();
            let at = cluster.info.at();
            let narrow = |scope: &&&Scope| scope.touches(at) && !scope.covers_cluster(at);
            if is_close && entered.covers_cluster(at) {
                wanted.extend(tree::namespace_names(cluster).into_iter().take(MOST_NAMESPACES));
            }
            for scope in scopes.iter().filter(narrow) {
                let names = tree::namespace_names(cluster).into_iter();
                let there = names.filter(|namespace| scope.touches_namespace(at, namespace));
                wanted.extend(there.take(MOST_NAMESPACES - BAD_NAMESPACES));
            }
            let mut bad: Vec<([u32; 3], &SafeText)> = Vec::new();
            for (namespace, tally) in &cluster.by_namespace {
                let ill = [Health::Down, Health::Degraded, Health::Progressing].map(|h| tally.count(h));
                if ill != [0; 3] {
                    bad.push((ill, namespace));
                }
            }
            bad.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
            wanted.extend(bad.into_iter().take(BAD_NAMESPACES).map(|(_, namespace)| namespace.clone()));
        }
        for node in open {
            if let TreeNode::Namespace(id, namespace) = node
                && let Some(wanted) = out.get_mut(id)
                && wanted.len() < MOST_NAMESPACES
            {
                wanted.insert(namespace.clone());
            }
        }
        out
    }

    /// In how many of the clusters in scope all pods in scope are watched, of how many; none where no cluster is counted.
    pub fn pods_watched(&self, scope: &Scope) -> Option<(usize, usize)> {
        let counted = self.counted(scope);
        let loaded = self.in_scope(scope).filter(|c| c.is_loaded(Kind::Pod)).count();
        (counted > 0).then(|| (loaded.saturating_sub(counted), self.in_scope(scope).count()))
    }

    /// How many of the clusters in scope have pods there that are counted and not watched.
    pub fn counted(&self, scope: &Scope) -> usize {
        let counted = self.in_scope(scope).filter(|c| c.counted.is_some());
        counted.filter(|c| !Tally::in_scope(c, scope).knows_pods()).count()
    }
}
