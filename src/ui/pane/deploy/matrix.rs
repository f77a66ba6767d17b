//! The matrix of a plan: objects by clusters. Where not all clusters have room side by side, those a plan treats alike
//! share a column; what still has none is scrolled to.

use std::collections::{BTreeMap, HashMap};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::environment::Environment;
use crate::domain::id::ClusterId;
use crate::domain::plan::{Plan, Step, Verdict};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// Columns are not narrower, and not wider.
const NARROWEST: u16 = 6;
const WIDEST: u16 = 22;

/// A column: clusters a plan treats alike.
struct Column {
    title: String,
    environment: Environment,
    width: u16,
    /// For each object its step in the first of the clusters.
    steps: Vec<Option<usize>>,
}

/// Objects by columns.
#[derive(Default)]
pub(super) struct Matrix {
    /// What it was worked out of: the plan, the width, whether columns are split.
    of: Option<(String, u16, bool)>,
    objects: Vec<String>,
    /// For each a step of it.
    first_steps: Vec<usize>,
    /// How wide the column of objects is.
    first: u16,
    columns: Vec<Column>,
    clusters: usize,
    /// The first column that is drawn, and how many have room from there.
    from: usize,
    shown: usize,
}

impl Matrix {
    /// Works it out, when it is not yet that of this plan in this width.
    pub(super) fn prepare(&mut self, plan: &Plan, width: u16, split: bool) {
        let of = (plan.id.clone(), width, split);
        if self.of.as_ref() == Some(&of) {
            return;
        }
        if self.of.as_ref().is_some_and(|(id, ..)| *id != plan.id) {
            self.from = 0;
        }
        self.of = Some(of);
        self.objects = Vec::new();
        self.first_steps = Vec::new();
        let mut rows: HashMap<ObjectId<'_>, usize> = HashMap::new();
        let mut clusters: Vec<&Step> = Vec::new();
        let mut at: BTreeMap<ClusterId, Vec<(usize, usize)>> = BTreeMap::new();
        for (n, step) in plan.steps.iter().enumerate() {
            let row = *rows.entry(object_id(step)).or_insert_with(|| {
                let words = step.object_words();
                // Two kinds of one name are told apart by their group.
                let known = self.objects.contains(&words);
                self.objects.push(if known { format!("{words} ({})", step.api_version) } else { words });
                self.first_steps.push(n);
                self.objects.len() - 1
            });
            let steps = at.entry(step.cluster.id).or_insert_with(|| {
                clusters.push(step);
                Vec::new()
            });
            steps.push((row, n));
        }
        self.clusters = clusters.len();
        let widest = self.objects.iter().map(|o| cells::width(o)).max().unwrap_or(8);
        self.first = widest.clamp(8, (width / 2).max(24).min(width.saturating_sub(NARROWEST + 4)).max(8));
        let single: Vec<Column> = clusters
            .iter()
            .map(|step| {
                let mut steps = vec![None; self.objects.len()];
                for (row, n) in at.get(&step.cluster.id).into_iter().flatten() {
                    if let Some(cell) = steps.get_mut(*row) {
                        *cell = Some(*n);
                    }
                }
                column(plan, step.cluster.name.clone(), step.cluster.environment, steps)
            })
            .collect();
        let room = width.saturating_sub(self.first + 3);
        let needed: u16 = single.iter().fold(0, |sum: u16, c| sum.saturating_add(c.width + 1));
        self.columns = if split || needed <= room { single } else { folded(plan, single) };
        self.from = self.from.min(self.columns.len().saturating_sub(1));
        self.shown = self.fitting(room);
        // No empty room at the right while columns are hidden at the left.
        while self.from > 0 && self.from + self.shown >= self.columns.len() {
            self.from -= 1;
            let shown = self.fitting(room);
            if self.from + shown < self.columns.len() {
                self.from += 1;
                break;
            }
            self.shown = shown;
        }
    }

