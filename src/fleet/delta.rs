//! Deltas: the only way anything gets into the fleet. Sources send them in batches per cluster; `Fleet::apply` reads them.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::columns::served::Definition;
use crate::domain::cost::catalogue::Catalogue;
use crate::domain::id::ClusterId;
use crate::domain::interner::Interner;
use crate::domain::kind::{Kind, Served};
use crate::domain::node::NodeRow;
use crate::domain::object::{Meta, OtherRow};
use crate::domain::pod::PodRow;
use crate::domain::quantity::{show_bytes, show_count};
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;

use super::cluster::{ClusterInfo, Lack};
use super::phase::Phase;
use super::usage::Usage;

/// What a source says, in the order it happened.
#[derive(Clone, Debug)]
pub enum Update {
    /// Changes of one cluster.
    Cluster(Batch),
    /// The kubeconfig, or who acts, is another.
    Roster(Roster),
    /// The price catalogue was read.
    Catalogue(Arc<Catalogue>),
}

impl Delta {
    /// The kind whose rows or list it speaks of.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Upsert(row) => Some(row.kind()),
            Self::Loading { kind, .. }
            | Self::Reset { kind, .. }
            | Self::LastKnown { kind, .. }
            | Self::Columns { kind, .. }
            | Self::Remove { kind, .. }
            | Self::Lacks { kind, .. }
            | Self::Well { kind }
            | Self::Within { kind, .. }
            | Self::Dropped { kind } => Some(*kind),
            Self::Counted { .. } | Self::PodsIn { .. } => Some(Kind::Pod),
            Self::Phase(_)
            | Self::Version(_)
            | Self::Identity(_)
            | Self::Kinds { .. }
            | Self::Usage(_)
            | Self::Expires(_)
            | Self::NextTry(_)
            | Self::Latency { .. }
            | Self::Traffic(_) => None,
        }
    }
}

/// How the list of clusters changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// New ones.
    pub added: Vec<ClusterInfo>,
    /// Known ones of which something else is said; what was read of them stays.
    pub renamed: Vec<ClusterInfo>,
    /// Known ones that are entered by other credentials or another way: what was read of them goes.
    pub anew: Vec<ClusterInfo>,
    /// Those that no context leads to any more.
    pub gone: Vec<ClusterId>,
}

impl Roster {
    /// Nothing is another.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes of one cluster, in order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose.
    pub cluster: ClusterId,
    /// What changed.
    pub deltas: Vec<Delta>,
}

