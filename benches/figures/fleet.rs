//! Two hundred clusters, served by `skyfleet sim serve` in a process of its own: what they cost, how long they take, what a key
//! takes meanwhile, and what clusters that hang do to all that.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::filters;
use super::terminal::{Session, cpu_seconds, median, ms, peak_mb, percentile};
use super::{Row, SKYFLEET};

const CLUSTERS: usize = 200;
const PODS: usize = 500;

/// A served fleet; it ends with this.
pub(crate) struct Served {
    child: Child,
    pub(crate) config: PathBuf,
}

impl Served {
    pub(crate) fn start(dir: &Path, name: &str, clusters: usize, pods: usize, more: &[&str]) -> Self {
        let config = dir.join(format!("{name}.kubeconfig"));
        let mut child = Command::new(SKYFLEET)
            .args([
                "sim",
                "serve",
                "--clusters",
                &clusters.to_string(),
                "--pods",
                &(clusters * pods).to_string(),
            ])
            .arg("--kubeconfig-out")
            .arg(&config)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says so when every port is open.
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("kubectl") || line.contains("KUBECONFIG"));
        assert!(told.is_some(), "the fleet is served");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, config }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn header(g: &str, words: &[&str]) -> bool {
    g.lines().next().is_some_and(|line| words.iter().all(|w| line.contains(w)))
}

/// Whether all clusters are live and (nearly) all pods on screen: the header counts them.
fn all_there(g: &str, clusters: usize, pods: usize) -> bool {
    let line = g.lines().next().unwrap_or("");
    let number = line.split("  ").find_map(|part| part.trim().strip_suffix(" pods"));
    let counted: usize = number.map(|n| n.replace(',', "")).and_then(|n| n.parse().ok()).unwrap_or(0);
    line.contains(&format!("{clusters}/{clusters} live")) && counted * 100 >= pods * 97
}

/// What a process used, and how long it took.
pub(crate) struct Cost {
    pub(crate) wall: f64,
    cpu: f64,
    peak: f64,
    pub(crate) pods: usize,
}

/// A bare client: the same lists by the same slim types, over the same connections, as many at once; the rows are kept.
pub(crate) fn bare(config: &Path) -> Cost {
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new(me)
        .arg("--bare")
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).expect("the bare client ends");
    let (cpu, peak) = (cpu_seconds(child.id()), peak_mb(child.id()));
    drop(child.stdin.take());
    let _ = child.wait();
    Cost { wall: told["wall_s"].as_f64().unwrap(), cpu, peak, pods: told["pods"].as_u64().unwrap() as usize }
}

/// The bare client's process, over one kubeconfig or several: see [`bare`].
pub(crate) fn bare_client(config: &str) {
    use futures::StreamExt;
    use skyfleet::domain::cloud::LocalFiles;
    use skyfleet::domain::kind::Kind;
    use skyfleet::ops::session::{Session as Clusters, SessionOptions};
    use skyfleet::source::kubeconfig;
    use skyfleet::source::slim::{Slim, namespace, node, pod, workload};

    async fn list<K: Slim + kube::Resource<Scope = kube::core::NamespaceResourceScope>>(
        client: &kube::Client,
    ) -> Vec<skyfleet::fleet::delta::Row> {
        let api: kube::Api<K> = kube::Api::all(client.clone());
        let mut rows = Vec::new();
        let mut params = kube::api::ListParams::default().limit(500);
        loop {
            let page = api.list(&params).await.unwrap();
            rows.extend(page.items.into_iter().map(K::row));
            params.continue_token = page.metadata.continue_.filter(|t| !t.is_empty());
            if params.continue_token.is_none() {
                return rows;
            }
        }
    }

    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    let rows: Vec<_> = runtime.block_on(async {
        let loaded =
            kubeconfig::load(&std::env::split_paths(config).collect::<Vec<_>>(), &LocalFiles::default());
        let session = Clusters::from_kubeconfig(loaded, SessionOptions::default());
        let session = &session;
        futures::stream::iter(&session.infos)
            .map(|info| async move {
                let client = session.client(info.id).await.unwrap();
                let client = &client;
                let (a, b, c, d, e, f, g, h) = futures::join!(
                    list::<namespace::SlimNamespace>(client),
                    list::<node::SlimNode>(client),
                    list::<pod::SlimPod>(client),
                    list::<workload::SlimDeployment>(client),
                    list::<workload::SlimStatefulSet>(client),
                    list::<workload::SlimDaemonSet>(client),
                    list::<workload::SlimJob>(client),
                    list::<workload::SlimCronJob>(client),
                );
                [a, b, c, d, e, f, g, h].concat()
            })
            .buffer_unordered(16)
            .collect()
            .await
    });
    let pods = rows.iter().flatten().filter(|r| r.kind() == Kind::Pod).count();
    println!("{}", json!({"wall_s": started.elapsed().as_secs_f64(), "pods": pods}));
    // Measured from outside while it is still there.
    let _ = std::io::stdin().read_line(&mut String::new());
    drop(rows);
}

