//! What hundreds of contexts in dozens of files cost, and what plugins that hang do not.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::terminal::{Session, keys, median, ms, percentile};
use super::{Row, SKYFLEET};

const FILES: usize = 40;
const CONTEXTS: usize = 2_000;

/// Text that looks like a certificate's base64; the same in each run.
fn filler(n: usize, seed: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut x = seed as u64 + 1;
    (0..n)
        .map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(LETTERS[(x >> 58) as usize])
        })
        .collect()
}

/// Files as tools write them: EKS, GKE and client certificates, with their sizes.
fn write_files(dir: &Path) -> Vec<PathBuf> {
    (0..FILES)
        .map(|file| {
            let (mut clusters, mut contexts, mut users) = (String::new(), String::new(), String::new());
            for n in (0..CONTEXTS / FILES).map(|n| file * (CONTEXTS / FILES) + n) {
                let (name, server, user) = match n % 5 {
                    0 => (
                        format!("arn:aws:eks:eu-west-1:{:012}:cluster/c{n}", 111_122_223_333_u64 + n as u64 % 9),
                        format!("https://{n:032x}.gr7.eu-west-1.eks.amazonaws.com"),
                        format!("    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: aws\n      args:\n      - --region\n      - eu-west-1\n      - eks\n      - get-token\n      - --cluster-name\n      - c{n}\n      env:\n      - name: AWS_PROFILE\n        value: p{}\n", n % 7),
                    ),
                    1 => (
                        format!("gke_project-{}_europe-west1_c{n}", n % 9),
                        format!("https://34.1.{}.{}", n / 250, n % 250),
                        "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: gke-gcloud-auth-plugin\n      provideClusterInfo: true\n".to_owned(),
                    ),
                    _ => (
                        format!("c{n}"),
                        format!("https://c{n}.example.com:6443"),
                        format!("    client-certificate-data: {}\n    client-key-data: {}\n", filler(1468, n), filler(2236, n)),
                    ),
                };
                clusters += &format!("- cluster:\n    certificate-authority-data: {}\n    server: {server}\n  name: {name}\n", filler(1468, n + 7));
                contexts += &format!("- context:\n    cluster: {name}\n    user: {name}\n  name: {name}\n");
                users += &format!("- name: {name}\n  user:\n{user}");
            }
            let path = dir.join(format!("many-{file}.yaml"));
            let text = format!("apiVersion: v1\nkind: Config\nclusters:\n{clusters}contexts:\n{contexts}current-context: c2\nusers:\n{users}");
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect()
}

/// `contexts -o json` over all of them, beside kube's own reading of the same files.
pub(crate) fn many_files(dir: &Path) -> Row {
    let files = write_files(dir);
    let list = std::env::join_paths(&files).unwrap();
    let ours: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            let out = Command::new(SKYFLEET)
                .args(["contexts", "-o", "json"])
                .env("KUBECONFIG", &list)
                .output()
                .unwrap();
            let took = ms(start.elapsed());
            let all: Value = serde_json::from_slice(&out.stdout).unwrap();
            assert_eq!(all["contexts"].as_array().unwrap().len(), CONTEXTS);
            took
        })
        .collect();
    let floor: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let read = files.iter().map(kube::config::Kubeconfig::read_from);
            let merged = read.reduce(|a, b| a?.merge(b?)).unwrap().unwrap();
            assert_eq!(merged.contexts.len(), CONTEXTS);
            ms(start.elapsed())
        })
        .collect();
    let (ours, floor) = (median(ours), median(floor));
    Row {
        what: "40 files, 2,000 contexts: `contexts -o json`".into(),
        ours: format!("{ours:.0} ms"),
        baseline: format!("{floor:.0} ms (kube's typed parser, reading and merging alone)"),
        bar: "150 ms".into(),
        data: json!({"median_ms": ours, "baseline_kube_read_and_merge_ms": floor}),
    }
}

const HANGING: usize = 40;

/// 200 contexts of which 40 have a plugin that hangs: the first frame, keys meanwhile, when all are marked, what is left.
pub(crate) fn hanging_plugins(dir: &Path) -> Row {
    let pids = dir.join("pids");
    let plugin = dir.join("hangs");
    let script = format!("#!/bin/sh\necho $$ >> {0}\nsleep 3600 &\necho $! >> {0}\nwait\n", pids.display());
    std::fs::write(&plugin, script).unwrap();
    std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (mut clusters, mut users, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..200 {
        let name = format!("c{n:03}");
        let user = if n < HANGING {
            json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": plugin, "args": [name]}})
        } else {
            json!({"token": "x"})
        };
        clusters.push(json!({"name": name, "cluster": {"server": format!("https://192.0.2.{n}:6443")}}));
        users.push(json!({"name": name, "user": user}));
        contexts.push(json!({"name": name, "context": {"cluster": name, "user": name}}));
    }
    let config = dir.join("hanging.kubeconfig");
    let all = json!({"apiVersion": "v1", "kind": "Config", "clusters": clusters, "users": users, "contexts": contexts});
    std::fs::write(&config, all.to_string()).unwrap();
    let config = config.to_string_lossy().into_owned();
    let arguments = ["--kubeconfig", config.as_str(), "--exec-policy", "allow"];
    let frames: Vec<f64> = (0..9)
        .map(|_| {
            let mut s = Session::start(SKYFLEET, &arguments, &[]);
            let frame = ms(s.until("a full frame", Duration::from_secs(10), |g| {
                g.contains("? help") && g.contains("0/200 live")
            }));
            s.input.write_all(b"\x03").unwrap();
            let _ = s.child.wait();
            frame
        })
        .collect();
    let _ = std::fs::remove_file(&pids);
    let mut s = Session::start(SKYFLEET, &arguments, &[]);
    s.until("a full frame", Duration::from_secs(10), |g| g.contains("? help") && g.contains("0/200 live"));
    let (times, _) = keys(&mut s, 200);
    s.input.write_all(b"gg").unwrap();
    let marked = s.until("all that hang marked", Duration::from_mins(5), |g| {
        g.contains(&format!("{HANGING} signed out"))
    });
    s.input.write_all(b"\x03").unwrap();
    let _ = s.child.wait();
    std::thread::sleep(Duration::from_millis(300));
    let started = std::fs::read_to_string(&pids).unwrap();
    let left = started.lines().filter(|pid| is_alive(pid)).count();
    let (frame, p99) = (median(frames), percentile(&times, 0.99));
    let marked = marked.as_secs_f64();
    Row {
        what:
            "200 contexts, 40 plugins that hang: first frame; key to bytes p99; all 40 marked; processes left"
                .into(),
        ours: format!("{frame:.0} ms; {p99:.1} ms; {marked:.0} s; {left}"),
        baseline: format!("{} s (15 s each, four at once)", HANGING / 4 * 15),
        bar: "100 ms; 20 ms; within their limit; 0".into(),
        data: json!({"first_frame_ms": frame, "key_p99_ms": p99, "all_marked_s": marked, "processes_left": left, "processes_started": started.lines().count()}),
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}
