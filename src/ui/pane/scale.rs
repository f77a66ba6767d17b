//! Scale: the scalable workloads of the scope, the same app over clusters together, with what a pod of each costs.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cost::money;
use crate::domain::filter::fuzzy::Scratch;
use crate::domain::health::Health;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::quantity::{count, show_bytes, show_cpu};
use crate::fleet::field;
use crate::fleet::table::{self, Column, RowRef};
use crate::ops::costs;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Prompt};
use crate::ui::pace::Pace;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::rows::Rows;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

#[derive(Clone, Debug)]
struct Line {
    key: ObjectKey,
    cells: Vec<String>,
    health: Health,
}

/// The pane's state.
#[derive(Default)]
pub struct Scale {
    lines: Vec<Line>,
    total: u32,
    apps: usize,
    rows: Rows<ObjectKey>,
    widths: Widths,
    seen: Option<u64>,
    pace: Pace,
}

/// Following changes may take one part in so many of the time.
const PARTS: u32 = 20;

const COLUMNS: [Column; 9] = [
    Column::names("APP", 0, 46, 30),
    table::CLUSTER,
    Column::new("NOW", true, 0, 6),
    Column::new("READY", true, 1, 6),
    Column::new("HPA", false, 3, 14),
    Column::new("CPU/POD", true, 4, 8),
    Column::new("MEM/POD", true, 4, 8),
    Column::new("$/MONTH", true, 2, 9),
    Column::new("+1 POD", true, 5, 9),
];

impl Scale {
    fn collect(&mut self, seen: Seen<'_>) {
        let filter = self.rows.filtering();
        let mut scratch = Scratch::default();
        let mut by_app: BTreeMap<(String, Kind, String), Vec<Line>> = BTreeMap::new();
        self.total = 0;
        for c in seen.fleet.in_scope(seen.scope) {
            let mut hpas = BTreeMap::new();
            for h in c.others(Kind::HorizontalPodAutoscaler) {
                if let Some(target) = h.cells.first() {
                    let range =
                        h.cells.iter().skip(2).take(2).map(|c| c.as_str()).collect::<Vec<_>>().join("-");
                    hpas.insert((h.meta.namespace.clone(), target.to_string()), range);
                }
            }
            for kind in [Kind::Deployment, Kind::StatefulSet] {
                for w in c.workloads_of(kind) {
                    let (ns, name) = (&w.meta.namespace, &w.meta.name);
                    if !seen.scope.covers(c.info.at(), ns, Some((kind.info().name, name)), None) {
                        continue;
                    }
                    let hpa = hpas.get(&(ns.clone(), format!("{}/{name}", kind.info().name)));
                    let pod = costs::pod_nano(c, w.pod_requests);
                    let month = |n: Option<i128>| n.map_or_else(|| "–".to_owned(), money::show_month);
                    let cells = vec![
                        format!("{ns} / {}/{name}", kind.info().short()),
                        c.info.name().to_string(),
                        w.desired.to_string(),
                        w.ready.to_string(),
                        hpa.cloned().unwrap_or_else(|| "–".to_owned()),
                        show_cpu(w.pod_requests.cpu_milli),
                        show_bytes(w.pod_requests.mem_bytes),
                        month(pod.map(|p| i128::from(p) * i128::from(w.desired))),
                        month(pod.map(i128::from)),
                    ];
                    let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
                    let value = |of| field::value(c, RowRef::Workload(w), of, seen.now);
                    if filter
                        .as_ref()
                        .is_some_and(|f| !f.matches(&texts, &mut scratch) || !f.holds(&w.meta.labels, value))
                    {
                        continue;
                    }
                    self.total += w.desired;
                    let key = ObjectKey { cluster: c.id(), kind, namespace: ns.clone(), name: name.clone() };
                    by_app.entry((ns.to_string(), kind, name.to_string())).or_default().push(Line {
                        key,
                        cells,
                        health: w.health(),
                    });
                }
            }
        }
        self.apps = by_app.len();
        self.lines = by_app.into_values().flatten().collect();
        self.rows.set(self.lines.iter().map(|l| l.key.clone()).collect::<Vec<_>>());
    }
}

impl Pane for Scale {
    fn prepare(&mut self, seen: Seen<'_>, (rows, _): (u16, u16)) {
        let follows = self.seen != Some(seen.fleet.revision) && self.pace.allows(PARTS, seen.fleet);
        if self.rows.take_stale() || follows {
            self.seen = Some(seen.fleet.revision);
            let mut pace = self.pace;
            pace.work(|| self.collect(seen));
            self.pace = pace;
            for line in &self.lines {
                self.widths.grow(&COLUMNS, line.cells.iter().map(String::as_str));
            }
        }
        self.rows.settle(rows.saturating_sub(1));
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        format!(
            "{} in {}  total {}{}",
            count(self.apps, "app"),
            count(self.lines.len(), "place"),
            count(self.total as usize, "replica"),
            self.rows.words()
        )
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.lines.is_empty() {
            let known = seen.fleet.in_scope(seen.scope).filter(|c| c.is_loaded(Kind::Deployment)).count();
            let words = match seen.fleet.in_scope(seen.scope).count() - known {
                0 => "no deployment or stateful set in this scope; select a cluster, namespace or app in the tree"
                    .to_owned(),
                n => format!("nothing to scale is known yet: {} not read", count(n, "cluster")),
            };
            draw::words(buf, area, [words], theme.style(Role::Muted));
            return;
        }
        draw_table(buf, area, theme, (&COLUMNS, &self.widths), &self.rows.list, focused, |i| {
            let Some(line) = self.lines.get(i) else { return DrawnRow::default() };
            // The app's name stands once above its clusters, but always where a window begins.
            let again = i > self.rows.list.offset
                && i.checked_sub(1).and_then(|b| self.lines.get(b)).is_some_and(|b| {
                    b.key.name == line.key.name
                        && b.key.namespace == line.key.namespace
                        && b.key.kind == line.key.kind
                });
            let env = seen
                .fleet
                .cluster(line.key.cluster)
                .map_or_else(|| theme.style(Role::Text), |c| theme.environment(c.info.environment));
            let cells = line
                .cells
                .iter()
                .enumerate()
                .map(|(n, text)| match n {
                    0 if again => DrawnCell::styled(text.clone(), theme.style(Role::Muted)),
                    1 => DrawnCell::styled(text.clone(), env),
                    _ => DrawnCell::plain(text.clone()),
                })
                .collect();
            let sign = self.rows.sign(&line.key, line.health, theme);
            DrawnRow { cells, sign }
        });
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.rows.act(action) {
            return Vec::new();
        }
        let targets = self.rows.targets();
        match action {
            Action::Open | Action::Scale if !targets.is_empty() => {
                vec![Effect::Prompt(Prompt::Scale(targets))]
            }
            _ => Vec::new(),
        }
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["scale", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Scale, Action::Mark, Action::Filter, Action::Describe, Action::Logs]
    }

    fn rows(&self) -> Option<&Rows<ObjectKey>> {
        Some(&self.rows)
    }

    fn rows_mut(&mut self) -> Option<&mut Rows<ObjectKey>> {
        Some(&mut self.rows)
    }
}
