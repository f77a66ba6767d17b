//! The doctor: what was found, what works, and how to mend what does not.
//!
//! Lives here: the checks, each with its words and its fix. Never: mending anything. Called by `skyfleet doctor`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::domain::quantity::count;
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::source::api;
use crate::source::fault::{Fault, FaultClass};
use crate::source::kubeconfig::Auth;

use super::journal;
use super::session::Session;

/// Clusters asked at once.
const AT_ONCE: usize = 16;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but a person should know.
    Warn,
    /// Does not work.
    Bad,
}

impl Level {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// How it came out.
    pub level: Level,
    /// `files`, `contexts`, `plugins`, `clusters`, `terminal`, `state`.
    pub area: &'static str,
    /// What was checked.
    pub subject: SafeText,
    /// What was found.
    pub words: SafeText,
    /// How to mend it; empty when there is nothing to mend.
    pub fix: SafeText,
}

impl Check {
    fn new(level: Level, area: &'static str, subject: &str, words: &str, fix: &str) -> Self {
        Self {
            level,
            area,
            subject: SafeText::new(subject),
            words: SafeText::new(words),
            fix: SafeText::new(fix),
        }
    }
}

/// Runs every check; clusters out of scope are not asked.
pub async fn check(session: &Session, scope: &Scope, limit: Duration) -> Vec<Check> {
    let mut out = Vec::new();
    files(session, &mut out);
    contexts(session, &mut out);
    plugins(session, &mut out);
    clusters(session, scope, limit, &mut out).await;
    terminal(|name| std::env::var(name).ok().filter(|v| !v.is_empty()), &mut out);
    state(session.state_dir.as_deref(), &mut out);
    out
}

fn files(session: &Session, out: &mut Vec<Check>) {
    for file in &session.files {
        let path = file.path.display().to_string();
        out.push(match &file.error {
            None => Check::new(Level::Ok, "files", &path, "read", ""),
            Some(error) => Check::new(
                Level::Bad,
                "files",
                &path,
                error,
                "mend the file, or leave it out of KUBECONFIG; the other files are read all the same",
            ),
        });
    }
    if session.files.is_empty() && !session.demo {
        let fix = "set KUBECONFIG, give --kubeconfig FILE, or look at the demo: skyfleet demo";
        out.push(Check::new(Level::Bad, "files", "kubeconfig", "no file was found", fix));
    }
}

fn contexts(session: &Session, out: &mut Vec<Check>) {
    let good = session.contexts.iter().filter(|c| c.unusable.is_none()).count();
    if good > 0 {
        let words = format!("{}: {}", count(good, "context"), count(session.infos.len(), "cluster"));
        out.push(Check::new(Level::Ok, "contexts", "all", &words, ""));
    } else if !session.contexts.is_empty() || !session.files.is_empty() {
        out.push(Check::new(
            Level::Bad,
            "contexts",
            "all",
            "no context can be used",
            "add one with your cloud's command line",
        ));
    }
    for c in &session.contexts {
        if let Some(why) = &c.unusable {
            let fix = format!("mend the entry, or remove it: kubectl config delete-context {:?}", c.name);
            out.push(Check::new(Level::Bad, "contexts", &c.name, why, &fix));
        }
    }
}

