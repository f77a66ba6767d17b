//! Kubernetes' protobuf, read into JSON: `kubectl create` and `kubectl auth` send it. Answers stay JSON.
//! The messages are those of `data/protobuf.txt.gz`; nothing is known of them here but how the wire is read and what JSON
//! leaves out. Called by `incoming`.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use base64::Engine;
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use super::clock;
use super::json as j;
use super::openapi;

/// Every encoded object begins so.
const MAGIC: &[u8] = b"k8s\0";
const META: &str = "k8s.io.apimachinery.pkg.apis.meta.v1.";
static PACKED: &[u8] = include_bytes!("../../data/protobuf.txt.gz");
static MESSAGES: LazyLock<BTreeMap<String, BTreeMap<u64, Field>>> = LazyLock::new(read_messages);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    /// May be there; its zero is left out of JSON.
    Value,
    /// A pointer: when it is there it counts, zero or not.
    Pointer,
    Repeated,
    Map,
}

#[derive(Clone, Debug)]
enum Kind {
    Text,
    Bool,
    Int,
    Double,
    Bytes,
    Message(String),
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    label: Label,
    kind: Kind,
}

/// Lines `=message`, then `number name label type`.
fn read_messages() -> BTreeMap<String, BTreeMap<u64, Field>> {
    let mut text = String::new();
    let _ = GzDecoder::new(PACKED).read_to_string(&mut text);
    let mut out: BTreeMap<String, BTreeMap<u64, Field>> = BTreeMap::new();
    let mut message = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('=') {
            message = full(name);
            out.entry(message.clone()).or_default();
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let [number, name, label, kind] = words.as_slice() else { continue };
        let Ok(number) = number.parse() else { continue };
        let label = match *label {
            "p" => Label::Pointer,
            "r" => Label::Repeated,
            "k" => Label::Map,
            _ => Label::Value,
        };
        let kind = match *kind {
            "s" => Kind::Text,
            "b" => Kind::Bool,
            "i" => Kind::Int,
            "d" => Kind::Double,
            "y" => Kind::Bytes,
            other => Kind::Message(full(other)),
        };
        out.entry(message.clone()).or_default().insert(number, Field { name: (*name).into(), label, kind });
    }
    out
}

fn full(short: &str) -> String {
    match (short.strip_prefix("M."), short.strip_prefix("A.")) {
        (Some(rest), _) => format!("{META}{rest}"),
        (_, Some(rest)) => format!("k8s.io.api.{rest}"),
        _ => short.to_string(),
    }
}

/// Is this an encoded object?
pub(crate) fn is(body: &[u8]) -> bool {
    body.starts_with(MAGIC)
}

