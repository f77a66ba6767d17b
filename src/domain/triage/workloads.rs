//! Rules over workloads.
//!
//! Lives here: what a workload's own row tells. Never: its pods (`pods`; `problem` joins the two). Called by
//! `ops::triage` for every workload.
//!
//! Not here on purpose, for a row cannot answer them: how long a generation stays unobserved or two versions stand
//! side by side, missed cron runs, workloads scaled to zero that have traffic.

use jiff::Timestamp;

use super::finding::{Finding, FindingObject, NextStep, Severity};
use super::words;
use crate::domain::age;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::workload::WorkloadRow;

const DESCRIBE: NextStep = NextStep { words: "describe", action: "describe" };
const PODS: NextStep = NextStep { words: "its pods", action: "open" };
const LOGS: NextStep = NextStep { words: "logs of the last pod", action: "logs" };

/// What is wrong with a workload.
pub fn check(cluster: ClusterId, row: &WorkloadRow, now: Timestamp) -> Vec<Finding> {
    if row.meta.deleting.is_some() {
        return Vec::new();
    }
    let at = At { cluster, row, now };
    let failing = at
        .deadline()
        .or_else(|| at.replica_failure())
        .or_else(|| at.job_failed())
        .or_else(|| at.condition())
        .or_else(|| at.unavailable());
    failing.into_iter().chain(at.paused()).collect()
}

