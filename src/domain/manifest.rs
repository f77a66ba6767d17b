//! Manifests: the YAML or JSON a person hands over, as objects in the order to apply them in.
//!
//! Lives here: parting documents, reading them, lists, the order of kinds, the images named. Never: files,
//! rendering (helm, kustomize) or what a server says of them. Called by `ops::deploy`, `ops::apply` and the editor.

use serde_json::Value;

/// One object of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// As written; whether the kind has one is for the server's discovery to say.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The whole object.
    pub body: Value,
    /// Which document of the text it stood in, from 1.
    pub document: usize,
}

impl Manifest {
    /// `Deployment/web`, with the namespace in front if it has one.
    pub fn target(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}/{}", self.kind, self.name),
            None => format!("{}/{}", self.kind, self.name),
        }
    }

    /// The group of its `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// A text that is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is neither YAML nor JSON. The line is of the whole text, from 1.
    #[error("document {document}, line {line}: {why}")]
    Syntax {
        /// Which document, from 1.
        document: usize,
        /// Which line, from 1.
        line: u64,
        /// The parser's words.
        why: String,
    },
    /// It can be read and is no Kubernetes object.
    #[error("document {document}, from line {line}: {why}")]
    Shape {
        /// Which document, from 1.
        document: usize,
        /// Where the document begins, from 1.
        line: u64,
        /// What is missing or wrong.
        why: String,
    },
    /// Larger than any manifest.
    #[error("{megabytes} MB of text are too much for one manifest (at most {max} MB)", max = MAX_MEGABYTES)]
    TooLarge {
        /// How large.
        megabytes: usize,
    },
}

/// The most text that is read at once.
pub const MAX_MEGABYTES: usize = 64;

/// Reads a text of one or more documents. Empty documents are passed over; `List` kinds become their items.
pub fn parse(text: &str) -> Result<Vec<Manifest>, ManifestError> {
    let megabytes = text.len() >> 20;
    if megabytes >= MAX_MEGABYTES {
        return Err(ManifestError::TooLarge { megabytes });
    }
    let mut out = Vec::new();
    if let Some(values) = json(text) {
        for (i, value) in values.into_iter().enumerate() {
            add(&mut out, value, At { document: i + 1, line: 1 }, 0)?;
        }
        return Ok(out);
    }
    let mut document = 0;
    for part in documents(text) {
        let at = At { document: document + 1, line: part.line };
        let value = yaml(&part, at)?;
        if !value.is_null() {
            document += 1;
            add(&mut out, value, at, 0)?;
        }
    }
    Ok(out)
}

/// JSON, also several values behind each other; `None` when it is no JSON and has to be read as YAML.
fn json(text: &str) -> Option<Vec<Value>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<_, _>>().ok()
}

#[derive(Clone, Copy)]
struct At {
    document: usize,
    line: u64,
}

/// A document, and the line of the whole text it begins in.
struct Part<'a> {
    text: &'a str,
    line: u64,
}

/// Parts a text at its document marks, as kubectl does; documents of nothing but comments are left out.
fn documents(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    let mut at = 0;
    for (line, number) in text.split_inclusive('\n').zip(1u64..) {
        let begins = is_mark(line, "---");
        let ends = is_mark(line, "...");
        if begins {
            parts.push(Part { text: text.get(start..at).unwrap_or(""), line: first_line });
            (start, first_line) = (at, number);
        }
        at += line.len();
        if ends {
            parts.push(Part { text: text.get(start..at).unwrap_or(""), line: first_line });
            (start, first_line) = (at, number + 1);
        }
    }
    parts.push(Part { text: text.get(start..).unwrap_or(""), line: first_line });
    parts.retain(|part| part.text.lines().any(is_content));
    parts
}

