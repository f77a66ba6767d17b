//! How a person wants the table of a kind: read from the settings, kept to by the tables and by who reads objects for them.

use serde::Deserialize;

use super::columns::own::{self, Paths};
use super::kind::Kind;

/// Columns and what is first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableView {
    /// Its columns in their order: titles, `label:KEY`, `path:JSONPATH`, the last two perhaps with `TITLE=` before them; none: all.
    pub columns: Vec<String>,
    /// The column it is sorted by at first, with `-` from the last to the first.
    pub sort: Option<String>,
}

/// What an entry of a view wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A column of the kind.
    Column(&'a str),
    /// A label as a column.
    Label {
        /// Its title.
        title: String,
        /// The label.
        key: &'a str,
    },
    /// What stands at a JSON path.
    Path {
        /// Its title.
        title: String,
        /// As it is written.
        path: &'a str,
    },
}

impl TableView {
    /// What its columns are, in their order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.columns.iter().map(|entry| Entry::of(entry))
    }
}

impl<'a> Entry<'a> {
    fn of(entry: &'a str) -> Self {
        // A path may have `=` in it: only one before it ends a title.
        let parts = |mark: &str| {
            let at = entry.find(mark)?;
            let (title, rest) = entry.split_at(at);
            let title = match title.strip_suffix('=') {
                Some(title) => Some(title.trim()),
                None if title.is_empty() => None,
                None => return None,
            };
            Some((title, rest.get(mark.len()..).unwrap_or("")))
        };
        let titled = |title: Option<&str>, last: &str| {
            title.filter(|t| !t.is_empty()).map_or_else(|| last.to_uppercase(), str::to_owned)
        };
        if let Some((title, path)) = parts("path:") {
            return Self::Path { title: titled(title, own::last_member(path)), path };
        }
        match parts("label:") {
            Some((title, key)) => {
                Self::Label { title: titled(title, key.rsplit('/').next().unwrap_or(key)), key }
            }
            None => Self::Column(entry),
        }
    }
}

/// The views of a person, by kind.
#[derive(Clone, Debug, Default)]
pub struct TableViews(Vec<Viewed>);

#[derive(Clone, Debug)]
struct Viewed {
    /// As it was written; of a kind that is not built in with its group.
    word: String,
    /// Where it is built in.
    kind: Option<Kind>,
    view: TableView,
    paths: Paths,
}

impl TableViews {
    /// Of words that name kinds. Paths that cannot be read are no columns.
    pub fn new<'a>(views: impl IntoIterator<Item = (&'a String, &'a TableView)>) -> Self {
        let of = |(word, view): (&String, &TableView)| {
            let (mut view, mut paths) = (view.clone(), Vec::new());
            view.columns.retain(|entry| match Entry::of(entry) {
                Entry::Path { path, .. } => match own::parse(path) {
                    Ok(path) => {
                        paths.push(path);
                        true
                    }
                    Err(_) => false,
                },
                Entry::Column(_) | Entry::Label { .. } => true,
            });
            Viewed { word: word.clone(), kind: Kind::parse(word), view, paths: Paths::new(paths) }
        };
        Self(views.into_iter().map(of).collect())
    }

    fn find(&self, kind: Kind) -> Option<&Viewed> {
        self.0.iter().find(|viewed| match kind {
            // With its group: a bare name may be another group's, too.
            Kind::Custom(custom) => viewed.word.contains('.') && custom.is_named(&viewed.word),
            kind => viewed.kind == Some(kind),
        })
    }

    /// That of a kind.
    pub fn of(&self, kind: Kind) -> Option<&TableView> {
        self.find(kind).map(|viewed| &viewed.view)
    }

    /// What is read of objects of a kind for it.
    pub fn paths(&self, kind: Kind) -> Paths {
        self.find(kind).map(|viewed| viewed.paths.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_entries_want() {
        let label = |title: &str, key| Entry::Label { title: title.to_owned(), key };
        let path = |title: &str, path| Entry::Path { title: title.to_owned(), path };
        for (entry, wants) in [
            ("name", Entry::Column("name")),
            ("label:team", label("TEAM", "team")),
            ("label:app.kubernetes.io/name", label("NAME", "app.kubernetes.io/name")),
            ("Who=label:team", label("Who", "team")),
            ("=label:team", label("TEAM", "team")),
            ("path:.spec.nodeName", path("NODENAME", ".spec.nodeName")),
            ("path:{.spec.nodeName}", path("NODENAME", "{.spec.nodeName}")),
            ("SA=path:$.spec.serviceAccountName", path("SA", "$.spec.serviceAccountName")),
            ("OK=path:.c[?(@.a==\"label:x\")].b", path("OK", ".c[?(@.a==\"label:x\")].b")),
            ("path:.metadata.labels['a.b/c']", path("C", ".metadata.labels['a.b/c']")),
            ("path:.spec.containers[0].image", path("IMAGE", ".spec.containers[0].image")),
            ("path:.spec.containers[0]", path("CONTAINERS", ".spec.containers[0]")),
            ("path:.spec.x[*]", path("X", ".spec.x[*]")),
            ("path:.c[?(@.a==\"Ready\")]", path("C", ".c[?(@.a==\"Ready\")]")),
            ("path:$", path("$", "$")),
            ("no label:x", Entry::Column("no label:x")),
        ] {
            assert_eq!(Entry::of(entry), wants, "{entry}");
        }
    }
}
