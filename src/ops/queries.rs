//! Queries that a person keeps: command lines under names of their own, each a tab of the terminal. Those of the settings, and
//! those that were kept by `:save`, which are in the state folder.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::journal;

/// The file in the state folder.
const FILE: &str = "queries.json";

/// Names and command lines.
pub type Queries = BTreeMap<String, String>;

/// Those that were kept before; none where the file cannot be read.
pub fn kept(state: &Path) -> Queries {
    read(state).unwrap_or_default()
}

fn read(state: &Path) -> io::Result<Queries> {
    match std::fs::read(state.join(FILE)) {
        Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Queries::new()),
        Err(error) => Err(error),
    }
}

/// Keeps one, or forgets it; what others have kept meanwhile stays.
///
/// # Errors
/// The file cannot be read, and so is not written over; or it cannot be written.
pub fn keep(state: &Path, name: &str, line: Option<String>) -> io::Result<()> {
    journal::private_folder(state)?;
    let mut queries = read(state)?;
    match line {
        Some(line) => queries.insert(name.to_owned(), line),
        None => queries.remove(name),
    };
    let text = serde_json::to_vec_pretty(&queries).map_err(io::Error::other)?;
    journal::write_private(&state.join(FILE), &text)
}

/// Whether it is a name: a word, for it is typed behind `:`.
pub fn is_name(name: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().count() <= 24 && name.chars().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_again_and_what_is_broken_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(kept(dir.path()), Queries::new());
        keep(dir.path(), "ill", Some("pods /restarts>5".to_owned())).unwrap();
        keep(dir.path(), "old", Some("deploy".to_owned())).unwrap();
        keep(dir.path(), "old", None).unwrap();
        assert_eq!(kept(dir.path()), [("ill".to_owned(), "pods /restarts>5".to_owned())].into());
        std::fs::write(dir.path().join(FILE), "{\"ill\":").unwrap();
        assert_eq!(kept(dir.path()), Queries::new());
        assert!(keep(dir.path(), "new", Some("po".to_owned())).is_err(), "it is not written over");
        for (name, is) in [("ill", true), ("a.b-c_1", true), ("", false), ("a b", false), ("/x", false)] {
            assert_eq!(is_name(name), is, "{name}");
        }
    }
}
