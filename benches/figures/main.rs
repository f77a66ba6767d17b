//! The figures of the README, each beside a baseline of the same run. Prints a table and writes `target/figures.json`.
//!
//! `cargo bench` measures what needs no server; with the testbed built it measures a real API server with 1,500 pods too.
//! The program is measured from outside, in a real terminal, as a person would meet it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench says what went wrong and stops"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod filters;
mod fleet;
mod link;
mod loading;
mod soak;
mod ten;
mod terminal;

use terminal::{Session, keys, median, ms, percentile};

pub(crate) const SKYFLEET: &str = env!("CARGO_BIN_EXE_skyfleet");

/// One figure.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: String,
    pub(crate) baseline: String,
    pub(crate) bar: String,
    pub(crate) data: Value,
}

/// 200 contexts whose servers answer nothing: addresses reserved for documentation.
fn two_hundred(dir: &Path) -> PathBuf {
    let (mut clusters, mut users, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..200 {
        let name = format!("arn:aws:eks:eu-west-1:222233334444:cluster/c{n:03}");
        clusters.push(json!({"name": name, "cluster": {"server": format!("https://192.0.2.{n}:6443")}}));
        users.push(json!({"name": name, "user": {"token": "x"}}));
        contexts.push(json!({"name": name, "context": {"cluster": name, "user": name}}));
    }
    let path = dir.join("two-hundred.kubeconfig");
    let config = json!({"apiVersion": "v1", "kind": "Config", "clusters": clusters, "users": users, "contexts": contexts});
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn first_frame(dir: &Path) -> Row {
    let config = two_hundred(dir);
    let config = config.to_string_lossy();
    let run = || {
        let mut s = Session::start(SKYFLEET, &["--kubeconfig", &config], &[]);
        ms(s.until("a full frame", Duration::from_secs(10), |g| {
            g.contains("skyfleet") && g.contains("? help") && g.contains("0/200 live")
        }))
    };
    let ours: Vec<f64> = (0..15).map(|_| run()).collect();
    let floor: Vec<f64> = (0..15)
        .map(|_| {
            let mut s = Session::start("/bin/echo", &["ready"], &[]);
            ms(s.until("echo", Duration::from_secs(5), |g| g.contains("ready")))
        })
        .collect();
    let (ours, floor) = (median(ours), median(floor));
    Row {
        what: "start to first full frame, 200 contexts, none reachable".into(),
        ours: format!("{ours:.0} ms"),
        baseline: format!("{floor:.1} ms (echo in the same terminal)"),
        bar: "50 ms".into(),
        data: json!({"median_ms": ours, "baseline_echo_ms": floor}),
    }
}

fn demo_keys() -> Row {
    let mut s = Session::start(SKYFLEET, &["demo"], &[]);
    let start = ms(s.until("the demo", Duration::from_secs(30), |g| g.contains("11/12 live")));
    s.input.write_all(b"gr").unwrap();
    s.until("pods", Duration::from_secs(10), |g| g.contains("RESTARTS"));
    let (times, sizes) = keys(&mut s, 400);
    let mut cat = Session::start("/bin/cat", &[], &[]);
    let (floor, _) = keys(&mut cat, 200);
    let (p50, p99, floor99) = (percentile(&times, 0.5), percentile(&times, 0.99), percentile(&floor, 0.99));
    let bytes = median(sizes.iter().map(|s| *s as f64).collect());
    Row {
        what: "demo: start to eleven live clusters; key to bytes, p50 / p99; bytes of a cursor move".into(),
        ours: format!("{start:.0} ms; {p50:.1} / {p99:.1} ms; {bytes:.0} B"),
        baseline: format!("{floor99:.1} ms p99 (echo of cat)"),
        bar: "20 ms p99".into(),
        data: json!({"start_ms": start, "p50_ms": p50, "p99_ms": p99, "median_bytes": bytes, "baseline_cat_p99_ms": floor99}),
    }
}

fn testbed() -> Option<PathBuf> {
    let out = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/build"))
        .arg("--path")
        .output()
        .ok()?;
    out.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()))
}

