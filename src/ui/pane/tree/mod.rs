//! The tree at the left: what is selected here is what every pane follows.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::cost::money;
use crate::domain::filter::Filter;
use crate::domain::id::ClusterId;
use crate::domain::scope::TreeNode;
use crate::fleet::Fleet;
use crate::fleet::phase::{By, Phase};
use crate::fleet::tree::{self, Expanded, Pivot, TreeRow};
use crate::ops::costs;
use crate::ui::action::Action;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

use words::{label_style, state_words};

/// So many rows are found by a filter; who sees more than that types another letter.
const FOUND_MOST: usize = 2_000;
/// Fewer columns say nothing of a cause.
const CAUSE_LEAST: u16 = 8;
/// After so many seconds what a filter finds is looked for again, if something has changed.
const LOOK_AGAIN: u64 = 2;

/// The tree's state.
#[derive(Default)]
pub struct Tree {
    open: Expanded,
    /// By what it is grouped.
    pub pivot: Pivot,
    /// Places seen so far.
    known: BTreeSet<TreeNode>,
    /// The visible rows, as of the last `prepare`.
    rows: Vec<TreeRow>,
    list: List,
    /// The node under the cursor: kept while rows come and go.
    cursor: Option<TreeNode>,
    /// Marked nodes.
    pub marks: BTreeSet<TreeNode>,
    filter: String,
    /// While a filter looks for something: what was opened and closed by hand among what it found.
    opened: Expanded,
    closed: Expanded,
    /// The filter was typed since the rows were worked out.
    typed: bool,
    /// It found more than are shown.
    more: bool,
    /// How the clusters' connections stood then.
    phases: Vec<&'static str>,
    /// Fleet revision of the rows.
    seen: Option<(u64, u64)>,
    /// When they were looked for.
    looked: Option<Timestamp>,
    /// The cursor before a filter is typed, to come back to when it is given up.
    before: Option<TreeNode>,
    changes: u64,
    costs: Vec<Option<i128>>,
    /// Why the rows that are drawn are not well.
    causes: BTreeMap<TreeNode, String>,
    /// Of which state of the fleet and the rows, and of which of them.
    caused: Option<((u64, u64), std::ops::Range<usize>)>,
}

impl Tree {
    /// Works out the visible rows.
    pub fn prepare(&mut self, fleet: &Fleet, now: Timestamp, page: u16) {
        // Places start open, also those that only a cluster's nodes told of.
        for c in fleet.clusters() {
            for place in self.pivot.chain(c) {
                if self.known.insert(place.clone()) {
                    self.open.insert(place);
                    self.changes += 1;
                }
            }
        }
        self.list.set_page(usize::from(page));
        let state = (fleet.revision, self.changes);
        let phases: Vec<&'static str> = fleet.clusters().iter().map(|c| c.phase.word()).collect();
        // What a filter finds is looked for in everything: at once when something was typed or folded, or a connection
        // stands otherwise, else now and then.
        let finds = !self.filter.is_empty();
        let due = !finds
            || self.seen.is_none_or(|(_, changes)| changes != state.1)
            || self.phases != phases
            || self.looked.is_none_or(|at| now.as_second().abs_diff(at.as_second()) >= LOOK_AGAIN);
        if self.seen != Some(state) && due {
            self.seen = Some(state);
            self.looked = Some(now);
            self.phases = phases;
            self.more = false;
            match Filter::parse(&self.filter).ok().filter(|_| !self.filter.is_empty()) {
                None => {
                    // What a filter had found stays in sight without it.
                    if let Some(node) = self.cursor.clone().filter(|_| std::mem::take(&mut self.typed)) {
                        self.open_above(fleet, &node);
                    }
                    self.rows = tree::rows(fleet, self.pivot, &self.open);
                }
                Some(filter) => {
                    self.rows = if filter.looks_for() {
                        let (mut open, all) = tree::seek(fleet, self.pivot, &filter, FOUND_MOST);
                        self.more = !all;
                        open.extend(self.opened.iter().cloned());
                        open.retain(|n| !self.closed.contains(n));
                        tree::rows(fleet, self.pivot, &open)
                    } else {
                        tree::rows(fleet, self.pivot, &self.open)
                    };
                    self.keep_matching(&filter);
                }
            }
            self.costs = self.rows.iter().map(|r| costs::node_month(fleet, &r.node)).collect();
        }
        self.list.set_len(self.rows.len());
        // The cursor stays on its node, wherever that has moved; where it is gone, on its place.
        let at = self.cursor.as_ref().and_then(|c| self.rows.iter().position(|r| r.node == *c));
        if let Some(at) = at {
            self.list.go(at);
        }
        self.cursor = self.rows.get(self.list.cursor).map(|r| r.node.clone());
        // The reasons of the rows that are drawn, as long as neither those nor the fleet change.
        let drawn = self.list.window();
        let of = (state, drawn.clone());
        if self.caused.as_ref() == Some(&of) {
            return;
        }
        self.caused = Some(of);
        // Of what is open the rows below it say why.
        let bad = |r: &&TreeRow| !r.expanded && (r.health.is_bad() || r.phase.is_some() || r.lack.is_some());
        let drawn = self.rows.iter().skip(drawn.start).take(drawn.len()).filter(bad);
        let causes = drawn.filter_map(|r| Some((r.node.clone(), tree::cause(fleet, &r.node)?)));
        self.causes = causes.collect();
    }