/// Ours: until all clusters are live with their pods.
pub(crate) fn ours(config: &Path, clusters: usize, pods: usize) -> (Session, Cost) {
    let mut s = Session::start(SKYFLEET, &[], &[("KUBECONFIG", &config.to_string_lossy())]);
    let wall = s.until("all live", Duration::from_mins(3), |g| all_there(g, clusters, pods)).as_secs_f64();
    let (cpu, peak) = (s.cpu_seconds(), s.peak_mb());
    (s, Cost { wall, cpu, peak, pods })
}

/// TCP connections of a process to loopback ports.
fn sockets(pid: u32) -> usize {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inodes: std::collections::HashSet<String> = fds
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter_map(|to| to.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(str::to_owned))
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap_or_default();
    let is_ours = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(3) == Some(&"01") && words.get(9).is_some_and(|inode| inodes.contains(*inode))
    };
    table.lines().filter(is_ours).count()
}

/// Three runs one after the other, of which the last is still there; each with what it cost, and its memory when it has settled.
fn settled_runs(config: &Path, pods: usize) -> Vec<(Session, Cost, f64)> {
    let mut runs: Vec<(Session, Cost, f64)> = Vec::new();
    for _ in 0..3 {
        if let Some((s, ..)) = runs.last_mut() {
            let _ = s.child.kill();
            let _ = s.child.wait();
        }
        let (s, cost) = ours(config, CLUSTERS, pods);
        std::thread::sleep(Duration::from_secs(3));
        let settled = s.rss_mb();
        runs.push((s, cost, settled));
    }
    runs
}

/// All of the fleet at once. In it nothing happens by the clock alone: what is sent then is ours to answer for.
pub(crate) fn two_hundred_clusters(dir: &Path) -> Vec<Row> {
    let served = Served::start(dir, "fleet", CLUSTERS, PODS, &["--still"]);
    eprintln!("{CLUSTERS} clusters are served");
    let mut floors: Vec<Cost> = (0..3).map(|_| bare(&served.config)).collect();
    floors.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    let floor = floors.remove(1);
    let server_before = cpu_seconds(served.pid());
    let runs = settled_runs(&served.config, floor.pods);
    let server = (cpu_seconds(served.pid()) - server_before) / 3.0;
    let walls = median(runs.iter().map(|r| r.1.wall).collect());
    let cpus = median(runs.iter().map(|r| r.1.cpu).collect());
    let peaks = median(runs.iter().map(|r| r.1.peak).collect());
    let settled = median(runs.iter().map(|r| r.2).collect());
    let (mut s, ..) = runs.into_iter().next_back().unwrap();
    let connections = sockets(s.child.process_id().unwrap()) as f64 / CLUSTERS as f64;
    // The same fleet with half the pods: what each pod costs.
    let half = {
        let served = Served::start(dir, "half", CLUSTERS, PODS / 2, &["--still"]);
        let floor = bare(&served.config);
        let runs = settled_runs(&served.config, floor.pods);
        (median(runs.iter().map(|r| r.2).collect()), floor.pods)
    };
    let per_pod = (settled - half.0) * 1024.0 * 1024.0 / (floor.pods - half.1) as f64;
    let mut rows = vec![
        Row {
            what: format!("{CLUSTERS} clusters, {} pods: all live; CPU until then", floor.pods),
            ours: format!("{walls:.2} s; {cpus:.2} s"),
            baseline: format!(
                "{:.2} s; {:.2} s (bare client, the same lists and types); the server's CPU {server:.1} s",
                floor.wall, floor.cpu
            ),
            bar: "1.5 x".into(),
            data: json!({"wall_s": walls, "cpu_s": cpus, "baseline_wall_s": floor.wall, "baseline_cpu_s": floor.cpu, "server_cpu_s": server, "pods": floor.pods}),
        },
        Row {
            what: "the same: peak of resident memory; settled; each further pod".into(),
            ours: format!("{peaks:.0} MB; {settled:.0} MB; {per_pod:.0} B"),
            baseline: format!("{:.0} MB (bare client, rows kept)", floor.peak),
            bar: "200 MB; 600 B".into(),
            data: json!({"peak_mb": peaks, "settled_mb": settled, "bytes_per_pod": per_pod, "baseline_peak_mb": floor.peak}),
        },
        Row {
            what: "the same: TCP connections for each cluster, without logs".into(),
            ours: format!("{connections:.2}"),
            baseline: "9 (one for each watch and one for calls, kube's own stack)".into(),
            bar: "1".into(),
            data: json!({"connections_per_cluster": connections}),
        },
    ];
    rows.extend(on_screen(&mut s));
    rows
}

