//! What a filter over the rows could go on with: out of a sample of them, for a person waits for each letter.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::domain::filter::complete::{self, Known};
use crate::domain::filter::field::Field;
use crate::fleet::cluster::Cluster;
use crate::fleet::field;
use crate::fleet::table::RowRef;
use crate::ui::lens::Lens;
use crate::ui::pane::Seen;

use super::found::rows_through;

/// So many rows are looked at, as many of each cluster, but of a cluster at least so many.
const IN_ALL: usize = 2_000;
const OF_CLUSTER: usize = 5;

/// The whole filter, completed in each way.
pub(super) fn complete(seen: Seen<'_>, lens: &Lens, text: &str) -> Vec<String> {
    complete::complete(text, &Sample { seen, lens, rows: OnceCell::new() })
}

struct Sample<'a> {
    seen: Seen<'a>,
    lens: &'a Lens,
    rows: OnceCell<Vec<(&'a Cluster, RowRef<'a>)>>,
}

impl<'a> Sample<'a> {
    fn rows(&self) -> &[(&'a Cluster, RowRef<'a>)] {
        self.rows.get_or_init(|| {
            let among = self.seen.fleet.in_scope(self.seen.scope).count().max(1);
            let rows = self.seen.fleet.in_scope(self.seen.scope).flat_map(|cluster| {
                let rows = rows_through(self.lens, cluster, self.seen).take((IN_ALL / among).max(OF_CLUSTER));
                rows.map(move |row| (cluster, row))
            });
            rows.collect()
        })
    }

    fn value(&self, cluster: &Cluster, row: RowRef<'_>, field: Field) -> Option<String> {
        field::value(cluster, row, field, self.seen.now).map(|value| value.show().to_string())
    }
}

impl Known for Sample<'_> {
    fn fields(&self) -> Vec<Field> {
        // What one of a few rows knows.
        let some = self.rows().iter().step_by(1 + self.rows().len() / 20);
        let has = |field: &&Field| {
            some.clone().any(|(cluster, row)| field::value(cluster, *row, **field, self.seen.now).is_some())
        };
        Field::ALL.iter().filter(has).copied().collect()
    }

    fn values(&self, field: Field) -> Vec<String> {
        if field.is_of_cluster() {
            // Also of clusters that have no such row.
            let of = |cluster: &Cluster| Some(field::of_cluster(cluster, field)?.show().to_string());
            let all: BTreeSet<String> = self.seen.fleet.in_scope(self.seen.scope).filter_map(of).collect();
            return all.into_iter().collect();
        }
        let all: BTreeSet<String> =
            self.rows().iter().filter_map(|(cluster, row)| self.value(cluster, *row, field)).collect();
        all.into_iter().collect()
    }

    fn labels(&self) -> Vec<String> {
        let all: BTreeSet<&str> = self.rows().iter().flat_map(|(_, row)| row.meta().labels.iter()).collect();
        all.into_iter().map(str::to_owned).collect()
    }
}
