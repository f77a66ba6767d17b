//! Drawing text by its width: cut by grapheme, padded by cells, never by bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(UnicodeWidthStr::width(text)).unwrap_or(u16::MAX)
}

/// Writes text at a place, at most `most` cells; longer text ends in `…`. Returns the cells used.
pub fn text(buf: &mut Buffer, x: u16, y: u16, text: &str, most: u16, style: Style) -> u16 {
    let area = buf.area;
    if y < area.top() || y >= area.bottom() || x >= area.right() || most == 0 {
        return 0;
    }
    let most = most.min(area.right() - x);
    if width(text) <= most {
        let (end, _) = buf.set_stringn(x, y, text, usize::from(most), style);
        return end.saturating_sub(x);
    }
    let (mut used, mut end) = (0u16, 0);
    for (at, g) in text.grapheme_indices(true) {
        let w = width(g);
        if used + w + 1 > most {
            break;
        }
        used += w;
        end = at + g.len();
    }
    buf.set_stringn(x, y, text.get(..end).unwrap_or(""), usize::from(used), style);
    buf.set_stringn(x + used, y, "…", 1, style);
    used + 1
}

/// A name in at most `most` cells: a longer one is cut in the middle, for the end of a name tells it from its siblings.
pub fn middle(name: &str, most: u16) -> String {
    if width(name) <= most {
        return name.to_owned();
    }
    let (head_most, tail_most) = (most.saturating_sub(most / 2 + 1), most / 2);
    let mut tail = String::new();
    for g in name.graphemes(true).rev() {
        if width(&tail) + width(g) > tail_most {
            break;
        }
        tail.insert_str(0, g);
    }
    let mut out = String::new();
    for g in name.graphemes(true) {
        if width(&out) + width(g) > head_most {
            break;
        }
        out.push_str(g);
    }
    out.push('…');
    out + &tail
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

/// The bytes of a text with its cells up to `from` cut off: for scrolling to the right.
pub fn skip_cells(text: &str, from: u16) -> &str {
    let mut used = 0;
    for (at, g) in text.grapheme_indices(true) {
        if used >= from {
            return text.get(at..).unwrap_or("");
        }
        used += width(g);
    }
    ""
}

/// A text in lines of at most `most` cells, broken at blanks where it can be; lines after the first begin with `indent`
/// blanks. Nothing is left out but the blanks a line is broken at.
pub fn wrap(text: &str, most: u16, indent: u16) -> Vec<String> {
    let most = most.max(1);
    let indent = if indent + 2 > most || indent * 2 > most { 0 } else { indent };
    let lead = " ".repeat(usize::from(indent));
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut empty = true;
    for word in text.split_inclusive(' ') {
        if width(&line) + width(word.trim_end_matches(' ')) > most && !empty {
            lines.push(line.trim_end_matches(' ').to_owned());
            line.clone_from(&lead);
            empty = true;
        }
        // A word longer than a line goes on in the next.
        for g in word.graphemes(true) {
            if width(&line) + width(g) > most {
                if g == " " {
                    continue;
                }
                lines.push(std::mem::replace(&mut line, lead.clone()));
            }
            // A line that was broken does not begin with the blanks it was broken at.
            if g == " " && empty && !lines.is_empty() {
                continue;
            }
            line.push_str(g);
            empty &= g == " ";
        }
    }
    lines.push(line.trim_end_matches(' ').to_owned());
    lines
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
    fn wrapped_at_blanks_and_never_cut() {
        assert_eq!(wrap("one two three", 7, 2), ["one two", "  three"]);
        assert_eq!(wrap("  aws / x", 9, 0), ["  aws / x"]);
        assert_eq!(wrap("abcdefghij kl", 6, 2), ["abcdef", "  ghij", "  kl"]);
        assert_eq!(wrap("", 6, 2), [""]);
    }

    proptest::proptest! {
        #[test]
        fn wrapping_keeps_every_sign(text in "[a-z日 ]{0,60}", most in 2u16..20, indent in 0u16..6) {
            let lines = wrap(&text, most, indent);
            let plain = |t: &str| t.replace(' ', "");
            proptest::prop_assert_eq!(plain(&lines.concat()), plain(&text));
            proptest::prop_assert!(lines.iter().all(|l| width(l) <= most), "{:?}", lines);
        }
    }

    #[test]
    fn bars() {
        assert_eq!(bar(5, 10, 4, true), "##..");
        assert_eq!(bar(0, 0, 4, true), "....");
        assert_eq!(bar(99, 10, 4, true), "####");
    }
}
