//! Deploy: manifests over the scope as a matrix of objects and clusters; then the run, step by step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::id::ClusterId;
use crate::domain::plan::{Plan, Step, Verdict};
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::cluster::Phase;
use crate::ops::deploy::{DeployOptions, DeployTo};
use crate::ops::run::RunEvent;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Prompt, Said};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// How a step of a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum StepState {
    #[default]
    NotStarted,
    Running(String),
    Done(String),
    /// Written, and no longer waited for.
    Stopped(String),
    Failed(String),
}

/// The pane's state.
#[derive(Default)]
pub struct Deploy {
    path: String,
    generation: u64,
    planning: bool,
    plan: Option<Plan>,
    error: Option<String>,
    /// The plan that runs or ran, which may be one of another pane (scale, restart).
    run: Option<(Plan, Vec<StepState>)>,
    outcome: Option<String>,
    list: List,
    details: bool,
    lines: Vec<String>,
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
        self.outcome = None;
        self.run = None;
        vec![Effect::Job(Job::PlanDeploy {
            generation: self.generation,
            path: path.to_owned(),
            clusters,
            options: DeployOptions { namespace, force },
        })]
    }

    /// Shows the run of a plan.
    pub fn begin(&mut self, plan: &Plan) {
        self.run = Some((plan.clone(), vec![StepState::NotStarted; plan.steps.len()]));
        self.outcome = None;
    }

    /// A plan runs.
    pub fn is_running(&self) -> bool {
        self.run.is_some() && self.outcome.is_none()
    }

    fn objects(plan: &Plan) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for step in &plan.steps {
            let words = step.object_words();
            if !out.contains(&words) {
                out.push(words);
            }
        }
        out
    }

    fn clusters(plan: &Plan) -> Vec<(ClusterId, &str)> {
        let mut out: Vec<(ClusterId, &str)> = Vec::new();
        for step in &plan.steps {
            if !out.iter().any(|(id, _)| *id == step.cluster.id) {
                out.push((step.cluster.id, &step.cluster.name));
            }
        }
        out
    }

    fn summary(plan: &Plan) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for step in &plan.steps {
            *counts.entry(step.verdict.word()).or_default() += 1;
        }
        counts.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join("  ")
    }

    /// The steps of the object under the cursor, with what changes.
    fn detail_lines(&self) -> Vec<String> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let objects = Self::objects(plan);
        let Some(object) = objects.get(self.list.cursor) else { return Vec::new() };
        let mut out = Vec::new();
        for step in plan.steps.iter().filter(|s| s.object_words() == *object) {
            out.push(format!(
                "{}   {}   as {} ({})",
                step.cluster.path,
                step.action_words(),
                step.cluster.acts_as,
                step.cluster.context
            ));
            if let Verdict::Conflict(why) | Verdict::Refused(why) | Verdict::Waits(why) = &step.verdict {
                out.push(format!("    {why}"));
            }
            for c in &step.changes {
                let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "(none)".to_owned());
                out.push(format!("    {}: {} → {}", c.path, value(&c.before), value(&c.after)));
            }
            out.extend(step.notes.iter().map(|n| format!("    note: {n}")));
        }
        out
    }
}

fn cell_style(theme: &Theme, step: &Step) -> ratatui::style::Style {
    match step.verdict {
        Verdict::Create => theme.style(Role::DiffAdd),
        Verdict::Change => theme.style(Role::Accent),
        Verdict::Same => theme.style(Role::Muted),
        Verdict::Delete => theme.style(Role::DiffRemove),
        Verdict::Conflict(_) | Verdict::Refused(_) => theme.style(Role::Error),
        Verdict::Waits(_) => theme.style(Role::Warn),
    }
}

