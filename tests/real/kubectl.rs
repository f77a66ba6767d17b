//! Each verb of the command line beside kubectl, over the same clusters: the program as a person starts it, its answers
//! judged by kubectl's. A test makes its own namespaces `k-...` and waits for what it wants to see, never for luck.

mod reads;
mod words;
mod writes;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Clusters;

type Outcome = Result<(), String>;
type Test = fn(&Bench) -> Outcome;

/// How long a test waits for something to be seen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every test.
pub(crate) fn tests() -> Vec<(&'static str, Test)> {
    let mut all = reads::tests();
    all.extend(words::tests());
    all.extend(writes::tests());
    all
}

/// Runs one of them.
pub(crate) fn run(test: Test, clusters: &'static Clusters) -> Outcome {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    test(&Bench { clusters, home })
}

/// The clusters, and a home of its own for the program.
pub(crate) struct Bench {
    clusters: &'static Clusters,
    home: tempfile::TempDir,
}

/// How a command ended and what it printed.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.out).map_err(|e| format!("no JSON ({e}): {}{}", self.out, self.err))
    }

    fn wants(self, code: i32, what: &str) -> Result<Self, String> {
        if self.code == code {
            Ok(self)
        } else {
            Err(format!("{what} ended with {}, not {code}:\n{}{}", self.code, self.out, self.err))
        }
    }
}

fn start(command: &mut Command) -> Result<Ran, String> {
    let out = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    Ok(Ran {
        code: out.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&out.stdout).into_owned(),
        err: String::from_utf8_lossy(&out.stderr).into_owned(),
    })
}

fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
}

impl Bench {
    /// The program over the kubeconfigs of these users, its words parted by blanks.
    fn skyfleet_as(&self, users: &[&str], line: &str) -> Result<Ran, String> {
        self.start_as(users, line, &[])
    }

    /// As the admin of all clusters, with further words that may have blanks.
    fn skyfleet_words(&self, line: &str, words: &[String]) -> Result<Ran, String> {
        self.start_as(&["admin"], line, words)
    }

    fn start_as(&self, users: &[&str], line: &str, words: &[String]) -> Result<Ran, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
        for (name, _) in std::env::vars() {
            if name.starts_with("XDG_") || name.starts_with("SKYFLEET_") || name == "KUBECONFIG" {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.home.path()).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command.args(split(line)).args(words);
        for path in users.iter().flat_map(|u| self.clusters.kubeconfigs(u)) {
            command.arg("--kubeconfig").arg(path);
        }
        start(&mut command)
    }

    /// The program as the admin of all clusters.
    fn skyfleet(&self, line: &str) -> Result<Ran, String> {
        self.skyfleet_as(&["admin"], line)
    }

    /// The same with `-o json`; it has to end with 0.
    fn json(&self, line: &str) -> Result<Value, String> {
        self.skyfleet(&format!("{line} -o json"))?.wants(0, line)?.json()
    }

    /// A write with all the yes it wants; what it says when it ends with 0.
    fn write(&self, line: &str) -> Result<Ran, String> {
        let ran = self.skyfleet(&format!("{line} --yes"))?;
        match word_of(&ran) {
            Some(word) => self.write_word(line, &word),
            None => ran.wants(0, line),
        }
    }

    /// A write that is given the word of a protected scope.
    fn write_word(&self, line: &str, word: &str) -> Result<Ran, String> {
        self.skyfleet_words(line, &["--yes".to_owned(), "--i-mean".to_owned(), word.to_owned()])?
            .wants(0, line)
    }

    /// kubectl as the admin of the n-th cluster.
    fn kubectl_raw(&self, n: usize, line: &str) -> Result<Ran, String> {
        let path = &self.clusters.kubeconfigs("admin")[n];
        start(Command::new("kubectl").arg("--kubeconfig").arg(path).args(split(line)))
    }

    /// What it prints when it ends well.
    fn kubectl(&self, n: usize, line: &str) -> Result<String, String> {
        Ok(self.kubectl_raw(n, line)?.wants(0, &format!("kubectl {line}"))?.out)
    }

