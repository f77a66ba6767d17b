//! The palette: everything there is to do or to go to, found by a few letters of it. Actions with their keys, panes, clusters,
//! namespaces, workloads, themes.
//!
//! What is in it is gathered when it opens (`view::palette`). What cannot be done here says why.

use crossterm::event::KeyCode;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use crate::domain::cells;
use crate::domain::quantity::show_count;
use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::input::Line;
use crate::ui::widget::list::List;

/// The widest it is, and how wide what sort of thing something is.
const WIDEST: u16 = 90;
const SORT: u16 = 11;

/// One thing in it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What sort of thing: `action`, `cluster`, `theme`.
    pub sort: &'static str,
    /// What is looked through and shown.
    pub words: String,
    /// The key that does the same, or where it is.
    pub hint: String,
    /// Why it cannot be done here; none: it can.
    pub why_not: Option<&'static str>,
    /// What Enter does.
    pub effects: Vec<Effect>,
}

/// The palette's state.
pub struct Palette {
    entries: Vec<Entry>,
    line: Line,
    /// What is found, the best first.
    found: Vec<usize>,
    list: List,
}

/// What a key came to.
pub enum Picked {
    /// Still open.
    Open,
    /// Closed.
    Nothing,
    /// This is to happen.
    Do(Vec<Effect>),
}

