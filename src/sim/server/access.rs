//! Reviews of oneself and others: SelfSubjectAccessReview, SelfSubjectRulesReview, SelfSubjectReview, SubjectAccessReview.
//! Called by `dispatch`.

use http::{Method, Response};
use serde_json::json;

use super::body::{self, Body};
use super::rbac::{self, Wish};
use super::route::Target;
use super::{Call, incoming};
use crate::sim::cluster::{Cluster, Identity};
use crate::sim::json as j;
use crate::sim::status::{Answer, ApiError};

/// Answers a review; `None` when the target is none.
pub(crate) fn review(cluster: &Cluster, call: &Call, target: &Target) -> Option<Answer<Response<Body>>> {
    let plural = target.plural.as_str();
    let known = matches!(
        (target.group.as_str(), plural),
        (
            "authorization.k8s.io",
            "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "subjectaccessreviews"
        ) | ("authentication.k8s.io", "selfsubjectreviews")
    );
    if !known {
        return None;
    }
    if call.method != Method::POST {
        return Some(Err(ApiError::method_not_allowed()));
    }
    Some(answer(cluster, call, plural))
}

fn answer(cluster: &Cluster, call: &Call, plural: &str) -> Answer<Response<Body>> {
    let mut value = incoming::parse(call)?;
    let world = cluster.lock();
    let mut who = call.who.clone();
    match plural {
        "selfsubjectreviews" => {
            let info = json!({"username": who.user, "groups": who.groups});
            j::set(&mut value, "status", json!({"userInfo": info}));
            j::set(&mut value, "metadata.creationTimestamp", world.stamp());
        }
        "selfsubjectrulesreviews" => {
            // As the authorizer says it: what everybody may, then what bindings grant, then the administrator's all.
            let master = who.groups.iter().any(|g| g == "system:masters");
            let mut rules = vec![
                json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
                    "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}),
                json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
            ];
            let mut paths = vec![
                json!({"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}),
                json!({"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez",
                    "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]}),
            ];
            if master {
                rules.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
                paths.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
            } else {
                rules.extend(rbac::rules(&world, &who, j::text(&value, "spec.namespace")));
            }
            let status = json!({"resourceRules": rules, "nonResourceRules": paths, "incomplete": false});
            j::set(&mut value, "status", status);
        }
        _ => {
            if plural == "subjectaccessreviews" {
                who = Identity {
                    user: j::text(&value, "spec.user").into(),
                    groups: j::list(&value, "spec.groups")
                        .iter()
                        .filter_map(|g| g.as_str().map(Into::into))
                        .collect(),
                };
            }
            let ask = j::at(&value, "spec.resourceAttributes");
            let mut resource = j::text(ask, "resource").to_string();
            if !j::text(ask, "subresource").is_empty() {
                resource = format!("{resource}/{}", j::text(ask, "subresource"));
            }
            let wish = Wish {
                verb: j::text(ask, "verb"),
                group: j::text(ask, "group"),
                resource: &resource,
                ns: j::text(ask, "namespace"),
                name: j::text(ask, "name"),
            };
            let denied = cluster.fault().forbids(wish.verb, wish.resource, wish.ns);
            let path = !j::at(&value, "spec.nonResourceAttributes").is_null();
            let allowed = !denied && (path || rbac::allowed(&world, &who, &wish));
            let status =
                if allowed { json!({"allowed": true, "reason": ""}) } else { json!({"allowed": false}) };
            j::set(&mut value, "status", status);
        }
    }
    Ok(body::value(201, &value))
}
