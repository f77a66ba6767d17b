//! A table of which only the window is built: the same cost for ten rows and for a hundred thousand.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::draw;
use super::list::List;
use crate::domain::cells;
use crate::fleet::table::Column;
use crate::ui::theme::{Role, Theme};

/// Cells beside the columns: a sign before them, a blank at each end.
const MARGIN: u16 = 3;

/// How wide each column is; kept between frames so that columns do not jump while rows scroll by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    widths: Vec<u16>,
    /// How wide they would be without an end.
    whole: Vec<u16>,
    /// The column that rows are sorted by, and whether from the highest down.
    sorted: Option<(String, bool)>,
    /// The column that a person chose.
    chosen: Option<String>,
}

impl Widths {
    /// Begins anew: other columns, another kind.
    pub fn clear(&mut self) {
        self.widths.clear();
        self.whole.clear();
    }

    /// The column its rows are sorted by has a sign at its title: `falling` from the highest down.
    pub fn sorted(&mut self, title: Option<&str>, falling: bool) {
        self.sorted = title.map(|title| (title.to_owned(), falling));
    }

    /// The column that a person chose has a line under its title.
    pub fn choose(&mut self, title: Option<&str>) {
        self.chosen = title.map(str::to_owned);
    }

    /// Grows for these cells.
    pub fn grow<'a>(&mut self, columns: &[Column], cells: impl IntoIterator<Item = &'a str>) {
        if self.widths.len() != columns.len() {
            self.widths = columns.iter().map(|c| cells::width(&c.title)).collect();
            self.whole = self.widths.clone();
        }
        for (((width, whole), column), cell) in
            self.widths.iter_mut().zip(&mut self.whole).zip(columns).zip(cells)
        {
            let cell = cells::width(cell);
            *width = (*width).max(cell.min(column.most));
            *whole = (*whole).max(cell);
        }
    }

    /// The columns that are drawn in a table of that width.
    pub fn drawn(&self, columns: &[Column], across: u16) -> Vec<Column> {
        let fit = self.fit(columns, across.saturating_sub(MARGIN));
        columns.iter().zip(fit).filter(|(_, width)| width.is_some()).map(|(c, _)| c.clone()).collect()
    }

    /// The widths that fit into `room` cells with two blanks between. `None` means: not shown. In this order, each only
    /// as far as it has to: wide columns are cut to what they are still read at, the least important go, names are cut
    /// further, the others go, and what never goes is cut for good.
    pub fn fit(&self, columns: &[Column], room: u16) -> Vec<Option<u16>> {
        let natural = columns
            .iter()
            .enumerate()
            .map(|(i, c)| Some(self.widths.get(i).copied().unwrap_or_else(|| cells::width(&c.title))));
        let natural: Vec<Option<u16>> = natural.collect();
        let mut fit = Fit { columns, room, widths: natural.clone() };
        fit.cut(|c| c.least);
        fit.drop(5);
        fit.cut(|c| if c.names { c.least.min(20) } else { c.least });
        fit.drop(1);
        fit.cut(|_| 4);
        fit.take_back(&natural);
        fit.give_back(&natural);
        // Where there is room, nothing is cut.
        let whole: Vec<Option<u16>> = self.whole.iter().copied().map(Some).collect();
        fit.give_back(&whole);
        fit.widths
    }
}

/// Widths on their way to fit.
struct Fit<'a> {
    columns: &'a [Column],
    room: u16,
    widths: Vec<Option<u16>>,
}

impl Fit<'_> {
    /// Cells that the columns and the blanks between them take.
    fn used(&self) -> u16 {
        let shown = self.widths.iter().flatten().count();
        let blanks = u16::try_from(shown.saturating_sub(1)).unwrap_or(0).saturating_mul(2);
        self.widths.iter().flatten().fold(blanks, |sum, w| sum.saturating_add(*w))
    }

    /// How many of them are too many.
    fn over(&self) -> u16 {
        self.used().saturating_sub(self.room)
    }

    /// Cuts the columns that are wider than `least`, the one with most to give first.
    fn cut(&mut self, least: impl Fn(&Column) -> u16) {
        while self.over() > 0 {
            let over = self.over();
            let spare = |(column, width): (&Column, &mut Option<u16>)| {
                width.map(|w| w.saturating_sub(least(column).max(cells::width(&column.title).min(4))))
            };
            let most = self
                .columns
                .iter()
                .zip(&mut self.widths)
                .enumerate()
                .filter_map(|(i, pair)| Some((i, spare(pair)?)))
                .filter(|(_, spare)| *spare > 0)
                .max_by_key(|(_, spare)| *spare);
            let Some((i, spare)) = most else { return };
            if let Some(Some(width)) = self.widths.get_mut(i) {
                *width -= spare.min(over);
            }
        }
    }

    /// A column that went comes back where a wider one that went too has left room for it.
    fn take_back(&mut self, natural: &[Option<u16>]) {
        let mut gone: Vec<usize> =
            (0..self.columns.len()).filter(|i| self.widths.get(*i).is_some_and(Option::is_none)).collect();
        gone.sort_by_key(|i| self.columns.get(*i).map(|c| c.rank));
        for i in gone {
            let (Some(column), Some(Some(natural))) = (self.columns.get(i), natural.get(i)) else { continue };
            let width = (*natural).min(column.least);
            if self.used().saturating_add(width + 2) <= self.room
                && let Some(slot) = self.widths.get_mut(i)
            {
                *slot = Some(width);
            }
        }
    }

    /// What a column that went has left free goes to those that were cut, the one that lacks most first.
    fn give_back(&mut self, natural: &[Option<u16>]) {
        loop {
            let free = self.room.saturating_sub(self.used());
            let lacks = self.widths.iter_mut().zip(natural).filter_map(|(width, natural)| {
                let (width, natural) = (width.as_mut()?, (*natural)?);
                (*width < natural).then_some((natural - *width, width))
            });
            let Some((lack, width)) = lacks.max_by_key(|(lack, _)| *lack).filter(|_| free > 0) else {
                return;
            };
            *width += lack.min(free);
        }
    }

    /// Leaves columns out, those of the highest rank first, down to `rank`.
    fn drop(&mut self, rank: u8) {
        while self.over() > 0 {
            let highest = self
                .columns
                .iter()
                .enumerate()
                .filter(|(i, c)| c.rank >= rank && self.widths.get(*i).is_some_and(Option::is_some))
                .max_by_key(|(_, c)| c.rank);
            let Some((i, _)) = highest else { return };
            if let Some(width) = self.widths.get_mut(i) {
                *width = None;
            }
        }
    }
}

