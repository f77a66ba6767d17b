//! Why a context cannot be dialled as it is written: what it lacks, and that in words. Called by the entries, `contexts` and
//! `doctor`.

use std::path::Path;

/// What a context lacks that cannot be dialled as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing: it can be dialled.
    #[default]
    Nothing,
    /// Its cluster entry.
    Cluster,
    /// Its user entry.
    User,
    /// A file that an entry names.
    File,
    /// An address that credentials can be sent to.
    Https,
    /// Something inside an entry.
    Mending,
}

/// Why it cannot be dialled, in one sentence or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) lacks: Lacks,
    pub(super) words: String,
}

impl Flaw {
    pub(super) fn new(lacks: Lacks, words: &str) -> Self {
        Self { lacks, words: words.to_owned() }
    }

    /// A file that an entry names, and nobody finds.
    pub(super) fn not_there(what: &str, file: &Path) -> Self {
        Self { lacks: Lacks::File, words: format!("names a {what} that is not there: {}", file.display()) }
    }

    /// The same, said of an entry.
    pub(super) fn of(self, entry: &str) -> Self {
        Self { words: format!("{entry} {}", self.words), ..self }
    }
}

impl From<String> for Flaw {
    fn from(words: String) -> Self {
        Self { lacks: Lacks::Mending, words }
    }
}

impl From<&str> for Flaw {
    fn from(words: &str) -> Self {
        Self::new(Lacks::Mending, words)
    }
}
