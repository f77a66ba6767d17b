//! Chaos: many clusters, faults at random, all the time something changes. At the end the model is what each server says,
//! nothing is left running, and whoever was well the whole time was never shown older than five seconds.
//!
//! The same run plays over the simulation on its own clock (`tests/it`) and over real control planes (`tests/real`).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::future::join_all;
use kube::Client;
use serde_json::json;
use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::{Cluster, Load};
use skyfleet::fleet::delta::{Row, Update};
use skyfleet::fleet::demand::Demand;
use skyfleet::fleet::phase::Phase;
use skyfleet::ops::session::Shared;
use skyfleet::source::api::{self, ApplyOptions, ListOptions, Resource};
use skyfleet::source::slim;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// The oldest that a cluster may be shown that is well.
const FRESH: Duration = Duration::from_secs(5);
/// How long the clusters may take at first, and how long after the last fault.
const SETTLE: Duration = Duration::from_mins(4);
/// The object that changes all the time, in each cluster.
const PULSE: &str = "pulse";

/// What can be done to the clusters of a run.
pub(crate) trait Weather {
    /// The faults there are.
    fn kinds(&self) -> Vec<&'static str>;
    /// Begins a fault of a cluster, or goes on with one that happens again and again: called once a second.
    fn blow(&mut self, cluster: usize, kind: &str);
    /// Ends it.
    fn calm(&mut self, cluster: usize);
}

/// One run.
pub(crate) struct Run<'a, W> {
    pub(crate) session: Shared,
    /// Clients that reach the clusters past all faults but the server's own.
    pub(crate) writers: Vec<Client>,
    pub(crate) weather: &'a mut W,
    pub(crate) seed: u64,
    pub(crate) seconds: u64,
    /// So many clusters, the first, are left alone.
    pub(crate) spared: usize,
}

/// Numbers that are random, and the same in each run of a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// What was written to a cluster and is not shown yet, oldest first.
#[derive(Default)]
struct Pulses {
    next: u64,
    unseen: VecDeque<(u64, Instant)>,
    /// The oldest that was ever shown while nothing was wrong.
    oldest: Duration,
}

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Faults that blew.
    pub(crate) faults: BTreeMap<String, u32>,
    /// Changes that were written.
    pub(crate) pulses: u64,
    /// The oldest that a spared cluster was shown.
    pub(crate) oldest: Duration,
    /// Tasks alive once all were live first, at the end, and after everything was ended.
    pub(crate) tasks: [usize; 3],
}

