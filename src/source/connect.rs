//! The seam: how a context becomes a `kube::Client`. A real cluster, a simulated one and a recorded one differ here
//! and nowhere else.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
/// A client of one cluster, under a name that `ops` may say.
pub use kube::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::clock::Clock;
use super::credentials::Signer;
use super::fault::{Fault, FaultClass};
use super::kubeconfig::{Access, ClusterEntry, ContextEntry, Exec, Impersonation};
use super::meter::{Meter, Metered};
use super::plugin::{Interactive, Plugin, PluginFault, PluginOptions, Plugins, Policy};
use super::proxy::ProxyEnv;
use super::signed::{Target, connect};
use crate::domain::context::Server;

/// Makes clients by context name.
pub trait Dial: Send + Sync {
    /// Sees to it that there are credentials: may run a plugin and wait for its turn. Opens no connection.
    fn sign_in(&self, context: &str) -> BoxFuture<'_, Result<(), Fault>> {
        let _ = context;
        Box::pin(std::future::ready(Ok(())))
    }

    /// A client for that context; the same one as long as its entry stays. Opens no connection by itself but may run a
    /// credential plugin.
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>>;

    /// What is counted of the requests to that context's server.
    fn meter(&self, context: &str) -> Option<Arc<Meter>> {
        let _ = context;
        None
    }

    /// Until when its credentials are good, and what they are.
    fn expires(&self, context: &str) -> Option<(&'static str, jiff::Timestamp)> {
        let _ = context;
        None
    }
}

/// A shared dialer.
pub type Dialer = Arc<dyn Dial>;

/// What dialling needs beside the kubeconfig.
#[derive(Clone)]
pub struct Surroundings {
    /// Runs credential plugins.
    pub plugins: Plugins,
    /// Proxies by the environment.
    pub proxies: ProxyEnv,
    /// What time it is.
    pub clock: Clock,
    /// `--as` and `--as-group`: instead of what the kubeconfig says.
    pub impersonate: Option<(String, Vec<String>)>,
}

impl Default for Surroundings {
    /// No plugin runs, no proxy is known.
    fn default() -> Self {
        let plugins = PluginOptions::new(Policy::Deny, PathBuf::new(), PathBuf::new());
        Self {
            plugins: Plugins::new(plugins),
            proxies: ProxyEnv::default(),
            clock: Clock::system(),
            impersonate: None,
        }
    }
}

/// Dials what a kubeconfig says.
pub struct FromKubeconfig {
    surroundings: Surroundings,
    /// By context. A context whose entry stays the same keeps its signer, and with it what it has read and been given.
    entries: RwLock<HashMap<String, Known>>,
}

/// A context that can be dialled.
#[derive(Clone)]
struct Known {
    access: Access,
    signer: Arc<Signer>,
    /// Made once: watches and calls go over the same connection.
    client: Arc<OnceCell<Client>>,
    meter: Arc<Meter>,
}

impl FromKubeconfig {
    /// Over these contexts.
    pub fn new(contexts: &[ContextEntry], surroundings: Surroundings) -> Self {
        let out = Self { surroundings, entries: RwLock::default() };
        out.follow(contexts);
        out
    }

    /// Follows a kubeconfig that was read anew: contexts whose entry did not change stay as they are.
    pub fn follow(&self, contexts: &[ContextEntry]) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let mut known = std::mem::take(&mut *entries);
        for context in contexts {
            let Some(access) = &context.access else { continue };
            let same = known.remove(&context.name).filter(|k| k.access.hash == access.hash);
            let next = same.unwrap_or_else(|| self.known(&context.name, access));
            entries.insert(context.name.clone(), next);
        }
    }

    fn known(&self, context: &str, access: &Access) -> Known {
        let plugin = access.user.exec.as_ref().map(|exec| plugin(context, exec, access));
        let plugin = plugin.map(|plugin| (self.surroundings.plugins.clone(), plugin));
        let signer = Signer::new(access.user.clone(), plugin, self.surroundings.clock.clone());
        Known {
            access: access.clone(),
            signer: Arc::new(signer),
            client: Arc::default(),
            meter: Arc::default(),
        }
    }

    fn entry(&self, context: &str) -> Result<Known, Fault> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(context).cloned().ok_or_else(|| {
            Fault::new(
                FaultClass::Credentials,
                &format!("the kubeconfig has no usable context {context:?} any more"),
            )
        })
    }

    /// What a context is dialled by now.
    pub fn hash(&self, context: &str) -> Option<u64> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(context).map(|known| known.access.hash)
    }

    /// The plugin of a context that gave nothing the last time, and why.
    pub fn needs(&self, context: &str) -> Option<(Plugin, PluginFault)> {
        self.entry(context).ok()?.signer.needs()
    }

    /// The plugin that a context signs in by.
    pub fn plugin(&self, context: &str) -> Option<Plugin> {
        self.entry(context).ok()?.signer.plugin().cloned()
    }

    /// The proxy that a context's server is reached by, and whether the environment says so; nothing of it is hidden.
    pub fn proxy(&self, context: &str) -> Option<(SecretString, bool)> {
        let cluster = self.entry(context).ok()?.access.cluster;
        if let Some(own) = &cluster.proxy {
            return Some((own.clone(), false));
        }
        let server = cluster.server.as_deref().and_then(Server::parse)?;
        Some((self.surroundings.proxies.of_server(&server)?.into(), true))
    }

    fn acting_as(&self, access: &Access) -> Option<Impersonation> {
        match &self.surroundings.impersonate {
            Some((user, groups)) => {
                Some(Impersonation { user: user.clone(), groups: groups.clone(), ..Impersonation::default() })
            }
            None => access.user.impersonate.clone(),
        }
    }
}