/// sofka, when it is installed: in PATH, or where `SKYFLEET_BENCH_SOFKA` says. Time, memory and bytes of a cursor move as
/// ours are measured, in the same run.
fn sofka(config: &str) -> Option<(f64, f64, f64)> {
    let program = std::env::var("SKYFLEET_BENCH_SOFKA").unwrap_or_else(|_| "sofka".to_owned());
    Command::new(&program).arg("--version").output().ok()?;
    let home = std::env::temp_dir().join(format!("skyfleet-bench-home-{}", std::process::id()));
    std::fs::create_dir_all(&home).ok()?;
    let home = home.to_string_lossy().into_owned();
    let env =
        [("HOME", home.as_str()), ("XDG_CONFIG_HOME", ""), ("XDG_CACHE_HOME", ""), ("XDG_STATE_HOME", "")];
    let (mut times, mut memory, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..7 {
        let mut s = Session::start(&program, &["-A", "--kubeconfig", config], &env);
        times.push(ms(s.until("1,500 pods in sofka", Duration::from_secs(30), |g| g.contains("pods [15"))));
        std::thread::sleep(Duration::from_secs(2));
        memory.push(s.rss_mb());
        if i == 0 {
            moves = keys(&mut s, 100).1;
        }
    }
    let _ = std::fs::remove_dir_all(&home);
    Some((median(times), median(memory), median(moves.iter().map(|s| *s as f64).collect())))
}

/// One real API server with 1,500 pods.
fn real(dir: &Path, binary: &Path) -> Vec<Row> {
    let server = ten::Server::start(dir, binary, "big");
    let config = server.config.to_string_lossy().into_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    eprintln!("real API server is up; making 1,500 pods");
    fill(&config);
    let list = || {
        // A bare client: every pod by the full types, 500 a page.
        runtime.block_on(async {
            let kubeconfig = kube::config::Kubeconfig::read_from(&config).unwrap();
            let started = Instant::now();
            let config =
                kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default())
                    .await
                    .unwrap();
            let client = kube::Client::try_from(config).unwrap();
            let api: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::all(client);
            let mut n = 0;
            let mut token = None;
            loop {
                let mut params = kube::api::ListParams::default().limit(500);
                params.continue_token = token;
                let page = api.list(&params).await.unwrap();
                n += page.items.len();
                token = page.metadata.continue_.filter(|t| !t.is_empty());
                if token.is_none() {
                    break;
                }
            }
            assert!(n >= 1500, "{n} pods");
            ms(started.elapsed())
        })
    };
    let bare = median((0..7).map(|_| list()).collect());
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    let mut moved = (Vec::new(), Vec::new());
    for i in 0..7 {
        let mut s = Session::start(SKYFLEET, &["--kubeconfig", &config], &[]);
        times.push(ms(s.until("1,500 pods", Duration::from_secs(30), |g| {
            g.lines()
                .next()
                .is_some_and(|l| l.contains("1/1 live") && l.contains("1,5") && l.contains("pods"))
        })));
        std::thread::sleep(Duration::from_secs(2));
        memory.push(s.rss_mb());
        if i == 0 {
            s.input.write_all(b"gr").unwrap();
            s.until("pods", Duration::from_secs(10), |g| g.contains("RESTARTS"));
            moved = keys(&mut s, 200);
        }
    }
    let frozen = frozen(&config, server.pid());
    let peer = sofka(&config);
    drop(server);
    let (time, rss) = (median(times), median(memory));
    let bytes = median(moved.1.iter().map(|s| *s as f64).collect());
    vec![
        Row {
            what: "one real API server, 1,500 pods: start to all of them on screen".into(),
            ours: format!("{time:.0} ms"),
            baseline: match peer {
                Some((ms, ..)) => {
                    format!("{bare:.0} ms (bare kube client, the list alone); sofka 0.34: {ms:.0} ms")
                }
                None => format!(
                    "{bare:.0} ms (bare kube client, the list alone); sofka 0.34: 772 ms, measured elsewhere"
                ),
            },
            bar: "400 ms".into(),
            data: json!({"median_ms": time, "baseline_bare_list_ms": bare, "sofka_0_34_ms": peer.map(|p| p.0)}),
        },
        Row {
            what: "the same: resident memory; bytes of a cursor move".into(),
            ours: format!("{rss:.0} MB; {bytes:.0} B"),
            baseline: match peer {
                Some((_, mb, bytes)) => format!("sofka 0.34: {mb:.0} MB; {bytes:.0} B"),
                None => "sofka 0.34: 82 MiB, 2,805 B, measured elsewhere".into(),
            },
            bar: "45 MB; 0.4 KB".into(),
            data: json!({"rss_mb": rss, "cursor_bytes": bytes, "sofka_0_34_rss_mb": peer.map(|p| p.1)}),
        },
        frozen,
    ]
}

