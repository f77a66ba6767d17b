//! The plain filter (`/`): words over the cells of a row, and the pattern a word is.
//!
//! Lives here: how a typed text becomes patterns, what matches, and where, for highlighting. Never: which rows
//! there are, or scopes (`scope`). Called by the table panes, the tree and `logs::filter`.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// What makes a text a regular expression rather than plain words. A dot is no such sign: image tags are full of
/// dots, and a plain dot is what people mean.
const META: [char; 12] = ['*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$'];

/// The largest compiled pattern, in bytes: what is typed must not cost memory without end.
const MAX_COMPILED: usize = 1 << 20;

/// A text that cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is too large to look for; use a shorter text or a simpler expression")]
pub struct FilterError {
    text: String,
}

/// One thing to look for, in any case of letters.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// It speaks of where a text as a whole begins or ends.
    of_whole_text: bool,
}

impl Pattern {
    /// Reads `text` as a regular expression when it holds its signs and compiles, else as plain text. An
    /// expression also finds its own text word for word, so that `v1+build` finds `v1+build`.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let plain = regex::escape(text);
        let is_expression = text.contains(META) || text.contains('\\');
        // Compiled alone first: `a)(b` must not become valid by what is put around it.
        if is_expression
            && compile(text).is_ok()
            && let Ok(regex) = compile(&format!("(?:{text})|(?:{plain})"))
        {
            let of_whole_text = ["\\A", "\\z", "(?"].iter().any(|sign| text.contains(sign));
            return Ok(Self { regex, of_whole_text });
        }
        let shown = || FilterError { text: text.chars().take(40).collect() };
        compile(&plain).map(|regex| Self { regex, of_whole_text: false }).map_err(|_| shown())
    }

    /// Whether it occurs in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Whether it can only be looked for in one cell at a time.
    pub(super) fn is_of_whole_text(&self) -> bool {
        self.of_whole_text
    }

    /// Where it occurs next in a text of many lines, from a place on; it may be of no length.
    pub(super) fn find_from(&self, text: &str, from: usize) -> Option<Range<usize>> {
        self.regex.find_at(text, from).map(|m| m.range())
    }

    /// Where it occurs first, in bytes; never an empty range.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.regex.find_iter(text).map(|m| m.range()).find(|r| !r.is_empty())
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).size_limit(MAX_COMPILED).build()
}

/// A filter over rows: every word has to be in some cell, no `!word` in any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    wanted: Vec<Pattern>,
    unwanted: Vec<Pattern>,
}

impl Filter {
    /// Whether it looks for something, and does not only leave something out.
    pub fn looks_for(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Reads `web !kube-system ^api-`: words are parted by blanks and all have to hold. A lone `!` is a word not
    /// yet typed and means nothing.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for word in text.split_whitespace() {
            match word.strip_prefix('!') {
                Some("") => {}
                Some(rest) => filter.unwanted.push(Pattern::parse(rest)?),
                None => filter.wanted.push(Pattern::parse(word)?),
            }
        }
        Ok(filter)
    }

    /// What has to occur.
    pub(super) fn wanted(&self) -> &[Pattern] {
        &self.wanted
    }

    /// What must not.
    pub(super) fn unwanted(&self) -> &[Pattern] {
        &self.unwanted
    }

    /// Whether it lets every row through.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// Whether a row with these cells is shown.
    pub fn matches(&self, cells: &[&str]) -> bool {
        self.wanted.iter().all(|p| cells.iter().any(|c| p.is_match(c)))
            && !self.unwanted.iter().any(|p| cells.iter().any(|c| p.is_match(c)))
    }

    /// The first place in `cell` that a wanted word was found at, in bytes.
    pub fn find(&self, cell: &str) -> Option<Range<usize>> {
        self.wanted.iter().filter_map(|p| p.find(cell)).min_by_key(|r| r.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows() {
        let row = ["prod-a", "checkout", "web-7c9d8f6b5-2xkqz", "web:2.41.0"];
        for (text, hit) in [
            ("", true),
            ("WEB", true),
            ("checkout web", true),
            ("checkout api", false),
            ("!api", true),
            ("!checkout", false),
            ("web !kube", true),
            ("!", true),
            ("^web-", true),
            ("^eb", false),
            ("api|web", true),
            ("2.41", true),
            ("web-(", false),
            ("[", false),
        ] {
            assert_eq!(Filter::parse(text).unwrap().matches(&row), hit, "{text:?}");
        }
    }

    #[test]
    fn an_expression_finds_its_own_text() {
        assert!(Pattern::parse("v1+build").unwrap().is_match("app v1+build"));
        assert!(Pattern::parse("a)(b").unwrap().is_match("xa)(by"));
    }

    #[test]
    fn ranges_are_of_the_cell() {
        let filter = Filter::parse("ß b").unwrap();
        assert_eq!(filter.find("aßb"), Some(1..3));
        assert_eq!(filter.find("xyz"), None);
        assert_eq!(Filter::parse("x*").unwrap().find("aa"), None);
    }

    #[test]
    fn too_large_is_refused() {
        assert!(Pattern::parse(&"x".repeat(4 << 20)).is_err());
        // As an expression too large, so looked for as text.
        assert!(Pattern::parse("(a{1000}){1000}").unwrap().is_match("(a{1000}){1000}"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter(text in ".{0,40}", cell in ".{0,40}") {
            let filter = Filter::parse(&text).unwrap();
            let _ = filter.matches(&[&cell]);
            if let Some(range) = filter.find(&cell) {
                prop_assert!(cell.get(range).is_some());
            }
        }
    }
}
