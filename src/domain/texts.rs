//! Texts that many rows share: of a hundred thousand pods the namespace, the node and the image are a few hundred words, and
//! each is kept once.
//!
//! Called by each watch for its rows.

use std::collections::HashSet;

use super::text::SafeText;

/// So many are known before those are forgotten that nobody uses any more.
const SWEEP_AT: usize = 2_048;

/// Words that were seen.
#[derive(Debug, Default)]
pub struct Texts {
    known: HashSet<SafeText>,
    /// How many stayed after the last sweep.
    kept: usize,
}

impl Texts {
    /// Makes `text` the same piece of memory as every other of its words.
    pub fn share(&mut self, text: &mut SafeText) {
        if text.is_empty() {
            return;
        }
        if let Some(known) = self.known.get(text) {
            text.clone_from(known);
            return;
        }
        if self.known.len() >= (self.kept * 2).max(SWEEP_AT) {
            self.known.retain(SafeText::is_shared);
            self.kept = self.known.len();
        }
        self.known.insert(text.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_are_one_and_what_nobody_uses_goes() {
        let mut texts = Texts::default();
        let (mut a, mut b) = (SafeText::new("node-1"), SafeText::new("node-1"));
        texts.share(&mut a);
        texts.share(&mut b);
        assert!(std::ptr::eq(a.as_str(), b.as_str()));
        for n in 0..10 * SWEEP_AT {
            texts.share(&mut SafeText::new(&format!("pod-{n}")));
        }
        assert!(texts.known.len() <= SWEEP_AT, "{}", texts.known.len());
        let mut again = SafeText::new("node-1");
        texts.share(&mut again);
        assert!(std::ptr::eq(a.as_str(), again.as_str()));
    }
}
