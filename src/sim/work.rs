//! What is to do in one cluster: keys that changed (per controller) and timers. Nothing is ever scanned for.
//! Never: doing it. Filled by the store on every change; emptied by `controllers::run`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use super::clock::Millis;
use super::kubelet::Run;
use super::object::{Key, Name};
use super::selector;
use super::spec::What;
use super::store::{Change, Did, World};
use super::table;
use super::weather::Fault;

/// Who has to look at a key. The order is the order of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Who {
    Script,
    Garbage,
    Namespace,
    Crd,
    CronJob,
    Job,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Hpa,
    Claim,
    Quota,
    Node,
    Scheduler,
    Kubelet,
    Endpoints,
    Budget,
}

/// The queues of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) dirty: BTreeSet<(Who, Key)>,
    timers: BinaryHeap<Reverse<(Millis, u64, Who, Key)>>,
    armed: HashMap<(Who, Key), Millis>,
    order: u64,
    /// Pods on their way up, down or round (absent = steady).
    pub(crate) runs: HashMap<Name, Run>,
    /// Pods that found no node.
    pub(crate) waiting: BTreeSet<Key>,
    /// Nodes whose kubelet is silent.
    pub(crate) dead: HashSet<Name>,
    /// Namespaces that hold a quota.
    pub(crate) quotas: HashSet<Name>,
    /// Actions of incidents; timers name them by place.
    pub(crate) script: Vec<What>,
    /// Weather that a script asked for; taken by `Simulation::advance`.
    pub(crate) faults: Vec<Fault>,
}

impl Work {
    /// Looks at the key in this round.
    pub(crate) fn mark(&mut self, who: Who, key: Key) {
        self.dirty.insert((who, key));
    }

    /// Looks at the key at a time; of several times the earliest counts.
    pub(crate) fn at(&mut self, due: Millis, who: Who, key: Key) {
        if self.armed.get(&(who, key.clone())).is_some_and(|armed| *armed <= due) {
            return;
        }
        self.order += 1;
        self.armed.insert((who, key.clone()), due);
        self.timers.push(Reverse((due, self.order, who, key)));
    }

    /// Is a timer set for the key?
    pub(crate) fn is_armed(&self, who: Who, key: &Key) -> bool {
        self.armed.contains_key(&(who, key.clone()))
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.timers.peek().map(|Reverse((due, ..))| *due)
    }

    /// Moves timers that are due into the queue.
    pub(crate) fn ring(&mut self, now: Millis) {
        while let Some(Reverse((due, ..))) = self.timers.peek() {
            if *due > now {
                break;
            }
            if let Some(Reverse((due, _, who, key))) = self.timers.pop() {
                if self.armed.get(&(who, key.clone())) == Some(&due) {
                    self.armed.remove(&(who, key.clone()));
                    self.dirty.insert((who, key));
                }
            }
        }
    }

