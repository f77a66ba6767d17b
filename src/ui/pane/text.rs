//! A text view over a pane: describe, YAML, with search and folds; what it is of is asked for again now and then.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::filter::Filter;
use crate::domain::id::ObjectKey;
use crate::domain::text::SafeText;
use crate::ui::action::Action;
use crate::ui::effect::Look;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// What a text is of is looked at again after this, and after so many times what that took.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
const PAUSES: i32 = 10;

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
    /// Each with the number of the line it is of.
    shown: Vec<(usize, SafeText)>,
    /// Lines that hide what stands below them.
    folded: BTreeSet<usize>,
    /// What it is of, where that is an object.
    pub of: Option<(Look, ObjectKey)>,
    /// When it was asked for last.
    pub asked: Timestamp,
    /// How long the last answer took; none while one is awaited.
    took: Option<SignedDuration>,
    /// Why it could not be had again.
    pub stale: Option<String>,
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
            folded: BTreeSet::new(),
            of: None,
            asked: Timestamp::UNIX_EPOCH,
            took: None,
            stale: None,
            wrap: false,
            width: 80,
            loading: true,
            failed: false,
            list: List::default(),
            across: 0,
            search: String::new(),
        }
    }

    /// It is asked for.
    pub fn ask(&mut self, now: Timestamp) {
        self.asked = now;
        self.took = None;
    }

    /// What it is of is looked at again: when the last answer is there and a while ago, and longer ago the longer it took.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let Some(took) = self.took else { return false };
        let pause = took.checked_mul(PAUSES).unwrap_or(SignedDuration::MAX).max(AGAIN);
        now.duration_since(self.asked).saturating_sub(took) >= pause
    }

    /// The answer is there.
    pub fn hear(&mut self, text: Result<&str, &str>, now: Timestamp) {
        self.took = Some(now.duration_since(self.asked));
        self.set(text);
    }

    /// The text, or why there is none.
    pub fn set(&mut self, text: Result<&str, &str>) {
        // What was there stays, and says that it is old.
        if let (Err(why), false, false) = (&text, self.loading, self.failed) {
            self.stale = Some((*why).to_owned());
            return;
        }
        self.stale = None;
        self.loading = false;
        self.failed = text.is_err();
        let (Ok(text) | Err(text)) = text;
        let lines: Vec<SafeText> = text.lines().map(SafeText::new).collect();
        // A fold stays where its line does.
        self.folded.retain(|n| lines.get(*n).is_some() && lines.get(*n) == self.lines.get(*n));
        self.lines = lines;
        self.lay_out();
    }

    /// The lines that are not folded away, by their numbers.
    fn unfolded(&self) -> Vec<usize> {
        let indent = |line: &SafeText| line.len() - line.trim_start().len();
        let mut out = Vec::new();
        let mut hides: Option<(usize, bool)> = None;
        for (n, line) in self.lines.iter().enumerate() {
            if let Some((depth, has_items)) = hides {
                // Items of a list may stand as deep as its name.
                let below = line.trim().is_empty()
                    || indent(line) > depth
                    || has_items && indent(line) == depth && line.trim_start().starts_with("- ");
                if below {
                    continue;
                }
                hides = None;
            }
            out.push(n);
            if self.folded.contains(&n) {
                hides = Some((indent(line), line.trim_end().ends_with(':')));
            }
        }
        out
    }

    /// Folds or unfolds what stands below the cursor's line; where nothing does, what it stands in.
    fn fold(&mut self) {
        let Some((n, _)) = self.shown.get(self.list.cursor) else { return };
        let indent = |n: usize| self.lines.get(n).map_or(0, |line| line.len() - line.trim_start().len());
        let is_head = |n: usize| {
            let ends = self.lines.get(n).is_some_and(|line| line.trim_end().ends_with(':'));
            let deeper = n + 1 < self.lines.len() && indent(n + 1) > indent(n);
            deeper || ends && self.lines.get(n + 1).is_some_and(|line| line.trim_start().starts_with("- "))
        };
        let here = indent(*n);
        let head = if self.folded.contains(n) || is_head(*n) {
            Some(*n)
        } else {
            (0..*n).rev().find(|above| indent(*above) < here && is_head(*above))
        };
        let Some(head) = head else { return };
        if !self.folded.remove(&head) {
            self.folded.insert(head);
        }
        self.lay_out();
        if let Some(at) = self.shown.iter().position(|(n, _)| *n == head) {
            self.list.go(at);
        }
    }

    fn lay_out(&mut self) {
        let width = self.width.saturating_sub(2);
        let line = |n: usize| self.lines.get(n).cloned().unwrap_or_default();
        let mark = |n: usize, line: SafeText| {
            if self.folded.contains(&n) { SafeText::new(&format!("{line} …")) } else { line }
        };
        let all = self.unfolded();
        self.shown = if self.wrap {
            let broken = |n: usize| {
                let line = mark(n, line(n));
                let indent = line.len() - line.trim_start().len();
                let parts = cells::wrap(&line, width, u16::try_from(indent).unwrap_or(0).saturating_add(2));
                parts.into_iter().map(move |part| (n, SafeText::new(&part)))
            };
            all.into_iter().flat_map(broken).collect()
        } else {
            all.into_iter().map(|n| (n, mark(n, line(n)))).collect()
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
        if !text.is_empty() && !self.next(&filter, true, self.list.cursor) && !self.loading {
            return Err(format!("no line has `{text}`"));
        }
        Ok(())
    }

    /// To the next match; false where there is none.
    fn next(&mut self, filter: &Filter, forward: bool, from: usize) -> bool {
        let n = self.shown.len();
        let hit = |i: &usize| self.shown.get(*i).is_some_and(|(_, l)| filter.find(l).is_some());
        let found = if forward {
            (from..n).chain(0..from).find(hit)
        } else {
            (0..from).rev().chain((from..n).rev()).find(hit)
        };
        if let Some(at) = found {
            self.list.go(at);
        }
        found.is_some()
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
            Action::Toggle => self.fold(),
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
            let Some((_, line)) = self.shown.get(i) else { break };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(view: &TextView) -> Vec<&str> {
        view.shown.iter().map(|(_, line)| line.as_str()).collect()
    }

    #[test]
    fn what_is_slow_is_looked_at_less_often_and_never_twice_at_once() {
        let at = |seconds: i64| Timestamp::from_second(1_000 + seconds).unwrap();
        let mut view = TextView::new("x".into(), 1, "x".into());
        view.ask(at(0));
        assert!(!view.is_due(at(100)), "an answer is awaited");
        view.hear(Ok("a"), at(0));
        assert!(!view.is_due(at(4)) && view.is_due(at(5)));
        view.ask(at(5));
        view.hear(Err("slow"), at(8));
        assert!(!view.is_due(at(37)) && view.is_due(at(38)), "ten times the 3 s");
    }

    #[test]
    fn folds_hide_what_stands_below_and_stay_when_the_text_comes_again() {
        let text =
            "metadata:\n  labels:\n    a: b\n  name: x\nspec:\n  items:\n  - one\n  - two\n  last: 1\n";
        let mut view = TextView::new("x".into(), 1, "x".into());
        view.prepare((20, 60));
        view.set(Ok(text));
        view.list.go(1);
        assert!(view.act(Action::Toggle));
        assert_eq!(shown(&view)[..3], ["metadata:", "  labels: …", "  name: x"]);
        // A list as deep as its name.
        view.list.go(4);
        view.act(Action::Toggle);
        assert_eq!(shown(&view)[3..], ["spec:", "  items: …", "  last: 1"]);
        view.set(Ok(text));
        assert_eq!(shown(&view).len(), 6, "the folds are still there");
        // From within: what it stands in.
        view.list.go(5);
        view.act(Action::Toggle);
        assert_eq!(shown(&view)[3..], ["spec: …"]);
        assert_eq!(view.text(), text, "copied and saved whole");
        view.act(Action::Toggle);
        view.set(Err("connection refused"));
        assert_eq!((shown(&view).len(), view.stale.as_deref()), (6, Some("connection refused")));
    }
}
