//! The filter of a table of objects: plain words, typed terms, and the fuzzy search that `-f ` begins.
//!
//! Never: how a hundred thousand rows are gone through (`haystack`, and the panes). Called by the tables.

use std::borrow::Cow;

use super::fuzzy::{Fuzzy, Scratch};
use super::term::{Field, Term, Value};
use super::{Filter, FilterError};
use crate::domain::labels::{Labels, Selector};

/// What a row has to be to be shown: all of it has to hold.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// What has to occur in it, and what must not.
    pub words: Filter,
    /// What its fields have to be.
    pub terms: Vec<Term>,
    /// What its labels have to be (`-l`).
    pub labels: Option<Selector>,
    /// What it has to resemble; the best come first.
    pub fuzzy: Option<Fuzzy>,
}

impl Query {
    /// Reads `web restarts>5 !kube-system`, `-l app=web,env!=dev restarts>5`, or `-f chkout restarts>5`, in which plain words are
    /// fuzzy.
    ///
    /// # Errors
    /// A term that is none, or a word that is too large.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut query = Self::default();
        let (selector, text) = selected(text)?;
        query.labels = selector;
        let text = &*text;
        let behind =
            text.trim_start().strip_prefix("-f").filter(|rest| rest.starts_with(char::is_whitespace));
        let mut fuzzy = Fuzzy::default();
        for word in behind.unwrap_or(text).split_whitespace() {
            if let Some(term) = Term::parse(word)? {
                query.terms.extend(Some(term).filter(|t| !t.is_open()));
            } else if behind.is_some() && !word.starts_with('!') {
                fuzzy.add(word)?;
            } else {
                query.words.add(word)?;
            }
        }
        query.fuzzy = Some(fuzzy).filter(|f| !f.is_empty());
        Ok(query)
    }

    /// Whether it lets every row through.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.terms.is_empty() && self.labels.is_none() && self.fuzzy.is_none()
    }

    /// Whether what it finds changes with the time alone.
    pub fn is_of_time(&self) -> bool {
        self.terms.iter().any(|t| t.field() == Field::Age)
    }

    /// Whether its selector and every term hold for a row with these labels, of which `value` knows the fields.
    pub fn holds<'a>(&self, labels: &Labels, value: impl Fn(Field) -> Option<Value<'a>>) -> bool {
        self.labels.as_ref().is_none_or(|selector| selector.matches(labels))
            && self.terms.iter().all(|term| term.passes(value(term.field()).as_ref()))
    }

    /// Whether a row with these cells is shown, as far as its words go.
    pub fn matches(&self, cells: &[&str], scratch: &mut Scratch) -> bool {
        self.words.matches(cells) && self.fuzzy.as_ref().is_none_or(|f| f.score(cells, scratch).is_some())
    }

    /// The letters of each cell that were looked for, by their number in it.
    pub fn letters(&self, cells: &[&str], scratch: &mut Scratch) -> Vec<Vec<usize>> {
        let mut out: Vec<Vec<usize>> = match &self.fuzzy {
            Some(fuzzy) => fuzzy.letters(cells, scratch),
            None => vec![Vec::new(); cells.len()],
        };
        for (cell, letters) in cells.iter().zip(&mut out) {
            if let Some(found) = self.words.find(cell) {
                let before = cell.get(..found.start).map_or(0, |t| t.chars().count());
                let own = cell.get(found).map_or(0, |t| t.chars().count());
                letters.extend(before..before + own);
            }
        }
        out
    }
}

/// The selector behind `-l`, and the text without it.
fn selected(text: &str) -> Result<(Option<Selector>, Cow<'_, str>), FilterError> {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("-l")).map(|at| from + at) {
        let (before, behind) = (text.get(..at).unwrap_or(""), text.get(at + 2..).unwrap_or(""));
        let is_word = before.is_empty() || before.ends_with(char::is_whitespace);
        if is_word && behind.trim().is_empty() {
            // Still to be typed.
            return Ok((None, before.into()));
        }
        if is_word && behind.starts_with(char::is_whitespace) {
            let (selector, rest) = Selector::parse(behind)?;
            return Ok((Some(selector), format!("{before} {rest}").into()));
        }
        from = at + 2;
    }
    Ok((None, text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_every_kind() {
        let row = ["prod-a", "checkout", "web-7c9d8f6b5-2xkqz", "web:2.41.0"];
        let value = |field| match field {
            Field::Cluster => Some(Value::text("prod-a")),
            Field::Restarts => Some(Value::Count(14)),
            _ => None,
        };
        for (text, hit) in [
            ("", true),
            ("web restarts>5", true),
            ("web restarts>5 !checkout", false),
            ("web restarts>20", false),
            ("restarts> web", true),
            ("cluster~prod cpu<1", false),
            ("a=b", false),
            ("-f ckot", true),
            ("ckot", false),
            ("-f web chk", true),
            ("-f web xyz", false),
            ("-f web !checkout", false),
            ("-f web restarts>20", false),
            ("-f ", true),
            ("-f", false),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(
                query.matches(&row, &mut Scratch::default()) && query.holds(&Labels::default(), value),
                hit,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_selector_stands_anywhere() {
        let labels = Labels::new([("app", "web"), ("env", "prod")]);
        for (text, selects, words, terms) in [
            ("-l app=web", Some(true), true, 0),
            ("-l app=api", Some(false), true, 0),
            ("web -l env in (prod, dev) restarts>5", Some(true), false, 1),
            ("-l app=web -f chk", Some(true), true, 0),
            ("-l", None, true, 0),
            ("web -l ", None, false, 0),
            ("a-l", None, false, 0),
            ("-label", None, false, 0),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(query.labels.as_ref().map(|s| s.matches(&labels)), selects, "{text}");
            assert_eq!((query.words.is_empty(), query.terms.len()), (words, terms), "{text}");
            assert_eq!(query.fuzzy.is_some(), text.contains("-f"), "{text}");
        }
        assert_eq!(Query::parse("-l =x").unwrap_err().to_string(), "-l =x: a label is wanted, as in app=web");
    }

    #[test]
    fn letters_are_marked() {
        let query = Query::parse("-f web restarts>1").unwrap();
        assert_eq!(
            query.letters(&["ns", "a-web", "7"], &mut Scratch::default()),
            [vec![], vec![2, 3, 4], vec![]]
        );
        assert_eq!(Query::parse("ß b").unwrap().letters(&["aßb"], &mut Scratch::default()), [vec![1]]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_a_named_error(text in "(-f )?.{0,40}", cell in ".{0,40}") {
            match Query::parse(&text) {
                Ok(query) => {
                    let _ = query.matches(&[&cell], &mut Scratch::default());
                    let letters = query.letters(&[&cell], &mut Scratch::default());
                    prop_assert!(letters.iter().flatten().all(|at| *at < cell.chars().count()));
                }
                Err(error) => prop_assert!(error.to_string().contains(':')),
            }
        }
    }
}
