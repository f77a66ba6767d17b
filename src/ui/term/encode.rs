//! A frame as the fewest bytes a terminal shows it by: over SSH each move of a cursor is a packet, and its size is felt.
//!
//! Lives here: what differs from the frame before, as movements, attributes (only those that change) and text. Blanks of the
//! default background are erased rather than written; others are written, for not every terminal erases in a colour. After a
//! character that terminals disagree about the width of, the place is said anew. Never: deciding what is shown. Called by `out`, and by `snapshot` for pictures in colours.

use std::io::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::domain::cells;

/// From so many blanks on, erasing and moving on is shorter than writing them.
const ERASE_FROM: u16 = 9;
/// Cells between two changes that are written anew rather than skipped.
const BRIDGE: u16 = 3;

/// How text is written now.
#[derive(Clone, Copy, PartialEq)]
struct Pen {
    fg: Color,
    bg: Color,
    line: Color,
    modifier: Modifier,
}

const PLAIN: Pen =
    Pen { fg: Color::Reset, bg: Color::Reset, line: Color::Reset, modifier: Modifier::empty() };

/// What of a modifier is seen on a blank.
const SEEN_ON_BLANKS: Modifier =
    Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT).union(Modifier::SLOW_BLINK);

impl Pen {
    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, line: cell.underline_color, modifier: cell.modifier }
    }

    /// This pen, or the one there is where that shows the same blank.
    fn for_blank(self, now: Self) -> Self {
        let same = self.bg == now.bg
            && (self.modifier & SEEN_ON_BLANKS).is_empty()
            && (now.modifier & SEEN_ON_BLANKS).is_empty();
        if same { now } else { self }
    }
}

/// Where the terminal is.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    pen: Pen,
    /// None: not known.
    at: Option<(u16, u16)>,
}

/// The bytes that make a screen that shows `before` show `after`; none where nothing differs. Both are of one size.
pub fn frame(before: &Buffer, after: &Buffer, out: &mut Vec<u8>) {
    let mut writer = Writer { out, pen: PLAIN, at: None };
    for y in after.area.top()..after.area.bottom() {
        let changes = changes(before, after, y);
        writer.row(after, y, &changes);
    }
    writer.set(PLAIN);
}

/// The cells of a row that have to be written. Of a wide character that is overwritten in part, terminals make of the other
/// part what they like: that is written, too.
fn changes<'a>(before: &Buffer, after: &'a Buffer, y: u16) -> Vec<(u16, &'a Cell)> {
    let width = |cell: &Cell| cells::width(cell.symbol()).max(1);
    let mut out = Vec::new();
    let (mut covered, mut broken) = (0, 0);
    for x in after.area.left()..after.area.right() {
        let (Some(old), Some(new)) = (before.cell((x, y)), after.cell((x, y))) else { continue };
        let changed = old != new || x < broken;
        if changed && x >= covered {
            out.push((x, new));
        }
        if changed {
            broken = broken.max(x + width(old)).max(x + width(new));
        }
        if x >= covered {
            covered = x + width(new);
        }
    }
    out
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " || cell.symbol().is_empty()
}

/// It looks as what is erased.
fn is_void(cell: &Cell) -> bool {
    is_blank(cell) && cell.bg == Color::Reset && (cell.modifier & SEEN_ON_BLANKS).is_empty()
}

impl Writer<'_> {
    /// The changes of one row, from the left.
    fn row(&mut self, after: &Buffer, y: u16, changes: &[(u16, &Cell)]) {
        let mut rest = changes;
        while let Some(((x, cell), others)) = rest.split_first() {
            let voids = rest.iter().zip(*x..).take_while(|((at, c), next)| at == next && is_void(c)).count();
            let run = u16::try_from(voids).unwrap_or(u16::MAX);
            if run > 0 && (x + run..after.area.right()).all(|x| after.cell((x, y)).is_none_or(is_void)) {
                if rest.len() >= 3 || run >= 3 {
                    self.go(after, *x, y);
                    self.set(Pen { fg: self.pen.fg, ..PLAIN }.for_blank(self.pen));
                    self.put(b"\x1b[K");
                    return;
                }
            } else if run >= ERASE_FROM {
                self.go(after, *x, y);
                self.set(Pen { fg: self.pen.fg, ..PLAIN }.for_blank(self.pen));
                let _ = write!(self.out, "\x1b[{run}X");
                rest = rest.get(voids..).unwrap_or_default();
                continue;
            }
            self.go(after, *x, y);
            self.cell(after, *x, y, cell);
            rest = others;
        }
    }

    fn cell(&mut self, after: &Buffer, x: u16, y: u16, cell: &Cell) {
        let blank = is_blank(cell);
        let pen = Pen::of(cell);
        self.set(if blank { pen.for_blank(self.pen) } else { pen });
        let symbol = if cell.symbol().is_empty() { " " } else { cell.symbol() };
        self.put(symbol.as_bytes());
        let plain = symbol.len() == 1 || is_narrow(symbol);
        // At the right edge a terminal waits with the next line; where that is it says differently.
        self.at = (plain && x + 1 < after.area.right()).then_some((x + 1, y));
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Goes to a cell; over a few unchanged ones by writing them again.
    fn go(&mut self, after: &Buffer, x: u16, y: u16) {
        if self.at == Some((x, y)) {
            return;
        }
        if let Some((from, row)) = self.at.filter(|(from, row)| *row == y && *from < x) {
            let gap = x - from;
            let cells = || (from..x).filter_map(|x| after.cell((x, row)));
            let fits = |c: &Cell| {
                let pen = Pen::of(c);
                let pen = if is_blank(c) { pen.for_blank(self.pen) } else { pen };
                pen == self.pen && c.symbol().len() == 1
            };
            if gap <= BRIDGE && cells().count() == usize::from(gap) && cells().all(fits) {
                let text: Vec<u8> = cells().flat_map(|c| c.symbol().bytes()).collect();
                self.put(&text);
            } else if gap == 1 {
                self.put(b"\x1b[C");
            } else {
                let _ = write!(self.out, "\x1b[{gap}C");
            }
        } else if x == 0 {
            let _ = write!(self.out, "\x1b[{}H", y + 1);
        } else {
            let _ = write!(self.out, "\x1b[{};{}H", y + 1, x + 1);
        }
        self.at = Some((x, y));
    }

    fn set(&mut self, pen: Pen) {
        self.pen.change(pen, self.out);
    }
}

