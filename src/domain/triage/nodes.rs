//! Rules over nodes.
//!
//! Lives here: what a node's row tells. Never: its pods (`problem` puts them under it). Called by `ops::triage` for
//! every node.

use jiff::Timestamp;

use super::finding::{Finding, FindingObject, NextStep, Severity};
use super::words;
use crate::domain::age;
use crate::domain::id::ClusterId;
use crate::domain::node::NodeRow;

const DESCRIBE: NextStep = NextStep { words: "describe", action: "describe" };
const PODS: NextStep = NextStep { words: "its pods", action: "open" };
const CORDONED: NextStep = NextStep { words: "who cordoned it", action: "describe" };

/// The rule that explains the findings of a node's pods.
pub const NOT_READY: &str = "node-not-ready";

/// Taints that say that a node is about to go.
const LEAVING: [&str; 6] = [
    "karpenter.sh/disrupted",
    "node.kubernetes.io/out-of-service",
    "ToBeDeletedByClusterAutoscaler",
    "aws-node-termination-handler/",
    "cloud.google.com/impending-node-termination",
    "kubernetes.azure.com/scheduled-event",
];

/// What is wrong with a node.
pub fn check(cluster: ClusterId, row: &NodeRow, now: Timestamp) -> Vec<Finding> {
    let at = At { cluster, row, now };
    let mut out: Vec<Finding> = at.not_ready().into_iter().chain(at.leaving()).collect();
    // A silent kubelet makes every condition Unknown: that is one cause, not five.
    if row.ready.is_some() {
        out.extend(at.pressure());
    }
    out.extend(at.cordoned());
    out
}

struct At<'a> {
    cluster: ClusterId,
    row: &'a NodeRow,
    now: Timestamp,
}

impl At<'_> {
    fn find(
        &self,
        rule: &'static str,
        severity: Severity,
        cause: &str,
        detail: &str,
        next: NextStep,
    ) -> Finding {
        let object = FindingObject::new(self.cluster, "Node", &self.row.meta);
        Finding::new(rule, severity, object, cause, detail, next).on_node(&self.row.meta.name).shared()
    }

    fn not_ready(&self) -> Option<Finding> {
        let cause = match self.row.ready {
            Some(true) => return None,
            Some(false) => "node not ready",
            None => "node not ready: its kubelet is silent",
        };
        let why = self.row.troubles.iter().find(|t| t.condition == "Ready");
        let why = why.map_or_else(String::new, |t| format!(" {}: {}", t.reason, words::evidence(&t.message)));
        let since = self.row.ready_since;
        let ago = since.map_or_else(String::new, |t| format!(" for {}", age::show(t, self.now)));
        let detail = format!("not ready{ago}{why}");
        Some(self.find(NOT_READY, Severity::P1, cause, &detail, DESCRIBE).since(since))
    }

    fn pressure(&self) -> Vec<Finding> {
        self.row
            .troubles
            .iter()
            // k3s's EtcdIsVoter should be True, other than every condition else.
            .filter(|t| t.condition != "Ready" && t.condition != "EtcdIsVoter")
            .map(|t| {
                let detail = format!("{}: {}", t.reason, words::evidence(&t.message));
                self.find("node-pressure", Severity::P2, &t.condition, &detail, PODS)
            })
            .collect()
    }

    fn leaving(&self) -> Option<Finding> {
        let taint = self.row.taints.iter().find(|t| LEAVING.iter().any(|l| t.starts_with(l)))?;
        let spot = if self.row.spot { " (spot)" } else { "" };
        let detail = format!("taint {taint}{spot}");
        Some(self.find("node-leaving", Severity::P2, "node is being taken away", &detail, PODS))
    }

    fn cordoned(&self) -> Option<Finding> {
        (self.row.unschedulable && self.leaving().is_none())
            .then(|| self.find("cordoned", Severity::P3, "node is cordoned", "takes no new pods", CORDONED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::Trouble;
    use crate::domain::object::Meta;

    fn node(change: impl FnOnce(&mut NodeRow)) -> NodeRow {
        let mut row = NodeRow { ready: Some(true), ..NodeRow::default() };
        row.meta = Meta { name: "n1".into(), ..Meta::default() };
        change(&mut row);
        row
    }

    fn trouble(condition: &str) -> Trouble {
        Trouble { condition: condition.into(), reason: "R".into(), message: "m".into() }
    }

    #[test]
    fn rules() {
        for (row, found) in [
            (node(|_| {}), vec![]),
            (node(|n| n.ready = Some(false)), vec![(NOT_READY, "node not ready")]),
            (
                node(|n| {
                    n.ready = None;
                    n.troubles = vec![trouble("Ready"), trouble("DiskPressure")];
                }),
                vec![(NOT_READY, "node not ready: its kubelet is silent")],
            ),
            (
                node(|n| n.troubles = vec![trouble("DiskPressure"), trouble("EtcdIsVoter")]),
                vec![("node-pressure", "DiskPressure")],
            ),
            (node(|n| n.unschedulable = true), vec![("cordoned", "node is cordoned")]),
            (
                node(|n| {
                    n.unschedulable = true;
                    n.taints = vec!["karpenter.sh/disrupted:NoSchedule".into()];
                }),
                vec![("node-leaving", "node is being taken away")],
            ),
            (node(|n| n.taints = vec!["dedicated=db:NoSchedule".into()]), vec![]),
        ] {
            let all = check(ClusterId(0), &row, Timestamp::UNIX_EPOCH);
            let rules: Vec<_> = all.iter().map(|f| (f.rule, f.cause.as_str())).collect();
            assert_eq!(rules, found, "{row:?}");
            assert!(all.iter().all(|f| f.node == "n1" && f.shared));
        }
    }
}