/// The cluster that is looked at stops answering, with every connection left open (SIGSTOP), and comes back.
fn frozen(config: &str, pid: u32) -> Row {
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success(), "{name}");
    };
    let header = |g: &str, words: &str| g.lines().next().is_some_and(|l| l.contains(words));
    let limit = |s: &Session, seconds| s.started.elapsed() + Duration::from_secs(seconds);
    let mut s = Session::start(SKYFLEET, &["--kubeconfig", config], &[]);
    s.until("1,500 pods", Duration::from_secs(30), |g| header(g, "1/1 live") && header(g, "1,5"));
    s.input.write_all(b"gr").unwrap();
    s.until("pods", limit(&s, 10), |g| g.contains("RESTARTS"));
    let (live, _) = keys(&mut s, 300);
    signal("-STOP");
    let stopped = s.started.elapsed();
    let (mut times, _) = keys(&mut s, 300);
    let noticed =
        s.until("it to be noticed", limit(&s, 60), |g| header(g, "1 stale")).saturating_sub(stopped);
    times.extend(keys(&mut s, 300).0);
    signal("-CONT");
    let went_on = s.started.elapsed();
    let back = s.until("it to be back", limit(&s, 90), |g| header(g, "1/1 live")).saturating_sub(went_on);
    let (p99, floor) = (percentile(&times, 0.99), percentile(&live, 0.99));
    let (noticed, back) = (noticed.as_secs_f64(), back.as_secs_f64());
    Row {
        what: "the same, frozen (SIGSTOP): key to bytes, p99; noticed after; live again after".into(),
        ours: format!("{p99:.1} ms; {noticed:.1} s; {back:.1} s"),
        baseline: format!("{floor:.1} ms p99 (the same keys before)"),
        bar: "20 ms; 15 s".into(),
        data: json!({"p99_ms": p99, "noticed_s": noticed, "back_s": back, "baseline_live_p99_ms": floor}),
    }
}

/// 15 deployments of 100 pods, by kubectl; waits until all run.
fn fill(config: &str) {
    let mut manifest = String::new();
    for n in 0..15 {
        manifest.push_str(&format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: team-{n:02}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: team-{n:02}}}\nspec:\n  replicas: 100\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: \"registry.example/web:1.0.0\", resources: {{requests: {{cpu: 10m, memory: 16Mi}}}}}}]}}\n"
        ));
    }
    let mut kubectl = Command::new("kubectl")
        .args(["--kubeconfig", config, "apply", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("kubectl");
    kubectl.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    assert!(kubectl.wait().unwrap().success());
    for _ in 0..240 {
        let out = Command::new("kubectl")
            .args([
                "--kubeconfig",
                config,
                "get",
                "pods",
                "-A",
                "--field-selector=status.phase=Running",
                "--no-headers",
            ])
            .output()
            .unwrap();
        if String::from_utf8_lossy(&out.stdout).lines().filter(|l| l.contains("1/1")).count() >= 1500 {
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    panic!("1,500 pods never ran");
}

fn main() {
    // `cargo test --benches` and listing ask for nothing to be measured.
    if std::env::args().any(|a| a == "--list" || a == "--test") {
        return;
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--bare") {
        fleet::bare_client(&arguments.next().expect("a kubeconfig"));
        return;
    }
    let dir = std::env::temp_dir().join(format!("skyfleet-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    // `cargo bench -- plugins`: these alone.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    let parts: [(&str, fn(&Path) -> Row); 4] = [
        ("frame", first_frame),
        ("demo", |_| demo_keys()),
        ("files", loading::many_files),
        ("plugins", loading::hanging_plugins),
    ];
    let mut rows: Vec<Row> =
        parts.iter().filter(|(name, _)| is_wanted(name)).map(|(_, measure)| measure(&dir)).collect();
    let more: [(&str, fn(&Path) -> Vec<Row>); 4] = [
        ("hangs", fleet::hanging_servers),
        ("link", link::slow),
        ("fleet", fleet::two_hundred_clusters),
        ("churn", |dir| vec![fleet::churn(dir)]),
    ];
    for (_, measure) in more.iter().filter(|(name, _)| is_wanted(name)) {
        let measured = measure(&dir);
        for row in &measured {
            eprintln!("{}: {}", row.what, row.ours);
        }
        rows.extend(measured);
    }
    if wanted.iter().any(|w| w == "filters") {
        rows.extend(fleet::filters_alone(&dir));
    }
    if wanted.iter().any(|w| w == "soak") {
        rows.push(soak::soak(&dir));
    }
    match testbed().filter(|_| is_wanted("real")) {
        Some(binary) => {
            rows.extend(real(&dir, &binary));
            rows.push(ten::ten(&dir, &binary));
        }
        None => eprintln!("the real API server is left out: build it with tests/testbed/build"),
    }
    println!("| what | ours | baseline of the same run | bar |\n|---|---|---|---|");
    for r in &rows {
        println!("| {} | {} | {} | {} |", r.what, r.ours, r.baseline, r.bar);
    }
    let all: Vec<Value> = rows
        .iter()
        .map(
            |r| json!({"what": r.what, "ours": r.ours, "baseline": r.baseline, "bar": r.bar, "data": r.data}),
        )
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("figures.json");
    let _ = std::fs::create_dir_all(path.parent().unwrap());
    std::fs::write(&path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
    let _ = std::fs::remove_dir_all(&dir);
}
