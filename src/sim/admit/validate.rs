//! Validation: what the API server refuses, in its words. Only rules a user or a story meets.
//! Called by the write paths.

use serde_json::{Value, json};

use crate::sim::json as j;
use crate::sim::object::Name;
use crate::sim::quantity;
use crate::sim::selector::Selector;
use crate::sim::status::Cause;
use crate::sim::table::{self, KindId};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const LABEL_KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// All reasons to refuse an object.
pub(crate) fn validate(kind: KindId, value: &Value, before: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if before.is_none() {
        name(kind, value, &mut causes);
    }
    labels(value, &mut causes);
    match kind {
        table::DEPLOYMENT | table::REPLICASET | table::STATEFULSET | table::DAEMONSET => {
            workload(kind, value, before, &mut causes);
        }
        table::JOB => {
            let policy = j::text(value, "spec.template.spec.restartPolicy");
            if !matches!(policy, "Never" | "OnFailure") {
                causes.push(Cause {
                    reason: "FieldValueRequired",
                    field: "spec.template.spec.restartPolicy".into(),
                    message: "Required value: valid values: \"OnFailure\", \"Never\"".into(),
                });
            }
            pod_spec(j::at(value, "spec.template.spec"), "spec.template.spec", &mut causes);
            if let Some(before) = before
                && j::at(before, "spec.template") != j::at(value, "spec.template")
                && j::at(before, "spec.suspend") != &json!(true)
            {
                causes.push(Cause::invalid("spec.template", &json!("..."), "field is immutable"));
            }
        }
        table::CRONJOB => {
            let schedule = j::at(value, "spec.schedule");
            let text = schedule.as_str().unwrap_or("");
            if text.is_empty() {
                causes.push(Cause::required("spec.schedule", ""));
            } else if crate::sim::controllers::cron_fields(text).is_none() {
                let words: Vec<&str> = text.split_whitespace().collect();
                let why = if words.len() == 5 {
                    "failed to parse".to_string()
                } else {
                    format!("expected exactly 5 fields, found {}: [{}]", words.len(), words.join(" "))
                };
                causes.push(Cause::invalid("spec.schedule", schedule, &why));
            }
        }
        table::POD => pod(value, before, &mut causes),
        table::SERVICE => service(value, &mut causes),
        table::HPA => {
            let (least, most) = (
                j::int(value, "spec.minReplicas").unwrap_or(1),
                j::int(value, "spec.maxReplicas").unwrap_or(0),
            );
            if most < 1 {
                causes.push(Cause::invalid("spec.maxReplicas", &json!(most), "must be greater than 0"));
            }
            if most < least {
                causes.push(Cause::invalid(
                    "spec.maxReplicas",
                    &json!(most),
                    "must be greater than or equal to `minReplicas`",
                ));
            }
        }
        table::CONFIGMAP | table::SECRET => {
            if let Some(before) = before
                && j::at(before, "immutable") == &json!(true)
                && before.get("data") != value.get("data")
            {
                causes.push(Cause {
                    reason: "FieldValueForbidden",
                    field: "data".into(),
                    message: "Forbidden: field is immutable when `immutable` is set".into(),
                });
            }
        }
        _ => {}
    }
    causes
}

fn is_label(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty()
        && text.len() <= 63
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| edge(c) || c == '-')
}

fn name(kind: KindId, value: &Value, causes: &mut Vec<Cause>) {
    let text = j::text(value, "metadata.name");
    if text.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
        return;
    }
    let shown = json!(text);
    match kind {
        table::NAMESPACE => {
            if !is_label(text) {
                causes.push(Cause::invalid("metadata.name", &shown, LABEL));
            }
        }
        table::SERVICE => {
            if !is_label(text) || text.starts_with(|c: char| c.is_ascii_digit()) {
                causes.push(Cause::invalid("metadata.name", &shown, LABEL_1035));
            }
        }
        table::ROLE | table::ROLEBINDING | table::CLUSTERROLE | table::CLUSTERROLEBINDING | table::EVENT => {}
        _ => {
            if text.len() > 253 || !text.split('.').all(|part| is_label(part) || part.len() > 63) {
                causes.push(Cause::invalid("metadata.name", &shown, SUBDOMAIN));
            }
        }
    }
}

/// Keys and values of labels.
fn labels(value: &Value, causes: &mut Vec<Cause>) {
    for (key, text) in j::pairs(j::at(value, "metadata.labels")) {
        let name = key.rsplit('/').next().unwrap_or(key);
        if !is_label_part(name) {
            causes.push(Cause::invalid("metadata.labels", &json!(key), LABEL_KEY));
        }
        if !text.is_empty() && !is_label_part(text) {
            causes.push(Cause::invalid("metadata.labels", &json!(text), LABEL_VALUE));
        }
    }
}

fn is_label_part(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    !text.is_empty()
        && text.len() <= 63
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.'))
}

