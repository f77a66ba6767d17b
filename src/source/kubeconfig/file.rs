//! One kubeconfig file: its bytes, its text, its entries. An entry that is wrong is one entry; a file that is no YAML is
//! one file. Rules and their sources: client-go tools/clientcmd/loader.go and tools/clientcmd/api/v1/conversion.go.
//!
//! Never: a piece of the file's text in an error, for any may be a secret. Called by [`super::load`].

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::cluster::ClusterEntry;
use super::fields::{Fields, scalar};
use super::user::UserEntry;

/// Larger files are not read.
const LARGEST: u64 = 64 << 20;

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) clusters: Vec<(String, ClusterEntry)>,
    pub(super) users: Vec<(String, UserEntry)>,
    pub(super) contexts: Vec<(String, ContextNames)>,
    pub(super) current: Option<String>,
    /// What is wrong with single entries.
    pub(super) wrong: Vec<String>,
}

/// A context entry: the names it puts together.
#[derive(Clone, Debug, Default)]
pub(super) struct ContextNames {
    pub(super) cluster: String,
    pub(super) user: String,
    pub(super) namespace: Option<String>,
    pub(super) wrong: Option<String>,
    pub(super) file: Option<Arc<PathBuf>>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Contents, String> {
    contents(bytes(path)?, path)
}

/// What the bytes of a file hold.
pub(super) fn contents(bytes: Vec<u8>, path: &Path) -> Result<Contents, String> {
    let text = decode(bytes)?;
    let file = Arc::new(path.to_owned());
    let base = path.parent().unwrap_or(Path::new("/"));
    parse(&text, base, Some(&file))
}

/// The bytes of a file. A folder, a device or a pipe nobody writes to must not keep anybody waiting.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let words = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read: permission denied".to_owned(),
        _ if e.raw_os_error() == Some(40) => "its links lead in a circle".to_owned(),
        _ => format!("cannot be read: {e}"),
    };
    let meta = std::fs::metadata(path).map_err(words)?;
    if meta.is_dir() {
        return Err("is a folder".to_owned());
    }
    if !meta.is_file() {
        return special(path, &meta);
    }
    if meta.len() > LARGEST {
        return Err(format!("is larger than {} MiB", LARGEST >> 20));
    }
    let mut out = Vec::new();
    let file = std::fs::File::open(path).map_err(words)?;
    file.take(LARGEST + 1).read_to_end(&mut out).map_err(words)?;
    if out.len() as u64 > LARGEST {
        return Err(format!("is larger than {} MiB", LARGEST >> 20));
    }
    Ok(out)
}

/// What a shell's `<(…)` names: a pipe. It is read for a while at most.
#[cfg(unix)]
fn special(path: &Path, meta: &std::fs::Metadata) -> Result<Vec<u8>, String> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    use std::time::{Duration, Instant};
    if !meta.file_type().is_fifo() {
        return Err("is neither a file nor a pipe".to_owned());
    }
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut pipe = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(nonblock)
        .open(path)
        .map_err(|e| format!("cannot be read: {e}"))?;
    let (until, mut out, mut part) = (Instant::now() + Duration::from_secs(2), Vec::new(), vec![0; 64 << 10]);
    while Instant::now() < until && (out.len() as u64) < LARGEST {
        match pipe.read(&mut part) {
            Ok(0) => return Ok(out),
            Ok(n) => out.extend(part.iter().take(n)),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(5))
            }
            Err(e) => return Err(format!("cannot be read: {e}")),
        }
    }
    Err("is a pipe that does not end".to_owned())
}

#[cfg(not(unix))]
fn special(_: &Path, _: &std::fs::Metadata) -> Result<Vec<u8>, String> {
    Err("is not a file".to_owned())
}

/// UTF-8 with or without a byte order mark, or UTF-16 with one.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| match *pair {
            [a, b] => unit([a, b]),
            // Half a character: none.
            _ => 0xd800,
        });
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| "is no UTF-16 text".to_owned())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            String::from_utf8(rest.to_vec()).map_err(|_| "is no UTF-8 text".to_owned())
        }
        _ => String::from_utf8(bytes).map_err(|_| "is no UTF-8 text".to_owned()),
    }
}

/// Reads the text of a file whose relative paths start at `base`. Further documents add to the first.
pub(super) fn parse(text: &str, base: &Path, file: Option<&Arc<PathBuf>>) -> Result<Contents, String> {
    let mut out = Contents::default();
    for document in documents(text)? {
        out.add(&document, base, file)?;
    }
    out.complain();
    Ok(out)
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(vec![value]);
    }
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        with_snippet: false,
        leading_zero_numbers_as_strings: true,
        // A few kilobytes of aliases can mean gigabytes.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        budget: serde_saphyr::budget! {
            max_nodes: 4_000_000,
            max_events: 16_000_000,
        },
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|e| words(&e))
}

