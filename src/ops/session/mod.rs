//! A session: the clusters of one run, how they are reached, and what time it is there.
//!
//! Lives here: how a session is made of a kubeconfig or of a simulation, and how it follows one that changes. Never: the
//! model (its one owner is the loop, or `gather`), a terminal, a printed word. Called by `main`, which makes one, by `ui`
//! and `cli`, and by every use case.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::connect::Connect;
use crate::domain::context::environment_of;
use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::plan::MAX_TARGETS;
use crate::domain::scope::Scope;
use crate::domain::table_view::TableViews;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::ClusterInfo;
use crate::fleet::delta::Roster;
use crate::fleet::rules::Rules;
use crate::source::clock::Clock;
use crate::source::connect::{Client, Dialer, FromKubeconfig, Pool, Surroundings};
use crate::source::fault::{Fault, FaultClass};
use crate::source::kubeconfig::{ContextEntry, FileState, Loaded, Reader, Status, clusters};
use crate::source::plugin::{PluginOptions, Plugins, Policy};
use crate::source::proxy::ProxyEnv;

use super::journal;

/// The clusters of one run.
pub struct Session {
    /// Every context that was found, in file order.
    pub contexts: Vec<ContextEntry>,
    /// Places in `contexts` by name, as rows show it.
    by_context: Arc<HashMap<SafeText, usize>>,
    rules: Arc<Rules>,
    /// Every file that was read, or could not be.
    pub files: Vec<FileState>,
    /// The name of a current context that no file has.
    pub dangling_current: Option<String>,
    /// The clusters behind the contexts, by id.
    pub infos: Vec<ClusterInfo>,
    /// Ids that were ever given; none is given twice.
    ids: u32,
    /// Clients for single calls.
    pub pool: Arc<Pool>,
    /// What time it is.
    pub clock: Clock,
    /// These clusters are simulated.
    pub demo: bool,
    /// Where journals and the audit log go; `None`: nowhere.
    pub state_dir: Option<PathBuf>,
    /// What is known of the fleet is kept for the next run.
    pub keeps: bool,
    /// So many pods are watched at once; of clusters beyond that they are counted.
    pub watch_pods: usize,
    /// How a person wants tables.
    pub views: Arc<TableViews>,
    /// Plans over more targets are refused.
    pub max_targets: usize,
    /// When clusters are connected.
    pub connect: Connect,
    /// How the kubeconfig is read again when it changes.
    pub reader: Option<Reader>,
    /// Contexts that were chosen to act for their cluster.
    remembered: Vec<String>,
    /// It is about these alone.
    only: Option<Only>,
    impersonate: Option<String>,
    read_only: bool,
    /// Runs credential plugins.
    pub(super) plugins: Plugins,
    /// What dials when the kubeconfig does; none for the simulation.
    pub(super) kubeconfig: Option<Arc<FromKubeconfig>>,
}

/// Under what a context's client is pooled: its name, and all that it is dialled by.
fn pooled(context: &ContextEntry) -> String {
    format!("{}\0{:x}", context.name, context.access.as_ref().map_or(0, |a| a.hash))
}

/// Where the contexts are kept that were chosen to act for their clusters, one a line.
const ACTING: &str = "acting";

