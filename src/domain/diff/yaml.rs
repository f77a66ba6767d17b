//! Writing an object as YAML, for eyes and for reading again.
//!
//! Lives here: the order of keys, quoting, block texts. Never: reading (`manifest`) or hiding secrets (`diff::masked`
//! comes first). Called by `diff`, the YAML pane, the editor and `cli`.
//!
//! Everything a YAML 1.1 or 1.2 reader could take for something else than text is quoted; the list of such words
//! is wider than any one reader's.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::domain::text::is_invisible;

/// The YAML of a value, in block style, two blanks a level, list items under their key as kubectl prints them;
/// `apiVersion`, `kind`, `metadata` and `spec` first, then the other keys by name.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => entries(&mut out, map, 0, false),
        Value::Array(list) if !list.is_empty() => items(&mut out, list, 0, false),
        other => {
            scalar(&mut out, other, 0);
            end_line(&mut out);
        }
    }
    out
}

fn entries(out: &mut String, map: &Map<String, Value>, indent: usize, on_line: bool) {
    let mut sorted: Vec<_> = map.iter().collect();
    sorted.sort_by_key(|(key, _)| (rank(key), *key));
    let mut on_line = on_line;
    for (key, value) in sorted {
        if !on_line {
            blanks(out, indent);
        }
        on_line = false;
        text(out, key);
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                entries(out, map, indent + 2, false);
            }
            Value::Array(list) if !list.is_empty() => {
                out.push('\n');
                items(out, list, indent, false);
            }
            other => {
                out.push(' ');
                scalar(out, other, indent + 2);
                end_line(out);
            }
        }
    }
}

fn items(out: &mut String, list: &[Value], indent: usize, on_line: bool) {
    let mut on_line = on_line;
    for item in list {
        if !on_line {
            blanks(out, indent);
        }
        on_line = false;
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => entries(out, map, indent + 2, true),
            Value::Array(list) if !list.is_empty() => items(out, list, indent + 2, true),
            other => {
                scalar(out, other, indent + 2);
                end_line(out);
            }
        }
    }
}

fn rank(key: &str) -> usize {
    const FIRST: [&str; 6] = ["apiVersion", "kind", "metadata", "name", "namespace", "spec"];
    FIRST.iter().position(|k| *k == key).unwrap_or(FIRST.len())
}

fn blanks(out: &mut String, n: usize) {
    out.extend(std::iter::repeat_n(' ', n));
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A value on one line, or a block text whose lines are indented by `indent`.
fn scalar(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::String(s) if is_block(s) => block(out, s, indent.max(2)),
        Value::String(s) => text(out, s),
    }
}

/// Several lines that a block text can hold as they are: no line that begins or ends with blanks is first or
/// empty but for blanks, no control characters.
fn is_block(s: &str) -> bool {
    s.contains('\n')
        && !s.starts_with(['\n', ' ', '\t'])
        && s.split('\n').all(|line| !line.starts_with('\t') && !line.ends_with([' ', '\t']))
        && s.chars().all(|c| c == '\n' || c == '\t' || !needs_escape(c))
}

fn block(out: &mut String, s: &str, indent: usize) {
    let body = s.strip_suffix('\n');
    out.push_str(match body {
        None => "|-",
        Some(rest) if rest.ends_with('\n') => "|+",
        Some(_) => "|",
    });
    out.push('\n');
    for line in body.unwrap_or(s).split('\n') {
        if !line.is_empty() {
            blanks(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A text on one line: plain where nothing can mistake it, in quotes else.
fn text(out: &mut String, s: &str) {
    if s.chars().any(needs_escape) {
        escaped(out, s);
    } else if is_ambiguous(s) {
        out.push('"');
        out.push_str(s);
        out.push('"');
    } else if is_plain(s) {
        out.push_str(s);
    } else {
        out.push('\'');
        out.push_str(&s.replace('\'', "''"));
        out.push('\'');
    }
}

fn needs_escape(c: char) -> bool {
    c.is_control() || is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn escaped(out: &mut String, s: &str) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) && u32::from(c) > 0xffff => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c if needs_escape(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Text that a reader would take for null, a truth value, a number, a date or a time of day. Holds no quotes and
/// no backslash.
fn is_ambiguous(s: &str) -> bool {
    const WORDS: [&str; 14] =
        ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];
    let unsigned = s.strip_prefix(['-', '+']).unwrap_or(s);
    if WORDS.iter().any(|w| w.eq_ignore_ascii_case(s) || (!w.is_empty() && w.eq_ignore_ascii_case(unsigned)))
    {
        return true;
    }
    let mut chars = unsigned.chars();
    let first = chars.next().unwrap_or(' ');
    let second = chars.next().unwrap_or(' ');
    let dotted = |w: &str| unsigned.strip_prefix('.').is_some_and(|r| r.eq_ignore_ascii_case(w));
    if dotted("inf") || dotted("nan") {
        return true;
    }
    if !(first.is_ascii_digit() || (first == '.' && second.is_ascii_digit())) {
        return false;
    }
    if !s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':' | '_' | ' ')) {
        return false;
    }
    let digits: String = unsigned.chars().filter(|c| *c != '_').collect();
    let radix = first == '0' && matches!(second, 'x' | 'X' | 'o' | 'O' | 'b' | 'B');
    let time = s.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '_' | '-'));
    let date =
        s.len() >= 8 && s.get(4..5) == Some("-") && s.get(..4).is_some_and(|y| y.parse::<u16>().is_ok());
    radix || date || (time && s.contains(':')) || digits.parse::<f64>().is_ok()
}

