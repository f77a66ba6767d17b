//! Contexts: the entries of all files put together. The first file to name an entry wins it whole, of `current-context`
//! the first that is set counts (client-go tools/clientcmd/loader.go); a context may take its cluster and its user from
//! other files.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::borrowed::{Borrowed, Part};
use super::cluster::ClusterEntry;
use super::file::{Contents, ContextNames, parse, read};
use super::flaw::{Flaw, Lacks};
use super::user::{Auth, Material, UserEntry};
use crate::domain::cloud::LocalFiles;
use crate::domain::context::{ContextFacts, Located, Server, classify};
use crate::domain::text::SafeText;

/// How well a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it.
    Ok,
    /// Some entries are wrong; the others count.
    Salvaged,
    /// Not at all.
    Error,
}

impl Status {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Salvaged => "salvaged",
            Self::Error => "error",
        }
    }
}

/// How one file was read.
#[derive(Clone, Debug)]
pub struct FileState {
    /// Which.
    pub path: PathBuf,
    /// How well.
    pub status: Status,
    /// What is wrong with it.
    pub error: Option<String>,
    /// It is not there: of a list of files, some may not be.
    pub missing: bool,
    /// It is the same file as one before it, by another path.
    pub same_as: Option<PathBuf>,
    /// Contexts of it that a file before it names, too: those are not seen.
    pub hidden: Vec<String>,
}

/// What a context is dialled by.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its cluster entry.
    pub cluster: Arc<ClusterEntry>,
    /// Its user entry.
    pub user: Arc<UserEntry>,
    /// Another number when anything of them is another: a live connection is kept while it stays.
    pub hash: u64,
}

/// One context, with what is known of it before anything is dialled.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// Its name.
    pub name: String,
    /// The file that names it.
    pub file: Option<PathBuf>,
    /// Its cluster entry.
    pub cluster_entry: String,
    /// Its user entry.
    pub user_entry: String,
    /// Its default namespace.
    pub namespace: Option<String>,
    /// The server's address.
    pub server: Option<String>,
    /// The name the server's certificate must have, when set.
    pub tls_server_name: Option<String>,
    /// Where it is, and what else its strings say of that.
    pub located: Located,
    /// How it signs in.
    pub auth: Auth,
    /// Whether it could be dialled as written, else why not.
    pub unusable: Option<String>,
    /// What it lacks then.
    pub lacks: Lacks,
    /// It is the current context.
    pub current: bool,
    /// What tells its server from others.
    pub endpoint: String,
    /// Who it acts as, in words: the user entry, and `as X` when it impersonates.
    pub acts_as: String,
    /// What it is dialled by; none when it cannot be.
    pub access: Option<Access>,
    /// Its entries that are of another file.
    pub borrowed: Vec<Borrowed>,
}

impl ContextEntry {
    /// Whom it acts as instead of itself; empty: nobody.
    pub fn impersonates(&self) -> &str {
        let user = self.access.as_ref().map(|a| &a.user);
        user.and_then(|u| u.impersonate.as_ref()).map_or("", |i| i.user.as_str())
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Files in order.
    pub files: Vec<FileState>,
    /// Contexts in file order.
    pub contexts: Vec<ContextEntry>,
    /// The name of a current context that is not there.
    pub dangling_current: Option<String>,
}

/// Reads the files, some at once. Missing ones are skipped with a note; a broken one is reported, the others load. `local`
/// is what the clouds' command lines keep: accounts are known by it.
pub fn load(files: &[PathBuf], local: &LocalFiles) -> Loaded {
    let contents = read_all(files);
    let mut merged = Merged::default();
    let mut states: Vec<FileState> = Vec::new();
    let mut canonical: HashMap<PathBuf, PathBuf> = HashMap::new();
    for (path, contents) in files.iter().zip(contents) {
        let mut state = FileState::new(path, !path.exists());
        if let Ok(real) = path.canonicalize() {
            match canonical.entry(real) {
                Entry::Occupied(known) => {
                    state.same_as = Some(known.get().clone());
                    states.push(state);
                    continue;
                }
                Entry::Vacant(new) => {
                    new.insert(path.clone());
                }
            }
        }
        state.take(contents, &mut merged);
        states.push(state);
    }
    Loaded { files: states, ..merged.loaded(local) }
}

/// The same of files whose bytes are there already; none of them is looked at on the disk.
pub fn load_bytes(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>, local: &LocalFiles) -> Loaded {
    let mut merged = Merged::default();
    let mut states = Vec::new();
    for (path, bytes) in files {
        let mut state = FileState::new(&path, false);
        state.take(super::file::contents(bytes, &path), &mut merged);
        states.push(state);
    }
    Loaded { files: states, ..merged.loaded(local) }
}

impl FileState {
    fn new(path: &Path, missing: bool) -> Self {
        Self {
            path: path.to_owned(),
            status: Status::Ok,
            error: None,
            missing,
            same_as: None,
            hidden: Vec::new(),
        }
    }

