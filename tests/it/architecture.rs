//! The arrows between the layers, read from the `use` paths of the sources. A new arrow is a decision: change it here, and
//! say why in the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

struct Source {
    /// `domain/cost/node.rs`.
    path: String,
    text: String,
    /// Without comments, strings kept: what a path can stand in.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths
        .into_iter()
        .map(|p| {
            let text = std::fs::read_to_string(&p).unwrap();
            let code =
                text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            // Tests inside a file may reach further than the file itself. Only an inline module ends it; `mod tests;` is a
            // line like others.
            let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
            let code = code[..end].to_owned();
            Source { path: p.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), text, code }
        })
        .filter(|s| !s.path.ends_with("tests.rs") && !s.path.contains("/tests/"))
        .collect()
}

/// The module a `super::…` path of a file leads to, from `src`: `super::super::x` in `ui/pane/logs/draw.rs` is `ui/pane`.
fn supers(path: &str, code: &str) -> BTreeSet<String> {
    let own = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let mut out = BTreeSet::new();
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") || code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            continue;
        }
        let mut rest = &code[at..];
        let mut module: Vec<&str> = own.split('/').collect();
        while let Some(next) = rest.strip_prefix("super::") {
            module.pop();
            rest = next;
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let mut to: Vec<String> = module.iter().map(|m| (*m).to_owned()).collect();
        to.push(name);
        out.insert(to.join("/"));
    }
    out
}

/// The first parts of the paths `a::…` that stand in code: crates and, behind `crate::`, our own layers.
fn roots(code: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (at, _) in code.match_indices("::") {
        let before: String = code[..at]
            .chars()
            .rev()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let lead = &code[..at - before.len()];
        if lead.ends_with("::") {
            if lead.ends_with("crate::") {
                out.insert(format!("crate::{before}"));
            } else if lead.ends_with("std::") {
                out.insert(format!("std::{before}"));
            }
            continue;
        }
        out.insert(before);
    }
    // `use std::{fs, net}` and the last part of `use std::fs;`.
    for line in code.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("use std::") {
            for part in rest.trim_matches(|c| matches!(c, '{' | '}' | ';')).split(&[',', '{', '}'][..]) {
                let first = part.trim().split("::").next().unwrap_or("");
                out.insert(format!("std::{}", first.trim_end_matches(';')));
            }
        }
        if let Some(rest) = line.strip_prefix("use crate::") {
            let first = rest.split(&[':', ';', '{', ' '][..]).next().unwrap_or("");
            out.insert(format!("crate::{first}"));
        }
    }
    out
}

fn layer(path: &str) -> &str {
    path.split('/').next().unwrap_or("")
}

