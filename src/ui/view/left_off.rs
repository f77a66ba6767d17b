//! Where one is, in words that another run of the program understands; and going on from there.

use crate::domain::age;
use crate::domain::kind::Kind;
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::fleet::tree::Pivot;
use crate::ops::left_off::{LeftOff, Node, Object};
use crate::ui::effect::{Effect, Toast};
use crate::ui::lens::Lens;
use crate::ui::pane::PaneId;

use super::{Focus, View, World};

impl View {
    /// Where one is.
    pub fn left_off(&self, world: World<'_>) -> LeftOff {
        let node = |node| Node::of(node, world.session);
        let lens = self.panes.resources.lens();
        let rows = self.panes.get(self.pane).rows();
        LeftOff {
            at: world.now,
            scope: self.scope_nodes.iter().filter_map(node).collect(),
            marks: self.tree.marks.iter().filter_map(node).collect(),
            pivot: self.tree.pivot.word().to_owned(),
            tree_filter: self.tree.filter_text().to_owned(),
            in_tree: self.focus == Focus::Tree,
            pane: self.pane.word().to_owned(),
            filter: rows.map_or_else(String::new, |rows| rows.filter_text().to_owned()),
            rows: rows
                .into_iter()
                .flat_map(|rows| rows.marks())
                .filter_map(|key| Object::of(key, world.session))
                .collect(),
            kind: lens.kind.full(),
            namespace: lens.namespace.clone(),
            node: lens.node.clone(),
            faults: lens.faults,
            wide: self.wide,
        }
    }

    /// Goes on from there; `-` leads to where one would have begun. What is left for the loop is given back.
    pub fn go_on(&mut self, world: World<'_>, left: &LeftOff) -> Vec<Effect> {
        let found = |nodes: &[Node]| -> Vec<TreeNode> {
            nodes.iter().filter_map(|node| node.find(world.session)).collect()
        };
        let scope = found(&left.scope);
        let gone = left.scope.len() - scope.len();
        // What is left of a scope is never more than it was.
        let is_nothing = scope.is_empty() && gone > 0;
        self.remember();
        if let Some(pivot) = Pivot::parse(&left.pivot) {
            self.tree.pivot_to(world.fleet, pivot);
        }
        self.tree.marks = found(&left.marks).into_iter().collect();
        // A filter of another version of the program may be none of this one.
        let _ = self.tree.filter(&left.tree_filter);
        self.wide = left.wide;
        if !is_nothing {
            if let [one] = scope.as_slice() {
                self.tree.reveal(world.fleet, one);
            }
            self.set_scope(world, scope);
        }
        let pane = PaneId::parse(&left.pane).unwrap_or(PaneId::Overview);
        self.pane = pane;
        self.focus = if left.in_tree { Focus::Tree } else { Focus::Pane };
        let kind = Kind::parse(&left.kind);
        let lens = Lens {
            kind: kind.unwrap_or(Kind::Pod),
            namespace: left.namespace.clone(),
            node: left.node.clone(),
            faults: left.faults,
        };
        self.panes.resources.look_through(lens);
        if let Some(rows) = self.panes.get_mut(pane).rows_mut() {
            let _ = rows.filter(&left.filter);
            rows.mark(left.rows.iter().filter_map(|object| object.find(world.session)));
        }
        let ago = age::show(left.at, world.now);
        let words = match gone {
            0 => format!("terminal lost {ago} ago: this is where you were; `-` for all clouds"),
            _ if is_nothing => format!("terminal lost {ago} ago; its scope is gone: all clouds"),
            n => {
                format!("terminal lost {ago} ago: where you were, without {} that is gone", count(n, "part"))
            }
        };
        let mut effects = vec![Effect::Toast(Toast { words, error: gone > 0 })];
        effects.extend(self.entered(world));
        if kind.is_none() && pane == PaneId::Resources {
            // The clusters know it.
            let mut line = left.kind.clone();
            line.extend(left.namespace.iter().map(|ns| format!(" {ns}")));
            if !left.filter.is_empty() {
                line.push_str(&format!(" /{}", left.filter));
            }
            effects.push(Effect::Command(line));
        }
        self.absorb(world, effects)
    }
}
