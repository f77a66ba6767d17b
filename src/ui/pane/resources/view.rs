//! Which columns a table has and in which order: all of its kind, or those that a person's settings choose, labels and JSON
//! paths among them.

use std::borrow::Cow;

use crate::domain::kind::Kind;
use crate::domain::object::Meta;
use crate::domain::table_view::{Entry, TableView};
use crate::fleet::Fleet;
use crate::fleet::table::{CLUSTER, Cell, Column, RowRef};
use crate::ui::widget::scroll::Scroll;

/// What a column shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The cell of that number.
    Cell(usize),
    /// What is known of the object beside its cells.
    Beside(Beside),
}

/// What a column of a person's own shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// The value of a label.
    Label(String),
    /// What stands at the path of that number.
    Path(usize),
}

impl Beside {
    /// Of an object, if it has it.
    pub(super) fn value<'a>(&self, meta: &'a Meta) -> Option<&'a str> {
        match self {
            Self::Label(key) => meta.labels.get(key),
            Self::Path(n) => meta.own.get(*n),
        }
    }
}

/// The columns that are shown, in their order: those of the view, and when wide all others after them. Where all rows are `of_one`
/// namespace, as the heading or the scope says, none has to say it again.
pub(super) fn shown(
    all: &[Column],
    view: Option<&TableView>,
    wide: bool,
    of_one: bool,
) -> Vec<(Column, Source)> {
    let cell = |(n, column): (usize, &Column)| (column.clone(), Source::Cell(n));
    let Some(view) = view.filter(|view| !view.columns.is_empty()) else {
        let says = |c: &Column| wide || !(c.wide || of_one && c.title == "NAMESPACE");
        return all.iter().enumerate().filter(|(_, c)| says(c)).map(cell).collect();
    };
    let mut out: Vec<(Column, Source)> = Vec::new();
    let mut paths = 0..;
    let own = |title| Column { title: Cow::Owned(title), ..Column::new("", false, 2, 40) };
    for entry in view.entries() {
        match entry {
            Entry::Label { title, key } => {
                out.push((own(title), Source::Beside(Beside::Label(key.to_owned()))));
            }
            Entry::Path { title, .. } => {
                out.extend(paths.next().map(|n| (own(title), Source::Beside(Beside::Path(n)))));
            }
            Entry::Column(name) => {
                let named = all.iter().enumerate().find(|(_, c)| c.title.eq_ignore_ascii_case(name));
                // What was asked for is shown, also where it is wide.
                out.extend(named.map(|(n, c)| (Column { wide: false, ..c.clone() }, Source::Cell(n))));
            }
        }
    }
    // Where there is no room the last go first, and what ctrl-w adds before them.
    for (n, (column, _)) in out.iter_mut().enumerate() {
        column.rank = column.rank.min(u8::try_from(n).unwrap_or(4).min(4));
    }
    if wide {
        let cell = |all| {
            let (column, source) = cell(all);
            (Column { rank: column.rank.max(5), ..column }, source)
        };
        let others = all.iter().enumerate().map(cell);
        let others: Vec<_> = others.filter(|(_, source)| !out.iter().any(|(_, s)| s == source)).collect();
        out.extend(others);
    }
    out
}

/// The columns without those that are scrolled away behind the first name.
pub(super) fn scrolled(shown: Vec<(Column, Source)>, scroll: Scroll) -> Vec<(Column, Source)> {
    let pinned = shown.iter().position(|(c, _)| c.title == "NAME").map_or(1, |at| at + 1);
    let mut left = scroll.left(shown, pinned);
    scroll.rank(left.iter_mut().skip(pinned).map(|(column, _)| column));
    left
}

/// All columns of a kind.
pub(super) fn all(fleet: &Fleet, kind: Kind) -> Vec<Column> {
    let mut all = vec![CLUSTER];
    all.extend(fleet.columns(kind));
    all
}

/// The titles of the columns that are a person's own, and what they show.
pub(super) fn own<'a>(columns: &'a [Column], sources: &'a [Source]) -> Vec<(&'a str, &'a Beside)> {
    let beside = |(column, source): (&'a Column, &'a Source)| match source {
        Source::Beside(beside) => Some((&*column.title, beside)),
        Source::Cell(_) => None,
    };
    columns.iter().zip(sources).filter_map(beside).collect()
}

/// A row's cell for a column.
pub(super) fn cell(cells: &[Cell], row: RowRef<'_>, source: &Source) -> Cell {
    match source {
        Source::Cell(n) => cells.get(*n).cloned().unwrap_or_default(),
        Source::Beside(beside) => beside.value(row.meta()).unwrap_or("–").into(),
    }
}

/// A column of the kind, or one that a view makes of a label or a path.
pub(super) fn has(all: &[Column], view: Option<&TableView>, title: &str) -> bool {
    all.iter().any(|c| c.title.eq_ignore_ascii_case(title))
        || view.is_some_and(|view| {
            view.entries().any(|entry| match entry {
                Entry::Label { title: own, .. } | Entry::Path { title: own, .. } => {
                    own.eq_ignore_ascii_case(title)
                }
                Entry::Column(_) => false,
            })
        })
}

/// What is wrong with a view: the columns that its kind has not.
pub fn unknown<'a>(all: &[Column], view: &'a TableView) -> Vec<&'a str> {
    let named = view.entries().filter_map(|entry| match entry {
        Entry::Column(name) => Some(name).filter(|name| !has(all, None, name)),
        Entry::Label { .. } | Entry::Path { .. } => None,
    });
    let sort = view.sort.as_deref().map(|s| s.trim_start_matches('-'));
    named.chain(sort.filter(|title| !has(all, Some(view), title))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::domain::table_view::TableViews;
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
        let chosen = view(&[
            "name",
            "TEAM=label:team",
            "label:app.kubernetes.io/name",
            "NODE",
            "colour",
            "SA=path:.spec.sa",
            "path:.[",
            "path:$.spec.x",
        ]);
        let views = TableViews::new([(&"po".to_owned(), &chosen)]);
        let shown_now = shown(&all, views.of(Kind::Pod), false, true);
        assert_eq!(titles(&shown_now), ["NAME", "TEAM", "NAME", "NODE", "SA", "X"]);
        assert_eq!(shown_now[1].1, Source::Beside(Beside::Label("team".into())));
        assert_eq!(shown_now[5].1, Source::Beside(Beside::Path(1)));
        assert_eq!(unknown(&all, &chosen), ["colour"]);
        let wide = shown(&all, views.of(Kind::Pod), true, false);
        assert_eq!(wide.len(), all.len() + 4, "each once");
        assert_eq!(shown(&all, Some(&view(&[])), false, false), shown(&all, None, false, false));
        let of_one = shown(&all, None, false, true);
        assert!(titles(&shown(&all, None, false, false)).contains(&"NAMESPACE"));
        assert!(!titles(&of_one).contains(&"NAMESPACE"));
        assert!(titles(&shown(&all, None, true, true)).contains(&"NAMESPACE"));
    }
}
