//! What rows are sorted by: their place, or any column. Numbers, times and amounts are compared as what they are, not as they
//! are written; what is not known comes last, whichever way.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::domain::filter::field::Sort;
use crate::domain::filter::term::Value;
use crate::domain::text::SafeText;
use crate::fleet::table::Column;
use crate::ui::action::Action;

/// By what, and which way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    /// The title of a column; none: by place.
    by: Option<Cow<'static, str>>,
    /// From the last to the first.
    is_falling: bool,
    /// The column that was chosen to sort by next.
    chosen: Option<Cow<'static, str>>,
}

/// What a row is put into its place by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// None is before another.
    Place,
    /// A number.
    Number(i64),
    /// A text, letter by letter.
    Text(SafeText),
    /// Nobody knows it.
    Missing,
}

impl Sorting {
    /// By this column: from the last to the first where `-` stands before its title.
    pub fn by(title: &str) -> Self {
        let is_falling = title.starts_with('-');
        let by = Some(Cow::Owned(title.trim_start_matches('-').to_uppercase()));
        Self { chosen: by.clone(), by, is_falling }
    }

    /// The column it is by.
    pub fn column(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// From the last to the first.
    pub const fn is_falling(&self) -> bool {
        self.is_falling
    }

    /// The column that was chosen to sort by next.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// By place alone: a fuzzy search has its own order then.
    pub const fn is_by_place(&self) -> bool {
        self.by.is_none()
    }

    /// The order changes only when rows come or go.
    pub fn is_by_shape(&self) -> bool {
        matches!(self.column(), None | Some("NAME" | "NAMESPACE" | "AGE" | "CLUSTER"))
    }

    /// The column that an action sorts by.
    pub const fn wanted(action: Action) -> Option<&'static str> {
        Some(match action {
            Action::SortName => "NAME",
            Action::SortAge => "AGE",
            Action::SortStatus => "STATUS",
            Action::SortNamespace => "NAMESPACE",
            _ => return None,
        })
    }

    /// Takes an action; true when rows are sorted otherwise from now on.
    pub fn act(&mut self, action: Action, columns: &[Column]) -> bool {
        let by = match (Self::wanted(action), action) {
            (Some(title), _) => Cow::Borrowed(title),
            (None, Action::SortColumn) => match self.chosen.clone() {
                Some(chosen) => chosen,
                None => return false,
            },
            _ => return false,
        };
        let Some(column) = columns.iter().find(|c| c.title == by) else { return false };
        if self.by.as_ref() == Some(&by) {
            self.is_falling = !self.is_falling;
        } else {
            // What is most matters most, of amounts; how rows are begins with the worst.
            self.is_falling = column.right && by != "AGE";
        }
        self.chosen = Some(by.clone());
        self.by = Some(by);
        true
    }

    /// Chooses the column after the one that is chosen, or before it.
    pub fn choose(&mut self, columns: &[Column], forward: bool) {
        let at = self.chosen.as_ref().and_then(|title| columns.iter().position(|c| c.title == *title));
        let next = match (at, forward) {
            (Some(at), true) => (at + 1) % columns.len().max(1),
            (Some(at), false) => at.checked_sub(1).unwrap_or(columns.len().saturating_sub(1)),
            (None, _) => 0,
        };
        self.chosen = columns.get(next).map(|c| c.title.clone());
    }

    /// Another kind: of a column that it has not, nothing is left.
    pub fn keep_to(&mut self, has: impl Fn(&str) -> bool) {
        self.chosen = self.chosen.take().filter(|title| has(title));
        if !self.by.as_deref().is_none_or(has) {
            *self = Self { chosen: self.chosen.take(), ..Self::default() };
        }
    }
}

/// Puts rows in order; of equals those of lower places first. What is not known comes last, whichever way.
pub fn settled<T>(mut both: Vec<(SortKey, T)>, is_falling: bool) -> Vec<T> {
    both.sort_by(|(a, _), (b, _)| match (a, b) {
        (SortKey::Missing, SortKey::Missing) => Ordering::Equal,
        (SortKey::Missing, _) => Ordering::Greater,
        (_, SortKey::Missing) => Ordering::Less,
        (a, b) if is_falling => b.cmp(a),
        (a, b) => a.cmp(b),
    });
    both.into_iter().map(|(_, at)| at).collect()
}

