//! Columns of `PodDisruptionBudget`, `ResourceQuota` and `LimitRange`.
//!
//! Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{cell, int, joined, list, map, number, scalar, text};
use super::{Column, View, always_ok};
use crate::domain::health::Health;
use crate::domain::quantity;
use crate::domain::text::SafeText;

pub(super) const BUDGET: View = View {
    columns: &[
        Column::number("MIN AVAILABLE"),
        Column::number("MAX UNAVAILABLE"),
        Column::number("ALLOWED"),
        Column::number("CURRENT"),
        Column::number("DESIRED"),
        Column::number("EXPECTED"),
    ],
    cells: budget,
    health: budget_health,
};

fn budget(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![
        cell(o, "/spec/minAvailable"),
        cell(o, "/spec/maxUnavailable"),
        number(o, "/status/disruptionsAllowed"),
        number(o, "/status/currentHealthy"),
        number(o, "/status/desiredHealthy"),
        number(o, "/status/expectedPods"),
    ]
}

/// Fewer healthy pods than it protects. That it allows no disruption now is no fault of its own.
fn budget_health(o: &Value) -> Health {
    let short = int(o, "/status/currentHealthy") < int(o, "/status/desiredHealthy");
    if short { Health::Degraded } else { Health::Ok }
}

pub(super) const QUOTA: View = View {
    columns: &[Column::number("USED"), Column::text("REQUESTS"), Column::text("LIMITS")],
    cells: quota,
    health: quota_health,
};

/// The fullest resource as percent, then `cpu: 3/4` of each resource.
fn quota(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let is_limit = |name: &str| name.starts_with("limits.");
    let part = |limits: bool| {
        let entries = map(o, "/status/hard").or_else(|| map(o, "/spec/hard")).into_iter().flatten();
        let texts = entries.filter(move |(name, _)| is_limit(name) == limits).map(|(name, hard)| {
            let used = used(o, name).map(scalar).unwrap_or_default();
            let short = name.trim_start_matches("requests.").trim_start_matches("limits.");
            format!("{short}: {used}/{}", scalar(hard))
        });
        joined(texts, usize::MAX)
    };
    let percent = fullest(o).map_or_else(String::new, |p| format!("{p}%"));
    vec![SafeText::from(percent), part(false), part(true)]
}

fn used<'a>(o: &'a Value, name: &str) -> Option<&'a Value> {
    map(o, "/status/used")?.get(name)
}

/// How full the fullest resource is, in percent.
fn fullest(o: &Value) -> Option<u64> {
    let hard = map(o, "/status/hard")?;
    hard.iter()
        .filter_map(|(name, hard)| {
            // In thousandths, so that `500m` of a CPU counts.
            let hard = quantity::cpu_milli(&scalar(hard)).filter(|h| *h > 0)?;
            let used = quantity::cpu_milli(&scalar(used(o, name)?))?;
            u64::try_from(u128::from(used) * 100 / u128::from(hard)).ok()
        })
        .max()
}

fn quota_health(o: &Value) -> Health {
    if fullest(o).is_some_and(|p| p >= 100) { Health::Degraded } else { Health::Ok }
}

pub(super) const LIMIT_RANGE: View = View {
    columns: &[Column::text("TYPES"), Column::wide("DEFAULTS")],
    cells: limit_range,
    health: always_ok,
};

fn limit_range(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let types = list(o, "/spec/limits").map(|l| text(l, "/type").to_owned());
    let defaults = list(o, "/spec/limits").flat_map(|l| {
        map(l, "/default").into_iter().flatten().map(|(name, v)| format!("{name}={}", scalar(v)))
    });
    vec![joined(types, usize::MAX), joined(defaults, usize::MAX)]
}
