//! Namespaces described with what may be used in them: quotas and limit ranges.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{at, list, plain, text, words};
use super::page::Page;
use super::{Beside, Wanted};
use crate::domain::kind::Kind;

/// What is read beside a namespace: its quotas and limit ranges.
pub(super) fn wanted_of_namespace(object: &Value) -> Vec<Wanted> {
    let inside = |kind| Wanted {
        kind,
        namespace: Some(text(object, "/metadata/name").to_owned()),
        labels: None,
        fields: None,
    };
    vec![inside(Kind::ResourceQuota), inside(Kind::LimitRange)]
}

/// A namespace.
pub(super) fn namespace(page: &mut Page, object: &Value, beside: &Beside) {
    page.field("Status", text(object, "/status/phase"));
    page.known("Spec Finalizers", words(object, "/spec/finalizers"));
    page.block("Resource Quotas", |page| {
        for quota in beside.found(Kind::ResourceQuota) {
            page.block(text(quota, "/metadata/name"), |page| self::quota(page, quota));
        }
    });
    page.block("Resource Limits", |page| {
        for range in beside.found(Kind::LimitRange) {
            page.block(text(range, "/metadata/name"), |page| self::range(page, range));
        }
    });
    for (kind, title) in [(Kind::ResourceQuota, "Resource Quotas"), (Kind::LimitRange, "Resource Limits")] {
        match beside.get(kind) {
            Some(Ok(found)) if found.is_empty() => page.block(title, |page| page.text("none")),
            _ => beside.said(page, kind, title),
        }
    }
}

/// A quota: what is used of what may be.
pub(super) fn quota(page: &mut Page, object: &Value) {
    page.known("Scopes", words(object, "/spec/scopes"));
    let hard =
        ["/status/hard", "/spec/hard"].iter().find_map(|p| object.pointer(p)).and_then(Value::as_object);
    let row = |(name, hard): (&String, &Value)| {
        let used =
            object.pointer("/status/used").and_then(|used| used.get(name)).map_or_else(String::new, plain);
        [name.clone(), if used.is_empty() { "0".to_owned() } else { used }, plain(hard)]
    };
    page.table(["Resource", "Used", "Hard"], hard.into_iter().flatten().map(row).collect());
}

/// A limit range: a row for each type and resource.
pub(super) fn range(page: &mut Page, object: &Value) {
    const PARTS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    let mut rows = Vec::new();
    for limit in list(object, "/spec/limits") {
        let of = |part: &str| limit.get(part).and_then(Value::as_object);
        let names: BTreeSet<&String> =
            PARTS.iter().filter_map(|part| of(part)).flat_map(|m| m.keys()).collect();
        for name in names {
            let [min, max, request, most, ratio] =
                PARTS.map(|part| match of(part).and_then(|m| m.get(name)) {
                    Some(value) => plain(value),
                    None => "-".to_owned(),
                });
            rows.push([at(limit, "/type"), name.clone(), min, max, request, most, ratio]);
        }
    }
    page.table(
        ["Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio"],
        rows,
    );
}
