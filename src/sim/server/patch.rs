//! PATCH: merge, strategic merge, JSON patch, apply; all end in the same update.
//! Called by `dispatch`.

use std::sync::Arc;

use http::Response;
use serde_json::Value;

use super::body::{self, Body};
use super::fields::Manager;
use super::read::whole;
use super::route::Target;
use super::{Call, apply, merge, write};
use crate::sim::admit;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::KindId;

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
    let patch: Value = write::parse(call)?;
    let mut world = cluster.lock();
    let res = world.resource(kind);
    let old =
        world.get(kind, &target.ns, &target.name).ok_or_else(|| ApiError::not_found(&res, &target.name))?;
    let mut value = old.value();
    j::set(&mut value, "apiVersion", res.api_version());
    j::set(&mut value, "kind", res.kind.to_string());
    patched(&mut value, &patch, &media, res.custom, &res.qualified(), &target.name)?;
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
    let warnings = admit::unknown_fields(kind, &res, &mut value, call.query.get("fieldValidation"))?;
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
pub(crate) fn patched(
    value: &mut Value,
    patch: &Value,
    media: &str,
    custom: bool,
    what: &str,
    name: &str,
) -> Answer<()> {
    match media {
        "application/merge-patch+json" => j::merge_patch(value, patch),
        "application/strategic-merge-patch+json" if !custom => merge::strategic(value, patch, ""),
        "application/json-patch+json" => {
            for operation in patch.as_array().into_iter().flatten() {
                json_patch(value, operation).map_err(|why| {
                    let mut error = ApiError::of_code(422, None);
                    error.reason = "Invalid";
                    error.message =
                        format!("the server rejected our request due to an error in our request: {why}");
                    let _ = (what, name);
                    error
                })?;
            }
        }
        other if !other.ends_with("patch+json") => return Err(ApiError::foreign_media()),
        _ => {
            return Err(ApiError::unsupported_media(if custom {
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            } else {
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor"
            }));
        }
    }
    Ok(())
}

/// One operation of RFC 6902.
fn json_patch(value: &mut Value, operation: &Value) -> Result<(), String> {
    let path = j::text(operation, "path").to_string();
    let new = || operation.get("value").cloned().unwrap_or(Value::Null);
    match j::text(operation, "op") {
        "add" => add(value, &path, new()),
        "replace" => {
            let place = value.pointer_mut(&path).ok_or_else(|| {
                format!("replace operation does not apply: doc is missing key: {path}: missing value")
            })?;
            *place = new();
            Ok(())
        }
        "remove" => take(value, &path).map(|_| ()),
        "test" => {
            if value.pointer(&path).unwrap_or(&Value::Null) == &new() {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        "move" => {
            let taken = take(value, j::text(operation, "from"))?;
            add(value, &path, taken)
        }
        "copy" => {
            let from = j::text(operation, "from");
            let copied = value.pointer(from).cloned().ok_or_else(|| format!("missing key: {from}"))?;
            add(value, &path, copied)
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn parts(path: &str) -> (&str, String) {
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    (parent, last.replace("~1", "/").replace("~0", "~"))
}

fn add(value: &mut Value, path: &str, new: Value) -> Result<(), String> {
    if path.is_empty() {
        *value = new;
        return Ok(());
    }
    let (parent, last) = parts(path);
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(last, new);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let at = if last == "-" {
                items.len()
            } else {
                last.parse().map_err(|_| format!("bad index {last}"))?
            };
            if at > items.len() {
                return Err(format!("Unable to access invalid index: {at}: invalid index referenced"));
            }
            items.insert(at, new);
            Ok(())
        }
        _ => Err(format!("add operation does not apply: doc is missing path: \"{path}\": missing value")),
    }
}

fn take(value: &mut Value, path: &str) -> Result<Value, String> {
    let missing =
        || format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
    let (parent, last) = parts(path);
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(&last).ok_or_else(missing),
        Some(Value::Array(items)) => {
            let at: usize = last.parse().map_err(|_| missing())?;
            if at < items.len() { Ok(items.remove(at)) } else { Err(missing()) }
        }
        _ => Err(missing()),
    }
}
