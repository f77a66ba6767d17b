//! Resources: the rows of one kind over the scope, with a CLUSTER column.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::filter::Filter;
use crate::domain::health::Health;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::quantity::show_count;
use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, Load, Phase};
use crate::fleet::table::{self, Column, RowRef};
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Look, Prompt};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Place,
    Name,
    Age,
    Status,
    Namespace,
}

const CLUSTER: Column = Column { title: "CLUSTER", right: false, wide: false, rank: 0, most: 22 };

/// The pane's state.
pub struct Resources {
    kind: Kind,
    rows: Vec<ObjectKey>,
    /// Rows in scope before the filter.
    total: usize,
    list: List,
    cursor: Option<ObjectKey>,
    marks: BTreeSet<ObjectKey>,
    filter: String,
    namespace: Option<String>,
    faults: bool,
    sort: Sort,
    reverse: bool,
    columns: Vec<Column>,
    widths: Widths,
    seen: Option<u64>,
    changes: u64,
    seen_changes: u64,
    /// Images of the same workload in several clusters that are not the most frequent one.
    odd: BTreeSet<ObjectKey>,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            kind: Kind::Pod,
            rows: Vec::new(),
            total: 0,
            list: List::default(),
            cursor: None,
            marks: BTreeSet::new(),
            filter: String::new(),
            namespace: None,
            faults: false,
            sort: Sort::Place,
            reverse: false,
            columns: Vec::new(),
            widths: Widths::default(),
            seen: None,
            changes: 1,
            seen_changes: 0,
            odd: BTreeSet::new(),
        }
    }
}

/// The row of a key.
fn row_of<'a>(cluster: &'a Cluster, key: &ObjectKey) -> Option<RowRef<'a>> {
    match key.kind {
        Kind::Pod => cluster.pod(&key.namespace, &key.name).map(RowRef::Pod),
        Kind::Node => cluster.node(&key.name).map(RowRef::Node),
        Kind::Namespace => cluster.namespaces().find(|n| n.meta.name == key.name).map(RowRef::Namespace),
        k if k.is_workload() => cluster.workload(k, &key.namespace, &key.name).map(RowRef::Workload),
        k => cluster.other(k, &key.namespace, &key.name).map(RowRef::Other),
    }
}

/// The rows of a kind of one cluster that are in scope.
fn rows_of<'a>(
    cluster: &'a Cluster,
    kind: Kind,
    scope: &'a Scope,
) -> Box<dyn Iterator<Item = RowRef<'a>> + 'a> {
    let at = cluster.info.at();
    match kind {
        Kind::Pod => Box::new(
            cluster
                .pods()
                .filter(move |p| {
                    let workload = p.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
                    scope.covers(at, &p.meta.namespace, workload, Some(&p.meta.name))
                })
                .map(RowRef::Pod),
        ),
        Kind::Node => Box::new(cluster.nodes().filter(move |_| scope.covers_cluster(at)).map(RowRef::Node)),
        Kind::Namespace => Box::new(
            cluster
                .namespaces()
                .filter(move |n| scope.touches_namespace(at, &n.meta.name))
                .map(RowRef::Namespace),
        ),
        k if k.is_workload() => Box::new(
            cluster
                .workloads_of(k)
                .filter(move |w| {
                    scope.covers(at, &w.meta.namespace, Some((k.info().name, &w.meta.name)), None)
                })
                .map(RowRef::Workload),
        ),
        k if k.info().namespaced => Box::new(
            cluster
                .others(k)
                .filter(move |o| scope.touches_namespace(at, &o.meta.namespace))
                .map(RowRef::Other),
        ),
        k => Box::new(cluster.others(k).filter(move |_| scope.covers_cluster(at)).map(RowRef::Other)),
    }
}

impl Resources {
    /// Which kind is shown.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What is in scope has changed: the rows are worked out anew.
    pub fn touch(&mut self) {
        self.changes += 1;
    }

    /// Shows another kind.
    pub fn show(&mut self, kind: Kind) {
        if self.kind != kind {
            self.kind = kind;
            self.marks.clear();
            self.filter.clear();
            self.cursor = None;
            self.list = List { page: self.list.page, ..List::default() };
            self.widths.clear();
        }
        self.changes += 1;
    }

    /// Narrows to one namespace, or to none.
    pub fn in_namespace(&mut self, namespace: Option<String>) {
        self.namespace = namespace.filter(|n| !n.is_empty() && n != "all");
        self.changes += 1;
    }

