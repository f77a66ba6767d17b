//! What no recording may hold: secrets, certificates, tokens, words of the machine it was made on.

use serde_json::Value;

use super::{Answer, Exchange};

/// "scrubbed" in base64, where the API wants base64.
const BASE64: &str = "c2NydWJiZWQ=";

/// Takes things out.
pub(super) struct Scrub<'a> {
    hidden: &'a [(String, String)],
}

impl<'a> Scrub<'a> {
    /// With words to be replaced everywhere.
    pub(super) fn new(hidden: &'a [(String, String)]) -> Self {
        Self { hidden }
    }

    /// Scrubs one exchange.
    pub(super) fn exchange(&self, exchange: &mut Exchange) {
        exchange.path = self.words(&exchange.path);
        if let Some(sent) = &mut exchange.sent {
            self.value(&mut sent.body);
        }
        match &mut exchange.answer {
            Answer::Json(value) => self.value(value),
            Answer::Events(events) => events.iter_mut().for_each(|e| self.value(e)),
            Answer::Text(text) => *text = self.words(text),
        }
    }

    fn words(&self, text: &str) -> String {
        if is_secret(text) {
            return "scrubbed".to_owned();
        }
        self.hidden.iter().fold(text.to_owned(), |text, (word, instead)| replace(&text, word, instead))
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.words(text),
            Value::Array(items) => items.iter_mut().for_each(|v| self.value(v)),
            Value::Object(fields) => {
                // Who owns which field is a third of every list, and read by nothing that is replayed.
                fields.remove("managedFields");
                if is_secret_object(fields) {
                    for kept in ["data", "stringData"] {
                        if let Some(Value::Object(data)) = fields.get_mut(kept) {
                            data.values_mut().for_each(|v| *v = BASE64.into());
                        }
                    }
                }
                let is_secrets = fields.get("kind").is_some_and(|k| k == "SecretList");
                for (key, value) in fields.iter_mut() {
                    if key == "caBundle" {
                        *value = BASE64.into();
                    } else if is_secrets && key == "items" {
                        // Items of a list do not say their kind.
                        for item in value.as_array_mut().into_iter().flatten() {
                            if let Some(Value::Object(data)) = item.get_mut("data") {
                                data.values_mut().for_each(|v| *v = BASE64.into());
                            }
                        }
                    }
                    self.value(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Replaces a word where it stands by itself: a machine may be named `vm`.
fn replace(text: &str, word: &str, instead: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word).filter(|_| !word.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let joined = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if joined { word } else { instead });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_secret_object(fields: &serde_json::Map<String, Value>) -> bool {
    fields.get("kind").is_some_and(|k| k == "Secret") && fields.contains_key("apiVersion")
}

/// PEM, PEM in base64, and the tokens of service accounts.
fn is_secret(text: &str) -> bool {
    text.contains("-----BEGIN")
        || text.contains("LS0tLS1CRUdJTi")
        || text.starts_with("Bearer ")
        || (text.starts_with("eyJ") && text.split('.').count() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_secret_is_left() {
        let hidden = [("vm".to_owned(), "host".to_owned())];
        let mut value = json!({
            "kind": "SecretList", "apiVersion": "v1", "items": [
                {"metadata": {"name": "s", "managedFields": [{"manager": "x"}]}, "data": {"password": "aHVudGVyMg=="}}],
            "other": [
                {"kind": "Secret", "apiVersion": "v1", "data": {"k": "aHVudGVyMg=="}, "stringData": {"k": "hunter2"}},
                {"caBundle": "YWJj", "ca.crt": "-----BEGIN CERTIFICATE-----\nMII", "b": "LS0tLS1CRUdJTiBDRVJU"},
                {"token": "eyJhbGciOi.eyJpc3Mi.c2ln", "continue": "eyJ2IjoibWV0YSJ9", "host": "scheduler-vm, vms"}]
        });
        Scrub::new(&hidden).value(&mut value);
        let text = value.to_string();
        for gone in ["aHVudGVyMg", "hunter2", "YWJj", "BEGIN", "LS0t", "eyJhbGci", "managedFields"] {
            assert!(!text.contains(gone), "{gone} is left in {text}");
        }
        assert!(text.contains("eyJ2IjoibWV0YSJ9"), "a continue token is no secret");
        assert!(text.contains("scheduler-host, vms") && text.contains(r#""password":"c2NydWJiZWQ=""#));
    }
}
