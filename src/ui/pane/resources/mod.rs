//! Resources: the rows of one kind over the scope, with a CLUSTER column.

mod complete;
mod empty;
mod found;
mod rows;
mod sorting;
mod sought;
pub mod view;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::filter::fuzzy::Scratch;
use crate::domain::health::Health;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kind;
use crate::domain::quantity::{count, show_count};
use crate::fleet::cluster::{Cluster, Why};
use crate::fleet::phase::Phase;
use crate::fleet::table::{self, Column, RowRef};
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Job, Said};
use crate::ui::lens::Lens;
use crate::ui::pace::Pace;
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::keys::{At, Keys};
use crate::ui::widget::rows::Rows;
use crate::ui::widget::scroll::Scroll;
use crate::ui::widget::sorting::Sorting;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

use empty::{empty_words, lack_words, narrowing};
use found::{Asked, Found, Lists, sorted, sorted_again};
use rows::{odd_images, row_of};
use sorting::Sorter;
use sought::Sought;
use view::Source;

/// Working rows out anew may take one part in so many of the time.
const PARTS: u32 = 20;

/// Rows of a certain age are looked for anew after so many seconds.
const TIME_STEP: i64 = 5;

/// The pane's state.
#[derive(Default)]
pub struct Resources {
    lens: Lens,
    rows: Rows<ObjectKey>,
    /// Rows in scope before the filter.
    total: usize,
    sorting: Sorting,
    /// What rows of other kinds were sorted by.
    sortings: BTreeMap<Kind, Sorting>,
    columns: Vec<Column>,
    /// What each of the columns shows.
    sources: Vec<Source>,
    /// The kinds that were shown before: the sorting of a view is for the first time.
    viewed: BTreeSet<Kind>,
    widths: Widths,
    scroll: Scroll,
    /// The rows of the clusters, kept for the filter.
    found: Found,
    /// The fuzzy search.
    sought: Sought,
    /// What was looked at last: by which stamp, how many clusters, the newest of them, and when, where that matters.
    seen: Option<(bool, (usize, u64), i64)>,
    /// How often rows are worked out.
    pace: Pace,
    /// Images of the same workload in several clusters that are not the most frequent one.
    odd: BTreeSet<ObjectKey>,
}

impl Resources {
    /// Which kind is shown.
    pub fn kind(&self) -> Kind {
        self.lens.kind
    }

    /// Which rows are shown.
    pub fn lens(&self) -> &Lens {
        &self.lens
    }

    /// Shows other rows; they begin without filter and marks.
    pub fn look_through(&mut self, lens: Lens) {
        self.turn_to(lens.kind);
        self.lens = lens;
        self.found.forget();
        self.rows.clear();
        self.widths.clear();
    }

    /// What is in scope has changed: the rows are worked out anew.
    pub fn touch(&mut self) {
        self.found.forget();
        self.rows.touch();
    }

    /// Shows another kind.
    pub fn show(&mut self, kind: Kind) {
        if self.lens.kind != kind {
            self.turn_to(kind);
            self.lens.node = None;
            self.rows.clear();
            self.widths.clear();
        }
        self.touch();
    }

    /// Another kind: how rows of this one were sorted is kept for when they are shown again.
    fn turn_to(&mut self, kind: Kind) {
        let before = std::mem::replace(&mut self.lens.kind, kind);
        if before != kind {
            self.scroll.reset();
            let sorting = self.sortings.remove(&kind).unwrap_or_default();
            self.sortings.insert(before, std::mem::replace(&mut self.sorting, sorting));
        }
    }

    /// Narrows to one namespace, or to none.
    pub fn in_namespace(&mut self, namespace: Option<String>) {
        self.lens.namespace = namespace.filter(|n| !n.is_empty() && n != "all");
        self.touch();
    }

    /// Makes ready what a filter that is being typed will want, a little at a time; false when all is ready.
    pub fn warm(&mut self, seen: Seen<'_>) -> bool {
        self.found.warm(seen, &self.lens, 8)
    }

    /// Puts the cursor on an object.
    pub fn point_at(&mut self, key: ObjectKey) {
        self.show(key.kind);
        self.rows.point_at(key);
    }

