//! The typed line: commands, filters, numbers, file names; what each key does to it and what Enter makes of it.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;

use crate::domain::filter::doubt::doubt;
use crate::domain::kind::Kind;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::tree;
use crate::ops;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Prompt};
use crate::ui::key::Key;
use crate::ui::lens::Lens;
use crate::ui::pane::PaneId;
use crate::ui::widget::input::Line;

use super::command::{self, Command, Known, Table, Wrong};
use super::own::is_nowhere;
use super::{Asking, Focus, View, World};

impl View {
    pub(super) fn ask(&mut self, world: World<'_>, prompt: Prompt) {
        if prompt == Prompt::Command {
            self.prepare_command(world);
        }
        let before = match &prompt {
            Prompt::Filter => self.filter_now().to_owned(),
            Prompt::Command | Prompt::Scale(_) | Prompt::Manifest | Prompt::Save(_) => String::new(),
        };
        if prompt == Prompt::Filter {
            self.tree.begin_filter();
        }
        // A filter is typed anew; Esc brings the one before back.
        let start = if let Prompt::Save(name) = &prompt { name.clone() } else { String::new() };
        let line = Line::new(&start);
        self.asking = Some(Asking {
            prompt,
            line,
            error: None,
            suggestions: Vec::new(),
            chosen: 0,
            typed: String::new(),
            doubt: None,
            before,
        });
    }

    /// `/`, where there is something to filter.
    pub(super) fn ask_filter(&self) -> Effect {
        let is_filtered =
            self.text.is_some() || self.focus == Focus::Tree || self.panes.get(self.pane).is_filtered();
        if is_filtered {
            return Effect::Prompt(Prompt::Filter);
        }
        Effect::complain(format!("nothing is filtered in {}; `:pods` has rows", self.pane.word()))
    }

    fn filter_now(&self) -> &str {
        match (&self.text, self.focus) {
            (Some(text), _) => text.search_text(),
            (None, Focus::Tree) => self.tree.filter_text(),
            (None, Focus::Pane) => self.panes.get(self.pane).filter_text(),
        }
    }

    fn set_filter(&mut self, text: &str) -> Result<(), String> {
        match (&mut self.text, self.focus) {
            (Some(view), _) => view.search(text),
            (None, Focus::Tree) => self.tree.filter(text),
            (None, Focus::Pane) => self.panes.get_mut(self.pane).filter(text),
        }
    }

    /// After each change of the typed line: filters apply at once, commands are completed.
    pub(super) fn typed(&mut self, world: World<'_>) {
        let Some(asking) = &self.asking else { return };
        let text = asking.line.text().to_owned();
        let mut doubted = None;
        let (error, suggestions) = match asking.prompt {
            Prompt::Filter => {
                let is_of_rows =
                    self.text.is_none() && self.focus == Focus::Pane && self.pane == PaneId::Resources;
                let seen = self.seen(world.fleet, world.now);
                let ways = if is_of_rows { self.panes.resources.complete(seen, &text) } else { Vec::new() };
                doubted = doubt(&text).filter(|_| is_of_rows);
                (self.set_filter(&text).err(), ways)
            }
            Prompt::Command => (None, command::complete(&text, &self.known(world))),
            Prompt::Scale(_) => (
                if text.is_empty() {
                    None
                } else {
                    ops::scale::Amount::parse(&text).err().map(|e| e.to_string())
                },
                Vec::new(),
            ),
            Prompt::Manifest | Prompt::Save(_) => (None, Vec::new()),
        };
        if let Some(asking) = &mut self.asking {
            asking.error = error;
            // The same line is looked at again as the fleet changes: what was chosen stays.
            let chosen = asking.suggestions.get(asking.chosen).filter(|_| asking.typed == text);
            asking.chosen = suggestions.iter().position(|s| Some(s) == chosen).unwrap_or(0);
            asking.suggestions = suggestions;
            asking.typed = text;
            asking.doubt = doubted;
        }
    }

    pub(super) fn type_key(&mut self, world: World<'_>, key: Key) -> Vec<Effect> {
        if key.is(KeyCode::Esc) || key.is_ctrl('c') {
            if let Some(asking) = self.asking.take()
                && asking.prompt == Prompt::Filter
            {
                if self.text.is_none() && self.focus == Focus::Tree {
                    self.tree.give_up_filter(&asking.before);
                } else {
                    let _ = self.set_filter(&asking.before);
                }
            }
            return Vec::new();
        }
        if key.is(KeyCode::Enter) {
            return self.asked(world);
        }
        let Some(asking) = &mut self.asking else { return Vec::new() };
        let among = asking.suggestions.len();
        if key.is(KeyCode::Tab) {
            if let Some(suggestion) = asking.suggestions.get(asking.chosen).cloned() {
                asking.line.set(&suggestion);
            }
        } else if among > 0 && (key.is(KeyCode::Down) || key.is(KeyCode::Up)) {
            asking.chosen = (asking.chosen + if key.is(KeyCode::Down) { 1 } else { among - 1 }) % among;
            return Vec::new();
        } else {
            asking.line.key(key);
        }
        self.typed(world);
        Vec::new()
    }