    /// Its JSON.
    fn truth(&self, n: usize, line: &str) -> Result<Value, String> {
        let out = self.kubectl(n, &format!("{line} -o json"))?;
        serde_json::from_str(&out).map_err(|e| format!("kubectl {line}: {e}"))
    }

    /// Applies objects with kubectl, as a colleague would, and makes their namespace first.
    fn have(&self, n: usize, namespace: &str, objects: &[Value]) -> Outcome {
        let mut all = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})];
        all.extend(objects.iter().cloned());
        let (_dir, path) = self.file(&all)?;
        self.kubectl(n, &format!("apply -f {path}")).map(drop)
    }

    /// The objects as a manifest file.
    fn file(&self, objects: &[Value]) -> Result<(tempfile::TempDir, String), String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = dir.path().join("app.yaml");
        let text: Vec<String> = objects.iter().map(skyfleet::domain::diff::to_yaml).collect();
        std::fs::write(&path, text.join("---\n")).map_err(|e| e.to_string())?;
        let path = path.to_string_lossy().into_owned();
        Ok((dir, path))
    }

    /// Waits until a deployment has so many ready pods and no others.
    fn ready(&self, n: usize, namespace: &str, name: &str, replicas: u64) -> Outcome {
        until(&format!("{replicas} ready pods of {name}"), || {
            let web = self.truth(n, &format!("get deploy {name} -n {namespace}"))?;
            let status = &web["status"];
            let all = [&status["replicas"], &status["readyReplicas"], &status["updatedReplicas"]];
            if all.iter().all(|v| v.as_u64().unwrap_or(0) == replicas) {
                Ok(())
            } else {
                Err(status.to_string())
            }
        })
    }
}

/// The word a refused write asks for.
fn word_of(ran: &Ran) -> Option<String> {
    let (_, rest) = ran.err.split_once("--i-mean '")?;
    Some(rest.split_once('\'')?.0.to_owned())
}

/// Tries again until it works, and says at last what was wrong.
fn until<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let started = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(why) if started.elapsed() > PATIENCE => return Err(format!("waited for {what}: {why}")),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Both sets the same, or what only one of them has.
fn same<T: Ord + std::fmt::Debug>(ours: &BTreeSet<T>, theirs: &BTreeSet<T>) -> Outcome {
    if ours == theirs {
        return Ok(());
    }
    let only =
        |a: &BTreeSet<T>, b: &BTreeSet<T>| format!("{:?}", a.difference(b).take(8).collect::<Vec<_>>());
    Err(format!("only ours: {}; only kubectl's: {}", only(ours, theirs), only(theirs, ours)))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The objects our answer has of one cluster.
fn of_cluster<'a>(answer: &'a Value, cluster: &str) -> Vec<&'a Value> {
    list(&answer["items"]).iter().filter(|i| i["cluster"] == cluster).map(|i| &i["object"]).collect()
}

/// Namespace, name and uid.
fn identity(object: &Value) -> (String, String, String) {
    let part = |p: &str| text(object, p).to_owned();
    (part("/metadata/namespace"), part("/metadata/name"), part("/metadata/uid"))
}

/// A deployment with one container, whose pods have these annotations of the testbed.
fn deployment(
    name: &str,
    namespace: &str,
    replicas: u32,
    image: &str,
    annotations: &[(&str, &str)],
) -> Value {
    let annotations: serde_json::Map<String, Value> =
        annotations.iter().map(|(k, v)| (format!("testbed.skyfleet.dev/{k}"), json!(v))).collect();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "team": "k"}, "annotations": annotations},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": name, "image": image,
                    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}]}
            }
        }
    })
}

const GOOD: &str = "registry.example/web:1.0.0";
const CRASH: &str = "registry.example/web:1.0.1-crash";
const NAMES: [&str; 3] = ["shop-a", "shop-b", "shop-c"];
