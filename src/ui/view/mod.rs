//! The view: everything of the screen that is not the fleet. The loop owns it; `update` is the one place where actions
//! change it.

mod absorb;
mod awaited;
pub mod command;
mod history;
mod identity;
mod left_off;
mod mouse;
mod own;
mod palette;
mod problem_count;
mod prompt;
mod queries;
mod update;
mod words;

pub use update::World;
pub use words::node_words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::plan::MAX_TARGETS;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::table_view::TableViews;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::demand::Demand;
use crate::fleet::tree;
use crate::ops::problems;
use crate::ops::queries::Queries;

use self::awaited::Awaited;
use self::problem_count::ProblemCount;
use self::queries::OpenQuery;
use super::effect::{Job, Prompt, Toast};
use super::key::Key;
use super::keymap::Keymap;
use super::lens::Lens;
use super::modal::choice::Choice;
use super::modal::confirm::Confirm;
use super::modal::help::Help;
use super::modal::palette::Palette;
use super::modal::welcome::Welcome;
use super::pane::text::TextView;
use super::pane::tree::Tree;
use super::pane::{PaneId, Panes, Seen};
use super::widget::input::Line;

/// How long a toast stays.
const TOAST_SECONDS: i64 = 6;
/// After that pause within a sequence of keys those that may follow are shown.
pub const PAUSE: jiff::SignedDuration = jiff::SignedDuration::from_millis(400);
/// Under this width one pane at a time is shown.
pub const NARROW: u16 = 100;
/// The smallest screen anything is drawn on.
pub const SMALLEST: (u16, u16) = (40, 12);

/// Who hears the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The tree.
    #[default]
    Tree,
    /// The pane.
    Pane,
}

/// What is fixed for a session.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// Writes are off.
    pub read_only: bool,
    /// It is the demo.
    pub demo: bool,
    /// The mouse is heard.
    pub mouse: bool,
    /// Targets a plan may have.
    pub max_targets: usize,
    /// Namespaces of the keys 1 to 9.
    pub favourites: Vec<String>,
    /// Command lines by a person's own words.
    pub aliases: BTreeMap<String, String>,
    /// Queries of the settings, by name.
    pub queries: Queries,
    /// Queries that were kept before.
    pub kept: Queries,
    /// Columns of tables.
    pub tables: Arc<TableViews>,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            demo: false,
            mouse: false,
            max_targets: MAX_TARGETS,
            favourites: Vec::new(),
            aliases: BTreeMap::new(),
            queries: Queries::new(),
            kept: Queries::new(),
            tables: Arc::default(),
        }
    }
}

/// A place one can come back to.
#[derive(Clone, Debug)]
struct Place {
    nodes: Vec<TreeNode>,
    pane: PaneId,
    lens: Lens,
    focus: Focus,
    /// The filter and the row under the cursor, in a pane that is a table of objects.
    filter: String,
    cursor: Option<ObjectKey>,
}

/// A line that is being typed, and what for.
pub struct Asking {
    /// What for.
    pub prompt: Prompt,
    /// The line.
    pub line: Line,
    /// What is wrong with it so far.
    pub error: Option<String>,
    /// What it could be completed to.
    pub suggestions: Vec<String>,
    /// Which of them Tab takes.
    pub chosen: usize,
    /// The text they are of.
    typed: String,
    /// What it finds is perhaps not what was meant.
    pub doubt: Option<String>,
    /// What was there before, to go back to.
    before: String,
}

