//! Continue tokens, in the form real ones have: a version and the last key that was listed.
//! Called by `list`.

use serde_json::{Value, json};

use crate::sim::admit::base64;
use crate::sim::object::Key;
use crate::sim::status::{Answer, ApiError};

/// Where a list goes on.
pub(super) struct Page {
    pub(super) rv: u64,
    pub(super) ns: String,
    pub(super) name: String,
}

impl Page {
    /// The token after a key. Keys are told below what is listed: with their namespace when all are.
    pub(super) fn token(rv: u64, listed: &str, last: &Key) -> String {
        let start = if listed.is_empty() && !last.ns.is_empty() {
            format!("{}/{}\0", last.ns, last.name)
        } else {
            format!("{}\0", last.name)
        };
        let text = json!({"v": "meta.k8s.io/v1", "rv": rv, "start": start}).to_string();
        base64(text.as_bytes()).trim_end_matches('=').replace('+', "-").replace('/', "_")
    }

    /// Reads a token for a list of a namespace (or of all, "").
    pub(super) fn parse(token: &str, listed: &str) -> Answer<Self> {
        let bad = |why: String| {
            ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
        };
        let bytes = decode(token).ok_or_else(|| bad("illegal base64 data at input byte 0".into()))?;
        let first = bytes.first().copied().unwrap_or(0);
        let shown =
            if first.is_ascii_graphic() { char::from(first).to_string() } else { format!("\\u{first:04x}") };
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| bad(format!("invalid character '{shown}' looking for beginning of value")))?;
        let start = value.get("start").and_then(Value::as_str).unwrap_or("").trim_end_matches('\0');
        let rv = value.get("rv").and_then(Value::as_u64);
        match (rv, start.split_once('/')) {
            (Some(rv), Some((ns, name))) => Ok(Self { rv, ns: ns.into(), name: name.into() }),
            (Some(rv), None) => Ok(Self { rv, ns: listed.into(), name: start.into() }),
            (None, _) => Err(bad("incorrect encoded start resourceVersion".into())),
        }
    }
}

/// Base64 without padding, in the alphabet of URLs.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut have) = (0u32, 0u32);
    for c in text.trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xff_ffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from(bits >> have & 0xff).unwrap_or(0));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::table;

    #[test]
    fn tokens_come_back() {
        for (listed, ns) in [("", "shop"), ("shop", "shop"), ("", "")] {
            let page =
                Page::parse(&Page::token(12, listed, &Key::new(table::POD, ns, "web-1")), listed).unwrap();
            assert_eq!((page.rv, page.ns.as_str(), page.name.as_str()), (12, ns, "web-1"));
        }
        assert!(Page::parse("not base64!", "").is_err());
    }
}
