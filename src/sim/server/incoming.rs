//! What a request of a write brings: its body as an object of the addressed type, and its options.
//! Never: rules about what an object says (`admit`). Called by the write paths.

use serde_json::{Value, json};

use super::Call;
use super::route::Target;
use crate::sim::json as j;
use crate::sim::protobuf;
use crate::sim::quantity;
use crate::sim::status::{Answer, ApiError, Cause};
use crate::sim::store::World;
use crate::sim::table::{self, KindId, Resource};

/// The body, out of JSON, YAML or protobuf.
pub(crate) fn parse(call: &Call) -> Answer<Value> {
    if protobuf::is(&call.body) {
        return protobuf::object(&call.body)
            .ok_or_else(|| ApiError::unsupported_media("application/json, application/yaml"));
    }
    if let Ok(value) = serde_json::from_slice::<Value>(&call.body) {
        return Ok(value);
    }
    let text = String::from_utf8_lossy(&call.body);
    if call.header("content-type").contains("protobuf") {
        return Err(ApiError::unsupported_media("application/json, application/yaml"));
    }
    serde_saphyr::from_str::<Value>(&text)
        .map_err(|e| ApiError::bad_request(format!("error decoding body: {e}")))
}

/// Does the body fit the address?
pub(super) fn check_address(world: &World, value: &mut Value, res: &Resource, target: &Target) -> Answer<()> {
    let (version, kind) = (j::text(value, "apiVersion").to_string(), j::text(value, "kind").to_string());
    if !version.is_empty() && version != res.api_version() {
        let alias = matches!(
            (version.as_str(), kind.as_str()),
            ("autoscaling/v1", "HorizontalPodAutoscaler") | ("events.k8s.io/v1", "Event")
        );
        if !alias && world.kind_named(&version, &kind).is_none() {
            return Err(ApiError::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\"",
                res.kind,
                version.rsplit('/').next().unwrap_or(""),
                res.kind
            )));
        }
        if kind != res.kind {
            return Err(unknown_conversion(&version, &kind, res));
        }
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            res.api_version()
        )));
    }
    if !kind.is_empty() && kind != res.kind {
        return Err(unknown_conversion(&version, &kind, res));
    }
    let name = j::text(value, "metadata.name").to_string();
    if !target.name.is_empty() && name != target.name {
        if name.is_empty() {
            j::set(value, "metadata.name", target.name.clone());
        } else {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                target.name
            )));
        }
    }
    if res.namespaced {
        let ns = j::text(value, "metadata.namespace").to_string();
        if !ns.is_empty() && ns != target.ns {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        j::set(value, "metadata.namespace", target.ns.clone());
    } else {
        j::remove(value, "metadata.namespace");
    }
    Ok(())
}

/// Another kind's object, as Go's scheme words it.
fn unknown_conversion(version: &str, kind: &str, res: &Resource) -> ApiError {
    let short = version.rsplit('/').next().unwrap_or("");
    let package = match res.group.split('.').next().unwrap_or("") {
        "" => "core",
        group => group,
    };
    ApiError::bad_request(format!(
        "{kind} in version \"{short}\" cannot be handled as a {}: converting ({short}.{kind}) to ({package}.{}): unknown conversion",
        res.kind, res.kind
    ))
}

/// The body of a create or update, as an object whose fields have their types.
pub(super) fn object(call: &Call, kind: KindId, res: &Resource) -> Answer<Value> {
    let media = call.header("content-type");
    if media.is_empty() || media.contains("json") {
        let why = match serde_json::from_slice::<Value>(&call.body) {
            Ok(Value::Object(_)) => None,
            Ok(other) => Some(format!(
                "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
                go_kind(&other)
            )),
            Err(e) if e.is_eof() => Some("unexpected end of JSON input".to_string()),
            Err(e) => Some(e.to_string()),
        };
        if let Some(why) = why {
            return Err(ApiError::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why} ({})",
                res.kind,
                summary(&call.body)
            )));
        }
    }
    let value = parse(call)?;
    if let Some(why) = mistyped(kind, &value) {
        return Err(ApiError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: {why}",
            res.kind, res.version, res.kind
        )));
    }
    Ok(value)
}

/// The start of a body as Go's errors show it: JSON objects as they are, anything else in hex.
fn summary(body: &[u8]) -> String {
    const MOST: usize = 30;
    let cut = body.get(..MOST).unwrap_or(body);
    let more = if body.len() > MOST { " ..." } else { "" };
    match body.first() {
        None => "<empty>".to_string(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(cut)),
        Some(_) => format!("{}{more}", cut.iter().map(|b| format!("{b:02x}")).collect::<String>()),
    }
}

/// What Go's JSON reader calls a value.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Null => "null",
    }
}

/// The first field whose value is of the wrong type: replicas and quantities, the ones people get wrong.
fn mistyped(kind: KindId, value: &Value) -> Option<String> {
    let owner = match kind {
        table::DEPLOYMENT => "DeploymentSpec",
        table::REPLICASET => "ReplicaSetSpec",
        table::STATEFULSET => "StatefulSetSpec",
        _ => "",
    };
    let replicas = j::at(value, "spec.replicas");
    if !owner.is_empty() && !replicas.is_null() && !replicas.is_number() {
        return Some(format!(
            "json: cannot unmarshal {} into Go struct field {owner}.spec.replicas of type int32",
            go_kind(replicas)
        ));
    }
    let bad = match kind {
        table::POD => bad_quantity(j::at(value, "spec")),
        table::DEPLOYMENT | table::REPLICASET | table::STATEFULSET | table::DAEMONSET | table::JOB => {
            bad_quantity(j::at(value, "spec.template.spec"))
        }
        table::RESOURCEQUOTA => !are_quantities(j::at(value, "spec.hard")),
        table::PVC => !are_quantities(j::at(value, "spec.resources.requests")),
        _ => false,
    };
    bad.then(|| {
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            .to_string()
    })
}

fn bad_quantity(spec: &Value) -> bool {
    ["containers", "initContainers"].iter().flat_map(|list| j::list(spec, list)).any(|container| {
        ["requests", "limits"]
            .iter()
            .any(|part| !are_quantities(j::at(container, &format!("resources.{part}"))))
    })
}

fn are_quantities(map: &Value) -> bool {
    map.as_object().into_iter().flat_map(|m| m.values()).all(|v| quantity::any_milli(v).is_some())
}

/// Refuses options no server knows.
pub(super) fn check_options(call: &Call, verb: &str) -> Answer<()> {
    let kind = match verb {
        "create" => "CreateOptions",
        "update" => "UpdateOptions",
        "patch" => "PatchOptions",
        _ => return Ok(()),
    };
    let mut causes = Vec::new();
    if let Some(dry) = call.query.get("dryRun").filter(|d| !d.is_empty() && *d != "All") {
        causes.push(Cause::unsupported("dryRun", &json!([dry]), &["All"]));
    }
    if let Some(mode) =
        call.query.get("fieldValidation").filter(|m| !matches!(*m, "" | "Ignore" | "Strict" | "Warn"))
    {
        causes.push(Cause::unsupported("fieldValidation", &json!(mode), &["", "Ignore", "Strict", "Warn"]));
    }
    if causes.is_empty() { Ok(()) } else { Err(ApiError::invalid_options(kind, &causes)) }
}
