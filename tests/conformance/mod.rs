//! What a Kubernetes API server, its controllers and kubelets do, as a table of cases. The simulation and real control
//! planes must both pass it: that is how the simulation is kept honest.
//!
//! The client must not retry by itself (kube: `config.default_retry = false`): a refusal is part of what is tested.
//! A case gets a client and the name of a namespace of its own (it makes it), writes with generic names only, waits by
//! polling, and says in words what differed. Included by `#[path]` from `tests/it` and `tests/real`.

mod access;
mod apply;
mod delete;
mod discovery;
mod ground;
mod kubectl;
mod life;
mod list;
mod logs;
mod patch;
mod refuse;
mod rollout;
mod session;
mod table;
mod watch;
mod write;

use futures::StreamExt;
use futures::future::BoxFuture;
use kube::Client;

/// One case.
pub(crate) struct Case {
    /// `group::what`
    pub(crate) name: &'static str,
    /// Runs it in a namespace of its own.
    pub(crate) run: fn(Client, String) -> BoxFuture<'static, Result<(), String>>,
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(discovery::cases());
    all.extend(list::cases());
    all.extend(watch::cases());
    all.extend(write::cases());
    all.extend(patch::cases());
    all.extend(apply::cases());
    all.extend(refuse::cases());
    all.extend(delete::cases());
    all.extend(rollout::cases());
    all.extend(life::cases());
    all.extend(logs::cases());
    all.extend(access::cases());
    all.extend(table::cases());
    all.extend(session::cases());
    all.extend(kubectl::cases());
    all
}

/// Lists, watches, logs and sessions with containers: whoever resends refused requests passes these too.
pub(crate) const FOR_ANY_CLIENT: [&str; 4] = ["list::", "watch::", "logs::", "session::"];

/// Runs the cases of some groups, or all where none is named, a few at once, each in a namespace of that prefix: what failed.
pub(crate) async fn failed(client: &Client, groups: &[&str], prefix: &str) -> Vec<String> {
    let is_there = |group: &str| cases().iter().any(|case| case.name.starts_with(group));
    if let Some(none) = groups.iter().find(|group| !is_there(group)) {
        return vec![format!("no case is of {none}")];
    }
    let wanted = |name: &str| groups.is_empty() || groups.iter().any(|group| name.starts_with(group));
    let runs = cases().into_iter().filter(|case| wanted(case.name)).enumerate().map(|(n, case)| {
        let client = client.clone();
        let namespace = format!("{prefix}-{n}");
        async move { (case.run)(client, namespace).await.err().map(|e| format!("{}: {e}", case.name)) }
    });
    futures::stream::iter(runs).buffer_unordered(8).filter_map(std::future::ready).collect().await
}