/// What is wrong with YAML, and where: none of its text.
fn words(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as E;
    let place =
        error.location().map_or_else(String::new, |l| format!("line {}, column {}: ", l.line(), l.column()));
    let what = match error.without_snippet() {
        E::Message { msg, .. } if !msg.contains(['"', '\'', '`', '\n']) && msg.len() < 120 => {
            format!("not valid YAML: {msg}")
        }
        E::Eof { .. } => "not valid YAML: it ends too early".to_owned(),
        E::Unexpected { expected, .. } => format!("not valid YAML: {expected} expected"),
        E::UnknownAnchor { .. } => "not valid YAML: an alias of nothing".to_owned(),
        E::RecursiveReferencesRequireWeakTypes { .. } => "not valid YAML: an alias of itself".to_owned(),
        E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. }
        | E::Budget { .. } => "too large when its aliases are followed, or too deep".to_owned(),
        _ => "not valid YAML".to_owned(),
    };
    format!("{place}{what}")
}

impl Contents {
    fn add(&mut self, document: &Value, base: &Path, file: Option<&Arc<PathBuf>>) -> Result<(), String> {
        let document = match document {
            Value::Null => return Ok(()),
            Value::Object(map) => map,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err("is no kubeconfig: its top is not a mapping".to_owned());
            }
        };
        for (name, wanted) in [("kind", "Config"), ("apiVersion", "v1")] {
            let is = document.get(name).and_then(Value::as_str).unwrap_or("");
            if !is.is_empty() && is != wanted {
                return Err(format!("is no kubeconfig: its {name} is not {wanted}"));
            }
        }
        if self.current.is_none() {
            self.current = document.get("current-context").and_then(scalar).filter(|c| !c.is_empty());
        }
        let mut read = Lists { base, file, wrong: &mut self.wrong };
        read.list(document.get("clusters"), "cluster", &mut self.clusters, ClusterEntry::read);
        read.list(document.get("users"), "user", &mut self.users, UserEntry::read);
        read.list(document.get("contexts"), "context", &mut self.contexts, ContextNames::read);
        Ok(())
    }

    /// What is wrong with the entries that were read.
    fn complain(&mut self) {
        let clusters = self.clusters.iter().filter_map(|(n, c)| Some(("cluster", n, c.wrong.as_ref()?)));
        let users = self.users.iter().filter_map(|(n, u)| Some(("user", n, u.wrong.as_ref()?)));
        let contexts = self.contexts.iter().filter_map(|(n, c)| Some(("context", n, c.wrong.as_ref()?)));
        let all = clusters.chain(users).chain(contexts);
        self.wrong.extend(all.map(|(kind, name, wrong)| format!("the {kind} {name:?}: {wrong}")));
    }
}

struct Lists<'a> {
    base: &'a Path,
    file: Option<&'a Arc<PathBuf>>,
    wrong: &'a mut Vec<String>,
}

impl Lists<'_> {
    /// Reads a list of `{name, KIND}`. Of a name that stands twice the first counts.
    fn list<T>(
        &mut self,
        value: Option<&Value>,
        kind: &str,
        out: &mut Vec<(String, T)>,
        read: fn(Option<&Value>, &Path, Option<&Arc<PathBuf>>) -> T,
    ) {
        let list = match value {
            None | Some(Value::Null) => return,
            Some(Value::Array(list)) => list,
            Some(_) => return self.wrong.push(format!("`{kind}s` is not a list")),
        };
        let mut known: HashSet<String> = out.iter().map(|(name, _)| name.clone()).collect();
        for (entry, n) in list.iter().zip(1..) {
            let Some(name) = entry.get("name").and_then(scalar).filter(|n| !n.is_empty()) else {
                self.wrong.push(format!("entry {n} of `{kind}s` has no name"));
                continue;
            };
            if known.insert(name.clone()) {
                out.push((name, read(entry.get(kind), self.base, self.file)));
            } else {
                self.wrong.push(format!("the {kind} {name:?} stands twice; the first counts"));
            }
        }
    }
}

impl ContextNames {
    fn read(value: Option<&Value>, base: &Path, file: Option<&Arc<PathBuf>>) -> Self {
        let mut fields = Fields::of(value, "context", base);
        let mut out = Self {
            cluster: fields.text("cluster").unwrap_or_default(),
            user: fields.text("user").unwrap_or_default(),
            namespace: fields.text("namespace"),
            wrong: None,
            file: file.cloned(),
        };
        out.wrong = fields.verdict();
        out
    }
}
