//! Help: every key of the place you are in, from the Action table and the key map.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::domain::cells;
use crate::domain::filter::field::Field;
use crate::ui::key::Key;
use crate::ui::keymap::Keymap;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;
use crate::ui::widget::input::Line;
use crate::ui::widget::list::List;

/// The help's state.
pub struct Help {
    rows: Vec<(String, String, &'static str)>,
    /// What is found, in lines of the screen's width.
    lines: Vec<[String; 3]>,
    search: Line,
    list: List,
}

impl Help {
    /// The keys of these contexts, the nearest first, and the words of the command line.
    pub fn new(
        keymap: &Keymap,
        contexts: &[&'static str],
        read_only: bool,
        words: Vec<(String, String)>,
    ) -> Self {
        let mut rows = Vec::new();
        for context in contexts {
            for (keys, action) in keymap.bindings(context) {
                let info = action.info();
                let help = if info.writes && read_only {
                    format!("{} (off: read-only)", info.help)
                } else {
                    info.help.to_owned()
                };
                rows.push((keys, help, *context));
            }
        }
        rows.extend(FILTERS.iter().map(|(words, help)| ((*words).to_owned(), (*help).to_owned(), "filter")));
        let fields = Field::ALL.iter().map(|f| f.word()).collect::<Vec<_>>().join(" ");
        rows.push(("FIELD".to_owned(), format!("{fields}; where rows of the kind have it."), "filter"));
        rows.extend(SIGNS.iter().map(|(sign, help)| ((*sign).to_owned(), (*help).to_owned(), "sign")));
        rows.extend(words.into_iter().map(|(words, help)| (format!(":{words}"), help, "command")));
        Self { rows, lines: Vec::new(), search: Line::default(), list: List::default() }
    }

    fn found(&self) -> Vec<&(String, String, &'static str)> {
        let wanted = self.search.text().to_lowercase();
        self.rows
            .iter()
            .filter(|(k, h, c)| {
                wanted.is_empty()
                    || h.to_lowercase().contains(&wanted)
                    || k.contains(&wanted)
                    || c.contains(&wanted)
            })
            .collect()
    }

    /// Takes a key; false when the help should close.
    pub fn key(&mut self, key: Key) -> bool {
        if key.is(KeyCode::Esc) || key.is(KeyCode::Enter) || key.is_ctrl('c') {
            return false;
        }
        let page = isize::try_from(self.list.page).unwrap_or(1);
        if key.is(KeyCode::Down) {
            self.scroll(1);
        } else if key.is(KeyCode::Up) {
            self.scroll(-1);
        } else if key.is(KeyCode::PageDown) {
            self.scroll(page);
        } else if key.is(KeyCode::PageUp) {
            self.scroll(-page);
        } else if key.is(KeyCode::Home) {
            self.scroll(isize::MIN);
        } else if key.is(KeyCode::End) {
            self.scroll(isize::MAX);
        } else if key.typed() == Some('q') && self.search.text().is_empty() {
            return false;
        } else {
            self.search.key(key);
            self.list.go(0);
        }
        true
    }

    /// There is nothing to choose: the lines move, not a cursor.
    fn scroll(&mut self, by: isize) {
        let last = self.list.len.saturating_sub(self.list.page);
        let top = self.list.offset.saturating_add_signed(by).min(last);
        self.list.cursor = top;
        self.list.offset = top;
    }

    /// Its lines at this size.
    pub fn prepare(&mut self, screen: Rect) {
        let [_, _, text_at] = columns(screen.width);
        let mut lines: Vec<[String; 3]> = Vec::new();
        for (keys, help, context) in self.found() {
            // Long words of kinds have a line of their own.
            let (mut keys, mut context) = (keys.clone(), (*context).to_owned());
            if cells::width(&keys) >= KEYS_WIDTH {
                lines.push([std::mem::take(&mut keys), String::new(), String::new()]);
            }
            for text in cells::wrap(help, screen.width.saturating_sub(text_at + 1), 0) {
                lines.push([std::mem::take(&mut keys), std::mem::take(&mut context), text]);
            }
        }
        self.lines = lines;
        self.list.set_page(usize::from(screen.height.saturating_sub(3)));
        self.list.set_len(self.lines.len());
    }

    /// Draws it over the whole screen.
    pub fn draw(&self, theme: &Theme, screen: Rect, buf: &mut Buffer) {
        Clear.render(screen, buf);
        let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
        draw::text(buf, screen.x + 1, screen.y, "Keys", 10, theme.style(Role::TitleFocused));
        let window = self.list.window();
        let room = screen.width.saturating_sub(8);
        let hint = if screen.width < 60 { "up/down  Esc" } else { "up/down scroll  Esc closes" };
        let hint = format!("search: {}▏  {hint}", self.search.text());
        let used = draw::text(buf, screen.x + 8, screen.y, &hint, room, muted);
        let place = format!("{}-{} of {}", window.start + 1, window.end, self.lines.len());
        if used + cells::width(&place) + 3 <= room {
            draw::text_right(buf, screen.x + 8, screen.right().saturating_sub(1), screen.y, &place, muted);
        }
        let [keys_at, context_at, text_at] = columns(screen.width);
        for (y, i) in (screen.y + 2..screen.bottom()).zip(window) {
            let Some([keys, context, help]) = self.lines.get(i) else { break };
            let base = text;
            let keys_room = if help.is_empty() { screen.width } else { KEYS_WIDTH };
            // As the table draws it where there is no such sign.
            let keys = match (theme.ascii, keys.as_str()) {
                (true, "≠") => "!=",
                (true, "▼ ▲") => "v ^",
                (_, keys) => keys,
            };
            draw::text(buf, screen.x + keys_at, y, keys, keys_room, base.patch(theme.style(Role::KeysKey)));
            if context_at < text_at {
                draw::text(buf, screen.x + context_at, y, context, 10, base.patch(muted));
            }
            draw::text(buf, screen.x + text_at, y, help, screen.width.saturating_sub(text_at), base);
        }
        if self.lines.is_empty() {
            draw::text(buf, screen.x + 1, screen.y + 2, "nothing here is called that", 30, muted);
        }
    }
}

/// What the signs mean.
const SIGNS: [(&str, &str); 10] = [
    ("●", "Ok."),
    ("◐", "Progressing: rolling out, starting, connecting."),
    (
        "▲",
        "Degraded; the number is how many workloads, nodes and clusters are, in the header how many problems.",
    ),
    ("✖", "Down, with how many; at a cluster, with how long it has not been reached."),
    ("○", "Unknown, or not started."),
    ("≠", "Another image than this workload has in most clusters."),
    ("!", "More than 80 % of what the nodes have is asked for."),
    ("✓", "Marked: verbs act on all that are."),
    ("▸ ▾", "Closed, open."),
    ("▼ ▲", "At a column's title: what rows are sorted by."),
];

/// What is typed behind `/` in a table.
const FILTERS: [(&str, &str); 5] = [
    ("/web !api", "Rows that hold `web` and not `api`, in any case; a regular expression by its signs."),
    (
        "/age<1h",
        "FIELD, operator, value, without blanks: `restarts>5 cluster~prod image!~:latest cpu>500m ready<1`. All words have to hold.",
    ),
    ("= != ~ !~", "The whole text, in any case, or not; somewhere in it, as a word without a field, or not."),
    (
        "> >= < <=",
        "Numbers, times (90s 15m 2d4h), amounts (500m 1.5 2Gi), percent (mem>80%). What is not known of a row never passes.",
    ),
    ("/-f chkot", "Fuzzy: letters in their order, the best rows first; terms and !words mean what they do."),
];

/// Cells for the keys.
const KEYS_WIDTH: u16 = 14;

/// Where keys, context and help begin; on small screens the context is left out.
const fn columns(width: u16) -> [u16; 3] {
    if width < 60 { [1, 16, 16] } else { [1, 16, 27] }
}