fn is_mark(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_content(line: &str) -> bool {
    let line = line.strip_prefix("---").or_else(|| line.strip_prefix("...")).unwrap_or(line);
    let line = line.trim_start_matches('\u{feff}').trim();
    !(line.is_empty() || line.starts_with('#') || line.starts_with('%'))
}

fn yaml(part: &Part<'_>, at: At) -> Result<Value, ManifestError> {
    // `defaultMode: 0644` is octal to kubectl (YAML 1.1), so it has to be here.
    let options = serde_saphyr::options! { legacy_octal_numbers: true, with_snippet: false };
    serde_saphyr::from_str_with_options::<Value>(part.text, options).map_err(|error| {
        let error = error.without_snippet();
        let within = error.location().map_or(1, |l| l.line().max(1));
        let line = at.line + within - 1;
        ManifestError::Syntax { document: at.document, line, why: in_words(&error.to_string()) }
    })
}

/// The parser's words on one line, without its own place: that counts from the document's start and is said
/// already.
fn in_words(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("cannot be read");
    let place = line.rfind(" at line ").filter(|at| line.get(at + 9..).is_some_and(|r| r.len() < 30));
    place.and_then(|at| line.get(..at)).unwrap_or(line).to_owned()
}

/// Lists of lists end somewhere.
const MAX_NESTED_LISTS: usize = 8;

fn add(out: &mut Vec<Manifest>, mut body: Value, at: At, depth: usize) -> Result<(), ManifestError> {
    let shape = |why: String| ManifestError::Shape { document: at.document, line: at.line, why };
    if !body.is_object() {
        return Err(shape(format!(
            "a manifest is an object with apiVersion and kind, this is {}",
            what(&body)
        )));
    }
    let word = |path: &str| body.pointer(path).and_then(Value::as_str).unwrap_or("").to_owned();
    let (api_version, kind) = (word("/apiVersion"), word("/kind"));
    if api_version.is_empty() || kind.is_empty() {
        let missing = if kind.is_empty() { "kind" } else { "apiVersion" };
        return Err(shape(format!("`{missing}` is missing")));
    }
    let name = word("/metadata/name");
    let namespace = Some(word("/metadata/namespace")).filter(|n| !n.is_empty());
    if kind.ends_with("List") && name.is_empty() && body.get("items").is_some_and(Value::is_array) {
        if depth >= MAX_NESTED_LISTS {
            return Err(shape("lists within lists without end".to_owned()));
        }
        if let Some(Value::Array(items)) = body.get_mut("items").map(Value::take) {
            for item in items {
                add(out, item, at, depth + 1)?;
            }
        }
        return Ok(());
    }
    if name.is_empty() {
        let why = if word("/metadata/generateName").is_empty() {
            format!("`metadata.name` of this {kind} is missing")
        } else {
            format!("this {kind} has `generateName`: what is applied needs a `metadata.name`")
        };
        return Err(shape(why));
    }
    out.push(Manifest { api_version, kind, namespace, name, body, document: at.document });
    Ok(())
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The order kinds are applied in: helm's install order, with namespaces and definitions in front and what
/// watches every request last.
const ORDER: [&str; 33] = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "",
    "APIService",
    "MutatingWebhookConfiguration",
];

/// The place of a kind in the order of applying. Kinds that are not named stand behind the built-in ones, before
/// what watches every request.
pub fn order(kind: &str) -> usize {
    if kind == "ValidatingWebhookConfiguration" {
        return ORDER.len();
    }
    let place = |kind: &str| ORDER.iter().position(|k| *k == kind);
    place(kind).or_else(|| place("")).unwrap_or(ORDER.len())
}

/// Sorts for applying; kinds that are not named go by their name, and within a kind the order stays.
pub fn sort(manifests: &mut [Manifest]) {
    let unnamed = order("");
    manifests.sort_by_cached_key(|m| {
        let place = order(&m.kind);
        (place, if place == unnamed { m.kind.clone() } else { String::new() })
    });
}

/// The images an object's pods run, in order, without repeats: of a Pod, a workload, a Job or a `CronJob`.
pub fn images(object: &Value) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for spec in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            let containers = object.pointer(spec).and_then(|s| s.get(list)).and_then(Value::as_array);
            for image in containers.into_iter().flatten().filter_map(|c| c.get("image")?.as_str()) {
                if !image.is_empty() && !out.iter().any(|i| i == image) {
                    out.push(image.to_owned());
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = "# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata:\n  text: |\n    ---x\n    b\n---\n# nothing here\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      initContainers: [{image: b:1}]\n      containers: [{image: a:1}, {image: b:1}]\n";

    #[test]
    fn documents_are_parted_and_counted() {
        let all = parse(TWO).unwrap();
        let targets: Vec<_> = all.iter().map(|m| (m.target(), m.document)).collect();
        assert_eq!(targets, [("shop/ConfigMap/a".to_owned(), 1), ("Deployment/web".to_owned(), 2)]);
        assert_eq!(all[0].body["data"]["text"], "---x\nb\n");
        assert_eq!(images(&all[1].body), ["a:1", "b:1"]);
        assert_eq!((all[1].group(), all[0].group()), ("apps", ""));
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("---\n---\n...\n").unwrap(), []);
    }

    #[test]
    fn json_and_lists() {
        let list = r#"{"apiVersion":"v1","kind":"List","items":[
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}},
            {"apiVersion":"v1","kind":"SecretList","items":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}]}]}"#;
        let all = parse(list).unwrap();
        assert_eq!(all.iter().map(Manifest::target).collect::<Vec<_>>(), ["Namespace/n", "Secret/s"]);
        let two = "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\"}}\n{\"apiVersion\":\"v1\",\"kind\":\"B\",\"metadata\":{\"name\":\"b\"}}";
        assert_eq!(parse(two).unwrap().iter().map(|m| m.document).collect::<Vec<_>>(), [1, 2]);
        // Flow YAML begins as JSON does.
        assert_eq!(parse("{apiVersion: v1, kind: A, metadata: {name: a}}").unwrap().len(), 1);
    }

    #[test]
    fn octal_modes_are_kubectls() {
        let text =
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\nspec: {mode: 0644, flag: yes, text: \"0644\"}\n";
        let all = parse(text).unwrap();
        assert_eq!(all[0].body["spec"], serde_json::json!({"mode": 420, "flag": true, "text": "0644"}));
    }

    #[test]
    fn errors_say_where() {
        let broken = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\nkind: B\n  bad: [\n";
        match parse(broken).unwrap_err() {
            ManifestError::Syntax { document: 2, line, why } => {
                assert!((4..=7).contains(&line), "{line}");
                assert!(!why.contains('\n') && !why.is_empty());
            }
            other => panic!("{other}"),
        }
        for (text, part) in [
            ("kind: A\nmetadata: {name: a}\n", "`apiVersion` is missing"),
            ("apiVersion: v1\n", "`kind` is missing"),
            ("apiVersion: v1\nkind: A\n", "`metadata.name` of this A is missing"),
            ("apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n", "generateName"),
            ("- a\n", "this is a list"),
            ("just text\n", "this is a text"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(&error, ManifestError::Shape { document: 1, line: 1, .. }), "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn the_order_of_applying() {
        let manifest = |kind: &str, name: &str| Manifest {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
            body: Value::Null,
            document: 1,
        };
        let mut all: Vec<_> = [
            ("ValidatingWebhookConfiguration", "v"),
            ("Widget", "w"),
            ("Deployment", "b"),
            ("Deployment", "a"),
            ("Gadget", "g"),
            ("APIService", "x"),
            ("ConfigMap", "c"),
            ("CustomResourceDefinition", "d"),
            ("Namespace", "n"),
        ]
        .iter()
        .map(|(kind, name)| manifest(kind, name))
        .collect();
        sort(&mut all);
        let names: String = all.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, "ndcbagwxv");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}|(---|a: b|- x|\\[|\\{|\n| ){0,20}") {
            let _ = parse(&text);
        }
    }
}
