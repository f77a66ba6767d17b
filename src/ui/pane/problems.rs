//! Problems: what is broken in the scope now, findings of one cause as one line, with the evidence below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::health::Health;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::triage::finding::{Finding, Severity};
use crate::domain::triage::problem::Problem;
use crate::domain::{age, filter::Filter};
use crate::ops::problems;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Look, Prompt};
use crate::ui::pace::Pace;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// A visible line: a problem, or a finding below an open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Problem(usize),
    Finding(usize, usize),
}

/// The pane's state.
#[derive(Default)]
pub struct Problems {
    problems: Vec<Problem>,
    /// Causes that are open.
    open: std::collections::BTreeSet<String>,
    lines: Vec<Line>,
    list: List,
    filter: String,
    seen: Option<(u64, i64)>,
    pace: Pace,
    changed: bool,
    /// Cells for the clusters' names of findings.
    cluster_width: u16,
    /// What is known of the line under the cursor, paragraph by paragraph.
    evidence: Vec<String>,
    /// What it was worked out of: the state of the list, its cursor and length.
    evidence_of: Option<((u64, i64), usize, usize)>,
}

impl Problems {
    fn rows(&mut self) {
        let filter = Filter::parse(&self.filter).ok().filter(|_| !self.filter.is_empty());
        self.lines.clear();
        for (i, p) in self.problems.iter().enumerate() {
            let hit = filter.as_ref().is_none_or(|f| {
                f.matches(&[p.cause.as_str(), p.rule])
                    || p.findings.iter().any(|x| f.matches(&[&x.object.name, &x.object.namespace, &x.detail]))
            });
            if !hit {
                continue;
            }
            self.lines.push(Line::Problem(i));
            if self.open.contains(&key(p)) {
                self.lines.extend((0..p.findings.len()).map(|f| Line::Finding(i, f)));
            }
        }
    }

    fn problem(&self) -> Option<&Problem> {
        match self.lines.get(self.list.cursor)? {
            Line::Problem(i) | Line::Finding(i, _) => self.problems.get(*i),
        }
    }

    /// Opens or closes the problem under the cursor.
    fn fold(&mut self) {
        if let Some(k) = self.problem().map(key) {
            if !self.open.remove(&k) {
                self.open.insert(k.clone());
            }
            self.rows();
            self.list.set_len(self.lines.len());
            // Closed from below, the cursor stays with its problem.
            let at = self.lines.iter().position(
                |l| matches!(l, Line::Problem(i) if self.problems.get(*i).is_some_and(|p| key(p) == k)),
            );
            if let Some(at) = at {
                self.list.go(at);
            }
        }
    }

    /// Whether the problem under the cursor is open.
    fn is_open(&self) -> bool {
        self.problem().is_some_and(|p| self.open.contains(&key(p)))
    }

    /// How many there are.
    pub fn count(&self) -> problems::Count {
        problems::count(&self.problems)
    }

    /// All that is known of what the cursor is on: a line of the list says as much as it has room for.
    fn evidence(&self, seen: Seen<'_>) -> Vec<String> {
        let place = |f: &Finding| {
            let cluster = seen.fleet.cluster(f.object.cluster).map_or("", |c| c.info.name().as_str());
            format!("{cluster}  {}", f.object.target())
        };
        // Findings that say the same are told once.
        let told = |findings: &[Finding]| -> Vec<String> {
            let mut out: Vec<(&Finding, usize)> = Vec::new();
            let mut untold = 0;
            for f in findings {
                let room = out.len() < EVIDENCE_MOST;
                match out.iter_mut().find(|(known, _)| known.detail == f.detail) {
                    Some((_, more)) => *more += 1,
                    None if room => out.push((f, 0)),
                    None => untold += 1,
                }
            }
            let line = |(f, more): (&Finding, usize)| match more {
                0 => format!("{}: {}", place(f), f.detail),
                n => format!("{} and {n} more: {}", place(f), f.detail),
            };
            let mut out: Vec<String> = out.into_iter().map(line).collect();
            if untold > 0 {
                out.push(format!("and {untold} more: Enter opens the list"));
            }
            out
        };
        match self.lines.get(self.list.cursor) {
            None => Vec::new(),
            Some(Line::Finding(p, f)) => {
                let finding = self.problems.get(*p).and_then(|p| p.findings.get(*f));
                let line = |f: &Finding| format!("{}: {}", place(f), f.detail);
                finding.map_or_else(Vec::new, |f| vec![line(f), format!("next: {}", f.next.words)])
            }
            Some(Line::Problem(p)) => {
                let Some(p) = self.problems.get(*p) else { return Vec::new() };
                let mut out = vec![problems::headline(p, seen.fleet)];
                if let Some(first) = p.findings.first() {
                    out.push(format!("next: {}", first.next.words));
                }
                out.extend(told(&p.findings));
                out.extend(told(&p.explains).into_iter().map(|line| format!("explains {line}")));
                out
            }
        }
    }

