//! Which version of the world a list or watch asks for: the rules of `resourceVersion`, `resourceVersionMatch`, `continue` and
//! `sendInitialEvents`, and the objects of a shelf as they were then.
//! The rules are those of `ValidateListOptions` (k8s.io/apimachinery). Called by `list` and `watch`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::Call;
use crate::sim::object::{Name, Stored};
use crate::sim::status::{Answer, ApiError, Cause};
use crate::sim::store::{Did, World};
use crate::sim::table::KindId;

const EXACT: &str = "Exact";
const NOT_OLDER: &str = "NotOlderThan";

fn forbidden(field: &str, why: &str) -> Cause {
    Cause { reason: "FieldValueForbidden", field: field.into(), message: format!("Forbidden: {why}") }
}

/// Refuses options that do not go together.
pub(super) fn check(call: &Call, watch: bool) -> Answer<()> {
    let asked = |name: &str| call.query.get(name).unwrap_or("");
    let (version, how, token) = (asked("resourceVersion"), asked("resourceVersionMatch"), asked("continue"));
    let initial = call.query.get("sendInitialEvents").is_some_and(|v| !v.is_empty());
    let field = "resourceVersionMatch";
    let mut causes = Vec::new();
    if watch {
        if initial && how != NOT_OLDER {
            causes.push(forbidden(
                field,
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ));
        }
        if !how.is_empty() {
            if !initial {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                causes.push(forbidden(field, why));
            }
            if how != NOT_OLDER {
                causes.push(Cause::unsupported(field, &json!(how), &[NOT_OLDER]));
            }
            if !token.is_empty() {
                causes.push(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
            }
        }
    } else {
        if !how.is_empty() {
            if version.is_empty() {
                causes.push(forbidden(
                    field,
                    "resourceVersionMatch is forbidden unless resourceVersion is provided",
                ));
            }
            if !token.is_empty() {
                causes.push(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
            }
            if !matches!(how, EXACT | NOT_OLDER) {
                causes.push(Cause::unsupported(field, &json!(how), &[EXACT, NOT_OLDER, ""]));
            }
            if how == EXACT && version == "0" {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                causes.push(forbidden(field, why));
            }
        }
        if initial {
            causes.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
    }
    if causes.is_empty() { Ok(()) } else { Err(ApiError::invalid_options("ListOptions", &causes)) }
}

/// The version a list is of, when it is not the newest.
pub(super) fn of_list(call: &Call, world: &World, kind: KindId) -> Answer<Option<u64>> {
    let asked = call.query.get("resourceVersion").unwrap_or("");
    if asked.is_empty() || asked == "0" {
        return Ok(None);
    }
    let version: u64 = asked.parse().map_err(|_| {
        let cause = Cause::invalid(
            "resourceVersion",
            &json!(asked),
            &format!("strconv.ParseUint: parsing \"{asked}\": invalid syntax"),
        );
        ApiError::invalid_options("ListOptions", &[cause])
    })?;
    if version > world.rv {
        return Err(ApiError::too_new(version, world.rv));
    }
    if call.query.get("resourceVersionMatch") != Some(EXACT) {
        return Ok(None);
    }
    if world.shelf(kind).is_some_and(|s| version < s.floor) {
        return Err(ApiError::gone("The resourceVersion for the provided list is too old."));
    }
    Ok(Some(version))
}

/// The objects of a shelf as they were at a version that is not forgotten: what has changed since is taken back.
pub(super) fn at(world: &World, kind: KindId, ns: &str, version: u64) -> Vec<Arc<Stored>> {
    let now = world.all(kind, ns).map(|o| ((o.key.ns.clone(), o.key.name.clone()), Arc::clone(o)));
    let Some(shelf) = world.shelf(kind) else { return Vec::new() };
    if shelf.log.back().is_none_or(|newest| newest.rv <= version) {
        return now.map(|(_, object)| object).collect();
    }
    let mut then: BTreeMap<(Name, Name), Arc<Stored>> = now.collect();
    for change in shelf.log.iter().rev().take_while(|c| c.rv > version) {
        let key = (change.now.key.ns.clone(), change.now.key.name.clone());
        if !ns.is_empty() && *key.0 != *ns {
            continue;
        }
        match (&change.before, change.did) {
            (Some(before), Did::Modified | Did::Deleted) => {
                then.insert(key, Arc::clone(before));
            }
            _ => {
                then.remove(&key);
            }
        }
    }
    then.into_values().collect()
}
