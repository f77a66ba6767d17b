//! The seam: how a context becomes a `kube::Client`. A real cluster, a simulated one and a recorded one differ here
//! and nowhere else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
/// A client of one cluster, under a name that `ops` may say.
pub use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::fault::{Fault, FaultClass};
use super::kubeconfig;

/// How long the build of a client may take, a credential plugin's run included.
const DIAL_LIMIT: Duration = Duration::from_secs(20);

/// Makes clients by context name.
pub trait Dial: Send + Sync {
    /// A client for that context. Opens no connection by itself but may run a credential plugin.
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>>;
}

/// A shared dialer.
pub type Dialer = Arc<dyn Dial>;

/// Dials what a kubeconfig says.
pub struct FromKubeconfig {
    merged: Arc<Kubeconfig>,
    impersonate: Option<(String, Vec<String>)>,
}

impl FromKubeconfig {
    /// Over a merged kubeconfig. Plugins never get the terminal: `interactiveMode` is set to `Never`.
    pub fn new(mut merged: Kubeconfig, impersonate: Option<(String, Vec<String>)>) -> Self {
        for user in &mut merged.auth_infos {
            if let Some(exec) = user.auth_info.as_mut().and_then(|a| a.exec.as_mut()) {
                exec.interactive_mode = Some(kube::config::ExecInteractiveMode::Never);
            }
        }
        Self { merged: Arc::new(merged), impersonate }
    }
}

impl Dial for FromKubeconfig {
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
        let context = context.to_owned();
        Box::pin(async move {
            // Not the whole of it: of hundreds of contexts each would copy all others.
            let own = kubeconfig::only(&self.merged, &context);
            let mut config = kube::Config::from_custom_kubeconfig(own, &options)
                .await
                .map_err(|e| Fault::new(FaultClass::Credentials, &format!("kubeconfig: {}", root(&e))))?;
            config.connect_timeout = Some(Duration::from_secs(8));
            // Watches are quiet for minutes; hung servers are noticed by the supervisor's own health requests.
            config.read_timeout = None;
            config.write_timeout = Some(Duration::from_secs(30));
            if let Some((user, groups)) = &self.impersonate {
                config.auth_info.impersonate = Some(user.clone());
                config.auth_info.impersonate_groups = Some(groups.clone());
            }
            // kube runs a credential plugin in this very call and blocks its thread until it ends.
            let runtime = tokio::runtime::Handle::current();
            let build = tokio::task::spawn_blocking(move || {
                let _inside = runtime.enter();
                Client::try_from(config)
            });
            match tokio::time::timeout(DIAL_LIMIT, build).await {
                Err(_) => Err(Fault::timeout("credential plugin", DIAL_LIMIT.as_secs())),
                Ok(Err(_)) => Err(Fault::new(FaultClass::Other, "the client could not be built")),
                Ok(Ok(built)) => built.map_err(Fault::from),
            }
        })
    }
}

/// Dials clients that are there already: the simulation, a recording.
pub struct Ready(HashMap<String, Client>);

impl Ready {
    /// These, by context.
    pub fn new(clients: impl IntoIterator<Item = (String, Client)>) -> Self {
        Self(clients.into_iter().collect())
    }
}

impl Dial for Ready {
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        let client = self
            .0
            .get(context)
            .cloned()
            .ok_or_else(|| Fault::new(FaultClass::Credentials, &format!("no context named {context}")));
        Box::pin(std::future::ready(client))
    }
}

/// Clients that are kept for single calls: one per context, dialled when first needed.
pub struct Pool {
    dialer: Dialer,
    clients: tokio::sync::Mutex<HashMap<String, Client>>,
}

impl Pool {
    /// An empty pool over a dialer.
    pub fn new(dialer: Dialer) -> Self {
        Self { dialer, clients: tokio::sync::Mutex::new(HashMap::new()) }
    }

    /// The dialer behind it.
    pub fn dialer(&self) -> Dialer {
        self.dialer.clone()
    }

    /// The client of a context.
    pub async fn client(&self, context: &str) -> Result<Client, Fault> {
        if let Some(client) = self.clients.lock().await.get(context) {
            return Ok(client.clone());
        }
        // Not held over the dial: one slow plugin must not keep other contexts waiting.
        let client = self.dialer.dial(context).await?;
        self.clients.lock().await.insert(context.to_owned(), client.clone());
        Ok(client)
    }

    /// Dials anew next time: after a 401.
    pub async fn forget(&self, context: &str) {
        self.clients.lock().await.remove(context);
    }
}

fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut at = error;
    while let Some(next) = at.source() {
        at = next;
    }
    at.to_string()
}