/// The view.
pub struct View {
    /// What is fixed.
    pub options: ViewOptions,
    /// The keys.
    pub keymap: Keymap,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Who hears the keys.
    pub focus: Focus,
    /// Which pane is shown.
    pub pane: PaneId,
    /// The tree.
    pub tree: Tree,
    /// The panes.
    pub panes: Panes,
    /// What is selected.
    pub scope: Scope,
    scope_nodes: Vec<TreeNode>,
    /// The scope, or what the tree's cursor stands on.
    preview: Scope,
    preview_node: Option<TreeNode>,
    /// A text over the pane.
    pub text: Option<TextView>,
    /// The dialog that is open.
    pub confirm: Option<Confirm>,
    /// The choice that is open.
    pub choice: Option<Choice>,
    /// The help, when open.
    pub help: Option<Help>,
    /// The palette, when open.
    pub palette: Option<Palette>,
    /// What stands in the place of the tree while no cluster is known.
    pub welcome: Option<Welcome>,
    /// The line that is typed.
    pub asking: Option<Asking>,
    toasts: VecDeque<(Toast, Timestamp)>,
    /// Keys of a sequence that has begun.
    pub pending: Vec<Key>,
    /// When the first of them was pressed.
    pending_since: Option<Timestamp>,
    wide: bool,
    generation: u64,
    /// The scope that `:ns` made, and the one it was made of.
    narrowed: Option<(Vec<TreeNode>, Vec<TreeNode>)>,
    /// Namespaces that `:ns` went to.
    gone_to: Vec<String>,
    past: Vec<Place>,
    future: Vec<Place>,
    retries: std::collections::BTreeMap<ClusterId, u32>,
    /// How many places were gone into, each from the one before: back leads out of them.
    ways_in: usize,
    /// Who had the focus when the text was opened.
    text_from: Focus,
    problem_count: ProblemCount,
    /// How often it was asked which kinds the clusters serve.
    discovery: BTreeMap<ClusterId, u32>,
    /// A command whose kind nobody knows yet.
    awaited: Option<Awaited>,
    /// Quitting was asked for while a plan runs.
    quit_asked: bool,
    /// The query that was opened last.
    query: Option<OpenQuery>,
    /// The query's tab one is at, whatever came of opening it.
    tab: Option<String>,
    /// The row that was clicked on, if nothing was done since.
    clicked: Option<(Focus, usize)>,
}

impl View {
    /// A view on nothing yet: the whole fleet, the tree in focus, Overview shown.
    pub fn new(options: ViewOptions, keymap: Keymap, size: (u16, u16)) -> Self {
        Self {
            options,
            keymap,
            size,
            focus: Focus::Tree,
            pane: PaneId::Overview,
            tree: Tree::default(),
            panes: Panes::default(),
            scope: Scope::all(),
            scope_nodes: Vec::new(),
            preview: Scope::all(),
            preview_node: None,
            text: None,
            confirm: None,
            choice: None,
            help: None,
            palette: None,
            welcome: None,
            asking: None,
            toasts: VecDeque::new(),
            pending: Vec::new(),
            pending_since: None,
            wide: false,
            generation: 0,
            narrowed: None,
            gone_to: Vec::new(),
            past: Vec::new(),
            future: Vec::new(),
            retries: std::collections::BTreeMap::new(),
            ways_in: 0,
            text_from: Focus::Tree,
            problem_count: ProblemCount::default(),
            discovery: BTreeMap::new(),
            awaited: None,
            quit_asked: false,
            query: None,
            tab: None,
            clicked: None,
        }
    }

    /// What panes may read.
    pub fn seen<'a>(&'a self, fleet: &'a Fleet, now: Timestamp) -> Seen<'a> {
        Seen {
            fleet,
            scope: &self.scope,
            preview: &self.preview,
            now,
            read_only: self.options.read_only,
            wide: self.wide,
            tables: &self.options.tables,
        }
    }

    /// Nothing can be drawn in it.
    pub const fn is_too_small(&self) -> bool {
        self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1
    }

    /// One at a time: too narrow for tree and pane side by side, or no tree to show.
    pub fn is_narrow(&self) -> bool {
        self.size.0 < NARROW || self.welcome.is_some()
    }

    /// The tree's width beside a pane.
    pub fn tree_width(&self) -> u16 {
        if self.size.0 >= 160 { 52 } else { 42 }
    }

    /// Rows and columns a pane has.
    pub fn pane_size(&self) -> (u16, u16) {
        // Beside the tree a pane's heading has a line of its own below the tabs.
        let rows = self.size.1.saturating_sub(if self.is_narrow() { 3 } else { 4 } + self.toast_lines());
        let columns =
            if self.is_narrow() { self.size.0 } else { self.size.0.saturating_sub(self.tree_width() + 1) };
        (rows, columns)
    }

