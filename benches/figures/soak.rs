//! An hour of churn, over clusters some of which break again and again, with a person at the keys: what the program holds
//! must not grow. Only when asked for: `cargo bench --bench figures -- soak`; `SKYFLEET_SOAK_MINUTES` says how long.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Row;
use crate::fleet::{Served, ours};
use crate::terminal::Session;

const CLUSTERS: usize = 20;
const PODS: usize = 250;
/// After so many minutes everything has been looked at, and what is kept for later is there.
const WARM: usize = 10;

/// What a process holds.
#[derive(Clone, Copy)]
struct Held {
    rss_mb: f64,
    files: usize,
    threads: usize,
}

fn held(s: &Session) -> Held {
    let pid = s.child.process_id().unwrap();
    let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).into_iter().flatten().count();
    Held { rss_mb: s.rss_mb(), files: count("fd"), threads: count("task") }
}

/// Takes in what is drawn, for so long.
fn watch(s: &mut Session, for_so_long: Duration) {
    let until = Instant::now() + for_so_long;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        if let Ok((_, bytes)) = s.output.recv_timeout(left) {
            s.screen.process(&bytes);
        }
    }
}

pub(crate) fn soak(dir: &Path) -> Row {
    let minutes =
        std::env::var("SKYFLEET_SOAK_MINUTES").ok().and_then(|m| m.parse().ok()).unwrap_or(60_usize);
    // A third each of what a bad day brings; the others are well.
    let faults = ["drop-watches=20:arn:*", "cut=100000-3000000:gke_*", "410=30:do-*", "503=0.1:prod-007"];
    let mut more = vec!["--changes", "500"];
    more.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    let served = Served::start(dir, "soak", CLUSTERS, PODS, &more);
    let (mut s, _) = ours(&served.config, CLUSTERS, CLUSTERS * PODS * 95 / 100);
    let keys: [&[u8]; 12] = [
        b"gr",
        b"jjjj",
        b"/web\r",
        b"\x1b",
        b"gp",
        b"jj\r",
        b"\x1b",
        b"gc",
        b"go",
        b"jj",
        b":ns checkout\r",
        b"\x1b",
    ];
    let (start, cpu) = (Instant::now(), s.cpu_seconds());
    let mut minute: Vec<Held> = Vec::new();
    while minute.len() < minutes {
        for key in keys.iter().cycle().take(20) {
            s.input.write_all(key).unwrap();
            watch(&mut s, Duration::from_secs(3));
        }
        let now = held(&s);
        eprintln!(
            "minute {}: {:.1} MB, {} files, {} threads",
            minute.len() + 1,
            now.rss_mb,
            now.files,
            now.threads
        );
        minute.push(now);
    }
    let cores = (s.cpu_seconds() - cpu) / start.elapsed().as_secs_f64();
    let warm = minute.get(WARM.min(minute.len() - 1)).copied().unwrap();
    // A connection that is just being made anew is no leak: the calmest of the last five minutes counts.
    let late = minute.iter().rev().take(5);
    let end = late.clone().map(|h| h.rss_mb).fold(f64::MAX, f64::min);
    let files = late.map(|h| h.files).min().unwrap();
    let most = minute.iter().map(|h| h.files).max().unwrap();
    let peak = minute.iter().map(|h| h.rss_mb).fold(0.0, f64::max);
    Row {
        what: format!(
            "{CLUSTERS} clusters, {} pods, 500 changes a second, watches and connections that break, keys, for {minutes} minutes: memory and descriptors after {WARM} minutes; at the end; at most",
            CLUSTERS * PODS
        ),
        ours: format!(
            "{:.0} MB, {}; {end:.0} MB, {files}; {peak:.0} MB, {most} ({:.0} % of a core)",
            warm.rss_mb,
            warm.files,
            cores * 100.0
        ),
        baseline: "none".into(),
        bar: "flat".into(),
        data: json!({"minutes": minutes, "warm_mb": warm.rss_mb, "warm_files": warm.files, "end_mb": end, "end_files": files, "peak_mb": peak, "peak_files": most, "threads": warm.threads, "cpu_cores": cores}),
    }
}