fn service(value: &Value, causes: &mut Vec<Cause>) {
    const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    let kind = j::text(value, "spec.type");
    let headless = j::text(value, "spec.clusterIP") == "None";
    let ports = j::list(value, "spec.ports");
    if ports.is_empty() && kind != "ExternalName" && !headless {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        for field in ["port", "targetPort"] {
            let number = j::at(port, field);
            if number.as_i64().is_some_and(|n| !(1..=65_535).contains(&n)) {
                let at = format!("spec.ports[{index}].{field}");
                causes.push(Cause::invalid(&at, number, "must be between 1 and 65535, inclusive"));
            }
        }
    }
    if !kind.is_empty() && !TYPES.contains(&kind) {
        causes.push(Cause::unsupported("spec.type", &json!(kind), &TYPES));
    }
}

fn workload(kind: KindId, value: &Value, before: Option<&Value>, causes: &mut Vec<Cause>) {
    let selector = j::at(value, "spec.selector");
    let labels = j::at(value, "spec.template.metadata.labels");
    let replicas = j::int(value, "spec.replicas").unwrap_or(0);
    if replicas < 0 {
        causes.push(Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0"));
    }
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if Selector::of_json(selector).is_empty() {
        causes.push(Cause::invalid(
            "spec.selector",
            selector,
            &format!(
                "empty selector is invalid for {}",
                if kind == table::DAEMONSET { "daemonset" } else { "deployment" }
            ),
        ));
    }
    let have: Vec<(Name, Name)> = j::pairs(labels).map(|(k, v)| (k.into(), v.into())).collect();
    if selector.is_null() || !Selector::of_json(selector).matches(&have) {
        let shown = if labels.is_null() { Value::Null } else { labels.clone() };
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            &shown,
            "`selector` does not match template `labels`",
        ));
    }
    if let Some(before) = before
        && j::at(before, "spec.selector") != selector
    {
        causes.push(Cause::invalid("spec.selector", selector, "field is immutable"));
    }
    if kind == table::STATEFULSET
        && let Some(before) = before
    {
        let fixed = ["serviceName", "podManagementPolicy", "volumeClaimTemplates"];
        if fixed.iter().any(|f| j::at(before, "spec").get(*f) != j::at(value, "spec").get(*f)) {
            causes.push(Cause {
                reason: "FieldValueForbidden",
                field: "spec".into(),
                message: "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden".into(),
            });
        }
    }
    let policy = j::text(value, "spec.template.spec.restartPolicy");
    if !matches!(policy, "Always" | "") {
        causes.push(Cause::unsupported("spec.template.spec.restartPolicy", &json!(policy), &["Always"]));
    }
    pod_spec(j::at(value, "spec.template.spec"), "spec.template.spec", causes);
}

fn pod(value: &Value, before: Option<&Value>, causes: &mut Vec<Cause>) {
    pod_spec(j::at(value, "spec"), "spec", causes);
    let Some(before) = before else { return };
    let masked = |v: &Value| {
        let mut spec = j::at(v, "spec").clone();
        for list in ["containers", "initContainers"] {
            for container in j::existing_list_mut(&mut spec, list).into_iter().flatten() {
                j::remove(container, "image");
            }
        }
        for field in
            ["tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds", "ephemeralContainers"]
        {
            j::remove(&mut spec, field);
        }
        spec
    };
    if masked(value) != masked(before) {
        causes.push(Cause {
            reason: "FieldValueForbidden",
            field: "spec".into(),
            message: "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)".into(),
        });
    }
}

fn pod_spec(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    let containers = j::list(spec, "containers");
    if containers.is_empty() {
        causes.push(Cause::required(&format!("{path}.containers"), ""));
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let at = format!("{path}.containers[{index}]");
        let name = j::text(container, "name");
        if name.is_empty() {
            causes.push(Cause::required(&format!("{at}.name"), ""));
        } else if !is_label(name) {
            causes.push(Cause::invalid(&format!("{at}.name"), &json!(name), LABEL));
        } else if seen.contains(&name) {
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                field: format!("{at}.name"),
                message: format!("Duplicate value: \"{name}\""),
            });
        }
        seen.push(name);
        if j::text(container, "image").is_empty() {
            causes.push(Cause::required(&format!("{at}.image"), ""));
        }
        for resource in ["cpu", "memory"] {
            let request = quantity::any_milli(j::at(container, &format!("resources.requests.{resource}")));
            let limit = quantity::any_milli(j::at(container, &format!("resources.limits.{resource}")));
            if let (Some(request), Some(limit)) = (request, limit)
                && request > limit
            {
                let shown = j::at(container, &format!("resources.requests.{resource}"));
                let most = j::at(container, &format!("resources.limits.{resource}")).as_str().unwrap_or("");
                causes.push(Cause::invalid(
                    &format!("{at}.resources.requests"),
                    shown,
                    &format!("must be less than or equal to {resource} limit of {most}"),
                ));
            }
        }
    }
}
