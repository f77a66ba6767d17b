//! Rights: reviews, impersonation, refusals in the real words, roles.

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use super::ground::{Answer, Ground, Outcome, cases, holds, same};

cases!("access": who_am_i, may_i, others_are_refused, roles_grant, custom_resources);

async fn as_user(g: &Ground, user: &str, method: &str, path: &str, body: &Value) -> Outcome<Answer> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("impersonate-user", user)
        .header("content-type", "application/json")
        .body(Body::from(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }))
        .map_err(|e| e.to_string())?;
    let response = g.client.send(request).await.map_err(|e| e.to_string())?;
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    Ok(Answer { code, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
}

fn review(verb: &str, resource: &str, ns: &str) -> Value {
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {
        "verb": verb, "resource": resource, "namespace": ns}}})
}

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

async fn who_am_i(g: &Ground) -> Outcome {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = as_user(g, "jane", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", &body)
        .await?
        .is(201)?;
    same("user", answer.text("/status/userInfo/username"), "jane")?;
    holds("group", answer.list("/status/userInfo/groups").iter().any(|x| x == "system:authenticated"))
}

async fn may_i(g: &Ground) -> Outcome {
    let admin = g.post(REVIEWS, &review("delete", "pods", &g.ns)).await?.is(201)?;
    holds("the administrator may", admin.body["status"]["allowed"] == true)?;
    let jane = as_user(g, "jane", "POST", REVIEWS, &review("delete", "pods", &g.ns)).await?.is(201)?;
    holds("jane may not", jane.body["status"]["allowed"] == false)
}

async fn others_are_refused(g: &Ground) -> Outcome {
    as_user(g, "jane", "GET", &g.core("pods"), &Value::Null).await?.fails(
        403,
        "Forbidden",
        &format!("pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"{}\"", g.ns),
    )?;
    as_user(g, "jane", "GET", "/api/v1/nodes", &Value::Null).await?.fails(
        403,
        "Forbidden",
        "nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope",
    )?;
    let path = g.apps("deployments/d/scale");
    as_user(g, "jane", "GET", &path, &Value::Null).await?.fails(
        403,
        "Forbidden",
        "deployments.apps \"d\" is forbidden: User \"jane\" cannot get resource \"deployments/scale\" in API group \"apps\" in the namespace",
    )?;
    Ok(())
}

async fn roles_grant(g: &Ground) -> Outcome {
    let rbac = "rbac.authorization.k8s.io/v1";
    let role = json!({"apiVersion": rbac, "kind": "Role", "metadata": {"name": "reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "get"]}]});
    let user = format!("reader-{}", g.ns);
    let binding = json!({"apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]});
    g.post(&g.group(rbac, "roles"), &role).await?.is(201)?;
    g.post(&g.group(rbac, "rolebindings"), &binding).await?.is(201)?;
    g.wait("the right to take effect", || {
        Box::pin(async { Ok(as_user(g, &user, "GET", &g.core("pods"), &Value::Null).await?.code == 200) })
    })
    .await?;
    as_user(g, &user, "GET", &g.core("pods?watch=true"), &Value::Null).await?.is(403)?;
    as_user(g, &user, "GET", &g.core("configmaps"), &Value::Null).await?.is(403)?;
    Ok(())
}

async fn custom_resources(g: &Ground) -> Outcome {
    let group = format!("{}.example.com", g.ns);
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("widgets.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    g.post(path, &crd).await?.is(201)?;
    g.until(&format!("{path}/widgets.{group}"), "Established", |c| {
        c.list("/status/conditions").iter().any(|x| x["type"] == "Established" && x["status"] == "True")
    })
    .await?;
    let widgets = format!("/apis/{group}/v1/namespaces/{}/widgets", g.ns);
    g.until(&widgets, "the new type", |w| w.code == 200).await?;
    let widget = json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}});
    g.post(&widgets, &widget).await?.is(201)?;
    let list = g.get(&widgets).await?.is(200)?;
    same("kind", list.text("/kind"), "WidgetList")?;
    same("items of custom types name their kind", list.text("/items/0/kind"), "Widget")?;
    g.delete(&format!("{path}/widgets.{group}"), &json!({})).await?.is(200)?;
    g.until(&widgets, "the type gone", |w| w.code == 404).await?;
    Ok(())
}
