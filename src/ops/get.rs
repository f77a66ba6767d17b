//! Getting: objects of any kind, built in or not, from every cluster in scope.
//!
//! Never: rows of the fleet (those are watched), tables. Called by `skyfleet get`, `describe` and `yaml`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::domain::columns::served::Definition;
use crate::domain::id::ClusterId;
use crate::domain::json::text;
use crate::domain::kind::{Kind, Kinds, Served};
use crate::domain::scope::Scope;
use crate::fleet::cluster::ClusterInfo;
pub use crate::source::api::Found;
pub use crate::source::api::Resource;
use crate::source::api::{self, ListOptions};
use crate::source::connect::Client;
use crate::source::discovery;
use crate::source::fault::{Fault, FaultClass};
pub use crate::source::follow::{Became, Change};
use crate::source::follow::{Renew, follow};
/// An object as a row of its kind.
pub use crate::source::slim::row;

use super::session::{Session, Shared};

/// Clusters asked at once.
const AT_ONCE: usize = 16;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The kind by any of its names.
    pub kind: String,
    /// Only objects of that name.
    pub name: Option<String>,
    /// Only objects with these labels (`-l`).
    pub labels: Option<String>,
}

impl Query {
    fn options(&self, namespace: Option<String>) -> ListOptions {
        let fields = self.name.as_ref().map(|name| format!("metadata.name={name}"));
        ListOptions { namespace, labels: self.labels.clone(), fields }
    }
}

/// What one cluster answered.
#[derive(Clone, Debug)]
pub struct ClusterResult {
    /// Who and where.
    pub info: ClusterInfo,
    /// What the kind is there; `None` when that could not be found out.
    pub resource: Option<Resource>,
    /// The columns of a kind that is not built in, as the server prints them.
    pub columns: Vec<Definition>,
    /// The objects, or why there are none.
    pub result: Result<Vec<Found>, Fault>,
}

impl ClusterResult {
    /// The kind, of those that are known by now or come to be.
    pub fn kind(&self, kinds: &mut Kinds) -> Option<Kind> {
        kind_of(self.resource.as_ref()?, kinds)
    }

    /// The server knows no such kind.
    pub fn is_unknown_kind(&self) -> bool {
        self.resource.is_none() && self.result.as_ref().is_err_and(|f| f.class == FaultClass::NotFound)
    }
}

/// The kind of a resource, of those that are known by now or come to be.
pub fn kind_of(what: &Resource, kinds: &mut Kinds) -> Option<Kind> {
    kinds.kind(&Served {
        group: what.group.clone(),
        version: what.version.clone(),
        name: what.kind.clone(),
        plural: what.plural.clone(),
        singular: what.kind.to_lowercase(),
        shorts: Vec::new(),
        namespaced: what.namespaced,
    })
}

/// Asks every cluster in scope; the answers come in the order of the fleet. `progress` is told how many of how many have
/// answered.
pub async fn get(
    session: &Session,
    scope: &Scope,
    query: &Query,
    limit: Duration,
    mut progress: impl FnMut(usize, usize),
) -> Vec<ClusterResult> {
    let gate = Semaphore::new(AT_ONCE);
    let mut waiting = FuturesUnordered::new();
    for info in session.in_scope(scope) {
        let gate = &gate;
        waiting.push(async move {
            let _permit = gate.acquire().await;
            ask(session, info, scope, query, limit).await
        });
    }
    let all = waiting.len();
    let mut out = Vec::with_capacity(all);
    while let Some(answer) = waiting.next().await {
        out.push(answer);
        progress(out.len(), all);
    }
    out.sort_by_key(|r| r.info.id);
    out
}

async fn ask(
    session: &Session,
    info: &ClusterInfo,
    scope: &Scope,
    query: &Query,
    limit: Duration,
) -> ClusterResult {
    let mut resource = None;
    let mut columns = Vec::new();
    let result = match timeout(limit, objects(session, info, scope, query, &mut resource)).await {
        Ok(Ok((said, found))) => {
            columns = said;
            Ok(found)
        }
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err(Fault::timeout("get", limit.as_secs())),
    };
    if let Err(fault) = &result {
        session.heed(info.id, fault);
    }
    ClusterResult { info: info.clone(), resource, columns, result }
}

