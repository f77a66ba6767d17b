//! A choice: a few words and a list of things to do, one of which is taken with Enter. For whom a cluster is entered as, and
//! whether a credential plugin may run. The things to do are always seen; words that are too many for the screen are scrolled,
//! and nothing but the first thing is done before their end was seen.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use crate::domain::cells;
use crate::domain::quantity::count;
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
    /// The first of them that is seen, and how many are.
    from: usize,
    room: usize,
    /// Their end was seen.
    read: bool,
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
        Self { title, words, lines: Vec::new(), from: 0, room: 0, read: false, options, list }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Chosen {
        let moved = match key.code() {
            KeyCode::Up | KeyCode::Char('k') => Some(Action::Up),
            KeyCode::Down | KeyCode::Char('j') => Some(Action::Down),
            KeyCode::PageUp | KeyCode::PageDown if self.lines.len() > self.room => {
                let page = self.room.saturating_sub(1).max(1);
                self.from = match key.code() {
                    KeyCode::PageDown => self.from + page,
                    _ => self.from.saturating_sub(page),
                };
                return Chosen::Open;
            }
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
            KeyCode::Enter if !self.read && self.list.cursor > 0 => {
                self.from += self.room.saturating_sub(1).max(1);
                Chosen::Open
            }
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
        // Two lines are the frame's, one the keys'. Of words that do not fit one line says how many are left.
        let inside = usize::from(screen.height.saturating_sub(3));
        let page = self.options.len().min(inside.saturating_sub(2)).max(1);
        self.room = inside.saturating_sub(page).min(self.lines.len());
        if self.room < self.lines.len() {
            self.room = self.room.saturating_sub(1);
        }
        self.from = self.from.min(self.lines.len() - self.room);
        self.read |= self.from + self.room >= self.lines.len();
        self.list.set_len(self.options.len());
        self.list.set_page(page);
    }

    /// How many lines stand below those that are seen, or above; nothing where all are seen.
    fn unseen(&self) -> Option<String> {
        let below = self.lines.len() - self.from - self.room;
        match (self.room < self.lines.len(), below) {
            (false, _) => None,
            (true, 0) => Some(format!("— {} above, PgUp —", count(self.from, "line"))),
            (true, n) => Some(format!("— {} more, PgDn —", count(n, "line"))),
        }
    }

    /// Draws it in the middle of the screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        let width = self.width(screen);
        let window = self.list.window();
        let unseen = self.unseen();
        let rows = self.room + usize::from(unseen.is_some()) + window.len();
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
        for line in self.lines.iter().skip(self.from).take(self.room) {
            if y < bottom {
                draw::text(buf, x, y, line, room, base);
            }
            y += 1;
        }
        if let Some(unseen) = unseen {
            if y < bottom {
                draw::text(buf, x, y, &unseen, room, base.patch(theme.style(Role::Muted)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::depth::Depth;

    fn key(code: KeyCode) -> Key {
        Key::of(&code.into())
    }

    fn drawn(choice: &mut Choice, width: u16, height: u16) -> String {
        let screen = Rect { x: 0, y: 0, width, height };
        let mut buf = Buffer::empty(screen);
        choice.prepare(screen);
        choice.draw(
            &Theme::embedded("default", Depth::Rgb, crate::ui::theme::Letters::All).0,
            screen,
            &mut buf,
        );
        (0..height).map(|y| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>() + "\n").collect()
    }

    fn asked(command: &str) -> Choice {
        let words = vec![format!("the program: {command} THE-END"), String::new(), "Be careful.".to_owned()];
        let yes = |words: &str| (words.to_owned(), vec![Effect::Dial(Vec::new())]);
        let options = vec![("no".to_owned(), Vec::new()), yes("for now"), yes("for good")];
        Choice::new("Run it?".to_owned(), words, options, 0)
    }

    #[test]
    fn what_fits_is_taken_at_once() {
        let mut choice = asked("plug --flag");
        let seen = drawn(&mut choice, 80, 24);
        assert!(
            seen.contains("THE-END") && seen.contains("for good") && seen.contains("Enter choose"),
            "{seen}"
        );
        assert!(!seen.contains("more"), "{seen}");
        choice.key(key(KeyCode::Down));
        assert!(matches!(choice.key(key(KeyCode::Enter)), Chosen::Do(effects) if effects.len() == 1));
    }

    /// Whoever hides something behind a long line is read to the end first, however small the screen is.
    #[test]
    fn no_yes_to_what_was_not_seen() {
        for (width, height) in [(80, 24), (60, 12), (40, 8)] {
            let mut choice = asked(&"harmless ".repeat(300));
            let mut seen = drawn(&mut choice, width, height);
            for shown in ["no", "for now", "for good", "more, PgDn", "Enter choose"] {
                assert!(seen.contains(shown), "{shown}:\n{seen}");
            }
            assert!(!seen.contains("THE-END"), "{seen}");
            choice.key(key(KeyCode::Down));
            let mut pages = 0;
            while !seen.contains("Be careful.") {
                assert!(matches!(choice.key(key(KeyCode::Enter)), Chosen::Open), "{seen}");
                seen = drawn(&mut choice, width, height);
                pages += 1;
                assert!(pages < 2_000, "{seen}");
            }
            assert!(seen.contains("above, PgUp"), "{seen}");
            choice.key(key(KeyCode::PageUp));
            assert!(!drawn(&mut choice, width, height).contains("Be careful."));
            assert!(matches!(choice.key(key(KeyCode::Enter)), Chosen::Do(_)));
        }
        // A no needs no reading.
        let mut choice = asked(&"harmless ".repeat(300));
        drawn(&mut choice, 80, 24);
        assert!(matches!(choice.key(key(KeyCode::Enter)), Chosen::Do(effects) if effects.is_empty()));
    }

    #[test]
    fn at_every_size() {
        for height in 1..14 {
            for width in [1, 4, 20, 44, 80] {
                drawn(&mut asked(&"x".repeat(500)), width, height);
            }
        }
    }
}
