//! Tasks: what runs beside the screen, and what ran: log streams, plans, reads, saves.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::age;
use crate::domain::quantity::count;
use crate::fleet::table::Column;
use crate::ui::action::Action;
use crate::ui::effect::{Effect, Task};
use crate::ui::pane::{Pane, Seen};
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;
use crate::ui::widget::table::{DrawnCell, DrawnRow, Widths, draw as draw_table};

/// The pane's state.
#[derive(Default)]
pub struct Tasks {
    tasks: Vec<Task>,
    list: List,
    widths: Widths,
}

const COLUMNS: [Column; 4] = [
    Column::new("TASK", false, 0, 90),
    Column::new("STATE", false, 0, 8),
    Column::new("BEGAN", true, 1, 6),
    Column::new("TOOK", true, 1, 6),
];

fn cells(task: &Task, now: Timestamp) -> [String; 4] {
    let took = task.ended.unwrap_or(now).as_second() - task.began.as_second();
    [
        task.words.clone(),
        if task.ended.is_some() { "done" } else { "running" }.to_owned(),
        age::show(task.began, now),
        age::show_seconds(u64::try_from(took).unwrap_or(0)),
    ]
}

impl Tasks {
    /// What there is now, the newest first.
    pub fn show(&mut self, tasks: Vec<Task>) {
        self.tasks = tasks;
    }
}

impl Pane for Tasks {
    fn prepare(&mut self, seen: Seen<'_>, (rows, _): (u16, u16)) {
        self.list.set_page(usize::from(rows.saturating_sub(1)));
        self.list.set_len(self.tasks.len());
        for task in &self.tasks {
            let cells = cells(task, seen.now);
            self.widths.grow(&COLUMNS, cells.iter().map(String::as_str));
        }
    }

    fn heading(&self, _seen: Seen<'_>) -> String {
        let running = self.tasks.iter().filter(|t| t.ended.is_none()).count();
        format!("{running} running of {}", count(self.tasks.len(), "task"))
    }

    fn draw(&self, seen: Seen<'_>, theme: &Theme, focused: bool, area: Rect, buf: &mut Buffer) {
        if self.tasks.is_empty() {
            let words = "nothing ran yet: logs, plans, describes and saves are listed here";
            draw::text(
                buf,
                area.x + 1,
                area.y,
                words,
                area.width.saturating_sub(1),
                theme.style(Role::Muted),
            );
            return;
        }
        draw_table(buf, area, theme, (&COLUMNS, &self.widths), &self.list, focused, |i| {
            let Some(task) = self.tasks.get(i) else { return DrawnRow::default() };
            let style = theme.style(if task.ended.is_some() { Role::Muted } else { Role::Text });
            let cells = cells(task, seen.now).into_iter().map(|text| DrawnCell::styled(text, style));
            DrawnRow { cells: cells.collect(), sign: None }
        });
    }

    fn act(&mut self, _seen: Seen<'_>, action: Action) -> Vec<Effect> {
        self.list.act(action);
        Vec::new()
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["table"]
    }

    fn keys(&self) -> &'static [Action] {
        &[Action::Back]
    }

    fn text(&self, seen: Seen<'_>) -> String {
        self.tasks.iter().map(|task| cells(task, seen.now).join("\t") + "\n").collect()
    }
}