    /// How many columns have room from the first that is drawn on; one at least.
    fn fitting(&self, room: u16) -> usize {
        let mut used = 0u16;
        let fits = |c: &&Column| {
            used = used.saturating_add(c.width + 1);
            used <= room.saturating_add(1)
        };
        self.columns.iter().skip(self.from).take_while(fits).count().max(1)
    }

    /// Scrolls by columns; false where there is nothing more.
    pub(super) fn scroll(&mut self, right: bool) -> bool {
        let (from, last) = (self.from, self.columns.len().saturating_sub(self.shown));
        self.from = if right { (from + 1).min(last.max(from)) } else { from.saturating_sub(1) };
        let moved = self.from != from;
        if moved {
            // How many fit from there is worked out anew.
            self.of = None;
        }
        moved
    }

    /// There are columns at the left.
    pub(super) fn is_scrolled(&self) -> bool {
        self.from > 0
    }

    pub(super) fn objects(&self) -> &[String] {
        &self.objects
    }

    /// How many clusters, and where one stands among the columns when not all are seen.
    pub(super) fn words(&self) -> String {
        let clusters = crate::domain::quantity::count(self.clusters, "cluster");
        let columns = self.columns.len();
        if self.shown >= columns {
            return clusters;
        }
        format!("{clusters}, columns {}-{} of {columns}: left, right", self.from + 1, self.from + self.shown)
    }

    /// Draws it; returns the rows it took.
    pub(super) fn draw(
        &self,
        plan: &Plan,
        list: &List,
        theme: &Theme,
        focused: bool,
        area: Rect,
        buf: &mut Buffer,
    ) -> u16 {
        let muted = theme.style(Role::Muted);
        let visible = || self.columns.iter().skip(self.from).take(self.shown);
        draw::text(buf, area.x + 1, area.y, "OBJECT", self.first, muted);
        let mut x = area.x + self.first + 3;
        for c in visible() {
            let room = c.width.min(area.right().saturating_sub(x));
            draw::text(buf, x, area.y, &c.title, room, theme.environment(c.environment));
            x += c.width + 1;
        }
        if self.from > 0 {
            draw::text(buf, area.x + self.first + 2, area.y, "‹", 1, theme.style(Role::Accent));
        }
        if self.from + self.shown < self.columns.len() {
            draw::text(buf, area.right().saturating_sub(1), area.y, "›", 1, theme.style(Role::Accent));
        }
        let mut y = area.y;
        for i in list.window() {
            y += 1;
            let Some(object) = self.objects.get(i).filter(|_| y < area.bottom()) else { break };
            let painted = list.paint(i, (theme, focused), area, y, buf);
            draw::text(buf, area.x + 1, y, &cells::middle(object, self.first), self.first, painted.base);
            let mut x = area.x + self.first + 3;
            for c in visible() {
                if let Some(step) = c.steps.get(i).copied().flatten().and_then(|n| plan.steps.get(n)) {
                    let style = painted.own(theme.style(role_of(step)));
                    let room = c.width.min(area.right().saturating_sub(x));
                    draw::text(buf, x, y, &step.action_words(), room, style);
                }
                x += c.width + 1;
            }
        }
        y + 1 - area.y
    }
}

fn column(plan: &Plan, title: String, environment: Environment, steps: Vec<Option<usize>>) -> Column {
    let cell = |n: &Option<usize>| n.and_then(|n| plan.steps.get(n)).map(|s| cells::width(&s.action_words()));
    let widest = steps.iter().filter_map(cell).max().unwrap_or(0);
    let width = widest.max(cells::width(&title)).clamp(NARROWEST, WIDEST);
    Column { title, environment, width, steps }
}