    /// Puts the cursor on an object.
    pub fn point_at(&mut self, key: ObjectKey) {
        self.show(key.kind);
        self.cursor = Some(key);
    }

    fn cell_texts(cluster: &Cluster, row: RowRef<'_>, now: Timestamp) -> Vec<table::Cell> {
        let mut out = vec![table::Cell::from(cluster.info.name().to_string())];
        out.extend(table::cells(cluster, row, now));
        out
    }

    fn collect(&mut self, seen: Seen<'_>) {
        let filter = Filter::parse(&self.filter).ok().filter(|_| !self.filter.is_empty());
        let mut found: Vec<(ObjectKey, SortKey)> = Vec::new();
        self.total = 0;
        for cluster in seen.fleet.in_scope(seen.preview) {
            for row in rows_of(cluster, self.kind, seen.preview) {
                let meta = row.meta();
                if self
                    .namespace
                    .as_deref()
                    .is_some_and(|ns| !meta.namespace.is_empty() && meta.namespace != ns)
                {
                    continue;
                }
                self.total += 1;
                let health = row.health(seen.now);
                if self.faults && !health.is_bad() {
                    continue;
                }
                if let Some(filter) = &filter {
                    let cells = Self::cell_texts(cluster, row, seen.now);
                    let texts: Vec<&str> = cells.iter().map(|c| c.text.as_str()).collect();
                    if !filter.matches(&texts) {
                        continue;
                    }
                }
                let key = ObjectKey {
                    cluster: cluster.id(),
                    kind: self.kind,
                    namespace: meta.namespace.clone(),
                    name: meta.name.clone(),
                };
                let sort = match self.sort {
                    Sort::Place => SortKey::Place,
                    Sort::Name => SortKey::Text(meta.name.to_string()),
                    Sort::Namespace => SortKey::Text(meta.namespace.to_string()),
                    Sort::Age => SortKey::Number(-meta.created.map_or(i64::MIN, Timestamp::as_second)),
                    Sort::Status => SortKey::Number(-i64::try_from(health.index()).unwrap_or(0)),
                };
                found.push((key, sort));
            }
        }
        if self.sort != Sort::Place {
            found.sort_by(|a, b| a.1.cmp(&b.1));
            if self.reverse {
                found.reverse();
            }
        }
        self.rows = found.into_iter().map(|(key, _)| key).collect();
        self.odd = odd_images(seen.fleet, self.kind, &self.rows);
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Place,
    Number(i64),
    Text(String),
}

/// Workloads of one namespace, kind and name in several clusters whose image is not the one most of them have.
fn odd_images(fleet: &Fleet, kind: Kind, rows: &[ObjectKey]) -> BTreeSet<ObjectKey> {
    use std::collections::BTreeMap;
    if !kind.is_workload() {
        return BTreeSet::new();
    }
    let mut apps: BTreeMap<(&str, &str), Vec<(&ObjectKey, String)>> = BTreeMap::new();
    for key in rows {
        let image = fleet
            .cluster(key.cluster)
            .and_then(|c| row_of(c, key))
            .and_then(|r| r.image())
            .unwrap_or_default();
        apps.entry((&key.namespace, &key.name)).or_default().push((key, image));
    }
    let mut odd = BTreeSet::new();
    for places in apps.values().filter(|p| p.len() > 1) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, image) in places {
            *counts.entry(image).or_default() += 1;
        }
        let most = counts.iter().max_by_key(|(_, n)| **n).map_or("", |(image, _)| *image);
        if counts.len() > 1 {
            odd.extend(places.iter().filter(|(_, image)| image != most).map(|(key, _)| (*key).clone()));
        }
    }
    odd
}

