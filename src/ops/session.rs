//! A session: the clusters of one run, how they are reached, and what time it is there.
//!
//! Lives here: how a session is made of a kubeconfig or of a simulation, and how its supervisors are started. Never: the
//! model (its one owner is the loop, or `gather`), a terminal, a printed word. Called by `main`, which makes one, by `ui`
//! and `cli`, and by every use case.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::context::environment_of;
use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::plan::MAX_TARGETS;
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::{ClusterInfo, Phase};
use crate::fleet::delta::{Batch, Delta, Update};
use crate::fleet::demand::Demand;
use crate::fleet::guards::Guards;
use crate::source::clock::Clock;
use crate::source::connect::{Client, Dialer, FromKubeconfig, Pool, Surroundings};
use crate::source::fault::{Fault, FaultClass};
use crate::source::kubeconfig::{ContextEntry, FileState, Loaded, clusters};
use crate::source::plugin::Plugins;
use crate::source::proxy::ProxyEnv;
use crate::source::supervise::Supervisors;

/// The clusters of one run.
pub struct Session {
    /// Every context that was found, in file order.
    pub contexts: Vec<ContextEntry>,
    /// Places in `contexts` by name, as rows show it.
    by_context: Arc<HashMap<SafeText, usize>>,
    guards: Arc<Guards>,
    /// Every file that was read, or could not be.
    pub files: Vec<FileState>,
    /// The clusters behind the contexts; a cluster's id is its place here.
    pub infos: Vec<ClusterInfo>,
    /// Clients for single calls.
    pub pool: Arc<Pool>,
    /// What time it is.
    pub clock: Clock,
    /// These clusters are simulated.
    pub demo: bool,
    /// Where journals and the audit log go; `None`: nowhere.
    pub state_dir: Option<PathBuf>,
    /// Plans over more targets are refused.
    pub max_targets: usize,
}

/// A session as it is handed around.
pub type Shared = Arc<Session>;

/// How a session differs from the plain one.
#[derive(Clone)]
pub struct SessionOptions {
    /// Nothing may be written anywhere.
    pub read_only: bool,
    /// Nothing may be written to these clusters.
    pub read_only_clusters: Option<Scope>,
    /// These clusters count as production, whatever their names say.
    pub protected: Option<Scope>,
    /// `--as` and `--as-group`.
    pub impersonate: Option<(String, Vec<String>)>,
    /// What time it is.
    pub clock: Clock,
    /// These clusters are simulated.
    pub demo: bool,
    /// Where journals and the audit log go.
    pub state_dir: Option<PathBuf>,
    /// Plans over more targets are refused.
    pub max_targets: usize,
    /// Runs credential plugins.
    pub plugins: Plugins,
    /// Proxies by the environment.
    pub proxies: ProxyEnv,
    /// Contexts that were chosen to act for their cluster.
    pub remembered: Vec<String>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            read_only_clusters: None,
            protected: None,
            impersonate: None,
            clock: Clock::system(),
            demo: false,
            state_dir: None,
            max_targets: MAX_TARGETS,
            plugins: Plugins::default(),
            proxies: ProxyEnv::default(),
            remembered: Vec::new(),
        }
    }
}

impl Session {
    /// The clusters of a kubeconfig, dialled as it says.
    pub fn from_kubeconfig(loaded: Loaded, options: SessionOptions) -> Self {
        let surroundings = Surroundings {
            plugins: options.plugins.clone(),
            proxies: options.proxies.clone(),
            clock: options.clock.clone(),
            impersonate: options.impersonate.clone(),
        };
        let dialer: Dialer = Arc::new(FromKubeconfig::new(&loaded.contexts, surroundings));
        Self::new(loaded, dialer, options)
    }

    /// The clusters of a kubeconfig, dialled by `dialer`: the simulation's, a recording's.
    pub fn new(loaded: Loaded, dialer: Dialer, options: SessionOptions) -> Self {
        let mut infos = clusters(&loaded.contexts, options.read_only, &options.remembered);
        let guards = Guards { read_only: options.read_only_clusters, protected: options.protected };
        for (info, n) in infos.iter_mut().zip(0u32..) {
            info.id = ClusterId(n);
            if let Some(as_user) = options.impersonate.as_ref().map(|(user, _)| user) {
                info.user = SafeText::new(&format!("{} as {as_user}", info.user));
            }
            guards.guard(info);
        }
        let names = loaded.contexts.iter().map(|c| SafeText::new(&c.name));
        let mut by_context = HashMap::new();
        for (name, place) in names.zip(0usize..) {
            by_context.entry(name).or_insert(place);
        }
        Self {
            by_context: Arc::new(by_context),
            guards: Arc::new(guards),
            contexts: loaded.contexts,
            files: loaded.files,
            infos,
            pool: Arc::new(Pool::new(dialer)),
            clock: options.clock,
            demo: options.demo,
            state_dir: options.state_dir,
            max_targets: options.max_targets,
        }
    }

    /// The model of these clusters, none connected.
    pub fn fleet(&self) -> Fleet {
        Fleet::new(self.infos.iter().cloned()).guarded(self.guards.clone())
    }

    /// Who and where a cluster is.
    pub fn info(&self, id: ClusterId) -> Option<&ClusterInfo> {
        self.infos.get(id.index())
    }

    /// The context that acts for a cluster.
    pub fn context(&self, id: ClusterId) -> Option<&ContextEntry> {
        let info = self.info(id)?;
        self.contexts.get(*self.by_context.get(&info.context)?)
    }

