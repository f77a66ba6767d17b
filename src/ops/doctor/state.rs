//! Where journals are kept: whether they can be written, and by us alone. Called by [`super::check`].

use std::path::Path;

use super::mending::command;
use super::{Check, Level};
use crate::ops::journal;

/// What is to be said of the folder; none is there in a demo.
pub(super) fn checks(dir: Option<&Path>) -> Vec<Check> {
    let Some(dir) = dir else {
        return vec![Check::new(Level::Ok, "state", "journals", "nothing is kept: this is a demo", "")];
    };
    let subject = dir.display().to_string();
    let probe = dir.join(".doctor");
    let written = journal::private_folder(dir)
        .and_then(|()| std::fs::write(&probe, b"ok"))
        .and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        let words = format!("cannot be written: {error}; no write to a cluster is started without a journal");
        let fix = "make the folder yours, or set SKYFLEET_STATE_DIR";
        return vec![Check::new(Level::Bad, "state", &subject, &words, fix)];
    }
    let shared = shared(dir);
    vec![match shared {
        None => Check::new(Level::Ok, "state", &subject, "can be written", ""),
        Some((words, fix)) => Check::new(Level::Warn, "state", &subject, &words, &fix),
    }]
}

/// Who else has it.
#[cfg(unix)]
fn shared(dir: &Path) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt;
    let meta = dir.metadata().ok()?;
    let (owner, us) = (meta.uid(), rustix::process::geteuid().as_raw());
    if owner != us {
        let words =
            format!("belongs to another user (uid {owner}), who can change what was written of your runs");
        return Some((words, "set SKYFLEET_STATE_DIR to a folder of your own".to_owned()));
    }
    (meta.mode() & 0o077 != 0).then(|| {
        let words = "others can read or write it: it says what was done in which cluster".to_owned();
        (words, command(["chmod", "700", &dir.to_string_lossy()]))
    })
}

#[cfg(not(unix))]
fn shared(_: &Path) -> Option<(String, String)> {
    None
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_state_folder_is_tried() {
        let dir = tempfile::tempdir().unwrap();
        let level = |path: &Path| checks(Some(path)).remove(0).level;
        assert_eq!(level(&dir.path().join("a/b")), Level::Ok);
        std::fs::write(dir.path().join("file"), "x").unwrap();
        assert_eq!(level(&dir.path().join("file/under")), Level::Bad);
    }

    #[cfg(unix)]
    #[test]
    fn a_state_folder_that_others_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = checks(Some(dir.path())).remove(0);
        assert_eq!(found.level, Level::Warn);
        assert_eq!(found.fix.as_str(), format!("chmod 700 {}", dir.path().display()));
    }
}
