//! A choice: a few words and a list of things to do, one of which is taken with Enter. For whom a cluster is entered as, and
//! whether a credential plugin may run.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use crate::domain::cells;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// Its state.
pub struct Choice {
    title: String,
    words: Vec<String>,
    /// The words in lines of the screen's width.
    lines: Vec<String>,
    options: Vec<(String, Vec<Effect>)>,
    list: List,
}

/// What it came to.
pub enum Chosen {
    /// Still open.
    Open,
    /// Closed without a choice.
    Nothing,
    /// This is to happen.
    Do(Vec<Effect>),
}

impl Choice {
    /// Among these; the cursor begins at the option of that number.
    pub fn new(title: String, words: Vec<String>, options: Vec<(String, Vec<Effect>)>, at: usize) -> Self {
        let mut list = List::default();
        list.set_len(options.len());
        list.go(at);
        Self { title, words, lines: Vec::new(), options, list }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Chosen {
        let moved = match key.code() {
            KeyCode::Up | KeyCode::Char('k') => Some(Action::Up),
            KeyCode::Down | KeyCode::Char('j') => Some(Action::Down),
            KeyCode::PageUp => Some(Action::PageUp),
            KeyCode::PageDown => Some(Action::PageDown),
            KeyCode::Home => Some(Action::Top),
            KeyCode::End => Some(Action::Bottom),
            _ => None,
        };
        if let Some(moved) = moved {
            self.list.act(moved);
            return Chosen::Open;
        }
        match key.code() {
            KeyCode::Enter => {
                let chosen = self.options.get(self.list.cursor);
                chosen.map_or(Chosen::Nothing, |(_, effects)| Chosen::Do(effects.clone()))
            }
            KeyCode::Esc | KeyCode::Char('q') => Chosen::Nothing,
            _ => Chosen::Open,
        }
    }

    fn width(&self, screen: Rect) -> u16 {
        let longest = self.options.iter().map(|(o, _)| cells::width(o) + 2);
        let longest = longest.chain(self.words.iter().map(|w| cells::width(w))).max().unwrap_or(0);
        (longest + 4).clamp(44, 100).min(screen.width)
    }

    /// Works out what is drawn.
    pub fn prepare(&mut self, screen: Rect) {
        let room = self.width(screen).saturating_sub(4);
        self.lines = self.words.iter().flat_map(|w| cells::wrap(w, room, 0)).collect();
        let options = u16::try_from(self.options.len()).unwrap_or(u16::MAX);
        let words = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        let page = screen.height.saturating_sub(4).saturating_sub(words).clamp(1, options.max(1));
        self.list.set_len(self.options.len());
        self.list.set_page(usize::from(page));
    }

    /// Draws it in the middle of the screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        let width = self.width(screen);
        let window = self.list.window();
        let rows = self.lines.len() + window.len() + 1;
        let height = u16::try_from(rows + 3).unwrap_or(u16::MAX).min(screen.height);
        let area = Rect {
            x: screen.x + (screen.width - width) / 2,
            y: screen.y + (screen.height - height) / 2,
            width,
            height,
        };
        Clear.render(area, buf);
        let base = theme.style(Role::Dialog);
        Block::bordered().style(base).render(area, buf);
        let room = area.width.saturating_sub(2);
        let title = format!(" {} ", self.title);
        draw::text(buf, area.x + 1, area.y, &title, room, theme.style(Role::DialogTitle));
        let (x, room, bottom) = (area.x + 2, area.width.saturating_sub(4), area.bottom().saturating_sub(1));
        let mut y = area.y + 1;
        for line in &self.lines {
            if y < bottom {
                draw::text(buf, x, y, line, room, base);
            }
            y += 1;
        }
        for i in window {
            let Some((words, _)) = self.options.get(i) else { break };
            if y < bottom {
                let row = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
                let painted = self.list.paint(i, (theme, true), row, y, buf);
                draw::text(buf, x, y, words, room, painted.own(base));
            }
            y += 1;
        }
        if bottom > area.y + 1 {
            let keys = "Enter choose   Esc cancel";
            draw::text(
                buf,
                x,
                bottom.saturating_sub(1).max(y.min(bottom - 1)),
                keys,
                room,
                base.patch(theme.style(Role::Muted)),
            );
        }
    }
}
