//! `skyfleet describe` beside `kubectl describe`, kind by kind, over a real control plane and the served simulation: each
//! name of a field and each word of a value that kubectl prints is in ours, but for what is listed here with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use regex::Regex;

use super::{SETTLED, Side, sides};
use crate::Clusters;

const NS: &str = "described";
const OBJECTS: &str = include_str!("described.yaml");

/// What is described: a kind and a name; `*` is the first of the kind.
const ROWS: &[(&str, &str)] = &[
    ("namespace", "NS"),
    ("node", "*"),
    ("pod", "*"),
    ("pod", "db-0"),
    ("deployment", "web"),
    ("replicaset", "*"),
    ("statefulset", "db"),
    ("daemonset", "agent"),
    ("job", "once"),
    ("cronjob", "night"),
    ("service", "web"),
    ("service", "outside"),
    ("endpoints", "web"),
    ("endpointslice", "byhand"),
    ("ingress", "shop"),
    ("networkpolicy", "walls"),
    ("configmap", "conf"),
    ("secret", "keys"),
    ("serviceaccount", "worker"),
    ("persistentvolume", "NS-disk"),
    ("persistentvolumeclaim", "data"),
    ("storageclass", "NS-fast"),
    ("resourcequota", "some"),
    ("limitrange", "sizes"),
    ("role", "reader"),
    ("rolebinding", "readers"),
    ("clusterrole", "NS-health"),
    ("clusterrolebinding", "NS-health"),
    ("poddisruptionbudget", "web"),
    ("horizontalpodautoscaler", "web"),
    ("priorityclass", "system-node-critical"),
];

/// Names of kubectl's that we have another for, or none.
const NAMES: &[(&str, &str)] = &[
    ("creationtimestamp", "Created"),
    ("createdon", "Created"),
    ("kubeproxyversion", "always empty: the field is deprecated"),
    ("nonterminatedpods", "Pods"),
    ("hostports", "said where there are some"),
    ("hostport", "said where there are some"),
    ("readonly", "said where it is true"),
    ("message", "said where there is one"),
    ("configmapoptional", "Optional, below the name"),
    ("secretoptionalname", "Optional, below the name"),
    ("desirednumberofnodesscheduled", "Nodes, desired"),
    ("currentnumberofnodesscheduled", "Nodes, current"),
    ("numberofnodesscheduledwithuptodatepods", "Nodes, up to date"),
    ("numberofnodesscheduledwithavailablepods", "Nodes, available"),
    ("numberofnodesmisscheduled", "Nodes, misscheduled"),
    ("addresses", "of a slice: the title of each endpoint"),
    ("requiredterms", "Node Affinity"),
    ("policyrule", "Policy Rules"),
    ("globaldefault", "said where it is given: the kind is not built in"),
    ("spec", "of a network policy: its fields stand for themselves"),
    ("allowingingresstraffic", "Allowed Ingress"),
    ("allowingegresstraffic", "Allowed Egress"),
    ("toportrange", "To Port"),
    ("namespaceselector", "in namespaces"),
    ("ipblock", "CIDR"),
    ("conditions", "of a slice: with each endpoint"),
    ("description", "said where there is one"),
    ("warning", "kubectl's own, of the API of endpoints"),
];

/// Words of kubectl's that are not ours.
const WORDS: &[(&str, &str)] = &[
    ("0/tcp", "a host port that is none"),
    ("0/udp", "a host port that is none"),
    ("nil", "an optional field that is not given"),
    ("false", "a field that is not given"),
    ("binarydata", "Binary Data"),
    ("lastheartbeattime", "the column is Beat"),
    ("lasttransitiontime", "the column is Changed"),
];

/// Fields of kubectl's within others that ours has under another name: their words are looked for one level further out.
const ELSEWHERE: &[(&str, &str)] = &[
    ("name", "of a quota, a claim, a volume: the title of its block"),
    ("cpu", "an amount on the line of limits and of requests; elsewhere a variable's name"),
    ("podselector", "of a peer of a network policy: in its line"),
    ("type", "of a policy of scaling: in its line"),
];

