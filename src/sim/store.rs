//! One cluster's objects: shelves per type, a bounded change log per shelf for watches, and the indexes controllers need.
//! Never: HTTP, admission, behaviour. The only place that changes objects or counts resourceVersions.
//! Called by the server (reads, admitted writes), the controllers, the kubelet and the seed.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::clock::{self, Millis};
use super::json;
use super::object::{Key, Name, Stored};
use super::rng::Rng;
use super::table::{self, KindId, Resource};
use super::work::Work;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Added,
    Modified,
    Deleted,
}

/// One entry of a change log.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) rv: u64,
    pub(crate) did: Did,
    pub(crate) now: Arc<Stored>,
    pub(crate) before: Option<Arc<Stored>>,
}

/// All objects of one type.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) objects: BTreeMap<(Name, Name), Arc<Stored>>,
    pub(crate) log: VecDeque<Change>,
    /// What the objects of the log weigh.
    log_bytes: usize,
    /// Versions at or below this are compacted away.
    pub(crate) floor: u64,
    /// Wakes watches; carries the newest version of this shelf.
    pub(crate) news: watch::Sender<u64>,
}

/// Sums over the pods bound to a node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NodeUse {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
    pub(crate) pods: i64,
}

/// One cluster's whole state.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) types: Vec<Arc<Resource>>,
    shelves: Vec<Shelf>,
    pub(crate) rv: u64,
    pub(crate) now: Millis,
    pub(crate) rng: Rng,
    by_uid: HashMap<Name, Key>,
    children: HashMap<Name, BTreeSet<Key>>,
    by_node: HashMap<Name, BTreeSet<Key>>,
    node_use: HashMap<Name, NodeUse>,
    pub(crate) work: Work,
    /// Off while the seed fills the shelves.
    pub(crate) live: bool,
    /// Cron jobs and autoscalers wait.
    pub(crate) still: bool,
    /// The minor version of the server: some behaviour is newer than some clusters.
    pub(crate) minor: u32,
}

const LOG_LEAST: usize = 2_048;
const LOG_AGE: usize = 2;
/// A log is cut at so many bytes, for there may be hundreds of clusters, but never to fewer changes than these.
const LOG_BYTES: usize = 2 << 20;
const LOG_SHORT: usize = 256;

impl World {
    /// An empty cluster.
    pub(crate) fn new(rv: u64, now: Millis, rng: Rng) -> Self {
        let types = table::builtin();
        let shelves = types.iter().map(|_| Shelf::new(rv)).collect();
        Self {
            types,
            shelves,
            rv,
            now,
            rng,
            by_uid: HashMap::new(),
            children: HashMap::new(),
            by_node: HashMap::new(),
            node_use: HashMap::new(),
            work: Work::default(),
            live: false,
            still: false,
            minor: 36,
        }
    }

    /// The type of an id.
    pub(crate) fn resource(&self, kind: KindId) -> Arc<Resource> {
        match self.types.get(kind).or_else(|| self.types.first()) {
            Some(res) => Arc::clone(res),
            None => Arc::clone(&Arc::new(blank())),
        }
    }

    /// The id of a served type.
    pub(crate) fn kind_of(&self, group: &str, version: &str, plural: &str) -> Option<KindId> {
        self.types.iter().position(|r| r.plural == plural && r.group == group && r.version == version)
    }

    /// The id of a kind by apiVersion and kind.
    pub(crate) fn kind_named(&self, api_version: &str, kind: &str) -> Option<KindId> {
        self.types.iter().position(|r| r.kind == kind && r.api_version() == api_version)
    }

    /// Does a path lie in a group that is served?
    pub(crate) fn knows_group(&self, path: &str) -> bool {
        match path.split('/').skip(1).take(2).collect::<Vec<_>>().as_slice() {
            ["api", "v1"] => true,
            ["apis", group] => self.types.iter().any(|r| r.group == *group),
            _ => false,
        }
    }

    /// Adds a type (a CRD's version).
    pub(crate) fn add_type(&mut self, resource: Resource) -> KindId {
        self.types.push(Arc::new(resource));
        self.shelves.push(Shelf::new(self.rv));
        self.types.len() - 1
    }

