//! What nodes and pods of a cluster use, as the metrics API told last. There may be a hundred thousand pods: names are those of the
//! rows that were there when it told, not copies of them, and there is no room beside what is there.

use std::collections::HashMap;

use crate::domain::resources::Amount;
use crate::domain::text::SafeText;

use super::cluster::Key;
use super::delta::Usage;

/// What is used.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    nodes: HashMap<SafeText, Amount>,
    /// Sorted.
    pods: Box<[(Key, Amount)]>,
}

impl Measured {
    /// What was told, by the keys of the rows where there are such, which come in their order.
    pub(super) fn of<'a>(usage: Usage, rows: impl Iterator<Item = &'a Key>) -> Self {
        let pods = usage.pods.into_iter().map(|(namespace, name, used)| ((namespace, name), used));
        let mut pods: Vec<(Key, Amount)> = pods.collect();
        pods.sort_by(|a, b| a.0.cmp(&b.0));
        // Of two that are told of one pod the last counts.
        pods.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = later.1;
            }
            is_same
        });
        let mut pods = pods.into_boxed_slice();
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
        let usage = Usage {
            nodes: vec![("n1".into(), amount(9))],
            pods: [twice]
                .into_iter()
                .chain(told)
                .map(|(ns, name, cpu)| (ns.into(), name.into(), amount(cpu)))
                .collect(),
        };
        let measured = Measured::of(usage, rows.iter());
        for (ns, name, cpu) in told {
            assert_eq!(measured.pod(&ns.into(), &name.into()), Some(amount(cpu)), "{name}");
        }
        assert_eq!(measured.pod(&"bank".into(), &"web-1".into()), None);
        assert_eq!((measured.node(&"n1".into()), measured.node(&"n2".into())), (Some(amount(9)), None));
        assert!(measured.pods.iter().any(|((_, name), _)| std::ptr::eq(name.as_str(), rows[2].1.as_str())));
    }
}
