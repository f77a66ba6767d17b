//! PATCH: merge, strategic merge, JSON patch, apply; all end in the same update.
//! Called by `dispatch`.

use std::sync::Arc;

use http::Response;
use serde_json::Value;

use super::body::{self, Body};
use super::fields::Manager;
use super::read::whole;
use super::route::Target;
use super::shape::Shape;
use super::{Call, apply, incoming, merge, write};
use crate::sim::admit;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError, Cause};
use crate::sim::table::{KindId, Resource};

/// PATCH of a named object (or of its status).
pub(crate) fn answer(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
    sub: &str,
) -> Answer<Response<Body>> {
    let media = call.header("content-type").split(';').next().unwrap_or("").trim().to_string();
    if media.starts_with("application/apply-patch") {
        return apply::answer(cluster, call, target, kind, sub);
    }
    let patch: Value = incoming::parse(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let old =
        world.get(kind, &target.ns, &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let mut value = old.value();
    j::set(&mut value, "apiVersion", res.api_version());
    j::set(&mut value, "kind", res.kind.to_string());
    patched(&mut value, &patch, &media, &res)?;
    for field in ["metadata.name", "metadata.namespace"] {
        let wanted = if field.ends_with("name") { &*old.key.name } else { &*old.key.ns };
        let wanted = if field == "metadata.namespace" { &*old.key.ns } else { wanted };
        if j::text(&value, field) != wanted && !wanted.is_empty() {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                j::text(&value, field),
                wanted
            )));
        }
    }
    admit::read(&res, &mut value)?;
    let warnings = admit::unknown_fields(&res, &mut value, call.query.get("fieldValidation"))?;
    // The patch was made against what is stored now; only a version inside the patch itself asks for a check.
    if j::at(&patch, "metadata.resourceVersion").is_null() && !patch.is_array() {
        j::set(&mut value, "metadata.resourceVersion", old.rv.to_string());
    }
    let manager = Manager::update(&call.manager(), &res.api_version(), sub);
    let object = write::update_in(&mut world, kind, &old, value, &manager, call.dry())?;
    drop(world);
    Ok(write::warned(body::bytes(200, whole(&res, &object)), &warnings))
}

/// Applies a patch of a media type to a value.
pub(crate) fn patched(value: &mut Value, patch: &Value, media: &str, res: &Resource) -> Answer<()> {
    match media {
        "application/merge-patch+json" => j::merge_patch(value, patch),
        "application/strategic-merge-patch+json" if !res.custom => {
            let bad =
                patch.as_object().into_iter().flatten().find(|(key, new)| {
                    new.is_array() && value.get(key.as_str()).is_some_and(Value::is_object)
                });
            if let Some((key, new)) = bad {
                let cause = Cause {
                    reason: "FieldValueInvalid",
                    field: "patch".into(),
                    message: format!(
                        "Invalid value: \"map[{key}:{new}]\": cannot restore struct from: slice"
                    ),
                };
                return Err(ApiError::invalid_patch(Some(&cause)));
            }
            merge::strategic(value, patch, Shape::of(res));
        }
        "application/json-patch+json" => {
            for operation in patch.as_array().into_iter().flatten() {
                json_patch(value, operation).ok_or_else(|| ApiError::invalid_patch(None))?;
            }
        }
        other if !other.ends_with("patch+json") => return Err(ApiError::foreign_media()),
        _ => {
            return Err(ApiError::unsupported_media(if res.custom {
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            } else {
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor"
            }));
        }
    }
    Ok(())
}

/// One operation of RFC 6902; `None` when it cannot be done. The server says no more than that either.
fn json_patch(value: &mut Value, operation: &Value) -> Option<()> {
    let path = j::text(operation, "path").to_string();
    let new = || operation.get("value").cloned().unwrap_or(Value::Null);
    match j::text(operation, "op") {
        "add" => add(value, &path, new()),
        "replace" => {
            *value.pointer_mut(&path)? = new();
            Some(())
        }
        "remove" => take(value, &path).map(|_| ()),
        "test" => (value.pointer(&path).unwrap_or(&Value::Null) == &new()).then_some(()),
        "move" => {
            let taken = take(value, j::text(operation, "from"))?;
            add(value, &path, taken)
        }
        "copy" => {
            let copied = value.pointer(j::text(operation, "from"))?.clone();
            add(value, &path, copied)
        }
        _ => None,
    }
}

fn parts(path: &str) -> (&str, String) {
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    (parent, last.replace("~1", "/").replace("~0", "~"))
}

fn add(value: &mut Value, path: &str, new: Value) -> Option<()> {
    if path.is_empty() {
        *value = new;
        return Some(());
    }
    let (parent, last) = parts(path);
    match value.pointer_mut(parent)? {
        Value::Object(fields) => {
            fields.insert(last, new);
        }
        Value::Array(items) => {
            let at = if last == "-" { items.len() } else { last.parse().ok()? };
            if at > items.len() {
                return None;
            }
            items.insert(at, new);
        }
        _ => return None,
    }
    Some(())
}

fn take(value: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = parts(path);
    match value.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            (at < items.len()).then(|| items.remove(at))
        }
        _ => None,
    }
}
