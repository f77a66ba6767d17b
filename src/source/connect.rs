//! The seam: how a context becomes a `kube::Client`. A real cluster, a simulated one and a recorded one differ here
//! and nowhere else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
/// A client of one cluster, under a name that `ops` may say.
pub use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::sync::Semaphore;

use super::fault::{Fault, FaultClass};
use super::kubeconfig;

/// How long the build of a client may take, a credential plugin's run included.
const DIAL_LIMIT: Duration = Duration::from_secs(20);
/// Credential plugins that may run at once: each is a process of its own, some of them heavy.
const PLUGINS: usize = 4;

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
    /// How long somebody waits for a dial.
    limit: Duration,
    /// Credential plugins may run so many at once.
    plugins: Arc<Semaphore>,
    /// The dials on their way, by context. A plugin that hangs can be neither stopped nor waited for: who tries again
    /// waits for the one that runs, so that there is never a second one beside it.
    running: Mutex<HashMap<String, Build>>,
}

/// One dial on its way.
#[derive(Clone)]
struct Build {
    done: Shared<BoxFuture<'static, Result<Client, Fault>>>,
    /// It has had its turn.
    begun: Arc<AtomicBool>,
}

impl FromKubeconfig {
    /// Over a merged kubeconfig. Plugins never get the terminal: `interactiveMode` is set to `Never`.
    pub fn new(mut merged: Kubeconfig, impersonate: Option<(String, Vec<String>)>) -> Self {
        for user in &mut merged.auth_infos {
            if let Some(exec) = user.auth_info.as_mut().and_then(|a| a.exec.as_mut()) {
                exec.interactive_mode = Some(kube::config::ExecInteractiveMode::Never);
            }
        }
        Self {
            merged: Arc::new(merged),
            impersonate,
            limit: DIAL_LIMIT,
            plugins: Arc::new(Semaphore::new(PLUGINS)),
            running: Mutex::default(),
        }
    }

