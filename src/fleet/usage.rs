//! What nodes and pods of a cluster use, as the metrics API told last. There may be a hundred thousand pods: names are those of the
//! rows that were there when it told, not copies of them, and there is no room beside what is there.

use std::collections::HashMap;

use crate::domain::resources::Amount;
use crate::domain::text::SafeText;

use super::cluster::Key;

/// A reading of the metrics API.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    nodes: Vec<(SafeText, Amount)>,
    /// Sorted, each pod once.
    pods: Vec<(Key, Amount)>,
}

impl Usage {
    /// What was told of nodes and pods, in any order; of two that are told of one pod the last counts.
    pub fn new(nodes: Vec<(SafeText, Amount)>, mut pods: Vec<(Key, Amount)>) -> Self {
        pods.sort_by(|a, b| a.0.cmp(&b.0));
        pods.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = later.1;
            }
            is_same
        });
        Self { nodes, pods }
    }
}

/// What is used, by the names of the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    nodes: HashMap<SafeText, Amount>,
    /// Sorted.
    pods: Box<[(Key, Amount)]>,
}

impl Measured {
    /// What was told, by the keys of the rows where there are such, which come in their order.
    pub(super) fn of<'a>(usage: Usage, rows: impl Iterator<Item = &'a Key>) -> Self {
        let mut pods = usage.pods.into_boxed_slice();
        let mut rows = rows.peekable();
        for (key, _) in &mut pods {
            while rows.next_if(|row| **row < *key).is_some() {}
            if let Some(row) = rows.next_if(|row| **row == *key) {
                key.clone_from(row);
            }
        }
        Self { nodes: usage.nodes.into_iter().collect(), pods }
    }

    /// What a node uses.
    pub(super) fn node(&self, name: &SafeText) -> Option<Amount> {
        self.nodes.get(name).copied()
    }

    /// What a pod uses.
    pub(super) fn pod(&self, namespace: &SafeText, name: &SafeText) -> Option<Amount> {
        let place = self.pods.binary_search_by(|((ns, n), _)| ns.cmp(namespace).then_with(|| n.cmp(name)));
        self.pods.get(place.ok()?).map(|(_, used)| *used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_and_takes_the_name_of_its_row() {
        let amount = |cpu_milli| Amount { cpu_milli, ..Amount::default() };
        let rows: [Key; 3] =
            [("bank", "a"), ("shop", "api"), ("shop", "web-1")].map(|(ns, n)| (ns.into(), n.into()));
        let told = [("shop", "web-2", 2), ("shop", "web-1", 1), ("bank", "web-3", 3)];
        let twice = ("shop", "web-2", 7);
        let pods =
            [twice].into_iter().chain(told).map(|(ns, name, cpu)| ((ns.into(), name.into()), amount(cpu)));
        let usage = Usage::new(vec![("n1".into(), amount(9))], pods.collect());
        let measured = Measured::of(usage, rows.iter());
        for (ns, name, cpu) in told {
            assert_eq!(measured.pod(&ns.into(), &name.into()), Some(amount(cpu)), "{name}");
        }
        assert_eq!(measured.pod(&"bank".into(), &"web-1".into()), None);
        assert_eq!((measured.node(&"n1".into()), measured.node(&"n2".into())), (Some(amount(9)), None));
        assert!(measured.pods.iter().any(|((_, name), _)| std::ptr::eq(name.as_str(), rows[2].1.as_str())));
    }
}