/// An object, with apiVersion and kind; `None`: it makes no sense, or is of no known kind.
pub(crate) fn object(body: &[u8]) -> Option<Value> {
    let mut unknown = Wire(body.strip_prefix(MAGIC)?);
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    while let Some((number, part)) = unknown.next()? {
        match (number, part) {
            (1, Part::Bytes(bytes)) => {
                let mut meta = Wire(bytes);
                while let Some((number, Part::Bytes(text))) = meta.next()? {
                    let text = String::from_utf8_lossy(text).into_owned();
                    if number == 1 { version = text } else { kind = text }
                }
            }
            (2, Part::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (group, number) = version.split_once('/').unwrap_or(("", &version));
    let own = openapi::name_of(group, number, &kind).and_then(|name| {
        let (domain, rest) = name.strip_prefix("io.k8s.").map(|rest| ("k8s.io.", rest))?;
        Some(format!("{domain}{}", rest.replace("apiextensions-apiserver", "apiextensions_apiserver")))
    });
    let name = own.filter(|n| MESSAGES.contains_key(n)).unwrap_or_else(|| format!("{META}{kind}"));
    let mut value = message(&name, raw)?;
    j::set(&mut value, "apiVersion", version);
    j::set(&mut value, "kind", kind);
    Some(value)
}

/// One message. A few are not objects in JSON.
fn message(name: &str, bytes: &[u8]) -> Option<Value> {
    let fields = MESSAGES.get(name)?;
    let schema = openapi::named(&format!("io.k8s.{}", name.strip_prefix("k8s.io.").unwrap_or(name)));
    let mut out = Map::new();
    let mut wire = Wire(bytes);
    while let Some((number, part)) = wire.next()? {
        let Some(field) = fields.get(&number) else { continue };
        match field.label {
            Label::Repeated => {
                let list = j::array(out.entry(field.name.clone()).or_insert(Value::Null));
                list.push(read(&field.kind, &part)?);
            }
            Label::Map => {
                let Part::Bytes(entry) = part else { return None };
                let (mut key, mut value) = (String::new(), Value::Null);
                let mut entry = Wire(entry);
                while let Some((number, part)) = entry.next()? {
                    match (number, &part) {
                        (1, Part::Bytes(text)) => key = String::from_utf8_lossy(text).into_owned(),
                        _ => value = read(&field.kind, &part)?,
                    }
                }
                if value.is_null() {
                    value = Value::String(String::new());
                }
                *j::key(out.entry(field.name.clone()).or_insert(Value::Null), &key) = value;
            }
            Label::Value | Label::Pointer => {
                let value = read(&field.kind, &part)?;
                let zero = match &value {
                    Value::Null => true,
                    Value::String(text) => text.is_empty(),
                    Value::Bool(yes) => !yes,
                    Value::Number(n) => n.as_i64() == Some(0),
                    Value::Object(fields) => fields.is_empty(),
                    Value::Array(_) => false,
                };
                if zero && field.label == Label::Value {
                    continue;
                }
                // Go embeds some messages; in JSON their fields stand in the outer object.
                let known = schema.and_then(|s| s.get("properties")?.get(&field.name));
                match value {
                    Value::Object(inner) if known.is_none() && schema.is_some() => out.extend(inner),
                    value => {
                        out.insert(field.name.clone(), value);
                    }
                }
            }
        }
    }
    Some(scalar(name, out))
}

/// Times, quantities and the like are scalars in JSON.
fn scalar(name: &str, fields: Map<String, Value>) -> Value {
    let int = |field: &str| fields.get(field).and_then(Value::as_i64).unwrap_or(0);
    let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or("");
    match name.rsplit('.').next().unwrap_or("") {
        "Time" | "MicroTime" if name.starts_with(META) => {
            let millis = int("seconds") * 1_000 + int("nanos") / 1_000_000;
            match (fields.is_empty(), name.ends_with("MicroTime")) {
                (true, _) => Value::Null,
                (false, true) => json!(clock::micro(millis)),
                (false, false) => json!(clock::rfc3339(millis)),
            }
        }
        "Quantity" => json!(text("string")),
        "IntOrString" if int("type") == 1 => json!(text("strVal")),
        "IntOrString" => json!(int("intVal")),
        "ExtraValue" | "Verbs" => fields.get("items").cloned().unwrap_or_else(|| json!([])),
        "FieldsV1" | "RawExtension" | "JSON" => {
            let packed = fields.values().next().and_then(Value::as_str).unwrap_or("");
            base64::engine::general_purpose::STANDARD
                .decode(packed)
                .ok()
                .and_then(|b| serde_json::from_slice(&b).ok())
                .unwrap_or_else(|| json!({}))
        }
        _ => Value::Object(fields),
    }
}

fn read(kind: &Kind, part: &Part<'_>) -> Option<Value> {
    Some(match (kind, part) {
        (Kind::Text, Part::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
        (Kind::Bytes, Part::Bytes(bytes)) => json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
        (Kind::Message(name), Part::Bytes(bytes)) => message(name, bytes)?,
        (Kind::Bool, Part::Number(n)) => json!(*n != 0),
        (Kind::Int, Part::Number(n)) => json!(n.cast_signed()),
        (Kind::Double, Part::Number(n)) => json!(f64::from_bits(*n)),
        _ => return None,
    })
}

/// A field's content on the wire.
enum Part<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// What is left to read.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// The next field: `None` is nonsense, `Some(None)` the end.
    #[expect(clippy::option_option, reason = "nonsense and the end are two things")]
    fn next(&mut self) -> Option<Option<(u64, Part<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let tag = self.number()?;
        let part = match tag & 7 {
            0 => Part::Number(self.number()?),
            1 => Part::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Part::Bytes(self.take(length)?)
            }
            5 => Part::Number(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
            _ => return None,
        };
        Some(Some((tag >> 3, part)))
    }

    fn number(&mut self) -> Option<u64> {
        let mut out = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(out);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    }

    fn envelope(version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
    }

    #[test]
    fn objects_become_json() {
        let meta = [field(1, b"c"), field(2, b""), field(3, b"ns"), field(8, &[])].concat();
        let data = field(2, &[field(1, b"a"), field(2, b"b")].concat());
        let body = envelope("v1", "ConfigMap", &[field(1, &meta), data].concat());
        assert!(is(&body));
        assert_eq!(
            object(&body).unwrap(),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {"a": "b"}})
        );
        // replicas are a pointer: zero counts.
        let body = envelope("apps/v1", "Deployment", &field(2, &[0x08, 0, 0x38, 0]));
        assert_eq!(object(&body).unwrap()["spec"], json!({"replicas": 0}));
        for cut in 5..body.len() {
            let _ = object(&body[..cut]);
        }
        assert!(object(b"k8s\0\x0a\xff").is_none());
    }
}
