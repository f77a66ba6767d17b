//! What a filter finds in the tree, closed rows included.

use std::collections::BTreeSet;

use super::{Expanded, Pivot, apps, is_shown, namespace_names, row_of_owner, workload_label};
use crate::domain::filter::Filter;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

/// What has to be open so that every row a filter finds is seen, closed ones included; of a workload that is found
/// itself the pods are not looked at, for they bear its name. After `most` rows only names of clusters and namespaces are
/// looked at; false then.
pub fn seek(fleet: &Fleet, pivot: Pivot, filter: &Filter, most: usize) -> (Expanded, bool) {
    if pivot == Pivot::App {
        return apps::seek(fleet, filter, most);
    }
    let mut open = Expanded::new();
    let (mut found, mut all) = (0, true);
    let hit = |label: &str| filter.matches(&[label]);
    for c in fleet.clusters() {
        let mut inside = false;
        for ns in namespace_names(c) {
            let here = usize::from(hit(&ns));
            let below = if found < most {
                seek_in(c, &ns, &hit, &mut open)
            } else {
                all = false;
                0
            };
            if below > 0 {
                open.insert(TreeNode::Namespace(c.id(), ns.clone()));
            }
            found += here + below;
            inside |= here + below > 0;
        }
        if inside {
            open.insert(TreeNode::Cluster(c.id()));
        }
        if inside || hit(c.info.name()) {
            open.extend(pivot.chain(c));
        }
    }
    (open, all)
}

/// The same in one namespace; how many rows of it are found.
fn seek_in(c: &Cluster, ns: &SafeText, hit: &impl Fn(&str) -> bool, open: &mut Expanded) -> usize {
    let mut found = 0;
    let mut workloads: BTreeSet<(&str, &SafeText)> = BTreeSet::new();
    for w in c.workloads_in(ns).filter(|w| is_shown(w) && hit(&workload_label(w))) {
        workloads.insert((w.kind.info().name, &w.meta.name));
        found += 1;
    }
    for p in c.pods_in(ns).filter(|p| hit(&p.meta.name)) {
        let owner = p.workload.as_ref();
        if owner.is_some_and(|o| workloads.contains(&(o.kind.as_str(), &o.name))) {
            continue;
        }
        match row_of_owner(c, p) {
            Some(w) if !is_shown(w) => continue,
            Some(w) => {
                open.insert(TreeNode::Workload(c.id(), ns.clone(), w.kind, w.meta.name.clone()));
            }
            None => {}
        }
        found += 1;
    }
    found
}