struct At<'a> {
    cluster: ClusterId,
    row: &'a WorkloadRow,
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
        let kind = self.row.kind.info().name;
        let object = FindingObject::new(self.cluster, kind, &self.row.meta);
        let mut finding = Finding::new(rule, severity, object, cause, detail, next);
        finding.workload = Some((kind.into(), self.row.meta.name.clone()));
        finding
    }

    /// Down when nothing is available, else degraded.
    fn by_available(&self) -> Severity {
        if self.row.desired > 0 && self.up() == 0 { Severity::P1 } else { Severity::P2 }
    }

    fn up(&self) -> u32 {
        self.row.available.max(self.row.ready)
    }

    fn deadline(&self) -> Option<Finding> {
        (self.row.kind == Kind::Deployment && self.row.failure == "ProgressDeadlineExceeded").then(|| {
            let row = self.row;
            let detail = format!(
                "{} updated, {} available of {}: {}",
                row.updated, row.available, row.desired, row.failure_message
            );
            self.find("deadline", self.by_available(), "rollout is past its deadline", &detail, DESCRIBE)
        })
    }

    fn replica_failure(&self) -> Option<Finding> {
        let row = self.row;
        if row.kind == Kind::Job
            || !matches!(&*row.failure, "FailedCreate" | "ReplicaFailure" | "FailedDelete")
        {
            return None;
        }
        let (cause, shared) = words::create_failed(&row.failure_message);
        let mut finding = self.find("replica-failure", Severity::P1, &cause, &row.failure_message, DESCRIBE);
        finding.shared = shared;
        Some(finding)
    }

    fn job_failed(&self) -> Option<Finding> {
        let row = self.row;
        (row.kind == Kind::Job && !row.failure.is_empty()).then(|| {
            let cause = match &*row.failure {
                "BackoffLimitExceeded" => "job failed: too many failed pods".to_owned(),
                "DeadlineExceeded" => "job failed: past its deadline".to_owned(),
                "PodFailurePolicy" => "job failed: by its pod failure policy".to_owned(),
                other => format!("job failed: {other}"),
            };
            self.find("job-failed", Severity::P2, &cause, &row.failure_message, LOGS).since(row.last)
        })
    }

    /// Any other failing condition, by its own name.
    fn condition(&self) -> Option<Finding> {
        let row = self.row;
        (!row.failure.is_empty() && row.kind != Kind::Job).then(|| {
            self.find("condition", self.by_available(), &row.failure, &row.failure_message, DESCRIBE)
        })
    }

    /// Fewer available than wanted while no rollout is on its way, or none at all.
    fn unavailable(&self) -> Option<Finding> {
        let row = self.row;
        let settled = row.updated >= row.desired && !row.unobserved;
        let old = row.meta.created.is_none_or(|t| age::seconds(t, self.now) > 120);
        if matches!(row.kind, Kind::Job | Kind::CronJob)
            || row.desired == 0
            || !old
            || self.up() >= row.desired
        {
            return None;
        }
        if !settled && self.up() > 0 {
            return None;
        }
        let detail = format!("{} of {} available", self.up(), row.desired);
        Some(match row.kind {
            Kind::DaemonSet => {
                self.find("ds-missing", self.by_available(), "nodes without a ready pod of it", &detail, PODS)
            }
            _ => self
                .find("unavailable", self.by_available(), "too few pods are available", &detail, PODS)
                .since(row.unavailable),
        })
    }

    fn paused(&self) -> Option<Finding> {
        let row = self.row;
        if !row.paused || row.complete {
            return None;
        }
        match row.kind {
            Kind::Deployment if row.updated < row.desired || row.unobserved => {
                let detail = format!("{} of {} updated", row.updated, row.desired);
                Some(self.find("paused", Severity::P3, "paused in mid rollout", &detail, DESCRIBE))
            }
            Kind::CronJob | Kind::Job => Some(
                self.find("paused", Severity::Info, "suspended", &row.schedule, DESCRIBE).since(row.last),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Meta;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    fn row(kind: Kind, change: impl FnOnce(&mut WorkloadRow)) -> WorkloadRow {
        let created = Some(Timestamp::from_second(900_000).unwrap().into());
        let mut row = WorkloadRow::new(kind, Meta { name: "web".into(), created, ..Meta::default() });
        (row.desired, row.ready, row.updated, row.available) = (3, 3, 3, 3);
        change(&mut row);
        row
    }

    #[test]
    fn rules() {
        for (row, found) in [
            (row(Kind::Deployment, |_| {}), None),
            (
                row(Kind::Deployment, |r| r.failure = "ProgressDeadlineExceeded".into()),
                Some(("deadline", Severity::P2)),
            ),
            (
                row(Kind::Deployment, |r| {
                    r.failure = "ProgressDeadlineExceeded".into();
                    (r.ready, r.available) = (0, 0);
                }),
                Some(("deadline", Severity::P1)),
            ),
            (
                row(Kind::Deployment, |r| {
                    r.failure = "FailedCreate".into();
                    r.failure_message = "exceeded quota: team, used: 1".into();
                }),
                Some(("replica-failure", Severity::P1)),
            ),
            (row(Kind::StatefulSet, |r| r.failure = "Odd".into()), Some(("condition", Severity::P2))),
            (
                row(Kind::Job, |r| r.failure = "BackoffLimitExceeded".into()),
                Some(("job-failed", Severity::P2)),
            ),
            (row(Kind::Job, |r| r.ready = 0), None),
            (row(Kind::Deployment, |r| (r.ready, r.available) = (2, 2)), Some(("unavailable", Severity::P2))),
            (row(Kind::Deployment, |r| (r.ready, r.available) = (0, 0)), Some(("unavailable", Severity::P1))),
            // A rollout on its way.
            (row(Kind::Deployment, |r| (r.ready, r.available, r.updated) = (2, 2, 1)), None),
            // Just made.
            (
                row(Kind::Deployment, |r| {
                    (r.ready, r.available) = (0, 0);
                    r.meta.created = Some(now().into());
                }),
                None,
            ),
            (row(Kind::Deployment, |r| r.desired = 0), None),
            (row(Kind::DaemonSet, |r| (r.ready, r.available) = (2, 2)), Some(("ds-missing", Severity::P2))),
            (
                row(Kind::Deployment, |r| {
                    r.paused = true;
                    r.updated = 1;
                }),
                Some(("paused", Severity::P3)),
            ),
            (row(Kind::Deployment, |r| r.paused = true), None),
            (row(Kind::CronJob, |r| r.paused = true), Some(("paused", Severity::Info))),
            (row(Kind::CronJob, |_| {}), None),
        ] {
            let all = check(ClusterId(0), &row, now());
            assert_eq!(all.first().map(|f| (f.rule, f.severity)), found, "{row:?}");
            assert!(all.len() <= 1);
        }
    }

    #[test]
    fn a_workload_that_goes_is_left_alone() {
        let row = row(Kind::Deployment, |r| {
            r.failure = "FailedCreate".into();
            r.meta.deleting = Some(now().into());
        });
        assert_eq!(check(ClusterId(0), &row, now()), []);
    }
}
