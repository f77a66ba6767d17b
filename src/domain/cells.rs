//! Text in the cells of a terminal: how many it takes, cut, wrapped; by grapheme, never by bytes.
//!
//! Never: drawing. Called by the widgets and by the tables of the command line.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(UnicodeWidthStr::width(text)).unwrap_or(u16::MAX)
}

/// A text in at most `most` cells; longer text ends in `…`.
pub fn cut(text: &str, most: u16) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
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
    let dots = if most > 0 { "…" } else { "" };
    Cow::Owned(format!("{}{dots}", text.get(..end).unwrap_or("")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_by_width() {
        for (text, most, cut_to) in [
            ("hello", 10, "hello"),
            ("hello world", 6, "hello…"),
            ("日本語のテキスト", 5, "日本…"),
            ("x", 0, ""),
        ] {
            assert_eq!(cut(text, most), cut_to);
        }
        assert_eq!(middle("web-7c9d8f6b5-2xkqz", 9), "web-…xkqz");
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
}
