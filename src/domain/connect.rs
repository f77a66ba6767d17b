//! When clusters are connected: the setting `connect`.

use std::fmt;

/// When a cluster is connected without being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connect {
    /// Those that need no credential plugin at once, the others when their row is seen or they are in scope.
    #[default]
    Auto,
    /// When their row is seen or they are in scope.
    Visible,
    /// Never: a person asks.
    Manual,
}

impl Connect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Visible, Self::Manual];

    /// The word in settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Visible => "visible",
            Self::Manual => "manual",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.word() == word)
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
