//! Overview: what is under the tree's cursor, one level further down, what is worst there now, and what changed there.

mod cluster;
mod lines;
mod pod;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::age;
use crate::domain::change::{Changed, Told};
use crate::domain::cost::money;
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::quantity::{count, show_bytes, show_count, show_cpu};
use crate::domain::scope::TreeNode;
use crate::domain::triage::finding::Severity;
use crate::domain::triage::problem::Problem;
use crate::fleet::cluster::Cluster;
use crate::fleet::delta::Traffic;
use crate::fleet::table::{Column, percent};
use crate::ops::{changes, problems};
use crate::ui::action::Action;
use crate::ui::effect::{Drill, Effect};
use crate::ui::lens::Lens;
use crate::ui::pace::Pace;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use lines::{Line, app, clouds, cluster_line, namespace_in, namespaces, pods, workloads};

use crate::ui::widget::draw;
use crate::ui::widget::list::List;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// Working it out anew may take one part in so many of the time.
const PARTS: u32 = 20;

/// The pane's state.
#[derive(Default)]
pub struct Overview {
    lines: Vec<Line>,
    title: &'static str,
    about: Vec<String>,
    worst: Vec<Problem>,
    changed: Vec<Told>,
    list: List,
    widths: Widths,
    seen: Option<(u64, i64, String)>,
    pace: Pace,
    size: (u16, u16),
}

const fn column(title: &'static str, right: bool, rank: u8) -> Column {
    Column::new(title, right, rank, 44)
}

/// The number of the column of clusters, which is left out where rows are clusters themselves, or parts of one.
const CLUSTERS: usize = 1;

fn columns(title: &'static str) -> Vec<Column> {
    let mut columns = vec![
        column(title, false, 0),
        column("CLUSTERS", true, 4),
        column("NODES", true, 3),
        column("PODS", true, 1),
        column("CPU req/alloc", false, 2),
        column("MEM", true, 3),
        column("$/MONTH", true, 5),
        column("PROBLEMS", true, 0),
    ];
    if title != "CLOUD" {
        columns.remove(CLUSTERS);
    }
    columns
}

impl Overview {
    fn collect(&mut self, seen: Seen<'_>) {
        let clusters: Vec<&Cluster> = seen.fleet.in_scope(seen.preview).collect();
        let nodes: Vec<&TreeNode> = seen.preview.tree_nodes().collect();
        self.about.clear();
        self.worst = problems::of(seen.fleet, seen.preview, seen.now);
        self.changed = changes::of(seen.fleet, seen.preview, seen.now);
        let (title, lines) = match nodes.as_slice() {
            [TreeNode::Cluster(id)] => ("NAMESPACE", namespaces(seen, *id)),
            [TreeNode::Namespace(id, ns)] => ("WORKLOAD", workloads(seen, *id, ns)),
            [TreeNode::Workload(id, ns, kind, name)] => ("POD", pods(seen, *id, ns, *kind, name)),
            [TreeNode::Pod(id, ns, name)] => {
                self.about = pod::words(seen, *id, ns, name);
                ("POD", Vec::new())
            }
            [TreeNode::App(ns, kind, name)] => ("CLUSTER", app(seen, &clusters, ns, *kind, name)),
            [TreeNode::Namespaces(ns)] => ("CLUSTER", namespace_in(seen, &clusters, ns)),
            [] => ("CLOUD", clouds(seen, &clusters)),
            _ => ("CLUSTER", clusters.iter().map(|c| cluster_line(seen, c)).collect()),
        };
        self.title = title;
        self.lines = lines;
    }

    /// Those of the columns that are shown.
    fn shown_cells(&self, line: &Line, ascii: bool) -> Vec<String> {
        let mut cells = self.cells(line, ascii, self.size.1).to_vec();
        if self.title != "CLOUD" {
            cells.remove(CLUSTERS);
        }
        cells
    }

