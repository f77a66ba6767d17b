//! Label and field selectors: parsed from a query or from an object's `selector`.
//! Never: listing. Called by list, watch, deletecollection and the controllers.

use serde_json::Value;

use super::json;
use super::object::{Name, Stored};
use super::status::{Answer, ApiError};
use super::table::{self, KindId};

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A label selector; empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    needs: Vec<Need>,
    nothing: bool,
}

impl Selector {
    /// Does a label set match?
    pub(crate) fn matches(&self, labels: &[(Name, Name)]) -> bool {
        let get = |key: &str| labels.iter().find(|(k, _)| &**k == key).map(|(_, v)| &**v);
        !self.nothing
            && self.needs.iter().all(|need| match need {
                Need::In(key, values) => get(key).is_some_and(|v| values.iter().any(|x| x == v)),
                Need::NotIn(key, values) => get(key).is_none_or(|v| values.iter().all(|x| x != v)),
                Need::Exists(key) => get(key).is_some(),
                Need::Absent(key) => get(key).is_none(),
            })
    }

    /// Matches everything?
    pub(crate) fn is_empty(&self) -> bool {
        self.needs.is_empty() && !self.nothing
    }

    /// The text form, as `status.selector` of a Scale has it.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<String> = self
            .needs
            .iter()
            .map(|need| match need {
                Need::In(key, values) => match values.as_slice() {
                    [one] => format!("{key}={one}"),
                    many => format!("{key} in ({})", many.join(",")),
                },
                Need::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
                Need::Exists(key) => key.clone(),
                Need::Absent(key) => format!("!{key}"),
            })
            .collect();
        parts.join(",")
    }

    /// Reads `a=b,c!=d,e in (f,g),h,!i`.
    pub(crate) fn parse(text: &str) -> Answer<Self> {
        let mut needs = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            // `a===b`: the lexer reads `==`, then finds another operator where a value has to be.
            if part.split_once("==").is_some_and(|(_, value)| value.trim().starts_with('=')) {
                return Err(ApiError::bad_request(
                    "unable to parse requirement: found '=', expected: identifier",
                ));
            }
            needs.push(need(part).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "unable to parse requirement: found '{part}', expected: ',', or 'end of string'"
                ))
            })?);
        }
        Ok(Self { needs, nothing: false })
    }

    /// Reads a `metav1.LabelSelector`; null matches nothing.
    pub(crate) fn of_json(value: &Value) -> Self {
        if value.is_null() {
            return Self { needs: Vec::new(), nothing: true };
        }
        let mut needs: Vec<Need> = json::pairs(json::at(value, "matchLabels"))
            .map(|(k, v)| Need::In(k.into(), vec![v.into()]))
            .collect();
        for item in json::list(value, "matchExpressions") {
            let key = json::text(item, "key").to_string();
            let values: Vec<String> =
                json::list(item, "values").iter().filter_map(|v| v.as_str().map(Into::into)).collect();
            needs.push(match json::text(item, "operator") {
                "In" => Need::In(key, values),
                "NotIn" => Need::NotIn(key, values),
                "Exists" => Need::Exists(key),
                _ => Need::Absent(key),
            });
        }
        Self { needs, nothing: false }
    }

    /// The selector of a body, for the kinds that choose pods.
    pub(crate) fn of_kind(kind: KindId, value: &Value) -> Option<Self> {
        let selector = || json::at(value, "spec.selector");
        match kind {
            table::SERVICE => Some(Self::of_map(selector())),
            table::PDB
            | table::DEPLOYMENT
            | table::REPLICASET
            | table::STATEFULSET
            | table::DAEMONSET
            | table::JOB => Some(Self::of_json(selector())),
            _ => None,
        }
    }

    /// Reads a plain map (a Service's selector); empty matches nothing.
    pub(crate) fn of_map(value: &Value) -> Self {
        let needs: Vec<Need> = json::pairs(value).map(|(k, v)| Need::In(k.into(), vec![v.into()])).collect();
        Self { nothing: needs.is_empty(), needs }
    }
}

fn split(text: &str) -> Vec<&str> {
    let (mut out, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(from..));
    out
}

