//! One cluster of the fleet: who and where it is, how its connection stands, its rows and their sums.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::object::OtherRow;
use crate::domain::place::Place;
use crate::domain::pod::PodRow;
use crate::domain::resources::Amount;
use crate::domain::scope::{ClusterAt, TreeNode};
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;

use super::counted::Counted;
use super::delta::{NamespaceRow, Row, Traffic};
use super::index::Tally;
use super::node_cost::{NodeCost, NodeCosts};
use super::phase::Phase;
use super::rules::Rules;
use super::served::{ServedKinds, Table};
use super::usage::Measured;

/// Who and where a cluster is: fixed when the fleet is made, apart from what its nodes tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterInfo {
    /// Its number.
    pub id: ClusterId,
    /// The context that acts for it.
    pub context: SafeText,
    /// Other contexts that lead to the same server.
    pub other_contexts: Vec<SafeText>,
    /// Where it is.
    pub place: Place,
    /// prod, staging, dev or unknown.
    pub environment: Environment,
    /// The server's address, for people.
    pub server: SafeText,
    /// The identity by the kubeconfig's words: the user entry, `as X` when impersonating.
    pub user: SafeText,
    /// Whom it impersonates; empty: nobody.
    pub acting_as: SafeText,
    /// How it signs in, in words.
    pub auth: SafeText,
    /// Removes every write.
    pub read_only: bool,
    /// The groups of the settings that it is in.
    pub groups: Vec<SafeText>,
    /// What the settings call it; empty: what it is called by itself.
    pub called: SafeText,
}

impl ClusterInfo {
    /// For scopes.
    pub fn at(&self) -> ClusterAt<'_> {
        let (environment, groups) = (self.environment, self.groups.as_slice());
        ClusterAt { environment, groups, ..ClusterAt::new(self.id, &self.place, &self.context) }
    }

    /// Asks for a word before writes.
    pub fn is_protected(&self) -> bool {
        self.environment == Environment::Prod
    }

    /// The short name on rows: what the settings call it, else the cluster's own.
    pub fn name(&self) -> &SafeText {
        [&self.called, &self.place.cluster].into_iter().find(|n| !n.is_empty()).unwrap_or(&self.context)
    }
}

#[cfg(test)]
impl ClusterInfo {
    /// A cluster for tests, of that name and place; nothing else is known of it.
    pub(crate) fn sample(name: &str, place: Place) -> Self {
        Self {
            id: ClusterId(0),
            context: name.into(),
            other_contexts: Vec::new(),
            place,
            environment: Environment::Dev,
            server: SafeText::empty(),
            user: SafeText::empty(),
            acting_as: SafeText::empty(),
            auth: SafeText::empty(),
            read_only: false,
            groups: Vec::new(),
            called: SafeText::empty(),
        }
    }
}

impl Cluster {
    /// Whether there is something here of an app, or of a namespace of all clusters.
    pub fn has(&self, node: &TreeNode) -> bool {
        match node {
            TreeNode::App(ns, kind, name) => self.workload(*kind, ns, name).is_some(),
            TreeNode::Namespaces(ns) => {
                self.by_namespace.contains_key(ns) || self.namespaces().any(|n| n.meta.name == *ns)
            }
            _ => true,
        }
    }
}

/// From so many milliseconds on a cluster is slow.
const SLOW_MILLIS: u32 = 2_000;

/// A namespace and name.
pub type Key = (SafeText, SafeText);

/// How the list of one kind stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Load {
    /// On its way.
    Loading {
        /// Rows so far.
        done: usize,
        /// In all, when known.
        total: Option<usize>,
    },
    /// Complete and watched.
    Ready,
    /// Was complete, and is not current any more: its rows are as of [`Lack::since`].
    Old(Lack),
    /// Never came whole.
    Absent(Lack),
}

impl Load {
    /// What is the matter with it, if anything is.
    pub const fn lack(&self) -> Option<&Lack> {
        match self {
            Self::Loading { .. } | Self::Ready => None,
            Self::Old(lack) | Self::Absent(lack) => Some(lack),
        }
    }
}

/// Why a kind is not current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Since when.
    pub since: Timestamp,
    /// In the server's words.
    pub cause: SafeText,
    /// By what the reader can do.
    pub why: Why,
}

/// What kind of lack it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server fails, or does not answer; it is asked again all the time.
    Trouble,
    /// The server says that we may not (403).
    Refused,
    /// The server does not have the kind (404).
    NotServed,
}

