//! Deploy: manifests over the scope as a matrix of objects and clusters; then the run, step by step; and the runs before.

mod board;
mod matrix;
mod past;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::diff;
use crate::domain::plan::{Plan, StepAction, Verb};
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::phase::Phase;
use crate::ops::deploy::{DeployOptions, DeployTo};
use crate::ops::journal::Past;
use crate::ops::run::{Outcome, RunEvent};
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Prompt, Said};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

use board::Board;
use matrix::Matrix;

/// What the pane is for, while there is no plan.
const INTRO: [&str; 4] = [
    "Deploy applies manifests to every cluster in scope, one cluster after the other.",
    "You see first what would change in each; it stops at the first failure.",
    "",
    "p   choose a manifest file or folder, or type  :deploy PATH",
];
/// The rows of that, with the title of what stands below it.
const INTRO_ROWS: u16 = 7;

/// So many runs before this are shown.
pub const PAST_MOST: usize = 20;

/// The pane's state.
#[derive(Default)]
pub struct Deploy {
    path: String,
    generation: u64,
    planning: bool,
    plan: Option<Plan>,
    error: Option<String>,
    run: Option<Board>,
    matrix: Matrix,
    /// Clusters that are treated alike have columns of their own all the same.
    split: bool,
    list: List,
    lines: Vec<String>,
    /// The plan or run that the runs before are looked at instead of: back brings it back.
    shelf: Option<(Option<Plan>, Option<Board>)>,
    /// Runs before this, newest first: those of the journal, and of this session.
    past: Vec<Past>,
    past_list: List,
}

impl Deploy {
    /// Plans the manifests of a file or folder for the scope's clusters.
    pub fn plan(&mut self, seen: Seen<'_>, path: &str) -> Vec<Effect> {
        self.plan_with(seen, path, false)
    }

    fn plan_with(&mut self, seen: Seen<'_>, path: &str, force: bool) -> Vec<Effect> {
        let clusters: Vec<DeployTo> = seen
            .fleet
            .in_scope(seen.scope)
            .filter(|c| !matches!(c.phase, Phase::Idle))
            .map(DeployTo::of)
            .collect();
        if self.is_running() {
            return vec![Effect::complain("a plan is running; X stops it after this step")];
        }
        if clusters.is_empty() {
            return vec![Effect::complain("no cluster in scope to deploy to")];
        }
        // A namespace in the scope is where objects without one go; several would be a guess.
        let namespaces: BTreeSet<&SafeText> =
            seen.scope.tree_nodes().filter_map(TreeNode::namespace).collect();
        if namespaces.len() > 1 {
            let words = "several namespaces are selected: select one, or whole clusters";
            return vec![Effect::complain(words)];
        }
        let namespace = namespaces.first().map(ToString::to_string);
        path.clone_into(&mut self.path);
        self.generation += 1;
        self.planning = true;
        self.error = None;
        self.plan = None;
        self.run = None;
        self.shelf = None;
        vec![Effect::Job(Job::PlanDeploy {
            generation: self.generation,
            path: path.to_owned(),
            clusters,
            options: DeployOptions { namespace, force },
        })]
    }

    /// Shows the run of a plan.
    pub fn begin(&mut self, plan: &Plan, now: Timestamp) {
        self.run = Some(Board::new(plan, now));
        self.shelf = None;
    }

    /// A plan runs.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|r| r.outcome.is_none())
    }

    /// Shows the runs before in the place of a plan, or of a run that is over. A run that is under way stays in sight.
    pub fn show_past(&mut self) -> Vec<Effect> {
        if self.is_running() {
            return Vec::new();
        }
        if self.plan.is_some() || self.run.is_some() {
            self.shelf = Some((self.plan.take(), self.run.take()));
        }
        self.planning = false;
        self.generation += 1;
        self.error = None;
        vec![Effect::Job(Job::Past)]
    }

    /// The object under the cursor in every cluster, whole.
    fn closer(&self) -> Vec<Effect> {
        let (Some(plan), Some(object)) = (&self.plan, self.matrix.objects().get(self.list.cursor)) else {
            return Vec::new();
        };
        let mut text = self.matrix.details(plan, self.list.cursor, true).join("\n");
        if let Some(step) = self.matrix.step(plan, self.list.cursor)
            && let StepAction::Apply { object, .. } = &step.action
        {
            text.push_str("\n\nas it is applied:\n\n");
            text.push_str(&diff::to_yaml(&diff::masked_alone(object)));
        }
        let name = self.matrix.step(plan, self.list.cursor).map_or("object", |s| s.name.as_str());
        vec![Effect::Text {
            name: format!("{name}-plan"),
            title: format!("Plan  {object}"),
            text,
            wrapped: false,
        }]
    }

    fn summary(plan: &Plan) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for step in &plan.steps {
            *counts.entry(step.verdict.word()).or_default() += 1;
        }
        counts.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join("  ")
    }

    /// The run that has ended is one of those before, also where no journal is kept.
    fn remember(&mut self, outcome: &Outcome) {
        let Some(board) = &self.run else { return };
        let ran = Past {
            run: board.plan.id.clone(),
            began: board.began,
            title: board.plan.title(),
            done: Some(outcome.is_ok()),
            words: outcome.words.clone(),
            steps: board.lines(),
        };
        self.past.retain(|p| p.run != ran.run);
        self.past.insert(0, ran);
        self.past.truncate(PAST_MOST);
    }
}

