//! A finding: one broken thing, with cause and next step.
//!
//! Lives here: its shape. Never: rules. Called by the rule families, which make them, and by `problem`.

use jiff::Timestamp;

use crate::domain::id::ClusterId;
use crate::domain::object::{Meta, Owner};
use crate::domain::text::SafeText;

/// How bad. The order is worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Severity {
    /// Down now.
    P1,
    /// Degraded or about to break.
    P2,
    /// Risk or hygiene.
    P3,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// What it means, in the words health has.
    pub const fn words(self) -> &'static str {
        match self {
            Self::P1 => "P1 down",
            Self::P2 => "P2 degraded",
            Self::P3 => "P3 risk",
            Self::Info => "info",
        }
    }
}

/// The object a finding is about. Its kind is a text: it may be one skyfleet has no row for, or a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingObject {
    /// Where.
    pub cluster: ClusterId,
    /// `Pod`, `Deployment`, `Node`, `Cluster` …
    pub kind: SafeText,
    /// Empty for kinds without namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
}

impl FindingObject {
    /// An object by its kind and metadata.
    pub fn new(cluster: ClusterId, kind: &str, meta: &Meta) -> Self {
        Self { cluster, kind: kind.into(), namespace: meta.namespace.clone(), name: meta.name.clone() }
    }

    /// `checkout/Deployment/web`.
    pub fn target(&self) -> String {
        if self.namespace.is_empty() {
            format!("{}/{}", self.kind, self.name)
        } else {
            format!("{}/{}/{}", self.namespace, self.kind, self.name)
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct NextStep {
    /// In words, as a hint beside the key.
    pub words: &'static str,
    /// The action's name as in key maps: `previous-logs`, `describe`, `goto-scale`, `connect`.
    pub action: &'static str,
}

/// One broken thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, `image-pull`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub object: FindingObject,
    /// The workload it belongs to: kind as written, name. A workload's own finding names itself.
    pub workload: Option<(SafeText, SafeText)>,
    /// The node it is on, or is; empty when none.
    pub node: SafeText,
    /// The cause in words, equal for what has one cause: `image not found: registry/api:v9`.
    pub cause: SafeText,
    /// The cause lies outside the workload (registry, node, link): equal causes of different workloads are one
    /// problem. Else only those of the same namespace and workload are, over all clusters.
    pub shared: bool,
    /// One line with the values it was found by.
    pub detail: SafeText,
    /// Since when, where the row says so.
    pub since: Option<Timestamp>,
    /// What to do next.
    pub next: NextStep,
}

impl Finding {
    /// A finding of an object's own cause, without node, workload and start.
    pub fn new(
        rule: &'static str,
        severity: Severity,
        object: FindingObject,
        cause: &str,
        detail: &str,
        next: NextStep,
    ) -> Self {
        Self {
            rule,
            severity,
            object,
            workload: None,
            node: SafeText::empty(),
            cause: cause.into(),
            shared: false,
            detail: detail.into(),
            since: None,
            next,
        }
    }

    /// With a cause that lies outside the workload.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// With its start.
    #[must_use]
    pub fn since(mut self, since: Option<impl Into<Timestamp>>) -> Self {
        self.since = since.map(Into::into);
        self
    }

    /// With its workload.
    #[must_use]
    pub fn of_workload(mut self, workload: Option<&Owner>) -> Self {
        self.workload = workload.map(|o| (o.kind.clone(), o.name.clone()));
        self
    }

    /// With its node.
    #[must_use]
    pub fn on_node(mut self, node: &SafeText) -> Self {
        self.node = node.clone();
        self
    }
}