    /// Stops serving a CRD's types; the ids stay.
    pub(crate) fn retire_types(&mut self, group: &str, plural: &str) {
        for res in &mut self.types {
            if res.custom && res.group == group && res.plural == plural {
                let mut gone = (**res).clone();
                gone.group = "\u{0}".into();
                *res = Arc::new(gone);
            }
        }
    }

    /// A shelf, if the type exists.
    pub(crate) fn shelf(&self, kind: KindId) -> Option<&Shelf> {
        self.shelves.get(kind)
    }

    /// One object.
    pub(crate) fn get(&self, kind: KindId, ns: &str, name: &str) -> Option<Arc<Stored>> {
        self.shelves.get(kind)?.objects.get(&(Name::from(ns), Name::from(name))).cloned()
    }

    /// One object by key.
    pub(crate) fn fetch(&self, key: &Key) -> Option<Arc<Stored>> {
        self.shelves.get(key.kind)?.objects.get(&(key.ns.clone(), key.name.clone())).cloned()
    }

    /// One object by uid.
    pub(crate) fn by_uid(&self, uid: &str) -> Option<Arc<Stored>> {
        self.by_uid.get(uid).and_then(|key| self.fetch(key))
    }

    /// All objects of a type, in one namespace when given.
    pub(crate) fn all<'a>(
        &'a self,
        kind: KindId,
        ns: &str,
    ) -> Box<dyn Iterator<Item = &'a Arc<Stored>> + 'a> {
        let Some(shelf) = self.shelves.get(kind) else { return Box::new(std::iter::empty()) };
        if ns.is_empty() {
            return Box::new(shelf.objects.values());
        }
        let ns = Name::from(ns);
        let from = (ns.clone(), Name::from(""));
        Box::new(
            shelf
                .objects
                .range((Bound::Included(from), Bound::Unbounded))
                .take_while(move |((n, _), _)| *n == ns)
                .map(|(_, object)| object),
        )
    }

    /// Objects with this owner.
    pub(crate) fn children(&self, uid: &str) -> Vec<Arc<Stored>> {
        self.children.get(uid).into_iter().flatten().filter_map(|key| self.fetch(key)).collect()
    }

    /// Objects of one kind with this owner.
    pub(crate) fn children_of(&self, uid: &str, kind: KindId) -> Vec<Arc<Stored>> {
        self.children
            .get(uid)
            .into_iter()
            .flatten()
            .filter(|key| key.kind == kind)
            .filter_map(|key| self.fetch(key))
            .collect()
    }

    /// Pods bound to a node.
    pub(crate) fn pods_on(&self, node: &str) -> Vec<Arc<Stored>> {
        self.by_node.get(node).into_iter().flatten().filter_map(|key| self.fetch(key)).collect()
    }

    /// What the pods bound to a node ask for.
    pub(crate) fn used_on(&self, node: &str) -> NodeUse {
        self.node_use.get(node).copied().unwrap_or_default()
    }

    /// The next resourceVersion.
    pub(crate) fn next_rv(&mut self) -> u64 {
        self.rv += 1;
        self.rv
    }

    /// Writes an object (new or changed); fills its resourceVersion. Controllers hear of it.
    /// A write that changes nothing is none.
    pub(crate) fn put(&mut self, kind: KindId, mut value: Value) -> Arc<Stored> {
        if let Some(map) = value.as_object_mut() {
            map.remove("apiVersion");
            map.remove("kind");
        }
        let before =
            self.get(kind, json::text(&value, "metadata.namespace"), json::text(&value, "metadata.name"));
        if let Some(before) = &before {
            json::set(&mut value, "metadata.resourceVersion", before.rv.to_string());
            let same = serde_json::to_vec(&value).is_ok_and(|bytes| bytes == before.body);
            if same {
                return Arc::clone(before);
            }
        }
        let rv = self.next_rv();
        json::set(&mut value, "metadata.resourceVersion", rv.to_string());
        self.shelve(Stored::read(kind, &value, rv))
    }

    /// Puts a finished object on its shelf.
    pub(crate) fn shelve(&mut self, stored: Stored) -> Arc<Stored> {
        let now = Arc::new(stored);
        let key = now.key.clone();
        let Some(shelf) = self.shelves.get_mut(key.kind) else { return now };
        let before = shelf.objects.insert((key.ns.clone(), key.name.clone()), Arc::clone(&now));
        if let Some(old) = &before {
            self.unindex(old);
        }
        self.index(&now);
        self.record(Change {
            rv: now.rv,
            did: if before.is_some() { Did::Modified } else { Did::Added },
            now: Arc::clone(&now),
            before,
        });
        now
    }

    /// Takes an object away; its last state carries a new resourceVersion.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Arc<Stored>> {
        let shelf = self.shelves.get_mut(key.kind)?;
        let before = shelf.objects.remove(&(key.ns.clone(), key.name.clone()))?;
        self.unindex(&before);
        let rv = self.next_rv();
        let mut value = before.value();
        json::set(&mut value, "metadata.resourceVersion", rv.to_string());
        let now = Arc::new(Stored::read(key.kind, &value, rv));
        self.record(Change { rv, did: Did::Deleted, now: Arc::clone(&now), before: Some(before) });
        Some(now)
    }

    fn record(&mut self, change: Change) {
        if !self.live {
            return;
        }
        Work::hear(self, &change);
        let rv = change.rv;
        if let Some(shelf) = self.shelves.get_mut(change.now.key.kind) {
            shelf.log_bytes += change.now.body.len();
            shelf.log.push_back(change);
            let most = LOG_LEAST.max(shelf.objects.len() / LOG_AGE);
            while shelf.log.len() > most || shelf.log_bytes > LOG_BYTES && shelf.log.len() > LOG_SHORT {
                if let Some(old) = shelf.log.pop_front() {
                    shelf.log_bytes -= old.now.body.len();
                    shelf.floor = old.rv;
                }
            }
            shelf.news.send_replace(rv);
        }
    }

    /// Forgets all change logs: running watches from old versions get 410.
    pub(crate) fn compact(&mut self) {
        let rv = self.next_rv();
        for shelf in &mut self.shelves {
            shelf.log.clear();
            shelf.log_bytes = 0;
            shelf.floor = rv;
            shelf.news.send_replace(rv);
        }
    }

    fn index(&mut self, object: &Arc<Stored>) {
        self.by_uid.insert(object.uid.clone(), object.key.clone());
        for owner in &object.owners {
            self.children.entry(owner.clone()).or_default().insert(object.key.clone());
        }
        if let Some(pod) = &object.pod
            && let Some(node) = &pod.node
        {
            self.by_node.entry(node.clone()).or_default().insert(object.key.clone());
            if !pod.phase.terminal() {
                let sum = self.node_use.entry(node.clone()).or_default();
                sum.cpu += pod.cpu;
                sum.memory += pod.memory;
                sum.pods += 1;
            }
        }
    }

    fn unindex(&mut self, object: &Arc<Stored>) {
        self.by_uid.remove(&object.uid);
        for owner in &object.owners {
            if let Some(set) = self.children.get_mut(owner) {
                set.remove(&object.key);
                if set.is_empty() {
                    self.children.remove(owner);
                }
            }
        }
        if let Some(pod) = &object.pod
            && let Some(node) = &pod.node
        {
            if let Some(set) = self.by_node.get_mut(node) {
                set.remove(&object.key);
            }
            if !pod.phase.terminal()
                && let Some(sum) = self.node_use.get_mut(node)
            {
                sum.cpu -= pod.cpu;
                sum.memory -= pod.memory;
                sum.pods -= 1;
            }
        }
    }

    /// A random number for the weather.
    pub(crate) fn next_draw(&mut self) -> u64 {
        self.rng.next()
    }

    /// Now, as `metav1.Time`.
    pub(crate) fn stamp(&self) -> String {
        clock::rfc3339(self.now)
    }
}

impl Shelf {
    fn new(floor: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            log_bytes: 0,
            floor,
            news: watch::channel(floor).0,
        }
    }
}

fn blank() -> Resource {
    Resource {
        group: "".into(),
        version: "v1".into(),
        kind: "".into(),
        plural: "".into(),
        singular: "".into(),
        short: Vec::new(),
        namespaced: false,
        categories: Vec::new(),
        subs: Vec::new(),
        generations: false,
        custom: false,
    }
}
