//! `Fleet::apply`: the one place where the model changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::context;
use crate::domain::cost::catalogue::Catalogue;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::pod::PodRow;
use crate::domain::text::SafeText;

use super::Fleet;
use super::cluster::{Cluster, ClusterInfo, Key, Lack, Load, Why};
use super::delta::{Delta, Roster, Row, Update};
use super::index::Tally;
use super::news::News;
use super::usage::Measured;

/// Changes that are remembered.
const CHANGES: usize = 500;

impl Fleet {
    /// Takes a source's words in, as of `now`. Deltas of clusters that are not in the fleet are dropped.
    pub fn apply(&mut self, update: Update, now: Timestamp) {
        self.revision += 1;
        match update {
            Update::Catalogue(catalogue) => {
                for cluster in &mut self.clusters {
                    cluster.reprice(Some(catalogue.clone()));
                }
                self.catalogue = Some(catalogue);
            }
            Update::Roster(roster) => self.follow(roster),
            Update::Cluster(batch) => {
                let place = self.place(batch.cluster);
                let Some(cluster) = place.and_then(|at| self.clusters.get_mut(at)) else { return };
                let mut news = News::new(batch.cluster, now);
                let mut wider = Vec::new();
                for delta in batch.deltas {
                    wider.extend(self.tables.take(cluster, &delta));
                    match changes(&delta) {
                        Changes::Nothing => {}
                        Changes::Rows => cluster.revision = self.revision,
                        Changes::Shape => (cluster.revision, cluster.shape) = (self.revision, self.revision),
                    }
                    let rows = cluster.row_count();
                    cluster.apply(delta, &mut news);
                    if cluster.row_count() != rows {
                        cluster.shape = self.revision;
                    }
                }
                for kind in wider {
                    self.clusters.iter_mut().for_each(|cluster| self.tables.widen(kind, cluster));
                }
                self.changes.extend(news.changes);
                while self.changes.len() > CHANGES {
                    self.changes.pop_front();
                }
            }
        }
    }
}

/// What of the rows a delta changes.
enum Changes {
    Nothing,
    /// What they say.
    Rows,
    /// Which there are.
    Shape,
}

fn changes(delta: &Delta) -> Changes {
    match delta {
        Delta::Phase(_)
        | Delta::Identity(_)
        | Delta::Loading { .. }
        | Delta::Lacks { .. }
        | Delta::Well { .. }
        | Delta::Within { .. }
        | Delta::Kinds { .. }
        | Delta::Columns { .. }
        | Delta::Expires(_)
        | Delta::NextTry(_)
        | Delta::Latency { .. }
        | Delta::Traffic(_) => Changes::Nothing,
        // One that is new is seen by its number.
        Delta::Upsert(_) | Delta::Remove { .. } | Delta::Usage(_) | Delta::Version(_) => Changes::Rows,
        Delta::Reset { .. }
        | Delta::LastKnown { .. }
        | Delta::Counted { .. }
        | Delta::PodsIn { .. }
        | Delta::Dropped { .. } => Changes::Shape,
    }
}

impl Fleet {
    /// Follows the list of clusters.
    fn follow(&mut self, roster: Roster) {
        self.clusters.retain(|c| !roster.gone.contains(&c.id()));
        for info in roster.renamed {
            if let Some(cluster) = self.place(info.id).and_then(|at| self.clusters.get_mut(at)) {
                cluster.info = info;
                // Its name is in its rows.
                cluster.revision = self.revision;
                self.rules.apply(&mut cluster.info);
                cluster.refine_place();
            }
        }
        for info in roster.anew {
            let new = self.new_cluster(info);
            match self.place(new.id()).and_then(|at| self.clusters.get_mut(at)) {
                Some(cluster) => *cluster = new,
                None => self.clusters.push(new),
            }
        }
        for info in roster.added {
            let new = self.new_cluster(info);
            self.clusters.push(new);
        }
        self.clusters.sort_by_key(Cluster::id);
    }

