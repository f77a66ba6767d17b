//! The bytes that go to the terminal: one write a frame, bracketed as one update, counted.

use std::io::{self, Write};

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Where frames go.
pub struct Screen<W: Write> {
    terminal: Terminal<CrosstermBackend<Frame>>,
    frame: Frame,
    size: (u16, u16),
    out: W,
    /// Bytes written so far.
    pub bytes: u64,
}

/// A frame's bytes before they are written.
#[derive(Clone, Default)]
pub struct Frame(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Screen<W> {
    /// A screen of that size on that output.
    pub fn new(out: W, size: (u16, u16)) -> io::Result<Self> {
        let frame = Frame::default();
        Ok(Self { terminal: terminal(frame.clone(), size)?, frame, size, out, bytes: 0 })
    }

    /// Takes a new size; everything is drawn again.
    pub fn resize(&mut self, size: (u16, u16)) -> io::Result<()> {
        self.size = size;
        self.clear()
    }

    /// Forgets what is on the screen, so that the next frame draws all of it. A new `Terminal` does, for ratatui's own
    /// `clear` asks the terminal where its cursor is, and nobody may read the answer while keys are read.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal = terminal(self.frame.clone(), self.size)?;
        queue!(self.frame, Clear(ClearType::All))
    }

    /// Draws a frame and writes what differs from the one before: nothing at all when nothing differs.
    pub fn draw(&mut self, render: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        self.terminal.draw(|frame| render(frame.buffer_mut()))?;
        let mut frame = std::mem::take(&mut *self.frame.0.borrow_mut());
        // A frame without a changed cell is only cursor and colour resets; a still fleet sends nothing.
        if is_only_modes(&frame) {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(frame.len() + 16);
        queue!(bytes, BeginSynchronizedUpdate)?;
        bytes.append(&mut frame);
        queue!(bytes, EndSynchronizedUpdate)?;
        self.bytes += bytes.len() as u64;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// Writes bytes that are no cells: OSC 52.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// The output, for tests.
    pub fn output(&self) -> &W {
        &self.out
    }
}

fn terminal(frame: Frame, (columns, rows): (u16, u16)) -> io::Result<Terminal<CrosstermBackend<Frame>>> {
    let viewport = ratatui::Viewport::Fixed(Rect::new(0, 0, columns, rows));
    Terminal::with_options(CrosstermBackend::new(frame), ratatui::TerminalOptions { viewport })
}

/// Whether the bytes hold nothing but escape sequences that show nothing: SGR resets, cursor hiding.
fn is_only_modes(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [0x1b, b'[', tail @ ..] = rest {
        let Some(end) = tail.iter().position(|b| matches!(b, 0x40..=0x7e)) else { return false };
        if !matches!(tail.get(end), Some(b'm' | b'l' | b'h')) {
            return false;
        }
        rest = tail.get(end + 1..).unwrap_or(&[]);
    }
    rest.is_empty()
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
