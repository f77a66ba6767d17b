//! Create, update and delete of whole objects: admission, optimistic concurrency, deletion rules.
//! Never: patch formats. Called by `dispatch` and `patch`.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use super::body::{self, Body};
use super::fields::{self, Manager};
use super::list::Filter;
use super::read::whole;
use super::route::Target;
use super::shape::Shape;
use super::{Call, incoming};
use crate::sim::admit::{self, Refusal};
use crate::sim::clock;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::status::{Answer, ApiError};
use crate::sim::store::World;
use crate::sim::table::{self, KindId, Resource};

/// POST to a collection.
pub(crate) fn create(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let mut value = incoming::object(call, kind, &res)?;
    incoming::check_address(&world, &mut value, &res, target)?;
    admit::read(&res, &mut value)?;
    let warnings = admit::unknown_fields(&res, &mut value, call.query.get("fieldValidation"))?;
    let manager = Manager::update(&call.manager(), &res.api_version(), "");
    let object = create_in(&mut world, kind, value, &manager, call.dry())?;
    drop(world);
    Ok(warned(body::bytes(201, whole(&res, &object)), &warnings))
}

/// Adds `Warning` headers.
pub(crate) fn warned(mut response: Response<Body>, warnings: &[String]) -> Response<Body> {
    for warning in warnings {
        let text = format!("299 - \"{}\"", warning.replace('"', "\\\""));
        if let Ok(value) = http::HeaderValue::from_str(&text) {
            response.headers_mut().append(http::header::WARNING, value);
        }
    }
    response
}

/// Admits and stores a new object (or only shows it, `dry`).
pub(crate) fn create_in(
    world: &mut World,
    kind: KindId,
    mut value: Value,
    manager: &Manager,
    dry: bool,
) -> Answer<Arc<Stored>> {
    let res = world.resource(kind);
    let ns = j::text(&value, "metadata.namespace").to_string();
    let prefix = j::text(&value, "metadata.generateName").to_string();
    if j::text(&value, "metadata.name").is_empty() && !prefix.is_empty() {
        let name =
            format!("{}{}", prefix.get(..prefix.len().min(58)).unwrap_or(&prefix), world.rng.suffix(5));
        j::set(&mut value, "metadata.name", name);
    }
    let name = j::text(&value, "metadata.name").to_string();
    if res.namespaced {
        admit::namespace_open(world, &res, &ns, &name)?;
    }
    if world.get(kind, &ns, &name).is_some() {
        return Err(ApiError::already_exists(&res, &name));
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
        if res.subs.iter().any(|s| s == "status") && kind != table::NODE && !res.custom {
            fields.remove("status");
        }
    }
    for field in ["deletionTimestamp", "resourceVersion", "selfLink", "deletionGracePeriodSeconds"] {
        j::remove(&mut value, &format!("metadata.{field}"));
    }
    let uid = world.rng.uid();
    j::set(&mut value, "metadata.uid", uid);
    j::set(&mut value, "metadata.creationTimestamp", world.stamp());
    if res.generations {
        j::set(&mut value, "metadata.generation", 1);
    }
    admit::defaults(world, kind, &mut value);
    let causes = admit::validate(kind, &value, None);
    if !causes.is_empty() {
        return Err(ApiError::invalid(&res, &name, &causes));
    }
    admit::quota(world, kind, &value).map_err(|Refusal(why)| ApiError::forbidden(&res, &name, &why))?;
    if manager.is_update() {
        fields::track(&mut value, None, Shape::of(&res), manager, world.now);
    }
    if dry {
        return Ok(Arc::new(Stored::read(kind, &value, world.rv)));
    }
    Ok(world.put(kind, value))
}

