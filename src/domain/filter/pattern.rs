//! One word of a filter: plain text or a regular expression, in any case of letters.
//!
//! Never: what is looked through. Called by the filters, by `haystack` and by `logs::filter`.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::{FilterError, short};

/// What makes a text a regular expression rather than plain words. A dot is no such sign: image tags are full of
/// dots, and a plain dot is what people mean.
const META: [char; 12] = ['*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$'];

/// The largest compiled pattern, in bytes: what is typed must not cost memory without end.
const MAX_COMPILED: usize = 1 << 20;

/// One thing to look for, in any case of letters.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// It speaks of where a text as a whole begins or ends.
    of_whole_text: bool,
    /// The small letters of a text that is plain and ASCII: it is found without the expression.
    plain: Option<Box<[u8]>>,
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
            return Ok(Self { regex, of_whole_text, plain: None });
        }
        let regex = compile(&plain).map_err(|_| FilterError::TooLarge { text: short(text) })?;
        let is_plain = text.is_ascii() && !text.is_empty();
        let plain = is_plain.then(|| text.to_ascii_lowercase().into_bytes().into_boxed_slice());
        Ok(Self { regex, of_whole_text: false, plain })
    }

    /// Whether it occurs in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.plain {
            // Letters beyond ASCII may be other cases of ASCII ones.
            Some(small) if text.is_ascii() => holds(text.as_bytes(), small),
            _ => self.regex.is_match(text),
        }
    }

    /// The small letters it consists of, when it is plain text of ASCII letters.
    pub(in crate::domain) fn plain(&self) -> Option<&[u8]> {
        self.plain.as_deref()
    }

    /// Whether it can only be looked for in one cell at a time.
    pub(in crate::domain) fn is_of_whole_text(&self) -> bool {
        self.of_whole_text
    }

    /// Where it occurs next in a text of many lines, from a place on; it may be of no length.
    pub(in crate::domain) fn find_from(&self, text: &str, from: usize) -> Option<Range<usize>> {
        self.regex.find_at(text, from).map(|m| m.range())
    }

    /// Where it occurs first, in bytes; never an empty range.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.regex.find_iter(text).map(|m| m.range()).find(|r| !r.is_empty())
    }
}

/// It has signs of an expression and is none.
pub(super) fn is_broken(text: &str) -> bool {
    (text.contains(META) || text.contains('\\')) && compile(text).is_err()
}

/// Whether small letters occur in a text, in any case.
fn holds(text: &[u8], small: &[u8]) -> bool {
    let Some(first) = small.first().copied() else { return true };
    let starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), text);
    starts
        .map_while(|start| text.get(start..start + small.len()))
        .any(|part| part.eq_ignore_ascii_case(small))
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).size_limit(MAX_COMPILED).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_found_in_any_case() {
        for (word, text, is_in) in [
            ("web", "my-WEB", true),
            ("web", "we", false),
            ("WEB-", "weweb-", true),
            ("k", "\u{212a}", true),
            ("s", "\u{17f}é", true),
            (".", "a", false),
        ] {
            let pattern = Pattern::parse(word).unwrap();
            assert_eq!(pattern.is_match(text), is_in, "{word} {text}");
            assert_eq!(pattern.find(text).is_some(), is_in, "{word} {text}");
        }
    }

    #[test]
    fn an_expression_finds_its_own_text() {
        assert!(Pattern::parse("v1+build").unwrap().is_match("app v1+build"));
        assert!(Pattern::parse("a)(b").unwrap().is_match("xa)(by"));
    }

    #[test]
    fn too_large_is_refused() {
        assert!(Pattern::parse(&"x".repeat(4 << 20)).is_err());
        // As an expression too large, so looked for as text.
        assert!(Pattern::parse("(a{1000}){1000}").unwrap().is_match("(a{1000}){1000}"));
    }
}
