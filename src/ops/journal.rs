//! The journal of writes and the audit log: on disk before a step is taken, so that a killed run can be understood.
//!
//! `<state>/rollouts/<id>.jsonl` holds one run, a line for each intent and outcome; `<state>/audit.log` one line for each
//! write of any run. Folders 0700, files 0600, each line written and synced before the write it speaks of. Never an
//! object's content: names, counts and words only. Called by `run`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::plan::{Plan, Step};

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

/// The runs there are journals of, newest first.
pub fn list(state: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(state.join("rollouts"))
        .map(|dir| {
            dir.filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".jsonl").map(str::to_owned))
                .collect()
        })
        .unwrap_or_default();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names
}

/// The lines of one run. A line that was cut off by a crash ends the reading.
pub fn read(state: &Path, run: &str) -> io::Result<Vec<Line>> {
    let path: PathBuf = state.join("rollouts").join(format!("{run}.jsonl"));
    let text = std::fs::read_to_string(path)?;
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
