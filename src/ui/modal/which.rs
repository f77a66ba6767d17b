//! Which key: after the first key of a sequence and a moment's pause, the keys that may follow, over the lower right corner.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::domain::cells;
use crate::ui::action::Action;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;

/// Draws them: the keys pressed so far, and each that may follow with what it does.
pub fn draw(pressed: &str, following: &[(String, Action)], theme: &Theme, screen: Rect, buf: &mut Buffer) {
    let keys = following.iter().map(|(keys, _)| cells::width(keys)).max().unwrap_or(0);
    let title = |action: &Action| action.info().help.split(['.', ':']).next().unwrap_or("");
    let words = following.iter().map(|(_, action)| cells::width(title(action))).max().unwrap_or(0);
    let width = (keys + words + 5).min(screen.width);
    let lines = u16::try_from(following.len()).unwrap_or(u16::MAX);
    // The key line below it stays.
    let height = lines.saturating_add(1).min(screen.height.saturating_sub(2));
    let x = screen.right().saturating_sub(width);
    let y = screen.bottom().saturating_sub(height + 1);
    let area = Rect { x, y, width, height }.intersection(screen);
    Clear.render(area, buf);
    let base = theme.style(Role::Dialog);
    for y in area.top()..area.bottom() {
        draw::line_style(buf, area, y, base);
    }
    let room = width.saturating_sub(2);
    draw::text(buf, x + 1, y, &format!("{pressed} …"), room, base.patch(theme.style(Role::Muted)));
    for ((keys_of, action), y) in following.iter().zip(area.y + 1..area.bottom()) {
        draw::text(buf, x + 1, y, keys_of, keys, base.patch(theme.style(Role::KeysKey)));
        draw::text(buf, x + keys + 3, y, title(action), width.saturating_sub(keys + 4), base);
    }
}
