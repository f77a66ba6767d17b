//! Many rows as one text, so that a filter goes through a hundred thousand of them in the time of a key.
//!
//! Never: which rows there are. Filled and searched by the tables; what matches is what [`Filter::matches`] says of each row.

use super::filter::{Filter, Pattern};

/// Rows, each the texts of its cells.
#[derive(Clone, Debug, Default)]
pub struct Haystack {
    /// Cells end with a line break, which no cell holds.
    text: String,
    /// Where each row ends.
    ends: Vec<usize>,
    /// Some text holds a letter beyond ASCII whose small form is ASCII: then the letters of a plain text are not enough.
    has_odd_letters: bool,
}

/// What a small `k` and a small `s` are in other cases, beyond their capitals: the Kelvin sign and the long s.
const ODD_LETTERS: [char; 2] = ['\u{212a}', '\u{17f}'];

impl Haystack {
    /// Adds a row.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.push_with(|text| {
            for cell in cells {
                text.push_str(cell);
                text.push('\n');
            }
        });
    }

    /// Adds a row whose texts `write` adds, each ended by a line break.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        let row = self.text.get(start..).unwrap_or("");
        self.has_odd_letters |= !row.is_ascii() && row.contains(ODD_LETTERS);
        self.ends.push(self.text.len());
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Which rows a filter lets through.
    pub fn matching(&self, filter: &Filter) -> Vec<bool> {
        let mut out = vec![true; self.len()];
        for pattern in filter.wanted() {
            let hits = self.hits(pattern);
            out.iter_mut().zip(hits).for_each(|(kept, hit)| *kept &= hit);
        }
        for pattern in filter.unwanted() {
            let hits = self.hits(pattern);
            out.iter_mut().zip(hits).for_each(|(kept, hit)| *kept &= !hit);
        }
        out
    }

    /// The cells of a row.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        self.row(row).split_terminator('\n')
    }

    fn row(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }

    /// The rows that a pattern occurs in.
    fn hits(&self, pattern: &Pattern) -> Vec<bool> {
        if let Some(plain) = pattern.plain().filter(|_| !self.has_odd_letters) {
            return self.plain_hits(plain);
        }
        let by_cells = |row| self.cells(row).any(|cell| pattern.is_match(cell));
        if pattern.is_of_whole_text() {
            return (0..self.len()).map(by_cells).collect();
        }
        let mut out = vec![false; self.len()];
        let (mut at, mut row) = (0, 0);
        while let Some(found) = pattern.find_from(&self.text, at) {
            row = self.row_at(row, found.start);
            let Some(hit) = out.get_mut(row) else { break };
            // What goes over the end of a cell says nothing of any.
            let inside = self.text.get(found.clone()).is_some_and(|text| !text.contains('\n'));
            *hit = inside || by_cells(row);
            at = self.ends.get(row).copied().unwrap_or(self.text.len());
        }
        out
    }

    /// The row of a place in the text, from a row before it on: it is often the next.
    fn row_at(&self, mut row: usize, place: usize) -> usize {
        while self.ends.get(row).is_some_and(|end| *end <= place) {
            let rest = self.ends.get(row..).unwrap_or_default();
            let near = rest.iter().take(8).take_while(|end| **end <= place).count();
            row += if near < 8 { near } else { rest.partition_point(|end| *end <= place) };
        }
        row
    }

    /// The rows that small letters of ASCII occur in, in any case. They are found by the one that is rarest here: no cell
    /// holds a line break, so what is found is in one cell.
    fn plain_hits(&self, small: &[u8]) -> Vec<bool> {
        let mut out = vec![false; self.len()];
        let text = self.text.as_bytes();
        let Some((before, rarest)) = rarest(small, text) else { return out };
        let capital = rarest.to_ascii_uppercase();
        let (mut at, mut row) = (before, 0);
        loop {
            let Some(rest) = text.get(at..) else { return out };
            let found = if capital == rarest {
                memchr::memchr(rarest, rest)
            } else {
                memchr::memchr2(rarest, capital, rest)
            };
            let Some(found) = found else { return out };
            let start = at + found - before;
            let is_it =
                text.get(start..start + small.len()).is_some_and(|these| these.eq_ignore_ascii_case(small));
            if !is_it {
                at += found + 1;
                continue;
            }
            row = self.row_at(row, start);
            let (Some(hit), Some(end)) = (out.get_mut(row), self.ends.get(row)) else { return out };
            *hit = true;
            at = end + before;
        }
    }
}

/// The letter of a text that occurs least in a sample of `text`, and how many stand before it.
fn rarest(small: &[u8], text: &[u8]) -> Option<(usize, u8)> {
    let mut counts = [0usize; 256];
    for byte in text.iter().take(4096) {
        if let Some(count) = counts.get_mut(usize::from(byte.to_ascii_lowercase())) {
            *count += 1;
        }
    }
    let count = |byte: u8| counts.get(usize::from(byte)).copied().unwrap_or(0);
    small.iter().copied().enumerate().min_by_key(|(_, byte)| count(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Each compiles expressions, which takes its time.
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn rows_match_as_each_does_by_itself(
            rows in prop::collection::vec(prop::collection::vec("[a-cA-C.éksKS\u{212a}\u{17f}-]{0,6}", 0..4), 0..12),
            words in prop::collection::vec(r"!?[a-cA-C]{1,3}|!?[ks.-]{1,2}|\^a|b\$|a.c|\[\^a\]\*|a\*|(?:a|b)+|\\Aa|c\\z|!\^b|\\sa|é", 0..3),
        ) {
            let filter = Filter::parse(&words.join(" ")).unwrap();
            let mut hay = Haystack::default();
            for row in &rows {
                hay.push(row.iter().map(String::as_str));
            }
            let each: Vec<bool> = rows
                .iter()
                .map(|row| filter.matches(&row.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            prop_assert_eq!(hay.matching(&filter), each, "{:?} {:?}", words, rows);
        }
    }
}
