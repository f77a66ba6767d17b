//! Columns of `Event`, of the core group and of `events.k8s.io`.
//!
//! Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, cell, int, text, time};
use super::{Column, View};
use crate::domain::health::Health;
use crate::domain::text::SafeText;

pub(super) const EVENT: View = View {
    columns: &[
        Column::number("SEEN"),
        Column::text("TYPE"),
        Column::text("REASON"),
        Column::text("OBJECT"),
        Column::number("COUNT"),
        Column::text("MESSAGE"),
        Column::wide("SOURCE"),
    ],
    cells: event,
    health: event_health,
};

/// The newest of what writers of either API fill in.
const SEEN: [&str; 6] = [
    "/series/lastObservedTime",
    "/lastTimestamp",
    "/deprecatedLastTimestamp",
    "/eventTime",
    "/firstTimestamp",
    "/metadata/creationTimestamp",
];

/// When it was seen last.
pub fn last_seen(event: &Value) -> Option<Timestamp> {
    SEEN.iter().find_map(|path| time(event, path))
}

fn event(o: &Value, now: Timestamp) -> Vec<SafeText> {
    let count = [int(o, "/count"), int(o, "/deprecatedCount"), int(o, "/series/count"), 1];
    vec![
        ago(o, &SEEN, now),
        cell(o, "/type"),
        cell(o, "/reason"),
        SafeText::from(object(o)),
        SafeText::from(count.into_iter().max().unwrap_or(1).to_string()),
        first_of(o, &["/message", "/note"]),
        first_of(o, &["/source/component", "/reportingComponent", "/reportingController"]),
    ]
}

/// `pod/web-1`, as kubectl prints it.
fn object(o: &Value) -> String {
    let at = if o.get("involvedObject").is_some() { "/involvedObject" } else { "/regarding" };
    let (kind, name) = (text(o, &format!("{at}/kind")), text(o, &format!("{at}/name")));
    if name.is_empty() { kind.to_lowercase() } else { format!("{}/{name}", kind.to_lowercase()) }
}

fn first_of(o: &Value, paths: &[&str]) -> SafeText {
    paths.iter().map(|p| text(o, p)).find(|t| !t.is_empty()).map_or_else(SafeText::empty, SafeText::new)
}

fn event_health(o: &Value) -> Health {
    if text(o, "/type") == "Warning" { Health::Degraded } else { Health::Ok }
}