    /// A change happened: who has to know?
    pub(crate) fn hear(world: &mut World, change: &Change) {
        let now = &change.now;
        let key = now.key.clone();
        let gone = change.did == Did::Deleted;
        let mut marks: Vec<(Who, Key)> = Vec::new();
        match key.kind {
            table::POD => hear_pod(world, change, &mut marks),
            table::NODE => {
                marks.push((Who::Node, key.clone()));
                let shape = |o: &super::object::Stored| {
                    o.node.as_ref().map(|n| (n.cpu, n.memory, n.unschedulable, n.ready, n.taints.clone()))
                };
                let changed =
                    change.before.as_ref().is_none_or(|b| shape(b) != shape(now) || b.labels != now.labels)
                        || gone;
                if changed {
                    marks.extend(world.all(table::DAEMONSET, "").map(|d| (Who::DaemonSet, d.key.clone())));
                    let waiting: Vec<Key> = world.work.waiting.iter().cloned().collect();
                    marks.extend(waiting.into_iter().map(|k| (Who::Scheduler, k)));
                }
            }
            table::DEPLOYMENT => marks.push((Who::Deployment, key.clone())),
            table::REPLICASET => marks.push((Who::ReplicaSet, key.clone())),
            table::STATEFULSET => marks.push((Who::StatefulSet, key.clone())),
            table::DAEMONSET => marks.push((Who::DaemonSet, key.clone())),
            table::JOB => marks.push((Who::Job, key.clone())),
            table::CRONJOB => marks.push((Who::CronJob, key.clone())),
            table::HPA => marks.push((Who::Hpa, key.clone())),
            table::NAMESPACE => marks.push((Who::Namespace, key.clone())),
            table::PVC | table::PV => marks.push((Who::Claim, key.clone())),
            table::SERVICE => marks.push((Who::Endpoints, key.clone())),
            table::PDB => marks.push((Who::Budget, key.clone())),
            table::CRD => marks.push((Who::Crd, key.clone())),
            table::RESOURCEQUOTA => {
                world.work.quotas.insert(key.ns.clone());
                marks.push((Who::Quota, Key::new(table::RESOURCEQUOTA, &key.ns, "")));
            }
            _ => {}
        }
        if gone && key.kind != table::EVENT {
            marks.push((Who::Garbage, Key::new(key.kind, &now.uid, &key.name)));
        }
        if now.deleting && key.kind != table::POD {
            marks.push((Who::Garbage, key.clone()));
            if !key.ns.is_empty() {
                marks.push((Who::Namespace, Key::new(table::NAMESPACE, "", &key.ns)));
            }
        }
        if let Some(owner) = now.owners.first().and_then(|uid| world.by_uid(uid)) {
            let who = match owner.key.kind {
                table::DEPLOYMENT => Some(Who::Deployment),
                table::REPLICASET => Some(Who::ReplicaSet),
                table::STATEFULSET => Some(Who::StatefulSet),
                table::DAEMONSET => Some(Who::DaemonSet),
                table::JOB => Some(Who::Job),
                table::CRONJOB => Some(Who::CronJob),
                _ => None,
            };
            marks.extend(who.map(|w| (w, owner.key.clone())));
            // A Deployment that recreates waits for the last old pod to be really gone.
            if gone
                && key.kind == table::POD
                && owner.key.kind == table::REPLICASET
                && let Some(top) = owner.owners.first().and_then(|uid| world.by_uid(uid))
            {
                marks.push((Who::Deployment, top.key.clone()));
            }
        }
        world.work.dirty.extend(marks);
    }
}

fn hear_pod(world: &World, change: &Change, marks: &mut Vec<(Who, Key)>) {
    let now = &change.now;
    let key = &now.key;
    let gone = change.did == Did::Deleted;
    let Some(pod) = &now.pod else { return };
    if gone {
        let waiting: Vec<Key> = world.work.waiting.iter().cloned().collect();
        marks.extend(waiting.into_iter().map(|k| (Who::Scheduler, k)));
    } else if pod.node.is_none() {
        marks.push((Who::Scheduler, key.clone()));
    } else {
        marks.push((Who::Kubelet, key.clone()));
    }
    let before = change.before.as_ref();
    let seen = |o: &super::object::Stored| {
        (o.deleting, o.pod.as_ref().map(|p| (p.ready, p.phase, p.node.is_some())))
    };
    let differs = gone || before.is_none_or(|b| seen(b) != seen(now) || b.labels != now.labels);
    if !differs {
        return;
    }
    if before.is_some_and(|b| !b.pod.as_ref().is_some_and(|p| p.phase.terminal())) && pod.phase.terminal() {
        let waiting: Vec<Key> = world.work.waiting.iter().cloned().collect();
        marks.extend(waiting.into_iter().map(|k| (Who::Scheduler, k)));
    }
    for service in world.all(table::SERVICE, &key.ns) {
        if selector::chooses(service, &now.labels)
            || before.is_some_and(|b| selector::chooses(service, &b.labels))
        {
            marks.push((Who::Endpoints, service.key.clone()));
        }
    }
    for budget in world.all(table::PDB, &key.ns) {
        if selector::chooses(budget, &now.labels) {
            marks.push((Who::Budget, budget.key.clone()));
        }
    }
    if world.work.quotas.contains(&key.ns) {
        marks.push((Who::Quota, Key::new(table::RESOURCEQUOTA, &key.ns, "")));
    }
}