fn need(part: &str) -> Option<Need> {
    let key_ok = |key: &str| {
        !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
    };
    if let Some((key, list)) = part.split_once(" notin ").or_else(|| part.split_once(" notin(")) {
        return key_ok(key.trim()).then(|| Need::NotIn(key.trim().into(), values(list)));
    }
    if let Some((key, list)) = part.split_once(" in ").or_else(|| part.split_once(" in(")) {
        return key_ok(key.trim()).then(|| Need::In(key.trim().into(), values(list)));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return key_ok(key.trim()).then(|| Need::NotIn(key.trim().into(), vec![value.trim().into()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return key_ok(key.trim()).then(|| Need::In(key.trim().into(), vec![value.trim().into()]));
    }
    if let Some(key) = part.strip_prefix('!') {
        return key_ok(key.trim()).then(|| Need::Absent(key.trim().into()));
    }
    key_ok(part).then(|| Need::Exists(part.into()))
}

fn values(list: &str) -> Vec<String> {
    list.trim()
        .trim_start_matches('(')
        .trim_end_matches(')')
        .split(',')
        .map(|v| v.trim().to_string())
        .collect()
}

/// Does an object choose these labels?
pub(crate) fn chooses(object: &Stored, labels: &[(Name, Name)]) -> bool {
    object.selector.as_ref().is_some_and(|s| s.matches(labels))
}

/// A field selector.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    needs: Vec<(String, bool, String)>,
}

impl Fields {
    /// Reads `a=b,c!=d` and refuses fields the kind does not offer.
    pub(crate) fn parse(text: &str, kind: usize, kind_name: &str, api_version: &str) -> Answer<Self> {
        let mut needs = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (field, equal, value) = if let Some((f, v)) = part.split_once("!=") {
                (f, false, v)
            } else if let Some((f, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (f, true, v)
            } else {
                return Err(ApiError::bad_request(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                )));
            };
            if !offered(kind, field) {
                return Err(ApiError::bad_request(
                    if kind == table::POD || kind == table::EVENT || kind == table::NODE {
                        format!("field label not supported: {field}")
                    } else {
                        let _ = (kind_name, api_version);
                        format!(
                            "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                        )
                    },
                ));
            }
            needs.push((field.into(), equal, value.into()));
        }
        Ok(Self { needs })
    }

    /// The name asked for, when the selector fixes one.
    pub(crate) fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// Does an object match?
    pub(crate) fn matches(&self, object: &Stored) -> bool {
        let mut parsed: Option<Value> = None;
        self.needs.iter().all(|(field, equal, wanted)| {
            let same = match (field.as_str(), &object.pod) {
                ("metadata.name", _) => *object.key.name == **wanted,
                ("metadata.namespace", _) => *object.key.ns == **wanted,
                ("spec.nodeName", Some(pod)) => pod.node.as_deref().unwrap_or("") == wanted,
                ("status.phase", Some(pod)) => pod.phase.text() == wanted,
                _ => {
                    let value = parsed.get_or_insert_with(|| object.value());
                    let path = if field == "source" { "source.component" } else { field };
                    match json::at(value, path) {
                        Value::String(text) => text == wanted,
                        Value::Null => {
                            wanted.is_empty() || wanted == "false" && field == "spec.unschedulable"
                        }
                        other => {
                            let text = other.to_string();
                            text == *wanted
                        }
                    }
                }
            };
            same == *equal
        })
    }
}

fn offered(kind: usize, field: &str) -> bool {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return true;
    }
    match kind {
        table::POD => matches!(
            field,
            "spec.nodeName"
                | "spec.restartPolicy"
                | "spec.schedulerName"
                | "spec.serviceAccountName"
                | "spec.hostNetwork"
                | "status.phase"
                | "status.podIP"
                | "status.nominatedNodeName"
        ),
        table::EVENT => {
            field.starts_with("involvedObject.")
                || matches!(field, "reason" | "reportingComponent" | "source" | "type")
        }
        table::NODE => field == "spec.unschedulable",
        table::SECRET => field == "type",
        table::NAMESPACE => field == "status.phase",
        table::JOB => field == "status.successful",
        table::REPLICASET => field == "status.replicas",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors() {
        let labels: Vec<(Name, Name)> = vec![("app".into(), "web".into()), ("tier".into(), "front".into())];
        for (text, expected) in [
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app in (api, web),tier", true),
            ("app notin (web)", false),
            ("!gone,app", true),
            ("!app", false),
            ("", true),
        ] {
            assert_eq!(Selector::parse(text).unwrap().matches(&labels), expected, "{text}");
        }
        assert!(Selector::parse("a b c").is_err());
    }
}