    fn cell_texts(cluster: &Cluster, row: RowRef<'_>, now: Timestamp) -> Vec<table::Cell> {
        let mut out = vec![table::Cell::from(cluster.info.name().to_string())];
        out.extend(table::cells(cluster, row, now));
        out
    }

    fn collect(&mut self, seen: Seen<'_>) {
        let query = self.rows.filtering();
        let all = seen.fleet.columns(self.lens.kind);
        let own = view::own(&self.columns, &self.sources);
        let asked = Asked {
            lens: &self.lens,
            query: query.as_deref(),
            sorter: Sorter::new(&self.sorting, &all, &own),
        };
        let (found, sought) = (&mut self.found, &mut self.sought);
        let (total, lists, order) = self.pace.work(|| {
            let mut pieces = found.pieces(seen, asked);
            let total = pieces.iter().map(|p| p.keys.len()).sum();
            let order = match query.as_ref().and_then(|q| q.fuzzy.as_ref()) {
                Some(fuzzy) => sought.look(fuzzy, &mut pieces),
                None => {
                    sought.end();
                    Some(sorted(seen, asked, &pieces))
                }
            };
            (total, pieces.into_iter().map(|p| p.keys).collect(), order)
        });
        self.total = total;
        if let Some(order) = order {
            let is_fuzzy = query.as_ref().is_some_and(|q| q.fuzzy.is_some());
            self.show_rows(seen, lists, order, is_fuzzy);
        }
    }

    /// Shows these rows: those of a fuzzy search are sorted where a person chose by what.
    fn show_rows(&mut self, seen: Seen<'_>, lists: Lists, mut order: Vec<At>, is_fuzzy: bool) {
        if is_fuzzy && !self.sorting.is_by_place() {
            let all = seen.fleet.columns(self.lens.kind);
            let own = view::own(&self.columns, &self.sources);
            let asked =
                Asked { lens: &self.lens, query: None, sorter: Sorter::new(&self.sorting, &all, &own) };
            order = sorted_again(seen, asked, lists.clone(), order);
        }
        self.rows.set(Keys::new(lists, order));
        self.odd = odd_images(seen.fleet, self.lens.kind, self.rows.keys());
    }

    /// A filter that is being typed, completed in each way.
    pub fn complete(&self, seen: Seen<'_>, text: &str) -> Vec<String> {
        complete::complete(seen, &self.lens, text)
    }

    /// A search that the loop is to start beside it.
    pub fn job(&mut self) -> Option<Job> {
        self.sought.job()
    }

    /// Whether a change of the data is followed now: it may make other rows, and the last time is long enough ago that keys
    /// and drawing have most of the processor.
    fn follows(&mut self, seen: Seen<'_>) -> bool {
        // Without filter and sorting by what changes, only a row that comes or goes makes others.
        let by_shape = self.rows.filter_text().is_empty()
            && !self.lens.faults
            && self.lens.node.is_none()
            && self.sorting.is_by_shape()
            && !self.lens.kind.is_workload();
        let stamp = |c: &Cluster| if by_shape { c.shape } else { c.revision };
        let in_scope = seen.fleet.in_scope(seen.preview);
        let state = in_scope.fold((0, 0), |(n, newest), c| (n + 1, stamp(c).max(newest)));
        // What is asked of ages changes with the time.
        let is_of_time = self.rows.filtering().is_some_and(|query| query.is_of_time());
        let time = if is_of_time { seen.now.as_second() / TIME_STEP } else { 0 };
        let stamps = Some((by_shape, state, time));
        let is_same = self.seen == stamps && !self.found.is_behind();
        if is_same || !self.pace.allows(PARTS, seen.fleet) || !self.sought.may_look_again() {
            return false;
        }
        self.seen = stamps;
        true
    }
}

