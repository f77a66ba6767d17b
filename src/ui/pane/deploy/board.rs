//! The board of a run: each step and how it stands.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::plan::{Plan, Step};
use crate::ops::journal;
use crate::ops::run::RunEvent;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;

/// How a step of a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum StepState {
    #[default]
    NotStarted,
    Running(String),
    Done(String),
    /// Written, and no longer waited for.
    Stopped(String),
    Failed(String),
}

/// The plan that runs or ran, which may be one of another pane (scale, restart).
pub(super) struct Board {
    pub(super) plan: Plan,
    /// When it was said yes to.
    pub(super) began: Timestamp,
    states: Vec<StepState>,
    /// What came of it, once it is over.
    pub(super) outcome: Option<String>,
}

impl Board {
    pub(super) fn new(plan: &Plan, began: Timestamp) -> Self {
        Self {
            plan: plan.clone(),
            began,
            states: vec![StepState::NotStarted; plan.steps.len()],
            outcome: None,
        }
    }

    pub(super) fn hear(&mut self, event: &RunEvent) {
        let (step, state) = match event {
            RunEvent::Started { step } => (*step, StepState::Running("writing".to_owned())),
            RunEvent::Waiting { step, words } => (*step, StepState::Running(words.clone())),
            RunEvent::Done { step, words } => (*step, StepState::Done(words.clone())),
            RunEvent::Stopped { step, words } => (*step, StepState::Stopped(words.clone())),
            RunEvent::Failed { step, words } => (*step, StepState::Failed(words.clone())),
            RunEvent::Finished(outcome) => {
                self.outcome = Some(outcome.words.clone());
                return;
            }
        };
        if let Some(s) = self.states.get_mut(step) {
            *s = state;
        }
    }

    /// Its steps as lines, for who looks back at it.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(step, state): (&Step, &StepState)| {
            let came = match state {
                StepState::NotStarted => "not started".to_owned(),
                StepState::Running(w) => format!("running: {w}"),
                StepState::Done(w) => format!("done: {w}"),
                StepState::Stopped(w) => format!("stopped: {w}"),
                StepState::Failed(w) => format!("failed: {w}"),
            };
            journal::step_line(step, &came)
        };
        self.plan.steps.iter().zip(&self.states).map(line).collect()
    }

    /// The first step that is drawn: what is under way, or failed, stays in sight, and in the end the outcome.
    fn first(&self, rows: u16) -> usize {
        let rows = usize::from(rows.saturating_sub(2)).max(1);
        let failed = self.states.iter().position(|s| matches!(s, StepState::Failed(_)));
        let current = |s: &StepState| matches!(s, StepState::Running(_) | StepState::NotStarted);
        let last = self.states.len().saturating_sub(1);
        let at = failed.or_else(|| self.states.iter().position(current)).unwrap_or(last);
        at.saturating_sub(rows / 2).min(self.states.len().saturating_sub(rows))
    }

    pub(super) fn draw(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut y = area.y;
        for (step, state) in self.plan.steps.iter().zip(&self.states).skip(self.first(area.height)) {
            if y >= area.bottom() {
                break;
            }
            let (glyph, role, words) = match state {
                StepState::NotStarted => ("○", Role::Muted, "not started"),
                StepState::Running(w) => ("◐", Role::Progressing, w.as_str()),
                StepState::Done(w) => ("●", Role::Ok, w.as_str()),
                StepState::Stopped(w) => ("▲", Role::Warn, w.as_str()),
                StepState::Failed(w) => ("✖", Role::Error, w.as_str()),
            };
            let style = theme.style(role);
            let line = format!("{}  {}  {}", step.cluster.name, step.object_words(), step.doing_words());
            draw::text(buf, area.x + 1, y, glyph, 1, style);
            let text = theme.style(Role::Text);
            let used = draw::text(buf, area.x + 3, y, &line, area.width.saturating_sub(4), text);
            let room = area.width.saturating_sub(6 + used);
            let fails = matches!(state, StepState::Failed(_) | StepState::Stopped(_));
            if !fails || cells::width(words) <= room {
                draw::text(buf, area.x + 5 + used, y, words, room, style);
            } else {
                // Why something failed is never cut.
                for line in cells::wrap(words, area.width.saturating_sub(6), 0) {
                    y += 1;
                    if y < area.bottom() {
                        draw::text(buf, area.x + 5, y, &line, area.width.saturating_sub(6), style);
                    }
                }
            }
            y += 1;
        }
        if let Some(outcome) = &self.outcome
            && y + 1 < area.bottom()
        {
            let width = area.width.saturating_sub(2);
            for (y, line) in (y + 1..area.bottom()).zip(cells::wrap(outcome, width, 2)) {
                draw::text(buf, area.x + 1, y, &line, width, theme.style(Role::Title));
            }
        }
    }
}