    /// How its reading came out; what it holds is added to the others'.
    fn take(&mut self, contents: Result<Contents, String>, merged: &mut Merged) {
        match contents {
            Ok(contents) => {
                if !contents.wrong.is_empty() {
                    self.status = Status::Salvaged;
                    self.error = Some(in_short(&contents.wrong));
                }
                self.hidden = merged.add(contents);
            }
            Err(error) => {
                self.status = Status::Error;
                self.error = Some(line(&error));
            }
        }
    }
}

/// One line that can be read: names in it may be of any length.
fn line(text: &str) -> String {
    const LONGEST: usize = 299;
    let clean = SafeText::new(text);
    if clean.chars().count() <= LONGEST {
        return clean.to_string();
    }
    clean.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A few of the things that are wrong, and how many more.
fn in_short(wrong: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut out: Vec<String> = wrong.iter().take(SHOWN).cloned().collect();
    if wrong.len() > SHOWN {
        out.push(format!("and {} more", wrong.len() - SHOWN));
    }
    line(&out.join("; "))
}

/// The contents of all files, in their order. Large collections are read by two threads.
fn read_all(files: &[PathBuf]) -> Vec<Result<Contents, String>> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(files.len());
    if threads < 2 {
        return files.iter().map(|path| read(path)).collect();
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let take = || {
        let mut out = Vec::new();
        loop {
            let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(path) = files.get(n) else { return out };
            out.push((n, read(path)));
        }
    };
    let mut all: Vec<(usize, Result<Contents, String>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut all = take();
        all.extend(others.into_iter().filter_map(|t| t.join().ok()).flatten());
        all
    });
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, contents)| contents).collect()
}

/// Reads one that is not in a file: the simulation's.
pub fn from_value(config: &Value) -> Result<Loaded, String> {
    let contents = parse(&config.to_string(), Path::new("/"), None)?;
    if let Some(wrong) = contents.wrong.first() {
        return Err(wrong.clone());
    }
    let mut merged = Merged::default();
    merged.add(contents);
    Ok(merged.loaded(&LocalFiles::default()))
}

/// The entries of all files.
#[derive(Default)]
struct Merged {
    clusters: HashMap<String, Arc<ClusterEntry>>,
    users: HashMap<String, Arc<UserEntry>>,
    contexts: Vec<(String, ContextNames)>,
    names: HashSet<String>,
    /// Entries that are not seen, for an earlier file has another of this name.
    hidden: HashSet<(Part, String, Arc<PathBuf>)>,
    current: Option<String>,
}

impl Merged {
    /// Adds a file's entries, and gives the names of its contexts that are hidden by earlier ones.
    fn add(&mut self, contents: Contents) -> Vec<String> {
        for (name, cluster) in contents.clusters {
            match self.clusters.entry(name) {
                Entry::Vacant(free) => _ = free.insert(Arc::new(cluster)),
                Entry::Occupied(first) if alike_clusters(first.get(), &cluster) => {}
                Entry::Occupied(first) => {
                    self.hidden.extend(hidden(Part::Cluster, first.key(), cluster.file))
                }
            }
        }
        for (name, user) in contents.users {
            match self.users.entry(name) {
                Entry::Vacant(free) => _ = free.insert(Arc::new(user)),
                Entry::Occupied(first) if alike_users(first.get(), &user) => {}
                Entry::Occupied(first) => self.hidden.extend(hidden(Part::User, first.key(), user.file)),
            }
        }
        let mut hidden = Vec::new();
        for (name, context) in contents.contexts {
            if self.names.insert(name.clone()) {
                self.contexts.push((name, context));
            } else {
                hidden.push(name);
            }
        }
        if self.current.is_none() {
            self.current = contents.current;
        }
        hidden
    }

