//! `skyfleet problems`.

use std::io;

use serde_json::json;

use super::{gathered, plain};
use crate::cli::Io;
use crate::cli::args::{Args, Output, OutputArgs};
use crate::cli::exit::Exit;
use crate::cli::out::Answer;
use crate::domain::age;
use crate::domain::scope::Scope;
use crate::ops::problems;
use crate::ops::session::Session;

/// Prints them, worst first. Exit 0 also when there are some: whether they matter is the reader's to say.
pub async fn run(
    a: &OutputArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let gathered = gathered(args, session, scope, plain(), io).await;
    let fleet = &gathered.fleet;
    let now = session.clock.now();
    let found = problems::of(fleet, scope, now);
    let errors = gathered.errors(scope);
    // For people a cluster that cannot be read is a problem of its own already; one that only has not answered yet is not.
    let mut shown = errors.clone();
    if !matches!(a.output, Output::Json | Output::Yaml) {
        shown.retain(|(id, _)| {
            fleet.cluster(*id).is_none_or(|c| c.phase.cause().is_none() && c.lack_words().is_none())
        });
    }
    let cluster = |id| fleet.cluster(id).map_or_else(String::new, |c| c.info.name().to_string());
    let answer = Answer {
        columns: vec![("SEVERITY", false), ("SINCE", true), ("PROBLEM", false), ("NEXT", false)],
        rows: found
            .iter()
            .map(|p| {
                vec![
                    p.severity.words().to_owned(),
                    p.since.map_or_else(String::new, |s| age::show(s, now)),
                    problems::headline(p, fleet),
                    p.findings.first().map_or_else(String::new, |f| f.next.words.to_owned()),
                ]
            })
            .collect(),
        items: found
            .iter()
            .map(|p| {
                let findings: Vec<_> = p
                    .findings
                    .iter()
                    .map(|f| {
                        json!({
                            "cluster": cluster(f.object.cluster),
                            "context": session.info(f.object.cluster).map(|i| &i.context), "kind": f.object.kind,
                            "namespace": f.object.namespace, "name": f.object.name,
                            "workload": f.workload.as_ref().map(|(kind, name)| format!("{kind}/{name}")),
                            "detail": f.detail, "since": f.since.map(|s| s.to_string()), "next": f.next.words,
                        })
                    })
                    .collect();
                json!({
                    "cause": p.cause, "rule": p.rule, "severity": p.severity,
                    "clusters": p.clusters.iter().map(|id| cluster(*id)).collect::<Vec<_>>(),
                    "since": p.since.map(|s| s.to_string()), "findings": findings, "explains": p.explains.len(),
                })
            })
            .collect(),
        more: Vec::new(),
        whole: Some(2),
        errors: shown,
    };
    answer.print(a.output, session, io)?;
    let all = fleet.in_scope(scope).count();
    if all == 0 {
        writeln!(io.err, "no cluster is in this scope; `skyfleet contexts` lists what there is")?;
        return Ok(Exit::Nothing);
    }
    match (found.is_empty(), errors.len()) {
        (true, 0) => writeln!(io.err, "nothing is broken in this scope")?,
        (true, n) => {
            writeln!(io.err, "nothing is broken in what could be read; {}", problems::unseen_words(n, all))?;
        }
        (false, 0) => {}
        (false, n) => writeln!(io.err, "{}", problems::unseen_words(n, all))?,
    }
    Ok(if errors.is_empty() { Exit::Ok } else { Exit::Partial })
}
