//! Tables as the settings want them.

use skyfleet::config::settings::Settings;
use skyfleet::domain::kind::Kind;
use skyfleet::fleet::table::{CLUSTER, columns};
use skyfleet::ui::lens::TableViews;
use skyfleet::ui::pane::resources::view::unknown;

/// The views of kinds that are built in.
pub(crate) fn tables(settings: &Settings) -> TableViews {
    let views = settings.views.value.iter();
    views.filter_map(|(word, view)| Some((Kind::parse(word)?, view.clone()))).collect()
}

/// What is wrong with them.
pub(crate) fn warnings(settings: &Settings) -> Vec<String> {
    let mut out = Vec::new();
    for (word, view) in &settings.views.value {
        let Some(kind) = Kind::parse(word) else {
            out.push(format!("config.yaml: views: {word:?} is no built-in kind; its view is not used"));
            continue;
        };
        let mut all = vec![CLUSTER];
        all.extend(columns(kind));
        let titles = || all.iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join(", ");
        for entry in unknown(&all, view) {
            out.push(format!(
                "config.yaml: views: {word}: there is no column {entry:?}; there are {}, and label:KEY",
                titles()
            ));
        }
    }
    out
}