/// One change.
#[derive(Clone, Debug)]
pub enum Delta {
    /// The connection's phase changed.
    Phase(Phase),
    /// `/version`'s `gitVersion`.
    Version(SafeText),
    /// Who the server says we are.
    Identity(SafeText),
    /// A list of that kind is on its way: so many rows of so many (when the server says how many).
    Loading {
        /// Which kind.
        kind: Kind,
        /// Rows so far.
        done: usize,
        /// Rows in all, when known.
        total: Option<usize>,
    },
    /// All rows of that kind, replacing what was known: a list is shown whole or not at all.
    Reset {
        /// Which kind.
        kind: Kind,
        /// Every row.
        rows: Vec<Row>,
    },
    /// Rows of that kind as they were when skyfleet last ran: shown until a list takes their place.
    LastKnown {
        /// Which kind.
        kind: Kind,
        /// Every row, with what is kept of it.
        rows: Vec<Row>,
        /// As of when.
        since: Timestamp,
        /// Why they are old, in words.
        cause: SafeText,
    },
    /// The columns of a kind that is not built in, as the server prints it: the cells of its rows are in this order. Rows that
    /// were known before it have others; a list follows.
    Columns {
        /// Which kind.
        kind: Kind,
        /// All that the server says, those that are not shown included.
        columns: Vec<Definition>,
    },
    /// The kinds that the server serves.
    Kinds {
        /// Which time of asking this answers.
        asked: u32,
        /// Them, or why not.
        served: Result<Vec<Served>, SafeText>,
    },
    /// A row is new or changed.
    Upsert(Row),
    /// A row is gone.
    Remove {
        /// Which kind.
        kind: Kind,
        /// Empty for kinds without namespace.
        namespace: SafeText,
        /// Its name.
        name: SafeText,
    },
    /// That kind is not current, and why. Rows it has stay, as old ones.
    Lacks {
        /// Which kind.
        kind: Kind,
        /// Why.
        lack: Lack,
    },
    /// That kind is well again, or on its way at least, without a new list.
    Well {
        /// Which kind.
        kind: Kind,
    },
    /// That kind's rows are those of one namespace only, for others may not be read; none: of all.
    Within {
        /// Which kind.
        kind: Kind,
        /// Which namespace.
        namespace: Option<SafeText>,
    },
    /// The cluster has that many pods, which are not all watched. Those that were known go before this, by `Dropped`.
    Counted {
        /// In all.
        total: usize,
    },
    /// Of a cluster whose pods are not all watched: those of one namespace, all of them; none: they are not watched any more.
    PodsIn {
        /// Which namespace.
        namespace: SafeText,
        /// Every row.
        rows: Option<Vec<Row>>,
    },
    /// That kind is no longer watched; its rows go.
    Dropped {
        /// Which kind.
        kind: Kind,
    },
    /// What pods and nodes use now, from the metrics API.
    Usage(Usage),
    /// What the credentials are, and until when they are good.
    Expires(Option<(&'static str, Timestamp)>),
    /// When it is tried again; none: now, or not by itself.
    NextTry(Option<Timestamp>),
    /// How long the last health request took.
    Latency {
        /// Milliseconds.
        millis: u32,
    },
    /// How much it is asked, and how much it answers.
    Traffic(Traffic),
}

/// What goes to a cluster and comes from it, over the last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests a minute: watches count once, when they begin.
    pub requests_per_minute: u64,
    /// Bytes a second of answers, as they come over the wire.
    pub bytes_per_second: u64,
}

impl Traffic {
    /// `12 requests/min, 3.4Ki/s`, in two digits, so that what hardly changes does not; empty where nothing goes.
    pub fn words(self) -> String {
        if self == Self::default() {
            return String::new();
        }
        let bytes = match two_digits(self.bytes_per_second) {
            0..1024 => "<1Ki".to_owned(),
            more => show_bytes(more),
        };
        let requests = usize::try_from(two_digits(self.requests_per_minute)).unwrap_or(usize::MAX);
        format!("{} requests/min, {bytes}/s", show_count(requests))
    }
}

impl Traffic {
    /// As good as the same.
    pub(super) fn is_near(self, other: Self) -> bool {
        self.requests_per_minute.abs_diff(other.requests_per_minute) <= self.requests_per_minute / 8 + 2
            && self.bytes_per_second.abs_diff(other.bytes_per_second) <= self.bytes_per_second / 8 + 512
            && (self == Self::default()) == (other == Self::default())
    }
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.requests_per_minute += more.requests_per_minute;
        self.bytes_per_second += more.bytes_per_second;
    }
}

fn two_digits(n: u64) -> u64 {
    let mut unit = 1;
    while n / unit >= 100 {
        unit *= 10;
    }
    n / unit * unit
}

/// A row of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A namespace: its metadata and phase.
    Namespace(NamespaceRow),
    /// A node.
    Node(Box<NodeRow>),
    /// A workload.
    Workload(Box<WorkloadRow>),
    /// A pod.
    Pod(Box<PodRow>),
    /// Any other kind.
    Other(Box<OtherRow>),
}

impl Row {
    /// Which kind of row it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Namespace(_) => Kind::Namespace,
            Self::Node(_) => Kind::Node,
            Self::Workload(w) => w.kind,
            Self::Pod(_) => Kind::Pod,
            Self::Other(o) => o.kind,
        }
    }

    /// Makes what many rows say the same piece of memory in all of them, where there may be very many.
    pub fn share(&mut self, interner: &mut Interner) {
        match self {
            Self::Pod(pod) => pod.share(interner),
            Self::Node(node) => node.share(interner),
            Self::Workload(workload) => workload.share(interner),
            Self::Namespace(_) | Self::Other(_) => {}
        }
    }

    /// Its metadata, to be completed.
    pub fn meta_mut(&mut self) -> &mut Meta {
        match self {
            Self::Namespace(n) => &mut n.meta,
            Self::Node(n) => &mut n.meta,
            Self::Workload(w) => &mut w.meta,
            Self::Pod(p) => &mut p.meta,
            Self::Other(o) => &mut o.meta,
        }
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Namespace(n) => &n.meta,
            Self::Node(n) => &n.meta,
            Self::Workload(w) => &w.meta,
            Self::Pod(p) => &p.meta,
            Self::Other(o) => &o.meta,
        }
    }
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRow {
    /// Name and identity.
    pub meta: Meta,
    /// Active or Terminating.
    pub phase: SafeText,
}
