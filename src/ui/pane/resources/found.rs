//! Which rows a table shows: those of the scope that lens and filter let through, in their order.
//!
//! Of each cluster the rows and their texts are kept as long as it does not change, for the filter: a letter goes through a
//! hundred thousand rows, and a change of one cluster costs the rows of that one. Called by the pane.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::filter::Filter;
use crate::domain::haystack::Haystack;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::stamp::Stamp;
use crate::fleet::cluster::Cluster;
use crate::fleet::table::{self, RowRef};
use crate::ui::lens::Lens;
use crate::ui::pane::Seen;

use super::Sort;
use super::rows::rows_of;

/// What a row is put into its place by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Place,
    Number(i64),
    Text(String),
}

impl SortKey {
    fn of(sort: Sort, row: RowRef<'_>, now: Timestamp) -> Self {
        let meta = row.meta();
        match sort {
            Sort::Place => Self::Place,
            Sort::Name => Self::Text(meta.name.to_string()),
            Sort::Namespace => Self::Text(meta.namespace.to_string()),
            Sort::Age => Self::Number(-meta.created.map_or(i64::MIN, Stamp::as_second)),
            Sort::Status => Self::Number(-i64::try_from(row.health(now).index()).unwrap_or(0)),
        }
    }
}

/// The rows of one cluster that the lens lets through, with their texts.
#[derive(Debug, Default)]
struct Kept {
    revision: u64,
    keys: Vec<ObjectKey>,
    texts: Haystack,
}

/// What is kept of the clusters.
#[derive(Debug, Default)]
pub(super) struct Found {
    by_cluster: BTreeMap<ClusterId, Kept>,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) lens: &'a Lens,
    pub(super) filter: Option<&'a Filter>,
    pub(super) sort: Sort,
    pub(super) reverse: bool,
}

impl Found {
    /// Scope or lens are others: nothing that is kept counts.
    pub(super) fn forget(&mut self) {
        self.by_cluster.clear();
    }

    /// The rows that are shown, and how many there are before the filter.
    pub(super) fn rows(&mut self, seen: Seen<'_>, asked: Asked<'_>) -> (Vec<ObjectKey>, usize) {
        let mut keys: Vec<ObjectKey> = Vec::new();
        // Beside each key what it is put into its place by, where that is not the order they come in.
        let mut places: Vec<SortKey> = Vec::new();
        let is_sorted = asked.sort != Sort::Place;
        let mut total = 0;
        for cluster in seen.fleet.in_scope(seen.preview) {
            let mut add = |row: RowRef<'_>| {
                if !asked.lens.faults || row.health(seen.now).is_bad() {
                    keys.push(key_of(cluster, asked.lens, row));
                    if is_sorted {
                        places.push(SortKey::of(asked.sort, row, seen.now));
                    }
                }
            };
            let through = lens(cluster, seen, asked.lens);
            match asked.filter {
                None => through.for_each(|row| {
                    total += 1;
                    add(row);
                }),
                Some(filter) => {
                    let kept = self.kept(cluster, seen, asked.lens);
                    total += kept.keys.len();
                    let hits = kept.texts.matching(filter);
                    if is_sorted || asked.lens.faults {
                        through.zip(hits).filter(|(_, hit)| *hit).for_each(|(row, _)| add(row));
                    } else {
                        // Nothing is asked of the row itself.
                        let those = kept.keys.iter().zip(hits).filter(|(_, hit)| *hit);
                        keys.extend(those.map(|(key, _)| key.clone()));
                    }
                }
            }
        }
        if is_sorted {
            let mut both: Vec<(SortKey, ObjectKey)> = places.into_iter().zip(keys).collect();
            both.sort_by(|a, b| a.0.cmp(&b.0));
            if asked.reverse {
                both.reverse();
            }
            keys = both.into_iter().map(|(_, key)| key).collect();
        }
        (keys, total)
    }

    /// Makes ready what a filter will want, of a few clusters; false when all is ready.
    pub(super) fn warm(&mut self, seen: Seen<'_>, lens: &Lens, clusters: usize) -> bool {
        let is_late =
            |c: &&Cluster| self.by_cluster.get(&c.id()).is_none_or(|kept| kept.revision != c.revision);
        let late: Vec<&Cluster> = seen.fleet.in_scope(seen.preview).filter(is_late).take(clusters).collect();
        for cluster in &late {
            self.kept(cluster, seen, lens);
        }
        !late.is_empty()
    }

    fn kept(&mut self, cluster: &Cluster, seen: Seen<'_>, wanted: &Lens) -> &Kept {
        let kept = self.by_cluster.entry(cluster.id()).or_default();
        if kept.revision != cluster.revision || kept.keys.is_empty() {
            *kept = Kept { revision: cluster.revision, ..Kept::default() };
            let name = cluster.info.name();
            for row in lens(cluster, seen, wanted) {
                kept.keys.push(key_of(cluster, wanted, row));
                kept.texts.push_with(|out| {
                    out.push_str(name);
                    out.push('\n');
                    table::texts(cluster, row, seen.now, out);
                });
            }
        }
        kept
    }
}

fn key_of(cluster: &Cluster, lens: &Lens, row: RowRef<'_>) -> ObjectKey {
    let meta = row.meta();
    ObjectKey {
        cluster: cluster.id(),
        kind: lens.kind,
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
    }
}

/// The rows of a cluster that scope and lens let through, those that are well included.
fn lens<'a>(cluster: &'a Cluster, seen: Seen<'a>, lens: &'a Lens) -> impl Iterator<Item = RowRef<'a>> {
    rows_of(cluster, lens.kind, seen.preview).filter(move |row| {
        let on_node = match (&lens.node, row) {
            (Some(node), RowRef::Pod(pod)) => pod.node == *node,
            _ => true,
        };
        let namespace = &row.meta().namespace;
        on_node && lens.namespace.as_deref().is_none_or(|ns| namespace.is_empty() || *namespace == *ns)
    })
}
