//! One run of a plugin without a terminal: started, read within bounds, and ended with everything it started.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::fault::PluginFault;
use super::group::{Group, Groups};
use super::spec::Plugin;
use crate::domain::text::SafeText;

/// A credential is a few KiB.
pub(super) const MAX_OUT: usize = 1024 * 1024;
/// Of what it complains so much is looked at.
const MAX_ERR: usize = 64 * 1024;
/// Between being asked to end and being killed.
const TO_END: Duration = Duration::from_secs(1);
/// How long, after it has ended, a pipe is read that something which left its session may still hold.
const AFTER_END: Duration = Duration::from_millis(300);

/// What came of a run.
pub(super) struct Ran {
    pub(super) how: How,
    /// Never more than [`MAX_OUT`].
    pub(super) out: Zeroizing<Vec<u8>>,
    pub(super) err: Zeroizing<Vec<u8>>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By itself, with this code; none: by a signal.
    Exited(Option<i32>),
    /// At its limit.
    TimedOut,
    /// It printed too much.
    Flooded,
}

/// A process, and with it all it starts. The group comes first: it is killed before its first process can be waited for.
struct Running {
    group: Group,
    child: Box<dyn ChildWrapper>,
}

/// Runs it; the limit counts from its start.
pub(super) async fn run(
    plugin: &Plugin,
    program: PathBuf,
    groups: &Arc<Groups>,
    limit: Duration,
) -> Result<Ran, PluginFault> {
    // Listened to from before the start on: no end is missed.
    let mut ends = Ends::new().map_err(|e| cannot_start(plugin, &e))?;
    // Here and not on a thread of its own: tokio forgets a process, alive, whose start meets the end of its runtime there.
    let mut running = match start(plugin, &program, groups) {
        Ok(Some(running)) => running,
        Ok(None) => return Err(PluginFault::Stopped),
        Err(e) => return Err(cannot_start(plugin, &e)),
    };
    let deadline = Instant::now() + limit;
    let mut out = Pipe::new(running.child.stdout().take(), MAX_OUT);
    let mut err = Pipe::new(running.child.stderr().take(), MAX_ERR);
    let stopped = loop {
        tokio::select! {
            // In this order: a flood keeps neither the end nor the limit from being seen.
            biased;
            () = ends.of(&running.group, &mut running.child) => break None,
            () = sleep_until(deadline) => break Some(How::TimedOut),
            () = out.read() => if out.over { break Some(How::Flooded) },
            () = err.read() => {}
        }
    };
    if stopped == Some(How::TimedOut) {
        running.group.terminate();
        let ended = async {
            loop {
                tokio::select! {
                    biased;
                    () = ends.of(&running.group, &mut running.child) => break,
                    // It may have to say a last word before it can end.
                    () = out.read() => {}
                    () = err.read() => {}
                }
            }
        };
        let _in_time = timeout(TO_END, ended).await;
    }
    let Running { group, mut child } = running;
    // Whatever it left behind goes too, and it does so before the number of the group is given back.
    drop(group);
    let _ended = child.inner_mut().start_kill();
    let status = timeout(TO_END, child.inner_mut().wait()).await;
    out.rest().await;
    err.rest().await;
    let how = match (stopped, status) {
        (Some(how), _) => how,
        (None, _) if out.over => How::Flooded,
        (None, Ok(Ok(status))) => How::Exited(status.code()),
        (None, _) => How::Exited(None),
    };
    Ok(Ran { how, out: out.kept, err: err.kept })
}

fn start(plugin: &Plugin, program: &Path, groups: &Arc<Groups>) -> std::io::Result<Option<Running>> {
    let mut command = CommandWrap::with_new(program, |command| {
        command
            .args(&plugin.args)
            .envs(plugin.env.iter().map(|(name, value)| (name, value.expose_secret())))
            .env("KUBERNETES_EXEC_INFO", plugin.request(false))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
    });
    // A new session has no terminal: whatever the plugin opens, it cannot write over our screen or wait for a key.
    #[cfg(unix)]
    command.wrap(process_wrap::tokio::ProcessSession);
    let child = command.spawn()?;
    let Some(group) = child.id().and_then(|pid| groups.started(pid)) else { return Ok(None) };
    Ok(Some(Running { group, child }))
}

pub(super) fn cannot_start(plugin: &Plugin, error: &std::io::Error) -> PluginFault {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "what its first line names to run it is not there".to_owned(),
        std::io::ErrorKind::InvalidInput => {
            "its command line or environment holds a null character".to_owned()
        }
        kind => kind.to_string(),
    };
    PluginFault::Start { command: name(plugin), why: SafeText::new(&why) }
}

/// The command's name for a sentence.
pub(super) fn name(plugin: &Plugin) -> SafeText {
    SafeText::new(plugin.facts(&[], false).name())
}

/// When a process ends. On Unix it is asked without being waited for, see `group`.
#[cfg(unix)]
struct Ends(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Ends {
    fn new() -> std::io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child()).map(Self)
    }

    async fn of(&mut self, group: &Group, _: &mut Box<dyn ChildWrapper>) {
        while !group.has_ended() {
            if self.0.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(not(unix))]
struct Ends;

#[cfg(not(unix))]
impl Ends {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn of(&mut self, _: &Group, child: &mut Box<dyn ChildWrapper>) {
        let _ended = child.wait().await;
    }
}

/// A pipe that is read to its end, of which the beginning is kept.
pub(super) struct Pipe<R> {
    from: Option<R>,
    pub(super) kept: Zeroizing<Vec<u8>>,
    buffer: Zeroizing<Vec<u8>>,
    max: usize,
    /// There was more.
    pub(super) over: bool,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    pub(super) fn new(from: Option<R>, max: usize) -> Self {
        let kept = Zeroizing::new(Vec::with_capacity(16 * 1024));
        Self { from, kept, buffer: Zeroizing::new(vec![0; 16 * 1024]), max, over: false }
    }

    /// Reads once. At the end it never returns.
    pub(super) async fn read(&mut self) {
        let Some(from) = &mut self.from else { return std::future::pending().await };
        match from.read(&mut self.buffer).await {
            Ok(0) | Err(_) => self.from = None,
            Ok(n) => {
                let room = self.max.saturating_sub(self.kept.len());
                self.over |= n > room;
                self.kept.extend_from_slice(self.buffer.get(..n.min(room)).unwrap_or_default());
            }
        }
    }

    /// What is still in it: to its end, or until nothing more comes, or more is there than is kept. Who still writes into it
    /// is somebody else and is not listened to for long.
    pub(super) async fn rest(&mut self) {
        let until = Instant::now() + 4 * AFTER_END;
        while self.from.is_some() && !self.over && Instant::now() < until {
            if timeout(AFTER_END, self.read()).await.is_err() {
                return;
            }
        }
    }
}