#[test]
fn the_arrows() {
    let allowed: &[(&str, &[&str])] = &[
        ("domain", &["domain"]),
        ("fleet", &["domain", "fleet"]),
        ("source", &["domain", "fleet", "source"]),
        ("sim", &["domain", "sim"]),
        ("ops", &["domain", "fleet", "source", "ops"]),
        ("ui", &["domain", "fleet", "ops", "ui", "config"]),
        ("cli", &["domain", "fleet", "ops", "cli", "config"]),
        ("config", &["domain", "config"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, may)) = allowed.iter().find(|(l, _)| *l == layer(&source.path)) else { continue };
        for root in roots(&source.code) {
            if let Some(to) = root.strip_prefix("crate::")
                && !may.contains(&to)
                && allowed.iter().any(|(l, _)| *l == to)
            {
                wrong.push(format!("{} uses crate::{to}", source.path));
            }
        }
        for to in supers(&source.path, &source.code) {
            let to = to.split('/').next().unwrap_or("").to_owned();
            if allowed.iter().any(|(l, _)| *l == to) && !may.contains(&to.as_str()) {
                wrong.push(format!("{} reaches {to} by super", source.path));
            }
        }
        // `use crate::{a, b}` would hide arrows from this test.
        if source.code.contains("use crate::{") {
            wrong.push(format!("{} has `use crate::{{`: one line a layer", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn crates_stay_in_their_layers() {
    let only: &[(&[&str], &[&str])] = &[
        (&["ratatui", "crossterm"], &["ui"]),
        (&["kube", "k8s_openapi"], &["source", "sim"]),
        (&["tower"], &["source", "sim"]),
        (&["aws_config", "aws_sdk_sts"], &["source"]),
        (&["clap"], &["cli"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let roots = roots(&source.code);
        for (crates, layers) in only {
            for c in *crates {
                if roots.contains(*c) && !layers.contains(&layer(&source.path)) {
                    wrong.push(format!("{} names {c}", source.path));
                }
            }
        }
        if roots.contains("clap") && !source.path.starts_with("cli/args") {
            wrong.push(format!("{} names clap; only cli/args may", source.path));
        }
        if roots.iter().any(|r| r.starts_with("aws_")) && !source.path.starts_with("source/clouds/") {
            wrong.push(format!("{} names a cloud SDK", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| layer(&s.path) == "domain") {
        for root in roots(&source.code) {
            if matches!(
                root.as_str(),
                "tokio"
                    | "kube"
                    | "k8s_openapi"
                    | "ratatui"
                    | "crossterm"
                    | "std::fs"
                    | "std::env"
                    | "std::net"
                    | "std::process"
                    | "std::thread"
            ) {
                wrong.push(format!("{} names {root}", source.path));
            }
        }
        for clock in ["Timestamp::now", "SystemTime::now", "Instant::now", "Zoned::now"] {
            if source.code.contains(clock) {
                wrong.push(format!("{} reads a clock: {clock}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn panes_draw_and_nothing_else() {
    let mut wrong = Vec::new();
    let drawn =
        |p: &str| p.starts_with("ui/pane/") || p.starts_with("ui/widget/") || p.starts_with("ui/modal/");
    for source in sources().iter().filter(|s| drawn(&s.path)) {
        for word in [".await", "tokio::", "Mutex", "RwLock", "std::fs", "std::env", "mpsc"] {
            if source.code.contains(word) {
                wrong.push(format!("{} has {word}", source.path));
            }
        }
        if source.path.starts_with("ui/pane/") && source.path != "ui/pane/mod.rs" {
            let own = source.path.trim_start_matches("ui/pane/").trim_end_matches(".rs");
            for (at, _) in source.code.match_indices("ui::pane::") {
                let rest = &source.code[at + "ui::pane::".len()..];
                let to: String = rest.chars().take_while(|c| c.is_lowercase() || *c == '_').collect();
                if !to.is_empty() && to != own && !own.starts_with(&format!("{to}/")) {
                    wrong.push(format!("{} uses pane {to}", source.path));
                }
            }
            let pane = own.split('/').next().unwrap_or(own);
            for to in supers(&source.path, &source.code) {
                let other = to.strip_prefix("ui/pane/").and_then(|t| t.split('/').next()).unwrap_or(pane);
                if other != pane && other.starts_with(char::is_lowercase) {
                    wrong.push(format!("{} uses pane {other} by super", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_and_is_one_noun() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", source.path));
        }
        let lines = source.text.lines().count();
        if lines > 500 {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        for word in ["Manager", "Handler", "Helper", "Util"] {
            for kind in ["struct ", "enum ", "trait "] {
                // In managedFields a manager is the API's own word.
                let own_word = word == "Manager" && source.path == "sim/server/fields.rs";
                if !own_word && source.code.lines().any(|l| l.contains(kind) && l.contains(word)) {
                    wrong.push(format!("{} names a {word}", source.path));
                }
            }
        }
        if source.code.contains("static mut ") || source.code.contains("thread_local!") {
            wrong.push(format!("{} has global state", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where the model changes and where plans are run every variant is named: a new one must not be passed over.
#[test]
fn no_catch_all_where_state_changes() {
    let mut wrong = Vec::new();
    for source in sources() {
        let core = source.path == "fleet/apply.rs" || source.path.starts_with("ops/run/");
        // Of kinds and strings there are too many to name.
        for line in source.code.lines().map(str::trim).filter(|_| core) {
            if line.starts_with("_ =>") && !line.contains("=> None,") && !line.contains("discover") {
                wrong.push(format!("{}: {line}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn shared_state_has_one_owner() {
    let mut wrong = Vec::new();
    for source in sources() {
        // A simulated cluster and a recording are servers: each has a lock of its own.
        let serves = source.path.starts_with("sim/") || source.path.starts_with("source/record/");
        if source.code.contains("Arc<Mutex") && !serves {
            wrong.push(format!("{} shares a Mutex", source.path));
        }
        // The terminal is a thing of the process, and the panic hook has nowhere else to look.
        if source.code.contains("static ")
            && source.code.contains(": Atomic")
            && source.path != "ui/term/guard.rs"
        {
            wrong.push(format!("{} has a mutable static", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_allow_attributes() {
    let bare: Vec<_> = sources().into_iter().filter(|s| s.code.contains("[allow(")).map(|s| s.path).collect();
    assert!(bare.is_empty(), "use #[expect(…, reason = …)]: {bare:?}");
}
