//! Recordings: what a real API server was asked and what it answered, kept in a file, and answered again without it.
//!
//! Lives here: the form of the file. `Recorder` makes one out of what goes through a client, `Replay` is the server of
//! one, `scrub` is what no file may hold. Never: a header but the media type, a token, a certificate. Called by tests:
//! `tests/real` records, `tests/it` replays the product's own code over it and judges the simulation by it.

mod recorder;
mod replay;
mod scrub;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

pub use recorder::Recorder;
pub use replay::Replay;

/// Who is asking when nobody is named.
pub const ADMIN: &str = "admin";

/// A file of exchanges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Where it is from.
    pub header: Header,
    /// What was asked and answered.
    pub exchanges: Vec<Exchange>,
}

/// Where a recording is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What it holds, in a sentence.
    pub what: String,
    /// The server's `gitVersion`.
    pub server: String,
    /// When it was made: the "now" of a replay.
    pub at: String,
    /// What was taken out of the answers, or put in the place of something.
    pub scrubbed: String,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What it shows, where it has a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who asked, by the word the recorder was given.
    pub user: String,
    /// `GET`.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The request's body, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// The HTTP status.
    pub status: u16,
    /// The media type of the answer.
    pub media: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Its media type.
    pub media: String,
    /// The JSON, or the text as a JSON string.
    pub body: Value,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// One JSON document.
    Json(Value),
    /// The lines of a watch.
    Events(Vec<Value>),
    /// Anything else.
    Text(String),
}

impl Recording {
    /// Reads a file's text.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    /// The text of a file: JSON with one space of indent, so that a new recording is a diff one can read.
    pub fn text(&self) -> Result<String, String> {
        let mut out = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
        self.serialize(&mut serializer).map_err(|e| e.to_string())?;
        out.push(b'\n');
        String::from_utf8(out).map_err(|e| e.to_string())
    }

    /// The exchanges that are like this one by method and path, in an order that does not depend on which of several
    /// requests under way was answered first.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.exchanges.sort_by(|a, b| (&a.path, &a.method, &a.user).cmp(&(&b.path, &b.method, &b.user)));
        self
    }
}

/// The parameters of a query, decoded enough to be compared: in order of name, without those that differ from run to
/// run and change nothing of what is asked: how long a watch may stay open, and from which version on it tells.
fn asked(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters: Vec<&str> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .filter(|p| !matches!(p.split('=').next(), Some("timeoutSeconds" | "resourceVersion")))
        .collect();
    parameters.sort_unstable();
    format!("{path}?{}", parameters.join("&"))
}

/// Whether a request is a watch.
fn is_watch(path: &str) -> bool {
    let query = path.split_once('?').map_or("", |(_, q)| q);
    query.split('&').any(|p| matches!(p, "watch=true" | "watch=1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_not_asked() {
        assert_eq!(asked("/api/v1/pods?&limit=500"), asked("/api/v1/pods?limit=500"));
        assert_eq!(
            asked("/api/v1/pods?watch=true&timeoutSeconds=290&allowWatchBookmarks=true&resourceVersion=12"),
            asked("/api/v1/pods?allowWatchBookmarks=true&watch=true&resourceVersion=9&timeoutSeconds=1")
        );
        assert_ne!(asked("/api/v1/pods?limit=500"), asked("/api/v1/pods?limit=500&continue=x"));
        assert_ne!(asked("/api/v1/pods"), asked("/api/v1/pods?watch=true"));
        assert!(is_watch("/api/v1/pods?&watch=true") && !is_watch("/api/v1/pods?watchers=true"));
    }
}
