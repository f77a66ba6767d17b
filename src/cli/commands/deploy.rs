//! `skyfleet deploy plan` and `deploy run`.

use std::io::{self, Read};
use std::path::Path;

use serde_json::json;

use super::write::{confirm_and_run, show};
use super::{gathered, plain};
use crate::cli::Io;
use crate::cli::args::{Args, DeployArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::scope::Scope;
use crate::fleet::cluster::{ClusterInfo, Phase};
use crate::ops::deploy;
use crate::ops::session::Session;

/// Plans; and applies when asked to.
pub async fn run(
    a: &DeployArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let text = if a.file == "-" {
        let mut text = String::new();
        io::stdin().lock().take(16 << 20).read_to_string(&mut text)?;
        Ok(text)
    } else {
        deploy::read(Path::new(&a.file)).await
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => {
            writeln!(io.err, "{why}")?;
            return Ok(Exit::Failed);
        }
    };
    let gathered = gathered(args, session, scope, plain(), io).await;
    let errors = gathered.errors(scope);
    for (id, error) in &errors {
        let cluster = session.info(*id).map_or_else(String::new, |i| i.name().to_string());
        writeln!(io.err, "left out: {cluster}: {error}")?;
    }
    let clusters: Vec<ClusterInfo> = gathered
        .fleet
        .in_scope(scope)
        .filter(|c| matches!(c.phase, Phase::Live))
        .map(|c| c.info.clone())
        .collect();
    let namespace = args.scope.namespace.first().map_or("default", String::as_str);
    let plan = match deploy::plan(session, &text, &clusters, namespace, &a.file).await {
        Ok(plan) => plan,
        Err(why) => {
            writeln!(io.err, "{why}")?;
            return Ok(Exit::Failed);
        }
    };
    if a.what == "plan" {
        if matches!(a.output, Output::Json | Output::Ndjson) {
            out::json(io.out, &json!({"plan": plan}))?;
        } else {
            show(&plan, io.out)?;
            for step in plan.steps.iter().filter(|s| !s.changes.is_empty()) {
                writeln!(io.out, "\n{}  {}", step.cluster.path, step.object_words())?;
                for c in &step.changes {
                    let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "(none)".to_owned());
                    writeln!(io.out, "  {}: {} -> {}", c.path, value(&c.before), value(&c.after))?;
                }
            }
        }
        let blocked = plan.steps.iter().any(|s| s.verdict.blocks().is_some());
        return Ok(match (blocked, errors.is_empty()) {
            (true, _) => Exit::Failed,
            (false, false) => Exit::Partial,
            (false, true) => Exit::Ok,
        });
    }
    let exit = confirm_and_run(&plan, a.output, &a.write, session, io).await?;
    Ok(if exit == Exit::Ok && !errors.is_empty() { Exit::Partial } else { exit })
}
