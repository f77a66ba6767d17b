//! Who may do what: `system:masters`, the cluster's stored Roles and bindings, and injected denials.
//! Called by `dispatch` (every request) and by the access reviews.

use http::Method;
use serde_json::Value;

use super::Call;
use super::route::Target;
use crate::sim::cluster::{Cluster, Identity};
use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError};
use crate::sim::store::World;
use crate::sim::table;

/// What somebody wants to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    /// Plural, with `/subresource`.
    pub(crate) resource: &'a str,
    pub(crate) ns: &'a str,
    pub(crate) name: &'a str,
}

/// Refuses what the caller may not do, in the API server's words.
pub(crate) fn check(cluster: &Cluster, call: &Call, target: &Target, verb: &str) -> Answer<()> {
    let resource = if target.sub.is_empty() {
        target.plural.clone()
    } else {
        format!("{}/{}", target.plural, target.sub)
    };
    let ns = if target.plural == "namespaces" && !target.name.is_empty() { &target.name } else { &target.ns };
    let wish = Wish { verb, group: &target.group, resource: &resource, ns, name: &target.name };
    let world = cluster.lock();
    let rained = cluster.fault().forbids(verb, &resource, &target.ns);
    if !rained && allowed(&world, &call.who, &wish) {
        return Ok(());
    }
    let who = &call.who.user;
    let mut scope =
        if ns.is_empty() { "at the cluster scope".to_string() } else { format!("in the namespace \"{ns}\"") };
    if call.method == Method::OPTIONS {
        scope.clear();
    }
    let why = format!(
        "User \"{who}\" cannot {verb} resource \"{resource}\" in API group \"{}\" {scope}",
        target.group
    );
    let res = match target.kind {
        Some(kind) => world.resource(kind),
        None => std::sync::Arc::new(table::Resource {
            group: target.group.clone().into(),
            plural: target.plural.clone().into(),
            ..(*world.resource(table::POD)).clone()
        }),
    };
    Err(ApiError::forbidden(&res, &target.name, &why))
}

/// Does anything grant the wish?
pub(crate) fn allowed(world: &World, who: &Identity, wish: &Wish<'_>) -> bool {
    if who.groups.iter().any(|g| g == "system:masters") {
        return true;
    }
    let authenticated = who.groups.iter().any(|g| g == "system:authenticated");
    if authenticated && wish.group.starts_with("auth") && wish.resource.starts_with("selfsubject") {
        return true;
    }
    rules(world, who, wish.ns).iter().any(|rule| grants(rule, wish))
}

/// All rules somebody has: cluster-wide ones and those of a namespace.
pub(crate) fn rules(world: &World, who: &Identity, ns: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let bindings = world.all(table::CLUSTERROLEBINDING, "").map(|b| (b, true));
    let local: Vec<_> = if ns.is_empty() { Vec::new() } else { world.all(table::ROLEBINDING, ns).collect() };
    for (binding, _) in bindings.chain(local.into_iter().map(|b| (b, false))) {
        let value = binding.value();
        if !j::list(&value, "subjects").iter().any(|s| is_subject(s, who)) {
            continue;
        }
        let name = j::text(&value, "roleRef.name");
        let role = if j::text(&value, "roleRef.kind") == "Role" {
            world.get(table::ROLE, &binding.key.ns, name)
        } else {
            world.get(table::CLUSTERROLE, "", name)
        };
        if let Some(role) = role {
            out.extend(j::list(&role.value(), "rules").iter().cloned());
        }
    }
    out
}

fn is_subject(subject: &Value, who: &Identity) -> bool {
    let name = j::text(subject, "name");
    match j::text(subject, "kind") {
        "User" => name == who.user,
        "Group" => who.groups.iter().any(|g| g == name),
        "ServiceAccount" => {
            who.user == format!("system:serviceaccount:{}:{name}", j::text(subject, "namespace"))
        }
        _ => false,
    }
}

fn grants(rule: &Value, wish: &Wish<'_>) -> bool {
    let has = |list: &str, item: &str| j::list(rule, list).iter().any(|x| x == item || x == "*");
    let sub = wish.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let names = j::list(rule, "resourceNames");
    has("verbs", wish.verb)
        && has("apiGroups", wish.group)
        && (has("resources", wish.resource)
            || sub.is_some_and(|s| j::list(rule, "resources").iter().any(|x| *x == s)))
        && (names.is_empty() || names.iter().any(|n| n == wish.name))
}
