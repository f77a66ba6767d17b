//! Which contexts there are: every kubeconfig file read by itself, so that a broken one is one row and not the end.
//!
//! Reading and listing opens no socket and runs no plugin. Nothing of a credential leaves this file but its kind.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::clouds;
use crate::domain::cloud::LocalFiles;
use crate::domain::context::{ContextFacts, classify, environment_of};
use crate::domain::id::ClusterId;
use crate::domain::place::Place;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;

/// How one file was read.
#[derive(Clone, Debug)]
pub struct FileState {
    /// Which.
    pub path: PathBuf,
    /// Why it could not be read.
    pub error: Option<String>,
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
    /// Where it is.
    pub place: Place,
    /// `client-cert`, `token`, `exec:aws` …
    pub auth: String,
    /// Whether it could be dialled as written, else why not.
    pub unusable: Option<String>,
    /// It is the current context.
    pub current: bool,
    /// What tells its server from others: the address, the name its certificate must have, the proxy, the CA.
    pub endpoint: String,
    /// Who it acts as, in words: the user entry, and `as X` when it impersonates.
    pub acts_as: String,
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Files in order.
    pub files: Vec<FileState>,
    /// Contexts in file order.
    pub contexts: Vec<ContextEntry>,
    /// What is dialled from.
    pub merged: Kubeconfig,
}

/// The files to read: those given, else `KUBECONFIG`'s, else `~/.kube/config`.
pub fn paths(given: &[PathBuf], env: Option<&str>, home: Option<&Path>) -> Vec<PathBuf> {
    if !given.is_empty() {
        return given.to_vec();
    }
    let mut out: Vec<PathBuf> = Vec::new();
    for part in std::env::split_paths(env.unwrap_or("")) {
        if !part.as_os_str().is_empty() && !out.contains(&part) {
            out.push(part);
        }
    }
    if out.is_empty()
        && let Some(home) = home
    {
        out.push(home.join(".kube").join("config"));
    }
    out
}

/// Reads the files. Missing files of a list are skipped with a note; a broken one is reported, the others load.
pub fn load(files: &[PathBuf]) -> Loaded {
    let mut out = Loaded::default();
    let mut origins = BTreeMap::new();
    for path in files {
        if !path.exists() {
            out.files.push(FileState { path: path.clone(), error: Some("no such file".to_owned()) });
            continue;
        }
        match Kubeconfig::read_from(path) {
            Ok(config) => {
                for context in &config.contexts {
                    origins.entry(context.name.clone()).or_insert_with(|| path.clone());
                }
                merge(&mut out.merged, config);
                out.files.push(FileState { path: path.clone(), error: None });
            }
            Err(error) => {
                let words = SafeText::new(&chain(&error)).to_string();
                out.files.push(FileState { path: path.clone(), error: Some(words) });
            }
        }
    }
    let local = clouds::local_files(&clouds::Home::from_env(std::env::home_dir().unwrap_or_default()));
    out.contexts = entries(&out.merged, &origins, &local);
    out
}

/// Reads one that is not in a file: the simulation's.
pub fn from_value(config: Value) -> Result<Loaded, String> {
    let merged: Kubeconfig = serde_json::from_value(config).map_err(|e| e.to_string())?;
    let contexts = entries(&merged, &BTreeMap::new(), &LocalFiles::default());
    Ok(Loaded { files: Vec::new(), contexts, merged })
}

/// The first to name an entry wins it whole; the first current-context that is not empty wins.
fn merge(into: &mut Kubeconfig, next: Kubeconfig) {
    append(&mut into.clusters, next.clusters, |c| &c.name);
    append(&mut into.auth_infos, next.auth_infos, |u| &u.name);
    append(&mut into.contexts, next.contexts, |c| &c.name);
    if into.current_context.as_deref().unwrap_or("").is_empty() {
        into.current_context = next.current_context;
    }
}

/// Appends the entries whose names are new.
fn append<T>(into: &mut Vec<T>, next: Vec<T>, name: impl Fn(&T) -> &String) {
    let mut known: HashSet<String> = into.iter().map(|entry| name(entry).clone()).collect();
    into.extend(next.into_iter().filter(|entry| known.insert(name(entry).clone())));
}

/// What of a kubeconfig one context needs.
pub(super) fn only(config: &Kubeconfig, context: &str) -> Kubeconfig {
    let named = config.contexts.iter().find(|c| c.name == context);
    let inner = named.and_then(|c| c.context.as_ref());
    let (cluster, user) = (inner.map(|c| &c.cluster), inner.and_then(|c| c.user.as_ref()));
    Kubeconfig {
        clusters: config.clusters.iter().find(|c| Some(&c.name) == cluster).cloned().into_iter().collect(),
        auth_infos: config.auth_infos.iter().find(|u| Some(&u.name) == user).cloned().into_iter().collect(),
        contexts: named.cloned().into_iter().collect(),
        current_context: Some(context.to_owned()),
        ..Kubeconfig::default()
    }
}

