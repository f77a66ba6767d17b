//! Failures as the API server words them: one type, the exact reasons, messages and details.
//! Never: when to fail. Called by the server, admission and the store.

use serde_json::{Value, json};

use super::table::Resource;

/// A `metav1.Status` of failure.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Value,
    pub(crate) retry_after: Option<u32>,
}

/// The usual result in the server.
pub(crate) type Answer<T> = Result<T, ApiError>;

/// One field error of a refused object.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
}

impl Cause {
    /// `spec.selector: Required value`
    pub(crate) fn required(field: &str, more: &str) -> Self {
        let message =
            if more.is_empty() { "Required value".into() } else { format!("Required value: {more}") };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    /// `metadata.name: Invalid value: "X": ...`
    pub(crate) fn invalid(field: &str, value: &Value, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {}: {why}", shown(value)),
        }
    }

    /// `spec.type: Unsupported value: "x": supported values: "A", "B"`
    pub(crate) fn unsupported(field: &str, value: &Value, choices: &[&str]) -> Self {
        let list: Vec<String> = choices.iter().map(|c| format!("\"{c}\"")).collect();
        let message = format!("Unsupported value: {}: supported values: {}", shown(value), list.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }
}

fn shown(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl ApiError {
    fn new(code: u16, reason: &'static str, message: String, details: Value) -> Self {
        Self { code, reason, message, details, retry_after: None }
    }

    fn details_of(res: &Resource, name: &str) -> Value {
        let mut details = json!({"kind": res.plural});
        if !name.is_empty() {
            super::json::set(&mut details, "name", name);
        }
        if !res.group.is_empty() {
            super::json::set(&mut details, "group", res.group.to_string());
        }
        details
    }

    pub(crate) fn not_found(res: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", res.qualified());
        Self::new(404, "NotFound", message, Self::details_of(res, name))
    }

    pub(crate) fn already_exists(res: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", res.qualified());
        Self::new(409, "AlreadyExists", message, Self::details_of(res, name))
    }

    pub(crate) fn conflict(res: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", res.qualified());
        Self::new(409, "Conflict", message, Self::details_of(res, name))
    }

    pub(crate) fn modified(res: &Resource, name: &str) -> Self {
        Self::conflict(
            res,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn forbidden(res: &Resource, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{} is forbidden: {why}", res.qualified())
        } else {
            format!("{} \"{name}\" is forbidden: {why}", res.qualified())
        };
        Self::new(403, "Forbidden", message, Self::details_of(res, name))
    }

    pub(crate) fn invalid(res: &Resource, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let body = match texts.as_slice() {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        };
        let mut details = Self::details_of(res, name);
        super::json::set(&mut details, "kind", res.kind.to_string());
        super::json::set(&mut details, "causes", causes_json(causes));
        Self::new(422, "Invalid", format!("{} \"{name}\" is invalid: {body}", res.qualified_kind()), details)
    }

    /// Options of a request that mean nothing.
    pub(crate) fn invalid_options(kind: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let body = match texts.as_slice() {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        };
        let details = json!({"group": "meta.k8s.io", "kind": kind, "causes": causes_json(causes)});
        Self::new(422, "Invalid", format!("{kind}.meta.k8s.io \"\" is invalid: {body}"), details)
    }

    pub(crate) fn apply_conflict(causes: &[Cause]) -> Self {
        let message = match causes {
            [one] => format!("Apply failed with 1 conflict: {}: {}", one.message, one.field),
            many => {
                let mut groups: std::collections::BTreeMap<&str, Vec<&str>> =
                    std::collections::BTreeMap::new();
                for cause in many {
                    groups.entry(&cause.message).or_default().push(&cause.field);
                }
                let mut lines = Vec::new();
                for (text, fields) in groups {
                    lines.push(format!("{}:", text.replacen("conflict with", "conflicts with", 1)));
                    lines.extend(fields.iter().map(|f| format!("- {f}")));
                }
                format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
            }
        };
        Self::new(409, "Conflict", message, json!({"causes": causes_json(causes)}))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into(), Value::Null)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized".into(), Value::Null)
    }

    /// A version that is not there yet.
    pub(crate) fn too_new(asked: u64, newest: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {newest}");
        let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        let mut error = Self::new(504, "Timeout", message, json!({"causes": causes, "retryAfterSeconds": 1}));
        error.retry_after = Some(1);
        error
    }

    pub(crate) fn gone(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message.into(), Value::Null)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource".into(),
            json!({}),
        )
    }

    pub(crate) fn unsupported_media(supported: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {supported}"
        );
        Self::new(415, "UnsupportedMediaType", message, json!({}))
    }

    /// A media type the path does not take at all.
    pub(crate) fn foreign_media() -> Self {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type".into(), json!({}))
    }

    pub(crate) fn too_many(message: impl Into<String>, retry_after: u32) -> Self {
        let mut error =
            Self::new(429, "TooManyRequests", message.into(), json!({"retryAfterSeconds": retry_after}));
        error.retry_after = Some(retry_after);
        error
    }

    pub(crate) fn internal(message: &str) -> Self {
        let details = json!({"causes": [{"message": message}]});
        Self::new(500, "InternalError", format!("Internal error occurred: {message}"), details)
    }

    /// A patch in the right format that cannot be applied to the object.
    pub(crate) fn invalid_patch(why: Option<&Cause>) -> Self {
        match why {
            None => {
                let message = "the server rejected our request due to an error in our request";
                Self::new(422, "Invalid", message.into(), json!({}))
            }
            Some(cause) => {
                let message = format!(" \"\" is invalid: {}: {}", cause.field, cause.message);
                Self::new(
                    422,
                    "Invalid",
                    message,
                    json!({"causes": causes_json(std::slice::from_ref(cause))}),
                )
            }
        }
    }

    /// A path in a known group that names no resource.
    pub(crate) fn no_such_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource".into(), json!({}))
    }

    /// A status of any code, for injected faults.
    pub(crate) fn of_code(code: u16, retry_after: Option<u32>) -> Self {
        let (reason, message) = match code {
            401 => return Self::unauthorized(),
            403 => ("Forbidden", "forbidden".to_string()),
            404 => ("NotFound", "the server could not find the requested resource".to_string()),
            408 | 504 => {
                ("Timeout", "Timeout: request did not complete within the allotted timeout".to_string())
            }
            429 => ("TooManyRequests", "Too many requests, please try again later.".to_string()),
            500 => ("InternalError", "Internal error occurred: etcdserver: request timed out".to_string()),
            502 => ("", "bad gateway".to_string()),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request".to_string()),
            other => ("", format!("simulated failure {other}")),
        };
        let details = retry_after.map_or(Value::Null, |s| json!({"retryAfterSeconds": s}));
        Self { code, reason, message, details, retry_after }
    }

    /// The body.
    pub(crate) fn json(&self) -> Value {
        let mut out = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code
        });
        if !self.reason.is_empty() {
            super::json::set(&mut out, "reason", self.reason);
        }
        if !self.details.is_null() {
            super::json::set(&mut out, "details", self.details.clone());
        }
        out
    }
}

fn causes_json(causes: &[Cause]) -> Value {
    causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect()
}
