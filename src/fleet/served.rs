//! Kinds that are not built in: which clusters have which, and the columns of their tables over all clusters.
//!
//! Read by the `:` line and by tables; changed by `apply` alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fleet;
use super::cluster::Cluster;
use super::delta::Delta;
use crate::domain::columns::served::{Places, ServedColumn, Union};
use crate::domain::kind::{Custom, Kind, Kinds, Served};
use crate::domain::object::OtherRow;
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;

/// Over all clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    kinds: Kinds,
    by_kind: BTreeMap<Kind, Arc<Union>>,
}

/// What one cluster serves, as far as it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedKinds {
    /// The last time of asking that was answered.
    pub asked: u32,
    /// Those that are not built in.
    pub kinds: Arc<[Kind]>,
    /// Why they are not known, or not anew.
    pub fault: Option<SafeText>,
}

/// Where the cells of one cluster's rows belong.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    union: Arc<Union>,
    places: Places,
}

impl Table {
    /// Puts the cells of a row in their places.
    pub(super) fn place(&self, row: &mut OtherRow) {
        row.cells = self.union.placed(&self.places, std::mem::take(&mut row.cells));
        row.health = self.union.health(&row.cells);
    }
}

impl Tables {
    /// Takes in what a cluster says of its kinds and of their columns; says of which kind there are more columns now.
    pub(super) fn take(&mut self, cluster: &mut Cluster, delta: &Delta) -> Option<Kind> {
        if let Delta::Kinds { asked, served } = delta {
            cluster.served.asked = *asked;
            cluster.served.fault = served.as_ref().err().cloned();
            if let Ok(served) = served {
                cluster.served.kinds = self.kinds(served);
            }
        }
        // Rows of a server that says no columns have nothing in those of others.
        let of = delta.kind().filter(|kind| matches!(kind, Kind::Custom(_)));
        if let (Some(kind), Delta::Upsert(_) | Delta::Reset { .. }) = (of, delta) {
            let union = self.by_kind.entry(kind).or_default();
            cluster.tables.entry(kind).or_insert_with(|| Table { union: union.clone(), places: Vec::new() });
        }
        let Delta::Columns { kind, columns } = delta else { return None };
        let union = self.by_kind.entry(*kind).or_default();
        let before = union.columns().len();
        let places = Arc::make_mut(union).join(columns);
        cluster.tables.insert(*kind, Table { union: union.clone(), places });
        (union.columns().len() > before).then_some(*kind)
    }

    /// The rows that a cluster has of a kind that has more columns now: nothing in those that are new.
    pub(super) fn widen(&self, kind: Kind, cluster: &mut Cluster) {
        let (Some(union), Some(table)) = (self.by_kind.get(&kind), cluster.tables.get_mut(&kind)) else {
            return;
        };
        table.union = union.clone();
        for row in cluster.others.get_mut(&kind).into_iter().flat_map(BTreeMap::values_mut) {
            row.cells.resize(union.columns().len(), SafeText::empty());
        }
    }

    fn kinds(&mut self, served: &[Served]) -> Arc<[Kind]> {
        let kinds = served.iter().filter_map(|s| self.kinds.kind(s));
        kinds.filter(|k| matches!(k, Kind::Custom(_))).collect()
    }
}

impl Fleet {
    /// The columns of a kind that is not built in, over all clusters; none where no row was read yet.
    pub fn served_columns(&self, kind: Kind) -> &[ServedColumn] {
        self.tables.by_kind.get(&kind).map_or(&[], |union| union.columns())
    }

    /// The kinds that are not built in and have that name in a cluster in scope: those that the most clusters have first.
    pub fn served_as(&self, word: &str, scope: &Scope) -> Vec<Kind> {
        let mut found: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in self.in_scope(scope).flat_map(|c| c.served.kinds.iter()) {
            if matches!(kind, Kind::Custom(custom) if custom.is_named(word)) {
                *found.entry(*kind).or_default() += 1;
            }
        }
        let mut found: Vec<(Kind, usize)> = found.into_iter().collect();
        found.sort_by_key(|(_, clusters)| std::cmp::Reverse(*clusters));
        found.into_iter().map(|(kind, _)| kind).collect()
    }

    /// The names of all kinds that are not built in and were found in any cluster.
    pub fn served_names(&self) -> impl Iterator<Item = &'static str> {
        self.tables.kinds.all().flat_map(Custom::names)
    }
}
