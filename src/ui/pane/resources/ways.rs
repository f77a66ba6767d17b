//! Where keys on a row lead: in to what stands below it, and across to its node and its owner.

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::scope::TreeNode;
use crate::fleet::tree;
use crate::ui::action::Action;
use crate::ui::effect::{Drill, Effect, Look, Prompt};
use crate::ui::lens::Lens;
use crate::ui::pane::Seen;

/// Where Enter leads, as in k9s: workload, node and namespace to their pods; what has none is described.
pub(super) fn open(key: &ObjectKey) -> Vec<Effect> {
    let name = || key.name.clone();
    let mut lens = Lens::of(Kind::Pod);
    let node = match key.kind {
        Kind::Namespace => TreeNode::Namespace(key.cluster, name()),
        Kind::Node => {
            lens.node = Some(name());
            TreeNode::Cluster(key.cluster)
        }
        k if k.is_workload() => TreeNode::Workload(key.cluster, key.namespace.clone(), k, name()),
        // Its name is that of the kind it defines.
        Kind::CustomResourceDefinition => return vec![Effect::Command(key.name.to_string())],
        _ => return vec![Effect::Look(Look::Describe, key.clone())],
    };
    vec![Effect::Drill(Drill { nodes: vec![node], lens: Some(lens), cursor: None })]
}

/// How many of these there should be is asked.
pub(super) fn scale(targets: Vec<ObjectKey>) -> Vec<Effect> {
    let targets: Vec<ObjectKey> = targets.into_iter().filter(|k| k.kind.is_scalable()).collect();
    if targets.is_empty() {
        vec![Effect::complain("only deployments, stateful sets and replica sets can be scaled")]
    } else {
        vec![Effect::Prompt(Prompt::Scale(targets))]
    }
}

/// From a pod to its node, or to the workload it belongs to.
pub(super) fn from_pod(seen: Seen<'_>, at: Option<&ObjectKey>, action: Action) -> Vec<Effect> {
    let found = at.filter(|key| key.kind == Kind::Pod).and_then(|key| {
        let cluster = seen.fleet.cluster(key.cluster)?;
        Some((key, cluster, cluster.pod(&key.namespace, &key.name)?))
    });
    let Some((key, cluster, pod)) = found else {
        return vec![Effect::complain("only a pod has a node and an owner to go to")];
    };
    let (node, to) = if action == Action::ShowNode {
        if pod.node.is_empty() {
            return vec![Effect::complain(format!("{} is not on a node yet", key.name))];
        }
        let to = ObjectKey { kind: Kind::Node, namespace: "".into(), name: pod.node.clone(), ..key.clone() };
        (TreeNode::Cluster(key.cluster), to)
    } else {
        let Some(owner) = tree::row_of_owner(cluster, pod) else {
            return vec![Effect::complain(format!("no workload that is known owns {}", key.name))];
        };
        let to = ObjectKey { kind: owner.kind, name: owner.meta.name.clone(), ..key.clone() };
        (TreeNode::Namespace(key.cluster, key.namespace.clone()), to)
    };
    vec![Effect::Drill(Drill { nodes: vec![node], lens: Some(Lens::of(to.kind)), cursor: Some(to) })]
}