    fn cells(&self, line: &Line, ascii: bool, width: u16) -> [String; 8] {
        let t = &line.tally;
        let number = |n: u32| if n == 0 { "–".to_owned() } else { show_count(n as usize) };
        let pods = t.pods_words();
        if let Some(trouble) = &line.trouble {
            return [
                line.name.clone(),
                if line.clusters > 1 { line.clusters.to_string() } else { String::new() },
                number(t.nodes),
                // Of what cannot be read none is not known.
                if t.pods + t.unwatched == 0 { "–".to_owned() } else { pods },
                trouble.clone(),
                String::new(),
                String::new(),
                bad_words(line, ascii),
            ];
        }
        let bar = if width >= 90 { 10 } else { 5 };
        let cpu = if !t.knows_pods() {
            "–".to_owned()
        } else if t.allocatable.cpu_milli > 0 {
            format!(
                "{} {:>4}{}",
                draw::bar(t.requests.cpu_milli, t.allocatable.cpu_milli, bar, ascii),
                percent(t.requests.cpu_milli, t.allocatable.cpu_milli),
                if t.requests.cpu_milli * 100 > t.allocatable.cpu_milli * 80 { " !" } else { "" }
            )
        } else if t.requests.cpu_milli > 0 {
            show_cpu(t.requests.cpu_milli)
        } else {
            "–".to_owned()
        };
        let mem = if !t.knows_pods() {
            "–".to_owned()
        } else if t.allocatable.mem_bytes > 0 {
            percent(t.requests.mem_bytes, t.allocatable.mem_bytes)
        } else if t.requests.mem_bytes > 0 {
            show_bytes(t.requests.mem_bytes)
        } else {
            "–".to_owned()
        };
        [
            line.name.clone(),
            if line.clusters > 0 { line.clusters.to_string() } else { String::new() },
            number(t.nodes),
            pods,
            cpu,
            mem,
            line.cost.map_or_else(|| "–".to_owned(), money::show_month),
            bad_words(line, ascii),
        ]
    }
}

fn bad_words(line: &Line, ascii: bool) -> String {
    match line.bad {
        (0, 0) if line.health == Health::Ok => String::new(),
        (0, 0) => line.health.glyph(ascii).to_owned(),
        (degraded, 0) => format!("{} {degraded}", Health::Degraded.glyph(ascii)),
        (0, down) => format!("{} {down}", Health::Down.glyph(ascii)),
        (degraded, down) => {
            format!("{} {down} {} {degraded}", Health::Down.glyph(ascii), Health::Degraded.glyph(ascii))
        }
    }
}

impl Overview {
    /// How many problems it knows of.
    pub fn count(&self) -> problems::Count {
        problems::count(&self.worst)
    }

    /// Lines that should be left below the table.
    fn below(&self) -> usize {
        let section = |n: usize| if n == 0 { 0 } else { n.min(3) + 1 };
        section(self.worst.len()) + section(self.changed.len())
    }

    /// The worst problems; returns the lines it took.
    fn draw_worst(&self, seen: Seen<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
        if self.worst.is_empty() {
            let words = problems::none_words(seen.fleet, seen.preview);
            draw::text(buf, area.x + 1, area.y, &words, area.width, theme.style(Role::Muted));
            return 1;
        }
        let about = format!("{}, g p shows all", count(self.worst.len(), "problem"));
        title(theme, area, ("Worst now", &about), buf);
        let mut used = 1;
        for (y, p) in (area.y + 1..area.bottom()).zip(&self.worst) {
            let health = if p.severity == Severity::P1 { Health::Down } else { Health::Degraded };
            let since = p.since.map_or_else(String::new, |s| age::show(s, seen.now));
            draw::text(buf, area.x + 1, y, health.glyph(theme.ascii), 1, theme.health(health));
            line(theme, area, y, (&problems::headline(p, seen.fleet), &since), buf);
            used += 1;
        }
        used
    }

