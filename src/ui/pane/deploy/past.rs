//! Runs before this: what was done, when, and what came of each step.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{age, cells};
use crate::ops::journal::Past;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::list::List;

/// Draws the list, and below it what came of the run under the cursor.
pub(super) fn draw(
    past: &[Past],
    list: &List,
    (now, focused): (Timestamp, bool),
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
    draw::text(buf, area.x + 1, area.y, "Runs before", area.width, theme.style(Role::Title));
    let mut y = area.y;
    for i in list.window() {
        y += 1;
        let Some(run) = past.get(i).filter(|_| y < area.bottom()) else { break };
        let painted = list.paint(i, (theme, focused), area, y, buf);
        let own = |style| painted.own(style);
        let (glyph, role) = match run.done {
            Some(true) => ("●", Role::Ok),
            Some(false) => ("✖", Role::Error),
            None => ("▲", Role::Warn),
        };
        draw::text(buf, area.x + 1, y, glyph, 1, own(theme.style(role)));
        draw::text_right(buf, area.x + 3, area.x + 8, y, &age::show(run.began, now), own(muted));
        let room = area.width.saturating_sub(10);
        let used = draw::text(buf, area.x + 10, y, &run.title, room, own(text));
        draw::text(buf, area.x + 12 + used, y, &run.words, room.saturating_sub(used + 2), own(muted));
    }
    let Some(run) = past.get(list.cursor) else { return };
    y += 2;
    let width = area.width.saturating_sub(2);
    let lines = std::iter::once(&run.words).filter(|w| !w.is_empty()).chain(&run.steps);
    for line in lines.flat_map(|l| cells::wrap(l, width, 4)) {
        if y >= area.bottom() {
            return;
        }
        draw::text(buf, area.x + 1, y, &line, width, text);
        y += 1;
    }
}
