//! An object described for people, as complete as `kubectl describe`, with the cluster it is in.
//!
//! What matters of a kind stands in the file of that kind: what is read beside the object, and how it is written. Names of
//! fields are kubectl's (`pkg/describe`), so that a word that is searched there is found here. Left out are fields that
//! have no value. The real control planes' tests hold each page beside kubectl's.

mod access;
mod autoscaler;
mod config;
mod container;
mod json;
mod limits;
mod network;
mod node;
mod other;
mod page;
mod pod;
mod policy;
mod storage;
mod volumes;
mod workload;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::timeout;

use super::look::fetch;
use super::session::Session;
use crate::domain::age;
use crate::domain::diff::LAST_APPLIED;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::fleet::cluster::ClusterInfo;
use crate::source::api::{self, ListOptions, Resource};
use crate::source::fault::Fault;
use json::{ago, list, pairs, since, text, time, words};
use page::Page;

/// How long a list beside the object may take.
const BESIDE_LIMIT: Duration = Duration::from_secs(8);

/// Annotations are cut behind so many letters; all of them are in the YAML.
const ANNOTATION_MOST: usize = 200;

/// A list that is read beside the object.
#[derive(Debug)]
struct Wanted {
    kind: Kind,
    /// All namespaces, where there is none.
    namespace: Option<String>,
    labels: Option<String>,
    fields: Option<String>,
}

impl Wanted {
    /// All of a kind in the namespace of an object.
    fn here(kind: Kind, object: &Value) -> Self {
        let namespace = Some(text(object, "/metadata/namespace").to_owned()).filter(|n| !n.is_empty());
        Self { kind, namespace, labels: None, fields: None }
    }
}

/// What was read beside the object, by its kind.
#[derive(Debug, Default)]
struct Beside(BTreeMap<Kind, Result<Vec<Value>, String>>);

impl Beside {
    /// Several lists of a kind are one; of one that cannot be read nobody knows what is missing.
    fn add(&mut self, kind: Kind, list: Result<Vec<Value>, String>) {
        match (self.0.entry(kind).or_insert_with(|| Ok(Vec::new())), list) {
            (Ok(all), Ok(more)) => all.extend(more),
            (known @ Ok(_), Err(why)) => *known = Err(why),
            (Err(_), _) => {}
        }
    }

    /// The list of a kind, or why it cannot be read; `None` where it was not asked for.
    fn get(&self, kind: Kind) -> Option<&Result<Vec<Value>, String>> {
        self.0.get(&kind)
    }

    /// The list of a kind as far as it was read.
    fn found(&self, kind: Kind) -> &[Value] {
        self.get(kind).and_then(|r| r.as_ref().ok()).map_or(&[], Vec::as_slice)
    }

    /// Says that a list cannot be read, where it cannot.
    fn said(&self, page: &mut Page, kind: Kind, title: &str) {
        if let Some(Err(why)) = self.get(kind) {
            page.block(title, |page| page.text(&format!("cannot be read: {why}")));
        }
    }
}

/// The object for people: where it is (`info` is its cluster, as it is known by now), what matters of its kind, and what
/// happened to it.
pub async fn describe(session: &Session, info: &ClusterInfo, key: &ObjectKey) -> Result<String, Fault> {
    let object = fetch(session, key).await?;
    let client = session.client(key.cluster).await?;
    let mut asked = wanted(key.kind, &object);
    asked.push(events_of(key.kind, &object));
    let read = join_all(asked.into_iter().map(|want| {
        let client = client.clone();
        async move {
            let options = ListOptions { namespace: want.namespace, labels: want.labels, fields: want.fields };
            // What is slow beside the object must not keep a person from it.
            let kind = Resource::from(want.kind);
            let list = match timeout(BESIDE_LIMIT, api::list(&client, &kind, &options)).await {
                Ok(list) => list.map_err(|fault| fault.to_string()),
                Err(_) => Err(format!("no answer within {} s", BESIDE_LIMIT.as_secs())),
            };
            (want.kind, list)
        }
    }));
    let mut beside = Beside::default();
    for (kind, list) in read.await {
        beside.add(kind, list);
    }
    let mut page = Page::default();
    page.field("Cluster", info.place.path());
    page.field("Context", format!("{}   as {}", info.context, info.user));
    written(&mut page, key.kind, &object, &beside, session.clock.now());
    Ok(page.written())
}

