//! kubectl on the served simulation beside kubectl on a real control plane: the same commands over the same objects, the
//! answers compared once names, ages, addresses and ids are made alike.

mod described;
mod rows;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;

use crate::Clusters;
use rows::{DIFFERENCES, How, ROWS};

const NS: &str = "beside";
const CONTEXT: &str = "kind-gamma";
const PATIENCE: Duration = Duration::from_mins(1);
/// How long two reads may differ: both clusters are at work.
const SETTLED: Duration = Duration::from_secs(12);
const APP: &str = include_str!("app.yaml");

/// Every test.
pub(crate) fn tests() -> Vec<(&'static str, fn(&Clusters) -> Result<(), String>)> {
    vec![
        ("the_same_answers", the_same_answers),
        ("a_forwarded_port", a_forwarded_port),
        ("described_as_completely", described::as_complete_as_kubectl),
    ]
}

/// `skyfleet sim serve`, until dropped.
struct Serving {
    child: Child,
    dir: tempfile::TempDir,
}

impl Serving {
    fn start() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let file = dir.path().join("sim.yaml");
        let child = Command::new(env!("CARGO_BIN_EXE_skyfleet"))
            .args(["sim", "serve", "--fleet", "small", "--kubeconfig-out"])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let serving = Self { child, dir };
        let started = Instant::now();
        while !file.exists() {
            if started.elapsed() > PATIENCE {
                return Err("sim serve writes no kubeconfig".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(serving)
    }

    fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("sim.yaml")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the two clusters, and what makes its answers like the other's.
struct Side {
    kubeconfig: PathBuf,
    context: Option<&'static str>,
    alike: Vec<(Regex, &'static str)>,
}

impl Side {
    fn new(kubeconfig: PathBuf, context: Option<&'static str>) -> Result<Self, String> {
        let mut side = Self { kubeconfig, context, alike: Vec::new() };
        let nodes = side.raw(&["get", "nodes", "-o", "name"])?.0;
        let mut names: Vec<String> =
            nodes.lines().filter_map(|n| n.strip_prefix("node/")).map(regex::escape).collect();
        names.sort_by_key(|n| std::cmp::Reverse(n.len()));
        let nodes = names.join("|");
        for (what, instead) in [
            (nodes.as_str(), "NODE"),
            (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
            (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} [\d:]+ \+\d{4}", "TIME"),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
            (r"\b\d+\.\d+\.\d+\.\d+\b", "IP"),
            (r"kube-api-access-\w{5}", "TOKEN"),
            (r"pod-template-hash(=|: |[: ]+)\w+", "pod-template-hash=HASH"),
            (r"controller-revision-hash(=|: |[: ]+)[\w-]+", "controller-revision-hash=HASH"),
            (r"\b(web|bare)-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "$1-POD"),
            (r"\b(web|bare|db)-[bcdf-hj-np-tv-xz0-9]{8,10}\b", "$1-HASH"),
            (r"\b(agent|once|web|bare)-[a-z0-9]{5}\b", "$1-POD"),
            (r#"("?resourceVersion"?: )"\d+""#, "$1VERSION"),
            (r"\b\d+(s|m|h|d)(\d+(s|m|h))?\b", "AGE"),
            (r"\b\d+Mi\b", "MEMORY"),
            (r"\b\d+%", "PERCENT"),
            (r"[ \t]+", " "),
            (r"-+", "-"),
        ] {
            side.alike.push((Regex::new(what).map_err(|e| e.to_string())?, instead));
        }
        Ok(side)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("kubectl");
        command.env("KUBECONFIG", &self.kubeconfig).stdin(Stdio::null());
        command.args(self.context.iter().flat_map(|c| ["--context", c]));
        command
    }

    /// What it prints and how it ends.
    fn raw(&self, words: &[&str]) -> Result<(String, i32), String> {
        let out = self.command().args(words).output().map_err(|e| format!("kubectl: {e}"))?;
        // Two pipes have no common order: the answer first, then what went wrong.
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        Ok((text, out.status.code().unwrap_or(-1)))
    }

    /// The lines of an answer, made like the other side's.
    fn answer(&self, line: &str, files: &Path, how: How) -> Result<(Vec<String>, i32), String> {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| match word {
                "NS" => NS.to_string(),
                "APP" | "APP4" | "PODS" | "REST" | "ODD" => {
                    files.join(format!("{}.yaml", word.to_lowercase())).to_string_lossy().into_owned()
                }
                word => word.replace("%20", " "),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (text, code) = self.raw(&words)?;
        if how == How::Ends {
            return Ok((vec![format!("silent: {}", text.trim().is_empty())], code));
        }
        if how == How::Counts {
            return Ok((vec![format!("{} lines", text.lines().count())], code));
        }
        let skipped: Vec<Regex> = DIFFERENCES.iter().filter_map(|(line, _)| Regex::new(line).ok()).collect();
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| !skipped.iter().any(|s| s.is_match(line)))
            .map(|line| {
                let alike = |line: String, (what, instead): &(Regex, &str)| {
                    what.replace_all(&line, *instead).into_owned()
                };
                self.alike.iter().fold(line.to_owned(), alike).trim_end().to_owned()
            })
            .collect();
        // Where the only event was one that is not compared, there is none.
        if let Some(at) = lines.iter().rposition(|line| line == "Events:")
            && lines[at + 1..].iter().all(|line| {
                line.trim() == "Type Reason Age From Message" || line.chars().all(|c| c == '-' || c == ' ')
            })
        {
            lines.truncate(at);
            lines.push("Events: <none>".to_owned());
        }
        if how == How::Unordered {
            lines.sort();
            lines.dedup();
        }
        Ok((lines, code))
    }
}

fn sides(clusters: &Clusters) -> Result<(Serving, Side, Side), String> {
    let serving = Serving::start()?;
    // Both have two nodes.
    let real = Side::new(clusters.kubeconfigs("admin")[2].clone(), None)?;
    let sim = Side::new(serving.kubeconfig(), Some(CONTEXT))?;
    Ok((serving, real, sim))
}

fn files() -> Result<tempfile::TempDir, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let app = APP.replace("NS", NS);
    let four = app.replace("replicas: 2", "replicas: 4");
    let odd = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: odd, namespace: {NS}}}\ndata: {{a: b}}\nsurprise: yes\n"
    );
    // The budget alone comes after its pods: a controller that has not seen them yet says so in an event, by chance.
    let (pods, _budget) = app.rsplit_once("---").ok_or("the app has one document")?;
    // The namespace alone goes last: whatever is in it goes with it, in each world at its own pace.
    let (_namespace, rest) = app.split_once("---").ok_or("the app has one document")?;
    let files = [("app", app.as_str()), ("app4", &four), ("pods", pods), ("rest", rest), ("odd", &odd)];
    for (name, text) in files {
        std::fs::write(dir.path().join(format!("{name}.yaml")), text).map_err(|e| e.to_string())?;
    }
    Ok(dir)
}

fn the_same_answers(clusters: &Clusters) -> Result<(), String> {
    let (_serving, real, sim) = sides(clusters)?;
    let files = files()?;
    let mut wrong = Vec::new();
    for (line, how) in ROWS {
        let started = Instant::now();
        loop {
            let (want, have) =
                (real.answer(line, files.path(), *how)?, sim.answer(line, files.path(), *how)?);
            if want == have {
                break;
            }
            // What was written is written; what is read may still be on its way.
            if matches!(how, How::Settles | How::Unordered) && started.elapsed() < SETTLED {
                std::thread::sleep(Duration::from_millis(500));
                continue;
            }
            wrong.push(difference(line, &want, &have));
            break;
        }
    }
    let _ = real.raw(&["delete", "ns", NS, "--ignore-not-found", "--wait=false"]);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} of {} commands differ (< real, > simulation):\n{}",
        wrong.len(),
        ROWS.len(),
        wrong.join("\n")
    ))
}

