//! The places one has been at, and the way back to them.

use crate::ui::effect::{Drill, Effect};

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
        self.panes.resources.show(there.kind);
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
        self.ways_in.clear();
        self.entered(world)
    }

    /// Further in, to what stands below a row.
    pub(super) fn drill(&mut self, world: World<'_>, drill: Drill) -> Vec<Effect> {
        self.remember();
        if let [one] = drill.nodes.as_slice() {
            self.tree.reveal(world.fleet, one);
        }
        self.set_scope(world, drill.nodes);
        self.panes.resources.show(drill.kind);
        self.pane = drill.pane;
        self.focus = Focus::Pane;
        if !drill.filter.is_empty() {
            let _ = self.panes.get_mut(drill.pane).filter(&drill.filter);
        }
        self.ways_in.push(drill.filter);
        self.entered(world)
    }

    /// Out of what was gone into, if anything was and nothing but its own filter is there to clear before.
    pub(super) fn back_out(&mut self, world: World<'_>) -> Option<Vec<Effect>> {
        let came_with = self.ways_in.last()?;
        let pane = self.panes.get(self.pane);
        let own = !came_with.is_empty() && pane.filter_text() == came_with && !pane.is_marked();
        if pane.is_holding() && !own {
            return None;
        }
        let mut ways_in = std::mem::take(&mut self.ways_in);
        ways_in.pop();
        let effects = self.travel(world, true);
        self.ways_in = ways_in;
        Some(effects)
    }

    fn place(&self) -> Place {
        let rows = self.panes.get(self.pane).rows();
        Place {
            nodes: self.scope_nodes.clone(),
            pane: self.pane,
            kind: self.panes.resources.kind(),
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
