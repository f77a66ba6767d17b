//! From a path and query to what is asked: type, namespace, name, subresource.
//! Never: answering. Called by `dispatch`.

use crate::sim::store::World;
use crate::sim::table::KindId;

/// A decoded query string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes `a=b&c=d`.
    pub(crate) fn parse(text: &str) -> Self {
        Self(
            text.split('&')
                .filter(|part| !part.is_empty())
                .map(|part| {
                    let (key, value) = part.split_once('=').unwrap_or((part, ""));
                    (decode(key, true), decode(value, true))
                })
                .collect(),
        )
    }

    /// The first value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of a key.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// A switch: `true`, `1`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1" | "True"))
    }

    /// A whole number.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(|v| v.parse().ok())
    }
}

/// Percent decoding; `+` is a space in queries.
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' if plus => out.push(b' '),
            b'%' => {
                let digits = [bytes.next(), bytes.next()];
                let pair: String = digits.iter().flatten().map(|d| char::from(*d)).collect();
                out.push(u8::from_str_radix(&pair, 16).unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a path under `/api` or `/apis/G/V` asks for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) group: String,
    /// `None`: a virtual type (metrics, reviews) or an unknown one.
    pub(crate) kind: Option<KindId>,
    pub(crate) plural: String,
    pub(crate) ns: String,
    pub(crate) name: String,
    pub(crate) sub: String,
    /// Rest after a proxy-like subresource.
    pub(crate) watch_prefix: bool,
}

/// Reads a resource path (already split); `None` when it names no resource.
pub(crate) fn target(world: &World, segments: &[&str]) -> Option<Target> {
    let (group, version, mut rest) = match segments {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let mut watch_prefix = false;
    if let ["watch", tail @ ..] = rest {
        rest = tail;
        watch_prefix = true;
    }
    let (ns, rest) = match rest {
        ["namespaces", ns, tail @ ..] if !tail.is_empty() && !matches!(tail, ["status" | "finalize"]) => {
            (*ns, tail)
        }
        other => ("", other),
    };
    let (plural, name, sub) = match rest {
        [plural] => (*plural, "", String::new()),
        [plural, name] => (*plural, *name, String::new()),
        [plural, name, sub @ ..] => (*plural, *name, sub.join("/")),
        [] => return None,
    };
    Some(Target {
        group: group.into(),
        kind: world.kind_of(group, version, plural),
        plural: plural.into(),
        ns: ns.into(),
        name: decode(name, false),
        sub,
        watch_prefix,
    })
}
