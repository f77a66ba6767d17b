//! Who owns the replicas of what: the HorizontalPodAutoscalers of a cluster, as its server has them now.
//!
//! Called by `preflight`, which warns of them, and by `deploy`, which leaves replicas to them.

use serde_json::Value;

use crate::domain::kind::Kind;
use crate::domain::plan::Step;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::connect::Client;
use crate::source::fault::{Fault, FaultClass};

/// One autoscaler, and what it scales.
pub(super) struct Autoscaler {
    pub(super) name: String,
    namespace: String,
    kind: String,
    target: String,
}

impl Autoscaler {
    /// Whether it owns the replicas of a step's object.
    pub(super) fn owns(&self, step: &Step) -> bool {
        (&self.namespace, &self.kind, &self.target) == (&step.namespace, &step.kind, &step.name)
    }
}

/// Those of a cluster; none where it knows no such kind.
pub(super) async fn of(client: &Client) -> Result<Vec<Autoscaler>, Fault> {
    let listed =
        api::list(client, &Resource::from(Kind::HorizontalPodAutoscaler), &ListOptions::default()).await;
    let text = |v: &Value, p: &str| v.pointer(p).and_then(Value::as_str).unwrap_or("").to_owned();
    let one = |h: &Value| Autoscaler {
        name: text(h, "/metadata/name"),
        namespace: text(h, "/metadata/namespace"),
        kind: text(h, "/spec/scaleTargetRef/kind"),
        target: text(h, "/spec/scaleTargetRef/name"),
    };
    match listed {
        Ok(listed) => Ok(listed.iter().map(one).collect()),
        Err(fault) if fault.class == FaultClass::NotFound => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}
