//! How a person wants the table of a kind: read from the settings, kept to by the tables.

use serde::Deserialize;

/// Columns and what is first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableView {
    /// Its columns in their order: titles, `label:KEY`, `TITLE=label:KEY`; none: all.
    pub columns: Vec<String>,
    /// The column it is sorted by at first, with `-` from the last to the first.
    pub sort: Option<String>,
}