/// Lines of kubectl's that are not compared.
const LINES: &[(&str, &str)] = &[
    (r":?\s+<(none|unset|default|no value)>$|: +\[\]$|^[\s=-]*$", "what is not there"),
    (r"last-applied-configuration", "kubectl's own memory, long and in the YAML"),
    (r"Total limits may be over 100 percent", "an explanation"),
    (r"traffic allowed to all|traffic not restricted", "an explanation of any"),
    (r"^Warning: ", "kubectl's own, of the API of endpoints"),
    (
        r"<error: |\(not found\)",
        "our words are: no such service; secrets are not read to describe an account",
    ),
];

/// Every kind's page.
pub(super) fn as_complete_as_kubectl(clusters: &Clusters) -> Result<(), String> {
    let (_serving, real, sim) = sides(clusters)?;
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = dir.path().join("objects.yaml");
    std::fs::write(&file, OBJECTS.replace("NS", NS)).map_err(|e| e.to_string())?;
    let mut wrong = Vec::new();
    for (world, side) in [("a real control plane", &real), ("the simulation", &sim)] {
        let apply = ["apply", "-f", &file.to_string_lossy()].map(str::to_owned);
        let apply: Vec<&str> = apply.iter().map(String::as_str).collect();
        let (said, code) = side.raw(&apply)?;
        if code != 0 {
            return Err(format!("{world}: {said}"));
        }
        let (said, code) = side.raw(&["rollout", "status", "deploy/web", "-n", NS, "--timeout=60s"])?;
        if code != 0 {
            return Err(format!("{world}: {said}"));
        }
        for (kind, name) in ROWS {
            let missing = settled(side, kind, name)?;
            if !missing.is_empty() {
                wrong.push(format!("{world}, {kind} {name}: {}", missing.join(" · ")));
            }
        }
        let _ = side.raw(&["delete", "-f", &file.to_string_lossy(), "--wait=false", "--ignore-not-found"]);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What is missing once both had time to see the same.
fn settled(side: &Side, kind: &str, name: &str) -> Result<Vec<String>, String> {
    let started = Instant::now();
    loop {
        let name = match name {
            "*" => {
                let (names, _) = side.raw(&["get", kind, "-n", NS, "-o", "name"])?;
                names.lines().next().and_then(|n| n.split('/').nth(1)).ok_or("there is none")?.to_owned()
            }
            name => name.replace("NS", NS),
        };
        let (theirs, code) = side.raw(&["describe", kind, &name, "-n", NS])?;
        if code != 0 {
            return Err(format!("kubectl describe {kind} {name}: {theirs}"));
        }
        let ours = ours(side, kind, &name)?;
        let missing = missing(&theirs, &ours)?;
        if missing.is_empty() || started.elapsed() > SETTLED {
            return Ok(missing);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn ours(side: &Side, kind: &str, name: &str) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
    command.env("KUBECONFIG", &side.kubeconfig).args([
        "describe",
        kind,
        name,
        "-n",
        NS,
        "--exec-policy",
        "allow",
    ]);
    command.args(side.context.iter().flat_map(|c| ["--context", c]));
    let out = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if text.is_empty() {
        Err(format!("describe {kind} {name}: {}", String::from_utf8_lossy(&out.stderr)))
    } else {
        Ok(text)
    }
}

/// The names of fields that are theirs and not ours, and the words of values that ours has not where theirs has them: in the
/// field of that name, or of the one it is in; of rows anywhere.
fn missing(theirs: &str, ours: &str) -> Result<Vec<String>, String> {
    let skipped: Vec<Regex> = LINES.iter().filter_map(|(line, _)| Regex::new(line).ok()).collect();
    let explained = Regex::new(r"(?m)^(\s+Type:\s+\w+) \(.*\)$").map_err(|e| e.to_string())?;
    // Moments are written otherwise.
    let moments = Regex::new(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} [\d:]+ [+-]\d{4}|\d{4}-\d\d-\d\d[T ][\d:.]+ ?(Z|\+0000 UTC)",
    )
    .map_err(|e| e.to_string())?;
    // Ages go on while we look: those of events, and the last cell of a node's pods.
    let ages = Regex::new(r"\b(\d+[smhdy])+\b").map_err(|e| e.to_string())?;
    let aged = Regex::new(r"^  (Normal|Warning) |\(\d+%\)  +(\d+[smhdy])+$").map_err(|e| e.to_string())?;
    let last = Regex::new(r"(\d+[smhdy])+$").map_err(|e| e.to_string())?;
    // What a kind of volume is, is explained in each pod.
    let theirs = explained.replace_all(theirs, "$1");
    let theirs = moments.replace_all(&theirs, "");
    let have = Have::new(ours);
    let mut missing = BTreeSet::new();
    // The names that theirs is within, with their depths.
    let mut within: Vec<(usize, String)> = Vec::new();
    for line in theirs.lines().filter(|line| !skipped.iter().any(|s| s.is_match(line))) {
        let depth = line.len() - line.trim_start().len();
        within.retain(|(d, _)| *d < depth);
        let is_row = aged.is_match(line);
        let line = match is_row {
            true if line.starts_with("  Normal") || line.starts_with("  Warning") => {
                ages.replace_all(line, "")
            }
            true => last.replace(line, ""),
            false => line.into(),
        };
        let (name, value) = if is_row { (None, &*line) } else { field(&line) };
        if let Some(name) = name {
            let is_cell = name.split(' ').flat_map(split).all(|word| have.words.contains(&word));
            let name = alike(name);
            let is_there = is_cell || have.titles.contains(&name) || have.fields.contains_key(&name);
            if !is_there && !NAMES.iter().any(|(n, _)| *n == name) {
                missing.insert(format!("name {name}"));
            }
            within.push((depth, name));
        }
        let known = |name: &String| !ELSEWHERE.iter().any(|(n, _)| n == name);
        let field = within
            .iter()
            .rev()
            .filter(|(_, name)| known(name))
            .find_map(|(_, n)| Some((n, have.fields.get(n)?)));
        for word in split(value) {
            let is_there = match field.filter(|_| !is_row) {
                Some((_, words)) => words.contains(&word),
                None => have.words.contains(&word),
            };
            if !is_there && !WORDS.iter().any(|(w, _)| *w == word) {
                let place = field.map_or_else(String::new, |(name, _)| format!(" in {name}"));
                missing.insert(format!("word {word}{place}"));
            }
        }
    }
    Ok(missing.into_iter().collect())
}

/// What ours says: all its words, and those of each field with what stands below it; the titles of columns are fields.
#[derive(Default)]
struct Have {
    words: BTreeSet<String>,
    titles: BTreeSet<String>,
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Have {
    fn new(ours: &str) -> Self {
        let mut have = Self::default();
        let mut within: Vec<(usize, String)> = Vec::new();
        for line in ours.lines().filter(|line| !line.trim().is_empty()) {
            let depth = line.len() - line.trim_start().len();
            within.retain(|(d, _)| *d < depth);
            let (name, _) = field(line);
            if let Some(name) = name {
                within.push((depth, alike(name)));
            }
            for word in split(line) {
                for (_, name) in &within {
                    have.fields.entry(name.clone()).or_default().insert(word.clone());
                }
                have.words.insert(word);
            }
            if line == line.to_uppercase() {
                // Their fields are our columns: what is in one is looked for in all rows.
                have.titles.extend(line.split("  ").map(alike).filter(|title| !title.is_empty()));
            }
        }
        have
    }
}

/// The name of a field, what stands before a colon at the start of a line, and its value; or a whole row.
fn field(line: &str) -> (Option<&str>, &str) {
    let line = line.trim_start();
    match line.trim_start_matches("- ").split_once(':') {
        // Two spaces within are columns.
        Some((name, value))
            if !name.contains("  ") && (value.is_empty() || value.starts_with([' ', '\t'])) =>
        {
            (Some(name), value)
        }
        _ => (None, line),
    }
}

/// Without case and space: `StrategyType` is `Strategy Type`.
fn alike(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || "()[]{},;'\"<>|=%".contains(c))
        .map(|word| word.trim_matches(|c: char| ".:-".contains(c)).to_lowercase())
        .filter(|word| word.chars().any(char::is_alphanumeric))
}