/// Text that needs no quotes in block style and is not ambiguous.
fn is_plain(s: &str) -> bool {
    let mut chars = s.chars();
    let begins = match chars.next() {
        Some('-') => !s.starts_with("---") && chars.next().is_some_and(|c| c.is_alphanumeric() || c == '-'),
        Some('.') => s.len() > 1 && !s.starts_with("..."),
        Some(c) => c.is_alphanumeric() || matches!(c, '/' | '_' | '$' | '(' | '^' | '\\' | ';'),
        None => false,
    };
    begins && !s.ends_with([' ', ':']) && !s.contains(": ") && !s.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
    }

    #[test]
    fn looks_like_kubectl() {
        let value = json!({"kind": "Deployment", "apiVersion": "apps/v1", "status": {}, "spec": {"containers": [
            {"image": "web:2.41.0", "name": "web", "args": ["-c", "--flag=1", "*"], "command": []}],
            "on": true, "nothing": null, "port": 80, "text": "80", "ip": "10.0.0.1",
            "script": "#!/bin/sh\nset -e\n\n  exec \"$@\"\n"},
            "metadata": {"labels": {"b": "yes"}, "name": "web"}});
        let text = to_yaml(&value);
        assert_eq!(
            text,
            "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    b: \"yes\"
spec:
  containers:
  - name: web
    args:
    - -c
    - --flag=1
    - '*'
    command: []
    image: web:2.41.0
  ip: 10.0.0.1
  nothing: null
  \"on\": true
  port: 80
  script: |
    #!/bin/sh
    set -e

      exec \"$@\"
  text: \"80\"
status: {}
"
        );
        assert_eq!(read(&text), value);
    }

    #[test]
    fn every_text_comes_back() {
        for s in [
            "",
            " ",
            "a",
            "a b",
            "a: b",
            "a:",
            "a #b",
            "# a",
            "'a'",
            "\"a\"",
            "it's",
            "- a",
            "-",
            "--",
            "---",
            "--- a",
            "...",
            ".",
            ".5",
            "5.",
            "-5",
            "+5",
            "1e3",
            "1_000",
            "0x1F",
            "0o7",
            "0755",
            "08",
            "1:30",
            "10:00:00",
            "2026-11-23",
            "2026-11-23T10:00:00Z",
            ".inf",
            "-.INF",
            ".nan",
            "NaN",
            "inf",
            "infinity",
            "~",
            "null",
            "Null",
            "TRUE",
            "Yes",
            "off",
            "n",
            "Y",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "?a",
            "? a",
            ",a",
            "[a",
            "{a",
            "}",
            "|",
            ">",
            "<<",
            "=",
            "a\nb",
            "a\nb\n",
            "a\nb\n\n",
            "\n",
            "\na",
            " a\nb",
            "a\n b\n",
            "a \nb",
            "a\r\nb",
            "a\tb",
            "\ta\nb",
            "a\n\tb",
            "\u{0}",
            "\u{1b}[31m",
            "\u{85}",
            "\u{feff}a",
            "\u{2028}",
            "日本語",
            "👩‍🚀",
            "$(VAR)",
            "(a)",
            "a\\b",
            "\\",
            "/usr/bin",
            "key=value",
            "a, b",
            "http://a:80/b#c",
            "1.2.3",
            "v1.2.3+k",
            "12 apples",
            "a\n---\nb\n",
            "a\n# b\n",
            "a\n...\n",
            "100m",
            "64Mi",
            "1Gi",
            "0.5",
            "1e",
            "1.e5",
            "e5",
            "0b1",
            "0xZZ",
        ] {
            for value in [json!({"k": s}), json!([s]), json!({s: 1}), json!({"l": [{"k": s}, s]}), json!(s)] {
                // Keys with line ends are written escaped, and so are read like any other.
                assert_eq!(read(&to_yaml(&value)), value, "{s:?}\n{}", to_yaml(&value));
            }
        }
    }

    #[test]
    fn empty_and_nested() {
        for value in [
            json!({}),
            json!([]),
            json!(null),
            json!(true),
            json!(-3),
            json!([[1, 2], [[3]], [], {}]),
            json!({"a": {"b": {}}, "c": [{"d": []}, {"e": [1]}]}),
            json!([{"a": 1, "b": [2]}, {"c": {"d": 4}}]),
            json!({"big": u64::MAX, "small": i64::MIN, "float": 1.5}),
        ] {
            assert_eq!(read(&to_yaml(&value)), value, "{}", to_yaml(&value));
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1_000_000i32..1_000_000).prop_map(|n| Value::from(f64::from(n) / 8.0)),
            "[ -~\n]{0,20}".prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "[-+.:0-9eExobn_ T]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[a-z][a-z./-]{0,8}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in values()) {
            let text = to_yaml(&value);
            let back: Value = serde_saphyr::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
            prop_assert_eq!(back, value, "{}", text);
        }
    }
}
