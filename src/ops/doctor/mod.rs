//! The doctor: what was found, what works, and how to mend what does not.
//!
//! | file | what it checks |
//! |---|---|
//! | `files` | kubeconfig files, and the current context |
//! | `permissions` | who else can read what holds credentials |
//! | `contexts` | what cannot be dialled as it is written, and what is dialled without protection |
//! | `plugins` | credential plugins: found, allowed, asking |
//! | `expiry` | certificates and tokens that say when they end |
//! | `proxies` | who is reached through whom |
//! | `clusters`, `clock` | what the servers answer, and by what time |
//! | `terminal`, `state` | this terminal, and where journals are kept |
//! | `mending` | the commands that mend a context |
//! | `group` | many findings that are one |
//!
//! Never: mending anything; a credential in a word. A check that can be a function of what was found is one. Called by
//! `skyfleet doctor`.

mod clock;
mod clusters;
mod contexts;
mod expiry;
mod files;
mod group;
mod mending;
mod permissions;
mod plugins;
mod proxies;
mod state;
mod terminal;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;

use crate::domain::scope::Scope;
use crate::domain::text::SafeText;

use super::session::Session;
use crate::source::kubeconfig::{ContextEntry, FileState};

pub use group::grouped;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be, or nothing to trouble anybody.
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
    /// `files`, `permissions`, `contexts`, `plugins`, `expiry`, `proxies`, `clusters`, `clock`, `terminal`, `state`.
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

/// Runs every check; `heard` is told how many clusters of how many have been heard of. Contexts out of scope are not looked at, and their clusters not asked.
pub async fn check(
    session: &Session,
    scope: &Scope,
    limit: Duration,
    heard: impl FnMut(usize, usize),
) -> Vec<Check> {
    let get = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let mut out = without_asking(session, scope);
    let (answers, told) = clusters::ask_all(session, scope, limit, heard).await;
    out.extend(answers);
    out.extend(clusters::untried(session, scope));
    // The simulation's servers tell the time of this machine, and live in another.
    out.extend(if session.demo { Vec::new() } else { clock::checks(&told) });
    out.extend(terminal::checks(get, terminal::size()));
    out.extend(state::checks(session.state_dir.as_deref()));
    out
}

/// What can be said of files and contexts without asking anybody.
pub fn without_asking(session: &Session, scope: &Scope) -> Vec<Check> {
    let names: HashSet<&SafeText> = session
        .in_scope(scope)
        .flat_map(|info| std::iter::once(&info.context).chain(&info.other_contexts))
        .collect();
    let in_scope = |c: &&ContextEntry| scope.is_all() || names.contains(&SafeText::new(&c.name));
    let seen: Vec<&ContextEntry> = session.contexts.iter().filter(in_scope).collect();
    // Who asks for a part is told of the files of that part.
    let of_those = |f: &&FileState| scope.is_all() || seen.iter().any(|c| c.file.as_deref() == Some(&f.path));
    let read: Vec<&FileState> = session.files.iter().filter(of_those).collect();
    let dangling = session.dangling_current.as_deref().filter(|_| scope.is_all());
    let mut out = files::checks(&read, dangling, &session.contexts, session.demo);
    out.extend(permissions::checks(session));
    out.extend(contexts::checks(session, &seen, scope.is_all()));
    out.extend(plugins::checks(session, &seen));
    out.extend(expiry::checks(&seen, session.clock.now()));
    out.extend(proxies::checks(session, &seen));
    out
}
