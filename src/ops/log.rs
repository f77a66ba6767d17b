//! The program's own log: to a file, never to the terminal, and without what looks like a credential. Called by `main`.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

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
