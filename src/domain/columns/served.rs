//! Columns as a server prints a kind that is not built in: what `kubectl get` shows of it (`meta.k8s.io/v1` Table, of a CRD
//! its printer columns).
//!
//! NAME, NAMESPACE and AGE are left out: every table has its own. Called by the fleet for rows, and by `skyfleet get`.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::health::Health;
use crate::domain::text::SafeText;

/// So many columns are taken of one kind; no terminal shows more.
const MOST: usize = 40;

/// What a Table says of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// As it is printed, `Ready`.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean`, `date`.
    pub r#type: String,
    /// `name` for the column that names the object.
    pub format: String,
    /// Above 0: only in wide tables.
    pub priority: i32,
}

/// A column that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedColumn {
    /// Its title, in capitals.
    pub title: SafeText,
    /// A number: set to the right.
    pub right: bool,
    /// Shown only in wide tables.
    pub wide: bool,
}

impl Definition {
    /// The column, if it is one that is shown.
    pub fn column(&self) -> Option<ServedColumn> {
        let mut title = self.name.to_uppercase();
        let is_own =
            self.format == "name" || matches!(title.as_str(), "NAME" | "NAMESPACE" | "AGE" | "CREATED AT");
        if title == "CLUSTER" {
            // That of Cluster API, say: the column of every table is another.
            title.push_str(" (OWN)");
        }
        (!is_own && !title.is_empty()).then(|| ServedColumn {
            title: SafeText::new(&title),
            right: matches!(self.r#type.as_str(), "integer" | "number"),
            wide: self.priority > 0,
        })
    }

    /// The server prints a time as an age, which is as of when it printed it.
    pub fn is_time(&self) -> bool {
        self.r#type == "date" && self.column().is_some()
    }
}

/// The columns of a kind over several servers, whose versions may print other ones: those of the first, then what others have
/// beside them. What one has not is empty.
#[derive(Clone, Debug, Default)]
pub struct Union(Vec<ServedColumn>);

/// For each cell of one server's rows its place in the union; `None`: it is not shown.
pub type Places = Vec<Option<usize>>;

impl Union {
    /// The columns.
    pub fn columns(&self) -> &[ServedColumn] {
        &self.0
    }

    /// Takes one server's columns in. Columns that are there never move: rows that are shown keep their cells.
    pub fn join(&mut self, definitions: &[Definition]) -> Places {
        let mut seen: Vec<SafeText> = Vec::new();
        let mut place = |definition: &Definition| {
            let mut column = definition.column()?;
            // Two columns of one title are two, and told apart.
            seen.push(column.title.clone());
            let times = seen.iter().filter(|title| **title == column.title).count();
            if times > 1 {
                column.title = SafeText::from(format!("{} {times}", column.title));
            }
            match self.0.iter().position(|c| c.title == column.title) {
                Some(at) => Some(at),
                None if self.0.len() < MOST => {
                    self.0.push(column);
                    Some(self.0.len() - 1)
                }
                None => None,
            }
        };
        definitions.iter().map(&mut place).collect()
    }

    /// Cells as a server sent them, each in its place.
    pub fn placed(&self, places: &[Option<usize>], cells: Vec<SafeText>) -> Vec<SafeText> {
        let mut out = vec![SafeText::empty(); self.0.len()];
        for (cell, place) in cells.into_iter().zip(places) {
            if let Some(slot) = place.and_then(|at| out.get_mut(at)) {
                *slot = cell;
            }
        }
        out
    }

    /// How an object is, by what its row says: printer columns called READY, AVAILABLE, HEALTHY or SYNCED show conditions of
    /// these names by custom, with the status `True`, `False` or `Unknown`.
    pub fn health(&self, cells: &[SafeText]) -> Health {
        let said = self.0.iter().zip(cells).filter(|(column, _)| {
            matches!(column.title.as_str(), "READY" | "AVAILABLE" | "HEALTHY" | "SYNCED")
        });
        said.map(|(_, cell)| match cell.as_str() {
            "False" | "false" => Health::Degraded,
            "Unknown" => Health::Unknown,
            _ => Health::Ok,
        })
        .max()
        .unwrap_or(Health::Ok)
    }
}

/// A cell as kubectl prints it: nothing for null, JSON for what has parts.
pub fn cell(value: &Value) -> SafeText {
    match value {
        Value::Null => SafeText::empty(),
        Value::String(text) => SafeText::new(text),
        other => SafeText::from(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definitions(names: &[&str]) -> Vec<Definition> {
        let of = |name: &&str| Definition {
            name: (*name).to_owned(),
            r#type: "string".into(),
            ..Definition::default()
        };
        names.iter().map(of).collect()
    }

    #[test]
    fn one_table_of_two_versions() {
        let mut union = Union::default();
        let old = union.join(&definitions(&["Name", "Ready", "Size", "Age"]));
        assert_eq!(old, [None, Some(0), Some(1), None]);
        let new = union.join(&definitions(&["Name", "Colour", "Ready"]));
        assert_eq!(new, [None, Some(2), Some(0)]);
        let row = |places: &Places, cells: &[&str]| {
            let cells = cells.iter().map(|c| SafeText::new(c)).collect();
            union.placed(places, cells).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(row(&old, &["a", "True", "7", "3d"]), ["True", "7", ""]);
        assert_eq!(row(&new, &["b", "red", "False"]), ["False", "", "red"]);
        // Fewer cells than columns, and more.
        assert_eq!(row(&new, &["b"]), ["", "", ""]);
        assert_eq!(row(&new, &["b", "red", "False", "x", "y"]), ["False", "", "red"]);
    }

    #[test]
    fn what_is_shown_of_a_definition() {
        let of = |text: &str| serde_json::from_str::<Definition>(text).unwrap();
        let number =
            of(r#"{"name": "Teeth", "type": "integer", "format": "", "description": "x", "priority": 1}"#);
        let column = number.column().unwrap();
        assert_eq!((column.title.as_str(), column.right, column.wide), ("TEETH", true, true));
        assert!(of(r#"{"name": "Name", "type": "string", "format": "name"}"#).column().is_none());
        assert!(!of(r#"{"name": "Age", "type": "date"}"#).is_time());
        assert!(of(r#"{"name": "Since", "type": "date"}"#).is_time());
        let mut union = Union::default();
        let twice = union.join(&definitions(&["A", "A"]));
        assert_eq!(twice, [Some(0), Some(1)]);
        union.join(&definitions(&(0..100).map(|_| "B").collect::<Vec<_>>()));
        assert_eq!(union.columns().len(), MOST);
    }

    #[test]
    fn cells_and_health() {
        for (value, shown) in [
            (json!(null), ""),
            (json!("x"), "x"),
            (json!(7), "7"),
            (json!(true), "true"),
            (json!(["a"]), r#"["a"]"#),
        ] {
            assert_eq!(cell(&value), *shown);
        }
        let mut union = Union::default();
        union.join(&definitions(&["Colour", "Synced", "Ready"]));
        let health = |cells: [&str; 3]| union.health(&cells.map(SafeText::new));
        assert_eq!(health(["False", "True", "True"]), Health::Ok);
        assert_eq!(health(["red", "False", "Unknown"]), Health::Degraded);
        assert_eq!(health(["red", "True", "Unknown"]), Health::Unknown);
        assert_eq!(union.health(&[]), Health::Ok);
    }
}
