//! Rules over kinds: which watched kinds of a live cluster are refused.
//!
//! Lives here: what a missing right hides, and which one it is. Never: asking the server. Called by `ops::problems` for
//! every cluster; trouble that is no refusal is the cluster's own finding.

use jiff::Timestamp;

use super::finding::{Finding, FindingObject, NextStep, Severity};
use crate::domain::age;
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;

/// A watched kind that a server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedKind {
    /// Which.
    pub kind: Kind,
    /// In the server's words.
    pub cause: SafeText,
    /// Since when.
    pub since: Timestamp,
    /// It was read before: old rows are shown.
    pub old: bool,
}

const fn ask(words: &'static str) -> NextStep {
    NextStep { words, action: "connect" }
}

/// The right that is missing, by kind.
const RIGHTS: [(Kind, NextStep); Kind::WATCHED.len()] = [
    (Kind::Namespace, ask("ask for the right to list and watch namespaces")),
    (Kind::Node, ask("ask for the right to list and watch nodes")),
    (Kind::Pod, ask("ask for the right to list and watch pods")),
    (Kind::Deployment, ask("ask for the right to list and watch deployments")),
    (Kind::StatefulSet, ask("ask for the right to list and watch statefulsets")),
    (Kind::DaemonSet, ask("ask for the right to list and watch daemonsets")),
    (Kind::Job, ask("ask for the right to list and watch jobs")),
    (Kind::CronJob, ask("ask for the right to list and watch cronjobs")),
];

/// What is hidden by a refusal. One missing right in many clusters is one problem.
pub fn check(cluster: ClusterId, name: &SafeText, refused: &RefusedKind, now: Timestamp) -> Finding {
    let plural = refused.kind.info().plural;
    let cause = format!("may not list {plural}: what is wrong with them is not seen");
    let seen = if refused.old { "; what is shown is old" } else { "" };
    let detail =
        format!("no right to list {plural} for {}{seen}: {}", age::show(refused.since, now), refused.cause);
    let next = RIGHTS.iter().find(|(kind, _)| *kind == refused.kind).map(|(_, next)| *next);
    let next = next.unwrap_or(ask("ask for the right, then try again"));
    let object =
        FindingObject { cluster, kind: "Cluster".into(), namespace: SafeText::empty(), name: name.clone() };
    Finding::new("refused-kind", Severity::P2, object, &cause, &detail, next)
        .since(Some(refused.since))
        .shared()
}

/// Only one namespace can be read: what is wrong elsewhere is not seen.
pub fn within(cluster: ClusterId, name: &SafeText, words: &str) -> Finding {
    let next = ask("ask for the right to list all namespaces");
    let object =
        FindingObject { cluster, kind: "Cluster".into(), namespace: SafeText::empty(), name: name.clone() };
    Finding::new("one-namespace", Severity::P3, object, "only one namespace may be read", words, next)
        .shared()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_right_that_is_missing() {
        for kind in Kind::WATCHED {
            let refused =
                RefusedKind { kind, cause: "forbidden".into(), since: Timestamp::UNIX_EPOCH, old: true };
            let found = check(ClusterId(1), &"berlin".into(), &refused, Timestamp::from_second(120).unwrap());
            let plural = kind.info().plural;
            assert!(found.next.words.ends_with(&format!("list and watch {plural}")), "{}", found.next.words);
            assert_eq!(
                found.detail,
                format!("no right to list {plural} for 2m; what is shown is old: forbidden").as_str()
            );
            assert!(found.shared);
        }
    }
}