/// Contexts that were chosen before to act for their clusters.
pub fn remembered(state: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(state.join(ACTING)).unwrap_or_default();
    text.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

/// A session as it is handed around.
pub type Shared = Arc<Session>;

/// How a session differs from the plain one.
#[derive(Clone)]
pub struct SessionOptions {
    /// Nothing may be written anywhere.
    pub read_only: bool,
    /// What is said of clusters by where they are.
    pub rules: Rules,
    /// `--as` and `--as-group`.
    pub impersonate: Option<(String, Vec<String>)>,
    /// What time it is.
    pub clock: Clock,
    /// These clusters are simulated.
    pub demo: bool,
    /// Where journals and the audit log go.
    pub state_dir: Option<PathBuf>,
    /// What is known of the fleet is kept there for the next run.
    pub keeps: bool,
    /// So many pods are watched at once; of clusters beyond that they are counted.
    pub watch_pods: usize,
    /// How a person wants tables.
    pub views: Arc<TableViews>,
    /// Plans over more targets are refused.
    pub max_targets: usize,
    /// Runs credential plugins.
    pub plugins: Plugins,
    /// Proxies by the environment.
    pub proxies: ProxyEnv,
    /// Contexts that were chosen to act for their cluster.
    pub remembered: Vec<String>,
    /// When clusters are connected.
    pub connect: Connect,
    /// How the kubeconfig is read again when it changes.
    pub reader: Option<Reader>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            rules: Rules::default(),
            impersonate: None,
            clock: Clock::system(),
            demo: false,
            state_dir: None,
            keeps: false,
            watch_pods: usize::MAX,
            views: Arc::default(),
            max_targets: MAX_TARGETS,
            plugins: Plugins::new(PluginOptions::new(Policy::Deny, PathBuf::new(), PathBuf::new())),
            proxies: ProxyEnv::default(),
            remembered: Vec::new(),
            connect: Connect::Auto,
            reader: None,
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
        let kubeconfig = Arc::new(FromKubeconfig::new(&loaded.contexts, surroundings));
        Self { kubeconfig: Some(kubeconfig.clone()), ..Self::new(loaded, kubeconfig, options) }
    }

    /// The clusters of a kubeconfig, dialled by `dialer`: the simulation's, a recording's.
    pub fn new(loaded: Loaded, dialer: Dialer, options: SessionOptions) -> Self {
        let rules = options.rules;
        let mut out = Self {
            by_context: Arc::default(),
            rules: Arc::new(rules),
            contexts: Vec::new(),
            files: Vec::new(),
            dangling_current: None,
            infos: Vec::new(),
            ids: 0,
            pool: Arc::new(Pool::new(dialer)),
            clock: options.clock,
            demo: options.demo,
            state_dir: options.state_dir,
            keeps: options.keeps,
            watch_pods: options.watch_pods,
            views: options.views,
            max_targets: options.max_targets,
            connect: options.connect,
            reader: options.reader,
            remembered: options.remembered,
            only: None,
            impersonate: options.impersonate.map(|(user, _)| user),
            read_only: options.read_only,
            plugins: options.plugins,
            kubeconfig: None,
        };
        out.take(loaded);
        out
    }

    /// Takes a kubeconfig in: clusters that are known keep their number.
    fn take(&mut self, mut loaded: Loaded) -> Roster {
        if let Some(only) = &self.only {
            only.narrow(&mut loaded.contexts, &self.rules, &self.remembered);
        }
        // Who acts now goes on acting, whatever another shell makes the current context.
        let acting: Vec<String> =
            self.infos.iter().filter_map(|i| self.context(i.id)).map(|c| c.name.clone()).collect();
        let mut infos = clusters(&loaded.contexts, self.read_only, &self.remembered, &acting);
        let mut by_endpoint: HashMap<&str, ClusterId> = HashMap::new();
        for info in &self.infos {
            if let Some(context) = self.context(info.id) {
                by_endpoint.insert(&context.endpoint, info.id);
            }
        }
        let new_by_name: HashMap<SafeText, &ContextEntry> =
            loaded.contexts.iter().rev().map(|c| (SafeText::new(&c.name), c)).collect();
        let mut ids = self.ids;
        let mut roster = Roster::default();
        for info in &mut infos {
            let context = new_by_name.get(&info.context);
            let known = context.and_then(|c| by_endpoint.get(c.endpoint.as_str()));
            info.id = known.copied().unwrap_or_else(|| {
                ids += 1;
                ClusterId(ids - 1)
            });
            if let Some(user) = &self.impersonate {
                info.acting_as = SafeText::new(user);
                info.user = SafeText::new(&format!("{} as {user}", info.user));
            }
            self.rules.apply(info);
            let way =
                |c: Option<&ContextEntry>| c.map(|c| (c.access.as_ref().map(|a| a.hash), c.unusable.clone()));
            match self.info(info.id) {
                None => roster.added.push(info.clone()),
                Some(old)
                    if old.context != info.context || way(self.context(info.id)) != way(context.copied()) =>
                {
                    roster.anew.push(info.clone());
                }
                Some(old) if old != info => roster.renamed.push(info.clone()),
                Some(_) => {}
            }
        }
        infos.sort_by_key(|i| i.id);
        let stays = |id: ClusterId| infos.binary_search_by_key(&id, |i| i.id).is_ok();
        roster.gone = self.infos.iter().map(|i| i.id).filter(|id| !stays(*id)).collect();
        let mut by_context = HashMap::new();
        // Of names that look alike the one that is what it looks like.
        let is_exact = |c: &ContextEntry| SafeText::new(&c.name).as_str() == c.name;
        for exact in [true, false] {
            for (context, place) in loaded.contexts.iter().zip(0usize..).filter(|(c, _)| is_exact(c) == exact)
            {
                by_context.entry(SafeText::new(&context.name)).or_insert(place);
            }
        }
        self.by_context = Arc::new(by_context);
        self.ids = ids;
        self.infos = infos;
        self.contexts = loaded.contexts;
        self.files = loaded.files;
        self.dangling_current = loaded.dangling_current;
        roster
    }

    /// The same session over a kubeconfig that was read anew, and what is another in it. Connections whose entry did not
    /// change stay.
    pub fn follow(&self, mut loaded: Loaded) -> (Self, Roster) {
        self.keep_what_broke(&mut loaded);
        let mut out = self.copy();
        let roster = out.take(loaded);
        if let Some(kubeconfig) = &self.kubeconfig {
            kubeconfig.follow(&out.contexts);
        }
        let known: Vec<String> = out.contexts.iter().map(pooled).collect();
        self.pool.keep_only(&known);
        (out, roster)
    }

    /// A file that cannot be read just now (somebody is writing it, or mistyped) takes nothing away: what it said before
    /// counts until it is mended.
    fn keep_what_broke(&self, loaded: &mut Loaded) {
        let is_broken = |file: &Path| {
            loaded.files.iter().any(|f| f.path == file && f.status == Status::Error && !f.missing)
        };
        let rests_on_it = |c: &&ContextEntry| {
            let entries = c.access.iter().flat_map(|a| [a.cluster.file.as_deref(), a.user.file.as_deref()]);
            entries.flatten().map(PathBuf::as_path).chain(c.file.as_deref()).any(is_broken)
        };
        let kept: Vec<ContextEntry> = self.contexts.iter().filter(rests_on_it).cloned().collect();
        for old in kept {
            match loaded.contexts.iter_mut().find(|c| c.name == old.name) {
                Some(new) if new.unusable.is_some() => *new = old,
                Some(_) => {}
                None => loaded.contexts.push(old),
            }
        }
    }

    /// The same session with another context acting for a cluster.
    pub fn acting(&self, id: ClusterId, context: &SafeText) -> (Self, Roster) {
        let mut out = self.copy();
        let rivals: Vec<String> = self.info(id).map_or_else(Vec::new, |info| {
            std::iter::once(&info.context).chain(&info.other_contexts).map(ToString::to_string).collect()
        });
        out.remembered.retain(|c| !rivals.contains(c));
        out.remembered.push(context.to_string());
        let roster = out.take(Loaded {
            contexts: self.contexts.clone(),
            files: self.files.clone(),
            dangling_current: self.dangling_current.clone(),
        });
        (out, roster)
    }

    /// Keeps these contexts as those that act for their clusters, for the next time.
    pub fn keep_remembered(&self, contexts: &[String]) -> std::io::Result<()> {
        let Some(state) = &self.state_dir else { return Ok(()) };
        journal::private_folder(state)?;
        journal::write_private(&state.join(ACTING), contexts.join("\n").as_bytes())
    }

    /// Contexts that were chosen to act.
    pub fn remembered(&self) -> &[String] {
        &self.remembered
    }

    /// The model of these clusters, none connected.
    pub fn fleet(&self) -> Fleet {
        Fleet::new(self.infos.iter().cloned()).ruled(self.rules.clone())
    }

    /// Who and where a cluster is.
    pub fn info(&self, id: ClusterId) -> Option<&ClusterInfo> {
        let guess = self.infos.get(id.index()).filter(|i| i.id == id);
        guess.or_else(|| self.infos.iter().find(|i| i.id == id))
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
            if self.impersonate.is_none() {
                info.acting_as = SafeText::new(entry.impersonates());
            }
            info.other_contexts.insert(0, std::mem::replace(&mut info.context, next));
            // Protection is never lost by going in through another door.
            if info.environment != Environment::Prod {
                info.environment = environment_of(&info.place, &entry.name);
            }
        }
        out
    }

    /// Ends every credential plugin that runs, and runs none any more.
    pub fn end_plugins(&self) {
        self.plugins.stop();
    }

    fn copy(&self) -> Self {
        Self {
            contexts: self.contexts.clone(),
            by_context: self.by_context.clone(),
            rules: self.rules.clone(),
            files: self.files.clone(),
            dangling_current: self.dangling_current.clone(),
            infos: self.infos.clone(),
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            demo: self.demo,
            state_dir: self.state_dir.clone(),
            keeps: self.keeps,
            watch_pods: self.watch_pods,
            views: self.views.clone(),
            max_targets: self.max_targets,
            ids: self.ids,
            connect: self.connect,
            reader: self.reader.clone(),
            remembered: self.remembered.clone(),
            only: self.only.clone(),
            impersonate: self.impersonate.clone(),
            read_only: self.read_only,
            plugins: self.plugins.clone(),
            kubeconfig: self.kubeconfig.clone(),
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
            None => self.client_of(context).await,
        }
    }

    /// After a fault: a client that is signed out is not used again.
    pub fn heed(&self, id: ClusterId, fault: &Fault) {
        if fault.class == FaultClass::Unauthorized
            && let Some(context) = self.context(id)
        {
            self.pool.forget(&pooled(context));
        }
    }

    /// A client of a context as this session knows it. A kubeconfig that says something else meanwhile (another server under
    /// the same name, say) is no answer to who still goes by the one before.
    async fn client_of(&self, context: &ContextEntry) -> Result<Client, Fault> {
        let known = context.access.as_ref().map(|a| a.hash);
        let check = || match &self.kubeconfig {
            Some(now) if now.hash(&context.name) != known => Err(Fault::new(
                FaultClass::Credentials,
                &format!(
                    "the kubeconfig says something else of context {} now: look again, and plan again",
                    context.name
                ),
            )),
            _ => Ok(()),
        };
        check()?;
        let client = self.pool.client(&pooled(context), &context.name).await?;
        check().inspect_err(|_| self.pool.forget(&pooled(context)))?;
        Ok(client)
    }
}

mod only;
#[cfg(test)]
mod tests;

pub use only::Only;
