//! One kind of one cluster: list it, then watch it, and turn what comes into deltas.
//!
//! A list is kept back until it is whole: half a cluster is never shown.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher::{self, Event};
use kube::{Client, ResourceExt};
use tokio::sync::mpsc;

use super::clock::Clock;
use super::fault::{Fault, FaultClass};
use super::slim::Slim;
use super::slim::namespace::SlimNamespace;
use super::slim::node::SlimNode;
use super::slim::pod::SlimPod;
use super::slim::workload::{SlimCronJob, SlimDaemonSet, SlimDeployment, SlimJob, SlimStatefulSet};
use crate::domain::columns;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;
use crate::fleet::delta::{Delta, Row};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// What a watch tells its supervisor.
#[derive(Debug)]
pub enum Said {
    /// A change of the model.
    Delta(Delta),
    /// The first list of the kind is complete, or refused for good.
    Settled(Kind),
    /// The watch has trouble and tries again by itself.
    Trouble(Kind, Fault),
}

/// Watches one kind until dropped. Ends by itself only where the server refuses the kind (403, 404).
pub async fn watch(client: Client, kind: Kind, clock: Clock, out: mpsc::Sender<Said>) {
    match kind {
        Kind::Namespace => typed::<SlimNamespace>(client, kind, out).await,
        Kind::Node => typed::<SlimNode>(client, kind, out).await,
        Kind::Pod => typed::<SlimPod>(client, kind, out).await,
        Kind::Deployment => typed::<SlimDeployment>(client, kind, out).await,
        Kind::StatefulSet => typed::<SlimStatefulSet>(client, kind, out).await,
        Kind::DaemonSet => typed::<SlimDaemonSet>(client, kind, out).await,
        Kind::Job => typed::<SlimJob>(client, kind, out).await,
        Kind::CronJob => typed::<SlimCronJob>(client, kind, out).await,
        other => {
            let api: Api<DynamicObject> = Api::all_with(client, &api_resource(other));
            run(api, other, out, move |o| other_row(other, &o, &clock)).await;
        }
    }
}

/// What kube calls that kind.
pub fn api_resource(kind: Kind) -> ApiResource {
    let info = kind.info();
    ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk(info.group, info.version, info.name),
        info.plural,
    )
}

fn other_row(kind: Kind, object: &DynamicObject, clock: &Clock) -> Row {
    let value = serde_json::to_value(object).unwrap_or_default();
    // Ages in cells (events' "last seen") are as of the moment the row came in.
    Row::Other(Box::new(columns::row(kind, &value, clock.now())))
}

async fn typed<K: Slim>(client: Client, kind: Kind, out: mpsc::Sender<Said>) {
    run(Api::<K>::all(client), kind, out, K::row).await;
}

async fn run<K>(api: Api<K>, kind: Kind, out: mpsc::Sender<Said>, row: impl Fn(K) -> Row + Send + Sync)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    K::DynamicType: Clone,
{
    let config = watcher::Config::default().page_size(PAGE);
    let mut events = pin!(watcher::watcher(api, config));
    let mut buffer: Vec<Row> = Vec::new();
    let mut wait = Duration::from_millis(500);
    while let Some(event) = events.next().await {
        let said = match event {
            Ok(Event::Init) => {
                buffer.clear();
                Said::Delta(Delta::Loading { kind, done: 0, total: None })
            }
            Ok(Event::InitApply(object)) => {
                buffer.push(row(object));
                if !buffer.len().is_multiple_of(PAGE as usize) {
                    continue;
                }
                Said::Delta(Delta::Loading { kind, done: buffer.len(), total: None })
            }
            Ok(Event::InitDone) => {
                wait = Duration::from_millis(500);
                let rows = std::mem::take(&mut buffer);
                if out.send(Said::Delta(Delta::Reset { kind, rows })).await.is_err() {
                    return;
                }
                Said::Settled(kind)
            }
            Ok(Event::Apply(object)) => Said::Delta(Delta::Upsert(row(object))),
            Ok(Event::Delete(object)) => Said::Delta(Delta::Remove {
                kind,
                namespace: SafeText::new(object.namespace().as_deref().unwrap_or("")),
                name: SafeText::new(&object.name_any()),
            }),
            Err(error) => {
                let fault = fault_of(&error);
                if matches!(fault.class, FaultClass::Forbidden | FaultClass::NotFound) {
                    let _ = out.send(Said::Delta(Delta::Refused { kind, cause: fault.words })).await;
                    let _ = out.send(Said::Settled(kind)).await;
                    return;
                }
                let gone = fault.class == FaultClass::Gone;
                if out.send(Said::Trouble(kind, fault)).await.is_err() {
                    return;
                }
                if !gone {
                    // The watcher itself tries again at once; a server in trouble gets time.
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(20));
                }
                continue;
            }
        };
        if out.send(said).await.is_err() {
            return;
        }
    }
}

fn fault_of(error: &watcher::Error) -> Fault {
    match error {
        watcher::Error::InitialListFailed(e)
        | watcher::Error::WatchStartFailed(e)
        | watcher::Error::WatchFailed(e) => Fault::of(e),
        watcher::Error::WatchError(status) => Fault::of(&kube::Error::Api(status.clone())),
        watcher::Error::NoResourceVersion => {
            Fault::new(FaultClass::Other, "the server's list has no resourceVersion; it cannot be watched")
        }
    }
}
