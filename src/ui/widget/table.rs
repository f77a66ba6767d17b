//! A table of which only the window is built: the same cost for ten rows and for a hundred thousand.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::draw;
use super::list::List;
use crate::fleet::table::Column;
use crate::ui::theme::{Role, Theme};

/// How wide each column is; kept between frames so that columns do not jump while rows scroll by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Widths(Vec<u16>);

impl Widths {
    /// Begins anew: other columns, another kind.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Grows for these cells.
    pub fn grow<'a>(&mut self, columns: &[Column], cells: impl IntoIterator<Item = &'a str>) {
        if self.0.len() != columns.len() {
            self.0 = columns.iter().map(|c| draw::width(c.title)).collect();
        }
        for ((width, column), cell) in self.0.iter_mut().zip(columns).zip(cells) {
            *width = (*width).max(draw::width(cell).min(column.most));
        }
    }

    /// The widths that fit into `room` cells with one blank between: columns of the highest rank go first, then the
    /// widest that never goes is cut. `None` means: not shown.
    pub fn fit(&self, columns: &[Column], room: u16) -> Vec<Option<u16>> {
        let mut out: Vec<Option<u16>> = columns
            .iter()
            .enumerate()
            .map(|(i, c)| Some(self.0.get(i).copied().unwrap_or_else(|| draw::width(c.title))))
            .collect();
        let total = |widths: &[Option<u16>]| -> u16 {
            let shown = widths.iter().flatten().count();
            widths.iter().flatten().sum::<u16>() + u16::try_from(shown.saturating_sub(1)).unwrap_or(0) * 2
        };
        while total(&out) > room {
            // First cut long text columns to a readable width, then drop, then cut for good.
            let over = total(&out) - room;
            let widest = out
                .iter()
                .enumerate()
                .filter_map(|(i, w)| w.map(|w| (i, w)))
                .filter(|(_, w)| *w > 24)
                .max_by_key(|(_, w)| *w);
            if let Some((i, w)) = widest {
                if let Some(slot) = out.get_mut(i) {
                    *slot = Some(w.saturating_sub(over).max(24));
                }
                continue;
            }
            let highest = columns
                .iter()
                .enumerate()
                .filter(|(i, c)| c.rank > 0 && out.get(*i).is_some_and(Option::is_some))
                .max_by_key(|(_, c)| c.rank);
            if let Some((i, _)) = highest {
                if let Some(slot) = out.get_mut(i) {
                    *slot = None;
                }
                continue;
            }
            let widest =
                out.iter().enumerate().filter_map(|(i, w)| w.map(|w| (i, w))).max_by_key(|(_, w)| *w);
            match widest {
                Some((i, w)) if w > 4 => {
                    if let Some(slot) = out.get_mut(i) {
                        *slot = Some(w.saturating_sub(over).max(4));
                    }
                }
                _ => break,
            }
        }
        out
    }
}

/// A cell as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct DrawnCell {
    /// Its text.
    pub text: String,
    /// Its own style, over the row's.
    pub style: Option<Style>,
}

impl DrawnCell {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: None }
    }

    /// Text in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style: Some(style) }
    }
}

/// A row as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct DrawnRow {
    /// One cell a column.
    pub cells: Vec<DrawnCell>,
    /// A sign in the margin, with its style: a mark, a health.
    pub sign: Option<(&'static str, Style)>,
}

/// Draws the titles and the window of rows. `row` is asked for visible rows only.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
    (columns, widths): (&[Column], &Widths),
    list: &List,
    focused: bool,
    row: impl Fn(usize) -> DrawnRow,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let room = area.width.saturating_sub(3);
    let fit = widths.fit(columns, room);
    let title_style = theme.style(Role::Muted);
    let mut x = area.x + 2;
    for (column, width) in columns.iter().zip(&fit) {
        let Some(width) = *width else { continue };
        if column.right {
            draw::text_right(buf, x, x + width, area.y, column.title, title_style);
        } else {
            draw::text(buf, x, area.y, column.title, width, title_style);
        }
        x += width + 2;
    }
    for (y, index) in (area.y + 1..area.bottom()).zip(list.window()) {
        let drawn = row(index);
        let at_cursor = index == list.cursor;
        let base = if at_cursor && focused {
            theme.style(Role::Cursor)
        } else if at_cursor {
            theme.style(Role::Selection)
        } else {
            theme.style(Role::Text)
        };
        if at_cursor {
            draw::line_style(buf, Rect { width: area.width, ..area }, y, base);
        }
        if let Some((sign, style)) = drawn.sign {
            draw::text(buf, area.x, y, sign, 1, if at_cursor { base } else { style });
        }
        let mut x = area.x + 2;
        for ((column, width), cell) in columns.iter().zip(&fit).zip(&drawn.cells) {
            let Some(width) = *width else { continue };
            let style = match cell.style {
                // On the cursor's line the text keeps its colour only where the background leaves it readable.
                Some(style) if !at_cursor => base.patch(style),
                _ => base,
            };
            if column.right {
                draw::text_right(buf, x, x + width, y, &cell.text, style);
            } else {
                draw::text(buf, x, y, &cell.text, width, style);
            }
            x += width + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(rank: u8) -> Column {
        Column { title: "T", right: false, wide: false, rank, most: 200 }
    }

    #[test]
    fn the_highest_rank_goes_first() {
        let columns = [column(0), column(2), column(1)];
        let mut widths = Widths::default();
        widths.grow(&columns, ["0123456789", "0123456789", "0123456789"]);
        assert_eq!(widths.fit(&columns, 40), [Some(10), Some(10), Some(10)]);
        assert_eq!(widths.fit(&columns, 25), [Some(10), None, Some(10)]);
        assert_eq!(widths.fit(&columns, 8), [Some(8), None, None]);
    }

    proptest! {
        #[test]
        fn fit_always_ends_and_fits(cells in proptest::collection::vec((0u8..12, 0usize..300), 1..14), room in 6u16..300) {
            let columns: Vec<Column> = cells.iter().enumerate().map(|(i, (r, _))| column(if i == 0 { 0 } else { r.max(&1).to_owned() })).collect();
            let texts: Vec<String> = cells.iter().map(|(_, n)| "x".repeat(*n)).collect();
            let mut widths = Widths::default();
            widths.grow(&columns, texts.iter().map(String::as_str));
            let fit = widths.fit(&columns, room);
            let shown: Vec<u16> = fit.iter().flatten().copied().collect();
            let total: u16 = shown.iter().sum::<u16>() + 2 * (u16::try_from(shown.len()).unwrap() - 1);
            prop_assert!(total <= room, "{fit:?} in {room}");
        }
    }
}
