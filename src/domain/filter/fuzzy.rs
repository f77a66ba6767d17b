//! The fuzzy search: words whose letters occur in a cell in their order, the nearer together the better.
//!
//! A word is held against each cell by itself, so that its letters are not found strewn over a whole row. Never: threads, or
//! in which order equal rows come. Called by `query` for single rows, and for very many by who has a thread for it.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{FilterError, short};
use crate::domain::haystack::Haystack;

/// The longest word, in letters: the matcher's table grows with it.
const MOST_LETTERS: usize = 64;
/// The most letters of a cell that are looked at.
const MOST_OF_CELL: usize = 512;
/// So many rows are gone through between two questions whether to go on.
const ROWS_AT_ONCE: usize = 512;

/// Words of which each has to be found.
#[derive(Clone, Debug, Default)]
pub struct Fuzzy {
    words: Vec<Atom>,
}

/// What a search needs to work: made once for many rows, for it is large. Nothing until something is looked for.
#[derive(Default)]
pub struct Scratch {
    matcher: Option<Matcher>,
    chars: Vec<char>,
}

impl Scratch {
    fn parts(&mut self) -> (&mut Matcher, &mut Vec<char>) {
        (self.matcher.get_or_insert_with(|| Matcher::new(Config::DEFAULT)), &mut self.chars)
    }

    fn score(&mut self, word: &Atom, cell: &str) -> Option<u16> {
        let (matcher, chars) = self.parts();
        word.score(Utf32Str::new(head(cell), chars), matcher)
    }
}

/// The beginning of a cell, in which is looked.
fn head(cell: &str) -> &str {
    cell.get(..cell.floor_char_boundary(MOST_OF_CELL)).unwrap_or(cell)
}

impl Fuzzy {
    /// One word more.
    pub(super) fn add(&mut self, word: &str) -> Result<(), FilterError> {
        if word.chars().count() > MOST_LETTERS {
            return Err(FilterError::TooLarge { text: short(word) });
        }
        self.words.push(Atom::new(word, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false));
        Ok(())
    }

    /// It has no words.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How well a row with these cells is found: of each word its best cell. `None`: not at all.
    pub fn score(&self, cells: &[&str], scratch: &mut Scratch) -> Option<u32> {
        self.words.iter().map(|w| best(scratch, w, cells).map(|(_, score)| u32::from(score))).sum()
    }

    /// Goes through rows, those of `among` alone when that is said, and tells each that is found with its score. Ends when
    /// `goes_on` says so.
    pub fn each(
        &self,
        rows: &Haystack,
        among: Option<&[bool]>,
        goes_on: impl Fn() -> bool,
        mut tell: impl FnMut(usize, u32),
    ) {
        let mut scratch = Scratch::default();
        // Rows that follow each other have most of their cells alike: of each word and cell the last text, and its score.
        let mut last: Vec<Vec<(&str, Option<u16>)>> = vec![Vec::new(); self.words.len()];
        for row in 0..rows.len() {
            if row.is_multiple_of(ROWS_AT_ONCE) && !goes_on() {
                return;
            }
            if among.is_some_and(|those| !those.get(row).copied().unwrap_or(false)) {
                continue;
            }
            let mut sum = Some(0u32);
            for (word, last) in self.words.iter().zip(&mut last) {
                let mut most = None;
                for (at, cell) in rows.cells(row).enumerate() {
                    if at == last.len() {
                        last.push(("", None));
                    }
                    let Some(known) = last.get_mut(at) else { break };
                    if known.0 != cell {
                        *known = (cell, scratch.score(word, cell));
                    }
                    most = most.max(known.1);
                }
                sum = sum.zip(most).map(|(sum, most)| sum + u32::from(most));
                if sum.is_none() {
                    break;
                }
            }
            if let Some(score) = sum {
                tell(row, score);
            }
        }
    }

    /// The letters that were found, by their number in each cell.
    pub(super) fn letters(&self, cells: &[&str], scratch: &mut Scratch) -> Vec<Vec<usize>> {
        let mut out = vec![Vec::new(); cells.len()];
        let mut found = Vec::new();
        for word in &self.words {
            let Some((at, _)) = best(scratch, word, cells) else { continue };
            let (Some(cell), Some(letters)) = (cells.get(at), out.get_mut(at)) else { continue };
            // The matcher counts what is seen as one letter; of cells where that is not one `char` nothing is marked.
            found.clear();
            let (matcher, chars) = scratch.parts();
            let text = Utf32Str::new(head(cell), chars);
            if text.len() == head(cell).chars().count() && word.indices(text, matcher, &mut found).is_some() {
                letters.extend(found.iter().map(|i| *i as usize));
            }
        }
        out
    }
}

/// The cell a word is found in best, the first of equals.
fn best(scratch: &mut Scratch, word: &Atom, cells: &[&str]) -> Option<(usize, u16)> {
    let mut best: Option<(usize, u16)> = None;
    for (at, cell) in cells.iter().enumerate() {
        let score = scratch.score(word, cell);
        if let Some(score) = score.filter(|s| best.is_none_or(|(_, most)| *s > most)) {
            best = Some((at, score));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fuzzy(words: &str) -> Fuzzy {
        let mut out = Fuzzy::default();
        words.split_whitespace().for_each(|w| out.add(w).unwrap());
        out
    }

    #[test]
    fn the_nearer_together_the_better() {
        let of = |cells: &[&str]| fuzzy("web").score(cells, &mut Scratch::default());
        assert!(of(&["web-1"]) > of(&["w-e-b"]));
        assert!(of(&["my-web"]) > of(&["mywaeb"]));
        assert_eq!(of(&["w", "e", "b"]), None, "not strewn over cells");
        assert_eq!(of(&["bew"]), None);
        assert!(fuzzy("WEB").score(&["web"], &mut Scratch::default()).is_some());
        assert!(fuzzy("web prd").score(&["prod-a", "web-1"], &mut Scratch::default()).is_some());
        assert_eq!(fuzzy("web prd").score(&["dev-a", "web-1"], &mut Scratch::default()), None);
    }

    #[test]
    fn too_long_is_refused() {
        assert!(Fuzzy::default().add(&"x".repeat(65)).is_err());
    }

    #[test]
    fn it_ends_when_nobody_waits() {
        let mut rows = Haystack::default();
        (0..2_000).for_each(|_| rows.push(["web"]));
        let mut told = 0;
        let asked = std::cell::Cell::new(0);
        let goes_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        fuzzy("web").each(&rows, None, goes_on, |_, _| told += 1);
        assert_eq!(told, 2 * ROWS_AT_ONCE);
    }

    proptest! {
        #[test]
        fn rows_score_as_each_does_by_itself(
            rows in prop::collection::vec(prop::collection::vec("[a-cA-C.é-]{0,6}", 0..4), 0..12),
            words in "[a-cé]{1,3}( [a-c]{1,2})?",
            among in prop::collection::vec(any::<bool>(), 12),
        ) {
            let fuzzy = fuzzy(&words);
            let mut hay = Haystack::default();
            for row in &rows {
                hay.push(row.iter().map(String::as_str));
            }
            let mut told = Vec::new();
            fuzzy.each(&hay, Some(&among), || true, |row, score| told.push((row, score)));
            let mut each = Vec::new();
            for (n, row) in rows.iter().enumerate().filter(|(n, _)| among[*n]) {
                let cells: Vec<&str> = row.iter().map(String::as_str).collect();
                each.extend(fuzzy.score(&cells, &mut Scratch::default()).map(|score| (n, score)));
            }
            prop_assert_eq!(told, each);
        }
    }
}
