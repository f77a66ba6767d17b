//! Kubeconfig files: read, in part, not at all, not there; and the current context. A function of what was found. Called
//! by [`super::check`].

use std::path::Path;

use super::mending::command;
use super::{Check, Level};
use crate::domain::quantity::count;
use crate::source::kubeconfig::{ContextEntry, FileState, Status};

/// So many names are said.
const NAMES: usize = 5;

/// What is to be said of the files, and of a current context that none of them has.
pub(super) fn checks(
    files: &[&FileState],
    dangling: Option<&str>,
    contexts: &[ContextEntry],
    demo: bool,
) -> Vec<Check> {
    let mut out: Vec<Check> = files.iter().flat_map(|file| of_file(file, contexts)).collect();
    if files.iter().all(|f| f.missing) && !demo {
        let fix = "set KUBECONFIG, give --kubeconfig FILE, or look at the demo: skyfleet demo";
        let words = match files.len() {
            0 => "no file was found".to_owned(),
            1 => "the file is not there".to_owned(),
            n => format!("none of the {n} files is there"),
        };
        out.push(Check::new(Level::Bad, "files", "kubeconfig", &words, fix));
    }
    out.extend(dangling.map(|name| current(name, contexts)));
    out
}

fn of_file(file: &FileState, contexts: &[ContextEntry]) -> Vec<Check> {
    let path = file.path.display().to_string();
    let check = |level, words: &str, fix: &str| Check::new(level, "files", &path, words, fix);
    if file.missing {
        return vec![check(Level::Ok, "not there; of a list of files some may not be", "")];
    }
    if let Some(other) = &file.same_as {
        return vec![check(Level::Ok, &format!("the same file as {}; read once", other.display()), "")];
    }
    let why = file.error.as_deref().unwrap_or("");
    let mut out = vec![match file.status {
        Status::Ok => {
            let own = contexts.iter().filter(|c| c.file.as_deref() == Some(file.path.as_path())).count();
            check(Level::Ok, &format!("read: {}", count(own, "context")), "")
        }
        Status::Salvaged => {
            let fix = "mend these entries in an editor; the others are used all the same";
            check(Level::Warn, &format!("read in part: {why}"), fix)
        }
        Status::Error => {
            let fix = "mend the file, or leave it out of KUBECONFIG; the other files are read all the same";
            check(Level::Bad, why, fix)
        }
    }];
    if let Some(first) = file.hidden.first() {
        let words = format!(
            "{} of it not seen, for an earlier file has the same name: {}",
            count(file.hidden.len(), "context"),
            some(&file.hidden)
        );
        out.push(check(Level::Ok, &words, &rename(first, &file.path)));
    }
    out
}

/// A few names, and how many more.
pub(super) fn some<T: AsRef<str>>(names: &[T]) -> String {
    let mut out = names.iter().take(NAMES).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES {
        out.push_str(&format!(" and {} more", names.len() - NAMES));
    }
    out
}

fn rename(name: &str, file: &Path) -> String {
    let (file, new) = (file.to_string_lossy(), format!("{name}-2"));
    command(["kubectl", "config", "rename-context", name, &new, "--kubeconfig", &file])
}

fn current(name: &str, contexts: &[ContextEntry]) -> Check {
    let usable = contexts.iter().find(|c| c.unusable.is_none());
    let fix = usable.map_or_else(
        || command(["kubectl", "config", "unset", "current-context"]),
        |c| command(["kubectl", "config", "use-context", &c.name]),
    );
    Check::new(Level::Warn, "files", "current-context", &format!("names {name:?}, which no file has"), &fix)
}
