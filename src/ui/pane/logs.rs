//! Logs: lines of many containers of many clusters, in the order of their times.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::logs::ring::{MAX_BYTES, MAX_LINES};
use crate::domain::logs::{Entry, Level, LogFilter, Mark, MarkKind, Ring};
use crate::domain::quantity::show_count;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::ops::logs::{self, Containers, LogOptions, LogTarget, SourceState};
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Said};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;

/// Streams a view opens at most; what is left out is counted and named.
const MAX_STREAMS: usize = 500;
/// Lines a stream begins with.
const TAIL: u32 = 200;

/// The pane's state.
pub struct Logs {
    targets: Vec<LogTarget>,
    left_out: usize,
    states: Vec<SourceState>,
    options: LogOptions,
    generation: u64,
    ring: Ring,
    filter_text: String,
    filter: LogFilter,
    /// Ring indices of the lines that pass the filter.
    shown: Vec<usize>,
    hidden: usize,
    /// Rows from the end at which the view's last line stands; 0 follows.
    back: usize,
    follow: bool,
    paused: Option<usize>,
    wrap: bool,
    time: bool,
    across: u16,
    rows: u16,
    started: bool,
    changed: bool,
    /// What the streams were opened for, when it was not the scope.
    objects: Option<Vec<ObjectKey>>,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            left_out: 0,
            states: Vec::new(),
            options: LogOptions { follow: true, tail: Some(TAIL), ..LogOptions::default() },
            generation: 0,
            ring: Ring::new(MAX_LINES, MAX_BYTES),
            filter_text: String::new(),
            filter: LogFilter::default(),
            shown: Vec::new(),
            hidden: 0,
            back: 0,
            follow: true,
            paused: None,
            wrap: false,
            time: true,
            across: 0,
            rows: 0,
            started: false,
            changed: false,
            objects: None,
        }
    }
}

impl Logs {
    /// Opens the streams of the scope, or of these objects.
    pub fn open(
        &mut self,
        fleet: &Fleet,
        scope: &Scope,
        objects: Option<Vec<ObjectKey>>,
        previous: bool,
    ) -> Vec<Effect> {
        let narrowed;
        let scope = match &objects {
            Some(objects) => {
                narrowed = Scope::nodes(objects.iter().map(node_of));
                &narrowed
            }
            None => scope,
        };
        let (targets, left_out) = logs::targets(fleet, scope, &Containers::default(), MAX_STREAMS);
        self.objects = objects;
        self.targets = targets;
        self.left_out = left_out;
        self.options.previous = previous;
        self.restart()
    }

    /// The streams end: the pane is no longer looked at and another is.
    pub fn close(&mut self) -> Vec<Effect> {
        self.started = false;
        self.generation += 1;
        vec![Effect::Job(Job::StopLogs)]
    }

    /// Streams are open, or were asked for.
    pub fn is_open(&self) -> bool {
        self.started
    }

    fn restart(&mut self) -> Vec<Effect> {
        self.started = true;
        self.generation += 1;
        self.states = vec![SourceState::Opening; self.targets.len()];
        self.ring.clear();
        self.shown.clear();
        self.hidden = 0;
        self.back = 0;
        self.follow = true;
        self.paused = None;
        if self.targets.is_empty() {
            return vec![Effect::Job(Job::StopLogs)];
        }
        vec![Effect::Job(Job::Logs {
            generation: self.generation,
            targets: self.targets.clone(),
            options: self.options.clone(),
        })]
    }

