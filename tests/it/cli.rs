//! The command line, in process over the simulation: what each verb prints for programs, and how it ends. Time stands
//! still but where a test moves it, so answers are the same on every machine.

mod contexts;
mod reads;
mod truth;
mod writes;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use skyfleet::cli::exit::Exit;
use skyfleet::cli::{self, Io};
use skyfleet::domain::scope::{PathGlob, Scope};
use skyfleet::fleet::rules::Rules;
use skyfleet::ops::session::{SessionOptions, Shared};
use skyfleet::sim::{FleetSpec, Simulation};
use skyfleet::ui::still::fixed_time;

use crate::simulated;

/// What a command printed, and how it ended.
struct Ran {
    exit: Exit,
    out: String,
    err: String,
}

/// The small fleet at the fixed time, and a session over it.
struct Place {
    sim: Simulation,
    session: Shared,
    state: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let sim = Simulation::new(&FleetSpec::embedded("small").unwrap(), 1, fixed_time());
        let ours = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let state = tempfile::Builder::new().permissions(ours).tempdir().unwrap();
        let session = session(&sim, Some(state.path()));
        Self { sim, session, state }
    }

    /// Lets simulated time pass, so that controllers and kubelets act.
    fn wait(&self, seconds: u64) {
        self.sim.advance(Duration::from_secs(seconds));
    }

    /// Runs a command line, its words parted by blanks; nobody is there to answer.
    async fn run(&self, line: &str) -> Ran {
        run(&self.session, line, None).await
    }

    /// Runs it with a person who gives these answers.
    async fn answered(&self, line: &str, answers: &[&str]) -> Ran {
        run(&self.session, line, Some(answers)).await
    }

    /// Runs it; it has to end with 0.
    async fn ok(&self, line: &str) -> String {
        let ran = self.run(line).await;
        assert_eq!(ran.exit, Exit::Ok, "{line}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Runs it with `-o json`; it has to end with 0.
    async fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(&format!("{line} -o json")).await).unwrap()
    }
}

/// A session over the simulation; `alpha` is protected, as a setting of the person's.
fn session(sim: &Simulation, state: Option<&Path>) -> Shared {
    let options = SessionOptions {
        demo: true,
        state_dir: state.map(Into::into),
        rules: Rules {
            protected: Some(Scope::globs([PathGlob::parse("**/alpha").unwrap()])),
            ..Rules::default()
        },
        ..SessionOptions::default()
    };
    simulated::session_with(sim, None, options)
}

async fn run(session: &Shared, line: &str, answers: Option<&[&str]>) -> Ran {
    let words = std::iter::once("skyfleet").chain(line.split_whitespace());
    let args = cli::args::parse(words.map(Into::into)).unwrap_or_else(|(text, _)| panic!("{line}: {text}"));
    let command = args.command.clone().unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut left = answers.unwrap_or_default().iter();
    let mut ask = |_: &str| left.next().map(|a| (*a).to_owned());
    let mut io = Io {
        out: &mut out,
        err: &mut err,
        width: None,
        ask: if answers.is_some() { Some(&mut ask) } else { None },
        interrupts: skyfleet::cli::interrupt::Interrupts::default(),
    };
    let exit = cli::run(&args, &command, session.clone(), &mut io).await;
    Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// JSON with one line for each item of its lists, so that a snapshot can be read and compared.
fn lines(value: &Value) -> String {
    let mut out = String::new();
    for (key, value) in value.as_object().unwrap() {
        match value {
            Value::Array(items) if !items.is_empty() => {
                out.push_str(&format!("{key}:\n"));
                out.extend(items.iter().map(|i| format!("  {i}\n")));
            }
            other => out.push_str(&format!("{key}: {other}\n")),
        }
    }
    out
}

/// The texts at a pointer of each item.
fn texts(answer: &Value, list: &str, pointer: &str) -> Vec<String> {
    let items = answer[list].as_array().unwrap();
    items.iter().map(|i| i.pointer(pointer).and_then(Value::as_str).unwrap_or("null").to_owned()).collect()
}

/// A manifest in a folder of its own.
fn manifest(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

/// A deployment with one container.
fn deployment(name: &str, namespace: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: {name}, image: \"{image}\"}}]}}
"
    )
}
