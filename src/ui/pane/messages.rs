//! Messages: what was said in passing, and what the program logs of itself, the newest first.

use std::collections::VecDeque;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::filter::Filter;
use crate::domain::text::SafeText;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// So many are kept.
const MOST: usize = 2_000;

/// One message.
#[derive(Clone, Debug)]
struct Message {
    at: Timestamp,
    words: SafeText,
    error: bool,
}

/// The pane's state.
#[derive(Default)]
pub struct Messages {
    all: VecDeque<Message>,
    filter: String,
    /// Those that the filter lets through, by their number.
    shown: Vec<usize>,
    list: List,
    /// Messages came, or the filter is another.
    stale: bool,
}

impl Messages {
    /// Something was said or logged.
    pub fn add(&mut self, words: &str, error: bool, at: Timestamp) {
        self.all.push_front(Message { at, words: SafeText::new(words.trim_end()), error });
        self.all.truncate(MOST);
        self.stale = true;
    }
}

impl Messages {
    /// A line of the program's log, which begins with its level.
    pub fn log(&mut self, line: &str, at: Timestamp) {
        let is_bad = ["ERROR", "WARN"].iter().any(|level| line.trim_start().starts_with(level));
        self.add(line.trim_start(), is_bad, at);
    }
}

impl Pane for Messages {
    fn prepare(&mut self, _seen: Seen<'_>, (rows, _): (u16, u16)) {
        if std::mem::take(&mut self.stale) {
            let filter = Filter::parse(&self.filter).ok();
            let passes = |m: &Message| filter.as_ref().is_none_or(|f| f.matches(&[m.words.as_str()]));
            self.shown = (0..self.all.len()).filter(|i| self.all.get(*i).is_some_and(passes)).collect();
        }
        self.list.set_page(usize::from(rows));
        self.list.set_len(self.shown.len());
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        let of = if self.filter.is_empty() { String::new() } else { format!("  /{}", self.filter) };
        format!("{} of {}{of}", self.shown.len(), self.all.len())
    }

    fn draw(&self, _seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.shown.is_empty() {
            let words = if self.all.is_empty() {
                "nothing was said yet"
            } else {
                "nothing matches; Esc clears the filter"
            };
            draw::text(
                buf,
                area.x + 1,
                area.y,
                words,
                area.width.saturating_sub(1),
                theme.style(Role::Muted),
            );
            return;
        }
        for (y, i) in (area.top()..area.bottom()).zip(self.list.window()) {
            let Some(message) = self.shown.get(i).and_then(|n| self.all.get(*n)) else { break };
            let painted = self.list.paint(i, (theme, focused), area, y, buf);
            let time = message.at.strftime("%H:%M:%S").to_string();
            let used =
                draw::text(buf, area.x + 1, y, &time, area.width, painted.own(theme.style(Role::Muted)));
            let style = theme.style(if message.error { Role::Error } else { Role::Text });
            let x = area.x + used + 3;
            draw::text(buf, x, y, &message.words, area.right().saturating_sub(x), painted.own(style));
        }
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            return Vec::new();
        }
        let chosen = self.shown.get(self.list.cursor).and_then(|n| self.all.get(*n));
        match (action, chosen) {
            (Action::Back, _) if !self.filter.is_empty() => {
                self.filter.clear();
                self.stale = true;
                Vec::new()
            }
            // A long one in full.
            (Action::Open | Action::Describe, Some(message)) => vec![Effect::Text {
                name: "message".to_owned(),
                title: format!("Message of {}", message.at.strftime("%Y-%m-%d %H:%M:%S UTC")),
                text: message.words.to_string(),
                wrapped: true,
            }],
            (Action::Copy, _) => vec![Effect::Copy(self.text(seen))],
            _ => Vec::new(),
        }
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Open, Action::Filter, Action::Copy, Action::Save, Action::Back]
    }

    fn filter(&mut self, text: &str) -> Result<(), String> {
        Filter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.filter);
        self.stale = true;
        Ok(())
    }

    fn is_filtered(&self) -> bool {
        true
    }

    fn filter_text(&self) -> &str {
        &self.filter
    }

    fn text(&self, _seen: Seen<'_>) -> String {
        let shown = self.shown.iter().filter_map(|n| self.all.get(*n));
        shown.map(|m| format!("{}  {}\n", m.at.strftime("%Y-%m-%dT%H:%M:%SZ"), m.words)).collect()
    }
}