    /// So many of these rows are the evidence's: a third, more where the list leaves it room, none where there is little.
    fn evidence_rows(&self, rows: u16) -> u16 {
        if rows < 12 {
            return 0;
        }
        let free = rows.saturating_sub(u16::try_from(self.lines.len()).unwrap_or(rows));
        (rows / 3).max(free.saturating_sub(1)).min(rows / 2)
    }

    /// The finding under the cursor; on a problem its first.
    fn finding(&self) -> Option<&Finding> {
        match *self.lines.get(self.list.cursor)? {
            Line::Problem(i) => self.problems.get(i)?.findings.first(),
            Line::Finding(i, f) => self.problems.get(i)?.findings.get(f),
        }
    }
}

/// Cells a cluster's name has at most.
const CLUSTER_WIDTH: u16 = 20;
/// Working problems out anew may take one part in so many of the time.
const PARTS: u32 = 20;
/// So many findings are in the evidence; opened, the problem lists all.
const EVIDENCE_MOST: usize = 20;

impl Problems {
    fn draw_evidence(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        let rule = if theme.ascii { "-" } else { "─" }.repeat(usize::from(area.width.saturating_sub(12)));
        let used = draw::text(buf, area.x, area.y, " Evidence ", area.width, theme.style(Role::Title));
        draw::text(
            buf,
            area.x + used,
            area.y,
            &rule,
            area.width.saturating_sub(used),
            theme.style(Role::Rule),
        );
        let width = area.width.saturating_sub(3);
        let lines = self.evidence.iter().enumerate().flat_map(|(n, paragraph)| {
            let role = if n == 0 { Role::Text } else { Role::Muted };
            cells::wrap(paragraph, width, 2).into_iter().map(move |line| (line, role))
        });
        for (y, (line, role)) in (area.y + 1..area.bottom()).zip(lines) {
            draw::text(buf, area.x + 2, y, &line, width, theme.style(role));
        }
    }
}

fn key(p: &Problem) -> String {
    format!("{}/{}", p.rule, p.cause)
}

/// The workload a finding is about: its own, or that of its pod.
fn workload_key(f: &Finding) -> Option<ObjectKey> {
    let (kind, name) = match &f.workload {
        Some((kind, name)) => (Kind::parse(kind)?, name.clone()),
        None => (Kind::parse(&f.object.kind).filter(|k| k.is_workload())?, f.object.name.clone()),
    };
    Some(ObjectKey { cluster: f.object.cluster, kind, namespace: f.object.namespace.clone(), name })
}

fn object_key(f: &Finding) -> Option<ObjectKey> {
    Some(ObjectKey {
        cluster: f.object.cluster,
        kind: Kind::parse(&f.object.kind)?,
        namespace: f.object.namespace.clone(),
        name: f.object.name.clone(),
    })
}

