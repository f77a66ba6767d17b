//! Problems: findings with one cause, over all clusters.
//!
//! Lives here: which findings are one problem, and which are only the effect of another. Never: rules. Called by
//! `ops::triage`.
//!
//! A node that is not ready explains what is wrong with its pods; what is wrong with a workload's pods explains what
//! is wrong with the workload. What is explained stands under its cause and makes it as severe as itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::finding::{Finding, Severity};
use super::nodes::NOT_READY;
use crate::domain::id::ClusterId;
use crate::domain::text::SafeText;

/// Findings with one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The cause in words.
    pub cause: SafeText,
    /// The rule that found it.
    pub rule: &'static str,
    /// The worst of its findings and of what it explains.
    pub severity: Severity,
    /// Where it is.
    pub clusters: BTreeSet<ClusterId>,
    /// The findings themselves; never empty.
    pub findings: Vec<Finding>,
    /// Findings that are there only because of these.
    pub explains: Vec<Finding>,
    /// Since when, by the oldest finding that says so.
    pub since: Option<Timestamp>,
}

impl Problem {
    /// The workload it is about, when all its findings are of one namespace, kind and name: `checkout/web`.
    pub fn app(&self) -> Option<String> {
        let name =
            |f: &Finding| f.workload.as_ref().map(|(_, name)| format!("{}/{name}", f.object.namespace));
        let first = self.findings.first().and_then(name)?;
        self.findings.iter().all(|f| name(f).as_ref() == Some(&first)).then_some(first)
    }
}

/// What makes two findings one problem.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rule: &'static str,
    cause: SafeText,
    /// Namespace, kind, name of the workload or bare object; `None` for causes outside workloads.
    app: Option<(SafeText, SafeText, SafeText)>,
}

impl Key {
    fn of(f: &Finding) -> Self {
        let app = (!f.shared).then(|| {
            let (kind, name) = match &f.workload {
                Some((kind, name)) => (kind.clone(), name.clone()),
                None => (f.object.kind.clone(), f.object.name.clone()),
            };
            (f.object.namespace.clone(), kind, name)
        });
        Self { rule: f.rule, cause: f.cause.clone(), app }
    }
}

/// A workload of one cluster.
type WorkloadAt = (ClusterId, SafeText, SafeText, SafeText);

fn workload_of(f: &Finding) -> Option<WorkloadAt> {
    let (kind, name) = f.workload.clone()?;
    Some((f.object.cluster, f.object.namespace.clone(), kind, name))
}

/// What is wrong with a pod because its node is. Whatever else is wrong with it (an image that is not there, a crash) has
/// a cause of its own, on whatever node.
const BY_NODE: [&str; 6] =
    ["not-ready", "node-lost", "evicted", "init-stuck", "stuck-creating", "stuck-terminating"];

