//! How the log pane is drawn.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Logs;
use crate::domain::cells;
use crate::domain::logs::{Entry, Level};
use crate::domain::quantity::show_count;
use crate::ops::logs::SourceState;
use crate::ui::pane::Seen;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;

impl Logs {
    /// Draws the lines that stand in the window, from the last upwards.
    pub(super) fn draw_lines(&self, seen: Seen<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
        if self.shown.is_empty() {
            for (y, words) in (area.y..area.bottom()).zip(self.empty_words()) {
                draw::text(
                    buf,
                    area.x + 2,
                    y,
                    &words,
                    area.width.saturating_sub(2),
                    theme.style(Role::Muted),
                );
            }
            return;
        }
        let (many, containers) = self.gutter();
        let widest = |w: u16, most: u16| usize::from(w.min(most).min(area.width / 4));
        let cluster_width = widest(
            self.roster.targets().iter().map(|t| cells::width(&t.cluster_name)).max().unwrap_or(0),
            14,
        );
        let who_width =
            widest(self.roster.targets().iter().map(|t| cells::width(&t.pod)).max().unwrap_or(0), 26);
        let end = self.shown.len().saturating_sub(self.back);
        // From the last line upwards, for wrapped lines take more than one row.
        let mut y = area.bottom();
        for number in self.shown.range(..end.min(self.shown.len())).rev() {
            let Some(entry) = self.entry(*number) else { continue };
            let line = match entry {
                Entry::Mark(mark) => {
                    if y <= area.top() {
                        break;
                    }
                    y -= 1;
                    let fill = if theme.ascii { "-" } else { "─" };
                    let words = format!(" {} ", mark.text);
                    let side = usize::from(area.width.saturating_sub(cells::width(&words)) / 4);
                    let rule =
                        format!("{0}{words}{1}", fill.repeat(side), fill.repeat(usize::from(area.width)));
                    draw::text(buf, area.x, y, &rule, area.width, theme.style(Role::Warn));
                    continue;
                }
                Entry::Line(line) => line,
            };
            let mut head: Vec<(String, ratatui::style::Style)> = Vec::new();
            if self.time {
                let stamp = line.time.map_or_else(String::new, |t| t.strftime("%H:%M:%S%.3f").to_string());
                head.push((format!("{stamp:<13}"), theme.style(Role::Muted)));
            }
            if let Some(target) = self.roster.get(line.source) {
                if many {
                    let env = seen
                        .fleet
                        .cluster(target.cluster)
                        .map_or_else(|| theme.style(Role::Text), |c| theme.environment(c.info.environment));
                    head.push((padded(&target.cluster_name, cluster_width), env));
                }
                let mut who = target.pod.to_string();
                if containers {
                    who.push('/');
                    who.push_str(&target.container);
                }
                head.push((padded(&who, who_width), theme.source(hash(&target.pod))));
            }
            let used: u16 = head.iter().map(|(t, _)| cells::width(t)).sum::<u16>().min(area.width / 2);
            let room = area.width.saturating_sub(used + 1).max(1);
            let text = cells::skip_cells(&line.text, if self.wrap { 0 } else { self.across });
            let rows = if self.wrap { cells::width(text).div_ceil(room).max(1) } else { 1 };
            let top = y.saturating_sub(rows).max(area.top());
            let style = theme.style(level_role(line.level));
            for (n, y) in (top..y).enumerate() {
                let from = u16::try_from(n).unwrap_or(0).saturating_mul(room);
                let part = cells::skip_cells(text, from);
                if self.wrap && n + 1 < usize::from(rows) {
                    buf.set_stringn(area.x + used, y, part, usize::from(room), style);
                } else {
                    draw::text(buf, area.x + used, y, part, room, style);
                }
                if let Some(range) = self.filter.find(part) {
                    let before = cells::width(part.get(..range.start).unwrap_or(""));
                    if before < room {
                        let hit = part.get(range).unwrap_or("");
                        draw::text(
                            buf,
                            area.x + used + before,
                            y,
                            hit,
                            room - before,
                            theme.style(Role::Match),
                        );
                    }
                }
            }
            let mut x = 0;
            for (t, s) in &head {
                x += draw::text(buf, area.x + x, top, t, used.saturating_sub(x), *s);
            }
            y = top;
            if y <= area.top() {
                break;
            }
        }
    }

    /// Which of many clusters, namespaces and pods have to be told apart.
    fn gutter(&self) -> (bool, bool) {
        let clusters: BTreeSet<_> = self.roster.targets().iter().map(|t| t.cluster).collect();
        let pods: BTreeSet<_> =
            self.roster.targets().iter().map(|t| (t.cluster, &t.namespace, &t.pod)).collect();
        (clusters.len() > 1, pods.len() < self.roster.targets().len())
    }

    /// What an empty view says.
    fn empty_words(&self) -> Vec<String> {
        if self.roster.targets().is_empty() && self.options.previous {
            return vec![
                "none of these ran before: there is no log of an earlier run".to_owned(),
                "Esc goes back; l shows what this run says".to_owned(),
            ];
        }
        if self.roster.targets().is_empty() {
            return vec![
                "no container of this scope is known; select a pod, app or namespace in the tree, then g l"
                    .to_owned(),
            ];
        }
        if !self.filter_text.is_empty() && self.hidden > 0 {
            return vec![format!("none of {} lines matches; Esc clears the filter", show_count(self.hidden))];
        }
        let mut out = Vec::new();
        for (target, state) in self.roster.iter().take(20) {
            let words = match state {
                SourceState::Opening => "opening …".to_owned(),
                SourceState::Open => "open, no line yet".to_owned(),
                SourceState::Broken(why) => format!("broken, tried again: {why}"),
                SourceState::Ended => "ended without a line".to_owned(),
                SourceState::Refused(why) => why.to_string(),
            };
            out.push(format!("{} {}/{}: {words}", target.cluster_name, target.pod, target.container));
        }
        out
    }
}

const fn level_role(level: Level) -> Role {
    match level {
        Level::Error => Role::LogError,
        Level::Warn => Role::LogWarn,
        Level::Info => Role::LogInfo,
        Level::Debug => Role::LogDebug,
        Level::Unknown => Role::Text,
    }
}

/// A name in a column of that width, and a blank.
fn padded(name: &str, width: usize) -> String {
    let name = cells::middle(name, u16::try_from(width).unwrap_or(u16::MAX));
    let blanks = width.saturating_sub(usize::from(cells::width(&name)));
    format!("{name}{} ", " ".repeat(blanks))
}

/// FNV-1a of a name: the same pod has the same colour in every run.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
