//! One line of text that is being typed.

use crossterm::event::KeyCode;
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::key::Key;

/// The longest text that is taken.
const MOST: usize = 4096;

/// A line with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    /// In bytes, at a grapheme's edge.
    cursor: usize,
}

impl Line {
    /// A line that begins with a text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or("")
    }

    /// Replaces everything.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Puts text in at the cursor: typing, or a paste. Line ends become blanks, other controls are left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if c == '\n' || c == '\t' { ' ' } else { c };
            if c.is_control() || self.text.len() + c.len_utf8() > MOST {
                continue;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Takes a key; false when it means nothing here.
    pub fn key(&mut self, key: Key) -> bool {
        if let Some(c) = key.typed() {
            self.insert(c.encode_utf8(&mut [0; 4]));
            return true;
        }
        if key.is(KeyCode::Backspace) || key.is_ctrl('h') {
            let to = self.left_of(self.cursor);
            self.text.replace_range(to..self.cursor, "");
            self.cursor = to;
        } else if key.is(KeyCode::Delete) || key.is_ctrl('d') {
            let to = self.right_of(self.cursor);
            self.text.replace_range(self.cursor..to, "");
        } else if key.is(KeyCode::Left) || key.is_ctrl('b') {
            self.cursor = self.left_of(self.cursor);
        } else if key.is(KeyCode::Right) || key.is_ctrl('f') {
            self.cursor = self.right_of(self.cursor);
        } else if key.is(KeyCode::Home) || key.is_ctrl('a') {
            self.cursor = 0;
        } else if key.is(KeyCode::End) || key.is_ctrl('e') {
            self.cursor = self.text.len();
        } else if key.is_ctrl('u') {
            self.text.replace_range(..self.cursor, "");
            self.cursor = 0;
        } else if key.is_ctrl('k') {
            self.text.truncate(self.cursor);
        } else if key.is_ctrl('w') {
            let before = self.before().trim_end();
            let to = before.rfind(' ').map_or(0, |at| at + 1);
            self.text.replace_range(to..self.cursor, "");
            self.cursor = to;
        } else {
            return false;
        }
        true
    }

    fn left_of(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|t| t.grapheme_indices(true).next_back()).map_or(0, |(i, _)| i)
    }

    fn right_of(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|t| t.graphemes(true).next()).map_or(at, |g| at + g.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut Line, keys: &str) {
        for key in Key::parse_all(keys).unwrap() {
            line.key(key);
        }
    }

    #[test]
    fn editing() {
        let mut line = Line::default();
        press(&mut line, "w e b space a p i");
        assert_eq!(line.text(), "web api");
        press(&mut line, "ctrl-w");
        assert_eq!(line.text(), "web ");
        press(&mut line, "backspace home x end");
        assert_eq!(line.text(), "xweb");
        line.insert("日本\u{1b}[31m\n");
        assert_eq!(line.text(), "xweb日本[31m ");
        press(&mut line, "ctrl-u");
        assert_eq!(line.text(), "");
        press(&mut line, "backspace del left right ctrl-k");
        assert_eq!(line.text(), "");
    }
}
