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
}

impl Haystack {
    /// Adds a row.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for cell in cells {
            self.text.push_str(cell);
            self.text.push('\n');
        }
        self.ends.push(self.text.len());
    }

    /// Adds a row whose texts `write` adds, each ended by a line break.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
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

    fn row(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }

    /// The rows that a pattern occurs in.
    fn hits(&self, pattern: &Pattern) -> Vec<bool> {
        let by_cells = |row| self.row(row).split_terminator('\n').any(|cell| pattern.is_match(cell));
        if pattern.is_of_whole_text() {
            return (0..self.len()).map(by_cells).collect();
        }
        let mut out = vec![false; self.len()];
        let (mut at, mut row) = (0, 0);
        while let Some(found) = pattern.find_from(&self.text, at) {
            // The row it begins in, which is often the next.
            while self.ends.get(row).is_some_and(|end| *end <= found.start) {
                let rest = self.ends.get(row..).unwrap_or_default();
                let near = rest.iter().take(8).take_while(|end| **end <= found.start).count();
                row += if near < 8 { near } else { rest.partition_point(|end| *end <= found.start) };
            }
            let Some(hit) = out.get_mut(row) else { break };
            // What goes over the end of a cell says nothing of any.
            let inside = self.text.get(found.clone()).is_some_and(|text| !text.contains('\n'));
            *hit = inside || by_cells(row);
            at = self.ends.get(row).copied().unwrap_or(self.text.len());
        }
        out
    }
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
            rows in prop::collection::vec(prop::collection::vec("[a-cA-C.é-]{0,6}", 0..4), 0..12),
            words in prop::collection::vec(r"!?[a-c]{1,3}|\^a|b\$|a.c|\[\^a\]\*|a\*|(?:a|b)+|\\Aa|c\\z|!\^b|\\sa|é", 0..3),
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
