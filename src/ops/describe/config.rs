//! Config maps and secrets described: what they hold, a secret's values by their lengths.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::json::text;
use super::page::Page;

/// A config map: each key with its text.
pub(super) fn config_map(page: &mut Page, object: &Value) {
    if object.get("immutable").and_then(Value::as_bool) == Some(true) {
        page.field("Immutable", "true");
    }
    page.block("Data", |page| {
        for (key, value) in object.get("data").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or("");
            if value.contains('\n') {
                page.block(key, |page| page.text(value));
            } else {
                page.field(key, value);
            }
        }
    });
    page.block("Binary Data", |page| sizes(page, object.get("binaryData")));
}

/// A secret: each key with the length of its value.
pub(super) fn secret(page: &mut Page, object: &Value) {
    page.field("Type", text(object, "/type"));
    if object.get("immutable").and_then(Value::as_bool) == Some(true) {
        page.field("Immutable", "true");
    }
    page.block("Data", |page| sizes(page, object.get("data")));
}

fn sizes(page: &mut Page, data: Option<&Value>) {
    for (key, value) in data.and_then(Value::as_object).into_iter().flatten() {
        let bytes = value.as_str().and_then(|v| BASE64_STANDARD.decode(v).ok());
        page.field(key, bytes.map_or_else(|| "?".to_owned(), |b| format!("{} bytes", b.len())));
    }
}