async fn objects(
    session: &Session,
    info: &ClusterInfo,
    scope: &Scope,
    query: &Query,
    resource: &mut Option<Resource>,
) -> Result<(Vec<Definition>, Vec<Found>), Fault> {
    let client = session.client(info.id).await?;
    let what = resolve(&client, &query.kind).await?;
    *resource = Some(what.clone());
    let (mut columns, mut found) = (Vec::new(), Vec::new());
    for namespace in namespaces(scope, &what) {
        let options = query.options(namespace);
        let (said, more) = if Kind::of_manifest(&what.kind, &what.api_version()).is_some() {
            let objects = api::list(&client, &what, &options).await?;
            (Vec::new(), objects.into_iter().map(|object| Found { object, cells: Vec::new() }).collect())
        } else {
            api::printed(&client, &what, &options).await?
        };
        columns = said;
        found.extend(more);
    }
    found.retain(|one| is_covered(scope, info, &what, &one.object));
    Ok((columns, found))
}

/// What is said while objects are followed: of which cluster, of what kind there once that is known, and what.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Which.
    pub cluster: ClusterId,
    /// What the kind is there.
    pub resource: Option<Resource>,
    /// What.
    pub change: Change,
}

impl Heard {
    /// The server knows no such kind.
    pub fn is_unknown_kind(&self) -> bool {
        self.resource.is_none()
            && matches!(&self.change, Change::Trouble(fault) if fault.class == FaultClass::NotFound)
    }
}

/// Follows the objects of every cluster in scope, until what is given back is dropped. A cluster that does not know the kind
/// says so, and no more.
pub fn watch(session: &Shared, scope: &Scope, query: &Query) -> mpsc::Receiver<Heard> {
    let (out, heard) = mpsc::channel(256);
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    for info in session.in_scope(scope) {
        let gate = gate.clone();
        let (session, scope, query) = (session.clone(), scope.clone(), query.clone());
        let (info, out) = (info.clone(), out.clone());
        tokio::spawn(async move {
            let mut wait = Duration::from_secs(1);
            loop {
                let permit = gate.acquire().await;
                let asked = match session.client(info.id).await {
                    Ok(client) => resolve(&client, &query.kind).await.map(|what| (client, what)),
                    Err(fault) => Err(fault),
                };
                drop(permit);
                let trouble = match asked {
                    Ok((client, what)) => {
                        let renew = renewal(&session, info.id);
                        return watch_one((client, renew), what, &info, &scope, &query, out).await;
                    }
                    Err(fault) => fault,
                };
                session.heed(info.id, &trouble);
                let is_over = trouble.class == FaultClass::NotFound;
                let heard = Heard { cluster: info.id, resource: None, change: Change::Trouble(trouble) };
                if out.send(heard).await.is_err() || is_over {
                    return;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(20));
            }
        });
    }
    heard
}

/// How a cluster's clients are asked for anew.
fn renewal(session: &Shared, id: ClusterId) -> Renew {
    let session = session.clone();
    Arc::new(move |fault| {
        let session = session.clone();
        Box::pin(async move {
            session.heed(id, &fault);
            session.client(id).await
        })
    })
}

