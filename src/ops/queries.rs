//! Queries that a person keeps: command lines under names of their own, each a tab of the terminal. Those of the settings, and
//! those that were kept by `:save`, which are in the state folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::journal;

/// The file in the state folder.
const FILE: &str = "queries.json";

/// Names and command lines.
pub type Queries = BTreeMap<String, String>;

/// Those that were kept before.
pub fn kept(state: &Path) -> Queries {
    let text = std::fs::read(state.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Keeps these.
///
/// # Errors
/// The file cannot be written.
pub fn keep(state: &Path, queries: &Queries) -> std::io::Result<()> {
    journal::private_folder(state)?;
    let text = serde_json::to_vec_pretty(queries).map_err(std::io::Error::other)?;
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
        let queries: Queries = [("ill".to_owned(), "pods /restarts>5".to_owned())].into();
        keep(dir.path(), &queries).unwrap();
        assert_eq!(kept(dir.path()), queries);
        std::fs::write(dir.path().join(FILE), "{\"ill\":").unwrap();
        assert_eq!(kept(dir.path()), Queries::new());
        for (name, is) in [("ill", true), ("a.b-c_1", true), ("", false), ("a b", false), ("/x", false)] {
            assert_eq!(is_name(name), is, "{name}");
        }
    }
}