impl Pane for Resources {
    fn prepare(&mut self, seen: Seen<'_>, (rows, _): (u16, u16)) {
        self.columns = vec![CLUSTER];
        self.columns.extend(table::columns(self.kind).into_iter().filter(|c| seen.wide || !c.wide));
        if self.seen != Some(seen.fleet.revision) || self.seen_changes != self.changes {
            self.seen = Some(seen.fleet.revision);
            self.seen_changes = self.changes;
            self.collect(seen);
        }
        self.list.set_page(usize::from(rows.saturating_sub(1)));
        self.list.set_len(self.rows.len());
        if let Some(at) = self.cursor.as_ref().and_then(|c| self.rows.iter().position(|r| r == c)) {
            self.list.go(at);
        }
        self.cursor = self.rows.get(self.list.cursor).cloned();
        // Widths from a sample of all rows and from those in the window.
        let step = (self.rows.len() / 64).max(1);
        let window = self.list.window();
        for key in self.rows.iter().step_by(step).chain(self.rows.get(window).unwrap_or(&[])) {
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { continue };
            let Some(row) = row_of(cluster, key) else { continue };
            let cells = Self::cell_texts(cluster, row, seen.now);
            let shown = cells.iter().zip(all_columns(self.kind)).filter(|(_, c)| seen.wide || !c.wide);
            self.widths.grow(&self.columns, shown.map(|(c, _)| c.text.as_str()));
        }
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let mut out = self.kind.info().plural.to_owned();
        if let Some(ns) = &self.namespace {
            out.push_str(&format!("  ns {ns}"));
        }
        if !self.filter.is_empty() {
            out.push_str(&format!("  /{}", self.filter));
        }
        if self.faults {
            out.push_str("  faults only");
        }
        if !self.marks.is_empty() {
            out.push_str(&format!("  {} marked", self.marks.len()));
        }
        let count = if self.rows.len() == self.total {
            show_count(self.total)
        } else {
            format!("{} of {}", show_count(self.rows.len()), show_count(self.total))
        };
        out.push_str(&format!("  {count}"));
        let (loading, done, total) = seen.fleet.loading(seen.preview, self.kind);
        if loading > 0 {
            let of = total.map_or_else(|| "?".to_owned(), show_count);
            out.push_str(&format!("  loading {loading} clusters ({} of {of})", show_count(done)));
        }
        out
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.rows.is_empty() {
            let words = empty_words(seen, self.kind, self.total, !self.filter.is_empty() || self.faults);
            for (y, line) in (area.y + 1..area.bottom()).zip(words) {
                draw::text(buf, area.x + 2, y, &line, area.width.saturating_sub(2), theme.style(Role::Muted));
            }
            return;
        }
        let all = all_columns(self.kind);
        draw_table(buf, area, theme, (&self.columns, &self.widths), &self.list, focused, |i| {
            let Some(key) = self.rows.get(i) else { return DrawnRow::default() };
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { return DrawnRow::default() };
            let Some(row) = row_of(cluster, key) else { return DrawnRow::default() };
            let odd = self.odd.contains(key);
            let stale = !matches!(cluster.phase, Phase::Live | Phase::Syncing { .. });
            let cells = Self::cell_texts(cluster, row, seen.now)
                .into_iter()
                .zip(&all)
                .filter(|(_, c)| seen.wide || !c.wide)
                .map(|(cell, column)| {
                    let style = if column.title == "CLUSTER" {
                        Some(theme.environment(cluster.info.environment))
                    } else if stale {
                        Some(theme.style(Role::Muted))
                    } else {
                        cell.health.filter(|h| *h != Health::Ok).map(|h| theme.health(h))
                    };
                    let text = if odd && column.title == "IMAGE" {
                        format!("{} {}", cell.text, if theme.ascii { "!=" } else { "≠" })
                    } else {
                        cell.text
                    };
                    DrawnCell { text, style }
                })
                .collect();
            let health = row.health(seen.now);
            let sign = if self.marks.contains(key) {
                Some((if theme.ascii { "*" } else { "✓" }, theme.style(Role::Mark)))
            } else if health == Health::Ok {
                None
            } else {
                Some((health.glyph(theme.ascii), theme.health(health)))
            };
            DrawnRow { cells, sign }
        });
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.list.act(action) {
            self.cursor = self.rows.get(self.list.cursor).cloned();
            return Vec::new();
        }
        let sorted = match action {
            Action::SortName => Some(Sort::Name),
            Action::SortAge => Some(Sort::Age),
            Action::SortStatus => Some(Sort::Status),
            Action::SortNamespace => Some(Sort::Namespace),
            _ => None,
        };
        if let Some(sort) = sorted {
            self.reverse = self.sort == sort && !self.reverse;
            self.sort = sort;
            self.changes += 1;
            return Vec::new();
        }
        let Some(key) = self.cursor.clone() else { return Vec::new() };
        match action {
            Action::Mark => {
                if !self.marks.remove(&key) {
                    self.marks.insert(key);
                }
                self.list.act(Action::Down);
                self.cursor = self.rows.get(self.list.cursor).cloned();
            }
            Action::ClearMarks => self.marks.clear(),
            Action::FaultsOnly => {
                self.faults = !self.faults;
                self.changes += 1;
            }
            Action::AllNamespaces => self.in_namespace(None),
            Action::Back if !self.marks.is_empty() => self.marks.clear(),
            Action::Back if !self.filter.is_empty() => {
                self.filter.clear();
                self.changes += 1;
            }
            Action::Open => return self.open(&key),
            Action::Scale => {
                let targets: Vec<ObjectKey> =
                    self.targets(seen).into_iter().filter(|k| k.kind.is_scalable()).collect();
                return if targets.is_empty() {
                    vec![Effect::complain("only deployments, stateful sets and replica sets can be scaled")]
                } else {
                    vec![Effect::Prompt(Prompt::Scale(targets))]
                };
            }
            _ => {}
        }
        Vec::new()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["resources", "table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[
            Action::Describe,
            Action::Logs,
            Action::Yaml,
            Action::Scale,
            Action::Mark,
            Action::Filter,
            Action::Wide,
        ]
    }

