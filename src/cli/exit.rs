//! Exit codes: promised, so that runbooks can rely on them.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Ok,
    /// It failed, or for `doctor`: something needs a person.
    Failed,
    /// It was asked for wrongly, or may not run without a yes.
    Usage,
    /// Some clusters could not be read.
    Partial,
    /// Nothing matched.
    Nothing,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Nothing => 4,
            Self::Interrupted => 130,
        }
    }

    /// By what was found and what failed.
    pub const fn of(found: usize, errors: usize) -> Self {
        match (found, errors) {
            (_, 1..) => Self::Partial,
            (0, 0) => Self::Nothing,
            _ => Self::Ok,
        }
    }
}
