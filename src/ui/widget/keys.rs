//! The keys of many rows: lists that others keep too, and in which order their rows are shown. Choosing and sorting a hundred
//! thousand rows moves small numbers and no keys.
//!
//! Called by `rows`, and by panes that choose among rows they keep.

use std::sync::Arc;

/// One row: of which list, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The list.
    pub list: u32,
    /// The row.
    pub row: u32,
}

impl At {
    /// Of two indices. Lists of more than 4,294,967,295 rows are not shown whole.
    pub fn new(list: usize, row: usize) -> Self {
        Self { list: u32::try_from(list).unwrap_or(u32::MAX), row: u32::try_from(row).unwrap_or(u32::MAX) }
    }
}

/// Keys in an order.
#[derive(Clone, Debug)]
pub struct Keys<K> {
    lists: Vec<Arc<Vec<K>>>,
    order: Vec<At>,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self { lists: Vec::new(), order: Vec::new() }
    }
}

impl<K> From<Vec<K>> for Keys<K> {
    fn from(keys: Vec<K>) -> Self {
        let order = (0..keys.len()).map(|row| At::new(0, row)).collect();
        Self { lists: vec![Arc::new(keys)], order }
    }
}

impl<K> Keys<K> {
    /// These rows of these lists.
    pub fn new(lists: Vec<Arc<Vec<K>>>, order: Vec<At>) -> Self {
        Self { lists, order }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn at(&self, at: At) -> Option<&K> {
        self.lists.get(at.list as usize)?.get(at.row as usize)
    }

    /// The key of a row.
    pub fn get(&self, row: usize) -> Option<&K> {
        self.at(*self.order.get(row)?)
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.order.iter().filter_map(|at| self.at(*at))
    }

    /// Those of some rows.
    pub fn some(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = &K> {
        self.order.get(rows).unwrap_or_default().iter().filter_map(|at| self.at(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_several_lists() {
        let lists = vec![Arc::new(vec!['a', 'b']), Arc::new(vec!['c'])];
        let keys = Keys::new(lists, vec![At::new(1, 0), At::new(0, 1)]);
        assert_eq!(keys.iter().collect::<String>(), "cb");
        assert_eq!((keys.len(), keys.get(1), keys.get(2)), (2, Some(&'b'), None));
        assert_eq!(keys.some(1..2).collect::<String>(), "b");
        assert_eq!(keys.some(1..9).count(), 0);
        assert_eq!(Keys::from(vec![1, 2]).iter().sum::<i32>(), 3);
    }
}
