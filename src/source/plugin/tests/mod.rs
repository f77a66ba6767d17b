//! Plugins of every temper, as shell scripts. Tests wait for conditions: how fast this machine is decides nothing.

mod kept;
mod runs;
mod secrets;
mod trusted;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::source::clock::Clock;

pub(super) const V1: &str = "client.authentication.k8s.io/v1";

/// A folder, the plugins that run in it, and a clock.
pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) now: Arc<Shown>,
    pub(super) options: PluginOptions,
}

/// What the clock shows.
pub(super) struct Shown(Mutex<Timestamp>);

impl Shown {
    pub(super) fn moves(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(seconds);
    }

    pub(super) fn in_seconds(&self, seconds: i64) -> Timestamp {
        *self.0.lock().unwrap() + jiff::SignedDuration::from_secs(seconds)
    }
}

impl World {
    /// Everything may run; the limits are long.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = Arc::new(Shown(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap())));
        let shown = now.clone();
        let home = dir.path().join("home");
        let mut options = PluginOptions::new(Policy::Allow, dir.path().join("state/trusted"), home);
        options.limit = Duration::from_mins(2);
        options.failures = Duration::from_hours(1);
        options.clock = Clock::new(move || *shown.0.lock().unwrap());
        Self { dir, now, options }
    }

    pub(super) fn plugins(&self) -> Plugins {
        Plugins::new(self.options.clone())
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    /// A plugin that is this script; it counts its runs and says its process in `pid`. No file is made executable for it:
    /// while other tests start processes that file could be busy.
    pub(super) fn script(&self, script: &str) -> Plugin {
        let script = format!(
            "cd '{}'; echo run >> runs; echo $$ > new; mv new pid; {script}",
            self.dir.path().display()
        );
        Plugin {
            command: "/bin/sh".to_owned(),
            args: vec!["-c".to_owned(), script],
            env: Vec::new(),
            api_version: V1.to_owned(),
            interactive: Interactive::Never,
            install_hint: None,
            cluster: None,
            file: None,
            context: "prod".to_owned(),
        }
    }

    pub(super) fn lines(&self, file: &str) -> Vec<String> {
        lines(&self.path(file))
    }

    pub(super) fn runs(&self) -> usize {
        self.lines("runs").len()
    }

    /// The process that ran last.
    pub(super) async fn pid(&self) -> i32 {
        until(|| self.lines("pid").len() == 1).await;
        self.lines("pid")[0].parse().unwrap()
    }
}

pub(super) fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

pub(super) async fn until(is: impl Fn() -> bool) {
    while !is() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Shell that prints a token, with more fields of the status.
pub(super) fn token(more: &str) -> String {
    format!(r#"echo '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"tok"{more}}}}}'"#)
}

pub(super) fn expiring(at: Timestamp) -> String {
    token(&format!(r#","expirationTimestamp":"{at}""#))
}

pub(super) fn bearer(credential: &Credential) -> &str {
    credential.token.as_ref().unwrap().expose_secret()
}

/// Processes of a group that have not ended. Who adopts orphans may be slow to bury them.
#[cfg(target_os = "linux")]
pub(super) fn alive(group: i32) -> usize {
    let stat = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
    let in_group = |stat: &String| {
        let mut fields = stat.rsplit(") ").next().unwrap_or("").split(' ');
        let (state, _parent, of) = (fields.next(), fields.next(), fields.next());
        of == Some(&group.to_string()) && state != Some("Z")
    };
    std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter_map(stat).filter(in_group).count()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn alive(group: i32) -> usize {
    let pid = rustix::process::Pid::from_raw(group).unwrap();
    usize::from(rustix::process::test_kill_process_group(pid).is_ok())
}

pub(super) async fn fault(plugins: &Plugins, plugin: &Plugin) -> PluginFault {
    plugins.credential(plugin).await.map(|_| ()).unwrap_err()
}