/// Columns of one environment that are treated alike in every cell, as one.
fn folded(plan: &Plan, single: Vec<Column>) -> Vec<Column> {
    let told = |c: &Column| -> Vec<Option<String>> {
        c.steps.iter().map(|n| n.and_then(|n| plan.steps.get(n)).map(treatment)).collect()
    };
    let mut out: Vec<(Column, usize)> = Vec::new();
    let mut known: HashMap<(Environment, Vec<Option<String>>), usize> = HashMap::new();
    for c in single {
        let at = *known.entry((c.environment, told(&c))).or_insert(out.len());
        match out.get_mut(at) {
            Some((_, more)) => *more += 1,
            None => out.push((c, 0)),
        }
    }
    let title = |(c, more): (Column, usize)| match more {
        0 => c,
        n => {
            let more = format!(" +{n}");
            let name = cells::middle(&c.title, WIDEST - cells::width(&more).min(WIDEST - 4));
            column(plan, name + &more, c.environment, c.steps)
        }
    };
    out.into_iter().map(title).collect()
}

const fn role_of(step: &Step) -> Role {
    match step.verdict {
        Verdict::Create => Role::DiffAdd,
        Verdict::Change => Role::Accent,
        Verdict::Same => Role::Muted,
        Verdict::Delete => Role::DiffRemove,
        Verdict::Conflict(_) | Verdict::Refused(_) => Role::Error,
        Verdict::Waits(_) => Role::Warn,
    }
}

/// What tells an object of a plan from all others.
type ObjectId<'a> = (&'a str, &'a str, &'a str, &'a str);

fn object_id(step: &Step) -> ObjectId<'_> {
    (&step.api_version, &step.kind, &step.namespace, &step.name)
}

/// All that is done to an object in a cluster: where two read the same, they are treated alike.
fn treatment(step: &Step) -> String {
    format!("{:?} {:?} {:?} {}", step.verdict, step.changes, step.notes, step.action_words())
}

impl Matrix {
    /// What the plan has for one object, in every cluster: those it treats alike together, what is refused first. `full`
    /// names the place of each and who acts there; else many clusters are a line of names.
    pub(super) fn details(&self, plan: &Plan, row: usize, full: bool) -> Vec<String> {
        let Some(object) = self.first_steps.get(row).and_then(|n| plan.steps.get(*n)).map(object_id) else {
            return Vec::new();
        };
        let mut order: Vec<String> = Vec::new();
        let mut groups: HashMap<String, Vec<&Step>> = HashMap::new();
        for step in plan.steps.iter().filter(|s| object_id(s) == object) {
            let key = treatment(step);
            if !groups.contains_key(&key) {
                order.push(key.clone());
            }
            groups.entry(key).or_default().push(step);
        }
        let mut out = Vec::new();
        let mut groups: Vec<&Vec<&Step>> = order.iter().filter_map(|key| groups.get(key)).collect();
        groups.sort_by_key(|steps| steps.iter().all(|s| s.verdict.blocks().is_none()));
        for steps in groups {
            let Some(step) = steps.first() else { continue };
            match steps.as_slice() {
                [_, _, ..] if !full => {
                    let names: Vec<&str> = steps.iter().map(|s| s.cluster.name.as_str()).collect();
                    out.push(format!("{}   {}", names.join(", "), step.action_words()));
                }
                each => out.extend(each.iter().map(|s| {
                    let (user, context) = (&s.cluster.acts_as, &s.cluster.context);
                    let by = if user == context { String::new() } else { format!(" ({context})") };
                    format!("{}   {}   as {user}{by}", s.cluster.path, s.action_words())
                })),
            }
            if let Verdict::Conflict(why) | Verdict::Refused(why) | Verdict::Waits(why) = &step.verdict {
                out.push(format!("    {why}"));
            }
            for c in &step.changes {
                let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "(none)".to_owned());
                out.push(format!("    {}: {} → {}", c.path, value(&c.before), value(&c.after)));
            }
            out.extend(step.notes.iter().map(|n| format!("    note: {n}")));
        }
        out
    }

    /// A step of the object in that row.
    pub(super) fn step<'a>(&self, plan: &'a Plan, row: usize) -> Option<&'a Step> {
        plan.steps.get(*self.first_steps.get(row)?)
    }
}
