//! The journal of writes and the audit log: on disk before a step is taken, so that a killed run can be understood.
//!
//! `<state>/rollouts/<id>.jsonl` holds one run, a line for each intent and outcome; `<state>/audit.log` one line for each
//! write of any run. Folders 0700, files 0600, each line written and synced before the write it speaks of. Never an
//! object's content: names, counts and words only. Called by `run`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::plan::{Plan, Step};
use crate::domain::text::clean;

/// So many bytes of a journal are read.
const READ_MOST: u64 = 4 << 20;

/// A line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// The run.
    pub run: String,
    /// Number of the step in the plan, from 0; none for lines about the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// `begin`, `intent`, `written` (not ready yet), `done`, `stopped` (no longer waited for), `failed`, `end`.
    pub what: String,
    /// The cluster by its full place; empty for the whole run.
    #[serde(default)]
    pub cluster: String,
    /// The context that acted, and as whom.
    #[serde(default)]
    pub context: String,
    /// The user entry of that context, `as X` when it impersonated.
    #[serde(default)]
    pub user: String,
    /// `apps/v1 Deployment shop/web`.
    #[serde(default)]
    pub object: String,
    /// The uid it had when the plan was made.
    #[serde(default)]
    pub uid: String,
    /// What was done or came of it, in words.
    #[serde(default)]
    pub words: String,
}

/// Where one run writes.
pub struct Journal {
    run: String,
    files: Option<(File, File)>,
}

impl Journal {
    /// Opens the journal of a plan; without a state folder (the demo) nothing is written.
    pub fn open(state: Option<&Path>, plan: &Plan) -> io::Result<Self> {
        let Some(state) = state else { return Ok(Self { run: plan.id.clone(), files: None }) };
        let rollouts = state.join("rollouts");
        private_folder(state)?;
        private_folder(&rollouts)?;
        let name: String =
            plan.id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let run = append(&rollouts.join(format!("{name}.jsonl")))?;
        let audit = append(&state.join("audit.log"))?;
        Ok(Self { run: plan.id.clone(), files: Some((run, audit)) })
    }

    /// A line about the whole run.
    pub fn whole(&mut self, at: Timestamp, what: &str, words: &str) -> io::Result<()> {
        let line = Line {
            at,
            run: self.run.clone(),
            step: None,
            what: what.to_owned(),
            cluster: String::new(),
            context: String::new(),
            user: String::new(),
            object: String::new(),
            uid: String::new(),
            words: words.to_owned(),
        };
        self.write(&line, false)
    }

    /// A line about one step. Intents and outcomes go to the audit log too.
    pub fn step(
        &mut self,
        at: Timestamp,
        number: usize,
        step: &Step,
        what: &str,
        words: &str,
    ) -> io::Result<()> {
        let line = Line {
            at,
            run: self.run.clone(),
            step: Some(number),
            what: what.to_owned(),
            cluster: step.cluster.path.clone(),
            context: step.cluster.context.clone(),
            user: step.cluster.acts_as.clone(),
            object: object_words(step),
            uid: step.uid.clone(),
            words: words.to_owned(),
        };
        self.write(&line, true)
    }

    fn write(&mut self, line: &Line, audited: bool) -> io::Result<()> {
        let Some((run, audit)) = &mut self.files else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        run.write_all(&bytes)?;
        run.sync_data()?;
        if audited {
            audit.write_all(&bytes)?;
            audit.sync_data()?;
        }
        Ok(())
    }
}

fn object_words(step: &Step) -> String {
    let name = if step.namespace.is_empty() {
        step.name.clone()
    } else {
        format!("{}/{}", step.namespace, step.name)
    };
    format!("{} {} {name}", step.api_version, step.kind)
}

/// A run that was, as its journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its id.
    pub run: String,
    /// When it began.
    pub began: Timestamp,
    /// What it was: `Scale 2 deployments in 2 clusters`.
    pub title: String,
    /// Whether all was done; none when it has no end: it still runs, or the program was ended while it ran.
    pub done: Option<bool>,
    /// What came of it.
    pub words: String,
    /// What came of each step, in the order of the plan.
    pub steps: Vec<String>,
}

/// The runs there are journals of, newest first, `most` at most. Those that cannot be read are left out.
pub fn past(state: &Path, most: usize) -> Vec<Past> {
    let mut names: Vec<String> = std::fs::read_dir(state.join("rollouts"))
        .map(|dir| {
            dir.filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".jsonl").map(str::to_owned))
                .collect()
        })
        .unwrap_or_default();
    // Ids begin with their time.
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.iter().filter_map(|run| of_lines(run, &read(state, run).ok()?)).take(most).collect()
}