    /// Leaves the rows that match and those they stand under, for a name alone does not say where it is, and what was
    /// opened by hand below them. The cursor goes to a row that matches.
    fn keep_matching(&mut self, filter: &Filter) {
        let mut above: Vec<usize> = Vec::new();
        let mut hits = vec![false; self.rows.len()];
        let mut kept = hits.clone();
        for (i, row) in self.rows.iter().enumerate() {
            above.retain(|a| self.rows.get(*a).is_some_and(|r| r.indent < row.indent));
            let by_hand =
                above.iter().any(|a| self.rows.get(*a).is_some_and(|r| self.opened.contains(&r.node)));
            above.push(i);
            if by_hand && let Some(keep) = kept.get_mut(i) {
                *keep = true;
            }
            let matches = filter.matches(&[row.label.as_str()]);
            // What was closed by hand holds what matches.
            if matches || self.closed.contains(&row.node) {
                for at in &above {
                    if let Some(keep) = kept.get_mut(*at) {
                        *keep = true;
                    }
                }
                if let Some(hit) = hits.get_mut(i) {
                    *hit = matches;
                }
            }
        }
        let mut matching = self.rows.iter().zip(&hits).filter(|(_, hit)| **hit).map(|(r, _)| &r.node);
        let first = matching.clone().next().cloned();
        let on_kept =
            self.rows.iter().zip(&kept).any(|(r, kept)| *kept && Some(&r.node) == self.cursor.as_ref());
        // As one types it is on what is found; later it may be moved to what stands around that.
        if !matching.any(|n| Some(n) == self.cursor.as_ref()) && (!on_kept || self.typed) {
            self.cursor = first.or(self.cursor.take());
        }
        self.typed = false;
        let mut kept = kept.into_iter();
        self.rows.retain(|_| kept.next().unwrap_or(false));
    }

    /// The node under the cursor.
    pub fn selected(&self) -> Option<&TreeNode> {
        self.cursor.as_ref()
    }

    /// The keys that matter at the row under the cursor, the best first, and a word for Enter where it does something else there than opening.
    pub fn keys(&self) -> (&'static [Action], Option<&'static str>) {
        const USUAL: &[Action] = &[
            Action::Open,
            Action::Toggle,
            Action::Mark,
            Action::Pivot,
            Action::Logs,
            Action::Connect,
            Action::Identity,
        ];
        const CONNECTS: &[Action] =
            &[Action::Open, Action::Connect, Action::Identity, Action::Mark, Action::NextPane];
        let row = self.rows.get(self.list.cursor).filter(|_| self.marks.is_empty());
        match row.and_then(|r| r.phase.as_ref()) {
            Some(Phase::SignedOut { need, .. }) => {
                let word = match need.by {
                    By::Command | By::Plugin => "sign in",
                    By::Consent => "allow?",
                    By::Person => "what is missing",
                };
                (CONNECTS, Some(word))
            }
            Some(
                Phase::Idle
                | Phase::Denied { .. }
                | Phase::Unreadable { .. }
                | Phase::Unusable { .. }
                | Phase::Failed { .. }
                | Phase::Stale { .. },
            ) => (CONNECTS, None),
            Some(Phase::Connecting { .. } | Phase::Syncing { .. } | Phase::Live) | None => (USUAL, None),
        }
    }