/// One cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Who and where.
    pub info: ClusterInfo,
    /// The connection.
    pub phase: Phase,
    /// `gitVersion`; empty until known.
    pub version: SafeText,
    /// Who the server says we are; empty until known.
    pub identity: SafeText,
    /// A health request, in milliseconds: the last that took much longer or shorter than the one before.
    pub latency_millis: Option<u32>,
    /// What it is asked and answers.
    pub traffic: Traffic,
    /// What its credentials are, and until when they are good, where they say so.
    pub expires: Option<(&'static str, Timestamp)>,
    /// When it is tried again, while it waits for that.
    pub next_try: Option<Timestamp>,
    /// By kind: how its list stands.
    pub loads: BTreeMap<Kind, Load>,
    /// Kinds of which only one namespace may be read, and which.
    pub within: BTreeMap<Kind, SafeText>,
    /// Its pods are not all watched.
    pub counted: Option<Counted>,
    /// Which kinds it serves that are not built in.
    pub served: ServedKinds,
    /// By kind that is not built in: where the cells of its rows belong.
    pub(super) tables: BTreeMap<Kind, Table>,
    /// Kinds whose rows are those of an earlier run: names and states alone.
    pub(super) last_known: BTreeSet<Kind>,
    pub(super) namespaces: BTreeMap<SafeText, NamespaceRow>,
    pub(super) nodes: BTreeMap<SafeText, NodeRow>,
    pub(super) workloads: BTreeMap<Kind, BTreeMap<Key, WorkloadRow>>,
    /// Boxed: the map keeps room for more than it holds.
    pub(super) pods: BTreeMap<Key, Box<PodRow>>,
    pub(super) others: BTreeMap<Kind, BTreeMap<Key, OtherRow>>,
    pub(super) tally: Tally,
    pub(super) by_namespace: BTreeMap<SafeText, Tally>,
    /// Pods that are bound to a node and not finished, by node.
    pub(super) pods_on: HashMap<SafeText, u32>,
    pub(super) node_costs: NodeCosts,
    pub(super) rules: Arc<Rules>,
    /// It was live and has not been since.
    pub(super) lost: bool,
    pub(super) measured: Measured,
    /// Grows with each change of rows; what is computed from rows is kept with this number.
    pub revision: u64,
    /// Grows when a row comes or goes: as long as it stays, the same rows are there, whatever they say.
    pub shape: u64,
}

impl Cluster {
    /// A cluster nothing is known of but who it is.
    pub fn new(info: ClusterInfo) -> Self {
        Self {
            info,
            phase: Phase::Idle,
            version: SafeText::empty(),
            identity: SafeText::empty(),
            latency_millis: None,
            traffic: Traffic::default(),
            expires: None,
            next_try: None,
            loads: BTreeMap::new(),
            within: BTreeMap::new(),
            counted: None,
            served: ServedKinds::default(),
            tables: BTreeMap::new(),
            last_known: BTreeSet::new(),
            namespaces: BTreeMap::new(),
            nodes: BTreeMap::new(),
            workloads: BTreeMap::new(),
            pods: BTreeMap::new(),
            others: BTreeMap::new(),
            tally: Tally::default(),
            by_namespace: BTreeMap::new(),
            pods_on: HashMap::new(),
            node_costs: NodeCosts::default(),
            rules: Arc::default(),
            lost: false,
            measured: Measured::default(),
            revision: 0,
            shape: 0,
        }
    }

    /// Its number.
    pub fn id(&self) -> ClusterId {
        self.info.id
    }

    /// It answers, but late: two seconds and more for the smallest question.
    pub fn is_slow(&self) -> bool {
        self.phase == Phase::Live && self.latency_millis.is_some_and(|millis| millis >= SLOW_MILLIS)
    }

    /// Namespaces by name.
    pub fn namespaces(&self) -> impl Iterator<Item = &NamespaceRow> {
        self.namespaces.values()
    }

    /// One namespace.
    pub fn namespace(&self, name: &SafeText) -> Option<&NamespaceRow> {
        self.namespaces.get(name)
    }

