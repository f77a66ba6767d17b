//! Merging: between two reads of the loop a cluster's changes are kept "latest wins" per object, so that a busy
//! cluster costs the loop no more than a quiet one and back-pressure loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;
use crate::fleet::delta::{Batch, Delta, Row, Update};

/// Send at this many waiting objects, without waiting for the time.
pub const FLUSH_AT: usize = 512;

/// Send this long after the first change that waits.
const FLUSH_AFTER: Duration = Duration::from_millis(33);

/// Merges the deltas of one cluster and sends them whenever the loop has room; while it has none, merging goes on.
/// Ends when the last sender of `deltas` is gone, or the loop is.
pub async fn merge(cluster: ClusterId, mut deltas: mpsc::Receiver<Delta>, out: mpsc::Sender<Update>) {
    let mut pending = Pending::new(cluster);
    let mut due: Option<Instant> = None;
    loop {
        let ready = due.is_some_and(|d| pending.len() >= FLUSH_AT || d <= Instant::now());
        tokio::select! {
            delta = deltas.recv() => match delta {
                Some(delta) => {
                    pending.push(delta);
                    due.get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
                }
                None => break,
            },
            permit = out.reserve(), if ready => match permit {
                Ok(permit) => {
                    permit.send(Update::Cluster(pending.take()));
                    due = None;
                }
                Err(_) => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && !ready => {}
        }
    }
    if !pending.is_empty() {
        let _ = out.send(Update::Cluster(pending.take())).await;
    }
}

type Key = (Kind, SafeText, SafeText);

/// The changes of one cluster that wait to be sent.
#[derive(Debug)]
pub struct Pending {
    cluster: ClusterId,
    /// Phase, version, latency …: kept in order.
    status: Vec<Delta>,
    loading: BTreeMap<Kind, Delta>,
    /// Columns, which are said before the lists that have them.
    columns: BTreeMap<Kind, Delta>,
    resets: BTreeMap<Kind, Delta>,
    /// How many pods there are, where they are not all watched.
    counted: Option<Delta>,
    /// Those of single namespaces.
    parts: BTreeMap<SafeText, Delta>,
    /// Kinds that lack or are well again: rows stay, so this stands beside the lists and is said after them.
    lacks: BTreeMap<Kind, Delta>,
    /// `None` is a removal.
    changes: HashMap<Key, Option<Row>>,
}

impl Pending {
    /// Nothing waits.
    pub fn new(cluster: ClusterId) -> Self {
        Self {
            cluster,
            status: Vec::new(),
            loading: BTreeMap::new(),
            columns: BTreeMap::new(),
            resets: BTreeMap::new(),
            counted: None,
            parts: BTreeMap::new(),
            lacks: BTreeMap::new(),
            changes: HashMap::new(),
        }
    }

    /// Takes a change in.
    pub fn push(&mut self, delta: Delta) {
        match delta {
            Delta::Upsert(row) => {
                let key = (row.kind(), row.meta().namespace.clone(), row.meta().name.clone());
                self.changes.insert(key, Some(row));
            }
            Delta::Remove { kind, namespace, name } => {
                self.changes.insert((kind, namespace, name), None);
            }
            Delta::Reset { kind, .. } | Delta::LastKnown { kind, .. } | Delta::Dropped { kind } => {
                if kind == Kind::Pod {
                    self.counted = None;
                    self.parts.clear();
                }
                self.changes.retain(|(k, ..), _| *k != kind);
                self.loading.remove(&kind);
                self.lacks.remove(&kind);
                if matches!(delta, Delta::Dropped { .. }) {
                    self.columns.remove(&kind);
                }
                self.resets.insert(kind, delta);
            }
            Delta::Counted { .. } => self.counted = Some(delta),
            Delta::PodsIn { ref namespace, .. } => {
                self.changes.retain(|(k, ns, _), _| *k != Kind::Pod || ns != namespace);
                self.parts.insert(namespace.clone(), delta);
            }
            // Rows that came before it have other cells, and a list of this kind follows.
            Delta::Columns { kind, .. } => {
                self.changes.retain(|(k, ..), _| *k != kind);
                if matches!(self.resets.get(&kind), Some(Delta::Reset { .. })) {
                    self.resets.remove(&kind);
                }
                self.columns.insert(kind, delta);
            }
            // An answer that failed takes nothing from one that did not.
            Delta::Kinds { ref served, .. } => {
                if served.is_ok() {
                    self.status.retain(|d| !matches!(d, Delta::Kinds { .. }));
                }
                self.status.push(delta);
            }
            Delta::Loading { kind, .. } => {
                self.loading.insert(kind, delta);
            }
            Delta::Lacks { kind, .. } | Delta::Well { kind } => {
                self.lacks.insert(kind, delta);
            }
            Delta::Expires(_) | Delta::NextTry(_) => self.status.push(delta),
            Delta::Latency { .. } => {
                self.status.retain(|d| !matches!(d, Delta::Latency { .. }));
                self.status.push(delta);
            }
            Delta::Traffic(_) => {
                self.status.retain(|d| !matches!(d, Delta::Traffic(_)));
                self.status.push(delta);
            }
            Delta::Phase(_)
            | Delta::Version(_)
            | Delta::Identity(_)
            | Delta::Usage(_)
            | Delta::Within { .. } => self.status.push(delta),
        }
    }

    /// How many objects wait.
    pub fn len(&self) -> usize {
        self.status.len()
            + self.loading.len()
            + self.columns.len()
            + self.resets.len()
            + usize::from(self.counted.is_some())
            + self.parts.len()
            + self.lacks.len()
            + self.changes.len()
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes everything out, as one batch: lists before the changes that came after them, and the phase last, so that
    /// `live` is never said before the rows are there.
    pub fn take(&mut self) -> Batch {
        let mut deltas: Vec<Delta> = Vec::with_capacity(self.len());
        // What was dropped and is wanted again: gone first.
        let (dropped, resets): (BTreeMap<Kind, Delta>, _) = std::mem::take(&mut self.resets)
            .into_iter()
            .partition(|(_, d)| matches!(d, Delta::Dropped { .. }));
        deltas.extend(dropped.into_values());
        deltas.extend(std::mem::take(&mut self.loading).into_values());
        deltas.extend(std::mem::take(&mut self.columns).into_values());
        deltas.extend(resets.into_values());
        deltas.extend(self.counted.take());
        deltas.extend(std::mem::take(&mut self.parts).into_values());
        for ((kind, namespace, name), change) in self.changes.drain() {
            deltas.push(match change {
                Some(row) => Delta::Upsert(row),
                None => Delta::Remove { kind, namespace, name },
            });
        }
        deltas.extend(std::mem::take(&mut self.lacks).into_values());
        deltas.append(&mut self.status);
        Batch { cluster: self.cluster, deltas }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Meta;
    use crate::fleet::delta::NamespaceRow;

    fn row(name: &str, phase: &str) -> Row {
        Row::Namespace(NamespaceRow {
            meta: Meta { name: name.into(), ..Meta::default() },
            phase: phase.into(),
        })
    }

    /// Whatever came in between two reads, the model comes to the same as by each word on its own.
    #[test]
    fn counted_pods_come_before_those_of_namespaces_and_go_with_a_list() {
        let pod = |ns: &str, name: &str| {
            let meta = Meta { namespace: ns.into(), name: name.into(), ..Meta::default() };
            Row::Pod(Box::new(crate::domain::pod::PodRow { meta, ..Default::default() }))
        };
        let part = |ns: &str, rows: Option<Vec<Row>>| Delta::PodsIn { namespace: ns.into(), rows };
        let words = |p: &mut Pending| -> Vec<String> {
            let word = |delta: Delta| format!("{delta:?}").split([' ', '(']).next().unwrap().to_owned();
            p.take().deltas.into_iter().map(word).collect()
        };
        let mut p = Pending::new(ClusterId(0));
        p.push(Delta::Upsert(pod("a", "x")));
        p.push(Delta::Dropped { kind: Kind::Pod });
        p.push(Delta::Counted { total: 9 });
        p.push(part("a", Some(vec![pod("a", "y")])));
        p.push(Delta::Upsert(pod("a", "z")));
        p.push(Delta::Upsert(pod("b", "z")));
        p.push(part("b", None));
        assert_eq!(words(&mut p), ["Dropped", "Counted", "PodsIn", "PodsIn", "Upsert"]);
        assert!(p.is_empty());
        p.push(Delta::Counted { total: 10 });
        p.push(part("a", Some(Vec::new())));
        p.push(Delta::Reset { kind: Kind::Pod, rows: Vec::new() });
        assert_eq!(words(&mut p), ["Reset"]);
    }

    #[test]
    fn columns_come_before_their_list_and_after_what_was_dropped() {
        let (kind, mut p) = (Kind::Lease, Pending::new(ClusterId(0)));
        let columns = || Delta::Columns { kind, columns: Vec::new() };
        let words = |p: &mut Pending| -> Vec<String> {
            let word = |delta: Delta| format!("{delta:?}").split([' ', '(']).next().unwrap().to_owned();
            p.take().deltas.into_iter().map(word).collect()
        };
        p.push(Delta::Reset { kind, rows: Vec::new() });
        p.push(columns());
        assert_eq!(words(&mut p), ["Columns"], "a list of before has other cells");
        p.push(Delta::Dropped { kind });
        p.push(Delta::Loading { kind, done: 0, total: None });
        p.push(columns());
        assert_eq!(words(&mut p), ["Dropped", "Loading", "Columns"]);
        p.push(columns());
        p.push(Delta::Reset { kind, rows: Vec::new() });
        assert_eq!(words(&mut p), ["Columns", "Reset"]);
    }

    #[test]
    fn the_latest_wins_and_a_list_forgets_what_came_before() {
        let mut p = Pending::new(ClusterId(0));
        p.push(Delta::Upsert(row("a", "Active")));
        p.push(Delta::Upsert(row("a", "Terminating")));
        p.push(Delta::Remove { kind: Kind::Namespace, namespace: "".into(), name: "b".into() });
        assert_eq!(p.len(), 2);
        p.push(Delta::Reset { kind: Kind::Namespace, rows: vec![row("c", "Active")] });
        p.push(Delta::Upsert(row("d", "Active")));
        let batch = p.take();
        assert!(matches!(batch.deltas.first(), Some(Delta::Reset { rows, .. }) if rows.len() == 1));
        assert!(matches!(batch.deltas.get(1), Some(Delta::Upsert(r)) if r.meta().name == "d"));
        assert_eq!(batch.deltas.len(), 2);
        assert!(p.is_empty());
    }
}
