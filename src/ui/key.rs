//! A key as key maps write it: `a`, `A`, `ctrl-d`, `shift-tab`, `enter`, `f1`, `ctrl-\`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
    /// Only for keys that are no characters: a character's shift is in the character.
    shift: bool,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("del", KeyCode::Delete),
    ("ins", KeyCode::Insert),
];

impl Key {
    /// The key of a terminal event. Different terminals report the same key in several ways; here it becomes one.
    pub fn of(event: &KeyEvent) -> Self {
        let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let mut ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::BackTab => {
                shift = true;
                KeyCode::Tab
            }
            KeyCode::Char(c) => {
                let c = if shift && c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c };
                shift = false;
                match c {
                    // Control characters that some terminals send as themselves.
                    '\u{0}' => {
                        ctrl = true;
                        KeyCode::Char(' ')
                    }
                    // ctrl-\ arrives as ctrl-4 from terminals without the kitty protocol.
                    '4' if ctrl => KeyCode::Char('\\'),
                    c if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
                    c => KeyCode::Char(c),
                }
            }
            code => code,
        };
        Self { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT), shift }
    }

    /// A key without any beside it.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// Reads a key as key maps write it.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        loop {
            let lower = rest.to_ascii_lowercase();
            if rest.len() > 5 && lower.starts_with("ctrl-") {
                ctrl = true;
                rest = rest.get(5..)?;
            } else if rest.len() > 4 && lower.starts_with("alt-") {
                alt = true;
                rest = rest.get(4..)?;
            } else if rest.len() > 6 && lower.starts_with("shift-") {
                shift = true;
                rest = rest.get(6..)?;
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => {
                let c = if shift { c.to_ascii_uppercase() } else { c };
                shift = false;
                KeyCode::Char(if ctrl { c.to_ascii_lowercase() } else { c })
            }
            _ => {
                let lower = rest.to_ascii_lowercase();
                match NAMES.iter().find(|(n, _)| *n == lower) {
                    Some((_, code)) => *code,
                    None => {
                        KeyCode::F(lower.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n))?)
                    }
                }
            }
        };
        Some(Self { code, ctrl, alt, shift })
    }

    /// Reads keys parted by blanks: `g p`.
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        let keys: Option<Vec<Self>> = text.split_whitespace().map(Self::parse).collect();
        keys.filter(|k| !k.is_empty())
    }

    /// The character it types, when it types one.
    pub const fn typed(self) -> Option<char> {
        match (self.code, self.ctrl, self.alt) {
            (KeyCode::Char(c), false, false) => Some(c),
            _ => None,
        }
    }

    /// Exactly that key without modifiers.
    pub fn is(self, code: KeyCode) -> bool {
        self.code == code && !self.ctrl && !self.alt && !self.shift
    }

    /// Exactly ctrl and that character.
    pub fn is_ctrl(self, c: char) -> bool {
        self.code == KeyCode::Char(c) && self.ctrl && !self.alt
    }

    /// Its modifiers, as a terminal would report them.
    pub fn modifiers(self) -> KeyModifiers {
        let mut out = KeyModifiers::NONE;
        for (set, bit) in [
            (self.ctrl, KeyModifiers::CONTROL),
            (self.alt, KeyModifiers::ALT),
            (self.shift, KeyModifiers::SHIFT),
        ] {
            if set {
                out |= bit;
            }
        }
        out
    }

    /// What it is, without modifiers.
    pub const fn code(self) -> KeyCode {
        self.code
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        if self.shift {
            f.write_str("shift-")?;
        }
        match self.code {
            KeyCode::F(n) => write!(f, "f{n}"),
            code => match (NAMES.iter().find(|(_, c)| *c == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, KeyCode::Char(c)) => write!(f, "{c}"),
                (None, other) => write!(f, "{other:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        for text in [
            "a",
            "A",
            "ctrl-d",
            "enter",
            "shift-tab",
            "f1",
            "space",
            "ctrl-space",
            "ctrl-\\",
            "[",
            "?",
            "-",
            "alt-x",
        ] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Key::parse("shift-a"), Key::parse("A"));
        assert_eq!(Key::parse("nokey"), None);
        assert_eq!(Key::parse_all("g p").unwrap().len(), 2);
    }

    #[test]
    fn events_become_one_key() {
        let event = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers));
        assert_eq!(event(KeyCode::Char('G'), KeyModifiers::SHIFT), Key::parse("G").unwrap());
        assert_eq!(event(KeyCode::Char('g'), KeyModifiers::SHIFT), Key::parse("G").unwrap());
        assert_eq!(event(KeyCode::BackTab, KeyModifiers::NONE), Key::parse("shift-tab").unwrap());
        assert_eq!(event(KeyCode::Char('4'), KeyModifiers::CONTROL), Key::parse("ctrl-\\").unwrap());
        assert_eq!(event(KeyCode::Char('?'), KeyModifiers::SHIFT), Key::parse("?").unwrap());
    }
}
