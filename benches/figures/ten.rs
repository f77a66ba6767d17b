//! Ten real API servers with 1,500 pods each, at once.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Row;
use crate::fleet::{bare, ours};
use crate::terminal::{cpu_seconds, median};

const SERVERS: usize = 10;
const PODS: usize = 1_500;

/// A real API server; it ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) config: PathBuf,
}

impl Server {
    /// Starts one, with fifty nodes.
    pub(crate) fn start(dir: &Path, binary: &Path, name: &str) -> Self {
        let state = dir.join(name);
        let mut child = Command::new(binary)
            .args(["--dir", &state.to_string_lossy(), "--name", name])
            .args(["--nodes", "50", "--cloud", "aws", "--die-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the testbed is ready");
        Self { child, config: ready["kubeconfigs"]["admin"].as_str().unwrap().into() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All of them on screen, beside a bare client that reads the same lists.
pub(crate) fn ten(dir: &Path, binary: &Path) -> Row {
    let mut servers = Vec::new();
    for n in 0..SERVERS {
        let server = Server::start(dir, binary, &format!("ten-{n}"));
        crate::fill(&server.config.to_string_lossy());
        eprintln!("{} of {SERVERS} real API servers have their pods", n + 1);
        servers.push(server);
    }
    // What filling them left to be done is done.
    std::thread::sleep(Duration::from_secs(20));
    let configs = std::env::join_paths(servers.iter().map(|s| &s.config)).unwrap();
    let configs = Path::new(&configs);
    let of_servers = || servers.iter().map(|s| cpu_seconds(s.pid())).sum::<f64>();
    let (mut floors, mut walls, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let before = of_servers();
    for _ in 0..5 {
        let floor = bare(configs);
        let (mut s, cost) = ours(configs, SERVERS, floor.pods);
        std::thread::sleep(Duration::from_secs(2));
        memory.push(s.rss_mb());
        let _ = s.child.kill();
        let _ = s.child.wait();
        floors.push(floor.wall);
        walls.push(cost.wall);
    }
    let server = (of_servers() - before) / 10.0;
    let (floor, wall, rss) = (median(floors), median(walls), median(memory));
    Row {
        what: format!(
            "ten real API servers at once, {} pods: start to all of them on screen; resident memory",
            SERVERS * PODS
        ),
        ours: format!("{wall:.2} s; {rss:.0} MB"),
        baseline: format!(
            "{floor:.2} s (bare client, the same lists and types); the servers' CPU {server:.1} s for each"
        ),
        bar: "1.5 x; 80 MB".into(),
        data: json!({"wall_s": wall, "rss_mb": rss, "baseline_wall_s": floor, "server_cpu_s": server}),
    }
}