/// A cell as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct DrawnCell {
    /// Its text.
    pub text: String,
    /// Its own style, over the row's.
    pub style: Option<Style>,
    /// The letters that a filter looked for, by their number.
    pub letters: Vec<usize>,
}

impl DrawnCell {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Text in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style: Some(style), ..Self::default() }
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
    mut row: impl FnMut(usize) -> DrawnRow,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let room = area.width.saturating_sub(MARGIN);
    let fit = widths.fit(columns, room);
    let title_style = theme.style(Role::Muted);
    let mut x = area.x + 2;
    for (column, width) in columns.iter().zip(&fit) {
        let Some(width) = *width else { continue };
        let used = cells::width(&column.title).min(width);
        let from = if column.right { x + width - used } else { x };
        let is_chosen = widths.chosen.as_deref() == Some(&*column.title);
        let style = if is_chosen { title_style.add_modifier(Modifier::UNDERLINED) } else { title_style };
        draw::text(buf, from, area.y, &column.title, width, style);
        if let Some((_, falling)) = widths.sorted.as_ref().filter(|(title, _)| *title == column.title) {
            let sign = match (*falling, theme.ascii) {
                (false, false) => "▲",
                (true, false) => "▼",
                (false, true) => "^",
                (true, true) => "v",
            };
            // In one of the two blanks before the next column.
            draw::text(buf, from + used, area.y, sign, 1, theme.style(Role::Accent));
        }
        x += width + 2;
    }
    for (y, index) in (area.y + 1..area.bottom()).zip(list.window()) {
        let drawn = row(index);
        let painted = list.paint(index, (theme, focused), area, y, buf);
        let base = painted.base;
        if let Some((sign, style)) = drawn.sign {
            draw::text(buf, area.x, y, sign, 1, painted.own(style));
        }
        let mut x = area.x + 2;
        for ((column, width), cell) in columns.iter().zip(&fit).zip(&drawn.cells) {
            let Some(width) = *width else { continue };
            let style = match cell.style {
                // On the cursor's line the text keeps its colour only where the background leaves it readable.
                Some(style) if !painted.at_cursor => base.patch(style),
                _ => base,
            };
            let middle = column.names.then(|| cells::middle(&cell.text, width));
            let shown = middle.as_deref().unwrap_or(&cell.text);
            let from = if column.right { x + width - cells::width(shown).min(width) } else { x };
            draw::text(buf, from, y, shown, width, style);
            if !cell.letters.is_empty() {
                mark(buf, (from, y), (&cell.text, cells::cut(shown, width).as_ref()), &cell.letters, theme);
            }
            x += width + 2;
        }
    }
}

/// Marks letters of a text where they are drawn: what was cut out of it is passed over.
fn mark(buf: &mut Buffer, (x, y): (u16, u16), (text, shown): (&str, &str), letters: &[usize], theme: &Theme) {
    let all: Vec<char> = text.chars().collect();
    let drawn: Vec<char> = shown.chars().collect();
    let head = all.iter().zip(&drawn).take_while(|(a, b)| a == b).count();
    let tail = all.iter().rev().zip(drawn.iter().rev()).take_while(|(a, b)| a == b).count();
    for letter in letters.iter().copied().filter(|letter| *letter < all.len()) {
        let at = if letter < head {
            letter
        } else if all.len() - letter <= tail {
            drawn.len() - (all.len() - letter)
        } else {
            continue;
        };
        let width = |from: usize, to: usize| {
            let part: String = drawn.iter().skip(from).take(to - from).collect();
            cells::width(&part)
        };
        let from = x + width(0, at);
        for cell in from..from + width(at, at + 1) {
            if let Some(cell) = buf.cell_mut((cell, y)) {
                cell.set_style(theme.style(Role::Match));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(rank: u8) -> Column {
        Column::new("T", false, rank, 200)
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

    #[test]
    fn names_are_cut_before_namespaces_go() {
        let names = Column::names("NAME", 0, 60, 28);
        let columns = [Column::names("CLUSTER", 0, 22, 14), column(3), names, column(5)];
        let mut widths = Widths::default();
        widths.grow(
            &columns,
            ["a".repeat(22), "b".repeat(10), "c".repeat(40), "d".repeat(6)].iter().map(String::as_str),
        );
        assert_eq!(widths.fit(&columns, 84), [Some(22), Some(10), Some(40), Some(6)]);
        assert_eq!(widths.fit(&columns, 70), [Some(20), Some(10), Some(28), Some(6)]);
        assert_eq!(widths.fit(&columns, 50), [Some(14), Some(10), Some(22), None]);
        assert_eq!(
            widths.fit(&columns, 44),
            [Some(14), None, Some(20), Some(6)],
            "the narrow one comes back"
        );
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