impl Pane for Problems {
    fn prepare(&mut self, seen: Seen<'_>, (rows, _): (u16, u16)) {
        // Some rules wait for time to pass, so a new second is a reason to look again, but not every frame.
        let state = (seen.fleet.revision, seen.now.as_second() / 5);
        if (self.seen != Some(state) && self.pace.allows(PARTS, seen.fleet)) || self.changed {
            self.seen = Some(state);
            self.changed = false;
            self.evidence_of = None;
            let at = self.problem().map(key);
            self.problems = self.pace.work(|| problems::of(seen.fleet, seen.scope, seen.now));
            let clusters = self.problems.iter().flat_map(|p| &p.clusters);
            let names =
                clusters.filter_map(|id| seen.fleet.cluster(*id)).map(|c| cells::width(c.info.name()));
            self.cluster_width = names.max().unwrap_or(0).min(CLUSTER_WIDTH);
            self.rows();
            self.list.set_len(self.lines.len());
            let found = self.lines.iter().position(|l| match l {
                Line::Problem(i) => self.problems.get(*i).map(key) == at,
                Line::Finding(..) => false,
            });
            if let (Some(found), Some(Line::Problem(_))) = (found, self.lines.get(self.list.cursor)) {
                self.list.go(found);
            }
        }
        self.list.set_len(self.lines.len());
        let of = (state, self.list.cursor, self.lines.len());
        if self.evidence_of != Some(of) {
            self.evidence_of = Some(of);
            self.evidence = self.evidence(seen);
        }
        self.list.set_page(usize::from(rows - self.evidence_rows(rows)));
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let filter = if self.filter.is_empty() { String::new() } else { format!("  /{}", self.filter) };
        // Of what is not looked at nobody knows that it is well.
        let (unseen, all) =
            (problems::unseen(seen.fleet, seen.scope), seen.fleet.in_scope(seen.scope).count());
        match (self.problems.len(), unseen) {
            (0, 0) => format!("none{filter}"),
            (0, _) => format!("none known{filter}"),
            (n, 0) => format!("{n} by cause, {} of them down now{filter}", self.count().down),
            (n, unseen) => {
                let down = self.count().down;
                format!("{n} by cause, {down} of them down now{filter}  {unseen} of {all} clusters not whole")
            }
        }
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.lines.is_empty() {
            let words = if self.problems.is_empty() {
                problems::none_words(seen.fleet, seen.scope)
            } else {
                "nothing matches the filter".to_owned()
            };
            draw::words(buf, area, [words], theme.style(Role::Muted));
            return;
        }
        let below = self.evidence_rows(area.height);
        let (area, rest) = (
            Rect { height: area.height - below, ..area },
            Rect { y: area.bottom() - below, height: below, ..area },
        );
        self.draw_evidence(theme, rest, buf);
        for (y, i) in (area.top()..area.bottom()).zip(self.list.window()) {
            let Some(line) = self.lines.get(i) else { break };
            let painted = self.list.paint(i, (theme, focused), area, y, buf);
            let own = |style| painted.own(style);
            let right = area.right().saturating_sub(1);
            match *line {
                Line::Problem(p) => {
                    let Some(p) = self.problems.get(p) else { continue };
                    let health = health_of(p.severity);
                    let fold = match (self.open.contains(&key(p)), theme.ascii) {
                        (true, false) => "▾",
                        (false, false) => "▸",
                        (true, true) => "v",
                        (false, true) => ">",
                    };
                    let age = p.since.map_or_else(String::new, |s| age::show(s, seen.now));
                    let hint = p.findings.first().map_or("", |f| f.next.words);
                    draw::text(buf, area.x, y, fold, 1, own(theme.style(Role::Muted)));
                    draw::text(buf, area.x + 2, y, health.glyph(theme.ascii), 1, own(theme.health(health)));
                    let hint_width = if area.width >= 90 { cells::width(hint).min(30) } else { 0 };
                    draw::text_right(
                        buf,
                        right.saturating_sub(hint_width),
                        right,
                        y,
                        hint,
                        own(theme.style(Role::Muted)),
                    );
                    let age_right = right.saturating_sub(if hint_width > 0 { hint_width + 2 } else { 0 });
                    draw::text_right(buf, area.x, age_right, y, &age, own(theme.style(Role::Muted)));
                    let room = age_right.saturating_sub(area.x + 4 + cells::width(&age) + 1);
                    draw::text(
                        buf,
                        area.x + 4,
                        y,
                        &problems::headline(p, seen.fleet),
                        room,
                        own(theme.style(Role::Text)),
                    );
                }
                Line::Finding(p, f) => {
                    let Some(f) = self.problems.get(p).and_then(|p| p.findings.get(f)) else { continue };
                    let cluster = seen.fleet.cluster(f.object.cluster);
                    let name = cluster.map_or("", |c| c.info.name().as_str());
                    let env = cluster
                        .map_or_else(|| theme.style(Role::Text), |c| theme.environment(c.info.environment));
                    let at = area.x + 6;
                    let used = draw::text(buf, at, y, name, CLUSTER_WIDTH, own(env));
                    let object = if f.object.namespace.is_empty() {
                        f.object.target()
                    } else {
                        format!("{}/{}", f.object.namespace, f.object.name)
                    };
                    let x = at + used.max(self.cluster_width) + 1;
                    let used =
                        draw::text(buf, x, y, &object, right.saturating_sub(x), own(theme.style(Role::Text)));
                    let x = x + used + 2;
                    draw::text(buf, x, y, &f.detail, right.saturating_sub(x), own(theme.style(Role::Muted)));
                }
            }
        }
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            return Vec::new();
        }
        match action {
            Action::Toggle => self.fold(),
            Action::Right | Action::Expand if !self.is_open() => self.fold(),
            Action::Left | Action::Collapse if self.is_open() => self.fold(),
            Action::Logs | Action::PreviousLogs => {
                let what = self.finding().map(|f| f.object.kind.as_str()).unwrap_or_default();
                if !Kind::parse(what).is_some_and(|k| k == Kind::Pod || k.is_workload()) {
                    let words = format!("a {} has no logs; Enter looks closer", what.to_lowercase());
                    return vec![Effect::complain(words)];
                }
            }
            Action::Open => {
                let open = matches!(self.lines.get(self.list.cursor), Some(Line::Problem(i))
                    if self.problems.get(*i).is_some_and(|p| p.findings.len() > 1 && !self.open.contains(&key(p))));
                if open {
                    self.fold();
                    return Vec::new();
                }
                let Some(finding) = self.finding() else { return Vec::new() };
                if finding.object.kind == "Cluster" {
                    return vec![Effect::Retry(vec![finding.object.cluster])];
                }
                if let Some(object) = object_key(finding) {
                    return vec![Effect::Look(Look::Describe, object)];
                }
            }
            Action::Scale | Action::Restart | Action::Delete | Action::Kill => {
                let workload = self.finding().and_then(workload_key);
                return match (action, workload) {
                    (Action::Scale, Some(key)) if key.kind.is_scalable() => {
                        vec![Effect::Prompt(Prompt::Scale(vec![key]))]
                    }
                    // The verb takes the workload; a pod is deleted by itself.
                    (Action::Restart, Some(_)) | (Action::Delete | Action::Kill, _) => Vec::new(),
                    _ => vec![Effect::complain("no workload stands behind this")],
                };
            }
            Action::Connect => {
                let clusters: Vec<ClusterId> =
                    self.problem().map(|p| p.clusters.iter().copied().collect()).unwrap_or_default();
                return vec![Effect::Dial(clusters)];
            }
            Action::Back if !self.filter.is_empty() => {
                self.filter.clear();
                self.changed = true;
            }
            _ => {}
        }
        Vec::new()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["problems", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Open, Action::PreviousLogs, Action::Logs, Action::Describe, Action::Toggle, Action::Filter]
    }

    fn targets(&self, _seen: Seen<'_>) -> Vec<ObjectKey> {
        self.finding().and_then(object_key).into_iter().collect()
    }

    fn filter(&mut self, text: &str) -> Result<(), String> {
        Filter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.filter);
        self.changed = true;
        Ok(())
    }

    fn is_filtered(&self) -> bool {
        true
    }

    fn filter_text(&self) -> &str {
        &self.filter
    }

    fn takes_left(&self) -> bool {
        self.is_open()
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        self.changed = true;
        Vec::new()
    }
}

fn health_of(severity: Severity) -> Health {
    match severity {
        Severity::P1 => Health::Down,
        Severity::P2 => Health::Degraded,
        Severity::P3 | Severity::Info => Health::Unknown,
    }
}
