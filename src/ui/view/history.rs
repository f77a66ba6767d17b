//! The places one has been at, and the way back to them.

use crate::ui::effect::Effect;

use super::{Place, View, World};

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
        self.visiting = false;
        self.entered(world)
    }

    fn place(&self) -> Place {
        Place {
            nodes: self.scope_nodes.clone(),
            pane: self.pane,
            kind: self.panes.resources.kind(),
            focus: self.focus,
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
