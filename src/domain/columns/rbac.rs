//! Columns of roles and their bindings, of a namespace or of the cluster.
//!
//! Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{count, joined, list, text};
use super::{Column, View, always_ok};
use crate::domain::text::SafeText;

pub(super) const ROLE: View =
    View { columns: &[Column::number("RULES"), Column::wide("GRANTS")], cells: role, health: always_ok };

fn role(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let grants = list(o, "/rules").map(|rule| {
        let part = |path: &str| list(rule, path).filter_map(Value::as_str).collect::<Vec<_>>().join("|");
        let on = match part("/resources") {
            resources if resources.is_empty() => part("/nonResourceURLs"),
            resources => resources,
        };
        format!("{} {on}", part("/verbs"))
    });
    vec![SafeText::from(count(o, "/rules").to_string()), joined(grants, 3)]
}

pub(super) const BINDING: View =
    View { columns: &[Column::text("ROLE"), Column::text("SUBJECTS")], cells: binding, health: always_ok };

fn binding(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let role = match text(o, "/roleRef/name") {
        "" => String::new(),
        name => format!("{}/{name}", text(o, "/roleRef/kind")),
    };
    let subjects = list(o, "/subjects").map(|s| {
        let name = text(s, "/name");
        match text(s, "/namespace") {
            "" => format!("{}/{name}", text(s, "/kind")),
            namespace => format!("{}/{namespace}/{name}", text(s, "/kind")),
        }
    });
    vec![SafeText::from(role), joined(subjects, 3)]
}
