//! The screen as a whole.
//!
//! ```text
//!  skyfleet  all clouds            11/12 live  318 workloads  4,204 pods  ✖2 ▲4      header
//!  Fleet                 │ Overview · Resources · Problems 4 · Deploy · Scale …      titles
//!  tree                  │ pane                                                      content
//!  : command  / filter   d describe  l logs                              ? help      keys, or what is typed
//! ```

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::cost::money;
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::index::Tally;
use crate::fleet::phase::Phase;
use crate::fleet::tree::Pivot;
use crate::ops::costs;

use super::action::Action;
use super::effect::Prompt;
use super::modal::which;
use super::theme::{Letters, Role, Theme};
use super::view::{Focus, SMALLEST, View};
use super::widget::draw;

/// Draws everything. The same fleet, view, theme and time always give the same cells.
pub fn render(fleet: &Fleet, view: &View, theme: &Theme, now: Timestamp, buf: &mut Buffer) {
    let screen = buf.area;
    if screen.width < SMALLEST.0 || screen.height < SMALLEST.1 {
        let words = format!("too small: need {}x{}; ctrl-c quits", SMALLEST.0, SMALLEST.1);
        draw::text(buf, 0, 0, &words, screen.width, theme.style(Role::Warn));
        return;
    }
    header(fleet, view, theme, now, Rect { height: 1, ..screen }, buf);
    let content =
        Rect { y: screen.y + 2, height: (screen.height - 3).saturating_sub(view.toast_lines()), ..screen };
    let titles = Rect { y: screen.y + 1, height: 1, ..screen };
    let pane_in_focus = view.focus == Focus::Pane;
    if let (Some(welcome), false) = (&view.welcome, pane_in_focus) {
        welcome.draw(&view.keymap, theme, content, buf);
    } else if view.is_narrow() {
        if pane_in_focus {
            pane(fleet, view, theme, now, (titles, content), buf);
        } else {
            tree_title(view, theme, titles, buf);
            view.tree.draw(fleet, theme, true, now, content, buf);
        }
    } else {
        let width = view.tree_width();
        let (left, right) = (Rect { width, ..content }, split_right(content, width));
        tree_title(view, theme, Rect { width, ..titles }, buf);
        view.tree.draw(fleet, theme, !pane_in_focus, now, left, buf);
        let rule = if theme.ascii { "|" } else { "│" };
        for y in titles.y..content.bottom() {
            draw::text(buf, screen.x + width, y, rule, 1, theme.style(Role::Rule));
        }
        pane(fleet, view, theme, now, (split_right(titles, width), right), buf);
    }
    let last = Rect { y: screen.bottom() - 1, height: 1, ..screen };
    if view.asking.is_some() {
        asking(view, theme, last, buf)
    } else {
        keys(view, theme, last, buf)
    }
    toasts(view, theme, screen, buf);
    if view.shows_keys(now) {
        let following = view.keymap.following(&view.contexts(), &view.pending);
        let pressed: Vec<String> = view.pending.iter().map(ToString::to_string).collect();
        which::draw(&pressed.join(" "), &following, theme, screen, buf);
    }
    if let Some(help) = &view.help {
        help.draw(theme, screen, buf);
    }
    if let Some(palette) = &view.palette {
        palette.draw(theme, screen, buf);
    }
    if let Some(confirm) = &view.confirm {
        confirm.draw(theme, screen, buf);
    }
    if let Some(choice) = &view.choice {
        choice.draw(theme, screen, buf);
    }
    match theme.letters {
        Letters::All => {}
        Letters::Unambiguous => draw::to_unambiguous(buf),
        Letters::Ascii => draw::to_ascii(buf),
    }
}

fn split_right(area: Rect, width: u16) -> Rect {
    Rect { x: area.x + width + 1, width: area.width.saturating_sub(width + 1), ..area }
}

/// Columns of the header that are the scope's, as long as there are numbers that give way.
const SCOPE_LEAST: u16 = 20;

