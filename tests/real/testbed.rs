//! Real control planes for the tests: processes of the testbed binary, ended with this one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// How long a cluster may take to be ready.
const START: Duration = Duration::from_secs(90);

/// Where the built binary is; else why not.
pub(crate) fn binary() -> Result<PathBuf, String> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/build");
    let out = Command::new(&build).arg("--path").output().map_err(|e| format!("{}: {e}", build.display()))?;
    let path = PathBuf::from(String::from_utf8_lossy(&out.stdout).lines().last().unwrap_or("").trim());
    if out.status.success() && path.exists() {
        Ok(path)
    } else {
        Err("the real control planes are not built: run tests/testbed/build (needs Go)".to_owned())
    }
}

/// One running cluster.
pub(crate) struct Testbed {
    child: Child,
    /// Its name.
    pub(crate) name: String,
    /// Kubeconfigs by user: admin, viewer, limited, nobody, wrong.
    pub(crate) kubeconfigs: Value,
}

impl Testbed {
    /// Starts one and waits until it is ready. It ends when this process does: it watches its standard input.
    pub(crate) fn start(binary: &Path, dir: &Path, name: &str, arguments: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["--dir", &dir.to_string_lossy(), "--name", name, "--die-with-stdin"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = said.send(line);
        });
        let line = heard.recv_timeout(START).unwrap_or_default();
        let ready: Value = serde_json::from_str(&line).map_err(|_| {
            let log = std::fs::read_to_string(dir.join("testbed.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(10).collect();
            format!("{name} was not ready in time; its log ends (newest first):\n{}", tail.join("\n"))
        })?;
        Ok(Self { child, name: name.to_owned(), kubeconfigs: ready["kubeconfigs"].clone() })
    }

    /// The kubeconfig of a user.
    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        PathBuf::from(self.kubeconfigs[user].as_str().unwrap_or_default())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it where it stands, or lets it go on.
    pub(crate) fn freeze(pid: u32, on: bool) {
        let signal = if on { "-STOP" } else { "-CONT" };
        let _ = Command::new("kill").args([signal, &pid.to_string()]).status();
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        // A stopped process has to go on to be ended cleanly by its closed input; a kill works either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
