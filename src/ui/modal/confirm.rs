//! The one dialog every write goes through: each target with its full place, who acts, what a person should know, and
//! for protected scopes a word to type.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};

use crate::domain::cost::money;
use crate::domain::plan::{Plan, PlanError};
use crate::ui::key::Key;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::input::Line;
use crossterm::event::KeyCode;

/// The dialog's state.
pub struct Confirm {
    plan: Plan,
    word: Line,
    most: usize,
    /// First line shown of the targets.
    from: usize,
}

/// What the dialog came to.
pub enum Answer {
    /// Still open.
    Open,
    /// Closed without doing anything.
    Cancelled,
    /// Run it; the word is what was typed.
    Run(Box<Plan>, Option<String>),
}

impl Confirm {
    /// Asks about a plan.
    pub fn new(plan: Plan, most: usize) -> Self {
        Self { plan, word: Line::default(), most, from: 0 }
    }

    fn check(&self) -> Result<(), PlanError> {
        self.plan.check(Some(self.word.text()), self.most)
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Answer {
        if key.is(KeyCode::Esc) || key.is_ctrl('c') {
            return Answer::Cancelled;
        }
        if key.is(KeyCode::Enter) {
            // What cannot be run is not run: steps that are refused stop here, before anything was written.
            if self.check().is_err() || self.blocked() > 0 {
                return Answer::Open;
            }
            let word = (!self.word.text().is_empty()).then(|| self.word.text().trim().to_owned());
            return Answer::Run(Box::new(self.plan.clone()), word);
        }
        if key.is(KeyCode::Down) || key.is(KeyCode::PageDown) {
            self.from = (self.from + 1).min(self.plan.steps.len().saturating_sub(1));
        } else if key.is(KeyCode::Up) || key.is(KeyCode::PageUp) {
            self.from = self.from.saturating_sub(1);
        } else if self.plan.word_wanted().is_some() {
            self.word.key(key);
        }
        Answer::Open
    }

    /// Text that was pasted.
    pub fn paste(&mut self, text: &str) {
        if self.plan.word_wanted().is_some() {
            self.word.insert(text);
        }
    }

    fn blocked(&self) -> usize {
        self.plan.targets().filter(|s| s.verdict.blocks().is_some()).count()
    }

    /// Draws it in the middle of the screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        let targets: Vec<_> = self.plan.targets().collect();
        let mut notes: Vec<String> = Vec::new();
        for step in &targets {
            for note in &step.notes {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
        }
        let width = screen.width.saturating_sub(4).min(110);
        let fixed = 7 + u16::try_from(notes.len().min(6)).unwrap_or(6);
        let room = screen.height.saturating_sub(fixed + 2).max(1);
        let shown = u16::try_from(targets.len()).unwrap_or(room).min(room);
        let height = (fixed + shown).min(screen.height);
        let area = Rect {
            x: screen.x + (screen.width - width.min(screen.width)) / 2,
            y: screen.y + (screen.height - height) / 2,
            width: width.min(screen.width),
            height,
        };
        Clear.render(area, buf);
        let title = format!(" {} ", self.plan.title());
        Block::bordered()
            .title(title)
            .style(theme.style(Role::Dialog))
            .title_style(theme.style(Role::DialogTitle))
            .render(area, buf);
        let text = theme.style(Role::Dialog);
        let muted = theme.style(Role::Muted);
        let inner = Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        };
        let mut y = inner.y;
        let mut put = |y: &mut u16, s: &str, style: Style| {
            if *y < inner.bottom() {
                draw::text(buf, inner.x, *y, s, inner.width, text.patch(style));
                *y += 1;
            }
        };
        let from = self.from.min(targets.len().saturating_sub(usize::from(shown)));
        for step in targets.iter().skip(from).take(usize::from(shown)) {
            let mut line = step.cluster.path.clone();
            line.push_str(&format!(
                "  {}  {}  {}",
                step.cluster.environment.word(),
                step.object_words(),
                step.action_words()
            ));
            let style = match step.verdict.blocks() {
                Some(why) => {
                    line.push_str(&format!("  {why}"));
                    theme.style(Role::Error)
                }
                None => theme.environment(step.cluster.environment),
            };
            put(&mut y, &line, style);
        }
        if targets.len() > usize::from(shown) {
            let rest = targets.len() - usize::from(shown);
            put(&mut y, &format!("… {rest} more: up and down show them"), muted);
        }
        for note in notes.iter().take(6) {
            put(&mut y, note, theme.style(Role::Warn));
        }
        if let Some(cost) = self.plan.cost_nano_hour().filter(|c| *c != 0) {
            let sign = if cost > 0 { "+" } else { "-" };
            put(
                &mut y,
                &format!("cost {sign}{}/mo at list prices", money::show_month(i128::from(cost.abs()))),
                text,
            );
        }
        let mut who: Vec<String> = targets
            .iter()
            .map(|s| format!("{} (context {})", s.cluster.acts_as, s.cluster.context))
            .collect();
        who.sort();
        who.dedup();
        let more = if who.len() > 2 { format!(" and {} more", who.len() - 2) } else { String::new() };
        put(
            &mut y,
            &format!("as: {}{more}", who.iter().take(2).cloned().collect::<Vec<_>>().join(", ")),
            muted,
        );
        put(&mut y, &format!("same on the command line: {}", self.plan.command), muted);
        let bottom = inner.bottom().saturating_sub(1);
        let locked = self.check();
        let blocked = self.blocked();
        if let Some(word) = self.plan.word_wanted() {
            let prompt = format!("protected scope: type  {word}  to go on: ");
            let style = if locked.is_ok() { theme.style(Role::Ok) } else { theme.style(Role::DialogLocked) };
            let y = bottom.saturating_sub(1);
            let used = draw::text(buf, inner.x, y, &prompt, inner.width, text.patch(style));
            let typed = format!("{}▏", self.word.text());
            draw::text(buf, inner.x + used, y, &typed, inner.width.saturating_sub(used), text);
        }
        let (state, style) = match (&locked, blocked) {
            (_, 1..) => {
                (format!("{blocked} of these cannot be done: mend the plan first"), theme.style(Role::Error))
            }
            (Ok(()), 0) => {
                (format!("Enter {}", self.plan.verb.word().to_lowercase()), theme.style(Role::Accent))
            }
            (Err(PlanError::WordWanted(_)), 0) => {
                (format!("Enter {} (locked)", self.plan.verb.word().to_lowercase()), muted)
            }
            (Err(e), 0) => (e.to_string(), theme.style(Role::Error)),
        };
        let right = inner.right();
        draw::text_right(buf, inner.x + 12, right, bottom, &state, text.patch(style));
        draw::text(buf, inner.x, bottom, "Esc cancel", 10, text);
    }
}
