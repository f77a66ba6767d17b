//! Which rows of the fleet a table of one kind shows.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::table::RowRef;
use crate::ui::widget::keys::Keys;

/// The row of a key.
pub(super) fn row_of<'a>(cluster: &'a Cluster, key: &ObjectKey) -> Option<RowRef<'a>> {
    match key.kind {
        Kind::Pod => cluster.pod(&key.namespace, &key.name).map(RowRef::Pod),
        Kind::Node => cluster.node(&key.name).map(RowRef::Node),
        Kind::Namespace => cluster.namespace(&key.name).map(RowRef::Namespace),
        k if k.is_workload() => cluster.workload(k, &key.namespace, &key.name).map(RowRef::Workload),
        k => cluster.other(k, &key.namespace, &key.name).map(RowRef::Other),
    }
}

/// The rows of a kind of one cluster that are in scope.
pub(super) fn rows_of<'a>(
    cluster: &'a Cluster,
    kind: Kind,
    scope: &'a Scope,
) -> Box<dyn Iterator<Item = RowRef<'a>> + 'a> {
    let at = cluster.info.at();
    match kind {
        Kind::Pod => Box::new(
            cluster
                .pods()
                .filter(move |p| {
                    let workload = p.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
                    scope.covers(at, &p.meta.namespace, workload, Some(&p.meta.name))
                })
                .map(RowRef::Pod),
        ),
        Kind::Node => Box::new(cluster.nodes().filter(move |_| scope.covers_cluster(at)).map(RowRef::Node)),
        Kind::Namespace => Box::new(
            cluster
                .namespaces()
                .filter(move |n| scope.touches_namespace(at, &n.meta.name))
                .map(RowRef::Namespace),
        ),
        k if k.is_workload() => Box::new(
            cluster
                .workloads_of(k)
                .filter(move |w| {
                    scope.covers(at, &w.meta.namespace, Some((k.info().name, &w.meta.name)), None)
                })
                .map(RowRef::Workload),
        ),
        k if k.info().namespaced => Box::new(
            cluster
                .others(k)
                .filter(move |o| scope.touches_namespace(at, &o.meta.namespace))
                .map(RowRef::Other),
        ),
        k => Box::new(cluster.others(k).filter(move |_| scope.covers_cluster(at)).map(RowRef::Other)),
    }
}

/// Workloads of one namespace, kind and name in several clusters whose image is not the one most of them have.
pub(super) fn odd_images(fleet: &Fleet, kind: Kind, rows: &Keys<ObjectKey>) -> BTreeSet<ObjectKey> {
    if !kind.is_workload() {
        return BTreeSet::new();
    }
    let mut apps: BTreeMap<(&str, &str), Vec<(&ObjectKey, String)>> = BTreeMap::new();
    for key in rows.iter() {
        let image = fleet
            .cluster(key.cluster)
            .and_then(|c| row_of(c, key))
            .and_then(|r| r.image())
            .unwrap_or_default();
        apps.entry((&key.namespace, &key.name)).or_default().push((key, image));
    }
    let mut odd = BTreeSet::new();
    for places in apps.values().filter(|p| p.len() > 1) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, image) in places {
            *counts.entry(image).or_default() += 1;
        }
        let most = counts.iter().max_by_key(|(_, n)| **n).map_or("", |(image, _)| *image);
        if counts.len() > 1 {
            odd.extend(places.iter().filter(|(_, image)| image != most).map(|(key, _)| (*key).clone()));
        }
    }
    odd
}