impl Dial for FromKubeconfig {
    fn sign_in(&self, context: &str) -> BoxFuture<'_, Result<(), Fault>> {
        let known = self.entry(context);
        Box::pin(async move { known?.signer.sign().await.map(|_| ()) })
    }

    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        let known = self.entry(context);
        Box::pin(async move {
            let known = known?;
            let made = known.client.get_or_try_init(|| async {
                let target = Target::of(&known.access.cluster, &self.surroundings.proxies, &known.meter)?;
                connect(target, known.signer.clone(), self.acting_as(&known.access).as_ref()).await
            });
            made.await.cloned()
        })
    }

    fn meter(&self, context: &str) -> Option<Arc<Meter>> {
        Some(self.entry(context).ok()?.meter)
    }

    fn expires(&self, context: &str) -> Option<(&'static str, jiff::Timestamp)> {
        self.entry(context).ok()?.signer.expires()
    }
}

/// The plugin of a user entry, with what it is told of the cluster.
fn plugin(context: &str, exec: &Exec, access: &Access) -> Plugin {
    Plugin {
        command: exec.command.clone(),
        args: exec.args.clone(),
        env: exec.env.clone(),
        api_version: exec.api_version.clone(),
        interactive: match exec.interactive_mode.as_deref() {
            None => Interactive::Missing,
            Some("Never") => Interactive::Never,
            Some("IfAvailable") => Interactive::IfAvailable,
            Some("Always") => Interactive::Always,
            Some(other) => Interactive::Unknown(other.to_owned()),
        },
        install_hint: exec.install_hint.clone(),
        cluster: exec.provide_cluster_info.then(|| cluster_info(&access.cluster)),
        file: access.user.file.as_ref().map(|f| (**f).clone()),
        context: context.to_owned(),
    }
}

/// The extension of a cluster entry that is meant for plugins.
const FOR_PLUGINS: &str = "client.authentication.k8s.io/exec";

/// `spec.cluster` of an ExecCredential (client-go pkg/apis/clientauthentication): what is not set is not there.
fn cluster_info(cluster: &ClusterEntry) -> Value {
    let mut out = serde_json::Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    set("server", cluster.server.as_ref().map(|s| json!(s)));
    set("tls-server-name", cluster.tls_server_name.as_ref().map(|s| json!(s)));
    set("insecure-skip-tls-verify", cluster.insecure.then_some(json!(true)));
    let ca = cluster.authority().ok().flatten();
    set("certificate-authority-data", ca.map(|pem| json!(STANDARD.encode(&pem))));
    set("proxy-url", cluster.proxy.as_ref().map(|p| json!(p.expose_secret())));
    set("disable-compression", cluster.disable_compression.then_some(json!(true)));
    set("config", cluster.extension(FOR_PLUGINS).cloned());
    Value::Object(out)
}

/// Dials clients that are there already: the simulation, a recording.
pub struct Ready(HashMap<String, (Client, Arc<Meter>)>);

impl Ready {
    /// These, by context.
    pub fn new(clients: impl IntoIterator<Item = (String, Client)>) -> Self {
        let metered = |client: Client| {
            let meter = Arc::new(Meter::default());
            let sends = tower::service_fn(move |request: http::Request<kube::client::Body>| {
                let client = client.clone();
                async move { client.send(request).await }
            });
            (Client::new(Metered::new(sends, meter.clone()), "default"), meter)
        };
        Self(clients.into_iter().map(|(context, client)| (context, metered(client))).collect())
    }
}

impl Dial for Ready {
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        let client = self
            .0
            .get(context)
            .map(|(client, _)| client.clone())
            .ok_or_else(|| Fault::new(FaultClass::Credentials, &format!("no context named {context}")));
        Box::pin(std::future::ready(client))
    }

    fn meter(&self, context: &str) -> Option<Arc<Meter>> {
        self.0.get(context).map(|(_, meter)| meter.clone())
    }
}

/// Clients that are kept for single calls: one per context, dialled when first needed.
pub struct Pool {
    dialer: Dialer,
    clients: Mutex<HashMap<String, Client>>,
}

impl Pool {
    /// An empty pool over a dialer.
    pub fn new(dialer: Dialer) -> Self {
        Self { dialer, clients: Mutex::default() }
    }

    /// The dialer behind it.
    pub fn dialer(&self) -> Dialer {
        self.dialer.clone()
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<String, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client of a context, kept under this key.
    pub async fn client(&self, key: &str, context: &str) -> Result<Client, Fault> {
        if let Some(client) = self.clients().get(key) {
            return Ok(client.clone());
        }
        // Not held over the dial: one slow plugin must not keep other contexts waiting.
        let client = self.dialer.dial(context).await?;
        self.clients().insert(key.to_owned(), client.clone());
        Ok(client)
    }

    /// Dials anew next time: after a 401.
    pub fn forget(&self, key: &str) {
        self.clients().remove(key);
    }

    /// Drops all but these.
    pub fn keep_only(&self, keys: &[String]) {
        self.clients().retain(|key, _| keys.contains(key));
    }
}
