//! How rows of the table are sorted by a column: by what the row knows of it, else by what its cell says.

use jiff::Timestamp;

use super::view::Beside;
use crate::domain::filter::field::{Field, Sort};
use crate::domain::filter::term::Value;
use crate::fleet::cluster::Cluster;
use crate::fleet::field;
use crate::fleet::table::{self, Column, RowRef};
use crate::ui::widget::sorting::{self, SortKey, Sorting, number, text};

/// Makes keys of rows.
#[derive(Clone, Copy)]
pub(super) struct Sorter<'a> {
    by: Option<&'a str>,
    field: Option<Field>,
    /// Which of the row's cells it is by.
    at: Option<usize>,
    /// The column of a person's own it is by.
    own: Option<&'a Beside>,
    is_falling: bool,
}

impl<'a> Sorter<'a> {
    /// Of rows that have these columns, CLUSTER before them left out.
    /// `own` are the titles of those that are a person's own.
    pub(super) fn new(sorting: &'a Sorting, columns: &[Column], own: &[(&str, &'a Beside)]) -> Self {
        let by = sorting.column();
        let own = own.iter().find(|(title, _)| Some(*title) == by).map(|(_, beside)| *beside);
        let at = by.and_then(|title| columns.iter().position(|c| c.title == title));
        Self { by, field: by.and_then(field::of_column), at, own, is_falling: sorting.is_falling() }
    }

    /// By place alone.
    pub(super) const fn is_by_place(self) -> bool {
        self.by.is_none()
    }

    /// What a row is sorted by.
    pub(super) fn key(self, cluster: &Cluster, row: RowRef<'_>, now: Timestamp) -> SortKey {
        if let Some(beside) = self.own {
            return beside.value(row.meta()).map_or(SortKey::Missing, sorting::of_cell);
        }
        match self.by {
            None => return SortKey::Place,
            Some("NAME") => return SortKey::Text(row.meta().name.clone()),
            Some("NAMESPACE") => return SortKey::Text(row.meta().namespace.clone()),
            Some("CLUSTER") => return SortKey::Text(cluster.info.name().clone()),
            // The worst first.
            Some("STATUS") if !matches!(row, RowRef::Other(_)) => {
                return SortKey::Number(-i64::try_from(row.health(now).index()).unwrap_or(0));
            }
            Some(_) => {}
        }
        if let Some(field) = self.field.filter(|_| !matches!(row, RowRef::Other(_))) {
            return match field::value(cluster, row, field, now) {
                None => SortKey::Missing,
                Some(value) => value.number().map_or_else(|| text(&value.show()), number),
            };
        }
        if let (RowRef::Other(other), Some(at)) = (row, self.at) {
            let before = 1 + usize::from(other.kind.info().namespaced);
            if let Some(cell) = at.checked_sub(before).and_then(|at| other.cells.get(at)) {
                return self.of_cell(cell);
            }
        }
        if self.by == Some("AGE") {
            let value = field::value(cluster, row, Field::Age, now);
            return value.and_then(|v| v.number()).map_or(SortKey::Missing, number);
        }
        let cells = table::cells(cluster, row, now);
        self.at.and_then(|at| cells.get(at)).map_or(SortKey::Missing, |cell| self.of_cell(&cell.text))
    }

    /// Of what is written: numbers before texts. Cores are written as times are (`587m`).
    fn of_cell(self, cell: &str) -> SortKey {
        if self.by.is_some_and(|title| title.contains("CPU"))
            && let Some(cores) = Value::read(Sort::Cpu, cell).and_then(|value| value.number())
        {
            return number(cores);
        }
        sorting::of_cell(cell)
    }

    /// Puts rows in order.
    pub(super) fn settled<T>(self, both: Vec<(SortKey, T)>) -> Vec<T> {
        sorting::settled(both, self.is_falling)
    }
}
