//! Pictures of a screen: plain text, ANSI, SVG. What is drawn is what the terminal would show.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::ui::theme::{Role, Theme};

use super::encode;

/// The cells as lines of text, without trailing blanks.
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = row.iter().map(|c| c.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The cells with SGR colours, for a terminal or a pager.
pub fn ansi(buf: &Buffer) -> String {
    let mut out = Vec::new();
    for row in rows(buf) {
        encode::line(row, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The cells of each row; the second half of a wide character is left out.
fn rows(buf: &Buffer) -> Vec<Vec<&Cell>> {
    let width = usize::from(buf.area.width.max(1));
    buf.content
        .chunks(width)
        .map(|row| {
            let mut out = Vec::with_capacity(width);
            let mut skip = 0;
            for cell in row {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                out.push(cell);
            }
            out
        })
        .collect()
}

/// The 16 colours in their order, as the picture shows them.
const PALETTE: [(Color, &str); 16] = [
    (Color::Black, "#0d1117"),
    (Color::Red, "#ff7b72"),
    (Color::Green, "#3fb950"),
    (Color::Yellow, "#d29922"),
    (Color::Blue, "#58a6ff"),
    (Color::Magenta, "#bc8cff"),
    (Color::Cyan, "#39c5cf"),
    (Color::Gray, "#b1bac4"),
    (Color::DarkGray, "#6e7681"),
    (Color::LightRed, "#ffa198"),
    (Color::LightGreen, "#56d364"),
    (Color::LightYellow, "#e3b341"),
    (Color::LightBlue, "#79c0ff"),
    (Color::LightMagenta, "#d2a8ff"),
    (Color::LightCyan, "#56d4dd"),
    (Color::White, "#ffffff"),
];

/// How large a cell is in a picture.
const W: u32 = 9;
const H: u32 = 19;

const BACKGROUND: &str = "#0d1117";
const FOREGROUND: &str = "#d0d7de";

fn hex(colour: Color, default: &str) -> String {
    match colour {
        Color::Reset => default.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(i) => {
            let (r, g, b) = super::super::theme::depth::xterm(i);
            format!("#{r:02x}{g:02x}{b:02x}")
        }
        named => PALETTE
            .iter()
            .find(|(c, _)| *c == named)
            .map_or_else(|| default.to_owned(), |(_, h)| (*h).to_owned()),
    }
}

/// A picture, on the background that the theme is made for. Each run of one style is one text element, stretched to its cells,
/// so that any font keeps the columns.
pub fn svg(buf: &Buffer, theme: &Theme) -> String {
    let background = hex(theme.background.unwrap_or(Color::Reset), BACKGROUND);
    let foreground = hex(theme.style(Role::Text).fg.unwrap_or(Color::Reset), FOREGROUND);
    let (columns, lines) = (u32::from(buf.area.width), u32::from(buf.area.height));
    let (width, height) = (columns * W + 16, lines * H + 16);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{background}\"/>\n\
         <g font-family=\"'JetBrains Mono','DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace\" font-size=\"15\" xml:space=\"preserve\">\n"
    );
    for (row, y) in rows(buf).iter().zip(0u32..) {
        let mut x = 0u32;
        let mut at = 0;
        while let Some(first) = row.get(at) {
            let style = |c: &Cell| (c.fg, c.bg, c.modifier);
            let run: Vec<&&Cell> = row.iter().skip(at).take_while(|c| style(c) == style(first)).collect();
            let words: String = run.iter().map(|c| c.symbol()).collect();
            let cells = u32::try_from(unicode_width::UnicodeWidthStr::width(words.as_str())).unwrap_or(0);
            let (mut fg, mut bg) = (hex(first.fg, &foreground), hex(first.bg, &background));
            if first.modifier.contains(Modifier::REVERSED) {
                std::mem::swap(&mut fg, &mut bg);
            }
            let (px, py) = (8 + x * W, 8 + y * H);
            if bg != background {
                let _ = writeln!(
                    out,
                    "<rect x=\"{px}\" y=\"{py}\" width=\"{}\" height=\"{H}\" fill=\"{bg}\"/>",
                    cells * W
                );
            }
            let lead = words.len() - words.trim_start().len();
            let shown = words.trim();
            if !shown.is_empty() {
                let mut extra = String::new();
                if first.modifier.contains(Modifier::BOLD) {
                    extra.push_str(" font-weight=\"bold\"");
                }
                if first.modifier.contains(Modifier::DIM) {
                    extra.push_str(" opacity=\"0.7\"");
                }
                if first.modifier.contains(Modifier::ITALIC) {
                    extra.push_str(" font-style=\"italic\"");
                }
                if first.modifier.contains(Modifier::UNDERLINED) {
                    extra.push_str(" text-decoration=\"underline\"");
                }
                let lead = u32::try_from(lead).unwrap_or(0);
                let length = u32::try_from(unicode_width::UnicodeWidthStr::width(shown)).unwrap_or(0) * W;
                let _ = writeln!(
                    out,
                    "<text x=\"{}\" y=\"{}\" fill=\"{fg}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"{extra}>{}</text>",
                    px + lead * W,
                    py + 14,
                    escape(shown)
                );
            }
            x += cells;
            at += run.len();
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
