//! Which columns a table has and in which order: all of its kind, or those that a person's settings choose, labels among them.

use std::borrow::Cow;

use crate::domain::table_view::TableView;
use crate::fleet::table::{Cell, Column, RowRef};

/// What a column shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The cell of that number.
    Cell(usize),
    /// The value of a label.
    Label(String),
}

/// The columns that are shown, in their order: those of the view, and when wide all others after them.
pub(super) fn shown(all: &[Column], view: Option<&TableView>, wide: bool) -> Vec<(Column, Source)> {
    let cell = |(n, column): (usize, &Column)| (column.clone(), Source::Cell(n));
    let Some(view) = view.filter(|view| !view.columns.is_empty()) else {
        return all.iter().enumerate().filter(|(_, c)| wide || !c.wide).map(cell).collect();
    };
    let mut out: Vec<(Column, Source)> = Vec::new();
    for entry in &view.columns {
        if let Some((title, key)) = label_of(entry) {
            let base = Column::new("", false, 2, 40);
            out.push((Column { title: Cow::Owned(title), ..base }, Source::Label(key.to_owned())));
        } else {
            let named = all.iter().enumerate().find(|(_, c)| c.title.eq_ignore_ascii_case(entry));
            // What was asked for is shown, also where it is wide.
            out.extend(named.map(|(n, c)| (Column { wide: false, ..c.clone() }, Source::Cell(n))));
        }
    }
    if wide {
        let others = all.iter().enumerate().map(cell);
        let others: Vec<_> = others.filter(|(_, source)| !out.iter().any(|(_, s)| s == source)).collect();
        out.extend(others);
    }
    out
}

/// `label:team` or `TEAM=label:team`: the title, and the label's key.
fn label_of(entry: &str) -> Option<(String, &str)> {
    let (title, key) = match entry.split_once('=') {
        Some((title, key)) => (Some(title), key),
        None => (None, entry),
    };
    let key = key.strip_prefix("label:")?;
    let title = title.map_or_else(|| key.rsplit('/').next().unwrap_or(key).to_uppercase(), str::to_owned);
    Some((title, key))
}

/// The titles of the columns that show labels, and the labels' keys.
pub(super) fn labels<'a>(columns: &'a [Column], sources: &'a [Source]) -> Vec<(&'a str, &'a str)> {
    let label = |(column, source): (&'a Column, &'a Source)| match source {
        Source::Label(key) => Some((&*column.title, key.as_str())),
        Source::Cell(_) => None,
    };
    columns.iter().zip(sources).filter_map(label).collect()
}

/// A row's cell for a column.
pub(super) fn cell(cells: &[Cell], row: RowRef<'_>, source: &Source) -> Cell {
    match source {
        Source::Cell(n) => cells.get(*n).cloned().unwrap_or_default(),
        Source::Label(key) => row.meta().labels.get(key).unwrap_or("–").into(),
    }
}

/// What is wrong with a view: the entries that are no column of its kind and no label.
pub fn unknown<'a>(all: &[Column], view: &'a TableView) -> Vec<&'a str> {
    let is_known =
        |entry: &str| label_of(entry).is_some() || all.iter().any(|c| c.title.eq_ignore_ascii_case(entry));
    let sort = view.sort.as_deref().map(|s| s.trim_start_matches('-'));
    let entries = view.columns.iter().map(String::as_str).chain(sort);
    entries.filter(|entry| !is_known(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::fleet::table::{CLUSTER, columns};

    fn titles(shown: &[(Column, Source)]) -> Vec<&str> {
        shown.iter().map(|(c, _)| &*c.title).collect()
    }

    #[test]
    fn those_that_are_chosen_in_their_order_and_when_wide_the_others_too() {
        let mut all = vec![CLUSTER];
        all.extend(columns(Kind::Pod));
        let view = |entries: &[&str]| TableView {
            columns: entries.iter().map(|e| (*e).to_owned()).collect(),
            sort: None,
        };
        let chosen = view(&["name", "TEAM=label:team", "label:app.kubernetes.io/name", "NODE", "colour"]);
        let shown_now = shown(&all, Some(&chosen), false);
        assert_eq!(titles(&shown_now), ["NAME", "TEAM", "NAME", "NODE"]);
        assert_eq!(shown_now[1].1, Source::Label("team".into()));
        assert_eq!(unknown(&all, &chosen), ["colour"]);
        let wide = shown(&all, Some(&chosen), true);
        assert_eq!(wide.len(), all.len() + 2, "each once");
        assert_eq!(shown(&all, Some(&view(&[])), false), shown(&all, None, false));
    }
}