/// The filters alone, for who works on them.
pub(crate) fn filters_alone(dir: &Path) -> Vec<Row> {
    let served = Served::start(dir, "fleet", CLUSTERS, PODS, &["--still"]);
    let (mut s, _) = ours(&served.config, CLUSTERS, CLUSTERS * PODS);
    to_pods(&mut s);
    filters::measured(&mut s)
}

fn to_pods(s: &mut Session) {
    s.input.write_all(b"gr").unwrap();
    let limit = s.started.elapsed() + Duration::from_secs(20);
    s.until("pods", limit, |g| g.contains("RESTARTS"));
}

/// Keys over a hundred thousand rows.
fn on_screen(s: &mut Session) -> Vec<Row> {
    let started = Instant::now();
    let mut sizes = Vec::new();
    for _ in 0..60 {
        s.settle(Duration::from_millis(40));
        sizes.push(s.key(b"j").1 as f64);
    }
    let tree = median(sizes.clone());
    let worst = sizes.iter().copied().fold(0.0, f64::max);
    // What was answered at the start is in the traffic of a minute.
    let minute = Instant::now() + Duration::from_secs(70);
    while let Some(left) = minute.checked_duration_since(Instant::now()) {
        if let Ok((_, bytes)) = s.output.recv_timeout(left) {
            s.screen.process(&bytes);
        }
    }
    let mut still = 0;
    let until = Instant::now() + Duration::from_secs(10);
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        if let Ok((_, bytes)) = s.output.recv_timeout(left) {
            still += bytes.len();
            s.screen.process(&bytes);
        }
    }
    to_pods(s);
    let mut rows = filters::measured(s);
    eprintln!("the screen took {:.0} s", started.elapsed().as_secs_f64());
    rows.push(
        Row {
            what: "200 clusters: bytes of a tree move with its preview, median and most; bytes of a still fleet in 10 s".into(),
            ours: format!("{tree:.0} B, {worst:.0} B; {still} B"),
            baseline: "none".into(),
            bar: "8 KB; 0".into(),
            data: json!({"tree_move_bytes": tree, "tree_move_most_bytes": worst, "still_bytes": still}),
        },
    );
    rows
}

