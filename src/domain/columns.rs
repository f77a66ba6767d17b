//! stub
use super::health::Health;
use super::kind::Kind;
use super::object::{Meta, OtherRow};
use super::text::SafeText;
use jiff::Timestamp;
use serde_json::Value;
/// c
pub struct Column {
    /// t
    pub title: &'static str,
    /// r
    pub right: bool,
    /// w
    pub wide: bool,
}
/// of
pub fn of(_: Kind) -> &'static [Column] {
    &[]
}
/// row
pub fn row(kind: Kind, _: &Value, _: Timestamp) -> OtherRow {
    OtherRow { kind, meta: Meta::default(), cells: vec![SafeText::empty()], health: Health::Ok }
}
