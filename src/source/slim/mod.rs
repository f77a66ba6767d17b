//! The slim types: of each watched object only the fields that are read, turned into a row and dropped.
//!
//! managedFields and annotations are skipped while parsing, never built: six times less work than the full types.

pub mod namespace;
pub mod node;
pub mod pod;
pub mod workload;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

use crate::domain::columns;
use crate::domain::columns::own::Own;
use crate::domain::kind::Kind;
use crate::domain::labels::Labels;
use crate::domain::object::{Meta, Owner};
use crate::domain::pod::PodRow;
use crate::domain::stamp::Stamp;
use crate::domain::text::SafeText;
use crate::fleet::delta::Row;

/// A slim type: parsed from a list or a watch, then turned into its row.
pub trait Slim:
    kube::Resource<DynamicType = ()>
    + Clone
    + std::fmt::Debug
    + serde::de::DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The row.
    fn row(self) -> Row;
}

/// What of `metadata` is read; moved into an otherwise empty `ObjectMeta`, which kube's watcher wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MinMeta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<MinOwner>>,
}

#[derive(Deserialize)]
struct MinOwner {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    controller: Option<bool>,
}

/// For `#[serde(deserialize_with)]` on `metadata`.
pub(super) fn slim_meta<'de, D: Deserializer<'de>>(d: D) -> Result<ObjectMeta, D::Error> {
    let m = MinMeta::deserialize(d)?;
    Ok(ObjectMeta {
        name: m.name,
        namespace: m.namespace,
        uid: m.uid,
        resource_version: m.resource_version,
        generation: m.generation,
        creation_timestamp: m.creation_timestamp,
        deletion_timestamp: m.deletion_timestamp,
        labels: m.labels,
        owner_references: m.owner_references.map(|list| {
            list.into_iter()
                .map(|o| OwnerReference {
                    kind: o.kind,
                    name: o.name,
                    controller: o.controller,
                    ..OwnerReference::default()
                })
                .collect()
        }),
        ..ObjectMeta::default()
    })
}

/// The row of a pod that was read as JSON; `None` when it is no pod.
pub fn pod_row(object: serde_json::Value) -> Option<PodRow> {
    match serde_json::from_value::<pod::SlimPod>(object).ok()?.row() {
        Row::Pod(row) => Some(*row),
        _ => None,
    }
}

/// The row of an object of a kind that was read as JSON; `None` when it is not of that kind.
pub fn row(kind: Kind, object: serde_json::Value, now: jiff::Timestamp) -> Option<Row> {
    fn of<T: Slim>(object: serde_json::Value) -> Option<Row> {
        serde_json::from_value::<T>(object).ok().map(T::row)
    }
    match kind {
        Kind::Namespace => of::<namespace::SlimNamespace>(object),
        Kind::Node => of::<node::SlimNode>(object),
        Kind::Pod => of::<pod::SlimPod>(object),
        Kind::Deployment => of::<workload::SlimDeployment>(object),
        Kind::StatefulSet => of::<workload::SlimStatefulSet>(object),
        Kind::DaemonSet => of::<workload::SlimDaemonSet>(object),
        Kind::Job => of::<workload::SlimJob>(object),
        Kind::CronJob => of::<workload::SlimCronJob>(object),
        other => Some(Row::Other(Box::new(columns::row(other, &object, now)))),
    }
}

/// The row's metadata.
pub(super) fn meta(m: &ObjectMeta) -> Meta {
    Meta {
        namespace: SafeText::new(m.namespace.as_deref().unwrap_or("")),
        name: SafeText::new(m.name.as_deref().unwrap_or("")),
        uid: m.uid.as_deref().unwrap_or("").into(),
        created: stamp(m.creation_timestamp.as_ref()),
        deleting: stamp(m.deletion_timestamp.as_ref()),
        labels: Labels::new(m.labels.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))),
        own: Own::default(),
    }
}

/// A moment of an object.
fn stamp(at: Option<&Time>) -> Option<Stamp> {
    at.map(|t| t.0.into())
}

/// The controlling owner.
fn owner(m: &ObjectMeta) -> Option<Owner> {
    let owners = m.owner_references.as_ref()?;
    let o = owners.iter().find(|o| o.controller == Some(true)).or_else(|| owners.first())?;
    Some(Owner { kind: SafeText::new(&o.kind), name: SafeText::new(&o.name) })
}

fn label<'a>(m: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    m.labels.as_ref()?.get(key).map(String::as_str)
}

/// Implements `kube::Resource` for a slim type.
macro_rules! resource {
    ($type:ty, $kind:literal, $group:literal, $version:literal, $plural:literal) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = kube::core::NamespaceResourceScope;
            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $kind.into()
            }
            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }
            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }
            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
use resource;
/// Quantities by the names of resources. One that is neither text nor number is left out: an object of a broken server is not
/// the end of the whole list.
fn amounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Quantity {
        Text(String),
        Number(serde_json::Number),
        Other(IgnoredAny),
    }
    let all: Option<BTreeMap<String, Quantity>> = Option::deserialize(deserializer)?;
    let text = |(name, quantity)| match quantity {
        Quantity::Text(text) => Some((name, text)),
        Quantity::Number(number) => Some((name, number.to_string())),
        Quantity::Other(_) => None,
    };
    Ok(all.into_iter().flatten().filter_map(text).collect())
}
