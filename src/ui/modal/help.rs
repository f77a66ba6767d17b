//! Help: every key of the place you are in, from the Action table and the key map.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::ui::key::Key;
use crate::ui::keymap::Keymap;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::input::Line;
use crate::ui::widget::list::List;

/// The help's state.
pub struct Help {
    rows: Vec<(String, String, &'static str)>,
    search: Line,
    list: List,
}

impl Help {
    /// The keys of these contexts, the nearest first.
    pub fn new(keymap: &Keymap, contexts: &[&'static str], read_only: bool) -> Self {
        let mut rows = Vec::new();
        for context in contexts {
            for (keys, action) in keymap.bindings(context) {
                let info = action.info();
                let help = if info.writes && read_only {
                    format!("{} (off: read-only)", info.help)
                } else {
                    info.help.to_owned()
                };
                rows.push((keys, help, *context));
            }
        }
        Self { rows, search: Line::default(), list: List::default() }
    }

    fn found(&self) -> Vec<&(String, String, &'static str)> {
        let wanted = self.search.text().to_lowercase();
        self.rows
            .iter()
            .filter(|(k, h, c)| {
                wanted.is_empty()
                    || h.to_lowercase().contains(&wanted)
                    || k.contains(&wanted)
                    || c.contains(&wanted)
            })
            .collect()
    }

    /// Takes a key; false when the help should close.
    pub fn key(&mut self, key: Key) -> bool {
        if key.is(KeyCode::Esc) || key.is(KeyCode::Enter) || key.is_ctrl('c') {
            return false;
        }
        let step = |to: usize, list: &mut List| list.go(to);
        if key.is(KeyCode::Down) {
            step(self.list.cursor + 1, &mut self.list);
        } else if key.is(KeyCode::Up) {
            step(self.list.cursor.saturating_sub(1), &mut self.list);
        } else if key.is(KeyCode::PageDown) {
            step(self.list.cursor + self.list.page, &mut self.list);
        } else if key.is(KeyCode::PageUp) {
            step(self.list.cursor.saturating_sub(self.list.page), &mut self.list);
        } else if key.typed() == Some('q') && self.search.text().is_empty() {
            return false;
        } else {
            self.search.key(key);
            self.list.go(0);
        }
        let n = self.found().len();
        self.list.set_len(n);
        true
    }

    /// Its size.
    pub fn prepare(&mut self, screen: Rect) {
        let n = self.found().len();
        self.list.set_page(usize::from(screen.height.saturating_sub(4)));
        self.list.set_len(n);
    }

    /// Draws it over the whole screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        Clear.render(screen, buf);
        let text = theme.style(Role::Text);
        draw::text(buf, screen.x + 1, screen.y, "Keys", 10, theme.style(Role::TitleFocused));
        let hint = format!("search: {}▏   Esc closes", self.search.text());
        draw::text(
            buf,
            screen.x + 8,
            screen.y,
            &hint,
            screen.width.saturating_sub(8),
            theme.style(Role::Muted),
        );
        let found = self.found();
        for (y, i) in (screen.y + 2..screen.bottom().saturating_sub(1)).zip(self.list.window()) {
            let Some((keys, help, context)) = found.get(i) else { break };
            let base = if i == self.list.cursor { theme.style(Role::Selection) } else { text };
            if i == self.list.cursor {
                draw::line_style(buf, screen, y, base);
            }
            draw::text(buf, screen.x + 1, y, keys, 14, base.patch(theme.style(Role::KeysKey)));
            draw::text(buf, screen.x + 16, y, context, 10, base.patch(theme.style(Role::Muted)));
            draw::text(buf, screen.x + 27, y, help, screen.width.saturating_sub(28), base);
        }
        if found.is_empty() {
            draw::text(buf, screen.x + 1, screen.y + 2, "no key does that", 30, theme.style(Role::Muted));
        }
    }
}