    fn targets(&self, _seen: Seen<'_>) -> Vec<ObjectKey> {
        if self.marks.is_empty() {
            self.cursor.iter().cloned().collect()
        } else {
            self.marks.iter().cloned().collect()
        }
    }

    fn filter(&mut self, text: &str) -> Result<(), String> {
        Filter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.filter);
        self.changes += 1;
        Ok(())
    }

    fn filter_text(&self) -> &str {
        &self.filter
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        self.changes += 1;
        Vec::new()
    }

    fn text(&self, seen: Seen<'_>) -> String {
        let mut out = String::from("CLUSTER");
        for c in table::columns(self.kind) {
            out.push('\t');
            out.push_str(c.title);
        }
        out.push('\n');
        for key in &self.rows {
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { continue };
            let Some(row) = row_of(cluster, key) else { continue };
            let cells = Self::cell_texts(cluster, row, seen.now);
            out.push_str(&cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join("\t"));
            out.push('\n');
        }
        out
    }
}

impl Resources {
    /// Where Enter leads, as in k9s: workload to its pods, node to its pods, namespace to its pods, pod to its logs.
    fn open(&mut self, key: &ObjectKey) -> Vec<Effect> {
        use crate::domain::scope::TreeNode;
        match key.kind {
            Kind::Pod => vec![Effect::Look(Look::Describe, key.clone())],
            Kind::Namespace => {
                self.show(Kind::Pod);
                vec![Effect::Scope(vec![TreeNode::Namespace(key.cluster, key.name.clone())])]
            }
            k if k.is_workload() => {
                self.show(Kind::Pod);
                vec![Effect::Scope(vec![TreeNode::Workload(
                    key.cluster,
                    key.namespace.clone(),
                    k,
                    key.name.clone(),
                )])]
            }
            Kind::Node => {
                self.show(Kind::Pod);
                let _ = self.filter(&key.name);
                Vec::new()
            }
            _ => vec![Effect::Look(Look::Describe, key.clone())],
        }
    }
}

fn all_columns(kind: Kind) -> Vec<Column> {
    let mut all = vec![CLUSTER];
    all.extend(table::columns(kind));
    all
}

/// What an empty table says: loading, refused, nothing there, or nothing left by the filter.
fn empty_words(seen: Seen<'_>, kind: Kind, total: usize, filtered: bool) -> Vec<String> {
    let plural = kind.info().plural;
    let mut out = Vec::new();
    let (loading, done, of) = seen.fleet.loading(seen.preview, kind);
    if loading > 0 {
        let of = of.map_or_else(|| "?".to_owned(), show_count);
        out.push(format!("loading {plural} from {loading} clusters: {} of {of}", show_count(done)));
    }
    if filtered && total > 0 {
        out.push(format!("none of {} {plural} matches; Esc clears the filter", show_count(total)));
    } else if loading == 0 {
        out.push(format!("no {plural} here"));
    }
    for cluster in seen.fleet.in_scope(seen.preview) {
        let name = cluster.info.name();
        match (&cluster.phase, cluster.loads.get(&kind)) {
            (_, Some(Load::Refused(cause))) => out.push(format!("{name}: {cause}")),
            (Phase::Live | Phase::Connecting { .. } | Phase::Syncing { .. }, _) => {}
            (phase, _) => {
                let cause = phase.cause().map_or_else(String::new, |c| format!(": {c}"));
                out.push(format!("{name} is {}{cause}", phase.word()));
            }
        }
    }
    out
}
