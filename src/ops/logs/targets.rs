//! Which containers of a scope have a log to read.
//!
//! Never: reading them (`super::follow`). Called by the log pane and `skyfleet logs`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::filter::Pattern;
use crate::domain::id::ClusterId;
use crate::domain::logs::SourceId;
use crate::domain::pod::{ContainerRow, ContainerState, PodRow};
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;
use crate::domain::uid::Uid;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

use super::SourceState;

/// One container of one pod of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// Where.
    pub cluster: ClusterId,
    /// The cluster's short name, for the line's prefix.
    pub cluster_name: SafeText,
    /// Its namespace.
    pub namespace: SafeText,
    /// The pod.
    pub pod: SafeText,
    /// The container.
    pub container: SafeText,
    /// The pod's uid.
    pub uid: Uid,
    /// It ran before: there is a previous log.
    pub has_previous: bool,
    /// It is the only container of its pod that is read, so that its name need not be shown.
    pub alone: bool,
    /// How often it had been restarted.
    pub restarts: u32,
    /// Since when this run of it runs, where it runs.
    pub started: Option<Timestamp>,
}

/// Which containers of a pod.
#[derive(Clone, Debug, Default)]
pub struct Containers {
    /// Only those whose name this finds.
    pub name: Option<Pattern>,
    /// Init containers too.
    pub init: bool,
    /// Sidecars of service meshes too.
    pub sidecars: bool,
    /// Only those that ran before: for their previous logs.
    pub previous: bool,
}

/// Containers that meshes put into every pod; named outright they are read all the same.
const SIDECARS: [&str; 6] =
    ["istio-proxy", "istio-init", "linkerd-proxy", "linkerd-init", "envoy-sidecar", "kuma-sidecar"];

/// The containers in scope that have a log, by cluster, namespace and pod, at most `limit` of them; and how many are left
/// out. When some have to be, what is broken stays.
pub fn targets(
    fleet: &Fleet,
    scope: &Scope,
    containers: &Containers,
    limit: usize,
) -> (Vec<LogTarget>, usize) {
    let mut found: Vec<(bool, LogTarget)> = Vec::new();
    for cluster in fleet.in_scope(scope) {
        for pod in cluster.pods().filter(|p| covers(scope, cluster, p)) {
            let chosen: Vec<&ContainerRow> = pod
                .containers
                .iter()
                .filter(|c| {
                    containers.wants(c) && if containers.previous { has_previous(c) } else { has_log(c) }
                })
                .collect();
            let alone = chosen.len() == 1;
            found.extend(chosen.into_iter().map(|c| (c.is_broken(), target(cluster, pod, c, alone))));
        }
    }
    let left_out = found.len().saturating_sub(limit);
    if left_out > 0 {
        let broken = found.iter().filter(|(broken, _)| *broken).count().min(limit);
        let (mut bad, mut good) = (broken, limit - broken);
        found.retain(|(broken, _)| {
            let room = if *broken { &mut bad } else { &mut good };
            let keeps = *room > 0;
            *room = room.saturating_sub(1);
            keeps
        });
    }
    (found.into_iter().map(|(_, target)| target).collect(), left_out)
}

impl Containers {
    fn wants(&self, container: &ContainerRow) -> bool {
        match &self.name {
            Some(pattern) => pattern.is_match(&container.name),
            None => {
                (self.init || !container.init || container.is_broken())
                    && (self.sidecars || !SIDECARS.contains(&container.name.as_str()))
            }
        }
    }
}

fn covers(scope: &Scope, cluster: &Cluster, pod: &PodRow) -> bool {
    let workload = pod.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
    scope.covers(cluster.info.at(), &pod.meta.namespace, workload, Some(&pod.meta.name))
}

/// A container that never ran has nothing to read.
fn has_log(container: &ContainerRow) -> bool {
    match container.state {
        ContainerState::Running { .. } | ContainerState::Terminated(_) => true,
        ContainerState::Waiting(_) | ContainerState::Unknown => has_previous(container),
    }
}

fn has_previous(container: &ContainerRow) -> bool {
    container.last.is_some() || container.restarts > 0
}