/// Of a number.
pub fn number(n: u64) -> SortKey {
    SortKey::Number(i64::try_from(n).unwrap_or(i64::MAX))
}

/// Of a text.
pub fn text(text: &str) -> SortKey {
    if matches!(text, "" | "–" | "<none>") { SortKey::Missing } else { SortKey::Text(SafeText::new(text)) }
}

/// Of what is written: numbers before texts.
pub fn of_cell(cell: &str) -> SortKey {
    written(cell).map_or_else(|| text(cell), SortKey::Number)
}

/// The number that a cell of a kind without fields says, in thousandths: of a count, a part of a whole, a time, an amount.
fn written(cell: &str) -> Option<i64> {
    let first = cell.split_whitespace().next()?;
    let first = first
        .split_once('/')
        .filter(|(_, whole)| whole.parse::<f64>().is_ok())
        .map_or(first, |(part, _)| part);
    if let Ok(n) = first.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float becomes the nearest number that there is"
        )]
        return n.is_finite().then_some((n * 1000.0) as i64);
    }
    let read = |sort| Value::read(sort, first).and_then(|value| value.number());
    let n = [Sort::Percent, Sort::Duration, Sort::Memory].into_iter().find_map(read)?;
    Some(i64::try_from(n).unwrap_or(i64::MAX).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::fleet::table;

    fn pods() -> Vec<Column> {
        table::columns(Kind::Pod)
    }

    fn order(cells: &[&str], is_falling: bool) -> Vec<String> {
        settled(cells.iter().map(|c| (of_cell(c), (*c).to_owned())).collect(), is_falling)
    }

    #[test]
    fn cells_are_compared_as_what_they_are() {
        assert_eq!(order(&["10", "9", "", "100", "–"], false), ["9", "10", "100", "", "–"]);
        assert_eq!(order(&["10", "9", "", "100", "–"], true), ["100", "10", "9", "", "–"]);
        assert_eq!(order(&["2d", "3h", "45s", "12d"], false), ["45s", "3h", "2d", "12d"]);
        assert_eq!(order(&["1Gi", "512Mi", "2Ki"], true), ["1Gi", "512Mi", "2Ki"]);
        assert_eq!(order(&["80%", "9%"], false), ["9%", "80%"]);
        assert_eq!(order(&["1.5", "1.25", "-2"], false), ["-2", "1.25", "1.5"]);
        assert_eq!(order(&["2/3", "1/3", "10/10"], false), ["1/3", "2/3", "10/10"]);
        assert_eq!(order(&["14 (2m)", "3 (9d)"], true), ["14 (2m)", "3 (9d)"]);
        assert_eq!(order(&["beta", "7", "alpha"], false), ["7", "alpha", "beta"]);
    }

    #[test]
    fn a_key_again_is_the_other_way_and_amounts_begin_with_the_most() {
        let (mut sorting, columns) = (Sorting::default(), pods());
        assert!(sorting.is_by_place() && !sorting.act(Action::SortColumn, &columns));
        assert!(sorting.act(Action::SortName, &columns));
        assert_eq!((sorting.column(), sorting.is_falling()), (Some("NAME"), false));
        assert!(sorting.act(Action::SortName, &columns));
        assert!(sorting.is_falling());
        for _ in 0..3 {
            sorting.choose(&columns, true);
        }
        assert_eq!((sorting.chosen(), sorting.column()), (Some("RESTARTS"), Some("NAME")));
        assert!(sorting.act(Action::SortColumn, &columns));
        assert_eq!((sorting.column(), sorting.is_falling()), (Some("RESTARTS"), true));
        // Around the ends, and gone with its column.
        for _ in 0..columns.len() {
            sorting.choose(&columns, false);
        }
        assert_eq!(sorting.chosen(), Some("RESTARTS"));
        sorting.keep_to(|title| table::columns(Kind::Namespace).iter().any(|c| c.title == title));
        assert!(sorting.is_by_place() && sorting.chosen().is_none());
    }
}
