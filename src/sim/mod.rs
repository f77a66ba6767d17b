//! A simulated fleet of Kubernetes API servers, in process: the demo and every test run the product's own client code
//! against it. A server is hyper over an in-memory pipe, so streams, upgrades and back-pressure are real; `serve` puts the
//! same servers on sockets of this machine, for kubectl and every other client.
//!
//! Parts: `spec` (what a fleet is) → `seed` (its state at rest) → `store` (one cluster's objects) ← `server` (HTTP),
//! `controllers` and `kubelet` (its life, by `work`), `weather` (faults), `incident` (scripts), `stir` (load), `logs`, `usage`.
//! Time is simulated: nothing moves unless `advance` or `run` moves it; the same seed gives the same fleet.
//!
//! Never: imports of ours except `domain`; the system clock; entropy (but for the keys and tokens of `serve`); a lock held
//! across an await. Called where a run is set up (`demo`, `sim serve`) and by tests.

mod admit;
mod client;
mod clock;
mod cluster;
mod controllers;
mod embedded;
mod events;
mod incident;
mod json;
mod kubeconfig;
mod kubelet;
mod kubelet_status;
mod logs;
mod object;
mod openapi;
mod print;
mod protobuf;
mod quantity;
mod rng;
mod seed;
mod selector;
mod serve;
mod server;
mod shell;
mod sized;
mod spec;
mod status;
mod stir;
mod store;
mod table;
mod usage;
mod weather;
mod weathered;
mod work;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use cluster::{Cluster, Identity};
use jiff::Timestamp;

pub use serve::{Served, User};
pub use spec::{FleetSpec, SpecError};
pub use weather::Fault;

/// A running fleet; clones share it.
#[derive(Clone, Debug)]
pub struct Simulation {
    fleet: Arc<FleetSpec>,
    clusters: Arc<Vec<Arc<Cluster>>>,
    by_context: Arc<BTreeMap<String, usize>>,
    now: Arc<AtomicI64>,
}

impl Simulation {
    /// Builds the whole state as of `start`; the spec's incidents have already happened or are about to.
    pub fn new(spec: &FleetSpec, seed: u64, start: Timestamp) -> Self {
        let start = start.as_millisecond();
        let clusters = build(spec, seed, start);
        let by_context = clusters.iter().enumerate().map(|(i, c)| (c.context.clone(), i)).collect();
        Self {
            fleet: Arc::new(spec.clone()),
            clusters: Arc::new(clusters),
            by_context: Arc::new(by_context),
            now: Arc::new(AtomicI64::new(start)),
        }
    }

    /// Plays an incident from now on, whatever its own times before the start; unknown names do nothing and give false.
    pub fn with_incident(&self, name: &str) -> bool {
        let Some(script) = self.fleet.scripts.get(name) else { return false };
        let first = script.actions.iter().map(spec::Action::offset).min().unwrap_or(0).min(0);
        for action in &script.actions {
            for cluster in self.clusters.iter().filter(|c| action.clusters.contains(&c.spec.name)) {
                let mut world = cluster.lock();
                let at = world.now + action.offset() - first;
                incident::arm(&mut world, at, action.what.clone());
            }
        }
        true
    }

    /// A kubeconfig with one context per cluster, as each cloud's tool writes it.
    pub fn kubeconfig(&self) -> serde_json::Value {
        kubeconfig::of(self.clusters.iter().map(|c| &*c.spec))
    }

    /// A client of a cluster, as an administrator. `None`: no such context.
    pub fn client(&self, context: &str) -> Option<kube::Client> {
        self.cluster(context).map(|c| client::of(c, Identity::admin("kubernetes-admin")))
    }

    /// A client of a cluster as somebody: what it may do is what the cluster's RBAC objects say.
    pub fn client_as(&self, context: &str, user: &str, groups: &[&str]) -> Option<kube::Client> {
        let mut groups: Vec<String> = groups.iter().map(|g| (*g).to_string()).collect();
        if !groups.iter().any(|g| g == "system:authenticated") {
            groups.push("system:authenticated".into());
        }
        self.cluster(context).map(|c| client::of(c, Identity { user: user.into(), groups }))
    }

    fn cluster(&self, context: &str) -> Option<Arc<Cluster>> {
        self.by_context.get(context).and_then(|i| self.clusters.get(*i)).cloned()
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Acquire)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Lets time pass: everything due happens, in order.
    pub fn advance(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let until = self.now.load(Ordering::Acquire).saturating_add(span);
        for cluster in self.clusters.iter() {
            controllers::run(&mut cluster.lock(), until);
            cluster.take_faults();
        }
        self.now.store(until, Ordering::Release);
    }

    /// Lets time pass with the real clock, `speed` times as fast, in steps of 100 ms, until dropped.
    pub async fn run(&self, speed: f64) {
        let step = Duration::from_millis(100);
        let mut ticks = tokio::time::interval(step);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.advance(step.mul_f64(speed.max(0.0)));
        }
    }

    /// From now on nothing is done by the clock alone: no cron job starts and no autoscaler decides. Writes are answered as ever.
    pub fn still(&self) {
        for cluster in self.clusters.iter() {
            cluster.lock().still = true;
        }
    }

    /// Changes the weather of a cluster; false: no such context.
    pub fn fault(&self, context: &str, fault: Fault) -> bool {
        match self.cluster(context) {
            Some(cluster) => {
                cluster.set_fault(fault);
                true
            }
            None => false,
        }
    }

    /// How many pods there are in all.
    pub fn pods(&self) -> usize {
        self.clusters.iter().map(|c| c.lock().all(table::POD, "").count()).sum()
    }

    /// The names of all contexts, in the fleet's order.
    pub fn contexts(&self) -> Vec<String> {
        self.clusters.iter().map(|c| c.context.clone()).collect()
    }
}

/// All clusters of a fleet, on as many threads as the machine has; which thread builds which changes nothing.
fn build(spec: &FleetSpec, seed: u64, start: clock::Millis) -> Vec<Arc<Cluster>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(spec.clusters.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut built = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = spec.clusters.get(index) else { return built };
            built.push((index, Arc::new(build_one(spec, one, seed, start))));
        }
    };
    let mut all: Vec<(usize, Arc<Cluster>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(built) => all.extend(built),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, cluster)| cluster).collect()
}

fn build_one(spec: &FleetSpec, one: &spec::ClusterSpec, seed: u64, start: clock::Millis) -> Cluster {
    let scripts: Vec<spec::Action> = spec
        .incidents
        .iter()
        .filter_map(|i| spec.scripts.get(i))
        .flat_map(|i| &i.actions)
        .filter(|action| action.clusters.contains(&one.name))
        .cloned()
        .collect();
    // Only a cluster with a past needs its past played.
    let early = scripts.iter().map(spec::Action::offset).min().unwrap_or(0).min(0);
    let begin = start + early.max(-seed::WARM_UP) - if early < 0 { clock::MINUTE } else { 0 };
    let mut world = seed::world(spec, one, seed, begin, start);
    for action in scripts {
        incident::arm(&mut world, (start + action.offset()).max(begin), action.what);
    }
    controllers::run(&mut world, start);
    let cluster = Cluster::new(Arc::new(one.clone()), seed::context(one).0, world);
    cluster.take_faults();
    cluster
}
