//! The fuzzy search over many rows: their texts as they were when it began, and in which order they come of it.
//!
//! Never: which rows those are, or a thread to do it on: few are ranked where they are asked for, many by a task (`tasks`).
//! Called by the table of resources.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::domain::filter::fuzzy::Fuzzy;
use crate::domain::haystack::Haystack;

use super::widget::keys::At;

/// What is searched, and for what.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// For what.
    pub fuzzy: Fuzzy,
    /// Lists of rows; of each those that count, where not all do.
    pub lists: Vec<(Arc<Haystack>, Option<Vec<bool>>)>,
}

impl Ranking {
    /// How many rows have to be gone through.
    pub fn len(&self) -> usize {
        let of = |(texts, those): &(Arc<Haystack>, Option<Vec<bool>>)| match those {
            Some(those) => those.iter().filter(|one| **one).count(),
            None => texts.len(),
        };
        self.lists.iter().map(of).sum()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows that are found, the best first, equal ones in the order they came in. What it says when `goes_on` ended it
    /// is not whole.
    pub fn run(&self, goes_on: impl Fn() -> bool) -> Vec<At> {
        let mut found: Vec<(Reverse<u32>, At)> = Vec::new();
        for (list, (texts, those)) in self.lists.iter().enumerate() {
            if !goes_on() {
                break;
            }
            let tell = |row, score| found.push((Reverse(score), At::new(list, row)));
            self.fuzzy.each(texts, those.as_deref(), &goes_on, tell);
        }
        // Their places are in order, so that this is the order of equals too.
        found.sort_unstable();
        found.into_iter().map(|(_, at)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::Query;

    #[test]
    fn the_best_first_and_equals_as_they_came() {
        let list = |rows: &[&str]| {
            let mut texts = Haystack::default();
            for row in rows {
                texts.push([*row]);
            }
            Arc::new(texts)
        };
        let fuzzy = Query::parse("-f web").unwrap().fuzzy.unwrap();
        let lists = vec![
            (list(&["w-e-b", "web", "none", "web"]), None),
            (list(&["web", "web"]), Some(vec![false, true])),
        ];
        let ranking = Ranking { fuzzy, lists };
        assert_eq!(ranking.len(), 5);
        let places = [(0, 1), (0, 3), (1, 1), (0, 0)].map(|(list, row)| At::new(list, row));
        assert_eq!(ranking.run(|| true), places);
        assert!(ranking.run(|| false).is_empty());
    }
}