/// Follows those of one cluster.
async fn watch_one(
    (client, renew): (Client, Renew),
    what: Resource,
    info: &ClusterInfo,
    scope: &Scope,
    query: &Query,
    out: mpsc::Sender<Heard>,
) {
    let as_rows = Kind::of_manifest(&what.kind, &what.api_version()).is_none();
    let (changes, mut heard) = mpsc::channel(64);
    let namespaces = namespaces(scope, &what);
    let mut waiting: BTreeSet<usize> = (0..namespaces.len()).collect();
    for (n, namespace) in namespaces.into_iter().enumerate() {
        let options = query.options(namespace);
        let (client, renew) = (client.clone(), renew.clone());
        let (said, mut of_one) = mpsc::channel(64);
        tokio::spawn(follow(client, renew, what.clone(), options, as_rows, said));
        let changes = changes.clone();
        tokio::spawn(async move {
            while let Some(change) = of_one.recv().await {
                if changes.send((n, change)).await.is_err() {
                    return;
                }
            }
        });
    }
    drop(changes);
    while let Some((n, change)) = heard.recv().await {
        let is_said = match &change {
            Change::Is(found, _) => is_covered(scope, info, &what, &found.object),
            // Whole is what all its namespaces are.
            Change::Whole => {
                waiting.remove(&n);
                waiting.is_empty()
            }
            Change::Columns(_) | Change::Trouble(_) => true,
        };
        let heard = Heard { cluster: info.id, resource: Some(what.clone()), change };
        if is_said && out.send(heard).await.is_err() {
            return;
        }
    }
}

/// Those that are asked for, each by itself; none: all at once.
fn namespaces(scope: &Scope, what: &Resource) -> Vec<Option<String>> {
    match scope.namespaces() {
        [_, ..] if what.namespaced => scope.namespaces().iter().map(|ns| Some(ns.to_string())).collect(),
        _ => vec![None],
    }
}

/// The resource a word names: a built-in kind, or what the server knows by that name.
pub async fn resolve(client: &Client, word: &str) -> Result<Resource, Fault> {
    match Kind::parse(word) {
        Some(kind) => Ok(kind.into()),
        None => discovery::find(client, word).await,
    }
}

/// Whether an object is in scope. Objects without namespace are wherever their cluster is, as kubectl has it.
fn is_covered(scope: &Scope, info: &ClusterInfo, what: &Resource, item: &Value) -> bool {
    let at = info.at();
    let name = text(item, "/metadata/name");
    if !what.namespaced {
        return what.kind != Kind::Namespace.info().name || scope.touches_namespace(at, name);
    }
    let namespace = text(item, "/metadata/namespace");
    let workload = workload_of(&what.kind, item);
    let pod = (what.kind == Kind::Pod.info().name).then_some(name);
    scope.covers(at, namespace, workload.as_ref().map(|(kind, name)| (kind.as_str(), name.as_str())), pod)
}

/// The workload an object belongs to, as a person names it: itself, or a pod's owner; a Deployment rather than its
/// `ReplicaSet`.
fn workload_of(kind: &str, item: &Value) -> Option<(String, String)> {
    if Kind::parse(kind).is_some_and(Kind::is_workload) {
        return Some((kind.to_owned(), text(item, "/metadata/name").to_owned()));
    }
    let owner = item.pointer("/metadata/ownerReferences/0").filter(|_| kind == Kind::Pod.info().name)?;
    let (kind, name) = (text(owner, "/kind"), text(owner, "/name"));
    let hash = text(item, "/metadata/labels/pod-template-hash");
    match name
        .strip_suffix(hash)
        .and_then(|n| n.strip_suffix('-'))
        .filter(|_| kind == "ReplicaSet" && !hash.is_empty())
    {
        Some(deployment) => Some(("Deployment".to_owned(), deployment.to_owned())),
        None => Some((kind.to_owned(), name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_belong_to_the_deployment() {
        let pod = serde_json::json!({"metadata": {
            "name": "web-7c9d-x", "labels": {"pod-template-hash": "7c9d"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-7c9d"}]}});
        assert_eq!(workload_of("Pod", &pod), Some(("Deployment".to_owned(), "web".to_owned())));
        let bare = serde_json::json!({"metadata": {"name": "one"}});
        assert_eq!(workload_of("Pod", &bare), None);
        assert_eq!(workload_of("CronJob", &bare), Some(("CronJob".to_owned(), "one".to_owned())));
        assert_eq!(workload_of("Service", &bare), None);
    }
}