    fn loaded(self, local: &LocalFiles) -> Loaded {
        let contexts = self.contexts.iter().map(|(name, names)| self.entry(name, names, local)).collect();
        let dangling = self.current.filter(|c| !self.names.contains(c));
        Loaded { files: Vec::new(), contexts, dangling_current: dangling }
    }

    fn entry(&self, name: &str, names: &ContextNames, local: &LocalFiles) -> ContextEntry {
        let cluster = self.clusters.get(&names.cluster);
        // No user at all is nobody; one that is not there is a mistake, and not nobody.
        let nobody = names.user.is_empty().then(|| Arc::new(UserEntry::default()));
        let user = self.users.get(&names.user).cloned().or(nobody);
        let flaw = reason(names, cluster, user.as_deref());
        let (lacks, unusable) = flaw.map(|flaw| (flaw.lacks, line(&flaw.words))).unzip();
        let auth = user.as_ref().map_or(Auth::None, |u| u.auth());
        let exec = user.as_ref().and_then(|u| u.exec.as_ref());
        let env: Vec<(String, String)> = exec
            .into_iter()
            .flat_map(|e| &e.env)
            .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
            .collect();
        let server = cluster.and_then(|c| c.server.clone());
        let tls_server_name = cluster.and_then(|c| c.tls_server_name.clone());
        let facts = ContextFacts {
            context: name,
            cluster_entry: &names.cluster,
            user_entry: &names.user,
            server: server.as_deref().unwrap_or(""),
            tls_server_name: tls_server_name.as_deref(),
            exec_command: exec.map(|e| e.command.as_str()),
            exec_args: exec.map_or(&[], |e| e.args.as_slice()),
            exec_env: &env,
            auth_provider: user
                .as_ref()
                .and_then(|u| u.auth_provider.as_ref())
                .map(|(name, _)| name.as_str()),
            rancher_token: user
                .as_ref()
                .and_then(|u| u.token.as_ref())
                .is_some_and(|t| t.expose_secret().starts_with("kubeconfig-u")),
            cluster_extensions: cluster.map_or(&Value::Null, |c| &c.extensions),
        };
        let located = classify(&facts, local);
        let as_user = user.as_ref().and_then(|u| u.impersonate.as_ref()).filter(|i| !i.user.is_empty());
        let shown = if names.user.is_empty() { "nobody" } else { &names.user };
        ContextEntry {
            name: name.to_owned(),
            file: names.file.as_ref().map(|f| (**f).clone()),
            acts_as: as_user.map_or_else(|| shown.to_owned(), |i| format!("{shown} as {}", i.user)),
            cluster_entry: names.cluster.clone(),
            user_entry: names.user.clone(),
            namespace: names.namespace.clone(),
            endpoint: cluster
                .map_or_else(|| format!("context:{name}"), |c| super::fold::endpoint_of(c, user.as_deref())),
            access: match (&unusable, cluster, &user) {
                (None, Some(cluster), Some(user)) => {
                    Some(Access { cluster: cluster.clone(), user: user.clone(), hash: hash(cluster, user) })
                }
                _ => None,
            },
            server,
            tls_server_name,
            located,
            auth,
            unusable,
            lacks: lacks.unwrap_or_default(),
            current: self.current.as_deref() == Some(name),
            borrowed: self.borrowed(names, cluster, user.as_ref()),
        }
    }

