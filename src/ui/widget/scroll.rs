//! Columns of a table that are scrolled away to the left, so that those there is no room for come into sight.

use crate::fleet::table::Column;
use crate::ui::action::Action;

use super::table::Widths;

/// How far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scroll {
    by: usize,
    /// How wide the table was drawn.
    across: u16,
}

impl Scroll {
    /// The table is that wide now.
    pub const fn set_across(&mut self, across: u16) {
        self.across = across;
    }

    /// Back to the first column.
    pub const fn reset(&mut self) {
        self.by = 0;
    }

    /// It has somewhere to go to the left.
    pub const fn takes_left(self) -> bool {
        self.by > 0
    }

    /// Of columns or of the cells of a row those that are left; the first `pinned` stay, and one of the others.
    pub fn left<T>(self, mut all: Vec<T>, pinned: usize) -> Vec<T> {
        let pinned = pinned.min(all.len());
        let by = self.by.min(all.len().saturating_sub(pinned + 1));
        all.drain(pinned..pinned + by);
        all
    }

    /// Ranks the columns behind the pinned ones: who scrolls wants to see the next, not the most important.
    pub fn rank<'a>(self, behind: impl Iterator<Item = &'a mut Column>) {
        if self.by > 0 {
            for (column, n) in behind.zip(1u8..) {
                column.rank = n;
            }
        }
    }

    /// The columns that are drawn.
    pub fn drawn(self, columns: &[Column], widths: &Widths) -> Vec<Column> {
        widths.drawn(columns, self.across)
    }

    /// Takes left or right; true where that scrolled.
    pub fn act(&mut self, action: Action, columns: &[Column], widths: &Widths) -> bool {
        match action {
            Action::Right if self.drawn(columns, widths).len() < columns.len() => self.by += 1,
            Action::Left if self.by > 0 => self.by -= 1,
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_and_one_more_stay() {
        let scroll = |by| Scroll { by, across: 0 };
        assert_eq!(scroll(0).left(vec![1, 2, 3, 4], 1), [1, 2, 3, 4]);
        assert_eq!(scroll(2).left(vec![1, 2, 3, 4], 1), [1, 4]);
        assert_eq!(scroll(9).left(vec![1, 2, 3, 4], 2), [1, 2, 4]);
        assert_eq!(scroll(9).left(vec![1], 2), [1]);
    }
}