fn target(cluster: &Cluster, pod: &PodRow, container: &ContainerRow, alone: bool) -> LogTarget {
    LogTarget {
        cluster: cluster.id(),
        cluster_name: cluster.info.name().clone(),
        namespace: pod.meta.namespace.clone(),
        pod: pod.meta.name.clone(),
        container: container.name.clone(),
        uid: pod.meta.uid.clone(),
        has_previous: has_previous(container),
        alone,
        restarts: container.restarts,
        started: match container.state {
            ContainerState::Running { since } => since.map(Into::into),
            ContainerState::Waiting(_) | ContainerState::Terminated(_) | ContainerState::Unknown => None,
        },
    }
}

/// The containers that are read, by the number of their source, and how each stream stands. It grows while logs are
/// followed: pods that start later are read too, and containers that run anew after their stream was refused.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    targets: Vec<LogTarget>,
    states: Vec<SourceState>,
    /// The newest source of each container.
    newest: BTreeMap<(ClusterId, Uid, SafeText), usize>,
}

impl Roster {
    /// Of these; their streams are about to be opened.
    pub fn new(targets: Vec<LogTarget>) -> Self {
        let mut out = Self::default();
        out.grow(targets, usize::MAX);
        out
    }

    /// Takes in those of `found` that are not read yet, `most` in all; returns them, their sources numbered on.
    pub fn grow(&mut self, found: Vec<LogTarget>, most: usize) -> Vec<LogTarget> {
        let mut new = Vec::new();
        for target in found {
            let key = (target.cluster, target.uid.clone(), target.container.clone());
            let is_read = self.newest.get(&key).is_some_and(|at| {
                // A stream goes on over restarts by itself. One that was refused has read nothing.
                let refused = matches!(self.states.get(*at), Some(SourceState::Refused(_)));
                let again = self.targets.get(*at).is_some_and(|old| target.restarts > old.restarts);
                !(refused && again)
            });
            if is_read || self.targets.len() >= most {
                continue;
            }
            self.newest.insert(key, self.targets.len());
            self.targets.push(target.clone());
            self.states.push(SourceState::Opening);
            new.push(target);
        }
        new
    }

    /// A stream stands differently.
    pub fn set(&mut self, id: SourceId, state: SourceState) {
        if let Some(slot) = self.states.get_mut(id.0 as usize) {
            *slot = state;
        }
    }

    /// The container of a source.
    pub fn get(&self, id: SourceId) -> Option<&LogTarget> {
        self.targets.get(id.0 as usize)
    }

    /// Every container, in the order of the sources.
    pub fn targets(&self) -> &[LogTarget] {
        &self.targets
    }

    /// Every container and how its stream stands.
    pub fn iter(&self) -> impl Iterator<Item = (&LogTarget, &SourceState)> {
        self.targets.iter().zip(&self.states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(pod: &str, restarts: u32) -> LogTarget {
        LogTarget {
            cluster: ClusterId(0),
            cluster_name: "a".into(),
            namespace: "shop".into(),
            pod: pod.into(),
            container: "web".into(),
            uid: pod.into(),
            has_previous: restarts > 0,
            alone: true,
            restarts,
            started: None,
        }
    }

    #[test]
    fn later_pods_are_read_and_no_container_twice() {
        let mut roster = Roster::new(vec![target("a", 0)]);
        let names = |new: Vec<LogTarget>| new.iter().map(|t| t.pod.to_string()).collect::<Vec<_>>();
        assert_eq!(names(roster.grow(vec![target("a", 0), target("b", 0)], 10)), ["b"]);
        // It restarts: the stream itself goes on with the new run.
        assert!(roster.grow(vec![target("a", 1)], 10).is_empty());
        roster.set(SourceId(0), SourceState::Ended);
        assert!(roster.grow(vec![target("a", 1)], 10).is_empty(), "what was read is not read again");
        roster.set(SourceId(0), SourceState::Refused("it waited to start".into()));
        assert!(roster.grow(vec![target("a", 0)], 10).is_empty(), "nothing has changed");
        assert_eq!(names(roster.grow(vec![target("a", 1)], 10)), ["a"]);
        assert!(roster.grow(vec![target("a", 2)], 10).is_empty(), "its newest stream is being opened");
        assert!(roster.grow(vec![target("c", 0)], 3).is_empty(), "no more than that");
        assert_eq!(roster.get(SourceId(2)).map(|t| t.pod.as_str()), Some("a"));
    }
}