impl Palette {
    /// Over these.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut palette = Self { entries, line: Line::default(), found: Vec::new(), list: List::default() };
        palette.find();
        palette
    }

    /// What is found by what was typed: letters in their order, in any case; all words of it have to be there.
    fn find(&mut self) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(self.line.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut letters = Vec::new();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (n, entry) in self.entries.iter().enumerate() {
            let text = format!("{} {} {}", entry.words, entry.hint, entry.sort);
            if let Some(score) = pattern.score(Utf32Str::new(&text, &mut letters), &mut matcher) {
                found.push((score, n));
            }
        }
        // Of equals those that can be done, then in the order they were gathered.
        found.sort_by_key(|(score, n)| {
            let is_off = self.entries.get(*n).is_some_and(|entry| entry.why_not.is_some());
            (std::cmp::Reverse(*score), is_off, *n)
        });
        self.found = found.into_iter().map(|(_, n)| n).collect();
        self.list.set_len(self.found.len());
        self.list.go(0);
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Picked {
        let at = self.list.cursor;
        if key.is(KeyCode::Esc) || key.is_ctrl('c') {
            return Picked::Nothing;
        } else if key.is(KeyCode::Enter) {
            let entry = self.found.get(at).and_then(|n| self.entries.get(*n));
            return match entry {
                None => Picked::Open,
                Some(entry) => match entry.why_not {
                    None => Picked::Do(entry.effects.clone()),
                    Some(why) => Picked::Do(vec![Effect::complain(format!("{}: {why}", entry.words))]),
                },
            };
        } else if key.is(KeyCode::Down) || key.is_ctrl('n') {
            self.list.go(at + 1);
        } else if key.is(KeyCode::Up) || key.is_ctrl('p') {
            self.list.go(at.saturating_sub(1));
        } else if key.is(KeyCode::PageDown) {
            self.list.go(at + self.list.page);
        } else if key.is(KeyCode::PageUp) {
            self.list.go(at.saturating_sub(self.list.page));
        } else if self.line.key(key) {
            self.find();
        }
        Picked::Open
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.line.insert(text);
        self.find();
    }

    /// Works out what is drawn.
    pub fn prepare(&mut self, screen: Rect) {
        self.list.set_page(usize::from(Self::area(screen).height.saturating_sub(3)));
        self.list.set_len(self.found.len());
    }

    fn area(screen: Rect) -> Rect {
        let width = screen.width.saturating_sub(4).min(WIDEST).max(screen.width.min(40));
        let height = (screen.height * 3 / 4).max(screen.height.min(10));
        Rect {
            x: screen.x + (screen.width - width) / 2,
            y: screen.y + (screen.height - height) / 4,
            width,
            height,
        }
    }

    /// Draws it over the screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        let area = Self::area(screen);
        Clear.render(area, buf);
        let base = theme.style(Role::Dialog);
        let muted = base.patch(theme.style(Role::Muted));
        Block::bordered().style(base).render(area, buf);
        let (x, room) = (area.x + 2, area.width.saturating_sub(4));
        let title =
            draw::text(buf, area.x + 1, area.y, " Go to or do ", room, theme.style(Role::DialogTitle));
        let of = format!(" {} of {} ", show_count(self.found.len()), show_count(self.entries.len()));
        if title + cells::width(&of) < room {
            draw::text_right(buf, area.x, area.right().saturating_sub(1), area.y, &of, muted);
        }
        if area.height < 3 {
            return;
        }
        let y = area.y + 1;
        let skip = (cells::width(self.line.text()) + 3).saturating_sub(room);
        let typed = draw::text(buf, x, y, "> ", room, base.patch(theme.style(Role::KeysKey)));
        let text = format!("{}▏", cells::skip_cells(self.line.text(), skip));
        draw::text(buf, x + typed, y, &text, room.saturating_sub(typed), base);
        let mut y = y + 1;
        for i in self.list.window() {
            let Some(entry) = self.found.get(i).and_then(|n| self.entries.get(*n)) else { break };
            if y + 1 >= area.bottom() {
                break;
            }
            let row = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
            let painted = self.list.paint(i, (theme, true), row, y, buf);
            let hint = entry.why_not.unwrap_or(&entry.hint);
            let right = cells::width(hint).min(room / 2);
            let style = if entry.why_not.is_some() { muted } else { base };
            let sort = if room > 44 { SORT } else { 0 };
            draw::text(buf, x, y, entry.sort, sort, painted.own(muted));
            let words = room.saturating_sub(sort + right + 2);
            draw::text(buf, x + sort, y, &entry.words, words, painted.own(style));
            draw::text(buf, (x + room).saturating_sub(right), y, hint, right, painted.own(muted));
            y += 1;
        }
        if self.found.is_empty() {
            draw::text(buf, x, y, "nothing is called that; Esc closes", room, muted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::depth::Depth;

    fn entry(sort: &'static str, words: &str, why_not: Option<&'static str>) -> Entry {
        Entry { sort, words: words.to_owned(), hint: String::new(), why_not, effects: vec![Effect::Redraw] }
    }

    fn palette() -> Palette {
        Palette::new(vec![
            entry("action", "restart the workload", Some("read-only")),
            entry("action", "goto logs", None),
            entry("cluster", "prod-a", None),
            entry("theme", "nord", None),
        ])
    }

    fn press(palette: &mut Palette, keys: &str) -> Picked {
        Key::parse_all(keys).unwrap().into_iter().fold(Picked::Open, |_, key| palette.key(key))
    }

    #[test]
    fn found_by_letters_and_done() {
        let mut all = palette();
        assert_eq!(all.found.len(), 4);
        press(&mut all, "p r d a");
        assert_eq!(all.found.first(), Some(&2));
        assert!(matches!(press(&mut all, "enter"), Picked::Do(effects) if effects.len() == 1));
        let mut all = palette();
        press(&mut all, "t h e m e space n");
        assert_eq!(all.found, [3], "by what sort it is");
        let mut all = palette();
        press(&mut all, "z z z");
        assert!(all.found.is_empty() && matches!(press(&mut all, "enter"), Picked::Open));
        assert!(matches!(press(&mut all, "esc"), Picked::Nothing));
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        let mut all = palette();
        press(&mut all, "r e s t");
        let Picked::Do(effects) = press(&mut all, "enter") else { panic!("nothing was said") };
        let said = format!("{effects:?}");
        assert!(said.contains("restart the workload: read-only"), "{said}");
    }

    #[test]
    fn at_every_size() {
        for (width, height) in [(1, 1), (10, 3), (40, 12), (80, 24), (200, 60), (300, 2)] {
            let screen = Rect { x: 0, y: 0, width, height };
            let mut buf = Buffer::empty(screen);
            let mut all = palette();
            all.prepare(screen);
            all.draw(
                &Theme::embedded("default", Depth::Rgb, crate::ui::theme::Letters::All).0,
                screen,
                &mut buf,
            );
        }
    }
}
