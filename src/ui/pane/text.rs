//! A text view over a pane: describe, YAML, with search.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::filter::Filter;
use crate::domain::text::SafeText;
use crate::ui::action::Action;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// A text that is looked at.
pub struct TextView {
    /// What it is called where it is saved: `web-yaml`.
    pub name: String,
    /// Answers of another generation are not for this view.
    pub generation: u64,
    /// `aws / … / prod-a  checkout / po/web-1`.
    pub title: String,
    /// The text's lines, and those lines as they are shown: broken to the width, when wrapped.
    lines: Vec<SafeText>,
    shown: Vec<SafeText>,
    wrap: bool,
    width: u16,
    loading: bool,
    failed: bool,
    list: List,
    across: u16,
    search: String,
}

impl TextView {
    /// A view that waits for its text.
    pub fn new(name: String, generation: u64, title: String) -> Self {
        Self {
            name,
            generation,
            title,
            lines: Vec::new(),
            shown: Vec::new(),
            wrap: false,
            width: 80,
            loading: true,
            failed: false,
            list: List::default(),
            across: 0,
            search: String::new(),
        }
    }

    /// The text, or why there is none.
    pub fn set(&mut self, text: Result<&str, &str>) {
        self.loading = false;
        self.failed = text.is_err();
        let (Ok(text) | Err(text)) = text;
        self.lines = text.lines().map(SafeText::new).collect();
        self.lay_out();
    }

    fn lay_out(&mut self) {
        let width = self.width.saturating_sub(2);
        self.shown = if self.wrap {
            let broken = |line: &SafeText| {
                let indent = line.len() - line.trim_start().len();
                cells::wrap(line, width, u16::try_from(indent).unwrap_or(0).saturating_add(2))
            };
            self.lines.iter().flat_map(broken).map(|l| SafeText::new(&l)).collect()
        } else {
            self.lines.clone()
        };
        self.list.set_len(self.shown.len());
    }

    /// The text as it is shown.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            out.push_str(line);
            out.push('\n');
        }
        out
    }

    /// The search in force.
    pub fn search_text(&self) -> &str {
        &self.search
    }

    /// Searches; the first match from here on gets the cursor.
    pub fn search(&mut self, text: &str) -> Result<(), String> {
        let filter = Filter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.search);
        if !text.is_empty() {
            self.next(&filter, true, self.list.cursor);
        }
        Ok(())
    }

    fn next(&mut self, filter: &Filter, forward: bool, from: usize) {
        let n = self.shown.len();
        let hit = |i: &usize| self.shown.get(*i).is_some_and(|l| filter.find(l).is_some());
        let found = if forward {
            (from..n).chain(0..from).find(hit)
        } else {
            (0..from).rev().chain((from..n).rev()).find(hit)
        };
        if let Some(at) = found {
            self.list.go(at);
        }
    }

    /// Its size.
    pub fn prepare(&mut self, (rows, columns): (u16, u16)) {
        self.list.set_page(usize::from(rows));
        if self.width != columns {
            self.width = columns;
            self.lay_out();
        }
    }

    /// Takes an action; false when it means nothing here.
    pub fn act(&mut self, action: Action) -> bool {
        if self.list.act(action) {
            return true;
        }
        match action {
            Action::LogWrap => {
                self.wrap = !self.wrap;
                self.across = 0;
                self.lay_out();
            }
            Action::Left => self.across = self.across.saturating_sub(8),
            Action::Right => self.across = self.across.saturating_add(8).min(4096),
            Action::LogNextMatch | Action::LogPrevMatch => {
                if let Ok(filter) = Filter::parse(&self.search) {
                    let forward = action == Action::LogNextMatch;
                    let from = if forward { self.list.cursor + 1 } else { self.list.cursor };
                    self.next(&filter, forward, from.min(self.shown.len()));
                }
            }
            _ => return false,
        }
        true
    }

    /// Draws it.
    pub fn draw(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        if self.loading {
            draw::text(buf, area.x + 2, area.y, "asking the cluster …", area.width, theme.style(Role::Muted));
            return;
        }
        let filter = Filter::parse(&self.search).ok().filter(|_| !self.search.is_empty());
        for (y, i) in (area.top()..area.bottom()).zip(self.list.window()) {
            let Some(line) = self.shown.get(i) else { break };
            let base =
                if i == self.list.cursor { theme.style(Role::Selection) } else { theme.style(Role::Text) };
            if i == self.list.cursor {
                draw::line_style(buf, area, y, base);
            }
            let shown = cells::skip_cells(line, self.across);
            let x = area.x + 1;
            let room = area.width.saturating_sub(1);
            if self.failed {
                draw::text(buf, x, y, shown, room, theme.style(Role::Error));
                continue;
            }
            draw::text(buf, x, y, shown, room, base);
            // The key of `key: value`, coloured over what is drawn.
            if let Some(colon) = shown.find(": ").or_else(|| shown.ends_with(':').then(|| shown.len() - 1))
                && self.across == 0
                && shown.get(..colon).is_some_and(|k| k.len() < 60 && !k.trim_start().contains("  "))
            {
                let key = shown.get(..colon).unwrap_or("");
                draw::text(buf, x, y, key, room, base.patch(theme.style(Role::YamlKey)));
            }
            if let Some(range) = filter.as_ref().and_then(|f| f.find(shown)) {
                let before = cells::width(shown.get(..range.start).unwrap_or(""));
                let hit = shown.get(range).unwrap_or("");
                if before < room {
                    draw::text(buf, x + before, y, hit, room - before, theme.style(Role::Match));
                }
            }
        }
    }
}