    /// Nodes by name.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeRow> {
        self.nodes.values()
    }

    /// Workloads of every kind.
    pub fn workloads(&self) -> impl Iterator<Item = &WorkloadRow> {
        self.workloads.values().flat_map(BTreeMap::values)
    }

    /// Workloads of one kind.
    pub fn workloads_of(&self, kind: Kind) -> impl Iterator<Item = &WorkloadRow> {
        self.workloads.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// Workloads of one namespace, of every kind.
    pub fn workloads_in<'a>(&'a self, namespace: &'a SafeText) -> impl Iterator<Item = &'a WorkloadRow> {
        self.workloads.values().flat_map(move |rows| in_namespace(rows, namespace))
    }

    /// One workload.
    pub fn workload(&self, kind: Kind, namespace: &SafeText, name: &SafeText) -> Option<&WorkloadRow> {
        self.workloads.get(&kind)?.get(&(namespace.clone(), name.clone()))
    }

    /// Pods by namespace and name.
    pub fn pods(&self) -> impl Iterator<Item = &PodRow> {
        self.pods.values().map(AsRef::as_ref)
    }

    /// Pods of one namespace.
    pub fn pods_in<'a>(&'a self, namespace: &'a SafeText) -> impl Iterator<Item = &'a PodRow> {
        in_namespace(&self.pods, namespace).map(AsRef::as_ref)
    }

    /// Pods by namespace and name, from after one on.
    pub fn pods_after(&self, after: Option<&Key>) -> impl Iterator<Item = (&Key, &PodRow)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.pods.range::<Key, _>((from, Bound::Unbounded)).map(|(key, row)| (key, row.as_ref()))
    }

    /// One pod.
    pub fn pod(&self, namespace: &SafeText, name: &SafeText) -> Option<&PodRow> {
        self.pods.get(&(namespace.clone(), name.clone())).map(AsRef::as_ref)
    }

    /// One node.
    pub fn node(&self, name: &SafeText) -> Option<&NodeRow> {
        self.nodes.get(name)
    }

    /// Rows of a kind that is listed on demand.
    pub fn others(&self, kind: Kind) -> impl Iterator<Item = &OtherRow> {
        self.others.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// One row of a kind that is listed on demand.
    pub fn other(&self, kind: Kind, namespace: &SafeText, name: &SafeText) -> Option<&OtherRow> {
        self.others.get(&kind)?.get(&(namespace.clone(), name.clone()))
    }

    /// Every row of a kind, by namespace and name.
    pub fn rows_of(&self, kind: Kind) -> Vec<Row> {
        match kind {
            Kind::Namespace => self.namespaces().cloned().map(Row::Namespace).collect(),
            Kind::Node => self.nodes().cloned().map(|n| Row::Node(Box::new(n))).collect(),
            Kind::Pod => self.pods().cloned().map(|p| Row::Pod(Box::new(p))).collect(),
            k if k.is_workload() => {
                self.workloads_of(k).cloned().map(|w| Row::Workload(Box::new(w))).collect()
            }
            k => self.others(k).cloned().map(|o| Row::Other(Box::new(o))).collect(),
        }
    }

    /// One row of any kind.
    pub fn find(&self, kind: Kind, namespace: &SafeText, name: &SafeText) -> Option<Row> {
        match kind {
            Kind::Namespace => self.namespaces.get(name).cloned().map(Row::Namespace),
            Kind::Node => self.node(name).cloned().map(|n| Row::Node(Box::new(n))),
            Kind::Pod => self.pod(namespace, name).cloned().map(|p| Row::Pod(Box::new(p))),
            k if k.is_workload() => {
                self.workload(k, namespace, name).cloned().map(|w| Row::Workload(Box::new(w)))
            }
            k => self
                .others
                .get(&k)?
                .get(&(namespace.clone(), name.clone()))
                .cloned()
                .map(|o| Row::Other(Box::new(o))),
        }
    }

    /// Sums over the whole cluster.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Sums over one namespace.
    pub fn tally_in(&self, namespace: &str) -> Tally {
        let mut sum = self.by_namespace.get(namespace).copied().unwrap_or_default();
        sum.is_part = !self.watches_pods_in(namespace);
        sum
    }

    /// What its nodes cost.
    pub fn node_cost(&self) -> &NodeCost {
        self.node_costs.sum()
    }

    /// Pods on a node that are not finished.
    pub fn pods_on(&self, node: &SafeText) -> u32 {
        self.pods_on.get(node).copied().unwrap_or(0)
    }

    /// What a node uses now, when the metrics API told.
    pub fn node_usage(&self, name: &SafeText) -> Option<Amount> {
        self.measured.node(name)
    }

    /// What a pod uses now, when the metrics API told.
    pub fn pod_usage(&self, namespace: &SafeText, name: &SafeText) -> Option<Amount> {
        self.measured.pod(namespace, name)
    }

    /// Whether a kind's rows are or were complete: a number of them can be said.
    pub fn is_loaded(&self, kind: Kind) -> bool {
        matches!(self.loads.get(&kind), Some(Load::Ready | Load::Old(_)))
    }

    /// The watched kinds that are not current. A kind that the server never served lacks nobody.
    pub fn lacks(&self) -> impl Iterator<Item = (Kind, &Lack)> {
        Kind::WATCHED.into_iter().filter_map(|kind| match self.loads.get(&kind)? {
            Load::Absent(Lack { why: Why::NotServed, .. }) | Load::Loading { .. } | Load::Ready => None,
            Load::Absent(lack) | Load::Old(lack) => Some((kind, lack)),
        })
    }

    /// That only one namespace can be read, in words, when that is so.
    pub fn within_words(&self) -> Option<String> {
        let (kind, namespace) = self.within.iter().next()?;
        let more = match self.within.len() {
            1 => String::new(),
            n => format!(" and {} more kinds", n - 1),
        };
        Some(format!("{}{more}: only namespace {namespace} may be read", kind.info().plural))
    }

    /// What the lacking kinds come to in one line: `pods: forbidden (and 2 more kinds)`.
    pub fn lack_words(&self) -> Option<String> {
        let mut lacks = self.lacks();
        let (kind, lack) = lacks.next()?;
        let more = match lacks.count() {
            0 => String::new(),
            1 => " (and 1 more kind)".to_owned(),
            n => format!(" (and {n} more kinds)"),
        };
        Some(format!("{}: {}{more}", kind.info().plural, lack.cause))
    }
}

fn in_namespace<'a, T>(rows: &'a BTreeMap<Key, T>, namespace: &'a SafeText) -> impl Iterator<Item = &'a T> {
    rows.range((namespace.clone(), SafeText::empty())..)
        .take_while(move |((ns, _), _)| ns == namespace)
        .map(|(_, row)| row)
}
