//! All plugins of all contexts: what they gave, kept while it is good; and the runs on their way, one for all that wait for it.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared as SharedFuture};
use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::answer::{self, Credential};
use super::fault::PluginFault;
use super::group::Groups;
use super::run::{self, How, Ran, name};
use super::spec::{Interactive, Key, Plugin};
use super::store::Store;
use super::trust::{self, Lasting, Policy};
use super::{foreground, program};
use crate::domain::sign_in::{self, Next};
use crate::domain::text::SafeText;
use crate::source::clock::Clock;

/// Renewed so long before it runs out, or a tenth of its lifetime if that is less.
const MARGIN_MILLIS: i64 = 30_000;

type Outcome = Result<Arc<Credential>, PluginFault>;

/// How plugins are run.
#[derive(Clone)]
pub struct PluginOptions {
    /// Which may.
    pub policy: Policy,
    /// What a person has said yes to is kept here, in a folder of its own.
    pub trust_file: PathBuf,
    /// The person's home, for `~/.kube`.
    pub home: PathBuf,
    /// How long a run may take, from its start.
    pub limit: Duration,
    /// So many at once.
    pub at_once: usize,
    /// How long a failure answers for a new run.
    pub failures: Duration,
    /// There is no browser here.
    pub over_ssh: bool,
    /// What time it is.
    pub clock: Clock,
}

impl PluginOptions {
    /// The usual: 15 s, four at once, failures kept for 10 s.
    pub fn new(policy: Policy, trust_file: PathBuf, home: PathBuf) -> Self {
        Self {
            policy,
            trust_file,
            home,
            limit: Duration::from_secs(15),
            at_once: 4,
            failures: Duration::from_secs(10),
            over_ssh: false,
            clock: Clock::system(),
        }
    }
}

/// What can be said of a plugin without running it.
pub struct Looked {
    /// The program, or why there is none.
    pub program: Result<PathBuf, PluginFault>,
    /// Whether it may run, or what stands in the way.
    pub admitted: Result<(), PluginFault>,
}

/// The plugins of all contexts. Cheap to clone; when the last clone goes, all that run are killed.
#[derive(Clone)]
pub struct Plugins(Arc<Owner>);

/// Runs hold what is shared and not this: they do not keep each other alive.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct Shared {
    options: PluginOptions,
    store: Store,
    groups: Arc<Groups>,
    turns: Arc<Semaphore>,
    cancel: CancellationToken,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Key, Entry>,
    /// What may run, by what it is and whose file names it.
    admitted: HashSet<(Key, PathBuf)>,
    /// Counts the runs.
    runs: u64,
    /// Counts how often failures were forgotten: one of a run that began before is not kept.
    forgotten: u64,
}

enum Entry {
    Ready(Ready),
    Failed(PluginFault, Instant),
    Running { flight: SharedFuture<BoxFuture<'static, Outcome>>, run: u64 },
}

struct Ready {
    credential: Arc<Credential>,
    got: Timestamp,
    since: Instant,
}

impl Ready {
    /// By the wall clock as it is now, and by the time that has passed: setting the clock back makes nothing last longer.
    fn is_good(&self, now: Timestamp, at_least: Duration) -> bool {
        let Some(expires) = self.credential.expires else { return true };
        let lifetime = expires.as_millisecond().saturating_sub(self.got.as_millisecond());
        if lifetime <= 0 {
            // Expired on arrival: this clock is wrong, or the plugin's is. Not a reason to run it for every request.
            return self.since.elapsed() < at_least;
        }
        let lasts = lifetime - MARGIN_MILLIS.min(lifetime / 10);
        let age = now.as_millisecond().saturating_sub(self.got.as_millisecond());
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        age < lasts && passed < lasts
    }
}

impl Plugins {
    /// None has run yet.
    pub fn new(options: PluginOptions) -> Self {
        Self(Arc::new(Owner(Arc::new(Shared {
            store: Store::new(options.trust_file.clone()),
            groups: Arc::default(),
            turns: Arc::new(Semaphore::new(options.at_once.max(1))),
            cancel: CancellationToken::new(),
            state: Mutex::default(),
            options,
        }))))
    }

    /// What this plugin gives: kept from before, or by a run that all who ask meanwhile share. Whoever stops waiting stops
    /// nothing.
    pub async fn credential(&self, plugin: &Plugin) -> Result<Arc<Credential>, PluginFault> {
        let shared = &self.0.0;
        let key = plugin.key();
        shared.admit(plugin, &key).await?;
        shared.join(plugin, key)?.await
    }