impl Pane for Resources {
    fn prepare(&mut self, seen: Seen<'_>, (rows, across): (u16, u16)) {
        self.scroll.set_across(across);
        let view = seen.tables.of(self.lens.kind);
        let of_one = self.lens.namespace.is_some() || seen.preview.is_of_one_namespace();
        let all = view::all(seen.fleet, self.lens.kind);
        let shown = view::scrolled(view::shown(&all, view, seen.wide, of_one), self.scroll);
        // Rows may be sorted by what is not shown just now.
        let is_column = |title: &str| view::has(&all, view, title);
        (self.columns, self.sources) = shown.into_iter().unzip();
        // As soon as there is that column: those of some kinds come with their rows.
        if let Some(sort) = view.and_then(|view| view.sort.as_deref()).map(Sorting::by)
            && sort.column().is_some_and(is_column)
            && self.viewed.insert(self.lens.kind)
        {
            self.sorting = sort;
            self.rows.touch();
        }
        self.sorting.keep_to(is_column);
        // The worst are seen first where rows are sorted by how they are.
        let falls = self.sorting.is_falling() != (self.sorting.column() == Some("STATUS"));
        self.widths.sorted(self.sorting.column(), falls);
        self.widths.choose(self.sorting.chosen());
        if self.rows.take_stale() || self.follows(seen) {
            self.collect(seen);
        } else if let Some((lists, order)) = self.sought.answer() {
            self.show_rows(seen, lists, order, true);
        }
        self.rows.settle(rows.saturating_sub(1));
        // Widths from a sample of all rows and from those in the window.
        let keys = self.rows.keys();
        let step = (keys.len() / 64).max(1);
        for key in keys.iter().step_by(step).chain(keys.some(self.rows.list.window())) {
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { continue };
            let Some(row) = row_of(cluster, key) else { continue };
            let cells = Self::cell_texts(cluster, row, seen.now);
            let shown: Vec<table::Cell> = self.sources.iter().map(|s| view::cell(&cells, row, s)).collect();
            self.widths.grow(&self.columns, shown.iter().map(|c| c.text.as_str()));
        }
    }

