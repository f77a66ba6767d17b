//! The mouse, where a person wants it: the wheel moves what is under it, a click puts the cursor there, one more on the same row
//! opens it, and tabs are clicked on. Dialogs hear the wheel alone.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::domain::cells;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::pane::{PANES, PaneId};

use super::{Focus, View, World};

/// The wheel moves so many rows at once.
const WHEEL: usize = 3;
/// The line of the titles, and the first below it.
const TITLES: u16 = 1;
const CONTENT: u16 = 2;

/// A tab, and where it leads.
pub struct Tab {
    /// As it is written.
    pub title: String,
    /// It is shown now.
    pub current: bool,
    /// To a pane, or else to the query of that title.
    pub pane: Option<PaneId>,
}

impl View {
    /// The tabs, in their order.
    pub fn tabs(&self) -> Vec<Tab> {
        let query = self.query().is_some();
        let shown = PANES.iter().filter(|(id, _, tab)| *tab || *id == self.pane);
        let panes = shown.map(|(id, title, _)| Tab {
            title: match id {
                PaneId::Problems if self.problems().all > 0 => format!("{title} {}", self.problems().all),
                _ => (*title).to_owned(),
            },
            current: *id == self.pane && !query,
            pane: Some(*id),
        });
        let queries =
            self.queries().map(|(name, current)| Tab { title: name.to_owned(), current, pane: None });
        panes.chain(queries).collect()
    }

    /// Takes what the mouse did.
    pub fn mouse(&mut self, world: World<'_>, mouse: MouseEvent) -> Vec<Effect> {
        if self.is_too_small() {
            return Vec::new();
        }
        let key = match mouse.kind {
            MouseEventKind::ScrollUp => Some(KeyCode::Up),
            MouseEventKind::ScrollDown => Some(KeyCode::Down),
            MouseEventKind::Down(MouseButton::Left) => None,
            _ => return Vec::new(),
        };
        let at = Position { x: mouse.column, y: mouse.row };
        let has_dialog = self.confirm.is_some()
            || self.choice.is_some()
            || self.palette.is_some()
            || self.help.is_some()
            || self.asking.is_some();
        match key {
            Some(code) => {
                if self.asking.is_some() {
                    return Vec::new();
                }
                self.clicked = None;
                self.pending.clear();
                let before = self.focus;
                if !has_dialog && self.welcome.is_none() {
                    self.focus = self.side(at);
                }
                let mut effects = Vec::new();
                if self.text.is_some() && self.focus == Focus::Pane && !has_dialog {
                    // Its cursor is a line of it, which the wheel would have to bring to the end first.
                    let up = code == KeyCode::Up;
                    let acted = self.act(world, if up { Action::HalfPageUp } else { Action::HalfPageDown });
                    effects.extend(self.absorb(world, acted));
                } else if has_dialog {
                    let key = Key::of(&KeyEvent::new(code, KeyModifiers::NONE));
                    for _ in 0..WHEEL {
                        effects.extend(self.key(world, key));
                    }
                } else {
                    let action = if code == KeyCode::Up { Action::Up } else { Action::Down };
                    for _ in 0..WHEEL {
                        let acted = self.act(world, action);
                        effects.extend(self.absorb(world, acted));
                    }
                }
                if !has_dialog {
                    // The wheel looks; keys stay where they were.
                    self.focus = before;
                }
                effects
            }
            None if has_dialog || self.welcome.is_some() => Vec::new(),
            None => self.click(world, at),
        }
    }

    /// Which side of the screen that is.
    fn side(&self, at: Position) -> Focus {
        match (self.is_narrow(), at.x < self.tree_width()) {
            (true, _) => self.focus,
            (false, true) => Focus::Tree,
            (false, false) => Focus::Pane,
        }
    }

    fn click(&mut self, world: World<'_>, at: Position) -> Vec<Effect> {
        let side = self.side(at);
        if at.y == TITLES {
            if self.text.is_some() {
                // Its title stands in the place of the tabs.
                return Vec::new();
            }
            return if side == Focus::Pane { self.click_tab(world, at.x) } else { Vec::new() };
        }
        let Some(row) = at.y.checked_sub(CONTENT) else { return Vec::new() };
        self.focus = side;
        let (list, row) = match side {
            Focus::Tree => (Some(self.tree.list_mut()), row),
            // Beside the tree the heading has a line, and tables have one of titles.
            Focus::Pane if self.text.is_some() => (None, row),
            Focus::Pane => {
                let above = if self.is_narrow() { 1 } else { 2 };
                let Some(row) = row.checked_sub(above) else { return Vec::new() };
                let is_table = matches!(self.pane, PaneId::Resources | PaneId::Clusters);
                let rows = self.panes.get_mut(self.pane).rows_mut();
                (rows.filter(|_| is_table).map(|rows| &mut rows.list), row)
            }
        };
        let Some(list) = list else { return Vec::new() };
        let is_drawn = usize::from(row) < list.page;
        let row = list.offset + usize::from(row);
        if row >= list.len || !is_drawn {
            return Vec::new();
        }
        let is_again = list.cursor == row && self.clicked == Some((side, row));
        list.go(row);
        self.clicked = Some((side, row));
        match side {
            Focus::Tree => self.tree.follow_list(),
            Focus::Pane => {
                if let Some(rows) = self.panes.get_mut(self.pane).rows_mut() {
                    rows.follow();
                }
            }
        }
        if !is_again {
            return Vec::new();
        }
        let action = if side == Focus::Tree { Action::Toggle } else { Action::Open };
        let effects = self.act(world, action);
        self.absorb(world, effects)
    }

    fn click_tab(&mut self, world: World<'_>, x: u16) -> Vec<Effect> {
        // Where `render` puts them.
        let narrow = self.is_narrow();
        let mut left = 1 + if narrow { 0 } else { self.tree_width() + 1 };
        for tab in self.tabs().into_iter().filter(|tab| !narrow || tab.current) {
            let width = cells::width(&tab.title);
            if (left..left + width).contains(&x) {
                let effects = match tab.pane {
                    Some(PaneId::Resources) => {
                        self.leave_query();
                        vec![Effect::Show(PaneId::Resources)]
                    }
                    Some(pane) => vec![Effect::Show(pane)],
                    None => vec![Effect::Command(tab.title)],
                };
                return self.absorb(world, effects);
            }
            left += width + 2;
        }
        Vec::new()
    }
}
