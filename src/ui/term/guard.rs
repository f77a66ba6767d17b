//! The terminal's modes: set once, given back on every way out (quit, error, panic, signal), and only once.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::redact::redact;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};

/// Clicks and the wheel, in the form that knows no end of columns. Not motion, which would flood a slow link.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Whether the modes are set. The one flag of the process: a terminal is a thing of the process, and the panic hook has
/// nowhere else to look.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back when dropped.
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Raw mode, alternate screen, bracketed paste, no cursor, the mouse perhaps. Installs the panic hook first.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        install_hook();
        let guard = Self { mouse };
        guard.take_back()?;
        Ok(guard)
    }

    /// Gives the terminal back for a while: to a program that a person has to talk to.
    pub fn lend(&self) {
        restore();
    }

    /// Puts the process into the background with the terminal given back; returns when it is in the foreground again.
    pub fn suspend(&self) -> io::Result<()> {
        restore();
        #[cfg(unix)]
        {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP);
        }
        self.take_back()
    }

    /// Sets the modes again.
    pub fn take_back(&self) -> io::Result<()> {
        enable_raw_mode()?;
        ACTIVE.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        queue!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        if self.mouse {
            queue!(out, Print(MOUSE_ON))?;
        }
        out.flush()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes every mode, if they are set. Errors are ignored: the terminal may be gone.
pub fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // What was never set is undone at no harm.
    let _ = queue!(
        out,
        Print(MOUSE_OFF),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

fn install_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        // A task that panics on a thread of the runtime ends alone and is told as a toast: the screen stays, and nothing
        // may be written across it.
        if std::thread::current().id() != main && ACTIVE.load(Ordering::SeqCst) {
            tracing::error!(panic = %redact(&info.to_string()), "a task panicked");
            return;
        }
        restore();
        // What a panic says may hold anything; what the hook before this one would print is not looked through.
        let words = info.payload_as_str().unwrap_or("without words");
        let place =
            info.location().map_or_else(String::new, |l| format!("{}:{}:{}", l.file(), l.line(), l.column()));
        let trace = std::backtrace::Backtrace::capture();
        let _ = writeln!(io::stderr(), "skyfleet panicked at {place}:\n{}\n{trace}", redact(words));
    }));
}
