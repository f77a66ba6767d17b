//! What is watched of one kind of one cluster, and what a watch says. How it goes about it is in `watcher`.

use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::core::NamespaceResourceScope;
use kube::core::{ApiResource, GroupVersionKind};

use super::tabled;
use super::watcher::Watcher;
use crate::domain::columns;
use crate::domain::kind::Kind;
use crate::fleet::delta::{Delta, Row};
use crate::source::api::Resource;
use crate::source::clock::Clock;
use crate::source::fault::Fault;
use crate::source::slim::Slim;
use crate::source::slim::namespace::SlimNamespace;
use crate::source::slim::node::SlimNode;
use crate::source::slim::pod::SlimPod;
use crate::source::slim::workload::{SlimCronJob, SlimDaemonSet, SlimDeployment, SlimJob, SlimStatefulSet};

/// What a watch tells its supervisor.
#[derive(Debug)]
pub enum Said {
    /// A change of the model.
    Delta(Delta),
    /// A list has come further than ever.
    Page {
        /// Of which kind.
        kind: Kind,
        /// So many rows.
        done: usize,
        /// Of so many, where the server says so (`remainingItemCount`).
        total: Option<usize>,
    },
    /// The watch was taken on.
    Well(Kind),
    /// A list of the kind is complete.
    Whole(Kind),
    /// The watch has trouble and tries again by itself.
    Trouble(Kind, Fault),
    /// The server refuses the kind (403) or does not have it (404); the watch asks again after a while.
    Refused(Kind, Fault),
}

/// What a watch tells, and in which turn of the gate.
#[derive(Debug)]
pub struct Heard {
    /// The turn.
    pub turn: u32,
    /// What.
    pub said: Said,
}

/// Watches one kind until dropped, as long as the gate is open; its lists are read in turn with others. Where all namespaces may not be listed, `own` is tried: the
/// context's namespace.
pub async fn watch(clock: Clock, mut watcher: Watcher) {
    let client = watcher.client.clone();
    match watcher.kind {
        Kind::Namespace => typed::<SlimNamespace>(client, watcher).await,
        Kind::Node => typed::<SlimNode>(client, watcher).await,
        Kind::Pod => typed::<SlimPod>(client, watcher).await,
        Kind::Deployment => typed::<SlimDeployment>(client, watcher).await,
        Kind::StatefulSet => typed::<SlimStatefulSet>(client, watcher).await,
        Kind::DaemonSet => typed::<SlimDaemonSet>(client, watcher).await,
        Kind::Job => typed::<SlimJob>(client, watcher).await,
        Kind::CronJob => typed::<SlimCronJob>(client, watcher).await,
        Kind::Custom(_) => {
            watcher.tabled = true;
            let _ended = tabled::watch(client, watcher).await;
        }
        other => {
            let resource = api_resource(&other.into());
            let own = watcher.own.as_ref().map(|ns| Api::namespaced_with(client.clone(), ns, &resource));
            let all: Api<DynamicObject> = Api::all_with(client, &resource);
            let _over = watcher.run(all, own, move |o| other_row(other, &o, &clock)).await;
        }
    }
}

/// What kube calls that resource.
pub(super) fn api_resource(of: &Resource) -> ApiResource {
    let kind = GroupVersionKind::gvk(&of.group, &of.version, &of.kind);
    ApiResource::from_gvk_with_plural(&kind, &of.plural)
}

fn other_row(kind: Kind, object: &DynamicObject, clock: &Clock) -> Row {
    let value = serde_json::to_value(object).unwrap_or_default();
    // Ages in cells (events' "last seen") are as of the moment the row came in.
    Row::Other(Box::new(columns::row(kind, &value, clock.now())))
}

async fn typed<K: Slim + kube::Resource<Scope = NamespaceResourceScope>>(
    client: Client,
    mut watcher: Watcher,
) {
    let own = watcher.own.as_ref().map(|ns| Api::<K>::namespaced(client.clone(), ns));
    let _over = watcher.run(Api::<K>::all(client), own, K::row).await;
}