    /// What would come of running it, as far as can be said without: looks at files, runs nothing, waits for nobody.
    pub fn look(&self, plugin: &Plugin) -> Looked {
        let shared = &self.0.0;
        let options = &shared.options;
        let program = plugin.check().and_then(|()| program::find(plugin));
        let admitted = trust::admit(options.policy, plugin, &options.home, &shared.store);
        Looked { program, admitted }
    }

    /// Which plugins may run.
    pub fn policy(&self) -> Policy {
        self.0.0.options.policy
    }

    /// A server said 401 to this one. It is dropped, unless there is a newer one.
    pub fn refused(&self, plugin: &Plugin, used: &Arc<Credential>) {
        let mut state = self.0.0.lock();
        let key = plugin.key();
        if matches!(state.entries.get(&key), Some(Entry::Ready(ready)) if Arc::ptr_eq(&ready.credential, used))
        {
            state.entries.remove(&key);
        }
    }

    /// What failed may be tried at once: somebody has signed in.
    pub fn forget_failures(&self) {
        let mut state = self.0.0.lock();
        state.forgotten += 1;
        state.entries.retain(|_, entry| !matches!(entry, Entry::Failed(..)));
    }

    /// A person says yes to this one.
    pub fn trust(&self, plugin: &Plugin, lasting: Lasting) -> io::Result<()> {
        let program =
            program::find(plugin).map_err(|e| io::Error::new(io::ErrorKind::NotFound, e.to_string()))?;
        let id = trust::id(plugin, &program);
        match lasting {
            Lasting::ForNow => {
                self.0.0.store.add_for_now(id);
                Ok(())
            }
            Lasting::ForGood => self.0.0.store.add(&id),
        }
    }

    /// The file of what was said yes to for good.
    pub fn trust_file(&self) -> PathBuf {
        self.0.0.options.trust_file.clone()
    }

    /// How many are in it. Reads it.
    pub fn trusted(&self) -> usize {
        self.0.0.store.kept()
    }

    /// Runs it with the terminal, which the caller has given up: no limit, a person is at it. What it gives is kept.
    pub async fn in_foreground(&self, plugin: &Plugin) -> Result<(), PluginFault> {
        let shared = &self.0.0;
        let key = plugin.key();
        shared.admit(plugin, &key).await?;
        let program = program::find(plugin)?;
        let ran = tokio::select! {
            biased;
            () = shared.cancel.cancelled() => return Err(PluginFault::Stopped),
            ran = foreground::run(plugin, &program) => ran?,
        };
        let credential = shared.judge(plugin, &ran)?;
        let ready = shared.ready(Arc::new(credential));
        shared.lock().entries.insert(key, Entry::Ready(ready));
        Ok(())
    }

    /// Kills all that run, and runs none any more. Done when it returns.
    pub fn stop(&self) {
        self.0.0.stop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.groups.stop();
        self.cancel.cancel();
    }

    /// Whether it may run. A credential that is kept is for those alone who may: another file's context sends it elsewhere.
    async fn admit(self: &Arc<Self>, plugin: &Plugin, key: &Key) -> Result<(), PluginFault> {
        plugin.check()?;
        let asked = plugin.file.clone().map(|file| (key.clone(), file));
        if asked.as_ref().is_some_and(|asked| self.lock().admitted.contains(asked)) {
            return Ok(());
        }
        if !trust::looks_at_files(self.options.policy, plugin) {
            return trust::admit(self.options.policy, plugin, &self.options.home, &self.store);
        }
        let (shared, plugin) = (self.clone(), plugin.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let options = &shared.options;
            trust::admit(options.policy, &plugin, &options.home, &shared.store)
        });
        looked.await.unwrap_or(Err(PluginFault::Stopped))?;
        if let Some(asked) = asked {
            self.lock().admitted.insert(asked);
        }
        Ok(())
    }

