//! Drawing text by its width, in cells and never in bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::domain::cells::{self, width};

/// Writes text at a place, at most `most` cells; longer text ends in `…`. Returns the cells used.
pub fn text(buf: &mut Buffer, x: u16, y: u16, text: &str, most: u16, style: Style) -> u16 {
    let area = buf.area;
    if y < area.top() || y >= area.bottom() || x >= area.right() || most == 0 {
        return 0;
    }
    let most = most.min(area.right() - x);
    let (end, _) = buf.set_stringn(x, y, cells::cut(text, most), usize::from(most), style);
    end.saturating_sub(x)
}

/// Writes text so that it ends before `right`.
pub fn text_right(buf: &mut Buffer, left: u16, right: u16, y: u16, s: &str, style: Style) {
    let room = right.saturating_sub(left);
    let w = width(s).min(room);
    text(buf, right - w, y, s, w, style);
}

/// Gives a whole line a style.
pub fn line_style(buf: &mut Buffer, area: Rect, y: u16, style: Style) {
    let line = Rect { y, height: 1, ..area }.intersection(buf.area);
    buf.set_style(line, style);
}

/// Spans one after another; returns the cells used.
pub fn spans(buf: &mut Buffer, x: u16, y: u16, most: u16, spans: &[(&str, Style)]) -> u16 {
    let mut at = 0;
    for (s, style) in spans {
        if at >= most {
            break;
        }
        at += text(buf, x + at, y, s, most - at, *style);
    }
    at
}

/// A bar of `cells` cells, filled by `part` of `whole`.
pub fn bar(part: u64, whole: u64, cells: u16, ascii: bool) -> String {
    let filled = (part.saturating_mul(u64::from(cells)) + whole / 2).checked_div(whole).unwrap_or(0);
    let filled = u16::try_from(filled).unwrap_or(cells).min(cells);
    let (full, empty) = if ascii { ("#", ".") } else { ("█", "░") };
    full.repeat(usize::from(filled)) + &empty.repeat(usize::from(cells - filled))
}

/// The whole screen in ASCII, for terminals that have nothing else: the last step of a frame, so that no pane, dialog or
/// word of a cluster can be forgotten.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            cell.set_char(cell.symbol().chars().next().map_or(' ', ascii));
        }
    }
}

/// Writes the nearest ASCII sign for each letter that is one cell here and may be two on the screen.
pub fn to_unambiguous(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let letter = cell.symbol();
        if !letter.is_ascii() && letter.width_cjk() != letter.width() {
            cell.set_char(letter.chars().next().map_or(' ', ascii));
        }
    }
}

/// The sign nearest to `c`; one cell stays one cell.
const fn ascii(c: char) -> char {
    match c {
        // Lines and corners.
        '─' | '━' | '═' | '–' | '—' | '‐' | '‑' | '−' => '-',
        '│' | '┃' | '║' | '▏' | '▌' | '▎' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╭' | '╮' | '╰' | '╯' => {
            '+'
        }
        // Arrows and folds.
        '→' | '▸' | '▶' | '›' => '>',
        '←' | '◂' | '‹' => '<',
        '▾' | '▼' | '↓' => 'v',
        '↑' => '^',
        // What stands for something left out.
        '…' => '~',
        '·' | '•' => '.',
        '≠' | '▲' => '!',
        '✓' | '×' => '*',
        // Health, as its own ASCII signs.
        '●' => 'o',
        '◐' => '~',
        '✖' => 'x',
        // Bars.
        '█' | '▇' | '▆' | '▅' => '#',
        '▄' | '▃' => '=',
        '▂' => '-',
        '▁' => '_',
        '░' | '▒' | '▓' => '.',
        '‘' | '’' | '‚' => '\'',
        '“' | '”' | '„' => '"',
        '\u{a0}' => ' ',
        // A name in another script: that there is something has to be seen.
        _ => '?',
    }
}

/// Muted lines in the place of a table that has no rows.
pub fn words(buf: &mut Buffer, area: Rect, lines: impl IntoIterator<Item = String>, style: Style) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        text(buf, area.x + 2, y, &line, area.width.saturating_sub(2), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(s: &str, most: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
        text(&mut buf, 0, 0, s, most, Style::default());
        buf.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn cut_by_width() {
        assert_eq!(line("hello", 10), "hello");
        assert_eq!(line("hello world", 6), "hello…");
        assert_eq!(line("日本語のテキスト", 5).replace(' ', ""), "日本…");
        assert_eq!(line("x", 0), "");
    }

    #[test]
    fn bars() {
        assert_eq!(bar(5, 10, 4, true), "##..");
        assert_eq!(bar(0, 0, 4, true), "....");
        assert_eq!(bar(99, 10, 4, true), "####");
    }
}
