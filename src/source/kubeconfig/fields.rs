//! Tolerant reading of single fields: what one may be, and what is said when it is something else. A wrong field spoils its
//! entry, never the file. Never: a value in the words of a complaint, for any may be a secret. Called by the entries.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::{Map, Value};

/// One entry's fields, and what was wrong with them.
pub(super) struct Fields<'a> {
    map: Option<&'a Map<String, Value>>,
    /// Relative files are looked for here.
    base: &'a Path,
    wrong: Vec<String>,
}

impl<'a> Fields<'a> {
    /// The fields of a mapping. Null is an empty one; anything else is wrong.
    pub(super) fn of(value: Option<&'a Value>, what: &str, base: &'a Path) -> Self {
        let (map, wrong) = match value {
            None | Some(Value::Null) => (None, Vec::new()),
            Some(Value::Object(map)) => (Some(map), Vec::new()),
            Some(_) => (None, vec![format!("`{what}` is not a mapping")]),
        };
        Self { map, base, wrong }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map?.get(name).filter(|v| !v.is_null())
    }

    /// A value as it stands.
    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.get(name)
    }

    fn complain(&mut self, name: &str, wanted: &str) {
        self.wrong.push(format!("`{name}` is not {wanted}"));
    }

    /// Says that something is wrong with this entry.
    pub(super) fn add(&mut self, wrong: impl IntoIterator<Item = String>) {
        self.wrong.extend(wrong);
    }

    /// Text; a number or a truth value is taken as it is written, nothing and `""` as unset.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let text = scalar(value);
        if text.is_none() {
            self.complain(name, "text");
        }
        text.filter(|t| !t.is_empty())
    }

    /// Text that must not be seen.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A path; a relative one is relative to the folder of its file.
    pub(super) fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|p| self.base.join(p))
    }

    /// Yes or no; unset is no.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.complain(name, "true or false");
                false
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let texts: Option<Vec<String>> = value.as_array().and_then(|list| list.iter().map(scalar).collect());
        if texts.is_none() {
            self.complain(name, "a list of texts");
        }
        texts.unwrap_or_default()
    }

    /// A mapping of names to values.
    pub(super) fn map(&mut self, name: &str) -> Vec<(&'a str, &'a Value)> {
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Object(map)) => map.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            Some(_) => {
                self.complain(name, "a mapping");
                Vec::new()
            }
        }
    }

    /// A list of mappings.
    pub(super) fn list(&mut self, name: &str) -> Vec<&'a Value> {
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(list)) => list.iter().collect(),
            Some(_) => {
                self.complain(name, "a list");
                Vec::new()
            }
        }
    }

    /// What was wrong, in one sentence.
    pub(super) fn verdict(self) -> Option<String> {
        (!self.wrong.is_empty()).then(|| self.wrong.join(", "))
    }
}

/// Text, or what is written like a number or a truth value.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
