//! Roles, bindings and service accounts described.

use serde_json::Value;

use super::json::{list, selects, text, words};
use super::page::Page;
use super::pod::words_of_names;

/// A role of a namespace or of the cluster: what it allows, a row for each resource.
pub(super) fn role(page: &mut Page, object: &Value) {
    let combined: Vec<String> =
        list(object, "/aggregationRule/clusterRoleSelectors").iter().map(|s| selects(Some(s))).collect();
    page.lines("Combines Roles", combined);
    page.block("Policy Rules", |page| {
        let mut rows = Vec::new();
        for rule in list(object, "/rules") {
            let (urls, names, verbs) =
                (words(rule, "/nonResourceURLs"), words(rule, "/resourceNames"), words(rule, "/verbs"));
            let groups = list(rule, "/apiGroups");
            for resource in list(rule, "/resources").iter().filter_map(Value::as_str) {
                for group in groups.iter().filter_map(Value::as_str) {
                    rows.push([named(resource, group), urls.clone(), names.clone(), verbs.clone()]);
                }
            }
            if list(rule, "/resources").is_empty() {
                rows.push([String::new(), urls, names, verbs]);
            }
        }
        rows.sort();
        page.table(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"], rows);
    });
}

/// `deployments.apps/scale`.
fn named(resource: &str, group: &str) -> String {
    let (resource, part) = resource.split_once('/').map_or((resource, None), |(r, p)| (r, Some(p)));
    let dot = if group.is_empty() { "" } else { "." };
    let slash = if part.is_some() { "/" } else { "" };
    format!("{resource}{dot}{group}{slash}{}", part.unwrap_or(""))
}

/// A binding of either: who has which role.
pub(super) fn binding(page: &mut Page, object: &Value) {
    page.block("Role", |page| {
        page.field("Kind", text(object, "/roleRef/kind"));
        page.field("Name", text(object, "/roleRef/name"));
    });
    page.block("Subjects", |page| {
        let row = |s: &Value| ["/kind", "/name", "/namespace"].map(|pointer| text(s, pointer).to_owned());
        page.table(["Kind", "Name", "Namespace"], list(object, "/subjects").iter().map(row).collect());
    });
}

/// A service account.
pub(super) fn account(page: &mut Page, object: &Value) {
    page.field("Image Pull Secrets", words_of_names(object, "/imagePullSecrets"));
    page.known("Mountable Secrets", words_of_names(object, "/secrets"));
    if object.get("automountServiceAccountToken").and_then(Value::as_bool) == Some(false) {
        page.field("Automount Token", "false");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_with_their_group_and_part() {
        assert_eq!(named("pods", ""), "pods");
        assert_eq!(named("pods/log", ""), "pods/log");
        assert_eq!(named("deployments/scale", "apps"), "deployments.apps/scale");
        assert_eq!(named("*", "*"), "*.*");
    }
}