    /// Works out what is drawn: called by the loop before each frame, so that drawing changes nothing.
    pub fn prepare(&mut self, fleet: &Fleet, now: Timestamp) {
        self.toasts.retain(|(_, at)| now.as_second() - at.as_second() < TOAST_SECONDS);
        let (rows, columns) = self.pane_size();
        self.tree.prepare(fleet, now, self.size.1.saturating_sub(3 + self.toast_lines()));
        self.follow_cursor(fleet);
        let mut panes = std::mem::take(&mut self.panes);
        panes.get_mut(self.pane).prepare(self.seen(fleet, now), (rows, columns));
        self.panes = panes;
        let narrow = self.is_narrow();
        if let Some(text) = &mut self.text {
            // It has no heading.
            text.prepare((rows + u16::from(!narrow), columns));
        }
        let screen = ratatui::layout::Rect::new(0, 0, self.size.0, self.size.1);
        if let Some(help) = &mut self.help {
            help.prepare(screen);
        }
        if let Some(palette) = &mut self.palette {
            palette.prepare(screen);
        }
        if let Some(confirm) = &mut self.confirm {
            confirm.prepare(screen);
        }
        if let Some(choice) = &mut self.choice {
            choice.prepare(screen);
        }
        self.count_problems(fleet, now);
    }

    /// Searches that came up while it was made ready, for the loop to start beside it.
    pub fn job(&mut self) -> Option<Job> {
        self.panes.resources.job()
    }

    /// Makes ready what will be wanted, a little at a time: the number of problems, and the texts that a filter that is being
    /// typed goes through; false when there is nothing to do.
    pub fn warm(&mut self, fleet: &Fleet, now: Timestamp) -> bool {
        if self.problem_count.go_on(fleet, now) {
            return true;
        }
        let filters = self.asking.as_ref().is_some_and(|asking| asking.prompt == Prompt::Filter);
        if !filters || self.pane != PaneId::Resources || self.focus != Focus::Pane {
            return false;
        }
        let mut panes = std::mem::take(&mut self.panes);
        let more = panes.resources.warm(self.seen(fleet, now));
        self.panes = panes;
        more
    }

    fn count_problems(&mut self, fleet: &Fleet, now: Timestamp) {
        let listed = match self.pane {
            PaneId::Problems => Some(self.panes.problems.count()),
            PaneId::Overview if self.preview_words(fleet).is_none() => Some(self.panes.overview.count()),
            _ => None,
        };
        match listed {
            Some(number) => self.problem_count.listed(number, fleet, now),
            None => self.problem_count.count(fleet, &self.scope, now),
        }
    }

    /// Number of problems in scope, for the tab and the header.
    pub fn problems(&self) -> problems::Count {
        self.problem_count.number()
    }

    /// Overview and Resources follow the tree's cursor while the tree is in focus, from local state only.
    fn follow_cursor(&mut self, fleet: &Fleet) {
        let wanted = match (self.focus, self.tree.selected()) {
            (Focus::Tree, Some(node)) if self.tree.marks.is_empty() => Some(node.clone()),
            _ => None,
        };
        if wanted != self.preview_node || self.preview_node.is_none() {
            let of = |node: TreeNode| Scope::nodes(tree::nodes_of(fleet, &node));
            self.preview = wanted.clone().map_or_else(|| self.scope.clone(), of);
            if wanted != self.preview_node {
                self.preview_node = wanted;
                self.panes.resources.touch();
            }
        }
    }

    /// What the supervisors should bring.
    pub fn demand(&self, fleet: &Fleet) -> Demand {
        let mut kinds = BTreeSet::new();
        match self.pane {
            PaneId::Resources => {
                let kind = self.panes.resources.kind();
                if !Kind::WATCHED.contains(&kind) {
                    kinds.insert(kind);
                }
            }
            PaneId::Scale => {
                kinds.insert(Kind::HorizontalPodAutoscaler);
            }
            PaneId::Overview
            | PaneId::Problems
            | PaneId::Deploy
            | PaneId::Logs
            | PaneId::Costs
            | PaneId::Clouds
            | PaneId::Clusters
            | PaneId::Tasks
            | PaneId::Messages => {}
        }
        let scope = if self.pane == PaneId::Resources { &self.preview } else { &self.scope };
        Demand {
            clusters: fleet.in_scope(scope).map(crate::fleet::cluster::Cluster::id).collect(),
            kinds,
            discovery: self.discovery.clone(),
            usage: matches!(self.pane, PaneId::Resources | PaneId::Costs),
            seen: self.looked_at(fleet),
            pods: self.wanted_pods(fleet).into(),
            retry: self.retries.clone(),
        }
    }

