//! Columns of the kinds that are listed only while somebody looks.
//!
//! Lives here: which columns a kind has, and its cells out of an object as the API server sent it: k9s's and kubectl's,
//! without CLUSTER, NAMESPACE, NAME and AGE, which every table has. Never: secret values, kinds with a row of their
//! own (`pod`, `node`, `workload`). Called by `source::slim` for the rows and by the Resources pane and `skyfleet get`
//! for the titles.
//!
//! Add a kind: one `View` in its family's file, one arm in `view`. A field that is missing is an empty cell.

mod config;
mod events;
mod json;
mod network;
pub mod own;
mod policy;
mod rbac;
pub mod served;
mod storage;
mod workloads;

pub use self::events::last_seen;

use jiff::Timestamp;
use serde_json::Value;

use super::health::Health;
use super::kind::Kind;
use super::labels::Labels;
use super::object::{Meta, OtherRow};
use super::text::SafeText;
use own::Own;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title, in capitals.
    pub title: &'static str,
    /// A number: set to the right.
    pub right: bool,
    /// Shown only in wide tables.
    pub wide: bool,
}

impl Column {
    const fn text(title: &'static str) -> Self {
        Self { title, right: false, wide: false }
    }

    const fn number(title: &'static str) -> Self {
        Self { title, right: true, wide: false }
    }

    const fn wide(title: &'static str) -> Self {
        Self { title, right: false, wide: true }
    }
}

/// How a kind is shown.
struct View {
    columns: &'static [Column],
    /// As many as there are columns.
    cells: fn(&Value, Timestamp) -> Vec<SafeText>,
    health: fn(&Value) -> Health,
}

/// The view of a kind; `None` for kinds with a row of their own.
fn view(kind: Kind) -> Option<View> {
    Some(match kind {
        Kind::Node
        | Kind::Pod
        | Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob
        // As its server prints it.
        | Kind::Custom(_) => return None,
        Kind::Namespace => config::NAMESPACE,
        Kind::ReplicaSet => workloads::REPLICA_SET,
        Kind::HorizontalPodAutoscaler => workloads::AUTOSCALER,
        Kind::PodDisruptionBudget => policy::BUDGET,
        Kind::Service => network::SERVICE,
        Kind::Endpoints => network::ENDPOINTS,
        Kind::EndpointSlice => network::ENDPOINT_SLICE,
        Kind::Ingress => network::INGRESS,
        Kind::NetworkPolicy => network::NETWORK_POLICY,
        Kind::ConfigMap => config::CONFIG_MAP,
        Kind::Secret => config::SECRET,
        Kind::ServiceAccount => config::SERVICE_ACCOUNT,
        Kind::PersistentVolume => storage::VOLUME,
        Kind::PersistentVolumeClaim => storage::CLAIM,
        Kind::StorageClass => storage::CLASS,
        Kind::ResourceQuota => policy::QUOTA,
        Kind::LimitRange => policy::LIMIT_RANGE,
        Kind::Event => events::EVENT,
        Kind::Lease => config::LEASE,
        Kind::Role | Kind::ClusterRole => rbac::ROLE,
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::BINDING,
        Kind::CustomResourceDefinition => config::DEFINITION,
    })
}

/// The columns of a kind, without CLUSTER, NAMESPACE, NAME and AGE; none for kinds with a row of their own.
pub fn of(kind: Kind) -> &'static [Column] {
    view(kind).map_or(&[], |v| v.columns)
}

/// The cells of an object, one for each column of its kind.
pub fn cells(kind: Kind, object: &Value, now: Timestamp) -> Vec<SafeText> {
    view(kind).map_or_else(Vec::new, |v| (v.cells)(object, now))
}

/// The row of an object: metadata, cells and health.
pub fn row(kind: Kind, object: &Value, now: Timestamp) -> OtherRow {
    let health = view(kind).map_or(Health::Ok, |v| (v.health)(object));
    OtherRow { kind, meta: meta(object), cells: cells(kind, object, now), health }
}

/// The metadata of any object.
pub fn meta(object: &Value) -> Meta {
    Meta {
        namespace: json::text(object, "/metadata/namespace").into(),
        name: json::text(object, "/metadata/name").into(),
        uid: json::text(object, "/metadata/uid").into(),
        created: json::time(object, "/metadata/creationTimestamp").map(Into::into),
        deleting: json::time(object, "/metadata/deletionTimestamp").map(Into::into),
        labels: labels(object),
        own: Own::default(),
    }
}

fn labels(object: &Value) -> Labels {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    Labels::new(labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))))
}

/// For kinds that have no health of their own.
fn always_ok(_: &Value) -> Health {
    Health::Ok
}

#[cfg(test)]
mod tests;