/// PUT of a named object (or of its status).
pub(crate) fn update(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
    sub: &str,
) -> Answer<Response<Body>> {
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let mut value = incoming::object(call, kind, &res)?;
    incoming::check_address(&world, &mut value, &res, target)?;
    admit::read(&res, &mut value)?;
    let warnings = admit::unknown_fields(&res, &mut value, call.query.get("fieldValidation"))?;
    let old =
        world.get(kind, &target.ns, &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let manager = Manager::update(&call.manager(), &res.api_version(), sub);
    let object = update_in(&mut world, kind, &old, value, &manager, call.dry())?;
    drop(world);
    Ok(warned(body::bytes(200, whole(&res, &object)), &warnings))
}

/// Admits and stores a changed object.
pub(crate) fn update_in(
    world: &mut World,
    kind: KindId,
    old: &Arc<Stored>,
    value: Value,
    manager: &Manager,
    dry: bool,
) -> Answer<Arc<Stored>> {
    let res = world.resource(kind);
    let name = old.key.name.to_string();
    let before = old.value();
    let value = merge_update(world, kind, old, &before, value, manager.sub())?;
    let mut value = value;
    if manager.is_update() {
        fields::track(&mut value, Some(&before), Shape::of(&res), manager, world.now);
    }
    if !manager.sub().is_empty() && manager.sub() != "ephemeralcontainers" {
        return Ok(store(world, kind, old, value, dry));
    }
    let causes = admit::validate(kind, &value, Some(&before));
    if !causes.is_empty() {
        return Err(ApiError::invalid(&res, &name, &causes));
    }
    Ok(store(world, kind, old, value, dry))
}

fn store(world: &mut World, kind: KindId, old: &Arc<Stored>, value: Value, dry: bool) -> Arc<Stored> {
    if dry {
        return Arc::new(Stored::read(kind, &value, old.rv));
    }
    let finalizers = j::list(&value, "metadata.finalizers").is_empty();
    let gone = old.deleting && finalizers && kind != table::POD && kind != table::NAMESPACE;
    let object = world.put(kind, value);
    if gone {
        world.remove(&object.key);
    }
    object
}

/// The new object out of the request: what a request may not change comes from the old one.
fn merge_update(
    world: &mut World,
    kind: KindId,
    old: &Stored,
    before: &Value,
    mut value: Value,
    sub: &str,
) -> Answer<Value> {
    let res = world.resource(kind);
    let name = &old.key.name;
    let uid = j::text(&value, "metadata.uid");
    if !uid.is_empty() && *uid != *old.uid {
        let place = if old.key.ns.is_empty() { String::new() } else { format!("{}/", old.key.ns) };
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            res.plural, old.uid
        );
        return Err(ApiError::conflict(&res, name, &why));
    }
    let version = j::text(&value, "metadata.resourceVersion");
    if !version.is_empty() && version != "0" && version != old.rv.to_string() {
        return Err(ApiError::modified(&res, name));
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    let has_status = res.subs.iter().any(|s| s == "status");
    if sub == "status" {
        let mut out = before.clone();
        j::set(&mut out, "status", value.get("status").cloned().unwrap_or_else(|| json!({})));
        return Ok(out);
    }
    if sub == "ephemeralcontainers" {
        let mut out = before.clone();
        j::set(&mut out, "spec", value.get("spec").cloned().unwrap_or_else(|| json!({})));
        return Ok(out);
    }
    if has_status && let Some(fields) = value.as_object_mut() {
        match before.get("status") {
            Some(status) => fields.insert("status".into(), status.clone()),
            None => fields.remove("status"),
        };
    }
    for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"]
    {
        let path = format!("metadata.{field}");
        match j::at(before, &path) {
            Value::Null => {
                j::remove(&mut value, &path);
            }
            kept => j::set(&mut value, &path, kept.clone()),
        }
    }
    if j::at(&value, "metadata.managedFields").is_null() {
        let kept = j::at(before, "metadata.managedFields").clone();
        if !kept.is_null() {
            j::set(&mut value, "metadata.managedFields", kept);
        }
    }
    admit::inherit(kind, before, &mut value);
    admit::defaults(world, kind, &mut value);
    admit::count_template(kind, before, &mut value);
    if res.generations && value.get("spec") != before.get("spec") {
        let generation = j::int(before, "metadata.generation").unwrap_or(1) + 1;
        j::set(&mut value, "metadata.generation", generation);
    }
    Ok(value)
}

/// PUT of `finalize`: a namespace controller lets a namespace go.
pub(crate) fn finalize(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let value = incoming::parse(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let old = world.get(kind, "", &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let mut next = old.value();
    j::set(&mut next, "spec", value.get("spec").cloned().unwrap_or_else(|| json!({})));
    let object = world.put(kind, next);
    Ok(body::bytes(200, whole(&res, &object)))
}

/// The options of a DELETE: body and query.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) grace: Option<i64>,
    pub(crate) propagation: String,
    uid: String,
    version: String,
    dry: bool,
}

impl DeleteOptions {
    pub(crate) fn of(call: &Call, value: &Value) -> Self {
        let query = |name: &str| call.query.get(name).unwrap_or("").to_string();
        let mut propagation = j::text(value, "propagationPolicy").to_string();
        if propagation.is_empty() {
            propagation = query("propagationPolicy");
        }
        if let Some(orphan) = value.get("orphanDependents").and_then(Value::as_bool) {
            propagation = if orphan { "Orphan" } else { "Background" }.into();
        }
        Self {
            grace: j::int(value, "gracePeriodSeconds").or_else(|| call.query.number("gracePeriodSeconds")),
            propagation,
            uid: j::text(value, "preconditions.uid").into(),
            version: j::text(value, "preconditions.resourceVersion").into(),
            dry: call.dry() || j::list(value, "dryRun").iter().any(|d| d == "All"),
        }
    }
}

fn delete_options(call: &Call) -> Answer<DeleteOptions> {
    let value = if call.body.is_empty() { Value::Null } else { incoming::parse(call)? };
    Ok(DeleteOptions::of(call, &value))
}

/// DELETE of a named object.
pub(crate) fn delete(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let options = delete_options(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let object =
        world.get(kind, &target.ns, &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    Ok(match delete_in(&mut world, &object, &options)? {
        Some(still) => body::bytes(200, whole(&res, &still)),
        None => {
            let mut details = json!({"name": &*object.key.name, "kind": res.plural, "uid": &*object.uid});
            if !res.group.is_empty() {
                j::set(&mut details, "group", res.group.to_string());
            }
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": details});
            if kind == table::POD {
                body::bytes(200, whole(&res, &object))
            } else {
                body::value(200, &status)
            }
        }
    })
}

/// Deletes an object; returns it when it lives on (grace, finalizers).
pub(crate) fn delete_in(
    world: &mut World,
    object: &Arc<Stored>,
    options: &DeleteOptions,
) -> Answer<Option<Arc<Stored>>> {
    let kind = object.key.kind;
    let res = world.resource(kind);
    let name = &object.key.name;
    if !options.uid.is_empty() && *options.uid != *object.uid {
        let why = format!(
            "the UID in the precondition ({}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            options.uid, object.uid
        );
        return Err(ApiError::conflict(&by_kind(&res), name, &why));
    }
    if !options.version.is_empty() && options.version != object.rv.to_string() {
        let why = format!(
            "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({}). The object might have been modified",
            options.version, object.rv
        );
        return Err(ApiError::conflict(&by_kind(&res), name, &why));
    }
    if options.dry {
        return Ok(Some(Arc::clone(object)));
    }
    if kind == table::NAMESPACE && matches!(&**name, "default" | "kube-system" | "kube-public") {
        return Err(ApiError::forbidden(&res, name, "this namespace may not be deleted"));
    }
    let mut value = object.value();
    let grace = grace_of(world, object, &value, options);
    let policy = match options.propagation.as_str() {
        "" if kind == table::JOB => "Orphan",
        "" => "Background",
        given => given,
    };
    let finalizer = match policy {
        "Foreground" => Some("foregroundDeletion"),
        "Orphan" if !world.children(&object.uid).is_empty() => Some("orphan"),
        _ => None,
    };
    if let Some(finalizer) = finalizer {
        let list = j::list_mut(&mut value, "metadata.finalizers");
        if !list.iter().any(|f| f == finalizer) {
            list.push(finalizer.into());
        }
    }
    let held = !j::list(&value, "metadata.finalizers").is_empty();
    if !held && grace == 0 && kind != table::NAMESPACE {
        world.remove(&object.key);
        return Ok(None);
    }
    let earlier = j::int(&value, "metadata.deletionGracePeriodSeconds").unwrap_or(i64::MAX);
    if !object.deleting || grace < earlier {
        j::set(&mut value, "metadata.deletionTimestamp", clock::rfc3339(world.now + grace * 1000));
        j::set(&mut value, "metadata.deletionGracePeriodSeconds", grace);
        if let Some(generation) = j::int(&value, "metadata.generation") {
            j::set(&mut value, "metadata.generation", generation + 1);
        }
        if kind == table::NAMESPACE {
            j::set(&mut value, "status.phase", "Terminating");
        }
    }
    Ok(Some(world.put(kind, value)))
}

/// Delete preconditions name the kind where other errors name the resource.
fn by_kind(res: &Resource) -> Resource {
    Resource { plural: res.kind.clone(), ..res.clone() }
}

fn grace_of(world: &World, object: &Stored, value: &Value, options: &DeleteOptions) -> i64 {
    if object.key.kind != table::POD {
        return 0;
    }
    let Some(pod) = &object.pod else { return 0 };
    let node_lives = pod.node.as_ref().is_some_and(|n| world.get(table::NODE, "", n).is_some());
    if pod.node.is_none() || pod.phase.terminal() || !node_lives && options.grace == Some(0) {
        return 0;
    }
    options.grace.or_else(|| j::int(value, "spec.terminationGracePeriodSeconds")).unwrap_or(30).max(0)
}

/// DELETE of a collection.
pub(crate) fn delete_collection(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let options = delete_options(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let filter = Filter::of(call, target, kind, &res)?;
    let keys: Vec<Key> =
        world.all(kind, &target.ns).filter(|o| filter.passes(o)).map(|o| o.key.clone()).collect();
    let mut items = Vec::new();
    for key in keys {
        if let Some(object) = world.fetch(&key) {
            delete_in(&mut world, &object, &options)?;
            items.push(object);
        }
    }
    let bodies: Vec<Value> = items.iter().map(|o| o.value()).collect();
    Ok(body::value(
        200,
        &json!({"kind": format!("{}List", res.kind), "apiVersion": res.api_version(),
            "metadata": {"resourceVersion": world.rv.to_string()}, "items": bodies}),
    ))
}
