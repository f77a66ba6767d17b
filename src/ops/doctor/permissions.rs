//! Who else can read or write what holds credentials. Looks at owners and modes of files, opens none. Called by
//! [`super::check`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::mending::command;
use super::{Check, Level};
use crate::domain::quantity::count;
use crate::ops::session::Session;
use crate::source::kubeconfig::Material;

/// Every file that is there, and a word for it.
pub(super) fn checks(session: &Session) -> Vec<Check> {
    let found = found(session);
    let mut looked = 0;
    let mut out = Vec::new();
    for (path, what) in &found {
        let Some((mode, owner)) = mode(path) else { continue };
        looked += 1;
        let Some((words, ours)) = judge(mode, owner, us()) else { continue };
        let name = path.to_string_lossy();
        let fix = if ours {
            command(["chmod", "600", &name])
        } else {
            format!("ask who owns it, or: {}", command(["sudo", "chmod", "600", &name]))
        };
        out.push(Check::new(Level::Warn, "permissions", &name, &format!("{what}: {words}"), &fix));
    }
    if looked > 0 && out.is_empty() {
        let words = format!("{} with credentials: nobody else can read or write them", count(looked, "file"));
        out.push(Check::new(Level::Ok, "permissions", "all", &words, ""));
    }
    out
}

fn found(session: &Session) -> BTreeMap<PathBuf, &'static str> {
    let mut out = BTreeMap::new();
    let home = session.reader.iter().flat_map(|reader| reader.home.secret_files());
    out.extend(home.map(|(what, path)| (path, what)));
    for access in session.contexts.iter().filter_map(|c| c.access.as_ref()) {
        out.extend(access.user.token_file.clone().map(|path| (path, "token")));
        if let Some(Material::File(path)) = &access.user.key {
            out.insert(path.clone(), "client key");
        }
    }
    out.extend(session.files.iter().filter(|f| f.same_as.is_none()).map(|f| (f.path.clone(), "kubeconfig")));
    out
}

/// What is wrong with a file of that mode and owner, and whether we could mend it.
fn judge(mode: u32, owner: u32, us: u32) -> Option<(&'static str, bool)> {
    // What root has is the administrator's; only that others can read it is worth a word.
    let ours = owner == us || us == 0;
    let words = match (mode & 0o022, mode & 0o044) {
        _ if !ours && owner != 0 => {
            "it belongs to somebody else, who can change what is run and where it connects"
        }
        (1.., _) => "others can write it",
        (_, 1..) if mode & 0o004 != 0 => "everybody on this machine can read it",
        (_, 1..) => "its group can read it",
        _ => return None,
    };
    Some((words, ours))
}

/// Mode and owner of what a path leads to, if that is a file.
#[cfg(unix)]
fn mode(path: &std::path::Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().filter(|m| m.is_file()).map(|m| (m.mode(), m.uid()))
}

#[cfg(unix)]
fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn mode(_: &std::path::Path) -> Option<(u32, u32)> {
    None
}

#[cfg(not(unix))]
fn us() -> u32 {
    0
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn who_else_can_read_it() {
        for (mode, owner, us, words, ours) in [
            (0o100_600, 1000, 1000, None, true),
            (0o100_400, 1000, 1000, None, true),
            (0o100_700, 1000, 1000, None, true),
            (0o100_640, 1000, 1000, Some("its group can read it"), true),
            (0o100_644, 1000, 1000, Some("everybody on this machine can read it"), true),
            (0o100_604, 1000, 1000, Some("everybody on this machine can read it"), true),
            (0o100_660, 1000, 1000, Some("others can write it"), true),
            (0o100_602, 1000, 1000, Some("others can write it"), true),
            (0o100_600, 0, 1000, None, true),
            (0o100_644, 0, 1000, Some("everybody on this machine can read it"), false),
            (
                0o100_600,
                1001,
                1000,
                Some("it belongs to somebody else, who can change what is run and where it connects"),
                false,
            ),
            (0o100_644, 1001, 0, Some("everybody on this machine can read it"), true),
        ] {
            let is = judge(mode, owner, us);
            assert_eq!(is.map(|i| i.0), words, "{mode:o} {owner} {us}");
            assert!(is.is_none_or(|i| i.1 == ours), "{mode:o} {owner} {us}");
        }
    }
}