fn header(fleet: &Fleet, view: &View, theme: &Theme, now: Timestamp, area: Rect, buf: &mut Buffer) {
    draw::line_style(buf, area, area.y, theme.style(Role::Header));
    let base = theme.style(Role::Header);
    let strong = base.patch(theme.style(Role::HeaderText));
    let mut tally = Tally::default();
    let mut month = None;
    let mut oldest: Option<Timestamp> = None;
    for c in fleet.in_scope(&view.scope) {
        tally.add(&Tally::in_scope(c, &view.scope));
        // Nodes are bought for whole clusters.
        let whole = view.scope.covers_cluster(c.info.at());
        if let Some(cost) = costs::node_month(fleet, &TreeNode::Cluster(c.id())).filter(|_| whole) {
            month = Some(month.unwrap_or(0) + cost);
        }
        if let Phase::Stale { since, .. } = &c.phase {
            oldest = Some(oldest.map_or(*since, |o| o.min(*since)));
        }
    }
    // From the right: marks that must not be missed, then counts, as far as there is room.
    let phases = fleet.phases();
    let all = fleet.clusters().len();
    let glyph = |h: Health| h.glyph(theme.ascii);
    // The last says whether it gives way to the name of the scope: what the tree and `live` say, too, does.
    let mut right: Vec<(String, ratatui::style::Style, bool)> = Vec::new();
    right.push((format!("{}/{all} live", phases.live), base, false));
    if phases.connecting > 0 {
        right.push((
            format!("{} connecting", phases.connecting),
            base.patch(theme.health(Health::Progressing)),
            false,
        ));
    }
    if phases.failed > 0 {
        let words = format!("{}{} unreachable", glyph(Health::Down), phases.failed);
        right.push((words, base.patch(theme.health(Health::Down)), false));
    }
    if phases.stale > 0 {
        let age = oldest.map_or_else(String::new, |o| format!(" {}", crate::domain::age::show(o, now)));
        right.push((
            format!("{} stale{age}", phases.stale),
            base.patch(theme.health(Health::Degraded)),
            false,
        ));
    }
    let bad = theme.health(Health::Degraded);
    for (n, word, style) in [
        (phases.idle, "idle", ratatui::style::Style::default()),
        (phases.signed_out, "signed out", bad),
        (phases.not_allowed, "to allow", bad),
        (phases.unusable, "unusable", bad),
        (phases.denied, "denied", bad),
        (phases.unreadable, "unreadable", bad),
    ] {
        if n > 0 {
            right.push((format!("{n} {word}"), base.patch(style), true));
        }
    }
    // Nothing is counted as none before a list of at least one cluster is there.
    let loaded = |is: fn(Kind) -> bool| {
        fleet.in_scope(&view.scope).any(|c| Kind::WATCHED.into_iter().any(|k| is(k) && c.is_loaded(k)))
    };
    let number = |known: bool, n: u32, noun: &str| {
        if known { count(n as usize, noun) } else { format!("– {noun}s") }
    };
    if area.width >= 110 {
        right.push((number(loaded(Kind::is_workload), tally.workloads, "workload"), base, true));
    }
    if area.width >= 76 {
        let known = loaded(|k| k == Kind::Pod);
        let pods = if known && !tally.knows_pods() {
            format!("{} pods", tally.pods_words())
        } else {
            number(known, tally.pods, "pod")
        };
        right.push((pods, base, true));
    }
    // What is not watched is not seen to break: that is said as long as there is room for anything.
    if let Some((watched, of)) = fleet.pods_watched(&view.scope) {
        let words = if area.width >= 110 { "pods watched" } else { "watched" };
        right.push((format!("{words} {watched}/{of} clusters"), base, true));
    }
    // Problems by cause, as their pane lists them; the tree counts objects.
    for (n, health) in [(view.problems().down, Health::Down), (view.problems().degraded, Health::Degraded)] {
        if n > 0 {
            right.push((format!("{}{n}", glyph(health)), base.patch(theme.health(health)), false));
        }
    }
    if let Some(month) = month.filter(|_| area.width >= 96) {
        right.push((format!("{}/mo", money::show_month(month)), base, true));
    }
    if view.options.demo && area.width >= 60 {
        right.push(("[demo]".to_owned(), base, false));
    }
    if view.options.read_only {
        right.push(("[RO]".to_owned(), strong, false));
    }
    if let Some(words) = acting_as(fleet, view) {
        right.push((words, strong.patch(theme.health(Health::Degraded)), false));
    }
    let name = if area.width >= 60 { " skyfleet  " } else { " " };
    let wanted = cells::width(name) + cells::width(&view.scope_words(fleet, SCOPE_LEAST)) + 2;
    let taken = |right: &[(String, _, bool)]| right.iter().map(|(t, ..)| cells::width(t) + 2).sum::<u16>();
    while taken(&right) + wanted > area.width
        && let Some(at) = right.iter().rposition(|(.., gives_way)| *gives_way)
    {
        right.remove(at);
    }
    let width = taken(&right);
    let mut x = area.right().saturating_sub(width.min(area.width.saturating_sub(12)));
    let left_end = x;
    for (t, style, _) in &right {
        if x >= area.right() {
            break;
        }
        x += draw::text(buf, x, area.y, t, area.right() - x, *style) + 2;
    }
    let used = draw::text(buf, area.x, area.y, name, left_end, strong);
    let room = left_end.saturating_sub(area.x + used + 2);
    let scope = view.scope_words(fleet, room);
    draw::text(buf, area.x + used, area.y, &scope, room, base);
}

