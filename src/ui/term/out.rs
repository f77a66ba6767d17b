//! The bytes that go to the terminal: one write a frame, bracketed as one update, counted.

use std::io;
use std::time::Duration;

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::behind::Out;
use super::encode;

/// How long the last frame may take before the terminal is given back all the same.
const LAST_FRAME: Duration = Duration::from_millis(300);

/// So many bytes of a text go to the clipboard, a third more as base64.
pub const MOST_COPIED: usize = 54_000;

/// Where frames go.
pub struct Screen<W: Out> {
    /// What the terminal shows.
    shown: Buffer,
    /// Where the next frame is drawn.
    next: Buffer,
    /// The terminal has to be emptied first.
    empty: bool,
    out: W,
    /// Bytes written so far.
    pub bytes: u64,
}

impl<W: Out> Screen<W> {
    /// A screen of that size on that output, which is empty.
    pub fn new(out: W, (columns, rows): (u16, u16)) -> io::Result<Self> {
        let blank = Buffer::empty(Rect::new(0, 0, columns, rows));
        // Who was killed has left the alternate screen as it was.
        Ok(Self { shown: blank.clone(), next: blank, empty: true, out, bytes: 0 })
    }

    /// Takes a new size; everything is drawn again.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) -> io::Result<()> {
        let blank = Buffer::empty(Rect::new(0, 0, columns, rows));
        (self.shown, self.next) = (blank.clone(), blank);
        self.empty = true;
        Ok(())
    }

    /// Forgets what is on the screen, so that the next frame draws all of it.
    pub fn clear(&mut self) -> io::Result<()> {
        self.resize((self.shown.area.width, self.shown.area.height))
    }

    /// Draws a frame and writes what differs from the one before: nothing at all when nothing differs.
    pub fn draw(&mut self, render: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        self.next.reset();
        render(&mut self.next);
        let mut cells = Vec::new();
        encode::frame(&self.shown, &self.next, &mut cells);
        std::mem::swap(&mut self.shown, &mut self.next);
        if cells.is_empty() && !self.empty {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(cells.len() + 32);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.empty) {
            queue!(bytes, crossterm::style::Print("\u{1b}[m"), Clear(ClearType::All))?;
        }
        bytes.append(&mut cells);
        queue!(bytes, EndSynchronizedUpdate)?;
        self.bytes += bytes.len() as u64;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// What was drawn before is on its way: another frame may follow.
    pub fn is_free(&self) -> bool {
        self.out.is_free()
    }

    /// Waits for that for a moment: the terminal will be given to somebody else.
    pub fn settle(&self) {
        self.out.settle(LAST_FRAME);
    }

    /// To the clipboard by OSC 52, which reaches the person's own machine over SSH. Terminals take about 74 KB.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let end = text.floor_char_boundary(MOST_COPIED);
        let text = text.get(..end).unwrap_or(text);
        let mut bytes = Vec::new();
        queue!(bytes, crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))?;
        self.bytes += bytes.len() as u64;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// The output, for tests.
    pub fn output(&self) -> &W {
        &self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_screen_sends_nothing() {
        let mut screen = Screen::new(Vec::new(), (20, 3)).unwrap();
        let hello = |buf: &mut Buffer| {
            buf.set_string(0, 0, "hello", ratatui::style::Style::default());
        };
        screen.draw(hello).unwrap();
        let first = screen.bytes;
        assert!(first > 5);
        screen.draw(hello).unwrap();
        assert_eq!(screen.bytes, first);
        screen
            .draw(|buf| {
                buf.set_string(0, 0, "jello", ratatui::style::Style::default());
            })
            .unwrap();
        assert!(screen.bytes > first && screen.bytes < first + 60, "{}", screen.bytes - first);
    }
}
