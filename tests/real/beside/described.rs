//! `skyfleet describe` beside `kubectl describe`, kind by kind, over a real control plane and the served simulation: each
//! name of a field and each word of a value that kubectl prints is in ours, but for what is listed here with its reason.

use std::collections::BTreeSet;
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

/// Lines of kubectl's that are not compared.
const LINES: &[(&str, &str)] = &[
    (r"<(none|unset|default|no value)>|: +\[\]$|^[\s=-]*$", "what is not there"),
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

/// The names of fields and the words of values that are theirs and not ours.
fn missing(theirs: &str, ours: &str) -> Result<Vec<String>, String> {
    // Moments are written otherwise, and go on while we look.
    let moments = Regex::new(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} [\d:]+ [+-]\d{4}|\b(\d+[smhdy])+\b|\d{4}-\d\d-\d\d[T ][\d:.]+ ?(Z|\+0000 UTC)",
    )
    .map_err(|e| e.to_string())?;
    let skipped: Vec<Regex> = LINES.iter().filter_map(|(line, _)| Regex::new(line).ok()).collect();
    let explained = Regex::new(r"(?m)^(\s+Type:\s+\w+) \(.*\)$").map_err(|e| e.to_string())?;
    let (theirs, ours) = (moments.replace_all(theirs, ""), moments.replace_all(ours, ""));
    // What a kind of volume is, is explained in each pod.
    let theirs = explained.replace_all(&theirs, "$1");
    let have_names = names(&ours, true);
    let have_words: BTreeSet<String> = ours.lines().flat_map(split).collect();
    let mut missing = BTreeSet::new();
    for line in theirs.lines().filter(|line| !skipped.iter().any(|s| s.is_match(line))) {
        for name in names(line, false) {
            let is_row = name.split(' ').flat_map(split).all(|word| have_words.contains(&word));
            let name = alike(&name);
            if !is_row && !have_names.contains(&name) && !NAMES.iter().any(|(n, _)| *n == name) {
                missing.insert(format!("name {name}"));
            }
        }
        for word in words(line) {
            if !have_words.contains(&word) && !WORDS.iter().any(|(w, _)| *w == word) {
                missing.insert(format!("word {word}"));
            }
        }
    }
    Ok(missing.into_iter().collect())
}

/// The names of fields: what stands before a colon at the start of a line; in ours titles of columns too. Without case
/// and space: `StrategyType` is `Strategy Type`.
fn names(text: &str, columns: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("- ");
        match line.split_once(':') {
            // Two spaces within are columns.
            Some((name, value))
                if !name.contains("  ") && (value.is_empty() || value.starts_with([' ', '\t'])) =>
            {
                found.insert(if columns { alike(name) } else { name.to_owned() });
            }
            _ => {}
        }
        if columns && !line.is_empty() && line == line.to_uppercase() {
            found.extend(line.split("  ").map(alike));
        }
    }
    found
}

fn alike(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// The words of a line's value, or of all of a row.
fn words(line: &str) -> BTreeSet<String> {
    let value = match line.split_once(':') {
        Some((_, value)) if value.is_empty() || value.starts_with([' ', '\t']) => value,
        _ => line,
    };
    split(value).collect()
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || "()[]{},;'\"<>|=%".contains(c))
        .map(|word| word.trim_matches(|c: char| ".:-".contains(c)).to_lowercase())
        .filter(|word| word.chars().any(char::is_alphanumeric))
}