    /// Which of a context's entries are of another file than itself.
    fn borrowed(
        &self,
        names: &ContextNames,
        cluster: Option<&Arc<ClusterEntry>>,
        user: Option<&Arc<UserEntry>>,
    ) -> Vec<Borrowed> {
        let Some(own) = &names.file else { return Vec::new() };
        let parts = [
            (Part::Cluster, &names.cluster, cluster.and_then(|c| c.file.as_ref())),
            (Part::User, &names.user, user.and_then(|u| u.file.as_ref())),
        ];
        let others = parts.into_iter().filter_map(|(part, name, file)| Some((part, name, file?)));
        others
            .filter(|(_, _, file)| *file != own)
            .map(|(part, name, file)| Borrowed {
                part,
                from: (**file).clone(),
                hides_own: self.hidden.contains(&(part, name.clone(), own.clone())),
            })
            .collect()
    }
}

fn alike_clusters(a: &ClusterEntry, b: &ClusterEntry) -> bool {
    let nobody = UserEntry::default();
    hash(a, &nobody) == hash(b, &nobody)
}

fn alike_users(a: &UserEntry, b: &UserEntry) -> bool {
    let nowhere = ClusterEntry::default();
    hash(&nowhere, a) == hash(&nowhere, b)
}

fn hidden(part: Part, name: &str, file: Option<Arc<PathBuf>>) -> Option<(Part, String, Arc<PathBuf>)> {
    Some((part, name.to_owned(), file?))
}

/// Why a context cannot be dialled as it is written.
fn reason(
    names: &ContextNames,
    cluster: Option<&Arc<ClusterEntry>>,
    user: Option<&UserEntry>,
) -> Option<Flaw> {
    if let Some(wrong) = &names.wrong {
        return Some(format!("the context cannot be used: {wrong}").into());
    }
    if names.cluster.is_empty() {
        return Some(Flaw::new(Lacks::Cluster, "the context names no cluster"));
    }
    let Some(cluster) = cluster else {
        let words = format!("there is no cluster entry named {:?}", names.cluster);
        return Some(Flaw::new(Lacks::Cluster, &words));
    };
    if let Some(flaw) = cluster.unusable() {
        return Some(flaw.of(&format!("the cluster entry {:?}", names.cluster)));
    }
    let Some(user) = user else {
        return Some(Flaw::new(Lacks::User, &format!("there is no user entry named {:?}", names.user)));
    };
    if let Some(flaw) = user.unusable() {
        return Some(flaw.of(&format!("the user entry {:?}", names.user)));
    }
    let plain = cluster.server.as_deref().and_then(Server::parse).filter(|s| !s.secure && !s.is_loopback());
    (plain.is_some() && user.has_credentials()).then(|| {
        let words = "its server is plain http, and credentials are not sent where everybody can read them";
        Flaw::new(Lacks::Https, words)
    })
}

/// After a change of what is dialled with.
pub(super) fn rehash(access: &mut Access) {
    access.hash = hash(&access.cluster, &access.user);
}

/// A number for everything that is dialled with.
fn hash(cluster: &ClusterEntry, user: &UserEntry) -> u64 {
    let mut to = DefaultHasher::new();
    let secret = |s: &Option<secrecy::SecretString>| s.as_ref().map(|s| s.expose_secret().to_owned());
    let material = |m: &Option<Material>| match m {
        None => (None, None),
        Some(Material::Data(data)) => (Some(data.expose_secret().to_owned()), None),
        Some(Material::File(file)) => (None, Some(file.clone())),
    };
    (&cluster.server, &cluster.tls_server_name, cluster.insecure, &cluster.ca_data, &cluster.ca_file)
        .hash(&mut to);
    (secret(&cluster.proxy), cluster.disable_compression, cluster.extensions.to_string()).hash(&mut to);
    (secret(&user.token), &user.token_file, &user.username, secret(&user.password)).hash(&mut to);
    (material(&user.certificate), material(&user.key)).hash(&mut to);
    if let Some(i) = &user.impersonate {
        (&i.user, &i.uid, &i.groups, &i.extra).hash(&mut to);
    }
    if let Some((name, known)) = &user.auth_provider {
        name.hash(&mut to);
        for (key, value) in known {
            (key, value.expose_secret()).hash(&mut to);
        }
    }
    if let Some(e) = &user.exec {
        (&e.command, &e.args, &e.api_version, &e.interactive_mode, e.provide_cluster_info).hash(&mut to);
        for (key, value) in &e.env {
            (key, value.expose_secret()).hash(&mut to);
        }
    }
    to.finish()
}
