//! Keyed rows: a cursor that stays on its row while rows come and go, marks, and a filter. What every table of objects has.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::style::Style;

use super::keys::Keys;
use super::list::List;
use crate::domain::filter::Query;
use crate::domain::health::Health;
use crate::ui::action::Action;
use crate::ui::theme::{Role, Theme};

/// Rows by their keys.
#[derive(Clone, Debug)]
pub struct Rows<K> {
    keys: Keys<K>,
    /// Where the cursor is and which rows are drawn.
    pub list: List,
    cursor: Option<K>,
    marks: BTreeSet<K>,
    /// The row that was marked last: a range begins there.
    anchor: Option<K>,
    filter: String,
    /// What the filter says.
    query: Arc<Query>,
    /// The next rows are other ones, of which the first is the best: the cursor goes there.
    to_top: bool,
    /// The keys have to be worked out anew.
    stale: bool,
}

impl<K> Default for Rows<K> {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            list: List::default(),
            cursor: None,
            marks: BTreeSet::new(),
            anchor: None,
            filter: String::new(),
            query: Arc::default(),
            to_top: false,
            stale: true,
        }
    }
}

impl<K: Clone + Ord> Rows<K> {
    /// What the rows are made of has changed: they have to be worked out anew.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Whether the rows have to be worked out anew; asking is promising to do so.
    pub fn take_stale(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// The rows as they are now.
    pub fn set(&mut self, keys: impl Into<Keys<K>>) {
        self.keys = keys.into();
        if std::mem::take(&mut self.to_top) {
            self.cursor = None;
            self.list.go(0);
        }
    }

    /// Finds the cursor's row again; `page` rows fit.
    pub fn settle(&mut self, page: u16) {
        self.list.set_page(usize::from(page));
        self.list.set_len(self.keys.len());
        // It is mostly where it was.
        let stays = self.cursor.is_some() && self.keys.get(self.list.cursor) == self.cursor.as_ref();
        if !stays && let Some(at) = self.cursor.as_ref().and_then(|c| self.keys.iter().position(|k| k == c)) {
            self.list.go(at);
        }
        self.follow();
    }

    /// The cursor is where the list's is.
    pub fn follow(&mut self) {
        self.cursor = self.keys.get(self.list.cursor).cloned();
    }

    /// Every row.
    pub fn keys(&self) -> &Keys<K> {
        &self.keys
    }

    /// The row of that number.
    pub fn get(&self, row: usize) -> Option<&K> {
        self.keys.get(row)
    }

    /// The row under the cursor.
    pub fn cursor(&self) -> Option<&K> {
        self.cursor.as_ref()
    }

    /// Puts the cursor on a row, now or as soon as it is there.
    pub fn point_at(&mut self, key: K) {
        self.cursor = Some(key);
        self.to_top = false;
    }

    /// Other rows altogether: no cursor, no marks, no filter.
    pub fn clear(&mut self) {
        let page = self.list.page;
        *self = Self { list: List { page, ..List::default() }, ..Self::default() };
    }

    /// Takes an action that means the same in every table; false when it is the pane's.
    pub fn act(&mut self, action: Action) -> bool {
        if self.list.act(action) {
            self.follow();
            return true;
        }
        match action {
            Action::Mark => {
                self.anchor = self.cursor.clone();
                if let Some(key) = self.cursor.clone()
                    && !self.marks.remove(&key)
                {
                    self.marks.insert(key);
                }
            }
            Action::MarkRange => {
                let at = self.list.cursor;
                let from = self.anchor.as_ref().and_then(|anchor| self.keys.iter().position(|k| k == anchor));
                let (first, last) = from.map_or((at, at), |from| (from.min(at), from.max(at)));
                self.marks.extend(self.keys.some(first..last + 1).cloned());
                self.anchor = self.cursor.clone();
            }
            Action::ClearMarks => self.marks.clear(),
            Action::Back if !self.marks.is_empty() => self.marks.clear(),
            Action::Back if !self.filter.is_empty() => {
                self.filter.clear();
                self.query = Arc::default();
                self.to_top = false;
                self.stale = true;
            }
            _ => return false,
        }
        true
    }

    /// What a verb acts on: the marked rows, else the one under the cursor.
    pub fn targets(&self) -> Vec<K> {
        if self.marks.is_empty() {
            self.cursor.iter().cloned().collect()
        } else {
            self.marks.iter().cloned().collect()
        }
    }

    /// Takes a filter as it is typed; an error names what is wrong with it.
    pub fn filter(&mut self, text: &str) -> Result<(), String> {
        let query = Query::parse(text).map_err(|e| e.to_string())?;
        self.to_top = query.fuzzy.is_some() && text.trim() != self.filter.trim();
        self.query = Arc::new(query);
        text.clone_into(&mut self.filter);
        self.stale = true;
        Ok(())
    }

    /// The filter in force, as it was typed.
    pub fn filter_text(&self) -> &str {
        &self.filter
    }

    /// Whether there is a filter or a mark to clear.
    pub fn is_holding(&self) -> bool {
        !self.filter.is_empty() || !self.marks.is_empty()
    }

    /// The marked rows.
    pub fn marks(&self) -> impl Iterator<Item = &K> {
        self.marks.iter()
    }

    /// Marks rows, also such as are not there yet.
    pub fn mark(&mut self, keys: impl IntoIterator<Item = K>) {
        self.marks.extend(keys);
    }

    /// Whether there are marks.
    pub fn is_marked(&self) -> bool {
        !self.marks.is_empty()
    }

    /// What the filter in force says; none when it lets everything through.
    pub fn filtering(&self) -> Option<Arc<Query>> {
        Some(self.query.clone()).filter(|query| !query.is_empty())
    }

    /// What stands in the margin: a mark, or how the row is when it is not well.
    pub fn sign(&self, key: &K, health: Health, theme: &Theme) -> Option<(&'static str, Style)> {
        if self.marks.contains(key) {
            return Some((if theme.ascii { "*" } else { "✓" }, theme.style(Role::Mark)));
        }
        (health != Health::Ok).then(|| (health.glyph(theme.ascii), theme.health(health)))
    }

    /// The filter and the marks in words, for a heading: `  /web  2 marked`.
    pub fn words(&self) -> String {
        let mut out = String::new();
        if !self.filter.is_empty() {
            out.push_str(&format!("  /{}", self.filter));
        }
        if !self.marks.is_empty() {
            out.push_str(&format!("  {} marked", self.marks.len()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_on_its_row_and_marks_are_the_targets() {
        let mut rows = Rows::default();
        rows.set(vec![1, 3, 5]);
        rows.settle(10);
        assert!(rows.act(Action::Down));
        assert_eq!(rows.targets(), [3]);
        rows.set(vec![0, 1, 2, 3, 5]);
        rows.settle(10);
        assert_eq!((rows.cursor(), rows.list.cursor), (Some(&3), 3));
        rows.act(Action::Mark);
        assert_eq!((rows.targets(), rows.cursor()), (vec![3], Some(&3)), "as in k9s a mark does not move");
        rows.act(Action::ClearMarks);
        rows.list.go(1);
        rows.follow();
        rows.act(Action::Mark);
        rows.list.go(3);
        rows.follow();
        rows.act(Action::MarkRange);
        assert_eq!(rows.targets(), [1, 2, 3], "from the last marked to this one");
        rows.list.go(0);
        rows.follow();
        rows.act(Action::MarkRange);
        assert_eq!(rows.targets(), [0, 1, 2, 3], "either way");
        rows.act(Action::ClearMarks);
        rows.list.go(3);
        rows.follow();
        rows.act(Action::Mark);
        rows.act(Action::Down);
        // Its row is gone: the cursor stays in its place.
        rows.set(vec![0, 1, 2, 3]);
        rows.settle(10);
        assert_eq!(rows.cursor(), Some(&3));
        rows.filter("x").unwrap();
        assert!(rows.take_stale());
        assert!(rows.act(Action::Back) && !rows.take_stale(), "marks first");
        assert!(rows.act(Action::Back) && rows.take_stale(), "then the filter");
        assert!(!rows.act(Action::Back));
    }
}