    fn new_cluster(&self, info: ClusterInfo) -> Cluster {
        let mut cluster = Cluster::new(info);
        self.rules.apply(&mut cluster.info);
        cluster.rules = self.rules.clone();
        cluster.reprice(self.catalogue.clone());
        (cluster.revision, cluster.shape) = (self.revision, self.revision);
        cluster
    }
}

impl Cluster {
    fn row_count(&self) -> usize {
        self.namespaces.len()
            + self.nodes.len()
            + self.pods.len()
            + self.workloads.values().map(BTreeMap::len).sum::<usize>()
            + self.others.values().map(BTreeMap::len).sum::<usize>()
    }

    fn apply(&mut self, delta: Delta, news: &mut News) {
        match delta {
            Delta::Phase(phase) => {
                news.phase(self, &phase);
                self.phase = phase;
            }
            Delta::Version(version) => {
                self.version = version;
                self.refine_place();
            }
            Delta::Identity(identity) => self.identity = identity,
            // Taken in by the tables of all clusters.
            Delta::Columns { .. } | Delta::Kinds { .. } => {}
            Delta::Expires(expires) => self.expires = expires,
            Delta::NextTry(at) => self.next_try = at,
            // What changes by little is no change: a still fleet draws nothing.
            Delta::Latency { millis } => {
                let near = |known: u32| known.abs_diff(millis) <= (known / 2).max(5);
                self.latency_millis = self.latency_millis.filter(|known| near(*known)).or(Some(millis));
            }
            Delta::Traffic(traffic) => {
                if !self.traffic.is_near(traffic) {
                    self.traffic = traffic;
                }
            }
            Delta::Loading { kind, done, total } => {
                // A relist behind rows that are shown stays silent: they are replaced as a whole when it is done.
                if !self.is_loaded(kind) {
                    self.loads.insert(kind, Load::Loading { done, total });
                }
            }
            Delta::Lacks { kind, lack } => self.lack(kind, lack),
            Delta::Well { kind } => {
                if let Some(load) = self.loads.get_mut(&kind) {
                    *load = match std::mem::replace(load, Load::Ready) {
                        Load::Old(_) => Load::Ready,
                        Load::Absent(_) => Load::Loading { done: 0, total: None },
                        load @ (Load::Loading { .. } | Load::Ready) => load,
                    };
                }
            }
            Delta::Within { kind, namespace: Some(namespace) } => {
                self.within.insert(kind, namespace);
            }
            Delta::Within { kind, namespace: None } => {
                self.within.remove(&kind);
            }
            Delta::Dropped { kind } => {
                self.clear(kind);
                self.last_known.remove(&kind);
                self.loads.remove(&kind);
                self.tables.remove(&kind);
            }
            Delta::Counted { total } => self.count_pods(total),
            Delta::PodsIn { namespace, rows } => self.pods_of_namespace(namespace, rows),
            Delta::Reset { kind, rows } => self.reset(kind, rows, news),
            Delta::LastKnown { kind, rows, since, cause } => {
                self.clear(kind);
                self.last_known.insert(kind);
                for row in rows {
                    self.upsert(row);
                }
                self.loads.insert(kind, Load::Old(Lack { since, cause, why: Why::Trouble }));
            }
            // The last words of a watch that has ended.
            Delta::Upsert(Row::Pod(pod))
                if self.counted.is_some() && !self.watches_pods_in(&pod.meta.namespace) => {}
            Delta::Upsert(row) => {
                // Rows of a kind whose list is not complete are not news.
                if self.is_loaded(row.kind()) {
                    match &row {
                        Row::Workload(new) => {
                            let old = self.workload(new.kind, &new.meta.namespace, &new.meta.name);
                            news.workload(old, Some(new));
                        }
                        Row::Node(new) => news.node(self.node(&new.meta.name), Some(new)),
                        Row::Namespace(_) | Row::Pod(_) | Row::Other(_) => {}
                    }
                }
                self.upsert(row);
            }
            Delta::Remove { kind, namespace, name } => {
                if kind == Kind::Node {
                    news.node(self.node(&name), None);
                } else if kind.is_workload() {
                    news.workload(self.workload(kind, &namespace, &name), None);
                }
                self.remove(kind, namespace, name);
            }
            Delta::Usage(usage) => {
                self.measured = Measured::of(usage, self.pods.keys());
            }
        }
    }

