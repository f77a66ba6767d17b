//! The command that a person runs next: its exact words for a process, and its words for an eye, quoted for a shell and
//! without secrets.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::PluginFacts;
use super::tool::{profile, proxy, sso_session, tenant};
use crate::domain::text::{SafeText, is_invisible};

/// What stands where a secret would.
const HIDDEN: &str = "•••";

/// A command to run. What it prints of itself is [`Next::display`] alone: the words themselves may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Next {
    /// The program and its arguments, exactly. Not for showing.
    pub argv: Vec<String>,
    /// For a person: quoted for a shell, secrets hidden.
    pub display: SafeText,
    /// It is the plugin itself, which then has to have the terminal and the request in its environment.
    pub is_plugin: bool,
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("display", &self.display)
            .field("is_plugin", &self.is_plugin)
            .finish_non_exhaustive()
    }
}

impl Next {
    fn new(argv: Vec<String>, is_plugin: bool) -> Self {
        Self { display: shown(&argv), argv, is_plugin }
    }

    /// The plugin in the foreground.
    pub fn plugin(facts: &PluginFacts<'_>) -> Self {
        let argv = std::iter::once(facts.command.to_owned()).chain(facts.args.iter().cloned());
        Self::new(argv.collect(), true)
    }

    fn tool(words: &[&str], option: Option<(&str, &str)>, rest: &[&str]) -> Self {
        let mut argv: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        match option {
            // A value must not become an option of its own.
            Some((name, value)) if value.starts_with('-') => argv.push(format!("{name}={value}")),
            Some((name, value)) => argv.extend([name.to_owned(), value.to_owned()]),
            None => {}
        }
        argv.extend(rest.iter().map(|w| (*w).to_owned()));
        Self::new(argv, false)
    }

    /// `aws sso login`.
    pub(super) fn aws_sso(facts: &PluginFacts<'_>) -> Self {
        let session = sso_session(facts).map(|s| ("--sso-session", s));
        let as_whom = session.or_else(|| profile(facts).map(|p| ("--profile", p)));
        let device: &[&str] = if facts.over_ssh { &["--use-device-code", "--no-browser"] } else { &[] };
        Self::tool(&["aws", "sso", "login"], as_whom, device)
    }

    /// `aws configure sso`.
    pub(super) fn aws_configure(facts: &PluginFacts<'_>) -> Self {
        Self::tool(&["aws", "configure", "sso"], profile(facts).map(|p| ("--profile", p)), &[])
    }

    /// Who AWS says this is.
    pub(super) fn aws_identity(facts: &PluginFacts<'_>) -> Self {
        Self::tool(&["aws", "sts", "get-caller-identity"], profile(facts).map(|p| ("--profile", p)), &[])
    }

    /// `gcloud auth login`, or that of the application default credentials.
    pub(super) fn gcloud(facts: &PluginFacts<'_>, application_default: bool) -> Self {
        let words: &[&str] = if application_default {
            &["gcloud", "auth", "application-default", "login"]
        } else {
            &["gcloud", "auth", "login"]
        };
        let device: &[&str] = if facts.over_ssh { &["--no-launch-browser"] } else { &[] };
        Self::tool(words, None, device)
    }

    /// `az login`.
    pub(super) fn azure(facts: &PluginFacts<'_>) -> Self {
        let device: &[&str] = if facts.over_ssh { &["--use-device-code"] } else { &[] };
        Self::tool(&["az", "login"], tenant(facts).map(|t| ("--tenant", t)), device)
    }

    /// `tsh login`.
    pub(super) fn teleport(facts: &PluginFacts<'_>) -> Self {
        let proxy = proxy(facts).map(|p| format!("--proxy={p}"));
        Self::tool(&["tsh", "login"], None, proxy.as_deref().as_slice())
    }

    /// Who the cluster says this is.
    pub(super) fn who(facts: &PluginFacts<'_>) -> Self {
        Self::tool(&["kubectl", "auth", "whoami"], Some(("--context", facts.context)), &[])
    }
}

/// A command line for a person: each word quoted for a shell, secrets in it hidden.
pub fn shown(argv: &[String]) -> SafeText {
    let mut line = String::new();
    let mut hide = false;
    for word in argv {
        if !line.is_empty() {
            line.push(' ');
        }
        if hide {
            line.push_str(HIDDEN);
        } else {
            line.push_str(&quote(&redacted(word)));
        }
        hide = !hide && takes_a_secret(word);
    }
    SafeText::new(&line)
}

/// Whether the word after this option is a secret.
fn takes_a_secret(word: &str) -> bool {
    let Some(name) = word.strip_prefix('-') else { return false };
    let name = name.to_lowercase();
    !name.contains(['=', ' '])
        && (["secret", "passw", "passphrase"].iter().any(|part| name.contains(part))
            || ["token", "key", "pass", "credential", "credentials"].iter().any(|end| name.ends_with(end)))
}

/// What secrets look like inside a word, and what stands there instead. Better one too many than one shown.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    PATTERNS.iter().filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, *instead))).collect()
});

pub(super) const PATTERNS: &[(&str, &str)] = &[
    (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*", "•••"),
    (r"://[^/@\s]+@", "://•••@"),
    (r"(?i)X-Amz-(Signature|Security-Token|Credential)=[^&\s]+", "X-Amz-$1=•••"),
    // NAME=value and "name": "value".
    (
        r#"(?i)([\w.-]*(?:secret|passw|passphrase|token|key|credential)[\w.-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"'&;|]+)"#,
        "${1}•••",
    ),
    // An option with its value inside one word: a script behind `sh -c`.
    (
        r#"(?i)((?:^|[\s"'])--?[\w-]*(?:secret[\w-]*|passw[\w-]*|passphrase|token|key)\s+)("[^"]*"|'[^']*'|\S+)"#,
        "${1}•••",
    ),
    (r"(?i)\b(bearer|basic)\s+\S+", "$1 •••"),
    (r"eyJ[\w-]+\.[\w.-]+", "•••"),
    (r"k8s-aws-v1\.[\w-]+|ya29\.[\w.-]+|sha256~[\w-]+|kubeconfig-u[\w-]*:\w+|dop_v1_[0-9a-f]{64}", "•••"),
    (r"(AKIA|ASIA)[A-Z0-9]{16}", "$1•••"),
];

/// The word without what looks like a secret.
pub(super) fn redacted(word: &str) -> Cow<'_, str> {
    SECRETS.iter().fold(Cow::Borrowed(word), |text, (pattern, instead)| {
        let replaced = pattern.replace_all(&text, *instead);
        if let Cow::Owned(new) = replaced { Cow::Owned(new) } else { text }
    })
}

/// A word as bash and zsh read it back: as it is, in single quotes, or in `$'…'` when something in it cannot be seen.
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    if !word.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")));
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            c if c.is_ascii_control() => out.push_str(&format!(r"\x{:02x}", u32::from(c))),
            c if (c.is_control() || is_invisible(c)) && u32::from(c) > 0xffff => {
                out.push_str(&format!(r"\U{:08x}", u32::from(c)));
            }
            c if c.is_control() || is_invisible(c) => out.push_str(&format!(r"\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    Cow::Owned(out)
}
