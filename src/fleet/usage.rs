//! What nodes and pods of a cluster use, as the metrics API told last. Of a hundred thousand pods: names are those of the rows, not
//! copies of them, and there is no room beside what is there.

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
    /// What was told; `known` gives the key of a row where there is one of that name.
    pub(super) fn of(usage: Usage, known: impl Fn(&Key) -> Option<Key>) -> Self {
        let mut pods: Box<[(Key, Amount)]> = usage
            .pods
            .into_iter()
            .map(|(namespace, name, used)| {
                let key = (namespace, name);
                (known(&key).unwrap_or(key), used)
            })
            .collect();
        pods.sort_unstable_by(|a, b| a.0.cmp(&b.0));
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
        let row: Key = ("shop".into(), "web-1".into());
        let told = [("shop", "web-2", 2), ("shop", "web-1", 1), ("bank", "web-3", 3)];
        let usage = Usage {
            nodes: vec![("n1".into(), amount(9))],
            pods: told.map(|(ns, name, cpu)| (ns.into(), name.into(), amount(cpu))).into(),
        };
        let measured = Measured::of(usage, |key| (*key == row).then(|| row.clone()));
        for (ns, name, cpu) in told {
            assert_eq!(measured.pod(&ns.into(), &name.into()), Some(amount(cpu)), "{name}");
        }
        assert_eq!(measured.pod(&"bank".into(), &"web-1".into()), None);
        assert_eq!((measured.node(&"n1".into()), measured.node(&"n2".into())), (Some(amount(9)), None));
        assert!(measured.pods.iter().any(|((_, name), _)| std::ptr::eq(name.as_str(), row.1.as_str())));
    }
}