impl Pen {
    /// Writes what makes this pen another: only what differs, or all of it where that is shorter.
    fn change(&mut self, pen: Self, out: &mut Vec<u8>) {
        let now = std::mem::replace(self, pen);
        if pen == now {
            return;
        }
        let mut codes = Vec::new();
        let off = now.modifier - pen.modifier;
        let mut on = pen.modifier - now.modifier;
        let weight = Modifier::BOLD | Modifier::DIM;
        if off.intersects(weight) {
            code(&mut codes, "22");
            on |= pen.modifier & weight;
        }
        for (modifier, word) in OFF {
            if off.intersects(modifier) {
                code(&mut codes, word);
            }
        }
        for (modifier, word) in ON {
            if on.contains(modifier) {
                code(&mut codes, word);
            }
        }
        if pen.fg != now.fg {
            colour(&mut codes, pen.fg, (30, 90, 38, 39));
        }
        if pen.bg != now.bg {
            colour(&mut codes, pen.bg, (40, 100, 48, 49));
        }
        if pen.line != now.line {
            line_colour(&mut codes, pen.line);
        }
        if pen == PLAIN && codes.len() > 1 {
            codes.clear();
        }
        out.extend_from_slice(b"\x1b[");
        out.extend_from_slice(&codes);
        out.push(b'm');
    }
}

/// A line of cells for a pager: attributes and text, plain at the end.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a Cell>, out: &mut Vec<u8>) {
    let mut pen = PLAIN;
    for cell in cells {
        pen.change(Pen::of(cell), out);
        out.extend_from_slice(cell.symbol().as_bytes());
    }
    pen.change(PLAIN, out);
    out.push(b'\n');
}

/// One column in every terminal: letters of Latin, lines, blocks and signs that are drawn as such.
fn is_narrow(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    matches!((chars.next(), chars.next()), (Some('\u{a0}'..='\u{17f}' | '\u{2500}'..='\u{259f}'), None))
}

const ON: [(Modifier, &str); 9] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::SLOW_BLINK, "5"),
    (Modifier::RAPID_BLINK, "6"),
    (Modifier::REVERSED, "7"),
    (Modifier::HIDDEN, "8"),
    (Modifier::CROSSED_OUT, "9"),
];

const OFF: [(Modifier, &str); 6] = [
    (Modifier::ITALIC, "23"),
    (Modifier::UNDERLINED, "24"),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), "25"),
    (Modifier::REVERSED, "27"),
    (Modifier::HIDDEN, "28"),
    (Modifier::CROSSED_OUT, "29"),
];

fn code(codes: &mut Vec<u8>, word: &str) {
    if !codes.is_empty() {
        codes.push(b';');
    }
    codes.extend_from_slice(word.as_bytes());
}

/// The codes of a colour: of the first eight, the eight bright ones, any other, none.
fn colour(codes: &mut Vec<u8>, colour: Color, (dark, bright, other, none): (u8, u8, u8, u8)) {
    let named = match colour {
        Color::Reset => return code(codes, &none.to_string()),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(n) => n,
        Color::Rgb(r, g, b) => return code(codes, &format!("{other};2;{r};{g};{b}")),
    };
    let word = match named {
        0..8 => (dark + named).to_string(),
        8..16 => (bright + named - 8).to_string(),
        n => format!("{other};5;{n}"),
    };
    code(codes, &word);
}