fn difference(line: &str, (want, code): &(Vec<String>, i32), (have, other): &(Vec<String>, i32)) -> String {
    let mut out = format!("kubectl {line}");
    if code != other {
        out.push_str(&format!(": ends with {code}, the simulation with {other}"));
    }
    let only = |mark: char, a: &[String], b: &[String]| -> String {
        a.iter().filter(|l| !b.contains(l)).take(12).map(|l| format!("\n  {mark} {l}")).collect()
    };
    let (left, right) = (only('<', want, have), only('>', have, want));
    if left.is_empty() && right.is_empty() {
        return format!("{out}\n  the same lines in another order or number:\n  {want:?}\n  {have:?}");
    }
    out + &left + &right
}

/// A port of a pod, as kubectl forwards it: SPDY inside a WebSocket.
fn a_forwarded_port(clusters: &Clusters) -> Result<(), String> {
    let (_serving, real, sim) = sides(clusters)?;
    let mut said = Vec::new();
    for side in [&real, &sim] {
        let ns = "beside-port";
        let _ = side.raw(&["create", "ns", ns])?;
        let (text, code) = side.raw(&["run", "p", "-n", ns, "--image=registry.example/web:1"])?;
        if code != 0 && !text.contains("already exists") && !text.contains("serviceaccount") {
            return Err(text);
        }
        let started = Instant::now();
        while side.raw(&["wait", "--for=condition=Ready", "pod/p", "-n", ns, "--timeout=20s"])?.1 != 0 {
            let _ = side.raw(&["run", "p", "-n", ns, "--image=registry.example/web:1"])?;
            if started.elapsed() > PATIENCE {
                return Err("the pod is not ready".into());
            }
        }
        let mut forwarding = side
            .command()
            .args(["port-forward", "-n", ns, "pod/p", ":8080"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let heard = forwarded(&mut forwarding);
        let _ = forwarding.kill();
        let _ = forwarding.wait();
        let _ = side.raw(&["delete", "ns", ns, "--wait=false"]);
        said.push(heard?);
    }
    let [real, sim] = said.as_slice() else { return Err("two sides".into()) };
    if real == sim && real.contains("pod beside-port/p port 8080") {
        return Ok(());
    }
    Err(format!("real: {real:?}\nsimulation: {sim:?}"))
}

/// Two requests through the port that kubectl names.
fn forwarded(forwarding: &mut Child) -> Result<String, String> {
    let mut lines = BufReader::new(forwarding.stdout.take().ok_or("no output")?);
    let mut line = String::new();
    lines.read_line(&mut line).map_err(|e| e.to_string())?;
    let port = line.split("127.0.0.1:").nth(1).and_then(|r| r.split(' ').next()).ok_or(line.clone())?;
    let mut heard = String::new();
    for path in ["/one", "/two"] {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|e| e.to_string())?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: p\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
        let mut some = [0; 2048];
        let from = heard.len();
        while !heard[from..].contains(&format!("GET {path}")) {
            match stream.read(&mut some) {
                Ok(0) => return Err(format!("the port ends after {heard:?}")),
                Ok(n) => heard.push_str(&String::from_utf8_lossy(&some[..n])),
                Err(e) => return Err(format!("the port is silent: {e}")),
            }
        }
    }
    Ok(heard)
}
