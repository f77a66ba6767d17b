//! What is wrong with the tables that the settings want.

use skyfleet::config::settings::Settings;
use skyfleet::domain::columns::own;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::table_view::Entry;
use skyfleet::fleet::table::{CLUSTER, columns};
use skyfleet::ui::pane::resources::view::unknown;

/// Of each view, in words for a person.
pub(crate) fn warnings(settings: &Settings) -> Vec<String> {
    let mut out = Vec::new();
    for (word, view) in &settings.views.value {
        for entry in view.entries() {
            if let Entry::Path { path, .. } = entry
                && let Err(why) = own::parse(path)
            {
                out.push(format!("config.yaml: views: {word}: {why}"));
            }
        }
        let Some(kind) = Kind::parse(word) else {
            // Which columns others have say their servers.
            if !word.contains('.') {
                out.push(format!(
                    "config.yaml: views: {word:?} is no built-in kind; its view is not used. Other kinds want their group: {word}.example.com"
                ));
            }
            continue;
        };
        let mut all = vec![CLUSTER];
        all.extend(columns(kind));
        let titles = || all.iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join(", ");
        for entry in unknown(&all, view) {
            out.push(format!(
                "config.yaml: views: {word}: there is no column {entry:?}; there are {}, label:KEY and path:JSONPATH",
                titles()
            ));
        }
    }
    out
}
