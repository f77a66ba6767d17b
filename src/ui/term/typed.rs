//! What is typed. crossterm reads a terminal that is gone for ever and without letting anybody else run; so it is asked each
//! time whether it is still there. Between the question and the reading it may go, and a sequence of which one half has come
//! is waited for: so the reading is done by crossterm's own thread alone, which its source of `use-dev-tty` sees to (the
//! other one reads on the thread of the loop, too).
//!
//! Called by the loop.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream};
use futures::Stream;

/// Events of the terminal; they end where it hangs up.
#[derive(Default)]
pub struct Typed(EventStream);

/// Nobody is at the other end any more.
fn has_hung_up() -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdin = io::stdin();
        let mut look = [PollFd::new(&stdin, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        poll(&mut look, Some(&at_once)).is_ok() && look.iter().any(|fd| fd.revents().intersects(gone))
    }
    #[cfg(not(unix))]
    false
}

impl Stream for Typed {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if has_hung_up() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.0).poll_next(cx)
    }
}