/// Whom one acts as in this scope, when it is not oneself: always said.
fn acting_as(fleet: &Fleet, view: &View) -> Option<String> {
    let mut users: Vec<&SafeText> =
        fleet.in_scope(&view.scope).map(|c| &c.info.acting_as).filter(|u| !u.is_empty()).collect();
    users.sort();
    users.dedup();
    match users.as_slice() {
        [] => None,
        [one] => Some(format!("as {}", cells::middle(one, 24))),
        many => Some(format!("as {} users", many.len())),
    }
}

fn tree_title(view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let role = if view.focus == Focus::Tree { Role::TitleFocused } else { Role::Title };
    let by = view.tree.pivot;
    let title = if by == Pivot::default() { "Fleet".to_owned() } else { format!("Fleet by {}", by.word()) };
    let used = draw::text(buf, area.x + 1, area.y, &title, area.width, theme.style(role));
    let mut words = String::new();
    if !view.tree.filter_text().is_empty() {
        let more = if view.tree.has_more() { "(not all) " } else { "" };
        words.push_str(&format!("/{} {more}", view.tree.filter_text()));
    }
    if !view.tree.marks.is_empty() {
        words.push_str(&format!("{} marked", view.tree.marks.len()));
    }
    draw::text(
        buf,
        area.x + used + 3,
        area.y,
        &words,
        area.width.saturating_sub(used + 4),
        theme.style(Role::Muted),
    );
    // What the numbers below are.
    let heading = if by == Pivot::App { "CLUSTERS/PODS  STATE" } else { "CLUSTERS/PODS  STATE  $/MO" };
    if area.width > used + cells::width(&words) + cells::width(heading) + 6 {
        draw::text_right(buf, area.x, area.right(), area.y, heading, theme.style(Role::Muted));
    }
}

fn pane(
    fleet: &Fleet,
    view: &View,
    theme: &Theme,
    now: Timestamp,
    (titles, area): (Rect, Rect),
    buf: &mut Buffer,
) {
    let seen = view.seen(fleet, now);
    if let Some(text) = &view.text {
        let used = draw::text(
            buf,
            titles.x + 1,
            titles.y,
            &text.title,
            titles.width.saturating_sub(1),
            theme.style(Role::TitleFocused),
        );
        if let Some(why) = &text.stale {
            let words = format!("not current: {why}");
            let room = titles.width.saturating_sub(used + 3);
            draw::text(buf, titles.x + used + 3, titles.y, &words, room, theme.style(Role::Warn));
        } else if !text.search_text().is_empty() {
            let words = format!("/{}  n N", text.search_text());
            draw::text(
                buf,
                titles.x + used + 3,
                titles.y,
                &words,
                titles.width.saturating_sub(used + 3),
                theme.style(Role::Muted),
            );
        }
        text.draw(theme, area, buf);
        return;
    }
    let pane = view.panes.get(view.pane);
    let focused = view.focus == Focus::Pane;
    // The tabs, as far as there is room beside the heading of the pane.
    let heading = pane.heading(seen);
    // What follows the tree's cursor and not the scope says so.
    let heading = match view.preview_words(fleet) {
        Some(words) if !focused => format!("under the cursor: {words}  {heading}"),
        _ => format!("{}{heading}", view.crumbs()),
    };
    let narrow = view.is_narrow();
    let mut x = titles.x + 1;
    for tab in view.tabs().iter().filter(|tab| !narrow || tab.current) {
        let style = match (tab.current, focused) {
            (true, true) => theme.style(Role::TitleFocused),
            (true, false) => theme.style(Role::Title),
            (false, _) => theme.style(Role::Muted),
        };
        x += draw::text(buf, x, titles.y, &tab.title, titles.right().saturating_sub(x), style) + 2;
    }
    let muted = theme.style(Role::Muted);
    if narrow {
        draw::text(buf, x, titles.y, &heading, titles.right().saturating_sub(x), muted);
        pane.draw(seen, theme, focused, area, buf);
    } else {
        draw::text(buf, area.x + 1, area.y, &heading, area.width.saturating_sub(1), muted);
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        pane.draw(seen, theme, focused, below, buf);
    }
}

