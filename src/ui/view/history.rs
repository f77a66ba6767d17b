//! The places one has been at, and the way back to them.

use crate::domain::scope::TreeNode;
use crate::ui::effect::{Drill, Effect};
use crate::ui::pane::PaneId;

use super::{Focus, Place, View, World};

impl View {
    /// To the place before, or after.
    pub(super) fn travel(&mut self, world: World<'_>, back: bool) -> Vec<Effect> {
        let here = self.place();
        let Some(there) = (if back { self.past.pop() } else { self.future.pop() }) else {
            return vec![Effect::say(if back { "nothing before this" } else { "nothing after this" })];
        };
        if back {
            self.future.push(here)
        } else {
            self.past.push(here)
        }
        self.set_scope(world, there.nodes);
        if *self.panes.resources.lens() != there.lens {
            self.panes.resources.look_through(there.lens);
        }
        if self.pane != there.pane {
            self.toasts.clear();
        }
        self.pane = there.pane;
        self.focus = there.focus;
        if let Some(rows) = self.panes.get_mut(there.pane).rows_mut() {
            // It was taken when it was typed.
            let _ = rows.filter(&there.filter);
            if let Some(cursor) = there.cursor {
                rows.point_at(cursor);
            }
        }
        // By the history one leaves whatever was gone into.
        self.ways_in = 0;
        self.entered(world)
    }

    /// To the place before; from there it leads here again.
    pub(super) fn travel_to_and_fro(&mut self, world: World<'_>) -> Vec<Effect> {
        let before = self.past.len();
        let effects = self.travel(world, true);
        if self.past.len() < before
            && let Some(here) = self.future.pop()
        {
            self.past.push(here);
        }
        effects
    }

    /// What was gone into, from the outside in: `deployments › pods`.
    pub fn crumbs(&self) -> String {
        let first = self.past.len().saturating_sub(self.ways_in);
        let word = |place: &Place| match place.pane {
            PaneId::Resources => place.lens.kind.full(),
            pane => pane.title().to_lowercase(),
        };
        let places = self.past.get(first..).unwrap_or_default().iter();
        places.map(|place| format!("{} › ", word(place))).collect()
    }

    /// To a pane that shows something of its own, a run or a plan: back leads to where one was.
    pub(super) fn visit(&mut self, world: World<'_>, pane: PaneId) -> Vec<Effect> {
        if self.pane != pane || self.focus != Focus::Pane {
            self.remember();
            self.ways_in += 1;
        }
        self.pane = pane;
        self.focus = Focus::Pane;
        self.entered(world)
    }

    /// Further in, to what stands below a row.
    pub(super) fn drill(&mut self, world: World<'_>, drill: Drill) -> Vec<Effect> {
        self.remember();
        if let [one] = drill.nodes.as_slice() {
            self.tree.reveal(world.fleet, one);
        }
        self.set_scope(world, drill.nodes);
        if let Some(lens) = drill.lens {
            self.panes.resources.look_through(lens);
            self.pane = PaneId::Resources;
            if let Some(key) = drill.cursor {
                self.panes.resources.point_at(key);
            }
        }
        self.focus = Focus::Pane;
        self.ways_in += 1;
        self.entered(world)
    }

    /// Out of what was gone into, if anything was, and the pane has nothing to clear before.
    pub(super) fn back_out(&mut self, world: World<'_>) -> Option<Vec<Effect>> {
        let ways_in = self.ways_in.checked_sub(1)?;
        if self.panes.get(self.pane).is_holding() {
            return None;
        }
        let effects = self.travel(world, true);
        self.ways_in = ways_in;
        Some(effects)
    }

    /// What a kind that is typed is of where one has gone into a workload: the place one came from, its namespace included, as
    /// k9s's commands are of the namespace. None where that is where one is.
    pub(super) fn outside(&self) -> Option<(Vec<TreeNode>, Option<String>)> {
        let is_wide = |nodes: &[TreeNode]| nodes.iter().all(|node| node.depth() < 6);
        if self.ways_in == 0 || is_wide(&self.scope_nodes) {
            return None;
        }
        let first = self.past.len().saturating_sub(self.ways_in);
        let place = self.past.get(first..)?.iter().rev().find(|place| is_wide(&place.nodes))?;
        Some((place.nodes.clone(), place.lens.namespace.clone()))
    }

    fn place(&self) -> Place {
        let rows = self.panes.get(self.pane).rows();
        Place {
            nodes: self.scope_nodes.clone(),
            pane: self.pane,
            lens: self.panes.resources.lens().clone(),
            focus: self.focus,
            filter: rows.map_or_else(String::new, |r| r.filter_text().to_owned()),
            cursor: rows.and_then(|r| r.cursor().cloned()),
        }
    }

    /// Before one goes elsewhere.
    pub(super) fn remember(&mut self) {
        self.past.push(self.place());
        if self.past.len() > 50 {
            self.past.remove(0);
        }
        self.future.clear();
    }
}