impl Pane for Deploy {
    fn prepare(&mut self, _seen: Seen<'_>, (rows, columns): (u16, u16)) {
        self.lines.clear();
        if let Some(plan) = &self.plan {
            self.matrix.prepare(plan, columns, self.split);
            let objects = self.matrix.objects();
            // As many rows as there are objects, but half of the room is left for what changes.
            self.list.set_page(objects.len().min(usize::from(rows / 2)).max(3));
            self.list.set_len(objects.len());
            if self.run.is_none() {
                self.lines = self.matrix.details(plan, self.list.cursor, false);
            }
        }
        self.past_list.set_page(usize::from(rows.saturating_sub(INTRO_ROWS) / 2).max(2));
        self.past_list.set_len(self.past.len());
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let n = seen.fleet.in_scope(seen.scope).count();
        match (&self.plan, &self.run) {
            (_, Some(board)) => match &board.outcome {
                Some(_) => format!("{}: over", board.plan.title()),
                None => format!("running: {}  X stops after this step", board.plan.title()),
            },
            (Some(plan), None) => {
                format!("{}  {}  plan: {}", self.path, self.matrix.words(), Self::summary(plan))
            }
            (None, None) if self.planning => {
                format!("{}  planning for {} …", self.path, count(n, "cluster"))
            }
            (None, None) => format!("{} in scope", count(n, "cluster")),
        }
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
        let mut y = area.y;
        let mut put = |y: &mut u16, x: u16, words: &str, style| {
            if *y < area.bottom() {
                draw::text(buf, area.x + x, *y, words, area.width.saturating_sub(x), style);
                *y += 1;
            }
        };
        if let Some(error) = &self.error {
            put(&mut y, 2, error, theme.style(Role::Error));
            let keys = if focused { "" } else { "in this pane (tab): " };
            put(&mut y, 2, &format!("{keys}p chooses another file; r plans again"), muted);
        }
        if let Some(board) = &self.run {
            board.draw(theme, Rect { y, height: area.bottom().saturating_sub(y), ..area }, buf);
            return;
        }
        let Some(plan) = &self.plan else {
            if self.planning {
                let words = "asking each cluster what would change (server-side dry run; nothing is written)";
                put(&mut y, 2, words, muted);
                return;
            }
            if self.error.is_none() {
                for line in INTRO {
                    put(&mut y, 2, line, muted);
                }
                if !self.path.is_empty() {
                    put(&mut y, 2, &format!("r   plan {} again", self.path), muted);
                }
            }
            if self.past.is_empty() {
                put(&mut y, 2, "", muted);
                put(
                    &mut y,
                    2,
                    "Nothing was run yet; runs are listed here, with what came of each step.",
                    muted,
                );
            }
            if !self.past.is_empty() && y + 2 < area.bottom() {
                let below = Rect { y: y + 1, height: area.bottom() - y - 1, ..area };
                past::draw(&self.past, &self.past_list, (seen.now, focused), theme, below, buf);
            }
            return;
        };
        let below = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        y += self.matrix.draw(plan, &self.list, theme, focused, below, buf) + 1;
        let lines = self.lines.iter().flat_map(|line| {
            let style = if line.starts_with("    ") { muted } else { text };
            cells::wrap(line, area.width.saturating_sub(1), 6).into_iter().map(move |l| (l, style))
        });
        for (y, (line, style)) in (y..area.bottom()).zip(lines) {
            draw::text(buf, area.x + 1, y, &line, area.width.saturating_sub(1), style);
        }
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        let list = if self.plan.is_some() { &mut self.list } else { &mut self.past_list };
        if self.run.is_none() && list.act(action) {
            return Vec::new();
        }
        match action {
            Action::Plan => vec![Effect::Prompt(Prompt::Manifest)],
            Action::Refresh if !self.path.is_empty() && !self.is_running() => {
                let path = self.path.clone();
                self.plan(seen, &path)
            }
            Action::ForceConflicts if !self.path.is_empty() && !self.is_running() => {
                let path = self.path.clone();
                self.plan_with(seen, &path, true)
            }
            Action::Open if self.run.is_none() && self.plan.is_some() => self.closer(),
            Action::Run | Action::Open if self.run.is_none() => match &self.plan {
                Some(plan) => vec![Effect::Confirm(Box::new(plan.clone()))],
                None => vec![Effect::Prompt(Prompt::Manifest)],
            },
            Action::Describe | Action::Yaml if self.run.is_none() && self.plan.is_some() => self.closer(),
            Action::Runs => self.show_past(),
            Action::Abort if self.is_running() => vec![Effect::Job(Job::Abort)],
            Action::Left if self.takes_left() => {
                self.matrix.scroll(false);
                Vec::new()
            }
            Action::Right if self.plan.is_some() && self.run.is_none() => {
                self.matrix.scroll(true);
                Vec::new()
            }
            Action::Toggle if self.plan.is_some() && self.run.is_none() => {
                self.split = !self.split;
                Vec::new()
            }
            Action::Back if self.shelf.is_some() => {
                (self.plan, self.run) = self.shelf.take().unwrap_or_default();
                Vec::new()
            }
            Action::Back if self.run.as_ref().is_some_and(|r| r.outcome.is_some()) => {
                // Back to a plan that is made anew, if it was one of manifests: the one that ran is not true any more.
                let applied = self.run.take().is_some_and(|r| r.plan.verb == Verb::Apply);
                if !applied || self.path.is_empty() {
                    return Vec::new();
                }
                self.plan = None;
                let path = self.path.clone();
                self.plan(seen, &path)
            }
            _ => Vec::new(),
        }
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["deploy"]
    }