    fn refilter(&mut self) {
        self.shown.clear();
        self.hidden = 0;
        for (i, entry) in self.ring.iter().enumerate() {
            if self.filter.shows(entry) {
                self.shown.push(i);
            } else {
                self.hidden += 1;
            }
        }
        self.back = self.back.min(self.shown.len().saturating_sub(1));
        self.changed = false;
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            let before = self.ring.len();
            let shows = self.filter.shows(entry);
            let placed = self.ring.insert(entry.clone());
            // A line at the end, nothing dropped: the filter's answer is simply appended.
            if placed.dropped == 0 && placed.at == Some(before) {
                if shows {
                    self.shown.push(before);
                    if !self.follow {
                        self.back += 1;
                    }
                } else {
                    self.hidden += 1;
                }
            } else {
                self.changed = true;
            }
            if let Some(new) = &mut self.paused {
                *new += 1;
            }
        }
    }

    fn jump(&mut self, forward: bool, wanted: impl Fn(&Entry) -> bool) {
        let last = self.shown.len().saturating_sub(1);
        let at = last.saturating_sub(self.back);
        let hit = |i: &usize| self.shown.get(*i).and_then(|r| self.ring.get(*r)).is_some_and(&wanted);
        let found = if forward { (at + 1..=last).find(hit) } else { (0..at).rev().find(hit) };
        if let Some(found) = found {
            self.follow = false;
            self.back = last - found;
        }
    }

    fn since(&mut self, tail: Option<u32>, seconds: Option<u32>) -> Vec<Effect> {
        self.options.tail = tail;
        self.options.since_seconds = seconds;
        self.restart()
    }

    /// Which of many clusters, namespaces and pods have to be told apart.
    fn gutter(&self) -> (bool, bool) {
        let clusters: BTreeSet<_> = self.targets.iter().map(|t| t.cluster).collect();
        let pods: BTreeSet<_> = self.targets.iter().map(|t| (t.cluster, &t.namespace, &t.pod)).collect();
        (clusters.len() > 1, pods.len() < self.targets.len())
    }
}

