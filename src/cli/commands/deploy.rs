//! `skyfleet deploy plan` and `deploy run`.

use std::io::{self, Read};
use std::path::Path;

use serde_json::json;

use super::write::{confirm_and_run, show};
use super::{gathered, left_out, plain};
use crate::cli::Io;
use crate::cli::args::{Args, DeployArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::plan::Step;
use crate::domain::scope::Scope;
use crate::fleet::phase::Phase;
use crate::ops::deploy::{self, DeployOptions, DeployTo};
use crate::ops::session::Session;

/// Plans; and applies when asked to.
pub async fn run(
    a: &DeployArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    if args.scope.namespace.len() > 1 {
        writeln!(io.err, "deploy takes one -n: the namespace of objects whose manifest names none")?;
        return Ok(Exit::Usage);
    }
    let text = if a.file == "-" {
        let mut text = String::new();
        // One byte more than may be: half a set of manifests is never applied.
        io::stdin().lock().take(deploy::TEXT_MOST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > deploy::TEXT_MOST {
            Err(format!(
                "the standard input has more than the {} bytes that manifests may have",
                deploy::TEXT_MOST
            ))
        } else {
            Ok(text)
        }
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
    let errors = gathered.errors_for(scope, &[]);
    left_out(session, &errors, io)?;
    let clusters: Vec<DeployTo> =
        gathered.fleet.in_scope(scope).filter(|c| matches!(c.phase, Phase::Live)).map(DeployTo::of).collect();
    let namespace = args.scope.namespace.first();
    let options = DeployOptions { namespace: namespace.cloned(), force: a.force_conflicts };
    let plan = match deploy::plan(session, &text, &clusters, &options, &a.file).await {
        Ok(plan) => plan,
        Err(why) => {
            writeln!(io.err, "{why}")?;
            return Ok(Exit::Failed);
        }
    };
    // As with kubectl: a manifest that says otherwise than -n is somebody's mistake.
    let given = args.scope.namespace.first();
    let elsewhere = |s: &&Step| given.is_some_and(|n| !s.namespace.is_empty() && s.namespace != *n);
    if let Some(step) = plan.steps.iter().find(elsewhere) {
        writeln!(
            io.err,
            "nothing was written: {} by its manifest, but -n says {}",
            step.object_words(),
            namespace.map_or("", String::as_str)
        )?;
        return Ok(Exit::Usage);
    }
    if a.what == "plan" {
        if a.output.is_for_programs() {
            out::value(io.out, a.output, &json!({"plan": plan, "errors": out::errors(session, &errors)}))?;
        } else {
            show(&plan, io)?;
        }
        let blocked = plan.steps.iter().any(|s| s.verdict.blocks().is_some());
        return Ok(match (blocked, errors.is_empty()) {
            (true, _) => Exit::Failed,
            (false, false) => Exit::Partial,
            (false, true) => Exit::Ok,
        });
    }
    let exit = confirm_and_run(&plan, &errors, a.output, &a.write, session, io).await?;
    Ok(if exit == Exit::Ok && !errors.is_empty() { Exit::Partial } else { exit })
}