    fn keys(&self) -> &'static [Action] {
        &[
            Action::Plan,
            Action::Run,
            Action::Open,
            Action::ForceConflicts,
            Action::Refresh,
            Action::Toggle,
            Action::Abort,
            Action::Runs,
            Action::Back,
        ]
    }

    fn is_holding(&self) -> bool {
        // What was put aside comes back, and the board of manifests that were applied is closed, before back leads out.
        self.shelf.is_some()
            || self.run.as_ref().is_some_and(|r| r.outcome.is_some() && r.plan.verb == Verb::Apply)
    }

    fn takes_left(&self) -> bool {
        self.plan.is_some() && self.run.is_none() && self.matrix.is_scrolled()
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        // A plan for other clusters is not this scope's.
        if let Some((plan, _)) = &mut self.shelf {
            *plan = None;
        }
        if self.plan.take().is_some() && self.run.is_none() {
            self.error = Some("the scope has changed since this was planned".to_owned());
        }
        self.planning = false;
        self.generation += 1;
        Vec::new()
    }

    fn hear(&mut self, said: &Said, _now: Timestamp) -> Vec<Effect> {
        match said {
            Said::DeployPlan { generation, plan } if *generation == self.generation => {
                self.planning = false;
                match plan {
                    Ok(plan) => self.plan = Some((**plan).clone()),
                    Err(why) => self.error = Some(why.clone()),
                }
            }
            Said::Run(event) => {
                let Some(board) = &mut self.run else { return Vec::new() };
                board.hear(event);
                if let RunEvent::Finished(outcome) = event {
                    self.remember(outcome);
                    let words = outcome.words.clone();
                    return vec![if outcome.is_ok() { Effect::say(words) } else { Effect::complain(words) }];
                }
            }
            Said::Past(past) => {
                // What had no end may have one by now.
                self.past.retain(|p| p.done.is_some());
                for run in past {
                    if !self.past.iter().any(|p| p.run == run.run) {
                        self.past.push(run.clone());
                    }
                }
                self.past.sort_by(|a, b| b.run.cmp(&a.run));
                self.past.truncate(PAST_MOST);
            }
            _ => {}
        }
        Vec::new()
    }
}
