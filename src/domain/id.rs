//! Names of things: clusters by number, objects by cluster, kind, namespace and name.

use super::kind::Kind;
use super::text::SafeText;

/// A cluster of this session: its place in the fleet's list. Never stored on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u32);

impl ClusterId {
    /// As an index into a list by cluster.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One object of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Where.
    pub cluster: ClusterId,
    /// What.
    pub kind: Kind,
    /// Empty for kinds without namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
}

impl ObjectKey {
    /// `kind/name`, as commands take it.
    pub fn target(&self) -> String {
        format!("{}/{}", self.kind.info().short(), self.name)
    }
}
