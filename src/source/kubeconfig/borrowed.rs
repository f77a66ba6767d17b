//! Entries a context takes from another file than its own: allowed, easily not meant. Called by the merging of files;
//! shown by `contexts -o wide` and by the doctor. Merge rule 12 of client-go.

use std::fmt;
use std::path::PathBuf;

/// Which of its two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The cluster entry.
    Cluster,
    /// The user entry.
    User,
}

impl Part {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::User => "user",
        }
    }
}

/// An entry from another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Borrowed {
    /// Which.
    pub part: Part,
    /// The file it is of.
    pub from: PathBuf,
    /// The context's own file has another of this name: it is not seen, for the other file is read first.
    pub hides_own: bool,
}

impl fmt::Display for Borrowed {
    /// `user entry from FILE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entry from {}", self.part.word(), self.from.display())
    }
}
