//! Health of anything: five words, each with a glyph; never a colour alone.

/// How something is. The order is by how bad it is, so the worst of many is their maximum; `Unknown` stands
/// between ok and bad: what nobody can see is not down, and not fine either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    #[default]
    Ok,
    /// On its way: rolling, starting, finishing.
    Progressing,
    /// Cannot be seen.
    Unknown,
    /// Works in part, or is about to break.
    Degraded,
    /// Does not work.
    Down,
}

impl Health {
    /// All of them, best first.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Progressing, Self::Unknown, Self::Degraded, Self::Down];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// The sign of one cell, for terminals with Unicode and for those without.
    pub const fn glyph(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Ok, false) => "●",
            (Self::Progressing, false) => "◐",
            (Self::Unknown, false) => "○",
            (Self::Degraded, false) => "▲",
            (Self::Down, false) => "✖",
            (Self::Ok, true) => "o",
            (Self::Progressing, true) => "~",
            (Self::Unknown, true) => "?",
            (Self::Degraded, true) => "!",
            (Self::Down, true) => "x",
        }
    }

    /// The place in an array of counts by health.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// One of this health, as those are counted that are degraded and that are down.
    pub const fn counted(self) -> (u32, u32) {
        match self {
            Self::Degraded => (1, 0),
            Self::Down => (0, 1),
            Self::Ok | Self::Progressing | Self::Unknown => (0, 0),
        }
    }

    /// Whether a person should look.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Degraded | Self::Down)
    }
}