    /// What Enter makes the scope: the marks, else the node under the cursor.
    pub fn selection(&self, fleet: &Fleet) -> Vec<TreeNode> {
        let chosen: Vec<&TreeNode> =
            if self.marks.is_empty() { self.cursor.iter().collect() } else { self.marks.iter().collect() };
        chosen.into_iter().flat_map(|node| tree::nodes_of(fleet, node)).collect()
    }

    /// Opens everything above a node and puts the cursor on it.
    pub fn reveal(&mut self, fleet: &Fleet, node: &TreeNode) {
        self.open_above(fleet, node);
        self.changes += 1;
        self.cursor = Some(node.clone());
    }

    fn open_above(&mut self, fleet: &Fleet, node: &TreeNode) {
        self.open.extend(self.pivot.above(fleet, node));
    }

    /// Groups it by something else: the cursor stays on its row where that has one, and its place is seen.
    pub fn pivot_to(&mut self, fleet: &Fleet, pivot: Pivot) {
        self.pivot = pivot;
        self.changes += 1;
        if let Some(node) = self.cursor.clone() {
            self.open_above(fleet, &node);
        }
    }

    /// The namespaces that stand open.
    pub fn open_namespaces(&self) -> BTreeSet<TreeNode> {
        let open = self.rows.iter().filter(|r| r.expanded && matches!(r.node, TreeNode::Namespace(..)));
        open.map(|r| r.node.clone()).collect()
    }

    /// The clusters whose rows are on screen.
    pub fn seen(&self) -> impl Iterator<Item = ClusterId> {
        let window = self.list.window();
        self.rows.iter().skip(window.start).take(window.len()).filter_map(|r| r.node.cluster())
    }

    /// The filter found more than the tree shows.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// What a mark on a row takes: the row, but of a place under a filter only the clusters that are seen below it.
    fn marked_by(&self, row: &TreeRow) -> Vec<TreeNode> {
        let place = row.node.depth() < 4 && !self.filter.is_empty();
        let below = self.rows.iter().skip(self.list.cursor + 1);
        let below = below.take_while(|r| row.node == TreeNode::Fleet || r.indent > row.indent);
        let clusters = below.filter(|r| place && matches!(r.node, TreeNode::Cluster(_)));
        let seen: Vec<TreeNode> = clusters.map(|r| r.node.clone()).collect();
        if seen.is_empty() { vec![row.node.clone()] } else { seen }
    }

    /// Opens or closes a node: for as long as a filter finds it, or for good.
    fn fold(&mut self, node: TreeNode, open: bool) {
        if Filter::parse(&self.filter).is_ok_and(|f| f.looks_for()) {
            let (to, from) = if open {
                (&mut self.opened, &mut self.closed)
            } else {
                (&mut self.closed, &mut self.opened)
            };
            from.remove(&node);
            to.insert(node);
        } else if open {
            self.open.insert(node);
        } else {
            self.open.remove(&node);
        }
    }

    /// The filter in force.
    pub fn filter_text(&self) -> &str {
        &self.filter
    }

    /// Takes a filter.
    pub fn filter(&mut self, text: &str) -> Result<(), String> {
        Filter::parse(text).map_err(|e| e.to_string())?;
        text.clone_into(&mut self.filter);
        self.opened.clear();
        self.closed.clear();
        self.typed = true;
        self.changes += 1;
        Ok(())
    }

    /// A filter will be typed.
    pub fn begin_filter(&mut self) {
        self.before.clone_from(&self.cursor);
    }

    /// It is given up: the filter before, and the cursor where it was.
    pub fn give_up_filter(&mut self, text: &str) {
        let _ = self.filter(text);
        self.typed = false;
        self.cursor = self.before.take().or(self.cursor.take());
    }

