//! Parts of cells that many kinds share: ages, selectors, lists.
//! Called by the printers.

use serde_json::{Value, json};

use crate::sim::clock::{self, Millis};
use crate::sim::json as j;
use crate::sim::selector::Selector;

/// What stands where nothing is.
pub(super) const NONE: &str = "<none>";

/// A span as `k8s.io/apimachinery/pkg/util/duration.HumanDuration` writes it.
pub(super) fn span(millis: Millis) -> String {
    let seconds = millis / 1_000;
    if seconds < -1 {
        return "<invalid>".into();
    }
    let seconds = seconds.max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let two = |big: i64, unit: &str, small: i64, part: &str| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{part}") }
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 24 * 8 {
        two(hours / 24, "d", hours % 24, "h")
    } else if hours < 24 * 365 * 2 {
        format!("{}d", hours / 24)
    } else if hours < 24 * 365 * 8 {
        two(hours / 24 / 365, "y", hours / 24 % 365, "d")
    } else {
        format!("{}y", hours / 24 / 365)
    }
}

/// The time since then.
pub(super) fn since(at: Millis, now: Millis) -> String {
    span(now - at)
}

/// The time since a field's, `<unknown>` without it.
pub(super) fn ago(value: &Value, path: &str, now: Millis) -> String {
    clock::parse(j::text(value, path)).map_or_else(|| "<unknown>".into(), |at| since(at, now))
}

/// The age of an object.
pub(super) fn age(value: &Value, now: Millis) -> Value {
    json!(ago(value, "metadata.creationTimestamp", now))
}

/// The name of an object.
pub(super) fn name(value: &Value) -> Value {
    json!(j::text(value, "metadata.name"))
}

/// A text, or what stands in its place.
pub(super) fn or<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

/// A whole number, 0 where it is missing.
pub(super) fn int(value: &Value, path: &str) -> Value {
    json!(j::int(value, path).unwrap_or(0))
}

/// A number or percentage as text.
pub(super) fn scalar(value: &Value, instead: &str) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => n.to_string(),
        _ => instead.to_string(),
    }
}

/// A map of labels as `a=b,c=d`.
pub(super) fn labels(map: &Value) -> String {
    let parts: Vec<String> = j::pairs(map).map(|(k, v)| format!("{k}={v}")).collect();
    or(&parts.join(","), NONE).to_string()
}

/// A label selector as text.
pub(super) fn selector(value: &Value) -> String {
    or(&Selector::of_json(value).text(), NONE).to_string()
}

/// Names and images of a pod spec's containers.
pub(super) fn containers(spec: &Value) -> [Value; 2] {
    ["name", "image"].map(|field| {
        let all: Vec<&str> = j::list(spec, "containers").iter().map(|c| j::text(c, field)).collect();
        json!(all.join(","))
    })
}

/// At most so many of a list, and how many more.
pub(super) fn some(list: &[String], most: usize) -> String {
    match list.len() {
        0 => NONE.to_string(),
        n if n > most => {
            format!(
                "{} + {} more...",
                list.iter().take(most).cloned().collect::<Vec<_>>().join(","),
                n - most
            )
        }
        _ => list.join(","),
    }
}

/// The texts of a list.
pub(super) fn texts(value: &Value, path: &str) -> Vec<String> {
    j::list(value, path).iter().filter_map(|v| v.as_str().map(Into::into)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_kubectl_does() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (3_600, "60m"),
            (10_800, "3h"),
            (11_000, "3h3m"),
            (86_400, "24h"),
            (180_000, "2d2h"),
            (86_400 * 9, "9d"),
            (86_400 * 800, "2y70d"),
        ] {
            assert_eq!(span(seconds * 1_000), text);
        }
    }
}
