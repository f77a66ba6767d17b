//! What the palette offers, as things stand.

use crate::domain::scope::TreeNode;
use crate::fleet::tree;
use crate::ui::action::{ACTIONS, Action, Where};
use crate::ui::effect::Effect;
use crate::ui::modal::palette::{Entry, Palette};
use crate::ui::pane::PANES;
use crate::ui::theme::Theme;

use super::{View, World};

/// More workloads than these are found by the filter of a table.
const WORKLOADS: usize = 20_000;
/// What only moves about is not looked for by its name.
const MOVES: &[Action] = &[
    Action::Up,
    Action::Down,
    Action::Left,
    Action::Right,
    Action::PageUp,
    Action::PageDown,
    Action::HalfPageUp,
    Action::HalfPageDown,
    Action::Top,
    Action::Bottom,
    Action::Palette,
    Action::FocusPane,
    Action::Demo,
];

impl View {
    /// Opens it.
    pub(super) fn open_palette(&mut self, world: World<'_>) {
        let mut entries = self.panes_to_go_to();
        entries.extend(self.queries_to_open());
        entries.extend(self.actions_to_do());
        entries.extend(places(world));
        entries.extend(Theme::names().into_iter().map(|name| Entry {
            sort: "theme",
            words: name.to_owned(),
            hint: String::new(),
            why_not: None,
            effects: vec![Effect::Theme(name.to_owned())],
        }));
        self.palette = Some(Palette::new(entries));
    }

    /// Why an action means nothing where one is; `None`: it does.
    pub fn why_not(&self, action: Action) -> Option<&'static str> {
        let info = action.info();
        if info.writes && self.options.read_only {
            return Some("off: read-only");
        }
        let is_here = self.keymap.keys_of(&self.contexts(), action).is_some();
        match info.scope {
            Where::Global => None,
            _ if is_here => None,
            Where::Tree => Some("in the tree"),
            Where::Rows => Some("on a row of a table"),
            Where::Text => Some("in a text"),
            Where::Logs => Some("in the log pane"),
            Where::Deploy => Some("in the deploy pane"),
        }
    }

    fn queries_to_open(&self) -> Vec<Entry> {
        let query = |(name, _): (&str, bool)| Entry {
            sort: "query",
            words: name.to_owned(),
            hint: self.query_line(name).unwrap_or_default(),
            why_not: None,
            effects: vec![Effect::Command(name.to_owned())],
        };
        self.queries().map(query).collect()
    }

    fn panes_to_go_to(&self) -> Vec<Entry> {
        let pane = |(id, title, _): &(_, &str, bool)| Entry {
            sort: "pane",
            words: (*title).to_owned(),
            hint: String::new(),
            why_not: None,
            effects: vec![Effect::Show(*id)],
        };
        PANES.iter().map(pane).collect()
    }

    fn actions_to_do(&self) -> Vec<Entry> {
        let contexts = self.contexts();
        let actions = ACTIONS.iter().filter(|info| !MOVES.contains(&info.action));
        let entry = |info: &crate::ui::action::ActionInfo| Entry {
            sort: "action",
            words: format!("{}: {}", info.title, info.help),
            hint: self.keymap.keys_of(&contexts, info.action).unwrap_or_default(),
            why_not: self.why_not(info.action),
            effects: vec![Effect::Act(info.action)],
        };
        actions.map(entry).collect()
    }
}

/// Clusters, namespaces and workloads.
fn places(world: World<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let entry = |sort, words: String, hint: String, node: TreeNode| Entry {
        sort,
        words,
        hint,
        why_not: None,
        effects: vec![Effect::Scope(vec![node])],
    };
    for c in world.fleet.clusters() {
        let node = TreeNode::Cluster(c.id());
        entries.push(entry("cluster", c.info.name().to_string(), c.info.place.path(), node));
    }
    for c in world.fleet.clusters() {
        for ns in tree::namespace_names(c) {
            let node = TreeNode::Namespace(c.id(), ns.clone());
            entries.push(entry("namespace", ns.to_string(), c.info.name().to_string(), node));
        }
    }
    let workloads = world.fleet.clusters().iter().flat_map(|c| c.workloads().map(move |w| (c, w)));
    for (c, w) in workloads.take(WORKLOADS) {
        let (ns, name) = (&w.meta.namespace, &w.meta.name);
        let words = format!("{}/{name}", w.kind.info().short());
        let node = TreeNode::Workload(c.id(), ns.clone(), w.kind, name.clone());
        entries.push(entry("workload", words, format!("{}  {ns}", c.info.name()), node));
    }
    entries
}
