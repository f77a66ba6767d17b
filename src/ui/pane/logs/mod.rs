//! Logs: lines of many containers of many clusters, in the order of their times. Pods that start later join in.

mod draw;

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::logs::ring::{MAX_BYTES, MAX_LINES};
use crate::domain::logs::{Entry, Level, LogFilter, Mark, MarkKind, Ring, SourceId};
use crate::domain::quantity::{count, show_count};
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::ops::logs::{self, Containers, LogOptions, LogTarget, Roster, SourceState};
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Said};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::Theme;

/// Streams a view opens at most; what is left out is counted and named.
const MAX_STREAMS: usize = 500;
/// Streams a view opens over its whole life, those that have ended included.
const MAX_SOURCES: usize = 5_000;
/// How often, at most, pods that started later are looked for.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);
/// Lines a stream begins with.
const TAIL: u32 = 200;

/// The pane's state.
pub struct Logs {
    roster: Roster,
    left_out: usize,
    options: LogOptions,
    generation: u64,
    ring: Ring,
    filter_text: String,
    filter: LogFilter,
    /// Numbers (ever growing, see `Ring::first`) of the entries that pass the filter.
    shown: VecDeque<u64>,
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
    /// The fleet's revision and the time when pods that started later were last looked for.
    looked: (u64, Timestamp),
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            roster: Roster::default(),
            left_out: 0,
            options: LogOptions { follow: true, tail: Some(TAIL), ..LogOptions::default() },
            generation: 0,
            ring: Ring::new(MAX_LINES, MAX_BYTES),
            filter_text: String::new(),
            filter: LogFilter::default(),
            shown: VecDeque::new(),
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
            looked: (0, Timestamp::UNIX_EPOCH),
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
        self.objects = objects;
        self.options.previous = previous;
        let (targets, left_out) = self.find(fleet, scope);
        self.left_out = left_out;
        self.restart(targets)
    }

    /// The objects whose logs are shown; none: the scope's.
    pub fn objects(&self) -> Option<Scope> {
        Some(Scope::nodes(self.objects.as_ref()?.iter().map(node_of)))
    }

    /// The containers of the objects, or of the scope.
    fn find(&self, fleet: &Fleet, scope: &Scope) -> (Vec<LogTarget>, usize) {
        // Of containers that never ran before there is no previous log to ask for.
        let containers = Containers { previous: self.options.previous, ..Containers::default() };
        let objects = self.objects();
        logs::targets(fleet, objects.as_ref().unwrap_or(scope), &containers, MAX_STREAMS)
    }

    /// Opens streams for what has started since: called when the fleet has changed.
    pub fn grow(&mut self, fleet: &Fleet, scope: &Scope, now: Timestamp) -> Vec<Effect> {
        let (revision, at) = self.looked;
        let soon = now.duration_since(at).unsigned_abs() < LOOK_EVERY;
        if !self.started || !self.options.is_growing() || revision == fleet.revision || soon {
            return Vec::new();
        }
        self.looked = (fleet.revision, now);
        let (found, left_out) = self.find(fleet, scope);
        self.left_out = left_out;
        let new = self.roster.grow(found, MAX_SOURCES);
        if new.is_empty() {
            return Vec::new();
        }
        vec![Effect::Job(Job::MoreLogs { generation: self.generation, targets: new })]
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

    fn restart(&mut self, targets: Vec<LogTarget>) -> Vec<Effect> {
        self.started = true;
        self.generation += 1;
        self.roster = Roster::new(targets);
        self.ring.clear();
        self.shown.clear();
        self.hidden = 0;
        self.back = 0;
        self.follow = true;
        self.paused = None;
        if self.roster.targets().is_empty() && !self.options.is_growing() {
            return vec![Effect::Job(Job::StopLogs)];
        }
        vec![Effect::Job(Job::Logs {
            generation: self.generation,
            targets: self.roster.targets().to_vec(),
            options: self.options.clone(),
        })]
    }

    fn refilter(&mut self) {
        self.shown.clear();
        self.hidden = 0;
        for (n, entry) in (self.ring.first()..).zip(self.ring.iter()) {
            if self.filter.shows(entry) {
                self.shown.push_back(n);
            } else {
                self.hidden += 1;
            }
        }
        self.back = self.back.min(self.shown.len().saturating_sub(1));
        self.changed = false;
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            let shows = self.filter.shows(entry);
            let placed = self.ring.insert(entry.clone());
            // At the end the filter's answer is simply appended; in between, numbers of others move.
            if placed.late {
                self.changed = true;
            } else if shows {
                self.shown.push_back(self.ring.first() + (self.ring.len() as u64).saturating_sub(1));
                if !self.follow {
                    self.back += 1;
                }
            } else {
                self.hidden += 1;
            }
            // What fell out at the front was shown, or hidden.
            for n in (self.ring.first() - placed.dropped as u64)..self.ring.first() {
                if self.shown.front() == Some(&n) {
                    self.shown.pop_front();
                } else {
                    self.hidden = self.hidden.saturating_sub(1);
                }
            }
            self.back = self.back.min(self.shown.len().saturating_sub(1));
            if let Some(new) = &mut self.paused {
                *new += 1;
            }
        }
    }

    /// The entry of a number.
    fn entry(&self, number: u64) -> Option<&Entry> {
        self.ring.get(usize::try_from(number.checked_sub(self.ring.first())?).ok()?)
    }

    fn jump(&mut self, forward: bool, wanted: impl Fn(&Entry) -> bool) {
        let last = self.shown.len().saturating_sub(1);
        let at = last.saturating_sub(self.back);
        let hit = |i: &usize| self.shown.get(*i).and_then(|n| self.entry(*n)).is_some_and(&wanted);
        let found = if forward { (at + 1..=last).find(hit) } else { (0..at).rev().find(hit) };
        if let Some(found) = found {
            self.follow = false;
            self.back = last - found;
        }
    }

    fn since(&mut self, seen: Seen<'_>, tail: Option<u32>, seconds: Option<u32>) -> Vec<Effect> {
        self.options.tail = tail;
        self.options.since_seconds = seconds;
        let (targets, left_out) = self.find(seen.fleet, seen.scope);
        self.left_out = left_out;
        self.restart(targets)
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
        let targets = self.roster.targets();
        let clusters: BTreeSet<_> = targets.iter().map(|t| t.cluster).collect();
        let pods: BTreeSet<_> = targets.iter().map(|t| (t.cluster, &t.namespace, &t.pod)).collect();
        let open = self.roster.iter().filter(|(_, s)| matches!(s, SourceState::Open)).count();
        let ended = self.roster.iter().filter(|(_, s)| matches!(s, SourceState::Ended)).count();
        let mut out = format!(
            "{}  {}  {}",
            count(clusters.len(), "cluster"),
            count(pods.len(), "pod"),
            count(if self.options.previous { targets.len() } else { targets.len() - ended }, "stream")
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
            (false, true) if self.options.previous || targets.is_empty() => "",
            // Nothing comes in.
            (false, true) if open == 0 && ended < targets.len() => "  not connected",
            (false, true) => "  live",
            (false, false) => "  scrolled back",
        });
        if let Some(n) = self.paused.filter(|n| *n > 0) {
            out.push_str(&format!(" +{} new", show_count(n)));
        }
        if open + ended < targets.len() && !self.options.previous {
            out.push_str(&format!("  {open} open"));
        }
        if self.left_out > 0 {
            out.push_str(&format!("  +{}: narrow scope", show_count(self.left_out)));
        }
        out.push_str(&format!(
            "  {} dropped",
            show_count(usize::try_from(self.ring.dropped()).unwrap_or(usize::MAX))
        ));
        out
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, _focused: bool, area: Rect, buf: &mut Buffer) {
        self.draw_lines(seen, theme, area, buf);
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
            Action::SinceTail => return self.since(seen, Some(TAIL), None),
            Action::SinceHead => return self.since(seen, None, None),
            Action::Since1m => return self.since(seen, None, Some(60)),
            Action::Since5m => return self.since(seen, None, Some(300)),
            Action::Since15m => return self.since(seen, None, Some(900)),
            Action::Since30m => return self.since(seen, None, Some(1800)),
            Action::Since1h => return self.since(seen, None, Some(3600)),
            Action::PreviousLogs => {
                self.options.previous = !self.options.previous;
                return self.since(seen, self.options.tail, self.options.since_seconds);
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

    fn is_filtered(&self) -> bool {
        true
    }

    fn filter_text(&self) -> &str {
        &self.filter_text
    }

    fn hear(&mut self, said: &Said, _now: Timestamp) -> Vec<Effect> {
        match said {
            Said::LogEntries { generation, entries } if *generation == self.generation => self.take(entries),
            Said::LogSource { generation, source, state } if *generation == self.generation => {
                self.roster.set(SourceId(*source), state.clone());
            }
            _ => {}
        }
        Vec::new()
    }

    fn text(&self, _seen: Seen<'_>) -> String {
        let mut out = String::new();
        for entry in self.shown.iter().filter_map(|n| self.entry(*n)) {
            let time = entry.time().map_or_else(String::new, |t| t.to_string());
            let who = entry.line().and_then(|l| self.roster.get(l.source)).map_or_else(String::new, |t| {
                format!("{} {}/{}/{}", t.cluster_name, t.namespace, t.pod, t.container)
            });
            out.push_str(&format!("{time} {who} {}\n", entry.text()));
        }
        out
    }
}