    /// Namespaces whose pods are wanted where they are not all watched.
    fn wanted_pods(&self, fleet: &Fleet) -> BTreeMap<ClusterId, BTreeSet<SafeText>> {
        let lens = self.panes.resources.lens();
        let lens =
            lens.namespace.clone().filter(|_| self.pane == PaneId::Resources && lens.kind == Kind::Pod);
        let through_lens = lens.map(|ns| self.preview.clone().in_namespaces(vec![ns.into()]));
        let mut scopes = vec![&self.scope, &self.preview];
        scopes.extend(&through_lens);
        let logs = self.panes.logs.objects().filter(|_| self.pane == PaneId::Logs);
        scopes.extend(&logs);
        fleet.wanted_pods(&self.tree.open_namespaces(), &self.scope, &scopes)
    }

    /// Clusters whose rows are seen in the tree, and those of a scope that somebody chose.
    fn looked_at(&self, fleet: &Fleet) -> BTreeSet<ClusterId> {
        let mut out: BTreeSet<ClusterId> = self.tree.seen().collect();
        if !self.scope.is_all() {
            out.extend(fleet.in_scope(&self.scope).map(crate::fleet::cluster::Cluster::id));
        }
        out
    }

    /// After a moment's pause within a sequence the keys that may follow are shown.
    pub fn shows_keys(&self, now: Timestamp) -> bool {
        self.pending_since.is_some_and(|since| now.duration_since(since) >= PAUSE)
    }

    /// Nobody presses a further key: what comes after a pause is there.
    pub fn rest(&mut self) {
        self.pending_since = self.pending_since.map(|_| Timestamp::UNIX_EPOCH);
    }

    /// Whether there is such a pause ahead.
    pub const fn is_in_sequence(&self) -> bool {
        self.pending_since.is_some()
    }

    /// Lines the toasts have to themselves above the key line.
    pub fn toast_lines(&self) -> u16 {
        let most = if self.size.1 < 20 { 1 } else { 3 };
        u16::try_from(self.toasts.len()).unwrap_or(most).min(most)
    }

    /// The toasts, newest first.
    pub fn toasts(&self) -> impl Iterator<Item = &Toast> {
        self.toasts.iter().rev().map(|(t, _)| t)
    }

    fn toast(&mut self, toast: Toast, now: Timestamp) {
        self.panes.messages.add(&toast.words, toast.error, now);
        self.toasts.push_back((toast, now));
        while self.toasts.len() > 4 {
            self.toasts.pop_front();
        }
    }

    /// What the pane shows in the place of the scope, when it follows the tree's cursor.
    pub fn preview_words(&self, fleet: &Fleet) -> Option<String> {
        let follows = matches!(self.pane, PaneId::Overview | PaneId::Resources);
        let node = self.preview_node.as_ref().filter(|_| follows && self.focus == Focus::Tree)?;
        let same = match self.scope_nodes.as_slice() {
            [] => *node == TreeNode::Fleet,
            [one] => one == node,
            _ => false,
        };
        (!same).then(|| words::node_name(fleet, node))
    }

    /// The key map's contexts for whoever has the focus, the nearest first.
    pub fn contexts(&self) -> Vec<&'static str> {
        if self.text.is_some() {
            return vec!["text", "global"];
        }
        match self.focus {
            Focus::Tree if self.welcome.is_some() => vec!["welcome", "global"],
            Focus::Tree => vec!["tree", "global"],
            Focus::Pane => {
                let mut out = self.panes.get(self.pane).contexts().to_vec();
                out.push("global");
                out
            }
        }
    }
}