    /// Its credentials, or those of the run on its way, or of a new one.
    fn join(
        self: &Arc<Self>,
        plugin: &Plugin,
        key: Key,
    ) -> Result<impl Future<Output = Outcome> + use<>, PluginFault> {
        let kept = self.options.failures;
        let mut state = self.lock();
        match state.entries.get(&key) {
            Some(Entry::Ready(ready)) if ready.is_good(self.options.clock.now(), kept) => {
                return Ok(std::future::ready(Ok(ready.credential.clone())).left_future());
            }
            Some(Entry::Failed(fault, since)) if since.elapsed() < kept => return Err(fault.clone()),
            // One that was lost with its runtime is answered and still here.
            Some(Entry::Running { flight, .. }) if flight.peek().is_none() => {
                return Ok(flight.clone().right_future());
            }
            Some(Entry::Ready(_) | Entry::Failed(..) | Entry::Running { .. }) | None => {}
        }
        if plugin.interactive == Interactive::Always {
            let env = plugin.identity();
            return Err(sign_in::interactive(&plugin.facts(&env, self.options.over_ssh)).into());
        }
        state.runs += 1;
        let (run, forgotten) = (state.runs, state.forgotten);
        let (tell, told) = oneshot::channel();
        let flight = told.map(|told| told.unwrap_or(Err(PluginFault::Stopped))).boxed().shared();
        state.entries.insert(key.clone(), Entry::Running { flight: flight.clone(), run });
        drop(state);
        let (shared, plugin) = (self.clone(), plugin.clone());
        tokio::spawn(async move {
            let outcome = shared.outcome(&plugin).await;
            shared.settle(key, run, forgotten, &outcome);
            let _nobody_waits = tell.send(outcome);
        });
        Ok(flight.right_future())
    }

    /// Runs it when its turn comes.
    async fn outcome(&self, plugin: &Plugin) -> Outcome {
        let ran = AssertUnwindSafe(async {
            let _turn = self.turns.acquire().await.map_err(|_| PluginFault::Stopped)?;
            let program = program::find(plugin)?;
            let ran = run::run(plugin, program, &self.groups, self.options.limit).await?;
            self.judge(plugin, &ran)
        });
        let ran = pin!(ran.catch_unwind());
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(PluginFault::Stopped),
            ran = ran => ran.unwrap_or_else(|_| {
                let why = SafeText::new("skyfleet failed at it");
                Err(PluginFault::Start { command: name(plugin), why })
            }),
        }
        .map(Arc::new)
    }

    fn ready(&self, credential: Arc<Credential>) -> Ready {
        Ready { credential, got: self.options.clock.now(), since: Instant::now() }
    }

    /// What a run comes to.
    fn judge(&self, plugin: &Plugin, ran: &Ran) -> Result<Credential, PluginFault> {
        let env = plugin.identity();
        let facts = plugin.facts(&env, self.options.over_ssh);
        let printed = String::from_utf8_lossy(&ran.err);
        match ran.how {
            How::Exited(Some(0)) => answer::parse(&ran.out, &plugin.api_version).map_err(|what| {
                let known = sign_in::recognised(&printed, &facts).map(PluginFault::from);
                known.unwrap_or_else(|| PluginFault::answer(facts.name(), what))
            }),
            How::Exited(code) => Err(sign_in::read(&printed, code, &facts).into()),
            How::TimedOut => {
                let known = sign_in::recognised(&printed, &facts).map(PluginFault::from);
                let limit = self.options.limit;
                Err(known.unwrap_or_else(|| PluginFault::Timeout {
                    command: name(plugin),
                    limit,
                    next: Box::new(Next::plugin(&facts)),
                }))
            }
            How::Flooded => Err(PluginFault::answer(facts.name(), "printed more than 1 MiB and was stopped")),
        }
    }

    /// Keeps what a run came to, unless something newer is there.
    fn settle(&self, key: Key, of: u64, forgotten: u64, outcome: &Outcome) {
        let now = self.options.clock.now();
        let kept = self.options.failures;
        let mut state = self.lock();
        if !matches!(state.entries.get(&key), Some(Entry::Running { run, .. }) if *run == of) {
            return;
        }
        let entry = match outcome {
            Ok(credential) => Some(Entry::Ready(self.ready(credential.clone()))),
            Err(
                fault @ (PluginFault::SignIn(_)
                | PluginFault::Timeout { .. }
                | PluginFault::Answer { .. }
                | PluginFault::Start { .. }),
            ) if state.forgotten == forgotten => Some(Entry::Failed(fault.clone(), Instant::now())),
            // Looking again costs nothing, and the answer may be another one by then.
            Err(_) => None,
        };
        // What is no use any more goes: the kubeconfigs may change often.
        state.entries.retain(|_, entry| match entry {
            Entry::Ready(ready) => ready.is_good(now, kept),
            Entry::Failed(_, since) => since.elapsed() < kept,
            Entry::Running { .. } => true,
        });
        match entry {
            Some(entry) => state.entries.insert(key, entry),
            None => state.entries.remove(&key),
        };
    }
}