    /// Enter on a typed line.
    fn asked(&mut self, world: World<'_>) -> Vec<Effect> {
        let Some(asking) = self.asking.take() else { return Vec::new() };
        let text = asking.line.text().trim().to_owned();
        match asking.prompt {
            Prompt::Filter => match self.set_filter(&text) {
                Ok(()) => Vec::new(),
                Err(why) => {
                    let _ = self.set_filter(&asking.before);
                    vec![Effect::complain(why)]
                }
            },
            Prompt::Command => self.run_command(world, &text),
            Prompt::Scale(targets) => match ops::scale::Amount::parse(&text) {
                Ok(amount) => match ops::scale::plan(world.fleet, world.session, &targets, amount) {
                    Ok(plan) => vec![Effect::Confirm(Box::new(plan))],
                    Err(error) => vec![Effect::complain(error.to_string())],
                },
                Err(error) => vec![Effect::complain(error.to_string())],
            },
            Prompt::Manifest if text.is_empty() => Vec::new(),
            Prompt::Manifest => self.plan_deploy(world, &text),
            Prompt::Save(_) if text.is_empty() => Vec::new(),
            Prompt::Save(_) => {
                let body = match &self.text {
                    Some(view) => view.text(),
                    None => self.panes.get(self.pane).text(self.seen(world.fleet, world.now)),
                };
                vec![Effect::Job(Job::Save { path: text, text: body })]
            }
        }
    }

    fn plan_deploy(&mut self, world: World<'_>, path: &str) -> Vec<Effect> {
        self.adopt_marks(world);
        let mut panes = std::mem::take(&mut self.panes);
        let effects = panes.deploy.plan(self.seen(world.fleet, world.now), path);
        self.panes = panes;
        let mut out = self.visit(world, PaneId::Deploy);
        out.extend(effects);
        out
    }

    /// Does what a command line says.
    pub(super) fn run_command(&mut self, world: World<'_>, text: &str) -> Vec<Effect> {
        // What was said of the one before is not of this one.
        self.toasts.clear();
        if self.query_line(text.trim()).is_some() {
            return self.open_query(world, text.trim());
        }
        self.run_line(world, text)
    }

    /// The same of a line that is no query's name.
    pub(super) fn run_line(&mut self, world: World<'_>, text: &str) -> Vec<Effect> {
        let text = &self.without_alias(text);
        let served = |word: &str| world.fleet.served_as(word, &self.scope).first().copied();
        match command::parse(text, &served) {
            Ok(command) => self.command(world, command),
            Err(wrong @ (Wrong::Nothing | Wrong::TooMany(_) | Wrong::Pivot(_))) => {
                vec![Effect::complain(wrong.to_string())]
            }
            // Some cluster may have a kind of that name.
            Err(wrong @ (Wrong::Unknown(..) | Wrong::Elsewhere(..))) => {
                self.wait_for_kind(world, text.to_owned(), wrong)
            }
        }
    }

