//! The processes that run: each is the first of a session and group of its own, and is killed with its group. A group is
//! known from when it is started until it is killed, so that all can be killed at once when skyfleet ends.
//!
//! Architecture invariant: a group is signalled only while its first process has not been waited for. The kernel keeps its
//! number for it until then, so a signal never meets a stranger.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Every group that runs.
#[derive(Default)]
pub(super) struct Groups {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stopped: bool,
    pids: HashSet<u32>,
}

/// A group that runs: dropped, it is killed.
pub(super) struct Group {
    pid: u32,
    all: Arc<Groups>,
}

impl Groups {
    /// A process that has just been started. None, and it is killed, when everything has been stopped meanwhile.
    pub(super) fn started(self: &Arc<Self>, pid: u32) -> Option<Group> {
        let group = Group { pid, all: self.clone() };
        let mut state = self.lock();
        state.pids.insert(pid);
        let stopped = state.stopped;
        drop(state);
        (!stopped).then_some(group)
    }

    /// Kills all that run, at once, and all that would still be started.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for pid in &state.pids {
            signal::kill(*pid);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// Asks all of it to end.
    pub(super) fn terminate(&self) {
        signal::terminate(self.pid);
    }

    /// Whether its first process has ended; it is not waited for.
    pub(super) fn has_ended(&self) -> bool {
        signal::has_ended(self.pid)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut state = self.all.lock();
        signal::kill(self.pid);
        state.pids.remove(&self.pid);
    }
}

#[cfg(unix)]
mod signal {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

    fn send(pid: u32, signal: Signal) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // A group of which only the ended first process is left cannot be signalled on some systems.
            let _gone = kill_process_group(pid, signal);
        }
    }

    pub(super) fn kill(pid: u32) {
        send(pid, Signal::KILL);
    }

    pub(super) fn terminate(pid: u32) {
        send(pid, Signal::TERM);
    }

    pub(super) fn has_ended(pid: u32) -> bool {
        let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
    }
}

/// Without process groups the child alone is killed, by `kill_on_drop`.
#[cfg(not(unix))]
mod signal {
    pub(super) fn kill(_: u32) {}
    pub(super) fn terminate(_: u32) {}
    pub(super) fn has_ended(_: u32) -> bool {
        false
    }
}