/// 5,000 changes of pods a second for a minute.
pub(crate) fn churn(dir: &Path) -> Row {
    // Of 200 clusters the server alone would take both cores of a small machine.
    let (clusters, each) = (20, 1_000);
    let served = Served::start(dir, "churn", clusters, each, &["--changes", "5000"]);
    let pods = bare(&served.config).pods;
    let (mut s, _) = ours(&served.config, clusters, pods);
    s.input.write_all(b"gr").unwrap();
    let limit = s.started.elapsed() + Duration::from_secs(20);
    s.until("pods", limit, |g| g.contains("RESTARTS"));
    let (cpu, server, start) = (s.cpu_seconds(), cpu_seconds(served.pid()), Instant::now());
    let mut times = Vec::new();
    while start.elapsed() < Duration::from_mins(1) {
        // What changes is drawn all the time: a key is answered when what it alone does is on the screen.
        let asks = |g: &str| !g.contains("? help");
        times.push(ms(s.answered(b":", asks)));
        times.push(ms(s.answered(b"\x1b", |g| !asks(g))));
        std::thread::sleep(Duration::from_millis(50));
    }
    let spent = start.elapsed().as_secs_f64();
    let used = (s.cpu_seconds() - cpu) / spent;
    let server = (cpu_seconds(served.pid()) - server) / spent;
    let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
    Row {
        what: format!(
            "{clusters} clusters, {pods} pods, 5,000 changes a second for 60 s: key to bytes, p50 / p99; CPU"
        ),
        ours: format!("{p50:.1} / {p99:.1} ms; {:.0} % of a core", used * 100.0),
        baseline: format!("the server's CPU {:.0} % of a core", server * 100.0),
        bar: "20 ms p99".into(),
        data: json!({"p50_ms": p50, "p99_ms": p99, "cpu_cores": used, "server_cpu_cores": server}),
    }
}

/// The only context hangs; and twenty that hang, left.
pub(crate) fn hanging_servers(dir: &Path) -> Vec<Row> {
    let listeners: Vec<std::net::TcpListener> =
        (0..20).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let config = |n: usize, name: &str| {
        let names: Vec<String> = (0..n).map(|n| format!("hangs-{n:02}")).collect();
        let of = |n: usize| format!("https://{}", listeners[n].local_addr().unwrap());
        let all = json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": names.iter().enumerate().map(|(n, name)| json!({"name": name, "cluster": {"server": of(n)}})).collect::<Vec<_>>(),
            "users": names.iter().map(|name| json!({"name": name, "user": {"token": "x"}})).collect::<Vec<_>>(),
            "contexts": names.iter().map(|name| json!({"name": name, "context": {"cluster": name, "user": name}})).collect::<Vec<_>>(),
        });
        let path = dir.join(name);
        std::fs::write(&path, all.to_string()).unwrap();
        path.to_string_lossy().into_owned()
    };
    let one = config(1, "one-hangs");
    let mut s = Session::start(SKYFLEET, &["--kubeconfig", &one], &[]);
    let frame =
        ms(s.until("a frame", Duration::from_secs(10), |g| g.contains("? help") && g.contains("0/1 live")));
    let said =
        s.until("its row says so", Duration::from_mins(1), |g| header(g, &["1 unreachable"])).as_secs_f64();
    let twenty = config(20, "twenty-hang");
    let quits: Vec<f64> = (0..5)
        .map(|_| {
            let mut s = Session::start(SKYFLEET, &["--kubeconfig", &twenty], &[]);
            s.until("a frame", Duration::from_secs(10), |g| g.contains("? help") && g.contains("0/20 live"));
            std::thread::sleep(Duration::from_secs(2));
            let left = Instant::now();
            s.input.write_all(b"\x03").unwrap();
            let _ = s.child.wait();
            ms(left.elapsed())
        })
        .collect();
    let quit = median(quits);
    vec![
        Row {
            what: "the only server hangs: first full frame; its row says so".into(),
            ours: format!("{frame:.0} ms; {said:.1} s"),
            baseline: "sofka 0.34: \"Connecting…\" for over 32 s, measured elsewhere".into(),
            bar: "50 ms; 10 s".into(),
            data: json!({"frame_ms": frame, "said_s": said}),
        },
        Row {
            what: "20 servers that hang: quit".into(),
            ours: format!("{quit:.0} ms"),
            baseline: "none".into(),
            bar: "500 ms".into(),
            data: json!({"quit_ms": quit}),
        },
    ]
}
