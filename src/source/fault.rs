//! What went wrong with a server, in one line a person can act on, and in a class a program can.
//!
//! kube's own error texts are never shown as they come. kube is given no plugin to run: what one prints cannot be in them.

use std::error::Error as StdError;

use crate::domain::redact::redact;
use crate::domain::text::SafeText;
use crate::fleet::phase::Need;

/// What kind of trouble it is, by what the reader can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultClass {
    /// No answer: refused, unknown host, reset, no route.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The certificate is not the one expected.
    Tls,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 410: a resource version or continue token is too old.
    Gone,
    /// 400 or 422, or an apply the schema does not know.
    Invalid,
    /// 429.
    TooMany,
    /// 5xx.
    Server,
    /// The kubeconfig entry or its credential plugin.
    Credentials,
    /// Anything else.
    Other,
}

/// Trouble with a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Fault {
    /// What kind.
    pub class: FaultClass,
    /// One line, cleaned.
    pub words: SafeText,
    /// The HTTP status, when there was an answer.
    pub code: Option<u16>,
    /// The API's reason word (`AlreadyExists`, `Expired` …), else empty.
    pub reason: SafeText,
    /// It is refused because the credential has run out, by this machine's clock.
    pub expired: bool,
    /// What a person has to do before it can go well, when credentials are missing.
    pub need: Option<Box<Need>>,
}

impl Fault {
    /// A fault of that class and these words.
    pub fn new(class: FaultClass, words: &str) -> Self {
        Self {
            class,
            words: SafeText::new(&redact(words)),
            code: None,
            reason: SafeText::empty(),
            expired: false,
            need: None,
        }
    }

    /// Refused, for the credential has run out: in these words.
    pub fn expired(words: &str) -> Self {
        Self { expired: true, ..Self::new(FaultClass::Unauthorized, words) }
    }

    /// 401, and what is known of the reason.
    pub fn unauthorized(why: &str) -> Self {
        let words = SafeText::new(&format!("401 Unauthorized: {why}"));
        Self { code: Some(401), reason: "Unauthorized".into(), ..Self::new(FaultClass::Unauthorized, &words) }
    }

    /// Nothing came within `seconds`.
    pub fn timeout(what: &str, seconds: u64) -> Self {
        Self::new(FaultClass::Timeout, &format!("{what}: no answer within {seconds} s"))
    }

    /// We may not: 401 or 403.
    pub const fn is_denied(&self) -> bool {
        matches!(self.class, FaultClass::Unauthorized | FaultClass::Forbidden)
    }

    /// Reads kube's error.
    pub fn of(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => {
                let class = match status.code {
                    401 => FaultClass::Unauthorized,
                    403 => FaultClass::Forbidden,
                    404 => FaultClass::NotFound,
                    409 => FaultClass::Conflict,
                    410 => FaultClass::Gone,
                    400 | 422 => FaultClass::Invalid,
                    429 => FaultClass::TooMany,
                    // A field that an apply names and the schema does not: the server says 500, the manifest is wrong.
                    500 if status.message.starts_with("failed to create typed patch object") => {
                        FaultClass::Invalid
                    }
                    500..=599 => FaultClass::Server,
                    _ => FaultClass::Other,
                };
                let words = match (class, status.message.trim()) {
                    (FaultClass::Unauthorized, "" | "Unauthorized") => {
                        "401 Unauthorized: the server does not accept these credentials".to_owned()
                    }
                    (_, "") => format!("the server answered {} {}", status.code, status.reason),
                    (_, message) => message.to_owned(),
                };
                Self {
                    class,
                    words: SafeText::new(&redact(&words)),
                    code: Some(status.code),
                    reason: reason_of(&status.reason),
                    expired: false,
                    need: None,
                }
            }
            kube::Error::Service(error) => Self::of_chain(&**error),
            kube::Error::SerdeError(e) => {
                Self::new(FaultClass::Other, &format!("the answer is not what the API promises: {e}"))
            }
            other => Self::of_chain(other),
        }
    }

    /// Reads an error by the words at the root of its chain.
    pub fn of_chain(error: &(dyn StdError + 'static)) -> Self {
        let mut root: &(dyn StdError + 'static) = error;
        let mut io = None;
        loop {
            if let Some(fault) = root.downcast_ref::<Self>() {
                return fault.clone();
            }
            if let Some(e) = root.downcast_ref::<std::io::Error>() {
                io = Some(e.kind());
            }
            match root.source() {
                Some(next) => root = next,
                None => break,
            }
        }
        let text = root.to_string();
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
        let (class, words) = if has(&["close_notify"]) {
            (FaultClass::Unreachable, "the connection was cut".to_owned())
        } else if has(&["certificate", "tls", "unknownissuer", "handshake"]) {
            (FaultClass::Tls, format!("TLS: {text}"))
        } else if has(&["lookup address", "dns", "name or service not known", "no such host"]) {
            (FaultClass::Unreachable, format!("name not found: {text}"))
        } else if has(&["refused"]) || io == Some(std::io::ErrorKind::ConnectionRefused) {
            (FaultClass::Unreachable, "connection refused".to_owned())
        } else if has(&["timed out", "deadline", "timeout"]) || io == Some(std::io::ErrorKind::TimedOut) {
            (FaultClass::Timeout, "no answer: timed out".to_owned())
        } else if has(&["reset", "broken pipe", "closed", "eof", "incomplete"]) {
            (FaultClass::Unreachable, format!("connection lost: {text}"))
        } else if has(&["unreachable", "no route"]) {
            (FaultClass::Unreachable, text)
        } else {
            (FaultClass::Other, text)
        };
        Self::new(class, &words)
    }
}

/// The API's reason word. Where the answer was no `Status` (Go's own "404 page not found"), kube puts a sentence there.
fn reason_of(reason: &str) -> SafeText {
    if reason.contains(' ') { SafeText::empty() } else { SafeText::new(reason) }
}

impl From<kube::Error> for Fault {
    fn from(error: kube::Error) -> Self {
        Self::of(&error)
    }
}