    /// The same session, with what the nodes told of where clusters are.
    #[must_use]
    pub fn placed(&self, fleet: &Fleet) -> Self {
        let mut out = self.copy();
        for info in &mut out.infos {
            if let Some(known) = fleet.cluster(info.id) {
                info.clone_from(&known.info);
            }
        }
        out
    }

    /// The same session, acting by other contexts: where a cluster is reached by several and its acting one is not
    /// wanted, the first of the others that is takes its place.
    #[must_use]
    pub fn acting_by(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut out = self.copy();
        for info in out.infos.iter_mut().filter(|i| !wanted(&i.context)) {
            let Some(at) = info.other_contexts.iter().position(|c| wanted(c)) else { continue };
            let (before, next) = (self.context(info.id), info.other_contexts.remove(at));
            let Some(entry) = self.contexts.iter().find(|c| SafeText::new(&c.name) == next) else { continue };
            // What impersonation added to the name stays.
            let added =
                before.and_then(|b| info.user.strip_prefix(SafeText::new(&b.acts_as).as_str())).unwrap_or("");
            info.user = SafeText::new(&format!("{}{added}", entry.acts_as));
            info.auth = SafeText::new(&entry.auth.to_string());
            info.other_contexts.insert(0, std::mem::replace(&mut info.context, next));
            // Protection is never lost by going in through another door.
            if info.environment != Environment::Prod {
                info.environment = environment_of(&info.place, &entry.name);
            }
        }
        out
    }

    fn copy(&self) -> Self {
        Self {
            contexts: self.contexts.clone(),
            by_context: self.by_context.clone(),
            guards: self.guards.clone(),
            files: self.files.clone(),
            infos: self.infos.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            demo: self.demo,
            state_dir: self.state_dir.clone(),
            max_targets: self.max_targets,
        }
    }

    /// The clusters a scope touches.
    pub fn in_scope<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a ClusterInfo> {
        self.infos.iter().filter(|i| scope.touches(i.at()))
    }

    /// A client of a cluster, dialled when first needed.
    pub async fn client(&self, id: ClusterId) -> Result<Client, Fault> {
        let Some(context) = self.context(id) else {
            return Err(Fault::new(FaultClass::Credentials, "no context leads to this cluster"));
        };
        match &context.unusable {
            Some(why) => {
                Err(Fault::new(FaultClass::Credentials, &format!("context {}: {why}", context.name)))
            }
            None => self.pool.client(&context.name).await,
        }
    }

    /// After a fault: a client that is signed out is not used again.
    pub async fn heed(&self, id: ClusterId, fault: &Fault) {
        if fault.class == FaultClass::Unauthorized
            && let Some(context) = self.context(id)
        {
            self.pool.forget(&context.name).await;
        }
    }

    /// Starts a supervisor for every cluster. They tell `updates`, follow `demand` and end with `cancel`.
    pub fn supervise(
        &self,
        updates: mpsc::Sender<Update>,
        demand: watch::Receiver<Demand>,
        cancel: CancellationToken,
    ) {
        let all = self.infos.iter().map(|i| i.id).collect();
        self.supervise_only(&all, None, updates, demand, cancel);
    }

    /// Starts a supervisor for each of these clusters. Where all namespaces may not be read, `namespace` is, or else the
    /// context's own.
    pub fn supervise_only(
        &self,
        only: &BTreeSet<ClusterId>,
        namespace: Option<&str>,
        updates: mpsc::Sender<Update>,
        demand: watch::Receiver<Demand>,
        cancel: CancellationToken,
    ) {
        let supervisors =
            Supervisors::new(self.pool.dialer(), self.clock.clone(), updates.clone(), demand, cancel);
        let mut unusable: Vec<Update> = Vec::new();
        for info in self.infos.iter().filter(|i| only.contains(&i.id)) {
            match self.context(info.id) {
                Some(ContextEntry { unusable: None, name, namespace: own, .. }) => {
                    let own = own.as_deref().filter(|n| !n.is_empty());
                    supervisors.start(info.id, name, namespace.or(own));
                }
                other => {
                    let why = other
                        .and_then(|c| c.unusable.as_deref())
                        .unwrap_or("no context leads to this cluster");
                    let phase = Phase::Failed { since: self.clock.now(), cause: SafeText::new(why) };
                    unusable
                        .push(Update::Cluster(Batch { cluster: info.id, deltas: vec![Delta::Phase(phase)] }));
                }
            }
        }
        tokio::spawn(async move {
            for update in unusable {
                if updates.send(update).await.is_err() {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::PathGlob;
    use crate::source::kubeconfig::from_value;

    #[test]
    fn read_only_and_protected_by_glob() {
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "a",
            "clusters": [{"name": "a", "cluster": {"server": "https://10.0.0.1"}},
                         {"name": "b", "cluster": {"server": "https://10.0.0.2"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "u"}},
                         {"name": "b", "context": {"cluster": "b", "user": "u"}}],
        });
        let scope = |text: &str| Some(Scope::globs([PathGlob::parse(text).unwrap()]));
        let options = SessionOptions {
            read_only_clusters: scope("**/a"),
            protected: scope("**/b"),
            ..SessionOptions::default()
        };
        let session = Session::from_kubeconfig(from_value(&config).unwrap(), options);
        let seen: Vec<_> = session.infos.iter().map(|i| (i.id.0, i.read_only, i.is_protected())).collect();
        assert_eq!(seen, [(0, true, false), (1, false, true)]);
        assert_eq!(session.context(ClusterId(1)).map(|c| c.name.as_str()), Some("b"));
    }
}
