//! Whether a plugin may run: a kubeconfig is code. One of `~/.kube` that nobody else can write is as good as a program of the
//! person's own; of another file, each distinct command is asked for once.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use secrecy::ExposeSecret;
use serde_json::json;

use super::fault::PluginFault;
use super::program;
use super::spec::{Plugin, hash};
use super::store::Store;
use crate::domain::sign_in::shown;
use crate::domain::text::SafeText;

/// Which plugins run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// All.
    Allow,
    /// Those of a file that is known, and what a person has said yes to.
    #[default]
    Ask,
    /// None.
    Deny,
}

/// How long a yes counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// Until skyfleet ends.
    ForNow,
    /// Until the file of them is removed.
    ForGood,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        })
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "allow" => Ok(Self::Allow),
            "ask" => Ok(Self::Ask),
            "deny" => Ok(Self::Deny),
            _ => Err("the exec policy is one of allow, ask and deny".to_owned()),
        }
    }
}

/// Whether it takes a look at files to say so.
pub(super) fn looks_at_files(policy: Policy, plugin: &Plugin) -> bool {
    policy == Policy::Ask && plugin.file.is_some()
}

/// Says whether it may run.
pub(super) fn admit(policy: Policy, plugin: &Plugin, home: &Path, store: &Store) -> Result<(), PluginFault> {
    let file = match (policy, &plugin.file) {
        (Policy::Deny, _) => return Err(PluginFault::Policy),
        (Policy::Allow, _) | (Policy::Ask, None) => return Ok(()),
        (Policy::Ask, Some(file)) => file,
    };
    let program = program::find(plugin)?;
    if (!plugin.is_relative() && is_own(file, home)) || store.has(&id(plugin, &program)) {
        return Ok(());
    }
    let argv: Vec<String> =
        std::iter::once(program.to_string_lossy().into_owned()).chain(plugin.args.iter().cloned()).collect();
    let env: Vec<String> = names(plugin).into_iter().map(|name| format!("{name}=…")).collect();
    Err(PluginFault::Trust {
        line: shown(&argv),
        env: SafeText::new(&env.join(" ")),
        file: SafeText::new(&file.to_string_lossy()),
    })
}

/// What a yes is for: the file, the absolute command, its arguments, the names in its environment and the values of those
/// that make it run something else. A hash in hex; of other values nothing is kept, for they may be secrets.
pub(super) fn id(plugin: &Plugin, program: &Path) -> String {
    let file = plugin.file.as_ref().map(|f| f.to_string_lossy());
    let steering: Vec<_> = plugin
        .env
        .iter()
        .filter(|(name, _)| steers(name))
        .map(|(name, value)| (name, value.expose_secret()))
        .collect();
    let text = json!([program.to_string_lossy(), plugin.args, names(plugin), steering, file]).to_string();
    hash(&text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a variable decides what code runs.
fn steers(name: &str) -> bool {
    const EXACT: [&str; 9] = [
        "BASH_ENV",
        "ENV",
        "SHELLOPTS",
        "PERL5OPT",
        "RUBYOPT",
        "NODE_OPTIONS",
        "GIT_SSH_COMMAND",
        "IFS",
        "HOME",
    ];
    EXACT.contains(&name)
        || ["LD_", "DYLD_", "PYTHON"].iter().any(|prefix| name.starts_with(prefix))
        || ["PATH", "PERL5LIB", "_FILE", "_CONFIG", "_CONFIG_DIR"].iter().any(|suffix| name.ends_with(suffix))
}

fn names(plugin: &Plugin) -> Vec<&str> {
    let mut names: Vec<&str> = plugin.env.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Inside `~/.kube`, links followed, and neither the file nor a folder on the way can be written by anybody else.
fn is_own(file: &Path, home: &Path) -> bool {
    let (Ok(file), Ok(kube)) = (file.canonicalize(), home.join(".kube").canonicalize()) else { return false };
    file.starts_with(&kube)
        && file != kube
        && file.ancestors().take_while(|path| path.starts_with(&kube)).all(only_ours)
}

#[cfg(unix)]
pub(super) fn only_ours(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| ours(&m))
}

/// Ours, or the administrator's, and written by nobody else.
#[cfg(unix)]
pub(super) fn ours(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = metadata.uid();
    (owner == 0 || owner == rustix::process::geteuid().as_raw()) && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
pub(super) fn only_ours(path: &Path) -> bool {
    path.exists()
}

#[cfg(not(unix))]
pub(super) fn ours(_: &std::fs::Metadata) -> bool {
    true
}
