//! `Fleet::apply`: the one place where the model changes.

use crate::domain::context;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::pod::PodRow;
use crate::domain::text::SafeText;

use super::Fleet;
use super::cluster::{Cluster, Key, Load};
use super::delta::{Delta, Row, Update};
use super::index::Tally;

impl Fleet {
    /// Takes a source's words in. Deltas of clusters that are not in the fleet are dropped.
    pub fn apply(&mut self, update: Update) {
        self.revision += 1;
        match update {
            Update::Catalogue(catalogue) => self.catalogue = Some(catalogue),
            Update::Cluster(batch) => {
                let Some(cluster) = self.clusters.get_mut(batch.cluster.index()) else { return };
                cluster.revision += 1;
                for delta in batch.deltas {
                    cluster.apply(delta);
                }
            }
        }
    }
}

impl Cluster {
    fn apply(&mut self, delta: Delta) {
        match delta {
            Delta::Phase(phase) => self.phase = phase,
            Delta::Version(version) => self.version = version,
            Delta::Identity(identity) => self.identity = identity,
            Delta::Latency { millis } => self.latency_millis = Some(millis),
            Delta::Loading { kind, done, total } => {
                // A relist behind rows that are shown stays silent: they are replaced as a whole when it is done.
                if !self.is_loaded(kind) {
                    self.loads.insert(kind, Load::Loading { done, total });
                }
            }
            Delta::Refused { kind, cause } => {
                self.clear(kind);
                self.loads.insert(kind, Load::Refused(cause));
            }
            Delta::Dropped { kind } => {
                self.clear(kind);
                self.loads.remove(&kind);
            }
            Delta::Reset { kind, rows } => {
                self.clear(kind);
                for row in rows {
                    self.upsert(row);
                }
                self.loads.insert(kind, Load::Ready);
                if kind == Kind::Node {
                    self.refine_place();
                }
            }
            Delta::Upsert(row) => self.upsert(row),
            Delta::Remove { kind, namespace, name } => self.remove(kind, namespace, name),
            Delta::Usage(usage) => {
                self.usage_nodes = usage.nodes.into_iter().collect();
                self.usage_pods = usage.pods.into_iter().map(|(ns, name, a)| ((ns, name), a)).collect();
            }
        }
    }

    fn upsert(&mut self, row: Row) {
        match row {
            Row::Namespace(row) => {
                self.namespaces.insert(row.meta.name.clone(), row);
            }
            Row::Node(row) => {
                self.tally.add(&Tally::of_node(&row));
                if let Some(old) = self.nodes.insert(row.meta.name.clone(), *row) {
                    self.tally.sub(&Tally::of_node(&old));
                }
            }
            Row::Workload(row) => {
                let new = Tally::of_workload(&row);
                let key = (row.meta.namespace.clone(), row.meta.name.clone());
                let old = self.workloads.entry(row.kind).or_default().insert(key.clone(), *row);
                self.count(&key.0, &new, old.as_ref().map(Tally::of_workload).as_ref());
            }
            Row::Pod(row) => {
                let new = Tally::of_pod(&row);
                let key = (row.meta.namespace.clone(), row.meta.name.clone());
                self.bind(&row, true);
                let old = self.pods.insert(key.clone(), *row);
                if let Some(old) = &old {
                    self.bind(old, false);
                }
                self.count(&key.0, &new, old.as_ref().map(Tally::of_pod).as_ref());
            }
            Row::Other(row) => {
                let key = (row.meta.namespace.clone(), row.meta.name.clone());
                self.others.entry(row.kind).or_default().insert(key, *row);
            }
        }
    }

    fn remove(&mut self, kind: Kind, namespace: SafeText, name: SafeText) {
        let key: Key = (namespace, name);
        let gone = match kind {
            Kind::Namespace => {
                self.namespaces.remove(&key.1);
                None
            }
            Kind::Node => {
                if let Some(old) = self.nodes.remove(&key.1) {
                    self.tally.sub(&Tally::of_node(&old));
                }
                None
            }
            Kind::Pod => self.pods.remove(&key).map(|p| {
                self.bind(&p, false);
                Tally::of_pod(&p)
            }),
            k if k.is_workload() => {
                self.workloads.get_mut(&k).and_then(|rows| rows.remove(&key)).map(|w| Tally::of_workload(&w))
            }
            k => {
                if let Some(rows) = self.others.get_mut(&k) {
                    rows.remove(&key);
                }
                None
            }
        };
        if let Some(gone) = gone {
            self.count(&key.0, &Tally::default(), Some(&gone));
        }
    }

    /// Counts a pod on its node, or takes it off.
    fn bind(&mut self, pod: &PodRow, on: bool) {
        if pod.node.is_empty() || pod.is_terminal() {
            return;
        }
        let n = self.pods_on.entry(pod.node.clone()).or_default();
        *n = if on { *n + 1 } else { n.saturating_sub(1) };
        if *n == 0 {
            self.pods_on.remove(&pod.node);
        }
    }

    /// Adds `new` and takes `old` away, in the cluster's and the namespace's sums.
    fn count(&mut self, namespace: &SafeText, new: &Tally, old: Option<&Tally>) {
        let tally = self.by_namespace.entry(namespace.clone()).or_default();
        tally.add(new);
        self.tally.add(new);
        if let Some(old) = old {
            tally.sub(old);
            self.tally.sub(old);
        }
        if *tally == Tally::default() {
            self.by_namespace.remove(namespace);
        }
    }

    fn clear(&mut self, kind: Kind) {
        match kind {
            Kind::Namespace => self.namespaces.clear(),
            Kind::Node => {
                for node in std::mem::take(&mut self.nodes).values() {
                    self.tally.sub(&Tally::of_node(node));
                }
            }
            Kind::Pod => {
                self.pods_on.clear();
                for ((ns, _), pod) in std::mem::take(&mut self.pods) {
                    self.count(&ns, &Tally::default(), Some(&Tally::of_pod(&pod)));
                }
            }
            k if k.is_workload() => {
                for ((ns, _), w) in self.workloads.remove(&k).unwrap_or_default() {
                    self.count(&ns, &Tally::default(), Some(&Tally::of_workload(&w)));
                }
            }
            k => {
                self.others.remove(&k);
            }
        }
    }

    /// What nodes tell about cloud, account and region, where the kubeconfig did not say for certain.
    fn refine_place(&mut self) {
        let nodes: Vec<&NodeRow> = self.nodes.values().take(5).collect();
        self.info.place = context::refine(&self.info.place, &nodes);
    }
}