    /// A kind is not current any more. While it stays so for one reason, it is so since the first word of it.
    fn lack(&mut self, kind: Kind, mut lack: Lack) {
        let before = self.loads.get(&kind);
        if let Some(known) = before.and_then(Load::lack).filter(|known| known.why == lack.why) {
            lack.since = lack.since.min(known.since);
        }
        let load = if self.is_loaded(kind) { Load::Old(lack) } else { Load::Absent(lack) };
        self.loads.insert(kind, load);
    }

    /// A whole list in the place of what was known. A list after a silence tells what changed meanwhile.
    fn reset(&mut self, kind: Kind, rows: Vec<Row>, news: &mut News) {
        // What changed while nobody watched is no news of now.
        let is_news = !self.last_known.remove(&kind) && self.is_loaded(kind);
        if is_news && kind == Kind::Node {
            let mut before = self.nodes.clone();
            for row in &rows {
                if let Row::Node(new) = row {
                    news.node(before.remove(&new.meta.name).as_ref(), Some(new));
                }
            }
            for old in before.values() {
                news.node(Some(old), None);
            }
        } else if is_news && kind.is_workload() {
            let mut before = self.workloads.get(&kind).cloned().unwrap_or_default();
            for row in &rows {
                if let Row::Workload(new) = row {
                    let key = (new.meta.namespace.clone(), new.meta.name.clone());
                    news.workload(before.remove(&key).as_ref(), Some(new));
                }
            }
            for old in before.values() {
                news.workload(Some(old), None);
            }
        }
        self.clear(kind);
        for row in rows {
            self.upsert(row);
        }
        if kind == Kind::Pod {
            // A tree that grew row by row is half empty; made at once it is full.
            self.pods = std::mem::take(&mut self.pods).into_iter().collect();
        }
        self.loads.insert(kind, Load::Ready);
        if kind == Kind::Node {
            self.refine_place();
        }
    }

    pub(super) fn upsert(&mut self, row: Row) {
        match row {
            Row::Namespace(row) => {
                self.namespaces.insert(row.meta.name.clone(), row);
            }
            Row::Node(row) => {
                self.tally.add(&Tally::of_node(&row));
                // What is not kept (its type, its size) has no price.
                if !self.last_known.contains(&Kind::Node) {
                    self.node_costs.put(&self.info.place, &row);
                }
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
                let old = self.pods.insert(key.clone(), row);
                if let Some(old) = &old {
                    self.bind(old, false);
                }
                self.count(&key.0, &new, old.as_deref().map(Tally::of_pod).as_ref());
            }
            Row::Other(mut row) => {
                if let Some(table) = self.tables.get(&row.kind) {
                    table.place(&mut row);
                }
                let key = (row.meta.namespace.clone(), row.meta.name.clone());
                self.others.entry(row.kind).or_default().insert(key, *row);
            }
        }
    }

    pub(super) fn remove(&mut self, kind: Kind, namespace: SafeText, name: SafeText) {
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
                self.node_costs.remove(&key.1);
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
                    self.node_costs.remove(&node.meta.name);
                }
            }
            Kind::Pod => {
                self.counted = None;
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

    /// What nodes and version tell about cloud, account and region, where the kubeconfig did not say for certain.
    fn refine_place(&mut self) {
        let nodes: Vec<&NodeRow> = self.nodes.values().take(5).collect();
        let place = context::refine(&self.info.place, &nodes, &self.version);
        if place != self.info.place {
            self.info.place = place;
            let rules = self.rules.clone();
            rules.apply(&mut self.info);
            self.reprice(self.node_costs.catalogue());
        }
    }

    /// Other prices, or another place: every node's cost anew.
    fn reprice(&mut self, catalogue: Option<Arc<Catalogue>>) {
        let mut node_costs = std::mem::take(&mut self.node_costs);
        let known = !self.last_known.contains(&Kind::Node);
        node_costs.again(catalogue, &self.info.place, self.nodes.values().filter(|_| known));
        self.node_costs = node_costs;
    }
}