fn node_of(key: &ObjectKey) -> TreeNode {
    match key.kind {
        Kind::Pod => TreeNode::Pod(key.cluster, key.namespace.clone(), key.name.clone()),
        Kind::Namespace => TreeNode::Namespace(key.cluster, key.name.clone()),
        k if k.is_workload() => TreeNode::Workload(key.cluster, key.namespace.clone(), k, key.name.clone()),
        _ => TreeNode::Cluster(key.cluster),
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

impl Pane for Logs {
    fn prepare(&mut self, _seen: Seen<'_>, (rows, _): (u16, u16)) {
        self.rows = rows;
        if self.changed {
            self.refilter();
        }
        if self.follow {
            self.back = 0;
        }
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        let clusters: BTreeSet<_> = self.targets.iter().map(|t| t.cluster).collect();
        let pods: BTreeSet<_> = self.targets.iter().map(|t| (t.cluster, &t.namespace, &t.pod)).collect();
        let open = self.states.iter().filter(|s| matches!(s, SourceState::Open)).count();
        let plural = |n: usize, w: &str| format!("{n} {w}{}", if n == 1 { "" } else { "s" });
        let mut out = format!(
            "{}  {}  {}",
            plural(clusters.len(), "cluster"),
            plural(pods.len(), "pod"),
            plural(self.targets.len(), "stream")
        );
        if self.options.previous {
            out.push_str("  previous run");
        }
        if let Some(s) = self.options.since_seconds {
            out.push_str(&format!("  since {}m", s / 60));
        }
        if !self.filter_text.is_empty() {
            out.push_str(&format!("  /{}  hidden {}", self.filter_text, show_count(self.hidden)));
        }
        out.push_str(match (self.paused.is_some(), self.follow) {
            (true, _) => "  paused",
            (false, true) => "  live",
            (false, false) => "  scrolled back",
        });
        if let Some(n) = self.paused.filter(|n| *n > 0) {
            out.push_str(&format!(" +{} new", show_count(n)));
        }
        if open < self.targets.len() && !self.options.previous {
            out.push_str(&format!("  {open} open"));
        }
        if self.left_out > 0 {
            out.push_str(&format!("  {} more not streaming: narrow the scope", self.left_out));
        }
        out.push_str(&format!(
            "  {} dropped",
            show_count(usize::try_from(self.ring.dropped()).unwrap_or(usize::MAX))
        ));
        out
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, _focused: bool, area: Rect, buf: &mut Buffer) {
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
        let cluster_width =
            widest(self.targets.iter().map(|t| draw::width(&t.cluster_name)).max().unwrap_or(0), 14);
        let who_width = widest(self.targets.iter().map(|t| draw::width(&t.pod)).max().unwrap_or(0), 26);
        let end = self.shown.len().saturating_sub(self.back);
        // From the last line upwards, for wrapped lines take more than one row.
        let mut y = area.bottom();
        for index in self.shown.get(..end).unwrap_or(&[]).iter().rev() {
            let Some(entry) = self.ring.get(*index) else { continue };
            let line = match entry {
                Entry::Mark(mark) => {
                    if y <= area.top() {
                        break;
                    }
                    y -= 1;
                    let fill = if theme.ascii { "-" } else { "─" };
                    let words = format!(" {} ", mark.text);
                    let side = usize::from(area.width.saturating_sub(draw::width(&words)) / 4);
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
            if let Some(target) = self.targets.get(line.source.0 as usize) {
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
            let used: u16 = head.iter().map(|(t, _)| draw::width(t)).sum::<u16>().min(area.width / 2);
            let room = area.width.saturating_sub(used + 1).max(1);
            let text = draw::skip_cells(&line.text, if self.wrap { 0 } else { self.across });
            let rows = if self.wrap { draw::width(text).div_ceil(room).max(1) } else { 1 };
            let top = y.saturating_sub(rows).max(area.top());
            let style = theme.style(level_role(line.level));
            for (n, y) in (top..y).enumerate() {
                let from = u16::try_from(n).unwrap_or(0).saturating_mul(room);
                let part = draw::skip_cells(text, from);
                if self.wrap && n + 1 < usize::from(rows) {
                    buf.set_stringn(area.x + used, y, part, usize::from(room), style);
                } else {
                    draw::text(buf, area.x + used, y, part, room, style);
                }
                if let Some(range) = self.filter.find(part) {
                    let before = draw::width(part.get(..range.start).unwrap_or(""));
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

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        let page = usize::from(self.rows.max(2)) - 1;
        let most = self.shown.len().saturating_sub(1);
        let (back, mut to) = (self.back, None);
        match action {
            Action::Up => to = Some(back + 1),
            Action::Down => to = Some(back.saturating_sub(1)),
            Action::PageUp => to = Some(back + page),
            Action::PageDown => to = Some(back.saturating_sub(page)),
            Action::HalfPageUp => to = Some(back + page / 2),
            Action::HalfPageDown => to = Some(back.saturating_sub(page / 2)),
            Action::Top => to = Some(most.saturating_sub(page)),
            Action::Bottom => to = Some(0),
            Action::Left => self.across = self.across.saturating_sub(8),
            Action::Right => self.across = self.across.saturating_add(8).min(8192),
            Action::LogAutoscroll => self.follow = !self.follow,
            Action::LogWrap => self.wrap = !self.wrap,
            Action::LogTime => self.time = !self.time,
            Action::LogMark => {
                let time = self.ring.iter().next_back().and_then(Entry::time).unwrap_or(seen.now);
                let mark = Mark {
                    time,
                    source: None,
                    kind: MarkKind::Bookmark,
                    text: SafeText::new(&format!("mark {}", seen.now.strftime("%H:%M:%S"))),
                };
                self.take(&[Entry::Mark(mark)]);
            }
            Action::LogPause => {
                self.paused = match self.paused {
                    Some(_) => {
                        self.follow = true;
                        None
                    }
                    None => {
                        self.follow = false;
                        Some(0)
                    }
                };
            }
            Action::LogNextMatch | Action::LogPrevMatch => {
                let filter = self.filter.clone();
                self.jump(action == Action::LogNextMatch, move |e| filter.find(e.text()).is_some());
            }
            Action::LogNextError | Action::LogPrevError => {
                self.jump(action == Action::LogNextError, |e| {
                    e.line().is_some_and(|l| l.level == Level::Error)
                });
            }
            Action::LogNextWarning | Action::LogPrevWarning => {
                self.jump(action == Action::LogNextWarning, |e| {
                    e.line().is_some_and(|l| l.level == Level::Warn)
                });
            }
            Action::SinceTail => return self.since(Some(TAIL), None),
            Action::SinceHead => return self.since(None, None),
            Action::Since1m => return self.since(None, Some(60)),
            Action::Since5m => return self.since(None, Some(300)),
            Action::Since15m => return self.since(None, Some(900)),
            Action::Since30m => return self.since(None, Some(1800)),
            Action::Since1h => return self.since(None, Some(3600)),
            Action::PreviousLogs => {
                self.options.previous = !self.options.previous;
                return self.restart();
            }
            Action::Back if !self.filter_text.is_empty() => {
                let _ = self.filter("");
            }
            _ => {}
        }
        if let Some(to) = to {
            self.back = to.min(most);
            self.follow = self.back == 0 && self.paused.is_none();
        }
        Vec::new()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["logs"]
    }

    fn keys(&self) -> &'static [Action] {
        &[
            Action::Filter,
            Action::PreviousLogs,
            Action::LogNextError,
            Action::LogPause,
            Action::LogWrap,
            Action::LogTime,
            Action::Since5m,
            Action::SinceTail,
        ]
    }

    fn targets(&self, _seen: Seen<'_>) -> Vec<ObjectKey> {
        self.objects.clone().unwrap_or_default()
    }

    fn filter(&mut self, text: &str) -> Result<(), String> {
        self.filter = LogFilter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.filter_text);
        self.refilter();
        Ok(())
    }

    fn filter_text(&self) -> &str {
        &self.filter_text
    }

    fn hear(&mut self, said: &Said, _now: Timestamp) -> Vec<Effect> {
        match said {
            Said::LogEntries { generation, entries } if *generation == self.generation => self.take(entries),
            Said::LogSource { generation, source, state } if *generation == self.generation => {
                if let Some(s) = self.states.get_mut(*source as usize) {
                    *s = state.clone();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn text(&self, _seen: Seen<'_>) -> String {
        let mut out = String::new();
        for entry in self.shown.iter().filter_map(|i| self.ring.get(*i)) {
            let time = entry.time().map_or_else(String::new, |t| t.to_string());
            let who = entry
                .line()
                .and_then(|l| self.targets.get(l.source.0 as usize))
                .map_or_else(String::new, |t| {
                    format!("{} {}/{}/{}", t.cluster_name, t.namespace, t.pod, t.container)
                });
            out.push_str(&format!("{time} {who} {}\n", entry.text()));
        }
        out
    }
}

impl Logs {
    /// What an empty view says.
    fn empty_words(&self) -> Vec<String> {
        if self.targets.is_empty() {
            return vec![
                "no container in this scope; select a pod, app or namespace in the tree, then g l".to_owned(),
            ];
        }
        if !self.filter_text.is_empty() && self.hidden > 0 {
            return vec![format!("none of {} lines matches; Esc clears the filter", show_count(self.hidden))];
        }
        let mut out = Vec::new();
        for (target, state) in self.targets.iter().zip(&self.states).take(20) {
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

/// A name in a column of that width: short ones padded, long ones cut in the middle, for a pod's end tells it from its
/// siblings.
fn padded(name: &str, width: usize) -> String {
    let cells = usize::from(draw::width(name));
    if cells <= width {
        return format!("{name}{} ", " ".repeat(width - cells));
    }
    let tail: String = name.chars().rev().take(width / 2).collect::<Vec<_>>().into_iter().rev().collect();
    let head: String = name.chars().take(width.saturating_sub(width / 2 + 1)).collect();
    format!("{head}…{tail} ")
}

/// FNV-1a of a name: the same pod has the same colour in every run.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