    /// Moves, opens, closes, marks. False when the action is not the tree's.
    pub fn act(&mut self, action: Action) -> bool {
        if self.list.act(action) {
            self.cursor = self.rows.get(self.list.cursor).map(|r| r.node.clone());
            return true;
        }
        let Some(row) = self.rows.get(self.list.cursor).cloned() else { return false };
        match action {
            Action::Toggle => self.fold(row.node, !row.expanded),
            Action::Expand | Action::Right if row.expandable && !row.expanded => self.fold(row.node, true),
            // Open already: on to the first below it.
            Action::Expand | Action::Right => {
                if row.expanded {
                    self.list.act(Action::Down);
                    self.cursor = self.rows.get(self.list.cursor).map(|r| r.node.clone());
                }
            }
            Action::Collapse | Action::Left => {
                if row.expanded && row.expandable {
                    self.fold(row.node, false);
                } else {
                    let parent = (0..self.list.cursor)
                        .rev()
                        .find(|i| self.rows.get(*i).is_some_and(|r| r.indent < row.indent));
                    if let Some(parent) = parent {
                        self.list.go(parent);
                        self.cursor = self.rows.get(parent).map(|r| r.node.clone());
                    }
                }
            }
            Action::Mark => {
                let nodes = self.marked_by(&row);
                if nodes.iter().all(|n| self.marks.contains(n)) {
                    self.marks.retain(|m| !nodes.contains(m));
                } else {
                    self.marks.extend(nodes);
                }
            }
            Action::ClearMarks => self.marks.clear(),
            _ => return false,
        }
        self.changes += 1;
        true
    }

    /// Its rows as a list, for a click on one.
    pub fn list_mut(&mut self) -> &mut List {
        &mut self.list
    }

    /// The cursor is where the list's is.
    pub fn follow_list(&mut self) {
        self.cursor = self.rows.get(self.list.cursor).map(|row| row.node.clone());
    }

    /// Draws it.
    pub fn draw(
        &self,
        fleet: &Fleet,
        theme: &Theme,
        focused: bool,
        now: Timestamp,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let window = self.list.window();
        for (y, i) in (area.top()..area.bottom()).zip(window) {
            let Some(row) = self.rows.get(i) else { break };
            let painted = self.list.paint(i, (theme, focused), area, y, buf);
            let own = |style| painted.own(style);
            // From the right: money, bad counts, glyph or count; the name takes what is left.
            let mut right = area.right();
            let mut put = |s: &str, style, room: u16| {
                let w = cells::width(s);
                if right > area.x + w + 12 {
                    draw::text_right(buf, area.x, right, y, s, own(style));
                    right -= room.max(w) + 1;
                }
            };
            // By app nothing has a price of its own.
            let is_priced = area.width >= 36 && self.pivot != Pivot::App;
            if is_priced && let Some(Some(cost)) = self.costs.get(i) {
                put(&money::show_month(*cost), theme.style(Role::Muted), 6);
            } else if is_priced {
                put("", theme.style(Role::Muted), 6);
            }
            let (words, health) = state_words(row, theme.ascii, now);
            if words.is_empty() {
                put("", theme.style(Role::Muted), 4);
            } else {
                put(&words, theme.health(health), 4);
            }
            if let Some(n) = row.count {
                put(&n.to_string(), theme.style(Role::Muted), 4);
            }
            let mark =
                if self.marks.contains(&row.node) { if theme.ascii { "*" } else { "✓" } } else { " " };
            let fold = match (row.expandable, row.expanded, theme.ascii) {
                (true, true, false) => "▾",
                (true, false, false) => "▸",
                (true, true, true) => "v",
                (true, false, true) => ">",
                (false, ..) => " ",
            };
            let x = draw::text(buf, area.x, y, mark, 1, own(theme.style(Role::Mark)));
            let indent = u16::from(row.indent) * 2;
            let at = area.x + x.max(1) + indent;
            draw::text(buf, at, y, fold, 1, own(theme.style(Role::Muted)));
            let style = label_style(fleet, row, theme);
            let used = draw::text(buf, at + 2, y, &row.label, right.saturating_sub(at + 2), own(style));
            // Why, as far as there is room for more than its beginning.
            let from = at + 2 + used + 2;
            if let Some(cause) = self.causes.get(&row.node)
                && right > from + CAUSE_LEAST
            {
                let room = right - from - 1;
                draw::text(buf, from, y, cause, room, own(theme.style(Role::Muted)));
            }
        }
        if self.rows.is_empty() {
            let filtered = !self.filter.is_empty();
            let words = if filtered { "nothing matches; Esc clears the filter" } else { "no clusters" };
            draw::text(buf, area.x + 1, area.y, words, area.width, theme.style(Role::Muted));
        }
    }
}