    fn heading(&self, seen: Seen<'_>) -> String {
        let mut out = self.lens.kind.full();
        if let Some(node) = &self.lens.node {
            out.push_str(&format!("  on {node}"));
        }
        if let Some(ns) = self.lens.namespace.as_ref().filter(|_| self.lens.kind.info().namespaced) {
            out.push_str(&format!("  ns {ns}"));
        }
        if self.lens.faults {
            out.push_str("  faults only");
        }
        out.push_str(&self.rows.words());
        let shown = self.rows.keys().len();
        let (loading, done, total) = seen.fleet.loading(seen.preview, self.lens.kind);
        let of_all = if shown == 0 && self.total == 0 && loading > 0 {
            "–".to_owned()
        } else if shown == self.total {
            show_count(self.total)
        } else {
            format!("{} of {}", show_count(shown), show_count(self.total))
        };
        out.push_str(&format!("  {of_all}"));
        if self.sought.is_under_way() {
            out.push_str("  looking …");
        }
        if !self.odd.is_empty() {
            let n = count(self.odd.len(), "image");
            out.push_str(&format!("  ≠ {n} unlike in most clusters"));
        }
        if loading > 0 {
            let of = total.map_or_else(|| "?".to_owned(), show_count);
            out.push_str(&format!("  loading {} ({} of {of})", count(loading, "cluster"), show_count(done)));
        }
        let counted = if self.lens.kind == Kind::Pod { seen.fleet.counted(seen.preview) } else { 0 };
        if counted > 0 {
            let clusters = count(counted, "cluster");
            out.push_str(&format!("  not all pods of {clusters} are watched: open a namespace"));
        }
        // What is not current is said where the rows are, not only on an empty page.
        let mut lacks = seen
            .fleet
            .in_scope(seen.preview)
            .filter_map(|c| Some((c, c.loads.get(&self.lens.kind)?.lack()?)))
            .filter(|(_, lack)| lack.why != Why::NotServed);
        if let Some((cluster, lack)) = lacks.next() {
            // Those of which nothing is known are no better.
            let is_absent =
                |c: &&Cluster| c.phase.cause().is_some() && !c.loads.contains_key(&self.lens.kind);
            let absent = seen.fleet.in_scope(seen.preview).filter(is_absent).count();
            let more = match lacks.count() + absent {
                0 => String::new(),
                n => format!(" (and {n} more clusters)"),
            };
            out.push_str(&format!("  {}: {}{more}", cluster.info.name(), lack_words(lack, seen.now)));
        }
        out
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.rows.keys().is_empty() {
            let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            let words = empty_words(
                seen,
                self.lens.kind,
                self.total,
                &narrowing(self.rows.filter_text(), &self.lens),
            );
            draw::words(buf, below, words, theme.style(Role::Muted));
            return;
        }
        let query = self.rows.filtering();
        let mut scratch = Scratch::default();
        draw_table(buf, area, theme, (&self.columns, &self.widths), &self.rows.list, focused, |i| {
            let Some(key) = self.rows.get(i) else { return DrawnRow::default() };
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { return DrawnRow::default() };
            let Some(row) = row_of(cluster, key) else { return DrawnRow::default() };
            let odd = self.odd.contains(key);
            let stale = !matches!(cluster.phase, Phase::Live | Phase::Syncing { .. })
                || cluster.loads.get(&self.lens.kind).is_some_and(|load| load.lack().is_some());
            let texts = Self::cell_texts(cluster, row, seen.now);
            let mut letters: Vec<Vec<usize>> = query.as_ref().map_or_else(Vec::new, |query| {
                query.letters(&texts.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>(), &mut scratch)
            });
            letters.resize(texts.len(), Vec::new());
            let cells = self
                .sources
                .iter()
                .zip(&self.columns)
                .map(|(source, column)| {
                    let cell = view::cell(&texts, row, source);
                    let letters = match source {
                        Source::Cell(n) => letters.get_mut(*n).map(std::mem::take).unwrap_or_default(),
                        Source::Beside(_) => Vec::new(),
                    };
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
                    DrawnCell { text, style, letters }
                })
                .collect();
            let sign = self.rows.sign(key, row.health(seen.now), theme);
            DrawnRow { cells, sign }
        });
    }

    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect> {
        if self.rows.act(action) || self.scroll.act(action, &self.columns, &self.widths) {
            return Vec::new();
        }
        if let Some(title) = Sorting::wanted(action)
            && !self.columns.iter().any(|c| c.title == title)
        {
            let is_hidden = view::all(seen.fleet, self.lens.kind).iter().any(|c| c.title == title);
            let more = if is_hidden { "; the wide table has it" } else { "" };
            return vec![Effect::complain(format!("there is no column {title} here{more}"))];
        }
        if self.sorting.act(action, &self.columns) {
            self.rows.touch();
            // Its row is looked for from the top, so that what the sorting brought up is seen.
            self.rows.list.offset = 0;
            return Vec::new();
        }
        match action {
            Action::FaultsOnly => {
                self.lens.faults = !self.lens.faults;
                self.rows.touch();
            }
            Action::AllNamespaces => self.in_namespace(None),
            Action::ChooseNext | Action::ChoosePrev => {
                let drawn = self.scroll.drawn(&self.columns, &self.widths);
                self.sorting.choose(&drawn, action == Action::ChooseNext);
            }
            Action::ShowNode | Action::ShowOwner => return ways::from_pod(seen, self.rows.cursor(), action),
            Action::Open => {
                return self.rows.cursor().map_or_else(Vec::new, ways::open);
            }
            Action::Scale => return ways::scale(self.targets(seen)),
            _ => {}
        }
        Vec::new()
    }

    fn takes_left(&self) -> bool {
        self.scroll.takes_left()
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

    fn rows(&self) -> Option<&Rows<ObjectKey>> {
        Some(&self.rows)
    }

    fn rows_mut(&mut self) -> Option<&mut Rows<ObjectKey>> {
        Some(&mut self.rows)
    }

    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        self.touch();
        Vec::new()
    }

    fn hear(&mut self, said: &Said, _now: Timestamp) -> Vec<Effect> {
        if let Said::Ranked { generation, rows } = said {
            self.sought.hear(*generation, rows);
        }
        Vec::new()
    }

    fn text(&self, seen: Seen<'_>) -> String {
        let mut out = String::from("CLUSTER");
        for c in seen.fleet.columns(self.lens.kind) {
            out.push('\t');
            out.push_str(&c.title);
        }
        out.push('\n');
        for key in self.rows.keys().iter() {
            let Some(cluster) = seen.fleet.cluster(key.cluster) else { continue };
            let Some(row) = row_of(cluster, key) else { continue };
            let cells = Self::cell_texts(cluster, row, seen.now);
            out.push_str(&cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join("\t"));
            out.push('\n');
        }
        out
    }
}