fn entries(
    config: &Kubeconfig,
    origins: &BTreeMap<String, PathBuf>,
    local: &LocalFiles,
) -> Vec<ContextEntry> {
    let clusters: BTreeMap<&str, &NamedCluster> =
        config.clusters.iter().map(|c| (c.name.as_str(), c)).collect();
    let users: BTreeMap<&str, &NamedAuthInfo> =
        config.auth_infos.iter().map(|u| (u.name.as_str(), u)).collect();
    config.contexts.iter().map(|context| entry(context, config, &clusters, &users, origins, local)).collect()
}

fn entry(
    named: &NamedContext,
    config: &Kubeconfig,
    clusters: &BTreeMap<&str, &NamedCluster>,
    users: &BTreeMap<&str, &NamedAuthInfo>,
    origins: &BTreeMap<String, PathBuf>,
    local: &LocalFiles,
) -> ContextEntry {
    let context = named.context.clone().unwrap_or_default();
    let user_entry = context.user.clone().unwrap_or_default();
    let cluster = clusters.get(context.cluster.as_str()).and_then(|c| c.cluster.as_ref());
    let user = users.get(user_entry.as_str()).map(|u| u.auth_info.clone().unwrap_or_default());
    let server = cluster.and_then(|c| c.server.clone()).filter(|s| !s.is_empty());
    let exec = user.as_ref().and_then(|u| u.exec.as_ref());
    let env: Vec<(String, String)> = exec
        .and_then(|e| e.env.as_ref())
        .into_iter()
        .flatten()
        .filter_map(|m| Some((m.get("name")?.clone(), m.get("value")?.clone())))
        .collect();
    let extensions = cluster.and_then(|c| serde_json::to_value(&c.extensions).ok()).unwrap_or(Value::Null);
    let args = exec.and_then(|e| e.args.clone()).unwrap_or_default();
    let tls_server_name = cluster.and_then(|c| c.tls_server_name.clone());
    let facts = ContextFacts {
        context: &named.name,
        cluster_entry: &context.cluster,
        user_entry: &user_entry,
        server: server.as_deref().unwrap_or(""),
        tls_server_name: tls_server_name.as_deref(),
        exec_command: exec.and_then(|e| e.command.as_deref()),
        exec_args: &args,
        exec_env: &env,
        auth_provider: user.as_ref().and_then(|u| u.auth_provider.as_ref()).map(|p| p.name.as_str()),
        rancher_token: user
            .as_ref()
            .and_then(|u| u.token.as_ref())
            .is_some_and(|t| t.expose_secret().starts_with("kubeconfig-u")),
        cluster_extensions: &extensions,
    };
    let place = classify(&facts, local).place;
    let unusable = match (cluster, &server, &user) {
        (None, ..) => Some(format!("there is no cluster entry named {:?}", context.cluster)),
        (_, None, _) => Some(format!("the cluster entry {:?} names no server", context.cluster)),
        (.., None) => Some(format!("there is no user entry named {user_entry:?}")),
        _ => None,
    };
    let impersonates = user.as_ref().and_then(|u| u.impersonate.as_deref());
    ContextEntry {
        name: named.name.clone(),
        file: origins.get(&named.name).cloned(),
        acts_as: impersonates.map_or_else(|| user_entry.clone(), |who| format!("{user_entry} as {who}")),
        cluster_entry: context.cluster,
        user_entry,
        namespace: context.namespace,
        endpoint: cluster.map_or_else(|| format!("context:{}", named.name), endpoint),
        server,
        tls_server_name,
        place,
        auth: user.as_ref().map_or_else(|| "none".to_owned(), auth_word),
        unusable,
        current: config.current_context.as_deref() == Some(named.name.as_str()),
    }
}

/// What tells a server from others. Two clusters may have one private address, behind different proxies or with CAs of
/// their own; taking them for one would send writes to the wrong one. Scheme and host have no case, a path has.
fn endpoint(cluster: &Cluster) -> String {
    let server = cluster.server.as_deref().unwrap_or("").trim_end_matches('/');
    let host_end = server.find("://").map_or(0, |at| at + 3);
    let host_end = server.get(host_end..).and_then(|r| r.find('/')).map_or(server.len(), |at| host_end + at);
    let (host, path) = server.split_at(host_end);
    let ca = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) => hash(data),
        (None, Some(file)) => hash(file),
        (None, None) => 0,
    };
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    format!(
        "{}{path}|{}|{}|{ca:x}",
        host.to_lowercase(),
        text(&cluster.tls_server_name),
        text(&cluster.proxy_url)
    )
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// How a user signs in, by client-go's precedence.
fn auth_word(user: &AuthInfo) -> String {
    if user.token.is_some() {
        "token".to_owned()
    } else if user.token_file.is_some() {
        "token-file".to_owned()
    } else if user.username.is_some() {
        "basic".to_owned()
    } else if user.client_certificate.is_some() || user.client_certificate_data.is_some() {
        "client-cert".to_owned()
    } else if let Some(exec) = &user.exec {
        let command = exec.command.as_deref().unwrap_or("");
        format!("exec:{}", command.rsplit('/').next().unwrap_or(command))
    } else if let Some(provider) = &user.auth_provider {
        format!("auth-provider:{}", provider.name)
    } else {
        "none".to_owned()
    }
}