/// Makes problems of findings: worst first, then oldest, then by cause.
pub fn group(findings: Vec<Finding>) -> Vec<Problem> {
    let down: BTreeMap<(ClusterId, SafeText), Key> = findings
        .iter()
        .filter(|f| f.rule == NOT_READY)
        .map(|f| ((f.object.cluster, f.node.clone()), Key::of(f)))
        .collect();
    // The root of each pod's finding, and by it the root of its workload's: the worst of its pods' findings.
    let mut by_workload: BTreeMap<WorkloadAt, (Severity, Key)> = BTreeMap::new();
    let mut rooted: Vec<(Finding, Option<Key>)> = Vec::with_capacity(findings.len());
    for finding in findings {
        let mut root = None;
        if finding.object.kind == "Pod" {
            let by_node = BY_NODE.contains(&finding.rule);
            let node = (finding.object.cluster, finding.node.clone());
            root = down.get(&node).filter(|_| by_node).cloned();
            let explains_workload = finding.severity <= Severity::P2;
            if let Some(workload) = workload_of(&finding).filter(|_| explains_workload) {
                let found = (finding.severity, root.clone().unwrap_or_else(|| Key::of(&finding)));
                by_workload
                    .entry(workload)
                    .and_modify(|known| {
                        if found.0 < known.0 {
                            *known = found.clone();
                        }
                    })
                    .or_insert(found);
            }
        }
        rooted.push((finding, root));
    }
    let mut problems: BTreeMap<Key, Problem> = BTreeMap::new();
    let mut explained: Vec<(Key, Finding)> = Vec::new();
    for (finding, root) in rooted {
        // A paused workload is not explained by its pods, nor is anything a person did on purpose.
        let is_effect = finding.object.kind != "Pod" && finding.severity <= Severity::P2;
        let by_pods = || workload_of(&finding).filter(|_| is_effect).and_then(|w| by_workload.get(&w));
        match root.or_else(|| by_pods().map(|(_, key)| key.clone())) {
            Some(key) => explained.push((key, finding)),
            None => add(&mut problems, finding),
        }
    }
    for (key, finding) in explained {
        match problems.get_mut(&key) {
            Some(problem) => {
                problem.severity = problem.severity.min(finding.severity);
                problem.explains.push(finding);
            }
            // Not reached: every root is the key of a finding that has none. Lost it must not be all the same.
            None => add(&mut problems, finding),
        }
    }
    let mut out: Vec<Problem> = problems.into_values().collect();
    out.sort_by(|a, b| {
        let since = |p: &Problem| (p.since.is_none(), p.since);
        (a.severity, since(a), &a.cause).cmp(&(b.severity, since(b), &b.cause))
    });
    out
}

fn add(problems: &mut BTreeMap<Key, Problem>, finding: Finding) {
    let problem = problems.entry(Key::of(&finding)).or_insert_with(|| Problem {
        cause: finding.cause.clone(),
        rule: finding.rule,
        severity: finding.severity,
        clusters: BTreeSet::new(),
        findings: Vec::new(),
        explains: Vec::new(),
        since: None,
    });
    problem.severity = problem.severity.min(finding.severity);
    problem.clusters.insert(finding.object.cluster);
    problem.since = match (problem.since, finding.since) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    problem.findings.push(finding);
}

#[cfg(test)]
mod tests {
    use super::super::finding::{FindingObject, NextStep};
    use super::*;
    use proptest::prelude::*;

    const NEXT: NextStep = NextStep { words: "describe", action: "describe" };

    fn finding(
        rule: &'static str,
        severity: Severity,
        cluster: u32,
        kind: &str,
        name: &str,
        cause: &str,
    ) -> Finding {
        let object = FindingObject {
            cluster: ClusterId(cluster),
            kind: kind.into(),
            namespace: if matches!(kind, "Node" | "Cluster") { "".into() } else { "shop".into() },
            name: name.into(),
        };
        Finding::new(rule, severity, object, cause, "", NEXT)
    }

    fn pod(
        rule: &'static str,
        severity: Severity,
        cluster: u32,
        workload: &str,
        node: &str,
        cause: &str,
    ) -> Finding {
        let mut f = finding(rule, severity, cluster, "Pod", &format!("{workload}-1"), cause);
        f.workload = Some(("Deployment".into(), workload.into()));
        f.node = node.into();
        f
    }

    fn workload(rule: &'static str, severity: Severity, cluster: u32, name: &str) -> Finding {
        let mut f = finding(rule, severity, cluster, "Deployment", name, "too few pods are available");
        f.workload = Some(("Deployment".into(), name.into()));
        f
    }

    fn node_down(cluster: u32, name: &str) -> Finding {
        let mut f = finding(NOT_READY, Severity::P1, cluster, "Node", name, "node not ready").shared();
        f.node = name.into();
        f
    }