impl Pane for Deploy {
    fn prepare(&mut self, _seen: Seen<'_>, (rows, _): (u16, u16)) {
        let len = self.plan.as_ref().map_or(0, |p| Self::objects(p).len());
        self.list.set_page(usize::from(rows / 2).max(3));
        self.list.set_len(len);
        self.lines = if self.details || self.run.is_none() { self.detail_lines() } else { Vec::new() };
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let n = seen.fleet.in_scope(seen.scope).count();
        match (&self.plan, &self.run) {
            (_, Some((plan, _))) if self.outcome.is_none() => {
                format!("running: {}  X stops after this step", plan.title())
            }
            (_, Some(_)) => self.outcome.clone().unwrap_or_default(),
            (Some(plan), None) => format!(
                "{}  {}  plan: {}",
                self.path,
                count(Self::clusters(plan).len(), "cluster"),
                Self::summary(plan)
            ),
            (None, None) if self.planning => {
                format!("{}  planning for {} …", self.path, count(n, "cluster"))
            }
            (None, None) => format!("{} in scope", count(n, "cluster")),
        }
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        let text = theme.style(Role::Text);
        let muted = theme.style(Role::Muted);
        let mut y = area.y;
        let mut put = |y: &mut u16, x: u16, words: &str, style| {
            if *y < area.bottom() {
                draw::text(buf, area.x + x, *y, words, area.width.saturating_sub(x), style);
                *y += 1;
            }
        };
        if let Some(error) = &self.error {
            put(&mut y, 2, error, theme.style(Role::Error));
            put(&mut y, 2, "p chooses another file; r plans again", muted);
        }
        if let Some((plan, states)) = &self.run {
            for (step, state) in plan.steps.iter().zip(states) {
                if y >= area.bottom() {
                    break;
                }
                let (glyph, style, words) = match state {
                    StepState::NotStarted => ("○", muted, "not started"),
                    StepState::Running(w) => ("◐", theme.style(Role::Progressing), w.as_str()),
                    StepState::Done(w) => ("●", theme.style(Role::Ok), w.as_str()),
                    StepState::Stopped(w) => ("▲", theme.style(Role::Warn), w.as_str()),
                    StepState::Failed(w) => ("✖", theme.style(Role::Error), w.as_str()),
                };
                let glyph = match (theme.ascii, glyph) {
                    (true, "○") => ".",
                    (true, "◐") => "~",
                    (true, "●") => "o",
                    (true, "▲") => "!",
                    (true, _) => "x",
                    (false, g) => g,
                };
                let line = format!("{}  {}  {}", step.cluster.name, step.object_words(), step.action_words());
                draw::text(buf, area.x + 1, y, glyph, 1, style);
                let used = draw::text(buf, area.x + 3, y, &line, area.width.saturating_sub(4), text);
                draw::text(buf, area.x + 5 + used, y, words, area.width.saturating_sub(6 + used), style);
                y += 1;
            }
            if let Some(outcome) = &self.outcome
                && y + 1 < area.bottom()
            {
                draw::text(
                    buf,
                    area.x + 1,
                    y + 1,
                    outcome,
                    area.width.saturating_sub(2),
                    theme.style(Role::Title),
                );
            }
            return;
        }
        let Some(plan) = &self.plan else {
            if self.error.is_none() {
                let lines = if self.planning {
                    vec!["asking each cluster what would change (server-side dry run; nothing is written)"]
                } else {
                    vec![
                        "Deploy applies manifests to every cluster in scope, one cluster after the other.",
                        "You see first what would change in each; it stops at the first failure.",
                        "",
                        "p   choose a manifest file or folder, or type  :deploy PATH",
                    ]
                };
                for line in lines {
                    put(&mut y, 2, line, muted);
                }
            }
            return;
        };
        // The matrix.
        let objects = Self::objects(plan);
        let clusters = Self::clusters(plan);
        let first =
            objects.iter().map(|o| cells::width(o)).max().unwrap_or(8).clamp(8, (area.width / 2).max(8));
        let width = clusters.iter().map(|(_, n)| cells::width(n)).max().unwrap_or(8).clamp(10, 18);
        draw::text(buf, area.x + 1, y, "OBJECT", first, muted);
        let mut x = area.x + first + 3;
        for (id, name) in &clusters {
            let env = seen.fleet.cluster(*id).map_or(text, |c| theme.environment(c.info.environment));
            if x < area.right() {
                draw::text(buf, x, y, name, width.min(area.right() - x), env);
            }
            x += width + 1;
        }
        for i in self.list.window() {
            y += 1;
            let Some(object) = objects.get(i).filter(|_| y < area.bottom()) else { break };
            let at_cursor = i == self.list.cursor;
            let base = match (at_cursor, focused) {
                (true, true) => theme.style(Role::Cursor),
                (true, false) => theme.style(Role::Selection),
                _ => text,
            };
            if at_cursor {
                draw::line_style(buf, area, y, base);
            }
            draw::text(buf, area.x + 1, y, object, first, base);
            let mut x = area.x + first + 3;
            for (id, _) in &clusters {
                let step = plan.steps.iter().find(|s| s.cluster.id == *id && s.object_words() == *object);
                if let Some(step) = step.filter(|_| x < area.right()) {
                    let style = if at_cursor { base } else { cell_style(theme, step) };
                    draw::text(buf, x, y, &step.action_words(), width.min(area.right() - x), style);
                }
                x += width + 1;
            }
        }
        y += 2;
        for line in &self.lines {
            if y >= area.bottom() {
                break;
            }
            let style = if line.starts_with("    ") { muted } else { text };
            draw::text(buf, area.x + 1, y, line, area.width.saturating_sub(1), style);
            y += 1;
        }
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.run.is_none() && self.list.act(action) {
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
            Action::Run | Action::Open if self.run.is_none() => match &self.plan {
                Some(plan) => vec![Effect::Confirm(Box::new(plan.clone()))],
                None => vec![Effect::Prompt(Prompt::Manifest)],
            },
            Action::Abort if self.is_running() => vec![Effect::Job(Job::Abort)],
            Action::Back if self.outcome.is_some() => {
                // Back to a plan that is made anew: the one that ran is not true any more.
                self.run = None;
                self.outcome = None;
                self.plan = None;
                if self.path.is_empty() {
                    return Vec::new();
                }
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
        &[Action::Plan, Action::Run, Action::ForceConflicts, Action::Refresh, Action::Abort, Action::Back]
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        // A plan for other clusters is not this scope's.
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
                let Some((_, states)) = &mut self.run else { return Vec::new() };
                let mut set = |step: usize, state: StepState| {
                    if let Some(s) = states.get_mut(step) {
                        *s = state;
                    }
                };
                match event {
                    RunEvent::Started { step } => set(*step, StepState::Running("writing".to_owned())),
                    RunEvent::Waiting { step, words } => set(*step, StepState::Running(words.clone())),
                    RunEvent::Done { step, words } => set(*step, StepState::Done(words.clone())),
                    RunEvent::Stopped { step, words } => set(*step, StepState::Stopped(words.clone())),
                    RunEvent::Failed { step, words } => set(*step, StepState::Failed(words.clone())),
                    RunEvent::Finished(outcome) => {
                        self.outcome = Some(outcome.words.clone());
                        let toast = if outcome.is_ok() {
                            Effect::say(outcome.words.clone())
                        } else {
                            Effect::complain(outcome.words.clone())
                        };
                        return vec![toast];
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }
}