/// The clusters behind the contexts: contexts to one server are one cluster. The current context acts for it, else the
/// first in file order.
pub fn clusters(contexts: &[ContextEntry], read_only: bool) -> Vec<ClusterInfo> {
    let mut by_server: Vec<Vec<&ContextEntry>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for c in contexts {
        let place = *places.entry(c.endpoint.clone()).or_insert(by_server.len());
        match by_server.get_mut(place) {
            Some(list) => list.push(c),
            None => by_server.push(vec![c]),
        }
    }
    by_server
        .into_iter()
        .filter_map(|list| {
            let acting = list.iter().find(|c| c.current).or_else(|| list.first())?;
            Some(ClusterInfo {
                id: ClusterId(0),
                context: SafeText::new(&acting.name),
                other_contexts: list
                    .iter()
                    .filter(|c| c.name != acting.name)
                    .map(|c| SafeText::new(&c.name))
                    .collect(),
                environment: environment_of(&acting.place, &acting.name),
                place: acting.place.clone(),
                server: SafeText::new(acting.server.as_deref().unwrap_or("")),
                user: SafeText::new(&acting.acts_as),
                auth: SafeText::new(&acting.auth),
                read_only,
            })
        })
        .collect()
}

/// An error with its causes, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut at = error.source();
    while let Some(e) = at {
        let words = e.to_string();
        if !out.contains(&words) {
            out.push_str(": ");
            out.push_str(&words);
        }
        at = e.source();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r"
apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: one, cluster: {server: 'https://10.0.0.1:6443'}}
users:
- {name: alice, user: {token: secret-of-alice}}
- {name: bob, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /usr/bin/aws, args: [eks, get-token], interactiveMode: IfAvailable}, as: root}}
contexts:
- {name: a, context: {cluster: one, user: alice}}
- {name: b, context: {cluster: one, user: bob}}
- {name: dangling, context: {cluster: two, user: alice}}
";

    #[test]
    fn a_broken_file_is_one_row() {
        let dir = tempfile::tempdir().unwrap();
        let (good, broken, missing) =
            (dir.path().join("good"), dir.path().join("broken"), dir.path().join("missing"));
        std::fs::write(&good, GOOD).unwrap();
        std::fs::write(&broken, "clusters: [\tnope").unwrap();
        let loaded = load(&[missing, broken, good.clone()]);
        assert_eq!(loaded.files.iter().map(|f| f.error.is_some()).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(loaded.contexts.len(), 3);
        let by_name = |n: &str| loaded.contexts.iter().find(|c| c.name == n).unwrap();
        assert_eq!(by_name("a").auth, "token");
        assert_eq!(by_name("b").auth, "exec:aws");
        assert_eq!(by_name("b").acts_as, "bob as root");
        assert_eq!(by_name("a").file.as_deref(), Some(good.as_path()));
        assert!(by_name("dangling").unusable.as_deref().unwrap().contains("two"));
    }

    #[test]
    fn contexts_to_one_server_are_one_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let good = dir.path().join("good");
        std::fs::write(&good, GOOD).unwrap();
        let found = clusters(&load(&[good]).contexts, false);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].context, "b", "the current context acts");
        assert_eq!(found[0].other_contexts, vec![SafeText::new("a")]);
    }

    #[test]
    fn one_address_behind_two_proxies_or_with_two_cas_is_two_clusters() {
        let cluster = |server: &str, proxy: Option<&str>, ca: Option<&str>| Cluster {
            server: Some(server.to_owned()),
            proxy_url: proxy.map(str::to_owned),
            certificate_authority_data: ca.map(str::to_owned),
            ..Cluster::default()
        };
        let plain = endpoint(&cluster("https://10.0.0.1:6443", None, Some("QQ==")));
        assert_eq!(plain, endpoint(&cluster("HTTPS://10.0.0.1:6443/", None, Some("QQ=="))));
        assert_ne!(plain, endpoint(&cluster("https://10.0.0.1:6443", Some("socks5://a:1080"), Some("QQ=="))));
        assert_ne!(plain, endpoint(&cluster("https://10.0.0.1:6443", None, Some("Qg=="))));
        let path = |p: &str| endpoint(&cluster(&format!("https://Rancher.example/{p}"), None, None));
        assert_eq!(
            path("k8s/clusters/c-1"),
            endpoint(&cluster("https://rancher.example/k8s/clusters/c-1", None, None))
        );
        assert_ne!(path("k8s/clusters/c-a"), path("k8s/clusters/c-A"));
    }

    #[test]
    fn which_files() {
        let home = Path::new("/home/x");
        assert_eq!(paths(&[], None, Some(home)), [PathBuf::from("/home/x/.kube/config")]);
        assert_eq!(paths(&[], Some("/a::/b:/a"), Some(home)), [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(paths(&["/c".into()], Some("/a"), Some(home)), [PathBuf::from("/c")]);
    }
}
