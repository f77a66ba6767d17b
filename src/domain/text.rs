//! `SafeText`: the one type through which text from outside reaches a screen, a log file or the clipboard.
//!
//! Names, messages, images and log lines of a cluster are hostile: they can hold escape sequences that move
//! the cursor, retitle the terminal or write its clipboard, and invisible characters that turn text around.
//! `SafeText::new` removes them once, at the model's edge; nothing further in has to think about it.

use std::borrow::Cow;
use std::fmt;

use arcstr::ArcStr;

/// The longest text kept, in bytes; what is longer is cut with an ellipsis.
pub const MAX_BYTES: usize = 16 * 1024;

/// Text that holds no control, no escape sequence and no invisible direction mark. Cheap to clone, and eight bytes where it
/// stands in a row, of which there may be a hundred thousand; no memory beside them where it is empty, as most words are.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SafeText(ArcStr);

impl SafeText {
    /// Cleans `text`; see the module's words for what goes.
    pub fn new(text: &str) -> Self {
        Self(ArcStr::from(clean(text)))
    }

    /// The empty text.
    pub const fn empty() -> Self {
        Self(ArcStr::new())
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether others hold the same piece of memory.
    pub fn is_shared(&self) -> bool {
        ArcStr::strong_count(&self.0).is_some_and(|n| n > 1)
    }
}

impl std::hash::Hash for SafeText {
    /// As its text alone: what borrows as a text is found by it.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl std::ops::Deref for SafeText {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl std::borrow::Borrow<str> for SafeText {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Option<String>> for SafeText {
    fn from(text: Option<String>) -> Self {
        text.map_or_else(Self::empty, |t| Self::new(&t))
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl<'de> serde::Deserialize<'de> for SafeText {
    /// What a file says is as hostile as what a server says.
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text: std::borrow::Cow<'de, str> = serde::Deserialize::deserialize(d)?;
        Ok(Self::new(&text))
    }
}

impl serde::Serialize for SafeText {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self)
    }
}

/// Removes escape sequences whole, shows other controls as pictures, replaces invisible direction, joiner and
/// tag characters, turns tabs into spaces and line ends into a visible mark, and cuts at [`MAX_BYTES`].
/// Text that needs none of this is returned as it is.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_BYTES && !text.chars().any(is_suspect) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(MAX_BYTES));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= MAX_BYTES {
            out.push('…');
            break;
        }
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            // The 8-bit forms of CSI, OSC, DCS, SOS, PM and APC.
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\t' => out.push_str("    "),
            '\n' => out.push('⏎'),
            '\r' => {}
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => out.push('\u{fffd}'),
            c if is_invisible(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn is_suspect(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Format characters that change how other text is shown, or hide text: direction marks and overrides, zero-width
/// characters (the joiner of emoji stays), interlinear marks, tags, the byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='~') => {
            // Two-character escapes, with intermediates (`ESC ( B`).
            while matches!(chars.peek(), Some(' '..='/')) {
                chars.next();
            }
            if matches!(chars.peek(), Some('0'..='~')) {
                chars.next();
            }
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Chars<'_>) {
    while matches!(chars.peek(), Some(' '..='?')) {
        chars.next();
    }
    if matches!(chars.peek(), Some('@'..='~')) {
        chars.next();
    }
}

/// Up to BEL or ST, or the end of the text: an unfinished string must not swallow what a later line holds.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' | '\n' => return,
            '\u{1b}' => {
                if chars.peek() == Some(&'\\') {
                    chars.next();
                }
                return;
            }
            _ => {}
        }
    }
}

/// The known word that is most like another, if any is.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let alike = known.map(|k| (strsim::jaro_winkler(k, &word), k)).filter(|(alike, _)| *alike > 0.8);
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_go_whole() {
        for (dirty, clean_text) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}]52;c;ZXZpbA==\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("a\u{1b}P1$r\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("x\u{1b}(By", "xy"),
            ("tab\there", "tab    here"),
            ("two\r\nlines", "two⏎lines"),
            ("nul\0", "nul␀"),
            ("bel\u{7}", "bel␇"),
            ("\u{202e}evil", "\u{fffd}evil"),
            ("zero\u{200b}width", "zero\u{fffd}width"),
            ("日本語 👩‍🚀", "日本語 👩‍🚀"),
        ] {
            assert_eq!(SafeText::new(dirty).as_str(), clean_text, "{dirty:?}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        let text = SafeText::new(&"x".repeat(1_000_000));
        assert!(text.len() <= MAX_BYTES + '…'.len_utf8());
        assert!(text.ends_with('…'));
    }

    proptest! {
        #[test]
        fn never_a_control_left(text in "\\PC*|[\\x00-\\x9f]*|(\u{1b}[\\[\\]P()0-9;a-zA-Z]{0,6}.?)*") {
            let safe = SafeText::new(&text);
            prop_assert!(!safe.chars().any(|c| c.is_control() || is_invisible(c)), "{safe:?}");
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = SafeText::new(&text);
            prop_assert_eq!(SafeText::new(once.as_str()), once);
        }
    }

    #[test]
    fn the_nearest_word() {
        let known = ["restarts", "ready", "cluster"];
        assert_eq!(nearest("restartz", known.into_iter()), Some("restarts"));
        assert_eq!(nearest("Clster", known.into_iter()), Some("cluster"));
        assert_eq!(nearest("zzz", known.into_iter()), None);
    }
}
