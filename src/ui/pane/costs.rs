//! Costs: list prices of nodes, shared out by what pods ask for. Every number is an estimate and says of when.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::cost::money;
use crate::fleet::table::Column;
use crate::ops::costs::{self, By, Costs as Sums, CostsRow, RowKind};
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// The pane's state.
pub struct Costs {
    by: By,
    sums: Option<Sums>,
    columns: Vec<Column>,
    widths: Widths,
    list: List,
    seen: Option<(u64, i64)>,
    changed: bool,
    /// What the numbers are, in lines below them.
    notes: Vec<String>,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            by: By::Cluster,
            sums: None,
            columns: Vec::new(),
            widths: Widths::default(),
            list: List::default(),
            seen: None,
            changed: true,
            notes: Vec::new(),
        }
    }
}

fn cells_of(row: &CostsRow, headings: usize, ascii: bool, total: i128) -> Vec<String> {
    let mut out: Vec<String> = row.label.iter().map(ToString::to_string).collect();
    out.resize(headings, String::new());
    let money = |n: i128| if n == 0 { "–".to_owned() } else { money::show_month_exact(n) };
    let share = u64::from(row.share_permille);
    out.extend([
        if row.pods == 0 { String::new() } else { row.pods.to_string() },
        money(row.cpu_nano),
        money(row.mem_nano),
        money(row.gpu_nano),
        money(row.idle_nano),
        money(row.fee_nano),
        if row.is_unknown() { "n/a".to_owned() } else { money(row.total_nano) },
        if total == 0 {
            String::new()
        } else {
            format!("{} {:>3}%", draw::bar(share, 1000, 10, ascii), (share + 5) / 10)
        },
        row.efficiency_permille.map_or_else(|| "–".to_owned(), |e| format!("{}%", (e + 5) / 10)),
    ]);
    out
}

impl Pane for Costs {
    fn prepare(&mut self, seen: Seen<'_>, (rows, columns): (u16, u16)) {
        // Sums over all pods: at most once in two seconds while rows change.
        let state = (seen.fleet.revision, seen.now.as_second() / 2);
        let due = self.seen.is_none_or(|s| s.0 != state.0 && s.1 != state.1);
        if due || self.changed {
            self.seen = Some(state);
            self.changed = false;
            let sums = costs::of(seen.fleet, seen.scope, self.by);
            self.columns = self
                .by
                .headings()
                .iter()
                .map(|h| Column::names(h, 0, 36, 24))
                .chain([
                    Column::new("PODS", true, 5, 7),
                    Column::new("CPU", true, 3, 10),
                    Column::new("RAM", true, 3, 10),
                    Column::new("GPU", true, 4, 10),
                    Column::new("IDLE", true, 3, 10),
                    Column::new("FEE", true, 4, 8),
                    Column::new("TOTAL/mo", true, 0, 11),
                    Column::new("SHARE", false, 2, 15),
                    Column::new("EFF", true, 4, 5),
                ])
                .collect();
            self.widths.clear();
            for row in &sums.rows {
                let cells = cells_of(row, self.by.headings().len(), true, sums.total_nano);
                self.widths.grow(&self.columns, cells.iter().map(String::as_str));
            }
            self.list.set_len(sums.rows.len());
            self.sums = Some(sums);
        }
        self.notes = self.sums.as_ref().map_or_else(Vec::new, |sums| notes(sums, seen.now, columns));
        let most = usize::from((rows / 5).max(2));
        if self.notes.len() > most {
            self.notes.truncate(most);
            if let Some(last) = self.notes.last_mut() {
                "… more on a taller screen, and by `skyfleet costs`".clone_into(last);
            }
        }
        self.list.set_page(usize::from(rows).saturating_sub(self.notes.len() + 1));
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let Some(sums) = &self.sums else { return String::new() };
        if seen.fleet.catalogue.is_none() {
            return format!("by {}  prices are being read", self.by.word());
        }
        let idle = sums.idle_permille().map_or_else(String::new, |i| format!("  idle {}%", (i + 5) / 10));
        format!("by {}  ${}/mo{idle}", self.by.word(), money::show_month_exact(sums.total_nano))
    }

    fn draw(&self, _seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        let Some(sums) = &self.sums else { return };
        let below = u16::try_from(self.notes.len()).unwrap_or(0);
        let table = Rect { height: area.height.saturating_sub(below), ..area };
        if sums.rows.is_empty() {
            let words = "no node of this scope is known yet".to_owned();
            draw::words(buf, table, [words], theme.style(Role::Muted));
        } else {
            draw_table(buf, table, theme, (&self.columns, &self.widths), &self.list, focused, |i| {
                let Some(row) = sums.rows.get(i) else { return DrawnRow::default() };
                let heads = self.by.headings().len();
                let muted = row.kind != RowKind::Cost;
                let cells = cells_of(row, heads, theme.ascii, sums.total_nano)
                    .into_iter()
                    .enumerate()
                    .map(|(n, text)| {
                        if muted {
                            DrawnCell::styled(text, theme.style(Role::Muted))
                        } else if n == heads + 7 {
                            DrawnCell::styled(text, theme.style(Role::Graph))
                        } else {
                            DrawnCell::plain(text)
                        }
                    })
                    .collect();
                DrawnRow { cells, sign: None }
            });
        }
        for (y, note) in (area.bottom().saturating_sub(below)..area.bottom()).zip(&self.notes) {
            draw::text(buf, area.x + 1, y, note, area.width.saturating_sub(1), theme.style(Role::Muted));
        }
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            return Vec::new();
        }
        let at = By::ALL.iter().position(|b| *b == self.by).unwrap_or(0);
        let to = match action {
            Action::Pivot | Action::Right => (at + 1) % By::ALL.len(),
            Action::Left => (at + By::ALL.len() - 1) % By::ALL.len(),
            Action::Open => {
                return vec![Effect::say(
                    "b groups by what is below; what the tree selects is what is summed",
                )];
            }
            _ => return Vec::new(),
        };
        self.by = By::ALL.get(to).copied().unwrap_or(self.by);
        self.list.go(0);
        self.changed = true;
        Vec::new()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["costs", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Pivot, Action::Up, Action::Down, Action::Save]
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        self.changed = true;
        Vec::new()
    }

    fn text(&self, _seen: Seen<'_>) -> String {
        let Some(sums) = &self.sums else { return String::new() };
        let mut out = self.columns.iter().map(|c| &*c.title).collect::<Vec<_>>().join("\t");
        for row in &sums.rows {
            out.push('\n');
            out.push_str(&cells_of(row, self.by.headings().len(), true, sums.total_nano).join("\t"));
        }
        out.push('\n');
        out
    }
}

/// What the numbers are, in lines of that width.
fn notes(sums: &Sums, now: Timestamp, width: u16) -> Vec<String> {
    let mut notes = Vec::new();
    if sums.rows.iter().any(|r| r.efficiency_permille.is_some()) {
        notes.push("EFF: how much of what is asked for is used".to_owned());
    }
    if sums.partial {
        notes.push("idle and fees are left out: only parts of clusters are in scope".to_owned());
    }
    notes.extend(sums.notes(now.to_zoned(TimeZone::UTC).date()));
    notes.iter().flat_map(|note| cells::wrap(note, width.saturating_sub(2), 2)).collect()
}
