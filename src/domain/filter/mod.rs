//! The filter (`/`): plain words over the cells of a row. What a table of objects adds to them are typed terms and the fuzzy
//! search (`query`).
//!
//! Lives here: how a typed text becomes patterns and terms, what matches, and where, for highlighting. Never: which rows
//! there are, what a row's field is worth (`fleet::field`), or scopes (`scope`). Called by the table panes, the tree and
//! `logs::filter`.

pub mod complete;
pub mod doubt;
pub mod field;
pub mod fuzzy;
mod pattern;
mod query;
pub mod term;
mod value;

use std::ops::Range;

pub use pattern::Pattern;
pub use query::Query;

use super::labels::SelectorError;

/// A text that is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It cannot be looked for.
    #[error("`{text}` is too large to look for; use a shorter text or a simpler expression")]
    TooLarge {
        /// Its beginning.
        text: String,
    },
    /// A typed term whose value is not of its field.
    #[error("{word}: {wanted} is wanted, as in {example}")]
    Value {
        /// The term as it was typed.
        word: String,
        /// What has to stand there.
        wanted: &'static str,
        /// A term that is right.
        example: String,
    },
    /// A selector over labels that is none.
    #[error(transparent)]
    Labels(#[from] SelectorError),
    /// A typed term of a field that no row has.
    #[error("{word}: no field is called `{field}`{}; there are {known}", near.map_or_else(String::new, |near| format!(", perhaps `{near}`")))]
    Field {
        /// The term as it was typed.
        word: String,
        /// What was taken for a field.
        field: String,
        /// One that is much like it.
        near: Option<&'static str>,
        /// Those there are.
        known: String,
    },
}

/// The beginning of a typed word, for an error.
fn short(word: &str) -> String {
    word.chars().take(40).collect()
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
        text.split_whitespace().try_for_each(|word| filter.add(word))?;
        Ok(filter)
    }

    /// One word more.
    fn add(&mut self, word: &str) -> Result<(), FilterError> {
        match word.strip_prefix('!') {
            Some("") => {}
            Some(rest) => self.unwanted.push(Pattern::parse(rest)?),
            None => self.wanted.push(Pattern::parse(word)?),
        }
        Ok(())
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
    fn ranges_are_of_the_cell() {
        let filter = Filter::parse("ß b").unwrap();
        assert_eq!(filter.find("aßb"), Some(1..3));
        assert_eq!(filter.find("xyz"), None);
        assert_eq!(Filter::parse("x*").unwrap().find("aa"), None);
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
