//! What every object has, and the row of a kind skyfleet has no own row for.

use super::columns::own::Own;
use super::health::Health;
use super::kind::Kind;
use super::labels::Labels;
use super::stamp::Stamp;
use super::text::SafeText;
use super::uid::Uid;

/// The part of `metadata` that is shown or needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Empty for kinds without namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
    /// The server's own id; a write pins its target by it.
    pub uid: Uid,
    /// When it was made.
    pub created: Option<Stamp>,
    /// When its deletion was asked for.
    pub deleting: Option<Stamp>,
    /// Its labels.
    pub labels: Labels,
    /// What a person's own columns show of it.
    pub own: Own,
}

/// Who made an object: its controlling owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Kind as written, `ReplicaSet`.
    pub kind: SafeText,
    /// Its name.
    pub name: SafeText,
}

/// A row of a kind that is listed only while somebody looks: services, config maps, events and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRow {
    /// Which kind.
    pub kind: Kind,
    /// Its metadata.
    pub meta: Meta,
    /// The cells of the kind's own columns (`columns::of(kind)`), without namespace, name and age.
    pub cells: Vec<SafeText>,
    /// How it is, where the kind says so.
    pub health: Health,
}
