//! Which rows of the scope Resources shows: what Enter on a row, a command and the way back put before it.

use crate::domain::kind::Kind;
use crate::domain::text::SafeText;

/// Which rows of the scope are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// Of this kind.
    pub kind: Kind,
    /// Only of this namespace.
    pub namespace: Option<String>,
    /// Only pods on this node.
    pub node: Option<SafeText>,
    /// Only those that are not well.
    pub faults: bool,
}

impl Default for Lens {
    fn default() -> Self {
        Self::of(Kind::Pod)
    }
}

impl Lens {
    /// All of a kind.
    pub const fn of(kind: Kind) -> Self {
        Self { kind, namespace: None, node: None, faults: false }
    }
}
