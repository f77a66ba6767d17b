//! What the plans of all verbs share: a cluster as a step names it, the run's id, the subject, the command line.
//!
//! Never: what a verb does. Called by `scale`, `restart`, `delete` and `deploy`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::object::Meta;
use crate::domain::plan::{Plan, PlanError, Step, StepAction, StepCluster, Verb, Verdict};
use crate::domain::workload::WorkloadRow;
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, ClusterInfo};

use super::session::Session;

/// A cluster as a step names it.
pub fn step_cluster(info: &ClusterInfo) -> StepCluster {
    let path = if info.place.cluster.is_empty() {
        format!("{} / {}", info.place.path(), info.context)
    } else {
        info.place.path()
    };
    StepCluster {
        id: info.id,
        path,
        name: info.name().to_string(),
        context: info.context.to_string(),
        acts_as: info.user.to_string(),
        environment: info.environment,
        read_only: info.read_only,
    }
}

/// A step on an object of a built-in kind, with nothing decided yet.
pub(super) fn step(cluster: &Cluster, key: &ObjectKey, meta: Option<&Meta>, action: StepAction) -> Step {
    let info = key.kind.info();
    Step {
        cluster: step_cluster(&cluster.info),
        api_version: info.api_version(),
        kind: info.name.to_owned(),
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        uid: meta.map(|m| m.uid.to_string()).unwrap_or_default(),
        action,
        verdict: Verdict::Change,
        changes: Vec::new(),
        notes: Vec::new(),
        cost_nano_hour: None,
    }
}

/// The targets once each, those of one cluster together, in the order of the fleet.
pub(super) fn in_order(targets: &[ObjectKey]) -> Vec<&ObjectKey> {
    let mut seen = BTreeSet::new();
    let mut out: Vec<&ObjectKey> = targets.iter().filter(|k| seen.insert(*k)).collect();
    out.sort_by_key(|k| k.cluster);
    out
}

/// Builds the step of every target; targets of clusters that are not in the fleet are left out.
pub(super) fn plan_of(
    fleet: &Fleet,
    session: &Session,
    targets: &[ObjectKey],
    verb: Verb,
    arguments: &str,
    mut make: impl FnMut(&Cluster, &ObjectKey) -> Step,
) -> Result<Plan, PlanError> {
    let targets = in_order(targets);
    let steps: Vec<Step> =
        targets.iter().filter_map(|key| Some(make(fleet.cluster(key.cluster)?, key))).collect();
    if steps.is_empty() {
        return Err(PlanError::Empty);
    }
    let subject = subject(&targets);
    Ok(Plan {
        id: run_id(session.clock.now(), verb, &subject),
        verb,
        subject,
        command: command(session, verb, &targets, arguments),
        steps,
    })
}

/// What a plan is about: the one name its targets share, else their one kind, else `objects`.
fn subject(targets: &[&ObjectKey]) -> String {
    let names: BTreeSet<&str> = targets.iter().map(|k| k.name.as_str()).collect();
    let kinds: BTreeSet<Kind> = targets.iter().map(|k| k.kind).collect();
    match (names.first(), kinds.first()) {
        (Some(name), _) if names.len() == 1 => (*name).to_owned(),
        (_, Some(kind)) if kinds.len() == 1 => kind.info().plural.to_owned(),
        _ => "objects".to_owned(),
    }
}

/// The id of a run: when, what, about what; a file name, and in the order of time.
pub fn run_id(now: Timestamp, verb: Verb, subject: &str) -> String {
    let subject: String = subject
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    format!(
        "{}-{}-{}",
        now.strftime("%Y%m%dT%H%M%S%3fZ"),
        verb.word().to_lowercase(),
        subject.trim_matches('-')
    )
}

/// The program as it is called for this session's clusters.
pub(super) const fn program(session: &Session) -> &'static str {
    if session.demo { "skyfleet --demo" } else { "skyfleet" }
}

/// The same on the command line. Objects of several names are one command each in life; the first stands for them.
fn command(session: &Session, verb: Verb, targets: &[&ObjectKey], arguments: &str) -> String {
    let objects: BTreeSet<String> = targets.iter().map(|k| k.target()).collect();
    let namespaces: BTreeSet<&str> =
        targets.iter().map(|k| k.namespace.as_str()).filter(|n| !n.is_empty()).collect();
    let mut out = format!("{} {}", program(session), verb.word().to_lowercase());
    for object in &objects {
        out.push(' ');
        out.push_str(&quote(object));
    }
    for namespace in &namespaces {
        out.push_str(" -n ");
        out.push_str(&quote(namespace));
    }
    out.push_str(&contexts(session, targets.iter().map(|k| k.cluster)));
    out.push_str(arguments);
    out
}

/// ` --context a --context b` of these clusters.
pub(super) fn contexts(session: &Session, ids: impl Iterator<Item = ClusterId>) -> String {
    let ids: BTreeSet<ClusterId> = ids.collect();
    let mut out = String::new();
    for info in ids.iter().filter_map(|id| session.info(*id)) {
        out.push_str(" --context ");
        out.push_str(&quote(&glob_escaped(&info.context)));
    }
    out
}

/// The plan without what is refused. Of manifests a cluster gets all or nothing, for half a set is nobody's wish; of
/// anything else only the steps that are refused are left out.
pub fn without_refused(session: &Session, plan: &Plan) -> Plan {
    let refused: BTreeSet<ClusterId> =
        plan.targets().filter(|s| s.verdict.blocks().is_some()).map(|s| s.cluster.id).collect();
    let mut left = plan.clone();
    match plan.verb {
        Verb::Apply => left.steps.retain(|s| !refused.contains(&s.cluster.id)),
        Verb::Scale | Verb::Restart | Verb::Delete => left.steps.retain(|s| s.verdict.blocks().is_none()),
    }
    let kept: BTreeSet<ClusterId> = left.steps.iter().map(|s| s.cluster.id).collect();
    for gone in refused.difference(&kept) {
        left.command = left.command.replacen(&contexts(session, [*gone].into_iter()), "", 1);
    }
    left
}

/// A name as the glob that finds only itself.
fn glob_escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A word as a shell takes it.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Who owns an object, as notes of its step.
pub(super) fn owner_notes(workload: &WorkloadRow) -> Vec<String> {
    let mut notes = Vec::new();
    if !workload.managed_by.is_empty() {
        notes.push(format!("managed by {}: it may set its own values again", workload.managed_by));
    }
    if let Some(owner) = &workload.owner {
        notes.push(format!("owned by {}/{}: its controller may undo this", owner.kind, owner.name));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        assert_eq!(quote("deploy/web"), "deploy/web");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(glob_escaped("a[1]*"), r"a\[1\]\*");
    }

    #[test]
    fn ids_are_file_names() {
        let now: Timestamp = "2026-11-23T09:40:01.5Z".parse().unwrap();
        assert_eq!(run_id(now, Verb::Scale, "Web/../x"), "20261123T094001500Z-scale-web----x");
    }
}
