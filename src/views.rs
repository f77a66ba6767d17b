//! Tables as the settings want them.

use skyfleet::config::settings::Settings;
use skyfleet::domain::kind::Kind;
use skyfleet::fleet::table::{CLUSTER, columns};
use skyfleet::ui::lens::{TableView, TableViews};
use skyfleet::ui::pane::resources::view::unknown;

fn read(settings: &Settings) -> impl Iterator<Item = (&String, Option<Kind>, TableView)> {
    settings.views.value.iter().map(|(word, view)| {
        (word, Kind::parse(word), TableView { columns: view.columns.clone(), sort: view.sort.clone() })
    })
}

/// The views of kinds that are built in.
pub(crate) fn tables(settings: &Settings) -> TableViews {
    read(settings).filter_map(|(_, kind, view)| Some((kind?, view))).collect()
}

/// What is wrong with them.
pub(crate) fn warnings(settings: &Settings) -> Vec<String> {
    let mut out = Vec::new();
    for (word, kind, view) in read(settings) {
        let Some(kind) = kind else {
            out.push(format!("config.yaml: views: {word:?} is no built-in kind; its view is not used"));
            continue;
        };
        let mut all = vec![CLUSTER];
        all.extend(columns(kind));
        let titles = || all.iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join(", ");
        for entry in unknown(&all, &view) {
            out.push(format!(
                "config.yaml: views: {word}: there is no column {entry:?}; there are {}, and label:KEY",
                titles()
            ));
        }
    }
    out
}