/// What is read beside an object of this kind.
fn wanted(kind: Kind, object: &Value) -> Vec<Wanted> {
    match kind {
        Kind::Node => node::wanted(object),
        Kind::Service => network::wanted_of_service(object),
        Kind::Ingress => network::wanted_of_ingress(object),
        Kind::PersistentVolumeClaim => storage::wanted_of_claim(object),
        Kind::Namespace => limits::wanted_of_namespace(object),
        k if k.is_workload() || k == Kind::ReplicaSet => workload::wanted(k, object),
        _ => Vec::new(),
    }
}

fn events_of(kind: Kind, object: &Value) -> Wanted {
    let name = text(object, "/metadata/name");
    let fields = Some(match kind {
        // Kubelets write a node's name in the place of its uid.
        Kind::Node => format!("involvedObject.kind=Node,involvedObject.name={name}"),
        _ => {
            // Of a static pod they are about the file it comes from.
            let mirror = text(object, "/metadata/annotations/kubernetes.io~1config.mirror");
            let uid =
                if kind == Kind::Pod && !mirror.is_empty() { mirror } else { text(object, "/metadata/uid") };
            format!("involvedObject.name={name},involvedObject.uid={uid}")
        }
    });
    Wanted { fields, ..Wanted::here(Kind::Event, object) }
}

fn written(page: &mut Page, kind: Kind, object: &Value, beside: &Beside, now: Timestamp) {
    head(page, kind, object, now);
    match kind {
        Kind::Pod => pod::describe(page, object, now),
        Kind::Node => node::describe(page, object, beside, now),
        Kind::Service => network::service(page, object, beside),
        Kind::Endpoints => network::endpoints(page, object),
        Kind::EndpointSlice => network::slice(page, object),
        Kind::Ingress => network::ingress(page, object, beside),
        Kind::NetworkPolicy => policy::network_policy(page, object),
        Kind::PodDisruptionBudget => policy::budget(page, object, now),
        Kind::ConfigMap => config::config_map(page, object),
        Kind::Secret => config::secret(page, object),
        Kind::ServiceAccount => access::account(page, object),
        Kind::Role | Kind::ClusterRole => access::role(page, object),
        Kind::RoleBinding | Kind::ClusterRoleBinding => access::binding(page, object),
        Kind::PersistentVolume => storage::volume(page, object),
        Kind::PersistentVolumeClaim => storage::claim(page, object, beside),
        Kind::StorageClass => storage::class(page, object),
        Kind::Namespace => limits::namespace(page, object, beside),
        Kind::ResourceQuota => page.block("Resources", |page| limits::quota(page, object)),
        Kind::LimitRange => page.block("Limits", |page| limits::range(page, object)),
        Kind::HorizontalPodAutoscaler => autoscaler::describe(page, object),
        k if k.is_workload() || k == Kind::ReplicaSet => workload::describe(page, k, object, beside, now),
        _ => other::object(page, object),
    }
    conditions(page, object, now);
    if let Some(Ok(pods)) = beside.get(Kind::Pod) {
        match kind {
            Kind::Node => node::pods(page, object, pods, now),
            k if k.is_workload() || k == Kind::ReplicaSet => workload::pods(page, k, object, beside, now),
            _ => {}
        }
    }
    if kind != Kind::PersistentVolumeClaim {
        beside.said(page, Kind::Pod, "Pods");
    }
    events(page, object, beside, now);
}

