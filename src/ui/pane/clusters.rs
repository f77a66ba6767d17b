//! Clusters: the flat table of all in scope: who one is there, version, how fast it answers, how old it is, how it is.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::age;
use crate::domain::health::Health;
use crate::domain::id::ClusterId;
use crate::domain::quantity::{count, show_count};
use crate::domain::scope::TreeNode;
use crate::fleet::cluster::Cluster;
use crate::fleet::phase::Phase;
use crate::fleet::table::Column;
use crate::fleet::tree;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::pane::{Pane, PaneId, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::rows::Rows;
use crate::ui::widget::scroll::Scroll;
use crate::ui::widget::sorting::{SortKey, Sorting, number, of_cell, settled};
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// The pane's state.
#[derive(Default)]
pub struct Clusters {
    rows: Rows<ClusterId>,
    total: usize,
    sorting: Sorting,
    columns: Vec<Column>,
    widths: Widths,
    scroll: Scroll,
    /// The fleet's revision of the rows.
    seen: Option<u64>,
}

/// The name stays while the others are scrolled.
const PINNED: usize = 1;

const COLUMNS: [Column; 15] = [
    Column::names("CLUSTER", 0, 40, 14),
    Column::new("STATUS", false, 1, 11),
    Column::new("CONNECTION", false, 0, 48),
    Column::new("VERSION", false, 2, 24),
    Column::new("LATENCY", true, 1, 8),
    Column::new("AGE", true, 3, 6),
    Column::names("AS", 1, 40, 12),
    Column::new("NODES", true, 3, 8),
    Column::new("PODS", true, 2, 10),
    Column::new("CLOUD", false, 2, 14),
    Column::new("ACCOUNT", false, 4, 38),
    Column::new("REGION", false, 4, 20),
    Column::new("ENV", false, 4, 8),
    Column::when_wide("CONTEXT", 5, 70),
    Column::when_wide("SERVER", 5, 70),
];

fn columns(wide: bool) -> Vec<Column> {
    COLUMNS.into_iter().filter(|c| wide || !c.wide).collect()
}

/// When it was made, as its first namespace says.
fn made(c: &Cluster) -> Option<Timestamp> {
    let own = c.namespaces().find(|n| n.meta.name == "kube-system")?;
    own.meta.created.map(Into::into)
}

/// How it is, as the tree counts: by its workloads, its nodes and the connection.
fn status(c: &Cluster) -> Health {
    match tree::of_cluster(c) {
        (health, (0, 0)) => health,
        (_, (_, 0)) => Health::Degraded,
        (_, (_, _)) => Health::Down,
    }
}

/// `live`, or how it stands and why.
fn connection(c: &Cluster, now: Timestamp) -> String {
    let since = match &c.phase {
        Phase::Live | Phase::Idle => String::new(),
        phase => phase.since().map_or_else(String::new, |s| format!(" {}", age::show(s, now))),
    };
    let cause = c.phase.cause().map(ToString::to_string).or_else(|| c.lack_words());
    let cause = cause.map_or_else(String::new, |words| format!(": {words}"));
    let slow = if c.is_slow() { " slow" } else { "" };
    format!("{}{since}{slow}{cause}", c.phase.word())
}

fn cells(c: &Cluster, now: Timestamp, wide: bool) -> Vec<String> {
    let known = |n: u32| if n == 0 { "–".to_owned() } else { show_count(n as usize) };
    let or_dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let (info, tally) = (&c.info, c.tally());
    let mut out = vec![
        info.name().to_string(),
        status(c).word().to_owned(),
        connection(c, now),
        or_dash(&c.version),
        c.latency_millis.map_or_else(|| "–".to_owned(), |ms| format!("{ms}ms")),
        made(c).map_or_else(|| "–".to_owned(), |made| age::show(made, now)),
        or_dash(&info.user),
        known(tally.nodes),
        known(c.pod_count()),
        info.place.provider.tree_word().to_owned(),
        or_dash(&info.place.account),
        or_dash(&info.place.region),
        info.environment.word().to_owned(),
    ];
    if wide {
        out.extend([info.context.to_string(), info.server.to_string()]);
    }
    out
}

impl Clusters {
    fn key(&self, c: &Cluster, now: Timestamp) -> SortKey {
        match self.sorting.column() {
            None => SortKey::Place,
            // The worst first.
            Some("STATUS") => SortKey::Number(-i64::try_from(status(c).index()).unwrap_or(0)),
            Some("LATENCY") => c.latency_millis.map_or(SortKey::Missing, |ms| number(ms.into())),
            Some("AGE") => made(c).map_or(SortKey::Missing, |made| {
                number(u64::try_from(now.as_second() - made.as_second()).unwrap_or(0))
            }),
            Some(title) => {
                let at = COLUMNS.iter().position(|c| c.title == title);
                let cell = at.and_then(|at| cells(c, now, true).into_iter().nth(at));
                cell.map_or(SortKey::Missing, |cell| of_cell(&cell.replace(',', "")))
            }
        }
    }

    fn collect(&mut self, seen: Seen<'_>) {
        let query = self.rows.filtering();
        let mut scratch = crate::domain::filter::fuzzy::Scratch::default();
        let mut both = Vec::new();
        self.total = 0;
        // All of them: this is where one goes from one to another.
        for c in seen.fleet.clusters() {
            self.total += 1;
            let cells = cells(c, seen.now, true);
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let passes = query.as_ref().is_none_or(|q| {
                q.words.matches(&cells)
                    && q.fuzzy.as_ref().is_none_or(|f| f.score(&cells, &mut scratch).is_some())
            });
            if passes {
                both.push((self.key(c, seen.now), c.id()));
            }
        }
        self.rows.set(settled(both, self.sorting.is_falling()));
    }
}

impl Pane for Clusters {
    fn prepare(&mut self, seen: Seen<'_>, (rows, across): (u16, u16)) {
        self.scroll.set_across(across);
        let all = columns(seen.wide);
        self.sorting.keep_to(|title| all.iter().any(|c| c.title == title));
        self.columns = self.scroll.left(all, PINNED);
        self.scroll.rank(self.columns.iter_mut().skip(PINNED));
        let falls = self.sorting.is_falling() != (self.sorting.column() == Some("STATUS"));
        self.widths.sorted(self.sorting.column(), falls);
        self.widths.choose(self.sorting.chosen());
        if self.rows.take_stale() || self.seen != Some(seen.fleet.revision) {
            self.seen = Some(seen.fleet.revision);
            self.collect(seen);
        }
        self.rows.settle(rows.saturating_sub(1));
        for id in self.rows.keys().iter() {
            let Some(c) = seen.fleet.cluster(*id) else { continue };
            let cells = self.scroll.left(cells(c, seen.now, seen.wide), PINNED);
            self.widths.grow(&self.columns, cells.iter().map(String::as_str));
        }
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        let shown = self.rows.keys().len();
        let all = count(self.total, "cluster");
        let words = if shown == self.total { all } else { format!("{shown} of {all}") };
        format!("{words}{}", self.rows.words())
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.rows.keys().is_empty() {
            let words = if self.total == 0 {
                "no cluster is known"
            } else {
                "nothing matches; Esc clears the filter"
            };
            draw::text(
                buf,
                area.x + 1,
                area.y + 1,
                words,
                area.width.saturating_sub(1),
                theme.style(Role::Muted),
            );
            return;
        }
        draw_table(buf, area, theme, (&self.columns, &self.widths), &self.rows.list, focused, |i| {
            let Some((id, c)) = self.rows.get(i).and_then(|id| Some((id, seen.fleet.cluster(*id)?))) else {
                return DrawnRow::default();
            };
            let health = status(c);
            let is_in_scope = seen.scope.touches_what(c.info.at(), |node| c.has(node));
            let styled = |(text, column): (String, &Column)| match &*column.title {
                "CLUSTER" => DrawnCell::styled(text, theme.environment(c.info.environment)),
                "STATUS" if health != Health::Ok => DrawnCell::styled(text, theme.health(health)),
                "CONNECTION" if c.phase != Phase::Live || c.is_slow() || c.lack_words().is_some() => {
                    let style =
                        if health == Health::Ok { theme.style(Role::Muted) } else { theme.health(health) };
                    DrawnCell::styled(text, style)
                }
                _ if !is_in_scope => DrawnCell::styled(text, theme.style(Role::Muted)),
                _ => DrawnCell::plain(text),
            };
            let cells = self.scroll.left(cells(c, seen.now, seen.wide), PINNED);
            let cells = cells.into_iter().zip(&self.columns).map(styled).collect();
            DrawnRow { cells, sign: self.rows.sign(id, health, theme) }
        });
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.rows.act(action) || self.scroll.act(action, &self.columns, &self.widths) {
            return Vec::new();
        }
        if self.sorting.act(action, &self.columns) {
            self.rows.touch();
            return Vec::new();
        }
        let chosen = self.rows.targets();
        match action {
            Action::ChooseNext | Action::ChoosePrev => {
                let drawn = self.scroll.drawn(&self.columns, &self.widths);
                self.sorting.choose(&drawn, action == Action::ChooseNext);
                Vec::new()
            }
            Action::Open | Action::Describe if !chosen.is_empty() => {
                let nodes = chosen.into_iter().map(TreeNode::Cluster).collect();
                vec![Effect::Scope(nodes), Effect::Show(PaneId::Overview)]
            }
            Action::Connect => vec![Effect::Dial(chosen)],
            Action::Identity => self.rows.cursor().map(|id| Effect::Identities(*id)).into_iter().collect(),
            Action::Copy => {
                let names = chosen.iter().filter_map(|id| seen.fleet.cluster(*id));
                let names: Vec<String> = names.map(|c| c.info.context.to_string()).collect();
                if names.is_empty() { Vec::new() } else { vec![Effect::Copy(names.join("\n"))] }
            }
            _ => Vec::new(),
        }
    }

    fn takes_left(&self) -> bool {
        self.scroll.takes_left()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["clusters", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Open, Action::Mark, Action::Connect, Action::Identity, Action::SortStatus, Action::Wide]
    }

    fn filter(&mut self, text: &str) -> Result<(), String> {
        self.rows.filter(text)
    }

    fn is_filtered(&self) -> bool {
        true
    }

    fn filter_text(&self) -> &str {
        self.rows.filter_text()
    }

    fn is_holding(&self) -> bool {
        self.rows.is_holding()
    }

    fn is_marked(&self) -> bool {
        self.rows.is_marked()
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        self.rows.touch();
        Vec::new()
    }

    fn text(&self, seen: Seen<'_>) -> String {
        let mut out = columns(true).iter().map(|c| c.title.to_string()).collect::<Vec<_>>().join("\t");
        for id in self.rows.keys().iter() {
            if let Some(c) = seen.fleet.cluster(*id) {
                out.push('\n');
                out.push_str(&cells(c, seen.now, true).join("\t"));
            }
        }
        out.push('\n');
        out
    }
}
