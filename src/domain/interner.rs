//! The interner, for what many rows share: of a hundred thousand pods the namespaces, nodes, images, owners and what they ask for are a few
//! hundred different ones, and each is kept once.
//!
//! Called by each watch for its rows.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::object::Owner;
use super::pod::Compute;
use super::text::SafeText;

/// So many are known before those are forgotten that nobody uses any more.
const SWEEP_AT: usize = 2_048;

/// What was seen.
#[derive(Debug, Default)]
pub struct Interner {
    texts: Known<SafeText>,
    owners: Known<Arc<Owner>>,
    computes: Known<Arc<Compute>>,
}

impl Interner {
    /// Makes `text` the same piece of memory as every other of its words.
    pub fn share(&mut self, text: &mut SafeText) {
        if !text.is_empty() {
            self.texts.share(text, SafeText::is_shared);
        }
    }

    /// The same of an owner.
    pub fn share_owner(&mut self, owner: &mut Arc<Owner>) {
        self.owners.share(owner, |o| Arc::strong_count(o) > 1);
    }

    /// The same of what a pod asks for.
    pub fn share_compute(&mut self, compute: &mut Arc<Compute>) {
        self.computes.share(compute, |c| Arc::strong_count(c) > 1);
    }
}

/// One of each.
#[derive(Debug)]
struct Known<T> {
    known: HashSet<T>,
    /// How many stayed after the last sweep.
    kept: usize,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { known: HashSet::new(), kept: 0 }
    }
}

impl<T: Clone + Eq + Hash> Known<T> {
    fn share(&mut self, one: &mut T, is_used: impl Fn(&T) -> bool) {
        if let Some(known) = self.known.get(one) {
            one.clone_from(known);
            return;
        }
        if self.known.len() >= (self.kept * 2).max(SWEEP_AT) {
            self.known.retain(is_used);
            self.kept = self.known.len();
        }
        self.known.insert(one.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_are_one_and_what_nobody_uses_goes() {
        let mut interner = Interner::default();
        let (mut a, mut b) = (SafeText::new("node-1"), SafeText::new("node-1"));
        interner.share(&mut a);
        interner.share(&mut b);
        assert!(std::ptr::eq(a.as_str(), b.as_str()));
        for n in 0..10 * SWEEP_AT {
            interner.share(&mut SafeText::new(&format!("pod-{n}")));
        }
        assert!(interner.texts.known.len() <= SWEEP_AT, "{}", interner.texts.known.len());
        let mut again = SafeText::new("node-1");
        interner.share(&mut again);
        assert!(std::ptr::eq(a.as_str(), again.as_str()));
    }

    /// What a pod costs in memory is mostly this; whoever lets it grow should know.
    #[test]
    fn pods_are_small() {
        use crate::domain::pod::{ContainerRow, PodRow};
        assert!(size_of::<PodRow>() <= 184, "{}", size_of::<PodRow>());
        assert!(size_of::<ContainerRow>() <= 48, "{}", size_of::<ContainerRow>());
    }
}