/// What each object has.
fn head(page: &mut Page, kind: Kind, object: &Value, now: Timestamp) {
    page.field("Name", text(object, "/metadata/name"));
    page.known("Namespace", text(object, "/metadata/namespace"));
    let version = text(object, "/apiVersion");
    page.field("Kind", kind.info().name);
    page.known("API Version", version);
    page.known("Created", ago(object, "/metadata/creationTimestamp", now));
    page.known("Deleting", ago(object, "/metadata/deletionTimestamp", now));
    page.lines("Labels", pairs(object, "/metadata/labels"));
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let annotations = annotations.into_iter().flatten().filter(|(k, _)| *k != LAST_APPLIED);
    page.lines(
        "Annotations",
        annotations.map(|(k, v)| cut(&format!("{k}={}", json::plain(v).replace('\n', " ")))).collect(),
    );
    page.known("Finalizers", words(object, "/metadata/finalizers"));
    let owner = |o: &Value| format!("{}/{}", text(o, "/kind"), text(o, "/name"));
    page.lines("Controlled By", list(object, "/metadata/ownerReferences").iter().map(owner).collect());
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(ANNOTATION_MOST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn conditions(page: &mut Page, object: &Value, now: Timestamp) {
    let conditions = list(object, "/status/conditions");
    let beats = conditions.iter().any(|c| c.get("lastHeartbeatTime").is_some());
    page.block("Conditions", |page| {
        let row = |c: &Value| {
            [
                text(c, "/type").to_owned(),
                text(c, "/status").to_owned(),
                since(c, "/lastTransitionTime", now),
                text(c, "/reason").to_owned(),
                text(c, "/message").to_owned(),
            ]
        };
        if beats {
            let with = |c: &Value| {
                let [kind, status, changed, reason, message] = row(c);
                [kind, status, since(c, "/lastHeartbeatTime", now), changed, reason, message]
            };
            page.table(
                ["Type", "Status", "Beat", "Changed", "Reason", "Message"],
                conditions.iter().map(with).collect(),
            );
        } else {
            page.table(
                ["Type", "Status", "Changed", "Reason", "Message"],
                conditions.iter().map(row).collect(),
            );
        }
    });
}

/// What happened to it, the newest last, where the eye ends.
fn events(page: &mut Page, object: &Value, beside: &Beside, now: Timestamp) {
    // Of which container is said where there are several.
    let several = list(object, "/spec/containers").len() + list(object, "/spec/initContainers").len() > 1;
    beside.said(page, Kind::Event, "Events");
    let Some(Ok(events)) = beside.get(Kind::Event) else { return };
    let last = |e: &Value| {
        ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
            .iter()
            .find_map(|pointer| time(e, pointer))
    };
    let first = |e: &Value| ["/eventTime", "/firstTimestamp"].iter().find_map(|pointer| time(e, pointer));
    let mut events: Vec<&Value> = events.iter().collect();
    // Of the same second the one that was written first.
    let version = |e: &Value| text(e, "/metadata/resourceVersion").parse::<u64>().unwrap_or(0);
    events.sort_by_key(|e| (last(e), version(e)));
    let row = |e: &&Value| {
        let when = last(e).map_or_else(String::new, |t| age::show(t, now));
        let times =
            ["/series/count", "/count"].iter().map(|p| json::count(e, p)).find(|n| *n > 0).unwrap_or(1);
        let when = match first(e).filter(|_| times > 1) {
            Some(start) => format!("{when} (x{times} over {})", age::show(start, now)),
            None => when,
        };
        let from = Some(text(e, "/source/component")).filter(|s| !s.is_empty());
        let message = text(e, "/message").trim().replace('\n', " ");
        [
            text(e, "/type").to_owned(),
            text(e, "/reason").to_owned(),
            when,
            from.unwrap_or_else(|| text(e, "/reportingComponent")).to_owned(),
            match text(e, "/involvedObject/fieldPath") {
                field if field.is_empty() || !several => message,
                field => format!("{field}: {message}"),
            },
        ]
    };
    page.block("Events", |page| {
        page.table(["Type", "Reason", "Age", "From", "Message"], events.iter().map(row).collect());
        if events.is_empty() {
            page.text("none (the server keeps them for an hour)");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::KINDS;
    use proptest::prelude::*;
    use serde_json::json;

    /// Names of fields that are read, so that what is made up is looked into.
    const FIELDS: &[&str] = &[
        "metadata",
        "spec",
        "status",
        "name",
        "labels",
        "annotations",
        "ownerReferences",
        "uid",
        "template",
        "containers",
        "env",
        "valueFrom",
        "fieldRef",
        "fieldPath",
        "envFrom",
        "ports",
        "port",
        "containerPort",
        "state",
        "terminated",
        "containerStatuses",
        "conditions",
        "type",
        "reason",
        "volumes",
        "projected",
        "sources",
        "items",
        "tolerations",
        "rules",
        "http",
        "paths",
        "backend",
        "service",
        "endpoints",
        "addresses",
        "limits",
        "default",
        "hard",
        "metrics",
        "resource",
        "current",
        "target",
        "averageUtilization",
        "behavior",
        "scaleUp",
        "policies",
        "capacity",
        "allocatable",
        "cpu",
        "replicas",
        "selector",
        "matchLabels",
        "matchExpressions",
        "data",
        "ingress",
        "from",
        "httpGet",
        "livenessProbe",
        "resources",
        "requests",
        "startTime",
        "count",
        "lastTimestamp",
        "jobTemplate",
    ];

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::from("2026-01-01T00:00:00Z")),
            Just(Value::from("Ingress")),
        ];
        leaf.prop_recursive(6, 120, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(
                    prop::sample::select(FIELDS).prop_map(str::to_owned),
                    inner,
                    0..8
                )
                .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever a server answers is a page, and what is asked beside it is some list.
        #[test]
        fn no_object_is_too_odd(object in anything(), other in anything()) {
            let now = Timestamp::UNIX_EPOCH;
            for info in KINDS {
                let lists = [Kind::Pod, Kind::Event, Kind::EndpointSlice, Kind::Service, Kind::ReplicaSet, Kind::Lease];
                let beside = Beside(lists.into_iter().map(|k| (k, Ok(vec![other.clone(), object.clone()]))).collect());
                let mut page = Page::default();
                written(&mut page, info.kind, &object, &beside, now);
                prop_assert!(page.written().contains("Kind:"));
                let _ = wanted(info.kind, &object);
            }
        }
    }

    #[test]
    fn what_cannot_be_read_beside_it_is_said() {
        let refused = || Err("forbidden".to_owned());
        let object =
            json!({"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        for (kind, beside) in [
            (Kind::Deployment, Kind::Pod),
            (Kind::Node, Kind::Pod),
            (Kind::Service, Kind::EndpointSlice),
            (Kind::PersistentVolumeClaim, Kind::Pod),
            (Kind::Namespace, Kind::ResourceQuota),
            (Kind::ConfigMap, Kind::Event),
            (Kind::Node, Kind::Lease),
            (Kind::Deployment, Kind::ReplicaSet),
            (Kind::Ingress, Kind::Service),
            (Kind::Ingress, Kind::EndpointSlice),
        ] {
            let mut page = Page::default();
            written(&mut page, kind, &object, &Beside([(beside, refused())].into()), Timestamp::UNIX_EPOCH);
            assert_eq!(page.written().matches("cannot be read: forbidden").count(), 1, "{kind:?}");
        }
    }

    #[test]
    fn a_selector_of_nothing_finds_nothing() {
        assert!(wanted(Kind::Deployment, &json!({"spec": {"selector": {}}})).is_empty());
        assert!(wanted(Kind::Job, &json!({"spec": {}})).is_empty());
        let asked = wanted(
            Kind::Deployment,
            &json!({"metadata": {"namespace": "a"}, "spec": {"selector": {"matchLabels": {"b": "c"}}}}),
        );
        let asked: Vec<_> =
            asked.iter().map(|w| (w.kind, w.namespace.as_deref(), w.labels.as_deref())).collect();
        assert_eq!(asked, [(Kind::Pod, Some("a"), Some("b=c")), (Kind::ReplicaSet, Some("a"), Some("b=c"))]);
    }
}