    /// The dial of a context that is on its way, else a new one.
    fn build(&self, context: &str, config: kube::Config) -> Build {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // One that failed while nobody waited for it is no answer to who asks now.
        let failed = |build: &Build| matches!(build.done.clone().now_or_never(), Some(Err(_)));
        if let Some(build) = running.get(context).filter(|build| !failed(build)) {
            return build.clone();
        }
        let begun = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let (begun, limit, plugins) = (begun.clone(), self.limit, self.plugins.clone());
            async move {
                let auth = &config.auth_info;
                let turn = if auth.exec.is_some() || auth.auth_provider.is_some() {
                    plugins.acquire_owned().await.ok()
                } else {
                    None
                };
                begun.store(true, Ordering::Relaxed);
                // kube runs a credential plugin in this very call and blocks its thread until it ends.
                let runtime = tokio::runtime::Handle::current();
                let mut build = tokio::task::spawn_blocking(move || {
                    let _inside = runtime.enter();
                    Client::try_from(config)
                });
                let built = if let Ok(built) = tokio::time::timeout(limit, &mut build).await {
                    built
                } else {
                    // One that hangs must not keep the others from theirs.
                    drop(turn);
                    build.await
                };
                match built {
                    Ok(built) => built.map_err(Fault::from),
                    Err(_) => Err(Fault::new(FaultClass::Other, "the client could not be built")),
                }
            }
        });
        let done = async move {
            task.await.unwrap_or_else(|_| Err(Fault::new(FaultClass::Other, "the client could not be built")))
        };
        let build = Build { done: done.boxed().shared(), begun };
        running.insert(context.to_owned(), build.clone());
        build
    }

    /// A dial that has been answered is not kept: the next one is new.
    fn answered(&self, context: &str, build: &Build) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.get(context).is_some_and(|known| Arc::ptr_eq(&known.begun, &build.begun)) {
            running.remove(context);
        }
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
            let build = self.build(&context, config);
            match tokio::time::timeout(self.limit, build.done.clone()).await {
                Ok(built) => {
                    self.answered(&context, &build);
                    built
                }
                Err(_) if build.begun.load(Ordering::Relaxed) => {
                    Err(Fault::timeout("credential plugin", self.limit.as_secs()))
                }
                Err(_) => Err(Fault::new(
                    FaultClass::Timeout,
                    "the credential plugins of other contexts still run; its own waits for its turn",
                )),
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::source::api;

    const SECRET: &str = "hunter2";

    /// A dialer over contexts `c0`, `c1` … whose plugin is this script; it gets its context as argument.
    fn dialer(dir: &Path, script: &str, contexts: usize) -> FromKubeconfig {
        let path = dir.join("plugin");
        std::fs::write(&path, format!("#!/bin/sh\ncd {}\n{script}\n", dir.display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let names: Vec<String> = (0..contexts).map(|n| format!("c{n}")).collect();
        let user = |n: &String| {
            serde_json::json!({"name": n, "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": path,
                "args": [n, format!("--password={SECRET}")], "env": [{"name": "TOKEN", "value": SECRET}],
                "interactiveMode": "Never",
            }}})
        };
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": names.iter().map(user).collect::<Vec<_>>(),
            "contexts": names.iter().map(|n| serde_json::json!({"name": n, "context": {"cluster": "k", "user": n}}))
                .collect::<Vec<_>>(),
        });
        FromKubeconfig::new(serde_json::from_value(config).unwrap(), None)
    }

    /// What a plugin prints when it goes well; the token is good for ever, or was only good until long ago.
    fn token(expires: &str) -> String {
        format!(
            r#"echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"t","expirationTimestamp":"{expires}"}}}}'"#
        )
    }

    fn lines(dir: &Path, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(dir.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn until(is: impl Fn() -> bool) {
        while !is() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What is logged on this thread.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Logged {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A plugin that fails when it is run again gives nothing of itself away, whatever it prints.
    #[tokio::test]
    async fn a_plugin_that_fails_later_gives_nothing_away() {
        let logged = Logged::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        for failure in [
            format!("echo {SECRET} >&2; echo {SECRET}; exit 1"),
            format!("echo {SECRET}"),
            format!("echo '{{\"kind\": \"{SECRET}'"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let good = token("2020-01-01T00:00:00Z");
            let script = format!("if [ -e ran ]; then {failure}; else touch ran; {good}; fi");
            let dialer = dialer(dir.path(), &script, 1);
            let client = dialer.dial("c0").await.unwrap();
            let version = api::version(&client).await.unwrap_err();
            let alive = api::alive(&client).await.unwrap_err();
            let again = dialer.dial("c0").await.map(|_| ()).unwrap_err();
            for fault in [version, alive, again] {
                assert_eq!(fault.class, FaultClass::Credentials, "{failure}: {fault}");
                assert!(fault.words.contains("gave no credentials"), "{failure}: {fault}");
                let all = format!("{fault:?}");
                assert!(!all.contains(SECRET) && !all.contains(dir.path().to_str().unwrap()), "{all}");
                tracing::info!(cause = %fault, "told");
            }
        }
        let logged = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("gave no credentials"));
        assert!(!logged.contains(SECRET), "{logged}");
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_not_started_twice() {
        let dir = tempfile::tempdir().unwrap();
        let good = token("2099-01-01T00:00:00Z");
        let script = format!("echo $1 >> runs; while [ ! -e go ]; do sleep 0.02; done; {good}");
        let mut dialer = dialer(dir.path(), &script, 1);
        dialer.limit = Duration::from_millis(1);
        let first = dialer.dial("c0").await.map(|_| ()).unwrap_err();
        assert_eq!(first.class, FaultClass::Timeout);
        until(|| !lines(dir.path(), "runs").is_empty()).await;
        for _ in 0..3 {
            let again = dialer.dial("c0").await.map(|_| ()).unwrap_err();
            assert_eq!(again.class, FaultClass::Timeout);
        }
        assert_eq!(lines(dir.path(), "runs"), ["c0"]);
        dialer.limit = DIAL_LIMIT;
        let (dialled, ()) = tokio::join!(dialer.dial("c0"), async {
            // Asked for already: the running one answers it.
            std::fs::write(dir.path().join("go"), "").unwrap();
        });
        assert!(dialled.is_ok());
        // kube runs a plugin more than once in one dial.
        let once = lines(dir.path(), "runs").len();
        // What is done is not kept: the next dial is a new one.
        assert!(dialer.dial("c0").await.is_ok());
        assert_eq!(lines(dir.path(), "runs").len(), 2 * once);
    }

    #[tokio::test]
    async fn few_plugins_run_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let good = token("2099-01-01T00:00:00Z");
        let script = format!(
            "touch on.$1; echo $1 >> runs; ls on.* | wc -l >> many; while [ ! -e go ]; do sleep 0.02; done; rm on.$1; {good}"
        );
        let dialer = Arc::new(dialer(dir.path(), &script, 7));
        let dials: Vec<_> = (0..7)
            .map(|n| {
                let dialer = dialer.clone();
                tokio::spawn(async move { dialer.dial(&format!("c{n}")).await.map(|_| ()) })
            })
            .collect();
        until(|| lines(dir.path(), "runs").len() == PLUGINS).await;
        std::fs::write(dir.path().join("go"), "").unwrap();
        for dial in dials {
            assert_eq!(dial.await.unwrap(), Ok(()));
        }
        let many = lines(dir.path(), "many");
        assert!(many.len() >= 7, "{many:?}");
        assert!(many.iter().all(|n| n.trim().parse::<usize>().unwrap() <= PLUGINS), "{many:?}");
    }
}
