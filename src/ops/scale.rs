//! Scaling: a plan that sets the replicas of workloads in many clusters, each from the number that was on screen.
//!
//! Never: writing; `run` does, and refuses where the number is no longer the one seen. Called by the Scale dialog and
//! `skyfleet scale`.

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::plan::{Plan, PlanError, Step, StepAction, Verb, Verdict};
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

use super::session::Session;
use super::{costs, steps};

/// How many replicas are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Absolute(u32),
    /// So many more, or fewer; never below none.
    Relative(i64),
}

/// A number of replicas that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number of replicas; write 5, +2 or -1")]
pub struct AmountError(String);

impl Amount {
    /// Reads `5`, `+2`, `-1`.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let trimmed = text.trim();
        let bad = || AmountError(text.to_owned());
        if trimmed.starts_with(['+', '-']) {
            trimmed.parse::<i32>().map(|n| Self::Relative(i64::from(n))).map_err(|_| bad())
        } else {
            trimmed.parse().map(Self::Absolute).map_err(|_| bad())
        }
    }

    /// What it comes to, from so many.
    pub fn of(self, now: u32) -> u32 {
        match self {
            Self::Absolute(n) => n,
            Self::Relative(by) => u32::try_from(i64::from(now).saturating_add(by).max(0)).unwrap_or(u32::MAX),
        }
    }

    /// As it is written on the command line.
    pub fn words(self) -> String {
        match self {
            Self::Absolute(n) => n.to_string(),
            Self::Relative(by) => format!("{by:+}"),
        }
    }
}

/// Plans to scale these workloads.
pub fn plan(
    fleet: &Fleet,
    session: &Session,
    targets: &[ObjectKey],
    amount: Amount,
) -> Result<Plan, PlanError> {
    let arguments = format!(" --replicas={}", amount.words());
    steps::plan_of(fleet, session, targets, Verb::Scale, &arguments, |cluster, key| {
        step(cluster, key, amount)
    })
}

fn step(cluster: &Cluster, key: &ObjectKey, amount: Amount) -> Step {
    let row = cluster.workload(key.kind, &key.namespace, &key.name);
    let from = row.map_or(0, |w| w.desired);
    let to = amount.of(from);
    let mut step = steps::step(cluster, key, row.map(|w| &w.meta), StepAction::Scale { from, to });
    step.verdict = match row {
        _ if !is_scalable(key.kind) => {
            Verdict::Refused(format!("a {} has no number of replicas", key.kind.info().name))
        }
        None => Verdict::Refused(format!("{} is not there, or its cluster is not live", key.target())),
        Some(_) if from == to => Verdict::Same,
        Some(_) => Verdict::Change,
    };
    let Some(row) = row else { return step };
    step.notes.extend(steps::owner_notes(row));
    if to == 0 && from > 0 {
        step.notes.push(format!("0 replicas is an outage: all {from} pods go"));
    }
    if !row.failure.is_empty() {
        step.notes.push(format!("its last rollout did not end: {}", row.failure));
    } else if row.unobserved || row.updated < row.desired {
        step.notes.push("a rollout of it is under way".to_owned());
    }
    step.cost_nano_hour = costs::pod_nano(cluster, row.pod_requests)
        .map(|nano| nano.saturating_mul(i64::from(to) - i64::from(from)));
    step
}

/// What a person has to know where an autoscaler owns the replicas.
pub(super) fn owner_note(hpa: &str, step: &Step) -> String {
    if matches!(step.action, StepAction::Scale { to: 0, .. }) {
        format!("hpa/{hpa} owns the replicas; at 0 it is switched off until somebody sets 1 or more")
    } else {
        format!(
            "hpa/{hpa} owns the replicas: it will set its own number again; change its minimum and maximum"
        )
    }
}

/// Kinds with a row and a scale subresource.
fn is_scalable(kind: Kind) -> bool {
    kind.is_scalable() && kind.is_workload()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, from, to) in [("5", 3, 5), ("+2", 3, 5), ("-1", 3, 2), ("-9", 3, 0), (" 0 ", 3, 0)] {
            assert_eq!(Amount::parse(text).unwrap().of(from), to, "{text}");
        }
        for bad in ["", "+", "x", "1.5", "--2", "-99999999999"] {
            assert!(Amount::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Amount::parse("+2").unwrap().words(), "+2");
    }
}
