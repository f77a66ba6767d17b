//! Signals while a command runs. Credential plugins are in sessions of their own, where no Ctrl-C and no hang-up reaches
//! them: who ends skyfleet ends them, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ops::session::Shared;

/// Whether a command hears Ctrl-C itself.
#[derive(Clone, Default)]
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// From here on the command hears Ctrl-C itself, and ends in order.
    pub(super) fn heard(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Ends the program and its plugins at a signal, but for a Ctrl-C that the command hears. To be called once, before the
    /// command is run.
    pub fn end_on_signals(&self, session: Shared) {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut term), Ok(mut hup), Ok(mut int)) = (
                signal(SignalKind::terminate()),
                signal(SignalKind::hangup()),
                signal(SignalKind::interrupt()),
            ) else {
                return;
            };
            let heard = self.0.clone();
            tokio::spawn(async move {
                let code = loop {
                    tokio::select! {
                        _ = term.recv() => break 143,
                        _ = hup.recv() => break 129,
                        _ = int.recv() => if !heard.load(Ordering::SeqCst) {
                            break 130;
                        },
                    }
                };
                session.end_plugins();
                std::process::exit(code);
            });
        }
        #[cfg(not(unix))]
        drop(session);
    }
}