impl<W: Weather> Run<'_, W> {
    /// Plays it; what went wrong, in words.
    pub(crate) async fn play(mut self) -> Result<Told, String> {
        let mut told = Told::default();
        self.make_pulses().await?;
        let before = tasks();
        let mut fleet = self.session.fleet();
        let ids: Vec<ClusterId> = self.session.infos.iter().map(|i| i.id).collect();
        let (updates, mut heard) = mpsc::channel(256);
        let (demand, demanded) =
            watch::channel(Demand { clusters: ids.iter().copied().collect(), ..Demand::default() });
        let cancel = CancellationToken::new();
        let supervision = self.session.supervise(updates, demanded, cancel.clone());
        self.settle(&mut fleet, &mut heard).await?;
        told.tasks[0] = tasks();
        let mut pulses: Vec<Pulses> = ids.iter().map(|_| Pulses::default()).collect();
        let mut faults: Vec<Option<(&'static str, u64)>> = vec![None; ids.len()];
        let mut dice = Dice(self.seed);
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut second = 0;
        while second < self.seconds {
            tokio::select! {
                update = heard.recv() => {
                    let update = update.ok_or("the supervisors are gone")?;
                    self.take(&mut fleet, update);
                    self.look(&fleet, &ids, &mut pulses);
                }
                _ = ticks.tick() => {
                    second += 1;
                    self.look(&fleet, &ids, &mut pulses);
                    for (n, pulse) in pulses.iter().enumerate().take(self.spared) {
                        if pulse.oldest > FRESH {
                            return Err(format!(
                                "seed {}, second {second}: cluster {n}, which is well, was shown {:?} old (phase {})",
                                self.seed, pulse.oldest, fleet.clusters()[n].phase.word()
                            ));
                        }
                    }
                    self.blow(second, &mut faults, &mut dice, &mut told);
                    self.write(&mut pulses, &faults).await;
                }
            }
        }
        for n in 0..ids.len() {
            self.weather.calm(n);
        }
        self.settle(&mut fleet, &mut heard).await?;
        self.compare(&mut fleet, &mut heard).await?;
        told.tasks[1] = tasks();
        told.pulses = pulses.iter().map(|p| p.next).sum();
        told.oldest = pulses.iter().take(self.spared).map(|p| p.oldest).max().unwrap_or_default();
        cancel.cancel();
        drop((supervision, heard, demand));
        // What is being ended needs a moment.
        let ended = Instant::now() + Duration::from_secs(30);
        while tasks() > before && Instant::now() < ended {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        told.tasks[2] = tasks().saturating_sub(before);
        Ok(told)
    }

    fn take(&self, fleet: &mut Fleet, update: Update) {
        fleet.apply(update, self.session.clock.now());
    }

    /// An object in each cluster that changes and starts nothing.
    async fn make_pulses(&self) -> Result<(), String> {
        let one = |client: &Client| {
            let client = client.clone();
            async move {
                let deployment = json!({
                    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": PULSE, "namespace": "default"},
                    "spec": {"replicas": 0, "paused": true, "selector": {"matchLabels": {"app": PULSE}}, "template": {
                        "metadata": {"labels": {"app": PULSE}}, "spec": {"containers": [{"name": "main", "image": "pulse:0"}]}}}
                });
                let what = Resource::from(Kind::Deployment);
                let force = ApplyOptions { dry_run: false, force: true };
                api::apply(&client, &what, "default", PULSE, &deployment, force)
                    .await
                    .map_err(|f| f.to_string())
            }
        };
        for made in join_all(self.writers.iter().map(one)).await {
            made?;
        }
        Ok(())
    }

    /// Waits until every cluster is live with all its kinds.
    async fn settle(&self, fleet: &mut Fleet, heard: &mut mpsc::Receiver<Update>) -> Result<(), String> {
        let is_there = |c: &Cluster| {
            c.phase == Phase::Live && Kind::WATCHED.iter().all(|k| c.loads.get(k) == Some(&Load::Ready))
        };
        let until = Instant::now() + SETTLE;
        while !fleet.clusters().iter().all(is_there) {
            match tokio::time::timeout_at(until, heard.recv()).await {
                Ok(Some(update)) => self.take(fleet, update),
                Ok(None) => return Err("the supervisors are gone".to_owned()),
                Err(_) => {
                    let late = fleet.clusters().iter().filter(|c| !is_there(c));
                    let words: Vec<String> = late
                        .map(|c| {
                            format!(
                                "{}: {} {:?} {:?}",
                                c.info.name(),
                                c.phase.word(),
                                c.phase.cause(),
                                c.loads
                            )
                        })
                        .collect();
                    return Err(format!("seed {}: never live again: {}", self.seed, words.join("\n")));
                }
            }
        }
        Ok(())
    }

    /// What is shown of the pulses by now, and how old that is.
    fn look(&self, fleet: &Fleet, ids: &[ClusterId], pulses: &mut [Pulses]) {
        let now = Instant::now();
        for (id, pulse) in ids.iter().zip(pulses) {
            let shown = fleet
                .cluster(*id)
                .and_then(|c| c.workload(Kind::Deployment, &"default".into(), &PULSE.into()))
                .and_then(|w| w.images.first()?.strip_prefix("pulse:")?.parse::<u64>().ok())
                .unwrap_or(0);
            while pulse.unseen.front().is_some_and(|(n, _)| *n <= shown) {
                pulse.unseen.pop_front();
            }
            let age = pulse.unseen.front().map_or(Duration::ZERO, |(_, at)| now.duration_since(*at));
            pulse.oldest = pulse.oldest.max(age);
        }
    }

    fn blow(
        &mut self,
        second: u64,
        faults: &mut [Option<(&'static str, u64)>],
        dice: &mut Dice,
        told: &mut Told,
    ) {
        let kinds = self.weather.kinds();
        for (n, fault) in faults.iter_mut().enumerate().skip(self.spared) {
            match fault {
                Some((_, until)) if *until <= second => {
                    self.weather.calm(n);
                    *fault = None;
                }
                Some((kind, _)) => self.weather.blow(n, kind),
                None if dice.below(20) == 0 => {
                    let kind = kinds[usize::try_from(dice.below(kinds.len() as u64)).unwrap()];
                    *fault = Some((kind, second + 3 + dice.below(50)));
                    *told.faults.entry(kind.to_owned()).or_default() += 1;
                    self.weather.blow(n, kind);
                }
                None => {}
            }
        }
    }

    /// A change in every cluster that is well. What was written counts from when the server said so.
    async fn write(&self, pulses: &mut [Pulses], faults: &[Option<(&'static str, u64)>]) {
        let well = |(n, _): &(usize, &mut Pulses)| faults[*n].is_none();
        let writes = pulses.iter_mut().enumerate().filter(well).map(|(n, pulse)| {
            let client = self.writers[n].clone();
            async move {
                pulse.next += 1;
                let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image",
                    "value": format!("pulse:{}", pulse.next)}]);
                let request =
                    http::Request::patch(format!("/apis/apps/v1/namespaces/default/deployments/{PULSE}"))
                        .header("content-type", "application/json-patch+json")
                        .body(patch.to_string().into_bytes())
                        .unwrap();
                let answer = timeout(Duration::from_secs(2), client.request_text(request)).await;
                if let Ok(Ok(_)) = answer {
                    pulse.unseen.push_back((pulse.next, Instant::now()));
                }
            }
        });
        join_all(writes).await;
    }

    /// The model against a fresh list of every kind of every cluster. Life goes on there: what differs is looked at again.
    async fn compare(&self, fleet: &mut Fleet, heard: &mut mpsc::Receiver<Update>) -> Result<(), String> {
        let mut differs = Vec::new();
        for _ in 0..20 {
            let mut lists = Vec::new();
            for client in &self.writers {
                lists.push(join_all(Kind::WATCHED.map(|kind| self.list(client, kind))).await);
            }
            let quiet = Instant::now() + Duration::from_secs(1);
            while let Ok(Some(update)) = tokio::time::timeout_at(quiet, heard.recv()).await {
                self.take(fleet, update);
            }
            differs.clear();
            for (cluster, lists) in fleet.clusters().iter().zip(lists) {
                for (kind, list) in Kind::WATCHED.into_iter().zip(lists) {
                    let (theirs, ours) = (list?, cluster.rows_of(kind));
                    if ours != theirs {
                        let other = ours.iter().find(|row| !theirs.contains(row));
                        let missing = theirs.iter().find(|row| !ours.contains(row));
                        differs.push(format!(
                            "{} {kind:?}: {} rows, the server has {}; ours alone {other:?}; theirs alone {missing:?}",
                            cluster.info.name(), ours.len(), theirs.len()
                        ));
                    }
                }
            }
            if differs.is_empty() {
                return Ok(());
            }
        }
        Err(format!("seed {}: the model is not what the servers say:\n{}", self.seed, differs.join("\n")))
    }

    async fn list(&self, client: &Client, kind: Kind) -> Result<Vec<Row>, String> {
        let list = api::list(client, &Resource::from(kind), &ListOptions::default()).await;
        let now = self.session.clock.now();
        let mut rows: Vec<Row> = list
            .map_err(|f| f.to_string())?
            .into_iter()
            .map(|object| slim::row(kind, object, now).ok_or_else(|| format!("{kind:?} that is none")))
            .collect::<Result<_, _>>()?;
        rows.sort_by_key(|row| (row.meta().namespace.clone(), row.meta().name.clone()));
        Ok(rows)
    }
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
