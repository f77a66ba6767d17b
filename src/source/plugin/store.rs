//! What a person has said yes to: for good in a file, one hash a line and nothing that says what it was; or until skyfleet
//! ends. The file is ours alone to write; one that somebody else could have written counts for nothing.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::trust::{only_ours, ours};

/// About fifteen thousand of them.
const MAX_BYTES: u64 = 1024 * 1024;

pub(super) struct Store {
    path: PathBuf,
    for_now: Mutex<HashSet<String>>,
}

impl Store {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, for_now: Mutex::default() }
    }

    /// Whether this was said yes to. No where the file cannot be read or trusted.
    pub(super) fn has(&self, id: &str) -> bool {
        self.for_now.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
            || self.read().is_ok_and(|text| text.lines().any(|line| line == id))
    }

    /// Remembers a yes until skyfleet ends.
    pub(super) fn add_for_now(&self, id: String) {
        self.for_now.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// How many are in the file.
    pub(super) fn kept(&self) -> usize {
        self.read().map_or(0, |text| text.lines().count())
    }

    /// Remembers a yes.
    pub(super) fn add(&self, id: &str) -> io::Result<()> {
        let mut text = match self.read() {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(e),
        };
        if text.lines().any(|line| line == id) {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(id);
        text.push('\n');
        let folder = self.folder()?;
        // Nobody else can put a file there, see `folder`; `create_new` follows no link.
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        let _left_by_a_crash = fs::remove_file(&new);
        let written =
            private(OpenOptions::new().write(true).create_new(true)).open(&new).and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            });
        let done = written.and_then(|()| fs::rename(&new, &self.path));
        if done.is_err() {
            let _unfinished = fs::remove_file(&new);
        }
        done?;
        // Where a folder cannot be synchronised the file is there all the same.
        let _lasting = File::open(folder).and_then(|f| f.sync_all());
        Ok(())
    }

    fn read(&self) -> io::Result<String> {
        let file = private(OpenOptions::new().read(true)).open(&self.path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || !ours(&metadata) || metadata.len() > MAX_BYTES {
            return Err(not_ours(&self.path));
        }
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }

    /// The folder, made for us alone if it is not there.
    fn folder(&self) -> io::Result<&Path> {
        let folder = self.path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        if only_ours(folder) { Ok(folder) } else { Err(not_ours(folder)) }
    }
}

fn not_ours(path: &Path) -> io::Error {
    let words = format!("{}: others can write it, so it is not used", path.display());
    io::Error::new(io::ErrorKind::PermissionDenied, words)
}

/// Follows no link, waits for no pipe, and makes files for us alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}