    fn draw_changed(&self, seen: Seen<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
        if self.changed.is_empty() || area.height < 2 {
            return;
        }
        let about = format!("{} in the last hour", self.changed.len());
        title(theme, area, ("What changed", &about), buf);
        for (y, told) in (area.y + 1..area.bottom()).zip(&self.changed) {
            let names: Vec<&str> = told
                .clusters
                .iter()
                .filter_map(|id| seen.fleet.cluster(*id))
                .map(|c| c.info.name().as_str())
                .collect();
            let place = match names.as_slice() {
                [] => String::new(),
                [one] => (*one).to_owned(),
                [a, b] => format!("{a} and {b}"),
                [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
            };
            let object = told.object.as_ref().map(Changed::words);
            let parts = [object.unwrap_or_default(), told.words.clone(), place];
            let words: Vec<&str> = parts.iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
            line(theme, area, y, (&words.join("  "), &age::show(told.at, seen.now)), buf);
        }
    }
}

/// A section's title and what it is about.
fn title(theme: &Theme, area: Rect, (title, about): (&str, &str), buf: &mut Buffer) {
    let used = draw::text(buf, area.x + 1, area.y, title, area.width, theme.style(Role::Title));
    let x = area.x + used + 3;
    draw::text(buf, x, area.y, about, area.right().saturating_sub(x), theme.style(Role::Muted));
}

/// A line with its age at the right.
fn line(theme: &Theme, area: Rect, y: u16, (words, since): (&str, &str), buf: &mut Buffer) {
    let right = area.right().saturating_sub(1);
    draw::text_right(buf, area.x, right, y, since, theme.style(Role::Muted));
    draw::text(buf, area.x + 3, y, words, right.saturating_sub(area.x + 9), theme.style(Role::Text));
}

impl Pane for Overview {
    fn prepare(&mut self, seen: Seen<'_>, size: (u16, u16)) {
        self.size = size;
        // Some rules and the last hour's changes move with the time alone.
        let nodes = format!("{:?}", seen.preview.tree_nodes().collect::<Vec<_>>());
        let state = (seen.fleet.revision, seen.now.as_second() / 10, nodes);
        let elsewhere = self.seen.as_ref().is_none_or(|seen| seen.2 != state.2);
        if elsewhere || (self.seen.as_ref() != Some(&state) && self.pace.allows(PARTS, seen.fleet)) {
            // One level in the cursor begins at the top; one level out it is on what one comes from.
            let from = self.seen.take().map(|(.., nodes)| nodes).filter(|nodes| *nodes != state.2);
            self.seen = Some(state);
            let mut pace = self.pace;
            pace.work(|| self.collect(seen));
            self.pace = pace;
            if let Some(from) = from {
                let is = |l: &Line| l.node.as_ref().is_some_and(|n| format!("[{n:?}]") == from);
                self.list.set_len(self.lines.len());
                self.list.go(self.lines.iter().position(is).unwrap_or(0));
            }
        }
        if let [TreeNode::Cluster(id)] = seen.preview.tree_nodes().collect::<Vec<_>>().as_slice() {
            self.about = cluster::words(seen, *id, size.1);
        }
        let room = usize::from(size.0.saturating_sub(1));
        let below = self.below();
        let most = if below == 0 { room } else { room.saturating_sub(below + 2).max(room / 2) };
        self.list.set_page(most.min(self.lines.len().max(1)));
        self.list.set_len(self.lines.len());
        let columns = columns(self.title);
        self.widths.clear();
        for line in &self.lines {
            let cells = self.shown_cells(line, false);
            self.widths.grow(&columns, cells.iter().map(String::as_str));
        }
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let mut all = seen.fleet.in_scope(seen.preview);
        match (all.next(), all.count()) {
            (Some(one), 0) => cluster::heading(one, seen.now),
            (first, more) => {
                let clusters = count(usize::from(first.is_some()) + more, "cluster");
                let mut all = Traffic::default();
                seen.fleet.in_scope(seen.preview).for_each(|c| all += c.traffic);
                let words = all.words();
                if words.is_empty() { clusters } else { format!("{clusters}   {words}") }
            }
        }
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        let mut y = area.y;
        if self.about.is_empty() {
            let height = u16::try_from(self.list.window().len()).unwrap_or(0) + 1;
            let columns = columns(self.title);
            let table = Rect { height: height.min(area.height), ..area };
            draw_table(buf, table, theme, (&columns, &self.widths), &self.list, focused, |i| {
                let Some(line) = self.lines.get(i) else { return DrawnRow::default() };
                let bad = theme.health(line.health);
                let cells = self
                    .shown_cells(line, theme.ascii)
                    .into_iter()
                    .zip(&columns)
                    .map(|(text, column)| match &*column.title {
                        "PROBLEMS" => DrawnCell::styled(text, bad),
                        "CPU req/alloc" if line.trouble.is_some() => DrawnCell::styled(text, bad),
                        "CPU req/alloc" => DrawnCell::styled(text, theme.style(Role::Graph)),
                        _ => DrawnCell::plain(text),
                    })
                    .collect();
                DrawnRow { cells, sign: None }
            });
            y += height;
        } else {
            for line in &self.about {
                if y >= area.bottom() {
                    return;
                }
                draw::text(buf, area.x + 1, y, line, area.width.saturating_sub(1), theme.style(Role::Text));
                y += 1;
            }
        }
        y += 1;
        if y + 1 >= area.bottom() {
            return;
        }
        let rest = Rect { y, height: area.bottom() - y, ..area };
        // What is worst comes first; what changed takes what is left, a few lines at least where there is room.
        let changed = u16::try_from(self.changed.len()).unwrap_or(u16::MAX).min(rest.height / 3).min(8);
        let changed = if self.changed.is_empty() || changed == 0 { 0 } else { changed + 2 };
        let worst = Rect { height: rest.height - changed, ..rest };
        let used = self.draw_worst(seen, theme, worst, buf);
        let y = rest.y + used + 1;
        self.draw_changed(seen, theme, Rect { y, height: area.bottom().saturating_sub(y), ..area }, buf);
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            return Vec::new();
        }
        match (action, self.lines.get(self.list.cursor).and_then(|l| l.node.clone())) {
            (Action::Open, Some(node)) => {
                let rows = matches!(node, TreeNode::Workload(..) | TreeNode::Pod(..));
                vec![Effect::Drill(Drill {
                    nodes: vec![node],
                    lens: rows.then(|| Lens::of(Kind::Pod)),
                    cursor: None,
                })]
            }
            _ => Vec::new(),
        }
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["overview", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::GotoResources,
            Action::GotoProblems,
            Action::GotoLogs,
            Action::GotoCosts,
            Action::Connect,
        ]
    }
}
