//! Columns of a person's own: values of an object by JSON path (RFC 9535; also as kubectl and k9s write them, `.spec.nodeName`,
//! `{.status.phase}`, `.metadata.labels.app\.kubernetes\.io/name`).
//!
//! They are read when an object comes, for rows keep no objects. Called by `source` for the values, and by `table_view`.

use std::sync::Arc;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::domain::interner::Interner;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;

/// A cell holds at most so many letters.
const LONGEST: usize = 256;

/// The values of one object, as many as there are paths; of most objects there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own(Option<Arc<Vec<SafeText>>>);

impl Own {
    /// Makes what many objects say the same piece of memory in all of them.
    pub fn share(&mut self, interner: &mut Interner) {
        // Before rows are kept nobody else has them.
        for text in self.0.as_mut().and_then(Arc::get_mut).into_iter().flatten() {
            interner.share(text);
        }
    }

    /// The value of the path of that number; `None` where the object has none.
    pub fn get(&self, n: usize) -> Option<&str> {
        self.0.as_ref()?.get(n).map(SafeText::as_str).filter(|text| !text.is_empty())
    }
}

/// The paths of a kind, in the order of their columns.
#[derive(Clone, Debug, Default)]
pub struct Paths(Arc<Vec<JsonPath>>);

impl Paths {
    /// Of those that can be read.
    pub fn new(paths: Vec<JsonPath>) -> Self {
        Self(Arc::new(paths))
    }

    /// Nothing is read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an object of that kind has there. What is secret stays out.
    pub fn values(&self, kind: Kind, object: &Value) -> Own {
        if self.is_empty() {
            return Own::default();
        }
        let without = (kind == Kind::Secret).then(|| without_secrets(object));
        let object = without.as_ref().unwrap_or(object);
        Own(Some(Arc::new(self.0.iter().map(|path| value(path, object)).collect())))
    }
}

/// Reads a path.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(&standard(text)).map_err(|error| format!("{text:?} is no JSON path: {error}"))
}

/// The last name in a path: what its column is called where nobody says. Numbers, `*` and questions in brackets are no names;
/// of a name with a domain it is what stands behind the slash.
pub fn last_member(path: &str) -> &str {
    let mut rest = path.trim().trim_end_matches('}');
    while let Some(inside) = rest.strip_suffix(']') {
        let quoted = inside.strip_suffix(['\'', '"']);
        if let Some(quoted) = quoted {
            let name = quoted.rsplit(['\'', '"']).next().unwrap_or(quoted);
            return name.rsplit('/').next().unwrap_or(name);
        }
        let Some(open) = rest.find('[') else { break };
        // The bracket that the end closes.
        let mut at = open;
        while at + closing(rest.get(at..).unwrap_or("")) < rest.len() {
            let from = at + closing(rest.get(at..).unwrap_or(""));
            match rest.get(from..).and_then(|behind| behind.find('[')) {
                Some(next) => at = from + next,
                None => break,
            }
        }
        rest = rest.get(..at).unwrap_or("");
    }
    let last = rest.rsplit(['.', '/']).next().unwrap_or(rest);
    if last.is_empty() { path } else { last }
}

/// What stands at a path: several values by commas, as `kubectl get -o custom-columns` prints them.
fn value(path: &JsonPath, object: &Value) -> SafeText {
    let mut out = String::new();
    for found in path.query(object).iter().filter(|v| !v.is_null()) {
        if !out.is_empty() {
            out.push(',');
        }
        match found {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        if let Some((end, _)) = out.char_indices().nth(LONGEST) {
            out.truncate(end);
            out.push('…');
            break;
        }
    }
    SafeText::from(out)
}

/// A secret without its values, and without the annotations, which may repeat them.
fn without_secrets(object: &Value) -> Value {
    let mut object = object.clone();
    for (pointer, key) in [("", "data"), ("", "stringData"), ("/metadata", "annotations")] {
        if let Some(map) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
            map.remove(key);
        }
    }
    object
}