fn line_colour(codes: &mut Vec<u8>, colour: Color) {
    match colour {
        Color::Reset => code(codes, "59"),
        Color::Rgb(r, g, b) => code(codes, &format!("58;2;{r};{g};{b}")),
        Color::Indexed(n) => code(codes, &format!("58;5;{n}")),
        // Nothing here underlines in a named colour.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    const SIZE: (u16, u16) = (24, 4);

    fn shown(parser: &vt100::Parser) -> Vec<String> {
        let screen = parser.screen();
        let cell = |y, x| {
            let c = screen.cell(y, x).unwrap();
            let text = if c.contents().is_empty() { " " } else { c.contents() };
            // The colour of a blank's text is nothing that is seen.
            let fg = if text == " " { vt100::Color::Default } else { c.fgcolor() };
            let marks = (c.bold() && text != " ", c.italic() && text != " ", c.underline(), c.inverse());
            format!("{text}{fg:?}{:?}{marks:?}{}", c.bgcolor(), c.is_wide())
        };
        (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (y, x))).map(|(y, x)| cell(y, x)).collect()
    }

    fn apply(parser: &mut vt100::Parser, before: &Buffer, after: &Buffer) -> usize {
        let mut bytes = Vec::new();
        frame(before, after, &mut bytes);
        parser.process(&bytes);
        bytes.len()
    }

    fn screen() -> (vt100::Parser, Buffer) {
        (
            vt100::Parser::new(SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap(), 0),
            Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1)),
        )
    }

    type Piece = (u16, u16, String, u8, u8, u8);

    fn paint(pieces: &[Piece]) -> Buffer {
        let (_, mut buffer) = screen();
        for (x, y, text, fg, bg, modifier) in pieces {
            let colour = |n: u8| match n {
                0 => Color::Reset,
                1 => Color::Red,
                2 => Color::LightBlue,
                3 => Color::Indexed(9),
                4 => Color::Indexed(200),
                n => Color::Rgb(n, 100, 200),
            };
            let modifier = match modifier {
                0..3 => Modifier::empty(),
                3 => Modifier::BOLD,
                4 => Modifier::BOLD | Modifier::UNDERLINED,
                5 => Modifier::REVERSED,
                _ => Modifier::ITALIC,
            };
            let style = Style::new().fg(colour(*fg)).bg(colour(*bg)).add_modifier(modifier);
            buffer.set_string(x % SIZE.0, y % SIZE.1, text, style);
        }
        buffer
    }

    fn pieces() -> impl Strategy<Value = Vec<Piece>> {
        let text = "[a-c ]{0,12}|[ ]{1,20}|[a表 é│✖▲]{0,6}";
        prop::collection::vec((0..SIZE.0, 0..SIZE.1, text, 0..7u8, 0..7u8, 0..7u8), 0..8)
    }

    proptest! {
        /// Whatever was shown before, the difference leads to the same screen as the whole.
        #[test]
        fn the_difference_shows_what_the_whole_shows(frames in prop::collection::vec(pieces(), 1..5)) {
            let (mut terminal, mut before) = screen();
            for pieces in frames {
                let after = paint(&pieces);
                apply(&mut terminal, &before, &after);
                let (mut fresh, nothing) = screen();
                apply(&mut fresh, &nothing, &after);
                prop_assert_eq!(shown(&terminal), shown(&fresh));
                before = after;
            }
            prop_assert_eq!(apply(&mut terminal, &before, &before.clone()), 0);
        }

        /// And the whole is what the cells say.
        #[test]
        fn the_whole_is_what_the_cells_say(pieces in pieces()) {
            let after = paint(&pieces);
            let (mut terminal, nothing) = screen();
            apply(&mut terminal, &nothing, &after);
            for y in 0..SIZE.1 {
                for x in 0..SIZE.0 {
                    let (cell, seen) = (after.cell((x, y)).unwrap(), terminal.screen().cell(y, x).unwrap());
                    if seen.is_wide_continuation() {
                        continue;
                    }
                    let text = if seen.contents().is_empty() { " " } else { seen.contents() };
                    prop_assert_eq!(cell.symbol(), text);
                    prop_assert_eq!(cell.modifier.contains(Modifier::REVERSED), seen.inverse());
                    prop_assert_eq!(cell.modifier.contains(Modifier::UNDERLINED), seen.underline());
                    let bg = match cell.bg {
                        Color::Reset => vt100::Color::Default,
                        Color::Red => vt100::Color::Idx(1),
                        Color::LightBlue => vt100::Color::Idx(12),
                        Color::Indexed(n) => vt100::Color::Idx(n),
                        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
                        other => panic!("{other:?}"),
                    };
                    prop_assert_eq!(bg, seen.bgcolor());
                }
            }
        }
    }

    #[test]
    fn a_cursor_bar_that_moves_costs_little() {
        let row = |buffer: &mut Buffer, y, selected: bool| {
            let style = if selected { Style::new().bg(Color::Indexed(24)) } else { Style::new() };
            buffer.set_string(0, y, "web-1   Running   ", style.fg(Color::Indexed(250)));
            buffer.set_string(18, y, " ".repeat(6), style);
        };
        let (mut terminal, mut one) = screen();
        let mut two = one.clone();
        for y in 0..2 {
            row(&mut one, y, y == 0);
            row(&mut two, y, y == 1);
        }
        apply(&mut terminal, &Buffer::empty(one.area), &one);
        let bytes = apply(&mut terminal, &one, &two);
        assert!(bytes < 100, "{bytes}");
    }
}
