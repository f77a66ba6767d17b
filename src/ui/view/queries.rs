//! Queries that a person keeps: each a tab behind the panes, which shows the rows its command line names.

use crate::domain::kind::Kind;
use crate::ops::queries::is_name;
use crate::ui::effect::{Effect, Job};
use crate::ui::lens::Lens;
use crate::ui::pane::{PANES, Pane, PaneId};

use super::command::{self, Command, Wrong};
use super::{View, World};

/// The query that was opened last, and what it showed.
#[derive(Clone, Debug)]
pub(super) struct OpenQuery {
    name: String,
    lens: Lens,
    filter: String,
}

impl View {
    /// Their names, and which of them is shown, as long as nothing of it was changed.
    pub fn queries(&self) -> impl Iterator<Item = (&str, bool)> {
        let shown = self.query();
        self.all_queries().into_iter().map(move |name| (name, Some(name) == shown))
    }

    fn all_queries(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.options.queries.keys().chain(self.options.kept.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The one that is shown.
    pub fn query(&self) -> Option<&str> {
        let open = self.query.as_ref().filter(|_| self.pane == PaneId::Resources)?;
        let rows = &self.panes.resources;
        let is_same = *rows.lens() == open.lens && rows.filter_text() == open.filter;
        is_same.then_some(open.name.as_str())
    }

    /// The command line of one.
    pub(super) fn query_line(&self, name: &str) -> Option<String> {
        self.options.kept.get(name).or_else(|| self.options.queries.get(name)).cloned()
    }

    /// Shows one: all that its line says, and nothing of what was shown before.
    pub(super) fn open_query(&mut self, world: World<'_>, name: &str) -> Vec<Effect> {
        let Some(line) = self.query_line(name) else { return Vec::new() };
        let served = |word: &str| world.fleet.served_as(word, &self.scope).first().copied();
        let whole = self.without_alias(&line);
        let effects = if let Ok(Command::Kind(table)) = command::parse(&whole, &served) {
            if self.pane == PaneId::Resources {
                self.remember();
            }
            self.panes.resources.look_through(Lens::of(table.kind));
            let effects = self.command(world, Command::Kind(table));
            self.query = Some(OpenQuery {
                name: name.to_owned(),
                lens: self.panes.resources.lens().clone(),
                filter: self.panes.resources.filter_text().to_owned(),
            });
            effects
        } else {
            // It leads elsewhere, or is wrong, or its kind has to be asked for.
            self.query = None;
            self.run_line(world, &line)
        };
        self.tab = Some(name.to_owned());
        effects
    }

    /// To the table without the query that was shown, if one was.
    pub(super) fn leave_query(&mut self) {
        if self.query.is_some() {
            self.panes.resources.look_through(Lens::of(Kind::Pod));
        }
        (self.query, self.tab) = (None, None);
    }

    /// The tab after this, or before it: panes, then queries.
    pub(super) fn next_tab(&mut self, world: World<'_>, forward: bool) -> Vec<Effect> {
        let panes: Vec<PaneId> = PANES.iter().filter(|(.., tab)| *tab).map(|(id, ..)| *id).collect();
        let queries: Vec<String> = self.all_queries().into_iter().map(str::to_owned).collect();
        let all = panes.len() + queries.len();
        let of_query = self.tab.as_ref().and_then(|name| queries.iter().position(|q| q == name));
        let of_pane = panes.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let here = of_query.map_or(of_pane, |n| panes.len() + n);
        let next = if forward { (here + 1) % all } else { (here + all - 1) % all };
        match (panes.get(next), next.checked_sub(panes.len()).and_then(|n| queries.get(n))) {
            (_, Some(name)) => self.open_query(world, name),
            (Some(pane), None) => {
                if *pane == PaneId::Resources {
                    self.leave_query();
                }
                self.tab = None;
                vec![Effect::Show(*pane)]
            }
            (None, None) => Vec::new(),
        }
    }

    /// Keeps the rows that are shown under a name.
    pub(super) fn save_query(&mut self, world: World<'_>, name: &str) -> Vec<Effect> {
        if self.pane != PaneId::Resources {
            return vec![Effect::complain("only the rows of Resources can be kept as a query")];
        }
        if !is_name(name) {
            return vec![Effect::complain(
                "a query wants a name of letters, digits, - _ and ., as in :save ill",
            )];
        }
        let served = |word: &str| world.fleet.served_as(word, &self.scope).first().copied();
        let is_free = matches!(command::parse(name, &served), Err(Wrong::Unknown(..)));
        if !is_free || self.without_alias(name) != name {
            return vec![Effect::complain(format!("`{name}` has a meaning of its own behind `:`"))];
        }
        let lens = self.panes.resources.lens().clone();
        if lens.node.is_some() || lens.faults {
            return vec![Effect::complain("pods of a node and faults alone cannot be kept; a filter can")];
        }
        let mut line = lens.kind.full();
        line.extend(lens.namespace.iter().map(|ns| format!(" {ns}")));
        let filter = self.panes.resources.filter_text().to_owned();
        if !filter.is_empty() {
            line.push_str(&format!(" /{filter}"));
        }
        self.options.kept.insert(name.to_owned(), line.clone());
        self.tab = Some(name.to_owned());
        self.query = Some(OpenQuery { name: name.to_owned(), lens, filter });
        let mut effects = self.keep_query(world, name);
        let mut words = format!("kept: `:{name}` is `:{line}`; `:forget {name}` removes it");
        if self.options.queries.contains_key(name) {
            words.push_str("; it hides the one in config.yaml");
        } else if !self.scope.is_all() {
            words.push_str("; it is of whatever scope one is in");
        }
        effects.push(Effect::say(words));
        effects
    }

    /// Forgets one that was kept.
    pub(super) fn forget_query(&mut self, world: World<'_>, name: &str) -> Vec<Effect> {
        if self.options.kept.remove(name).is_none() {
            let words = if name.is_empty() {
                "which query? `:forget NAME`".to_owned()
            } else if self.options.queries.contains_key(name) {
                format!("`{name}` is in config.yaml (queries)")
            } else {
                format!("no query is called `{name}`")
            };
            return vec![Effect::complain(words)];
        }
        if self.query.as_ref().is_some_and(|open| open.name == name) {
            self.query = None;
        }
        self.tab = self.tab.take().filter(|tab| tab != name);
        self.keep_query(world, name)
    }

    fn keep_query(&self, world: World<'_>, name: &str) -> Vec<Effect> {
        let keeps = world.session.state_dir.is_some() && !world.session.demo;
        let line = self.options.kept.get(name).cloned();
        let job = || Effect::Job(Job::KeepQuery { name: name.to_owned(), line });
        keeps.then(job).into_iter().collect()
    }
}