/// kubectl's way of writing a path as that of the standard: `$` is left out there, braces may be around it, and `\.` is a dot
/// within a name.
fn standard(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text).trim();
    let text = text.strip_prefix('$').unwrap_or(text);
    let mut out = String::from("$");
    let mut rest = text;
    // `spec.x` without the first dot.
    let mut begins = !rest.starts_with(['.', '[']) && !rest.is_empty();
    while !rest.is_empty() {
        if rest.starts_with('[') {
            let end = closing(rest);
            let (inside, behind) = rest.split_at(end);
            out.push_str(&inside.replace("\\.", "."));
            rest = behind;
        } else if rest.starts_with('.') || begins {
            let dots = rest.len() - rest.trim_start_matches('.').len();
            let (lead, behind) = rest.split_at(dots);
            let (name, behind) = member(behind);
            let is_plain = !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !name.starts_with(|c: char| c.is_ascii_digit());
            match (lead, name.as_str()) {
                // A bracket follows a dot.
                (_, "") => out.push_str(if lead.len() > 1 { lead } else { "" }),
                (_, "*") => out.extend([if begins { "." } else { lead }, "*"]),
                (_, name) if is_plain => out.extend([if begins { "." } else { lead }, name]),
                (lead, name) => {
                    let name = name.replace('\\', "\\\\").replace('\'', "\\'");
                    out.extend([if lead.len() > 1 { lead } else { "" }, "['", &name, "']"]);
                }
            }
            // A dot at the end leads nowhere: the reader says so.
            if name.is_empty() && behind.is_empty() {
                out.push_str(lead);
            }
            rest = behind;
        } else {
            out.push_str(rest);
            break;
        }
        begins = false;
    }
    out
}

/// A name up to the next dot or bracket, its escapes undone, and what stands behind it.
fn member(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '.' | '[' => return (name, text.get(at..).unwrap_or("")),
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            letter => name.push(letter),
        }
    }
    (name, "")
}

/// Where the bracket ends that a text begins with; its end where it does not.
fn closing(text: &str) -> usize {
    let (mut depth, mut quote) = (0usize, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(path: &str, object: &Value) -> String {
        let paths = Paths::new(vec![parse(path).unwrap()]);
        paths.values(Kind::Pod, object).get(0).unwrap_or("–").to_owned()
    }

    #[test]
    fn as_the_standard_kubectl_and_k9s_write_them() {
        let pod = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "web", "it's": "so"}},
            "spec": {"nodeName": "n1", "containers": [{"image": "a:1"}, {"image": "b:2"}], "x-y": {"z": 7}},
            "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Old", "status": "True"}], "none": null},
        });
        for (path, value) in [
            ("$.spec.nodeName", "n1"),
            (".spec.nodeName", "n1"),
            ("spec.nodeName", "n1"),
            ("{.spec.nodeName}", "n1"),
            (".spec.containers[*].image", "a:1,b:2"),
            (".spec.containers[0].image", "a:1"),
            (".spec.containers[-1].image", "b:2"),
            ("..image", "a:1,b:2"),
            (".spec.x-y.z", "7"),
            (".spec['x-y'].z", "7"),
            (".spec.x-y", "{\"z\":7}"),
            (r".metadata.labels.app\.kubernetes\.io/name", "web"),
            (r".metadata.labels['app\.kubernetes\.io/name']", "web"),
            (".metadata.labels.it's", "so"),
            (r#".status.conditions[?(@.type=="Ready")].status"#, "False"),
            ("$.status.conditions[?@.type=='Old'].status", "True"),
            (".status.none", "–"),
            (".status.missing.deeper", "–"),
        ] {
            assert_eq!(read(path, &pod), value, "{path}");
        }
        for wrong in ["$.spec[", ".spec.", ".spec[?]", ".spec["] {
            assert!(parse(wrong).is_err(), "{wrong} {}", standard(wrong));
        }
    }

    #[test]
    fn nothing_of_a_secret_and_no_endless_cell() {
        let secret = json!({"metadata": {"name": "s", "annotations": {"last": "aGk="}}, "data": {"key": "aGk="},
            "stringData": {"key": "hi"}, "type": "Opaque"});
        let paths = [".data.key", ".stringData", "..key", ".metadata.annotations", ".type", ".metadata.name"];
        let paths = Paths::new(paths.map(|p| parse(p).unwrap()).into());
        let own = paths.values(Kind::Secret, &secret);
        let shown: Vec<_> = (0..7).map(|n| own.get(n)).collect();
        assert_eq!(shown, [None, None, None, None, Some("Opaque"), Some("s"), None]);
        let long = json!({"a": "日".repeat(9999)});
        assert_eq!(read(".a", &long).chars().count(), LONGEST + 1);
        assert_eq!(Own::default().get(0), None);
    }

    proptest::proptest! {
        #[test]
        fn no_path_panics(text in "\\PC{0,40}", odd in "[.\\[\\]'\"a*?@$(){}\\\\日]{0,20}") {
            for text in [text, odd] {
                let _ = parse(&text);
            }
        }
    }
}