/// Whether the credential plugins the contexts name can be found.
fn plugins(session: &Session, out: &mut Vec<Check>) {
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for c in &session.contexts {
        if let Auth::Exec(command) = &c.auth {
            *used.entry(command).or_default() += 1;
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found: BTreeSet<&str> = used
        .keys()
        .copied()
        .filter(|command| std::env::split_paths(&path).any(|dir| dir.join(command).is_file()))
        .collect();
    for (command, contexts) in used {
        out.push(if found.contains(command) {
            Check::new(
                Level::Ok,
                "plugins",
                command,
                &format!("on PATH; {contexts} contexts sign in with it"),
                "",
            )
        } else {
            Check::new(
                Level::Warn,
                "plugins",
                command,
                &format!("not on PATH; {contexts} contexts sign in with it"),
                "install it, or write its full path into the kubeconfig",
            )
        });
    }
}

async fn clusters(session: &Session, scope: &Scope, limit: Duration, out: &mut Vec<Check>) {
    let gate = Semaphore::new(AT_ONCE);
    let mut waiting = FuturesUnordered::new();
    for info in session.in_scope(scope) {
        let gate = &gate;
        waiting.push(async move {
            let _permit = gate.acquire().await;
            let answer = match timeout(limit, ask(session, info)).await {
                Ok(answer) => answer,
                Err(_) => Err(Fault::timeout("connect", limit.as_secs())),
            };
            (info.id, cluster_check(info, &answer))
        });
    }
    let mut checks = Vec::new();
    while let Some(check) = waiting.next().await {
        checks.push(check);
    }
    checks.sort_by_key(|(id, _)| *id);
    out.extend(checks.into_iter().map(|(_, check)| check));
}

/// The version, who we are there, and how long the first answer took in milliseconds.
async fn ask(session: &Session, info: &ClusterInfo) -> Result<(SafeText, String, u128), Fault> {
    let started = Instant::now();
    let client = session.client(info.id).await?;
    let version = api::version(&client).await?;
    let millis = started.elapsed().as_millis();
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let who = match api::post(&client, "/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).await {
        Ok(answer) => {
            let name =
                answer.pointer("/status/userInfo/username").and_then(Value::as_str).unwrap_or("unnamed");
            format!("as {name}")
        }
        Err(fault) if fault.class == FaultClass::NotFound => {
            "identity not told: older than Kubernetes 1.28".to_owned()
        }
        Err(fault) => return Err(fault),
    };
    Ok((version, who, millis))
}

fn cluster_check(info: &ClusterInfo, answer: &Result<(SafeText, String, u128), Fault>) -> Check {
    let subject = format!("{} (context {})", info.place.path(), info.context);
    match answer {
        Ok((version, who, millis)) => {
            Check::new(Level::Ok, "clusters", &subject, &format!("{version}, {who}, {millis} ms"), "")
        }
        Err(fault) => Check::new(Level::Bad, "clusters", &subject, &fault.words, fix_of(fault.class)),
    }
}

/// What a person can do about a fault.
const fn fix_of(class: FaultClass) -> &'static str {
    match class {
        FaultClass::Unreachable => "check the VPN, the proxy (HTTPS_PROXY) and the address in the kubeconfig",
        FaultClass::Timeout => "check the VPN and the firewall; a longer wait: --timeout 60",
        FaultClass::Tls => {
            "the certificate-authority-data may be of an older cluster: fetch the kubeconfig anew"
        }
        FaultClass::Unauthorized => "sign in again with your cloud's command line",
        FaultClass::Forbidden => "ask for the right, or use another context of this cluster",
        FaultClass::Credentials => "run the plugin's command by hand to see why it gives no credentials",
        FaultClass::TooMany => "the server is busy; try again later",
        FaultClass::Server => "the server is in trouble; try again later",
        FaultClass::NotFound
        | FaultClass::Conflict
        | FaultClass::Gone
        | FaultClass::Invalid
        | FaultClass::Other => "is the address in the kubeconfig that of a Kubernetes API server?",
    }
}

fn terminal(get: impl Fn(&str) -> Option<String>, out: &mut Vec<Check>) {
    let mut push = |level, subject: &str, words: &str, fix: &str| {
        out.push(Check::new(level, "terminal", subject, words, fix));
    };
    match get("TERM").as_deref() {
        None => push(Level::Warn, "TERM", "not set", "run in a terminal, or export TERM=xterm-256color"),
        Some("dumb") => push(
            Level::Warn,
            "TERM",
            "dumb: no full screen here",
            "the commands work; for the screen use another terminal",
        ),
        Some(term) => push(Level::Ok, "TERM", term, ""),
    }
    let colour = match (get("NO_COLOR"), get("COLORTERM")) {
        (Some(_), _) => "none (NO_COLOR is set)".to_owned(),
        (None, Some(c)) if c == "truecolor" || c == "24bit" => "24 bit".to_owned(),
        (None, _) if get("TERM").is_some_and(|t| t.contains("256")) => "256 colours".to_owned(),
        (None, _) => "16 colours".to_owned(),
    };
    push(Level::Ok, "colour", &colour, "");
    let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default();
    let lower = locale.to_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        push(Level::Ok, "locale", &locale, "");
    } else {
        let words = if locale.is_empty() { "not set" } else { locale.as_str() };
        push(Level::Warn, "locale", words, "export LANG=C.UTF-8, or set `ascii: true` in config.yaml");
    }
    if get("TMUX").is_some() {
        let fix = "for copying over SSH: set -g set-clipboard on; for all colours: set -as terminal-features ',*:RGB'";
        push(Level::Ok, "tmux", "inside tmux", fix);
    }
}

fn state(dir: Option<&Path>, out: &mut Vec<Check>) {
    let Some(dir) = dir else {
        out.push(Check::new(Level::Ok, "state", "journals", "nothing is kept: this is a demo", ""));
        return;
    };
    let subject = dir.display().to_string();
    let probe = dir.join(".doctor");
    let written = journal::private_folder(dir)
        .and_then(|()| std::fs::write(&probe, b"ok"))
        .and_then(|()| std::fs::remove_file(&probe));
    out.push(match written {
        Ok(()) => Check::new(Level::Ok, "state", &subject, "can be written", ""),
        Err(error) => Check::new(
            Level::Bad,
            "state",
            &subject,
            &format!("cannot be written: {error}; no write to a cluster is started without a journal"),
            "make the folder yours, or set SKYFLEET_STATE_DIR",
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals() {
        let look = |pairs: &[(&str, &str)]| {
            let mut out = Vec::new();
            terminal(|name| pairs.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()), &mut out);
            out.iter().filter(|c| c.level != Level::Ok).map(|c| c.subject.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(look(&[("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")]), [""; 0]);
        assert_eq!(look(&[]), ["TERM", "locale"]);
        assert_eq!(look(&[("TERM", "dumb"), ("LANG", "C")]), ["TERM", "locale"]);
    }

    #[test]
    fn a_state_folder_is_tried() {
        let dir = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        state(Some(&dir.path().join("a/b")), &mut out);
        std::fs::write(dir.path().join("file"), "x").unwrap();
        state(Some(&dir.path().join("file/under")), &mut out);
        assert_eq!(out.iter().map(|c| c.level).collect::<Vec<_>>(), [Level::Ok, Level::Bad]);
    }
}
