//! `View::update`: keys and actions change the view and leave effects for the loop.

use crossterm::event::KeyCode;
use jiff::Timestamp;

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::{Fleet, tree};
use crate::ops;
use crate::ops::session::Session;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Look, Prompt};
use crate::ui::key::Key;
use crate::ui::keymap::Found;
use crate::ui::modal::choice::Chosen;
use crate::ui::modal::confirm::{Answer, Confirm};
use crate::ui::modal::help::Help;
use crate::ui::modal::palette::Picked;
use crate::ui::pane::PaneId;

use super::{Focus, View, node_words};

/// What a turn of the view may read.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The model.
    pub fleet: &'a Fleet,
    /// Who plans are made as.
    pub session: &'a Session,
    /// What time it is.
    pub now: Timestamp,
}

impl View {
    /// Takes a key.
    pub fn key(&mut self, world: World<'_>, key: Key) -> Vec<Effect> {
        self.clicked = None;
        let key = self.keymap.settled(key);
        if self.is_too_small() {
            // Nothing is done that nobody sees.
            let effects = if key.is_ctrl('c') { self.act(world, Action::Quit) } else { Vec::new() };
            return self.absorb(world, effects);
        }
        if let Some(confirm) = &mut self.confirm {
            return match confirm.key(key) {
                Answer::Open => Vec::new(),
                Answer::Cancelled => {
                    self.confirm = None;
                    let said = Effect::say("cancelled; nothing was done");
                    self.absorb(world, vec![Effect::Job(Job::EndPreflight), said])
                }
                Answer::LeaveOut(plan) => {
                    let left = ops::steps::without_refused(world.session, &plan);
                    if left.targets().next().is_none() {
                        self.confirm = None;
                        let words = "nothing is left of the plan: all of it is refused";
                        return self.absorb(world, vec![Effect::complain(words)]);
                    }
                    self.confirm = Some(Confirm::new(left, self.options.max_targets));
                    Vec::new()
                }
                Answer::Run(plan, word) => {
                    self.confirm = None;
                    self.panes.deploy.begin(&plan, world.now);
                    let mut effects = self.visit(world, PaneId::Deploy);
                    effects.push(Effect::Job(Job::Execute { plan, word }));
                    self.absorb(world, effects)
                }
            };
        }
        if let Some(choice) = &mut self.choice {
            let chosen = choice.key(key);
            if !matches!(chosen, Chosen::Open) {
                self.choice = None;
            }
            return match chosen {
                Chosen::Open | Chosen::Nothing => Vec::new(),
                Chosen::Do(effects) => self.absorb(world, effects),
            };
        }
        if let Some(palette) = &mut self.palette {
            let picked = palette.key(key);
            if !matches!(picked, Picked::Open) {
                self.palette = None;
            }
            return match picked {
                Picked::Open | Picked::Nothing => Vec::new(),
                Picked::Do(effects) => self.absorb(world, effects),
            };
        }
        if let Some(help) = &mut self.help {
            if !help.key(key) {
                self.help = None;
            }
            return Vec::new();
        }
        if self.asking.is_some() {
            let effects = self.type_key(world, key);
            return self.absorb(world, effects);
        }
        self.pending.push(key);
        let contexts = self.contexts();
        match self.keymap.find(&contexts, &self.pending) {
            Found::Action(action) => {
                self.pending.clear();
                self.pending_since = None;
                self.update(world, action)
            }
            Found::Pending => {
                self.pending_since.get_or_insert(world.now);
                Vec::new()
            }
            Found::Nothing => {
                // A sequence that leads nowhere ends silently; its last key may begin another.
                let again = self.pending.len() > 1;
                self.pending.clear();
                self.pending_since = None;
                if again && !key.is(KeyCode::Esc) { self.key(world, key) } else { Vec::new() }
            }
        }
    }

    /// Takes pasted text: to the line that is typed, never to the key map.
    pub fn paste(&mut self, world: World<'_>, text: &str) -> Vec<Effect> {
        if self.is_too_small() {
            return Vec::new();
        }
        if let Some(confirm) = &mut self.confirm {
            confirm.paste(text);
        } else if let Some(palette) = &mut self.palette {
            palette.paste(text);
        } else if let Some(asking) = &mut self.asking {
            asking.line.insert(text);
            self.typed(world);
        }
        Vec::new()
    }

    /// Takes an action.
    pub fn update(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        self.absorb(world, vec![Effect::Act(action)])
    }

    pub(super) fn act(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        if action.info().writes && self.options.read_only {
            return vec![Effect::complain("read-only: writes are off in this session")];
        }
        self.act_anywhere(world, action)
    }