fn asking(view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(asking) = &view.asking else { return };
    draw::line_style(buf, area, area.y, theme.style(Role::Keys));
    let prompt = match &asking.prompt {
        Prompt::Command => ":".to_owned(),
        Prompt::Filter => "/".to_owned(),
        Prompt::Scale(targets) => format!(
            "scale {} to (N, +N or -N): ",
            match targets.as_slice() {
                [one] => format!("{} / {}", one.namespace, one.target()),
                many => count(many.len(), "workload"),
            }
        ),
        Prompt::Manifest => "manifest file or folder: ".to_owned(),
        Prompt::Save(_) => "save to: ".to_owned(),
    };
    let base = theme.style(Role::Keys);
    let mut x =
        area.x + draw::text(buf, area.x, area.y, &prompt, area.width, base.patch(theme.style(Role::KeysKey)));
    // A long line shows its end, where the cursor mostly is.
    let room = area.width.saturating_sub(x + 2);
    let text = asking.line.text();
    let skip = cells::width(asking.line.before()).saturating_sub(room);
    x += draw::text(buf, x, area.y, cells::skip_cells(text, skip), room, base.patch(theme.style(Role::Text)));
    let cursor_x = area.x + cells::width(&prompt) + cells::width(asking.line.before()).saturating_sub(skip);
    let suggestion = asking.suggestions.get(asking.chosen).filter(|_| asking.error.is_none());
    let room = area.right().saturating_sub(x);
    let muted = base.patch(theme.style(Role::Muted));
    if let Some(rest) = suggestion.and_then(|s| s.strip_prefix(text)) {
        let more = match asking.suggestions.len() {
            1 => String::new(),
            n => format!("  ↑↓ {} of {n}", asking.chosen + 1),
        };
        draw::text(buf, x, area.y, &format!("{rest}  tab{more}"), room, muted);
    } else if let Some(doubt) = asking.doubt.as_deref().filter(|_| asking.error.is_none()) {
        draw::text(buf, x + 2, area.y, doubt, room.saturating_sub(2), muted);
    }
    if let Some(error) = &asking.error {
        draw::text(
            buf,
            x + 2,
            area.y,
            error,
            area.right().saturating_sub(x + 2),
            base.patch(theme.style(Role::Error)),
        );
    }
    if cursor_x < area.right()
        && let Some(cell) = buf.cell_mut((cursor_x, area.y))
    {
        cell.set_style(ratatui::style::Style::default().add_modifier(ratatui::style::Modifier::REVERSED));
    }
}

fn keys(view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    draw::line_style(buf, area, area.y, theme.style(Role::Keys));
    let base = theme.style(Role::Keys);
    let key_style = base.patch(theme.style(Role::KeysKey));
    let contexts = view.contexts();
    let mut items: Vec<(String, &'static str, bool)> = Vec::new();
    if view.pending.is_empty() {
        let mut open = None;
        let own: &[Action] = match (&view.text, view.focus) {
            (Some(_), _) => &[
                Action::Back,
                Action::Filter,
                Action::Toggle,
                Action::LogWrap,
                Action::LogNextMatch,
                Action::Copy,
                Action::Save,
            ],
            (None, Focus::Tree) if view.welcome.is_some() => &[Action::Demo, Action::Quit],
            (None, Focus::Tree) => {
                let (keys, word) = view.tree.keys();
                open = word;
                keys
            }
            (None, Focus::Pane) => view.panes.get(view.pane).keys(),
        };
        for action in [Action::Command, Action::Filter].iter().chain(own) {
            let title = open.filter(|_| *action == Action::Open).unwrap_or(action.info().title);
            if items.iter().any(|(_, known, _)| *known == title) {
                continue;
            }
            if let Some(keys) = view.keymap.keys_of(&contexts, *action) {
                items.push((keys, title, action.info().writes && view.options.read_only));
            }
        }
    } else {
        // Which keys may follow those that were pressed.
        for (keys, action) in view.keymap.following(&contexts, &view.pending) {
            items.push((keys, action.info().title, false));
        }
    }
    let help = view.keymap.keys_of(&contexts, Action::Help).unwrap_or_default();
    // How to leave is the first thing one looks for in a program that fills the screen.
    let quit = view.keymap.keys_of(&contexts, Action::Command).filter(|_| area.width >= 60);
    let quit = quit.map_or_else(String::new, |command| format!("{command}q quit  "));
    let tail = format!("{quit}{help} help ");
    let tail_at = area.right().saturating_sub(cells::width(&tail));
    let mut x = area.x + 1;
    for (keys, title, off) in &items {
        let width = cells::width(keys) + cells::width(title) + 3;
        if x + width > tail_at {
            break;
        }
        let dim = base.patch(theme.style(Role::Muted));
        x += draw::text(buf, x, area.y, keys, width, if *off { dim } else { key_style }) + 1;
        x += draw::text(buf, x, area.y, title, width, if *off { dim } else { base }) + 2;
    }
    draw::text(buf, tail_at, area.y, &tail, cells::width(&tail), key_style);
}

fn toasts(view: &View, theme: &Theme, screen: Rect, buf: &mut Buffer) {
    let bottom = screen.bottom().saturating_sub(2);
    for (n, toast) in (0..view.toast_lines()).zip(view.toasts()) {
        let style = theme.style(if toast.error { Role::ToastError } else { Role::ToastOk });
        let words = format!(" {} ", crate::domain::text::clean(&toast.words));
        draw::text(buf, screen.x, bottom.saturating_sub(n), &words, screen.width, style);
    }
}
