//! Changes: what became different in a scope within the last hour, what happened before this program looked included as
//! far as the objects themselves tell.
//!
//! Never: how changes are worded or told once (`domain::change`). Called by the Overview.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::change::{Change, Changed, Told, What, tell};
use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

/// How far back is told.
pub const BACK: SignedDuration = SignedDuration::from_hours(1);

/// A rollout this soon after the object was made is how it was made.
const BORN: SignedDuration = SignedDuration::from_mins(10);

/// What changed in a scope, the newest first.
pub fn of(fleet: &Fleet, scope: &Scope, now: Timestamp) -> Vec<Told> {
    let recent = |at: Timestamp| now.duration_since(at) <= BACK;
    let mut changes: Vec<Change> = fleet
        .changes()
        .filter(|c| recent(c.at) && fleet.cluster(c.cluster).is_some_and(|cluster| covers(scope, cluster, c)))
        .cloned()
        .collect();
    // What was seen happening is not told again from the object's own times.
    let seen: BTreeSet<(ClusterId, Changed)> =
        changes.iter().filter_map(|c| Some((c.cluster, c.object.clone()?))).collect();
    for cluster in fleet.in_scope(scope) {
        let told = of_objects(cluster, recent)
            .filter(|c| covers(scope, cluster, c))
            .filter(|c| c.object.as_ref().is_none_or(|o| !seen.contains(&(c.cluster, o.clone()))));
        changes.extend(told);
    }
    tell(changes)
}

fn covers(scope: &Scope, cluster: &Cluster, change: &Change) -> bool {
    let at = cluster.info.at();
    match &change.object {
        Some(o) if o.kind.is_workload() => {
            scope.covers(at, &o.namespace, Some((o.kind.info().name, o.name.as_str())), None)
        }
        Some(_) => scope.covers_cluster(at),
        None => scope.touches(at),
    }
}

/// What the rows of a cluster say of themselves: made, rolled out.
fn of_objects(cluster: &Cluster, recent: impl Fn(Timestamp) -> bool + Copy) -> impl Iterator<Item = Change> {
    let id = cluster.id();
    let workloads = cluster.workloads().filter(|w| w.kind != Kind::Job).filter_map(move |w| {
        let (at, what) = match (
            w.meta.created.map(Timestamp::from).filter(|t| recent(*t)),
            w.rolled.filter(|t| recent(*t)),
        ) {
            (Some(made), Some(rolled)) if rolled.duration_since(made) > BORN => {
                (rolled, rolled_out(w.images.first()))
            }
            (Some(made), _) => (made, What::Created),
            (None, Some(rolled)) => (rolled, rolled_out(w.images.first())),
            (None, None) => return None,
        };
        let object = Changed { kind: w.kind, namespace: w.meta.namespace.clone(), name: w.meta.name.clone() };
        Some(Change { at, cluster: id, object: Some(object), what })
    });
    let nodes = cluster.nodes().filter_map(move |n| {
        let at = n.meta.created.map(Timestamp::from).filter(|t| recent(*t))?;
        let object = Changed { kind: Kind::Node, namespace: SafeText::empty(), name: n.meta.name.clone() };
        Some(Change { at, cluster: id, object: Some(object), what: What::Created })
    });
    workloads.chain(nodes)
}

fn rolled_out(image: Option<&SafeText>) -> What {
    What::RolledOut { image: image.cloned().unwrap_or_else(SafeText::empty) }
}