    #[test]
    fn one_cause_over_clusters() {
        let all = group(vec![
            pod("image-pull", Severity::P1, 1, "api", "n", "image not found: api:v9").shared(),
            pod("image-pull", Severity::P1, 2, "api", "n", "image not found: api:v9").shared(),
            pod("image-pull", Severity::P1, 2, "web", "n", "image not found: web:v1").shared(),
        ]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].findings.len(), all[0].clusters.len()), (2, 2));
        assert_eq!(all[0].app(), Some("shop/api".to_owned()));
    }

    #[test]
    fn equal_words_of_different_apps_are_two() {
        let all = group(vec![
            pod("crashloop", Severity::P2, 1, "web", "n", "crash loop: exit 1"),
            pod("crashloop", Severity::P2, 2, "web", "n", "crash loop: exit 1"),
            pod("crashloop", Severity::P2, 1, "api", "n", "crash loop: exit 1"),
        ]);
        assert_eq!(all.iter().map(|p| p.findings.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn pods_explain_their_workload_and_get_its_severity() {
        let all = group(vec![
            workload("unavailable", Severity::P1, 1, "web"),
            pod("crashloop", Severity::P2, 1, "web", "n", "crash loop"),
            workload("unavailable", Severity::P2, 2, "web"),
            workload("paused", Severity::P3, 1, "web"),
        ]);
        let shown: Vec<_> = all.iter().map(|p| (p.rule, p.severity, p.explains.len())).collect();
        assert_eq!(
            shown,
            [("crashloop", Severity::P1, 1), ("unavailable", Severity::P2, 0), ("paused", Severity::P3, 0)]
        );
    }

    #[test]
    fn a_node_explains_its_pods_and_their_workloads() {
        let all = group(vec![
            pod("not-ready", Severity::P2, 1, "web", "n1", "not ready"),
            workload("unavailable", Severity::P1, 1, "web"),
            node_down(1, "n1"),
            pod("not-ready", Severity::P2, 1, "api", "n2", "not ready"),
            pod("not-ready", Severity::P2, 2, "web", "n1", "not ready"),
        ]);
        let shown: Vec<_> = all.iter().map(|p| (p.rule, p.findings.len(), p.explains.len())).collect();
        assert_eq!(shown, [(NOT_READY, 1, 2), ("not-ready", 1, 0), ("not-ready", 1, 0)]);
    }

    #[test]
    fn worst_first_then_oldest() {
        let at = |s: i64| Some(Timestamp::from_second(s).unwrap());
        let all = group(vec![
            finding("a", Severity::P2, 1, "Cluster", "x", "a").since(at(5)),
            finding("b", Severity::P1, 1, "Cluster", "x", "b"),
            finding("c", Severity::P1, 1, "Cluster", "x", "c").since(at(9)),
            finding("d", Severity::P1, 1, "Cluster", "x", "d").since(at(3)),
            finding("d", Severity::P1, 1, "Cluster", "x", "d").since(at(2)),
        ]);
        assert_eq!(all.iter().map(|p| p.rule).collect::<Vec<_>>(), ["d", "c", "b", "a"]);
        assert_eq!(all[0].since, at(2));
    }

    proptest! {
        #[test]
        fn no_finding_is_lost(input in proptest::collection::vec((0u8..4, 0u32..3, 0u8..3, 0u8..3, 0u8..3), 0..40)) {
            let severities = [Severity::P1, Severity::P2, Severity::P3];
            let names = ["web", "api", "db"];
            let nodes = ["n1", "n2", "n3"];
            let findings: Vec<_> = input
                .iter()
                .map(|(kind, cluster, severity, name, node)| {
                    let severity = severities[usize::from(*severity)];
                    let (name, node) = (names[usize::from(*name)], nodes[usize::from(*node)]);
                    match kind {
                        0 => node_down(*cluster, node),
                        1 => workload("unavailable", severity, *cluster, name),
                        _ => pod("not-ready", severity, *cluster, name, node, "not ready"),
                    }
                })
                .collect();
            let problems = group(findings.clone());
            let kept: usize = problems.iter().map(|p| p.findings.len() + p.explains.len()).sum();
            prop_assert_eq!(kept, findings.len());
            prop_assert!(problems.iter().all(|p| !p.findings.is_empty()));
            prop_assert!(problems.is_sorted_by_key(|p| p.severity));
        }
    }
}