    fn act_anywhere(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit if self.panes.deploy.is_running() && !self.quit_asked => {
                self.quit_asked = true;
                let words = "a plan is running: quit again to stop it after its write and leave";
                return vec![Effect::complain(words)];
            }
            Action::Quit => return vec![Effect::Quit],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Demo if self.welcome.is_some() => return vec![Effect::Demo],
            Action::Command => return vec![Effect::Prompt(Prompt::Command)],
            Action::Filter => return vec![self.ask_filter()],
            Action::Palette => {
                self.open_palette(world);
                return Vec::new();
            }
            Action::Help => {
                let contexts = self.contexts();
                self.help =
                    Some(Help::new(&self.keymap, &contexts, self.options.read_only, super::command::words()));
                return Vec::new();
            }
            // From the tree to the pane that stands beside it, or would: none is passed over.
            Action::NextPane if self.focus == Focus::Tree => return vec![Effect::Show(self.pane)],
            Action::NextPane => return self.next_tab(world, true),
            Action::PrevPane => return self.next_tab(world, false),
            Action::GotoOverview => return vec![Effect::Show(PaneId::Overview)],
            Action::GotoResources => return vec![Effect::Show(PaneId::Resources)],
            Action::GotoProblems => return vec![Effect::Show(PaneId::Problems)],
            Action::GotoDeploy => return vec![Effect::Show(PaneId::Deploy)],
            Action::GotoScale => return vec![Effect::Show(PaneId::Scale)],
            Action::GotoLogs => return vec![Effect::Show(PaneId::Logs)],
            Action::GotoCosts => return vec![Effect::Show(PaneId::Costs)],
            Action::FocusTree => {
                self.focus = Focus::Tree;
                return Vec::new();
            }
            Action::FocusPane => {
                self.focus = Focus::Pane;
                return Vec::new();
            }
            Action::Wide => {
                self.wide = !self.wide;
                return Vec::new();
            }
            Action::HistoryBack => return self.travel(world, true),
            Action::HistoryForward => return self.travel(world, false),
            Action::HistoryLast => return self.travel_to_and_fro(world),
            Action::Aliases => return vec![self.all_aliases()],
            Action::AllNamespaces if self.narrowed.is_some() => return self.narrow_to(world, None),
            Action::Refresh if self.text.as_ref().is_some_and(|text| text.of.is_some()) => {
                let mut effects: Vec<Effect> = self.ask_again(world, true).into_iter().collect();
                effects.push(Effect::Redraw);
                return effects;
            }
            Action::Refresh
                if self.focus == Focus::Tree || !matches!(self.pane, PaneId::Deploy | PaneId::Clouds) =>
            {
                return vec![Effect::Redraw];
            }
            _ => {}
        }
        if let Some(effects) = self.favourite(world, action).or_else(|| self.act_text(action)) {
            return effects;
        }
        if self.focus == Focus::Tree {
            return self.act_tree(world, action);
        }
        self.act_pane(world, action)
    }

    /// In a text view: moving, searching, closing. `None`: not the text's.
    fn act_text(&mut self, action: Action) -> Option<Vec<Effect>> {
        let text = self.text.as_mut()?;
        match action {
            Action::Decode => {
                let (look, object) = text.of.clone()?;
                Some(match look {
                    Look::Yaml if object.kind == Kind::Secret => vec![Effect::Look(Look::Decoded, object)],
                    Look::Decoded => vec![Effect::Look(Look::Yaml, object)],
                    Look::Yaml | Look::Describe | Look::UsedBy => {
                        vec![Effect::complain("only the YAML of a secret can be decoded")]
                    }
                })
            }
            Action::Back => {
                self.text = None;
                self.focus = self.text_from;
                Some(Vec::new())
            }
            Action::Copy => Some(vec![Effect::Copy(text.text())]),
            Action::Save => {
                let name = format!("{}.txt", text.name);
                Some(vec![Effect::Prompt(Prompt::Save(name))])
            }
            action => text.act(action).then(Vec::new),
        }
    }

    fn act_tree(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        let marked: Vec<TreeNode> = self.tree.marks.iter().cloned().collect();
        let mut effects = self.act_in_tree(world, action);
        // Marks that are gone are not the scope any more.
        if !marked.is_empty() && self.tree.marks.is_empty() && self.scope_nodes == marked {
            effects.push(Effect::Scope(vec![TreeNode::Fleet]));
            effects.push(Effect::say("no marks: the scope is all clouds again"));
        }
        effects
    }

    fn act_in_tree(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => {
                if let Some(effects) = self.wakes(world) {
                    return effects;
                }
                let selection = self.tree.selection(world.fleet);
                let mut effects = vec![Effect::Scope(selection)];
                if self.is_narrow() || matches!(self.pane, PaneId::Overview) {
                    self.focus = Focus::Pane;
                }
                if self.pane == PaneId::Overview && self.tree.selected().is_some_and(|n| n.depth() >= 6) {
                    effects.push(Effect::Show(PaneId::Resources));
                }
                effects
            }
            Action::Back => {
                if !self.tree.filter_text().is_empty() {
                    let _ = self.tree.filter("");
                    return Vec::new();
                }
                if !self.tree.marks.is_empty() {
                    self.tree.act(Action::ClearMarks);
                    return Vec::new();
                }
                if self.scope.is_all() { Vec::new() } else { vec![Effect::Scope(vec![TreeNode::Fleet])] }
            }
            Action::Right | Action::Expand | Action::Toggle => {
                let woken = self.idle(world);
                self.tree.act(if action == Action::Toggle { action } else { Action::Right });
                woken.into_iter().collect()
            }
            Action::Pivot => {
                let next = self.tree.pivot.next(world.fleet);
                self.tree.pivot_to(world.fleet, next);
                Vec::new()
            }
            Action::Identity => match self.tree.selected().and_then(TreeNode::cluster) {
                Some(id) => vec![Effect::Identities(id)],
                None => vec![Effect::complain("select a cluster first")],
            },
            Action::Connect => {
                let scope = Scope::nodes(self.tree.selection(world.fleet));
                vec![Effect::Dial(
                    world.fleet.in_scope(&scope).map(crate::fleet::cluster::Cluster::id).collect(),
                )]
            }
            Action::Logs | Action::PreviousLogs => {
                self.remember();
                self.set_scope(world, self.tree.selection(world.fleet));
                self.ways_in = 1;
                let effects =
                    self.panes.logs.open(world.fleet, &self.scope, None, action == Action::PreviousLogs);
                self.pane = PaneId::Logs;
                self.focus = Focus::Pane;
                effects
            }
            // On namespaces and above a verb's key opens its pane with that scope.
            Action::Scale => match self.tree_objects(world.fleet).as_slice() {
                [] => {
                    let selection = self.tree.selection(world.fleet);
                    vec![Effect::Scope(selection), Effect::Show(PaneId::Scale)]
                }
                objects => vec![Effect::Prompt(Prompt::Scale(objects.to_vec()))],
            },
            Action::Copy => {
                self.tree.selected().map(|n| Effect::Copy(node_words(world.fleet, n))).into_iter().collect()
            }
            Action::Describe | Action::Yaml | Action::Restart | Action::Delete | Action::Kill => {
                let objects = self.tree_objects(world.fleet);
                self.verb(world, action, objects)
            }
            action => {
                self.tree.act(action);
                Vec::new()
            }
        }
    }

    /// The workloads and pods that are selected in the tree.
    fn tree_objects(&self, fleet: &Fleet) -> Vec<ObjectKey> {
        self.tree.selection(fleet).iter().flat_map(|node| objects_of(fleet, node)).collect()
    }

    fn act_pane(&mut self, world: World<'_>, action: Action) -> Vec<Effect> {
        if action == Action::Back
            && let Some(effects) = self.back_out(world)
        {
            return effects;
        }
        let mut panes = std::mem::take(&mut self.panes);
        let seen = self.seen(world.fleet, world.now);
        // Before the pane has cleared them, or the same key would also leave the pane.
        let held = panes.get(self.pane).is_holding();
        let left_taken = panes.get(self.pane).takes_left();
        let effects = panes.get_mut(self.pane).act(seen, action);
        let targets = panes.get(self.pane).targets(seen);
        self.panes = panes;
        if !effects.is_empty() {
            return effects;
        }
        match action {
            Action::Back if held => Vec::new(),
            Action::Back => {
                // Marks and filters were the pane's to clear; now back to the tree, then to the whole fleet.
                self.focus = Focus::Tree;
                Vec::new()
            }
            Action::Left if self.pane != PaneId::Logs && self.pane != PaneId::Costs && !left_taken => {
                self.focus = Focus::Tree;
                Vec::new()
            }
            Action::Save => {
                vec![Effect::Prompt(Prompt::Save(format!("{}.txt", self.pane.title().to_lowercase())))]
            }
            Action::Copy => {
                let names: Vec<String> = targets.iter().map(|t| t.name.to_string()).collect();
                if names.is_empty() { Vec::new() } else { vec![Effect::Copy(names.join("\n"))] }
            }
            Action::Logs | Action::PreviousLogs if self.pane != PaneId::Logs && !targets.is_empty() => {
                vec![Effect::Logs { objects: targets, previous: action == Action::PreviousLogs }]
            }
            Action::Describe
            | Action::Yaml
            | Action::UsedBy
            | Action::Restart
            | Action::Delete
            | Action::Kill => self.verb(world, action, targets),
            _ => Vec::new(),
        }
    }

    fn verb(&mut self, world: World<'_>, action: Action, objects: Vec<ObjectKey>) -> Vec<Effect> {
        let Some(first) = objects.first().cloned() else {
            return vec![Effect::complain("select a workload or pod first")];
        };
        let plan = match action {
            Action::Describe => return vec![Effect::Look(Look::Describe, first)],
            Action::Yaml => return vec![Effect::Look(Look::Yaml, first)],
            Action::UsedBy if ops::look::USED.contains(&first.kind) => {
                return vec![Effect::Look(Look::UsedBy, first)];
            }
            Action::UsedBy => {
                let kinds = ops::look::USED.map(|kind| kind.info().plural).join(", ");
                return vec![Effect::complain(format!("only of {kinds} it can be said who uses them"))];
            }
            Action::Restart => {
                let objects: Vec<ObjectKey> = objects.iter().map(|o| restarted(world.fleet, o)).collect();
                ops::restart::plan(world.fleet, world.session, &objects)
            }
            Action::Delete | Action::Kill => ops::delete::plan(world.fleet, world.session, &objects),
            _ => return Vec::new(),
        };
        match plan {
            Ok(plan) => vec![Effect::Confirm(Box::new(plan))],
            Err(error) => vec![Effect::complain(error.to_string())],
        }
    }

    pub(super) fn set_scope(&mut self, world: World<'_>, nodes: Vec<TreeNode>) {
        self.scope = Scope::nodes(nodes.iter().cloned());
        let nodes = if self.scope.is_all() { Vec::new() } else { nodes };
        let same = nodes == self.scope_nodes;
        self.scope_nodes = nodes;
        self.preview_node = None;
        self.preview = self.scope.clone();
        self.problem_count.forget();
        let mut panes = std::mem::take(&mut self.panes);
        let seen = self.seen(world.fleet, world.now);
        for (id, ..) in crate::ui::pane::PANES.iter().filter(|_| !same) {
            panes.get_mut(*id).scoped(seen);
        }
        self.panes = panes;
    }

    /// Marks in the tree are the scope, wherever one goes from there.
    pub(super) fn adopt_marks(&mut self, world: World<'_>) {
        if self.focus == Focus::Tree && !self.tree.marks.is_empty() {
            let marks = self.tree.selection(world.fleet);
            if marks != self.scope_nodes {
                self.remember();
                self.set_scope(world, marks);
            }
        }
    }

    /// What a pane needs when it comes into view.
    pub(super) fn entered(&mut self, world: World<'_>) -> Vec<Effect> {
        self.text = None;
        let mut effects = Vec::new();
        match self.pane {
            PaneId::Logs => {
                if !self.panes.logs.is_open() {
                    effects = self.panes.logs.open(world.fleet, &self.scope, None, false);
                }
            }
            PaneId::Clouds => effects.push(Effect::Job(Job::Clouds)),
            PaneId::Deploy => effects.push(Effect::Job(Job::Past)),
            _ => {}
        }
        if self.pane != PaneId::Logs && self.panes.logs.is_open() {
            effects.extend(self.panes.logs.close());
        }
        effects
    }
}