fn of_lines(run: &str, lines: &[Line]) -> Option<Past> {
    let begin = lines.iter().find(|l| l.what == "begin")?;
    let end = lines.iter().rev().find(|l| l.what == "end");
    let mut steps: std::collections::BTreeMap<usize, (&Line, String)> = std::collections::BTreeMap::new();
    for line in lines {
        let Some(n) = line.step else { continue };
        let intent = steps.entry(n).or_insert((line, String::new()));
        if line.what != "intent" {
            let words = if line.words.is_empty() { String::new() } else { format!(": {}", line.words) };
            intent.1 = format!("{}{words}", line.what);
        }
    }
    let step = |(line, came): (&Line, String)| {
        let came = if came.is_empty() { "whether it was written is not known".to_owned() } else { came };
        let intent = if line.what == "intent" { line.words.as_str() } else { "" };
        told(&line.cluster, &line.object, intent, &came, (&line.user, &line.context))
    };
    Some(Past {
        run: run.to_owned(),
        began: begin.at,
        title: clean(&begin.words).into_owned(),
        done: end.map(|l| l.words.starts_with("done: ")),
        words: end.map_or_else(
            || "it has no end: look at what it wrote".to_owned(),
            |l| clean(&l.words).into_owned(),
        ),
        steps: steps.into_values().map(step).collect(),
    })
}

fn told(cluster: &str, object: &str, action: &str, came: &str, (user, context): (&str, &str)) -> String {
    let line = format!("{cluster}  {object}  {action}  {came}  as {user} ({context})");
    clean(&line).into_owned()
}

/// What came of a step, as one line: as the journal tells it later.
pub fn step_line(step: &Step, came: &str) -> String {
    let cluster = &step.cluster;
    told(&cluster.path, &object_words(step), &step.doing_words(), came, (&cluster.acts_as, &cluster.context))
}

/// The lines of one run. A line that was cut off by a crash ends the reading.
fn read(state: &Path, run: &str) -> io::Result<Vec<Line>> {
    let path: PathBuf = state.join("rollouts").join(format!("{run}.jsonl"));
    // Only its beginning where somebody has made it larger than any plan does.
    let mut text = String::new();
    File::open(path)?.take(READ_MOST).read_to_string(&mut text)?;
    Ok(text.lines().map_while(|l| serde_json::from_str(l).ok()).collect())
}

/// Opens a file to append to that only its owner can read.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Makes a folder only its owner can enter.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Writes a file only its owner can read, whole or not at all, and on the disk when this returns.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, true)
}

/// The same, as fast as the disk likes: what is lost with the machine's power is no loss.
pub fn write_private_soon(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, false)
}

fn replace(path: &Path, bytes: &[u8], at_once: bool) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_os_string();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    // Left by one of this number that was killed; a file of somebody else is never written into.
    let _ = std::fs::remove_file(&beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        if at_once { file.sync_all() } else { Ok(()) }
    });
    let done = written.and_then(|()| std::fs::rename(&beside, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::environment::Environment;
    use crate::domain::plan::{StepAction, Verb};

    fn plan(id: &str) -> Plan {
        let step =
            Step { action: StepAction::Restart, ..Step::sample(0, "prod-a", Environment::Prod, "web") };
        Plan {
            id: id.into(),
            verb: Verb::Restart,
            subject: "web".into(),
            steps: vec![step],
            command: String::new(),
        }
    }

    #[test]
    fn what_journals_tell_of_runs_that_ended_and_of_one_that_did_not() {
        let state = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-24T14:00:00Z".parse().unwrap();
        let write = |id: &str, ended: bool| {
            let plan = plan(id);
            let mut journal = Journal::open(Some(state.path()), &plan).unwrap();
            journal.whole(at, "begin", &plan.title()).unwrap();
            journal.step(at, 0, &plan.steps[0], "intent", "restart").unwrap();
            if ended {
                journal.step(at, 0, &plan.steps[0], "done", "ready").unwrap();
                journal.whole(at, "end", &format!("done: {}", plan.title())).unwrap();
            }
        };
        write("20261124T140000000Z-restart-web", true);
        write("20261124T150000000Z-restart-web", false);
        std::fs::write(state.path().join("rollouts/20261124T160000000Z-x.jsonl"), b"{\"at\": \xff").unwrap();
        let runs = past(state.path(), 10);
        let brief: Vec<_> = runs.iter().map(|p| (p.done, p.title.as_str(), p.steps.len())).collect();
        let title = "Restart 1 deployment in 1 cluster";
        assert_eq!(brief, [(None, title, 1), (Some(true), title, 1)], "newest first");
        assert_eq!(
            runs[1].steps[0],
            "aws / 1 / prod-a  apps/v1 Deployment shop/web  restart  done: ready  as alice (ctx)"
        );
        assert!(runs[0].steps[0].contains("whether it was written is not known"), "{:?}", runs[0]);
        assert_eq!(past(state.path(), 1).len(), 1);
        assert!(past(&state.path().join("nowhere"), 1).is_empty());
    }
}
