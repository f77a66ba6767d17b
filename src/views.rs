//! What is wrong with the tables and queries that the settings want.

use skyfleet::config::settings::Settings;
use skyfleet::domain::columns::own;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::table_view::Entry;
use skyfleet::fleet::table::{CLUSTER, columns};
use skyfleet::ops::queries::{Queries, is_name};
use skyfleet::ui::pane::resources::view::unknown;
use skyfleet::ui::view::command::{Wrong, parse};

/// The queries that have a name of their own.
pub(crate) fn queries(settings: &Settings) -> Queries {
    let all = settings.queries.value.iter();
    all.filter(|(name, _)| is_free(name)).map(|(name, line)| (name.clone(), line.clone())).collect()
}

/// It is a name, and means nothing else behind `:`.
fn is_free(name: &str) -> bool {
    is_name(name) && matches!(parse(name, &|_| None), Err(Wrong::Unknown(..) | Wrong::Elsewhere(..)))
}

/// Of each view and query, in words for a person.
pub(crate) fn warnings(settings: &Settings) -> Vec<String> {
    let mut out = Vec::new();
    for name in settings.queries.value.keys().filter(|name| !is_free(name)) {
        out.push(format!(
            "{}: queries: {name:?} is no name that is free behind `:`; its query is not used",
            settings.place("queries", name)
        ));
    }
    for (word, view) in &settings.views.value {
        let place = settings.place("views", word);
        for entry in view.entries() {
            if let Entry::Path { path, .. } = entry
                && let Err(why) = own::parse(path)
            {
                out.push(format!("{place}: views: {word}: {why}"));
            }
        }
        let Some(kind) = Kind::parse(word) else {
            // Which columns others have say their servers.
            if !word.contains('.') {
                out.push(format!(
                    "{place}: views: {word:?} is no built-in kind; its view is not used. Other kinds want their group: {word}.example.com"
                ));
            }
            continue;
        };
        let mut all = vec![CLUSTER];
        all.extend(columns(kind));
        let titles = || all.iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join(", ");
        for entry in unknown(&all, view) {
            out.push(format!(
                "{place}: views: {word}: there is no column {entry:?}; there are {}, label:KEY and path:JSONPATH",
                titles()
            ));
        }
    }
    out
}
