//! Panes: each a file, each a `Pane`. To add one: its file, one line in `panes!`, and a key in the key maps.
//!
//! A pane keeps its own cursor and what it worked out in `prepare`; it reads the fleet, never changes it, and imports no
//! other pane.

pub mod clouds;
pub mod clusters;
pub mod costs;
pub mod deploy;
pub mod logs;
pub mod messages;
pub mod overview;
pub mod problems;
pub mod resources;
pub mod scale;
pub mod tasks;
pub mod text;
pub mod tree;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::id::ObjectKey;
use crate::domain::scope::Scope;
use crate::domain::table_view::TableViews;
use crate::fleet::Fleet;

use super::action::Action;
use super::effect::{Effect, Said};
use super::theme::Theme;
use super::widget::rows::Rows;

/// What a pane may read.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The model.
    pub fleet: &'a Fleet,
    /// What is selected.
    pub scope: &'a Scope,
    /// The scope, or what the tree's cursor stands on: for panes that preview.
    pub preview: &'a Scope,
    /// What time it is.
    pub now: Timestamp,
    /// Writes are off.
    pub read_only: bool,
    /// More columns.
    pub wide: bool,
    /// How a person wants tables.
    pub tables: &'a TableViews,
}

/// A pane.
pub trait Pane {
    /// Its state as it should be drawn, from what is there now. `page` is its size in rows and columns.
    fn prepare(&mut self, seen: Seen<'_>, size: (u16, u16));

    /// Draws it. Changes nothing.
    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer);

    /// What stands in its title line, after its name.
    fn heading(&self, seen: Seen<'_>) -> String;

    /// Takes an action; an empty list when it means nothing here or changed only the pane.
    fn act(&mut self, seen: Seen<'_>, action: Action) -> Vec<Effect>;

    /// The contexts of the key map, the nearest first; `global` is added.
    fn contexts(&self) -> &'static [&'static str];

    /// The actions worth a place in the key line.
    fn keys(&self) -> &'static [Action];

    /// Its keyed rows, in a pane that is a table of objects: their cursor, marks and filter are then the pane's.
    fn rows(&self) -> Option<&Rows<ObjectKey>> {
        None
    }

    /// The same, to change.
    fn rows_mut(&mut self) -> Option<&mut Rows<ObjectKey>> {
        None
    }

    /// The objects a verb would act on: the marked, else the one under the cursor.
    fn targets(&self, _seen: Seen<'_>) -> Vec<ObjectKey> {
        self.rows().map_or_else(Vec::new, Rows::targets)
    }

    /// Takes a filter as it is typed; an error names what is wrong with it.
    fn filter(&mut self, text: &str) -> Result<(), String> {
        self.rows_mut().map_or(Ok(()), |rows| rows.filter(text))
    }

    /// There is something to filter in it.
    fn is_filtered(&self) -> bool {
        self.rows().is_some()
    }

    /// The filter in force.
    fn filter_text(&self) -> &str {
        self.rows().map_or("", Rows::filter_text)
    }

    /// It has a filter or marks, which `back` clears before it leads elsewhere.
    fn is_holding(&self) -> bool {
        self.rows().map_or_else(|| !self.filter_text().is_empty(), Rows::is_holding)
    }

    /// It has marks.
    fn is_marked(&self) -> bool {
        self.rows().is_some_and(Rows::is_marked)
    }

    /// Left means something in it as it stands; else it leads to the tree.
    fn takes_left(&self) -> bool {
        false
    }

    /// Hears what a task says.
    fn hear(&mut self, _said: &Said, _now: Timestamp) -> Vec<Effect> {
        Vec::new()
    }

    /// The scope has changed.
    fn scoped(&mut self, _seen: Seen<'_>) -> Vec<Effect> {
        if let Some(rows) = self.rows_mut() {
            rows.touch();
        }
        Vec::new()
    }

    /// Everything it shows, as text: for saving.
    fn text(&self, _seen: Seen<'_>) -> String {
        String::new()
    }
}

macro_rules! panes {
    ($($id:ident $field:ident $title:literal $tab:literal $type:ty;)*) => {
        /// Which pane.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each variant is the pane of that name")]
        pub enum PaneId { $($id),* }

        /// Every pane, in the order of the tabs; those without a tab are opened by command.
        pub static PANES: &[(PaneId, &str, bool)] = &[$((PaneId::$id, $title, $tab)),*];

        /// The panes' states.
        #[derive(Default)]
        #[expect(missing_docs, reason = "each field is the pane of that name")]
        pub struct Panes { $(pub $field: $type),* }

        impl PaneId {
            /// Its word, as commands name it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$id => stringify!($field)),* }
            }
        }

        impl Panes {
            /// One of them.
            pub fn get(&self, id: PaneId) -> &dyn Pane {
                match id { $(PaneId::$id => &self.$field),* }
            }

            /// One of them, to change.
            pub fn get_mut(&mut self, id: PaneId) -> &mut dyn Pane {
                match id { $(PaneId::$id => &mut self.$field),* }
            }
        }
    };
}

panes! {
    Overview overview "Overview" true overview::Overview;
    Resources resources "Resources" true resources::Resources;
    Problems problems "Problems" true problems::Problems;
    Deploy deploy "Deploy" true deploy::Deploy;
    Scale scale "Scale" true scale::Scale;
    Logs logs "Logs" true logs::Logs;
    Costs costs "Costs" true costs::Costs;
    Clouds clouds "Clouds" false clouds::Clouds;
    Clusters clusters "Clusters" false clusters::Clusters;
    Tasks tasks "Tasks" false tasks::Tasks;
    Messages messages "Messages" false messages::Messages;
}

impl PaneId {
    /// Its title.
    pub fn title(self) -> &'static str {
        PANES.iter().find(|(id, ..)| *id == self).map_or("", |(_, title, _)| title)
    }

    /// The pane of that word, as commands name it.
    pub fn parse(word: &str) -> Option<Self> {
        PANES.iter().map(|(id, ..)| *id).find(|id| id.word().eq_ignore_ascii_case(word))
    }
}
