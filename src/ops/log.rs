//! The program's own log: to a file and to the screen's messages, never to the terminal, and without what looks like a credential. Called by `main`.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::redact::redact;

/// A log that hides credentials. Each write is one event.
#[derive(Clone)]
pub struct Redacting(Arc<File>);

impl Redacting {
    /// Into this file.
    pub fn new(file: File) -> Self {
        Self(Arc::new(file))
    }
}

impl Write for Redacting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        (&*self.0).write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

/// A log that ends on the screen, without what looks like a credential. Lines beyond what is read are dropped.
#[derive(Clone)]
pub struct ToScreen(mpsc::Sender<String>);

/// So many lines wait to be read.
const WAITING: usize = 500;

/// Such a log, and where its lines come out.
pub fn to_screen() -> (ToScreen, mpsc::Receiver<String>) {
    let (lines, logged) = mpsc::channel(WAITING);
    (ToScreen(lines), logged)
}

impl Write for ToScreen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines() {
            let _ = self.0.try_send(redact(line).into_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
