//! The one dialog every write goes through: each target with its full place, who acts, what a person should know, and
//! for protected scopes a word to type.

mod layout;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use crate::domain::cells;
use crate::domain::plan::{Plan, PlanError};
use crate::domain::quantity::count;
use crate::ui::key::Key;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::input::Line;
use crossterm::event::KeyCode;

use layout::{Layout, Row, Tint};

/// The dialog's state.
pub struct Confirm {
    plan: Plan,
    word: Line,
    most: usize,
    /// First row shown of what scrolls.
    from: usize,
    /// Rows that fit of what scrolls, and how many there are, as of the last `prepare`.
    page: usize,
    rows: usize,
    /// The servers have not yet said whether they would take it.
    asking: bool,
    /// Enter was pressed, and was not enough.
    tried: bool,
}

/// What the dialog came to.
pub enum Answer {
    /// Still open.
    Open,
    /// Closed without doing anything.
    Cancelled,
    /// Leave out what is refused, and ask again.
    LeaveOut(Box<Plan>),
    /// Run it; the word is what was typed.
    Run(Box<Plan>, Option<String>),
}

impl Confirm {
    /// Asks about a plan.
    pub fn new(plan: Plan, most: usize) -> Self {
        Self { plan, word: Line::default(), most, from: 0, page: 1, rows: 0, asking: false, tried: false }
    }

    /// It stays locked until the servers have answered.
    #[must_use]
    pub fn asking(self) -> Self {
        Self { asking: true, ..self }
    }

    /// Hears what the servers say to the plan; to another one than is shown it means nothing.
    pub fn hear(&mut self, plan: &Plan) {
        if plan.id == self.plan.id {
            self.plan = plan.clone();
            self.asking = false;
        }
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
            if self.asking || self.check().is_err() || self.blocked() > 0 {
                self.tried = true;
                return Answer::Open;
            }
            let word = (!self.word.text().is_empty()).then(|| self.word.text().trim().to_owned());
            return Answer::Run(Box::new(self.plan.clone()), word);
        }
        if key.is_ctrl('x') && self.blocked() > 0 {
            return Answer::LeaveOut(Box::new(self.plan.clone()));
        }
        self.tried = false;
        let last = self.rows.saturating_sub(self.page);
        if key.is(KeyCode::Down) {
            self.from = (self.from + 1).min(last);
        } else if key.is(KeyCode::PageDown) {
            self.from = (self.from + self.page).min(last);
        } else if key.is(KeyCode::Up) {
            self.from = self.from.saturating_sub(1);
        } else if key.is(KeyCode::PageUp) {
            self.from = self.from.saturating_sub(self.page);
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

    /// Its size: how far it scrolls.
    pub fn prepare(&mut self, screen: Rect) {
        let layout = self.layout(screen);
        self.page = layout.page;
        self.rows = layout.scrolled.len();
        self.from = self.from.min(self.rows.saturating_sub(self.page));
    }

    fn layout(&self, screen: Rect) -> Layout {
        // No word helps where something is refused.
        let typed = (self.blocked() == 0).then(|| self.word.text());
        Layout::of(&self.plan, typed, screen)
    }

    /// Draws it in the middle of the screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        let layout = self.layout(screen);
        let area = layout.area;
        Clear.render(area, buf);
        let base = theme.style(Role::Dialog);
        Block::bordered().style(base).render(area, buf);
        let title = format!(" {} ", self.plan.title());
        let room = area.width.saturating_sub(2);
        draw::text(buf, area.x + 1, area.y, &title, room, theme.style(Role::DialogTitle));
        let inner = layout.inner();
        let mut y = inner.y;
        let mut put = |row: &Row, y: &mut u16| {
            if *y >= inner.bottom() {
                return;
            }
            draw::text(buf, inner.x, *y, &row.text, inner.width, base.patch(theme.style(row.role)));
            if let Some(Tint { cells, at, environment }) = &row.tint {
                let x = inner.x + cells::width(row.text.get(..*at).unwrap_or(""));
                let name = row.text.get(*at..*at + *cells).unwrap_or("");
                draw::text(
                    buf,
                    x,
                    *y,
                    name,
                    inner.right().saturating_sub(x),
                    base.patch(theme.environment(*environment)),
                );
            }
            *y += 1;
        };
        let last = layout.scrolled.len().saturating_sub(layout.page);
        let from = self.from.min(last);
        let shown = layout.scrolled.iter().skip(from).take(layout.page);
        for row in shown {
            put(row, &mut y);
        }
        if last > 0 {
            put(&layout.hidden_words(from), &mut y);
        }
        for row in &layout.pinned {
            put(row, &mut y);
        }
        let locked = self.check();
        // The word and the buttons stand at the bottom, whatever else there is.
        y = inner.bottom().saturating_sub(1 + u16::try_from(layout.asked.len()).unwrap_or(0));
        for row in &layout.asked {
            let role = if row.role == Role::DialogLocked && locked.is_ok() { Role::Ok } else { row.role };
            put(&Row { role, ..row.clone() }, &mut y);
        }
        let verb = self.plan.verb.word().to_lowercase();
        let (state, role) = match (&locked, self.blocked()) {
            (_, n @ 1..) => (format!("{n} of these cannot be done   ctrl-x leaves them out"), Role::Error),
            (Ok(()) | Err(PlanError::WordWanted(_)), 0) if self.asking => {
                let clusters = count(self.plan.clusters(), "cluster");
                (format!("asking {clusters} by dry run … (locked)"), Role::Muted)
            }
            (Ok(()), 0) => (format!("Enter {verb}"), Role::Accent),
            (Err(PlanError::WordWanted(word)), 0) if self.tried => {
                (format!("that is not `{word}` (locked)"), Role::Error)
            }
            (Err(PlanError::WordWanted(_)), 0) => (format!("Enter {verb} (locked)"), Role::Muted),
            (Err(e), 0) => (e.to_string(), Role::Error),
        };
        let bottom = inner.bottom().saturating_sub(1);
        draw::text_right(buf, inner.x + 12, inner.right(), bottom, &state, base.patch(theme.style(role)));
        draw::text(buf, inner.x, bottom, "Esc cancel", 10, base);
    }
}