    pub(super) fn command(&mut self, world: World<'_>, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => self.act(world, Action::Quit),
            Command::Suspend => vec![Effect::Suspend],
            Command::Help => self.act(world, Action::Help),
            Command::Clusters(None) => vec![Effect::Show(PaneId::Clusters)],
            Command::Clusters(Some(name)) => match clusters_named(world, &name).as_slice() {
                [] => vec![Effect::complain(format!("no cluster or context is named `{name}`"))],
                found => vec![Effect::Scope(found.to_vec()), Effect::Show(PaneId::Overview)],
            },
            Command::Pane(PaneId::Deploy, Some(path)) => self.plan_deploy(world, &path),
            Command::Pane(pane, _) => vec![Effect::Show(pane)],
            Command::By(pivot) => {
                self.tree.pivot_to(world.fleet, pivot);
                self.focus = Focus::Tree;
                Vec::new()
            }
            Command::Runs => {
                let mut effects = vec![Effect::Show(PaneId::Deploy)];
                effects.extend(self.panes.deploy.show_past());
                effects
            }
            Command::Aliases => vec![self.all_aliases()],
            Command::Save(name) => self.save_query(world, &name),
            Command::Forget(name) => self.forget_query(world, &name),
            Command::Namespace(namespace) => self.narrow_to(world, namespace),
            Command::Kind(table) => self.show_table(world, table),
        }
    }

    /// Shows the rows that a command names.
    fn show_table(&mut self, world: World<'_>, table: Table) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut scope = self.scope.clone();
        let outside = self.outside();
        let mut nodes = outside.as_ref().map(|(nodes, _)| nodes.clone());
        let mut found = Vec::new();
        for name in &table.within {
            let named = clusters_named(world, name);
            if named.is_empty() {
                return vec![Effect::complain(format!("no cluster or context is named `{name}`"))];
            }
            found.extend(named);
        }
        if !found.is_empty() {
            nodes = Some(self.within(world, nodes.as_deref(), &found));
        }
        if let Some(nodes) = nodes {
            let nodes = if nodes.is_empty() { vec![TreeNode::Fleet] } else { nodes };
            scope = Scope::nodes(nodes.clone());
            effects.push(Effect::Scope(nodes));
        }
        if let Some(name) = table.namespace.as_ref().filter(|n| *n != "all")
            && table.kind != Kind::Namespace
            && is_nowhere(world, &scope, name)
        {
            return vec![Effect::complain(format!("no cluster in scope has a namespace {name}"))];
        }
        self.tab = None;
        // From another pane showing this one remembers where one was.
        if self.pane == PaneId::Resources && *self.panes.resources.lens() != Lens::of(table.kind) {
            self.remember();
        }
        self.panes.resources.show(table.kind);
        if outside.is_some() {
            self.ways_in = 0;
        }
        if table.namespace.is_some() {
            let namespace = table.namespace.filter(|_| table.kind != Kind::Namespace);
            self.gone_to(namespace.as_deref());
            self.panes.resources.in_namespace(namespace);
        } else if let Some((_, namespace)) = outside {
            self.panes.resources.in_namespace(namespace);
        }
        effects.push(Effect::Show(PaneId::Resources));
        // Without a filter it wants all rows.
        let filter = table.filter.unwrap_or_default();
        if let Err(why) = crate::ui::pane::Pane::filter(&mut self.panes.resources, &filter) {
            effects.push(Effect::complain(why));
        }
        effects
    }

    /// What of the scope is in these clusters; of one that is not in scope, all.
    fn within(&self, world: World<'_>, base: Option<&[TreeNode]>, found: &[TreeNode]) -> Vec<TreeNode> {
        let base = base.unwrap_or(&self.scope_nodes);
        let scope = Scope::nodes(base.iter().cloned());
        let of = |node: &TreeNode| -> Vec<TreeNode> {
            let TreeNode::Cluster(id) = node else { return vec![node.clone()] };
            let inside = base.iter().filter_map(|part| match part {
                TreeNode::Namespace(at, _) | TreeNode::Workload(at, ..) | TreeNode::Pod(at, ..) => {
                    (at == id).then(|| part.clone())
                }
                TreeNode::Namespaces(ns) => Some(TreeNode::Namespace(*id, ns.clone())),
                TreeNode::App(ns, kind, name) => {
                    Some(TreeNode::Workload(*id, ns.clone(), *kind, name.clone()))
                }
                _ => None,
            });
            let parts: Vec<TreeNode> = inside.collect();
            let is_whole = world.fleet.cluster(*id).is_some_and(|c| scope.covers_cluster(c.info.at()));
            if parts.is_empty() || is_whole { vec![node.clone()] } else { parts }
        };
        found.iter().flat_map(of).collect()
    }

    /// What a command can be completed with.
    fn known(&self, world: World<'_>) -> Known {
        let in_scope = world.fleet.in_scope(&self.scope);
        let namespaces: BTreeSet<SafeText> = in_scope.flat_map(tree::namespace_names).collect();
        let clusters = world.fleet.clusters().iter().map(|c| c.info.name().to_string());
        Known {
            words: world
                .fleet
                .served_names()
                .map(str::to_owned)
                .chain(self.options.aliases.keys().cloned())
                .chain(self.queries().map(|(name, _)| name.to_owned()))
                .collect(),
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
            clusters: clusters.collect(),
        }
    }
}

/// The clusters of that name or context, else those that have it in theirs.
fn clusters_named(world: World<'_>, name: &str) -> Vec<TreeNode> {
    let named = |is_exact: bool| -> Vec<TreeNode> {
        let clusters = world.fleet.clusters().iter().filter(|c| {
            let names = [c.info.name().as_str(), c.info.context.as_str()];
            names.iter().any(|n| if is_exact { *n == name } else { n.contains(name) })
        });
        clusters.map(|c| TreeNode::Cluster(c.id())).collect()
    };
    let exact = named(true);
    if exact.is_empty() { named(false) } else { exact }
}
