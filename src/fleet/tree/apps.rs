//! The tree by app: namespace > workload > the clusters it runs in, each with its image > pods.

use std::collections::BTreeMap;

use super::{
    Expanded, TreeRow, is_shown, namespace_names, of_cluster, pod, row_of_owner, workload_label, workload_row,
};
use crate::domain::filter::Filter;
use crate::domain::kind::Kind;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::index::Tally;

/// A workload in each of its clusters.
type App<'a> = Vec<(&'a Cluster, &'a WorkloadRow)>;

fn namespaces(fleet: &Fleet) -> BTreeMap<SafeText, Vec<&Cluster>> {
    let mut out: BTreeMap<SafeText, Vec<&Cluster>> = BTreeMap::new();
    for c in fleet.clusters() {
        for ns in namespace_names(c) {
            out.entry(ns).or_default().push(c);
        }
    }
    out
}

fn apps<'a>(clusters: &[&'a Cluster], ns: &'a SafeText) -> BTreeMap<(Kind, &'a SafeText), App<'a>> {
    let mut out: BTreeMap<(Kind, &SafeText), App<'_>> = BTreeMap::new();
    for c in clusters {
        for w in c.workloads_in(ns).filter(|w| is_shown(w)) {
            out.entry((w.kind, &w.meta.name)).or_default().push((c, w));
        }
    }
    out
}

/// The rows that are visible when `open` is what is open.
pub(super) fn rows(fleet: &Fleet, open: &Expanded) -> Vec<TreeRow> {
    let mut out = Vec::new();
    let mut all = TreeRow::new(TreeNode::Fleet, 0, "all apps".to_owned());
    all.count = u32::try_from(fleet.clusters().len()).ok();
    for c in fleet.clusters() {
        let (health, bad) = of_cluster(c);
        all.health = all.health.max(health);
        all.bad = (all.bad.0 + bad.0, all.bad.1 + bad.1);
    }
    all.expanded = true;
    out.push(all);
    for (ns, clusters) in namespaces(fleet) {
        let mut tally = Tally::default();
        for c in &clusters {
            tally.add(&c.tally_in(&ns));
        }
        let mut row = TreeRow::new(TreeNode::Namespaces(ns.clone()), 0, ns.to_string());
        row.expandable = tally != Tally::default();
        row.expanded = open.contains(&row.node);
        row.count = u32::try_from(clusters.len()).ok();
        (row.health, row.bad) = (tally.worst(), tally.bad());
        let is_open = row.expanded;
        out.push(row);
        if is_open {
            namespace(&ns, &clusters, open, &mut out);
        }
    }
    out
}

fn namespace(ns: &SafeText, clusters: &[&Cluster], open: &Expanded, out: &mut Vec<TreeRow>) {
    for ((kind, name), app) in apps(clusters, ns) {
        let mut row = TreeRow::new(TreeNode::App(ns.clone(), kind, name.clone()), 1, String::new());
        row.label = app.first().map_or_else(String::new, |(_, w)| workload_label(w));
        row.expandable = true;
        row.expanded = open.contains(&row.node);
        row.count = u32::try_from(app.len()).ok();
        for (_, w) in &app {
            let health = w.health();
            row.health = row.health.max(health);
            row.bad = (row.bad.0 + health.counted().0, row.bad.1 + health.counted().1);
        }
        let is_open = row.expanded;
        out.push(row);
        if is_open {
            let usual = usual_images(&app);
            for (c, w) in &app {
                in_cluster(c, w, w.images.as_slice() == usual, open, out);
            }
        }
    }
    // Pods of nobody.
    for c in clusters {
        for p in c.pods_in(ns).filter(|p| row_of_owner(c, p).is_none()) {
            let at = out.len();
            pod(c.id(), ns, p, 1, out);
            if let Some(row) = out.get_mut(at) {
                row.label = format!("{}  {}", row.label, c.info.name());
            }
        }
    }
}

/// The images that most clusters have; of several, those of the first.
pub fn usual_images<'a>(app: &[(&'a Cluster, &'a WorkloadRow)]) -> &'a [SafeText] {
    let mut counts: Vec<(&[SafeText], usize)> = Vec::new();
    for (_, w) in app {
        match counts.iter_mut().find(|(images, _)| *images == w.images.as_slice()) {
            Some((_, n)) => *n += 1,
            None => counts.push((&w.images, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, n)| *n).map_or(&[], |(images, _)| images)
}

/// The first image without its registry and path; `≠` where most clusters have others.
pub fn image_words(w: &WorkloadRow, is_usual: bool) -> String {
    let image = w.images.first().map_or("", |i| i.rsplit('/').next().unwrap_or(i));
    format!("{image}{}", if is_usual { "" } else { " ≠" })
}

/// An app in one cluster: that cluster's name, and the image it has there; `≠` where most have another.
fn in_cluster(c: &Cluster, w: &WorkloadRow, is_usual: bool, open: &Expanded, out: &mut Vec<TreeRow>) {
    let label = format!("{}  {}", c.info.name(), image_words(w, is_usual));
    let row = workload_row(c, w, 2, label, open);
    let is_open = row.expanded;
    out.push(row);
    if is_open {
        let ns = &w.meta.namespace;
        for p in c.pods_in(ns).filter(|p| p.is_of(w.kind, &w.meta.name)) {
            pod(c.id(), ns, p, 3, out);
        }
    }
}

/// What has to be open so that every row a filter finds is seen; see [`super::seek`].
pub(super) fn seek(fleet: &Fleet, filter: &Filter, most: usize) -> (Expanded, bool) {
    let mut open = Expanded::new();
    let (mut found, mut all) = (0, true);
    let hit = |label: &str| filter.matches(&[label]);
    for (ns, clusters) in namespaces(fleet) {
        if found >= most {
            all = false;
            break;
        }
        for ((kind, name), app) in apps(&clusters, &ns) {
            let node = TreeNode::App(ns.clone(), kind, name.clone());
            if app.first().is_some_and(|(_, w)| hit(&workload_label(w))) {
                open.insert(TreeNode::Namespaces(ns.clone()));
                found += 1;
                continue;
            }
            for (c, _) in &app {
                let pods = c.pods_in(&ns).filter(|p| p.is_of(kind, name) && hit(&p.meta.name)).count();
                let named = hit(c.info.name());
                if pods > 0 {
                    open.insert(TreeNode::Workload(c.id(), ns.clone(), kind, name.clone()));
                }
                if pods > 0 || named {
                    open.insert(node.clone());
                    open.insert(TreeNode::Namespaces(ns.clone()));
                    found += pods + usize::from(named);
                }
            }
        }
    }
    (open, all)
}
