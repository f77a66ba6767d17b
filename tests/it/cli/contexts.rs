//! `contexts` and `doctor` over a folder of kubeconfigs as people have them, whole and broken. No server is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use skyfleet::cli::interrupt::Interrupts;
use skyfleet::cli::{self, Io};
use skyfleet::domain::cloud::LocalFiles;
use skyfleet::domain::scope::Scope;
use skyfleet::ops::doctor::{Level, without_asking};
use skyfleet::ops::session::{Session, SessionOptions, Shared};
use skyfleet::source::kubeconfig::load;

use super::lines;

const FILES: [&str; 9] = ["eks", "gke", "aks", "kind", "broken", "utf16", "duplicate", "dangling", "missing"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/kubeconfigs")
}

fn session() -> Shared {
    let files = FILES.map(|name| folder().join(format!("{name}.yaml")));
    Arc::new(Session::from_kubeconfig(load(&files, &LocalFiles::default()), SessionOptions::default()))
}

/// What a command prints, the folder of the files left out.
async fn printed(line: &str, width: Option<usize>) -> (String, String) {
    printed_of(session(), line, width).await
}

async fn printed_of(session: Shared, line: &str, width: Option<usize>) -> (String, String) {
    let words = std::iter::once("skyfleet").chain(line.split_whitespace());
    let args = cli::args::parse(words.map(Into::into)).unwrap();
    let command = args.command.clone().unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err, width, ask: None, interrupts: Interrupts::default() };
    cli::run(&args, &command, session, &mut io).await;
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(folder().to_str().unwrap(), "[DIR]");
    (text(out), text(err))
}

#[tokio::test]
async fn every_kubeconfig() {
    let (json, err) = printed("contexts -o json", None).await;
    assert_eq!(err, "");
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert!(!json.contains("do-not-show-me") && !json.contains("does-not-matter"), "{json}");
    insta::assert_snapshot!("kubeconfigs", lines(&answer));
}

#[tokio::test]
async fn at_80_columns_one_sees_what_can_be_used() {
    let (table, err) = printed("contexts", Some(80)).await;
    assert!(table.lines().all(|l| l.chars().count() <= 80), "{table}");
    insta::assert_snapshot!("kubeconfigs_80", format!("{table}---\n{err}"));
    let (wide, _) = printed("contexts -o wide", Some(80)).await;
    for words in ["SIGNS AS", "444455556666", "https://10.20.0.1:6443", "[DIR]/duplicate.yaml", "payments"] {
        assert!(wide.contains(words), "{words}: {wide}");
    }
}

/// What a context takes from another file is said.
#[tokio::test]
async fn entries_of_other_files_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("users"), "users: [{name: u, user: {token: t}}]").unwrap();
    let rest = "clusters: [{name: c, cluster: {server: 'https://10.0.0.1'}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]";
    std::fs::write(path("rest"), rest).unwrap();
    let loaded = load(&[path("users"), path("rest")], &LocalFiles::default());
    let session = Arc::new(Session::from_kubeconfig(loaded, SessionOptions::default()));
    let (wide, _) = printed_of(session, "contexts -o wide", None).await;
    let told = format!("user entry from {}", path("users").display());
    assert!(wide.contains("OTHER FILES") && wide.contains(&told), "{wide}");
}

#[test]
fn the_doctor_of_them() {
    let checks = without_asking(&session(), &Scope::all());
    let mut told = String::new();
    for c in checks.iter().filter(|c| ["files", "contexts", "expiry"].contains(&c.area)) {
        told.push_str(&format!("{} {} {}: {} > {}\n", c.level.word(), c.area, c.subject, c.words, c.fix));
    }
    insta::assert_snapshot!("kubeconfigs_doctor", told.replace(folder().to_str().unwrap(), "[DIR]"));
    assert!(checks.iter().filter(|c| c.level == Level::Bad).all(|c| !c.fix.is_empty()));
}
