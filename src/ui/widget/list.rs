//! A cursor over rows of which only a window is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::draw;
use crate::ui::action::Action;
use crate::ui::theme::{Role, Theme};

/// How a row is painted: plainly, or over its whole line where the cursor is on it.
#[derive(Clone, Copy, Debug)]
pub struct Painted {
    /// The style of its plain text.
    pub base: Style,
    /// The cursor is on it.
    pub at_cursor: bool,
}

impl Painted {
    /// A style of its own, which under the cursor gives way to the cursor's.
    pub fn own(self, style: Style) -> Style {
        if self.at_cursor { self.base } else { style }
    }
}

/// Where the cursor is, and which row stands at the top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The row under the cursor.
    pub cursor: usize,
    /// The first visible row.
    pub offset: usize,
    /// Rows in all.
    pub len: usize,
    /// Rows that fit.
    pub page: usize,
}

impl List {
    /// Takes a new number of rows; the cursor stays inside.
    pub fn set_len(&mut self, len: usize) {
        self.len = len;
        self.cursor = self.cursor.min(len.saturating_sub(1));
        self.settle();
    }

    /// Takes a new number of rows that fit.
    pub fn set_page(&mut self, page: usize) {
        self.page = page;
        self.settle();
    }

    /// Moves the cursor to a row.
    pub fn go(&mut self, row: usize) {
        self.cursor = row.min(self.len.saturating_sub(1));
        self.settle();
    }

    /// Moves by an action; false when it is not one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        let page = self.page.max(1);
        let to = match action {
            Action::Up => self.cursor.saturating_sub(1),
            Action::Down => self.cursor.saturating_add(1),
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::PageDown => self.cursor.saturating_add(page),
            Action::HalfPageUp => self.cursor.saturating_sub(page / 2),
            Action::HalfPageDown => self.cursor.saturating_add(page / 2),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            _ => return false,
        };
        self.go(to);
        true
    }

    /// Paints the line of a row, and tells how its text is painted.
    pub fn paint(
        &self,
        row: usize,
        (theme, focused): (&Theme, bool),
        area: Rect,
        y: u16,
        buf: &mut Buffer,
    ) -> Painted {
        let at_cursor = row == self.cursor;
        let base = theme.style(match (at_cursor, focused) {
            (true, true) => Role::Cursor,
            (true, false) => Role::Selection,
            (false, _) => Role::Text,
        });
        if at_cursor {
            draw::line_style(buf, area, y, base);
        }
        Painted { base, at_cursor }
    }

    /// The rows that are drawn.
    pub fn window(&self) -> std::ops::Range<usize> {
        self.offset..self.len.min(self.offset.saturating_add(self.page))
    }

    fn settle(&mut self) {
        let page = self.page.max(1);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor >= self.offset + page {
            self.offset = self.cursor + 1 - page;
        }
        // No empty lines at the end while rows are hidden at the top.
        self.offset = self.offset.min(self.len.saturating_sub(page));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cursor_is_always_in_the_window(steps in proptest::collection::vec((0usize..12, 0usize..200, 0usize..60), 1..60)) {
            let mut list = List::default();
            for (what, len, page) in steps {
                match what {
                    0 => list.set_len(len),
                    1 => list.set_page(page),
                    2 => list.go(len),
                    n => {
                        let actions = [Action::Up, Action::Down, Action::PageUp, Action::PageDown, Action::Top, Action::Bottom, Action::HalfPageUp, Action::HalfPageDown];
                        list.act(actions[n % actions.len()]);
                    }
                }
                prop_assert!(list.cursor < list.len.max(1));
                if list.len > 0 && list.page > 0 {
                    prop_assert!(list.window().contains(&list.cursor), "{list:?}");
                }
            }
        }
    }
}