/// What a restart of an object is one of: of a pod, its workload; the dialog names it.
fn restarted(fleet: &Fleet, key: &ObjectKey) -> ObjectKey {
    let workload = || {
        let cluster = fleet.cluster(key.cluster).filter(|_| key.kind == Kind::Pod)?;
        let row = tree::row_of_owner(cluster, cluster.pod(&key.namespace, &key.name)?)?;
        Some(ObjectKey { kind: row.kind, name: row.meta.name.clone(), ..key.clone() })
    };
    workload().unwrap_or_else(|| key.clone())
}

/// The object of a workload or pod node; of an app, that of each cluster that has it.
fn objects_of(fleet: &Fleet, node: &TreeNode) -> Vec<ObjectKey> {
    let key = |cluster, namespace: &SafeText, kind, name: &SafeText| ObjectKey {
        cluster,
        kind,
        namespace: namespace.clone(),
        name: name.clone(),
    };
    match node {
        TreeNode::Workload(cluster, namespace, kind, name) => vec![key(*cluster, namespace, *kind, name)],
        TreeNode::Pod(cluster, namespace, name) => vec![key(*cluster, namespace, Kind::Pod, name)],
        TreeNode::App(namespace, kind, name) => {
            let has = fleet.clusters().iter().filter(|c| c.has(node));
            has.map(|c| key(c.id(), namespace, *kind, name)).collect()
        }
        _ => Vec::new(),
    }
}
