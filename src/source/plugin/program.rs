//! Which file a plugin's command is: by the PATH the plugin itself will have, or by the kubeconfig's folder. Looks at files and
//! runs nothing.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::fault::PluginFault;
use super::spec::Plugin;
use crate::domain::sign_in::{install, quote};
use crate::domain::text::SafeText;

/// Of an install hint so much is shown.
const HINT_LINES: usize = 4;
const HINT_CHARS: usize = 400;

/// The absolute path of what would be run.
pub(super) fn find(plugin: &Plugin) -> Result<PathBuf, PluginFault> {
    let missing = |why| {
        let hint = plugin.install_hint.as_deref().and_then(hint);
        let mend = match &hint {
            None => SafeText::new(install(&plugin.facts(&[], false))),
            Some(hint) => SafeText::new(&format!("the kubeconfig says: {hint}")),
        };
        Err(PluginFault::Missing { command: SafeText::new(&quote(&plugin.command)), why, hint, mend })
    };
    if plugin.has_separator() {
        let path = plugin.written();
        return match path.is_absolute() {
            true if is_program(&path) => Ok(path),
            true if path.is_file() => Err(PluginFault::Missing {
                command: SafeText::new(&quote(&plugin.command)),
                why: "cannot be executed",
                hint: None,
                mend: SafeText::new(&format!("chmod +x {}", quote(&path.to_string_lossy()))),
            }),
            true => missing("is not installed"),
            false => missing("is a relative path, and no file says relative to what"),
        };
    }
    let own =
        plugin.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.expose_secret());
    let path = own.map(std::ffi::OsString::from).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    // A folder that depends on where skyfleet was started is not looked into.
    let found = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names(&folder, &plugin.command))
        .find(|file| is_program(file));
    found.map_or_else(|| missing("is not installed"), Ok)
}

#[cfg(unix)]
fn names(folder: &Path, command: &str) -> Vec<PathBuf> {
    vec![folder.join(command)]
}

#[cfg(not(unix))]
fn names(folder: &Path, command: &str) -> Vec<PathBuf> {
    ["", ".exe", ".cmd", ".bat"].iter().map(|end| folder.join(format!("{command}{end}"))).collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The first lines of a hint, cleaned.
fn hint(text: &str) -> Option<SafeText> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(HINT_LINES).collect();
    let clean = SafeText::new(&lines.join(" "));
    let short = if clean.chars().count() > HINT_CHARS {
        SafeText::new(&clean.chars().take(HINT_CHARS).chain(['…']).collect::<String>())
    } else {
        clean
    };
    (!short.is_empty()).then_some(short)
}
