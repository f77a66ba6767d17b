//! `skyfleet scale`, `restart`, `delete`, and what every write has in common: the plan first, then a yes, then the run.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{gathered, labelled, left_out, with_kinds};
use crate::cli::Io;
use crate::cli::args::{Args, Output, ScaleArgs, ScopeArgs, TargetArgs, WriteArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::cells;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::object::Meta;
use crate::domain::plan::{Plan, PlanError, Verb};
use crate::domain::scope::Scope;
use crate::domain::text::clean;
use crate::fleet::Fleet;
use crate::ops;
use crate::ops::run::{Outcome, RunEvent, RunOptions};
use crate::ops::session::Session;

/// Scales.
pub async fn scale(
    a: &ScaleArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let amount = match ops::scale::Amount::parse(&a.replicas) {
        Ok(amount) => amount,
        Err(why) => {
            writeln!(io.err, "{why}")?;
            return Ok(Exit::Usage);
        }
    };
    let plan = |fleet: &Fleet, keys: &[ObjectKey]| ops::scale::plan(fleet, session, keys, amount);
    planned(&a.target, a.output, &a.write, args, session, scope, io, plan).await
}

/// Restarts.
pub async fn restart(
    a: &TargetArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let plan = |fleet: &Fleet, keys: &[ObjectKey]| ops::restart::plan(fleet, session, keys);
    planned(&a.target, a.output, &a.write, args, session, scope, io, plan).await
}

/// Deletes.
pub async fn delete(
    a: &TargetArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let plan = |fleet: &Fleet, keys: &[ObjectKey]| ops::delete::plan(fleet, session, keys);
    planned(&a.target, a.output, &a.write, args, session, scope, io, plan).await
}

#[expect(clippy::too_many_arguments, reason = "what every command has, and what differs")]
async fn planned(
    target: &str,
    output: Output,
    write: &WriteArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
    plan: impl FnOnce(&Fleet, &[ObjectKey]) -> Result<Plan, PlanError>,
) -> io::Result<Exit> {
    let Some((kind, name)) = target.split_once('/').and_then(|(k, n)| Some((Kind::parse(k)?, n))) else {
        writeln!(io.err, "`{target}` is no KIND/NAME of a built-in kind; e.g. deploy/web")?;
        return Ok(Exit::Usage);
    };
    let kinds = if Kind::WATCHED.contains(&kind) { Vec::new() } else { vec![kind] };
    let gathered = gathered(args, session, scope, with_kinds(kinds), io).await;
    let mut keys = find(&gathered.fleet, scope, kind, name);
    let mut errors = gathered.errors_for(scope, &[kind]);
    if let Some((chosen, unread)) = labelled(args, session, scope, kind).await {
        keys.retain(|k| chosen.contains(k));
        errors.extend(
            unread
                .into_iter()
                .filter(|(id, _)| gathered.errors_for(scope, &[kind]).iter().all(|(e, _)| e != id)),
        );
    }
    left_out(session, &errors, io)?;
    if keys.is_empty() {
        writeln!(io.err, "no {target} in this scope")?;
        return Ok(if errors.is_empty() { Exit::Nothing } else { Exit::Partial });
    }
    if let Some(why) = several_namespaces(target, &keys, &args.scope) {
        writeln!(io.err, "{why}")?;
        return Ok(Exit::Usage);
    }
    let exit = match plan(&gathered.fleet, &keys) {
        Ok(mut plan) => {
            if ops::preflight::is_wanted(&plan, session.max_targets) {
                ops::preflight::ask(session, &mut plan).await;
            }
            confirm_and_run(&plan, &errors, output, write, session, io).await?
        }
        Err(why) => {
            writeln!(io.err, "{why}")?;
            Exit::Failed
        }
    };
    Ok(if exit == Exit::Ok && !errors.is_empty() { Exit::Partial } else { exit })
}

/// Why objects of one name in several namespaces are not written to, unless the person spoke of namespaces: the same
/// name in another team's namespace is most likely another thing.
fn several_namespaces(target: &str, keys: &[ObjectKey], given: &ScopeArgs) -> Option<String> {
    let namespaces: BTreeSet<&str> = keys.iter().map(|k| k.namespace.as_str()).collect();
    let meant = given.all_namespaces || !given.namespace.is_empty() || !given.scope.is_empty();
    (namespaces.len() > 1 && !meant).then(|| {
        let names: Vec<&str> = namespaces.into_iter().collect();
        format!(
            "nothing was written: {target} is in {} namespaces: {}; choose with -n NAMESPACE or -s PATH, or mean all of them with -A",
            names.len(),
            names.join(", ")
        )
    })
}

/// The objects of that kind and name in scope.
fn find(fleet: &Fleet, scope: &Scope, kind: Kind, name: &str) -> Vec<ObjectKey> {
    let mut out = Vec::new();
    for c in fleet.in_scope(scope) {
        let at = c.info.at();
        let metas: Vec<&Meta> = match kind {
            Kind::Pod => c.pods().map(|p| &p.meta).collect(),
            Kind::Node => c.nodes().map(|n| &n.meta).collect(),
            Kind::Namespace => c.namespaces().map(|n| &n.meta).collect(),
            k if k.is_workload() => c.workloads_of(k).map(|w| &w.meta).collect(),
            k => c.others(k).map(|o| &o.meta).collect(),
        };
        let covered = |m: &Meta| {
            let pod = (kind == Kind::Pod).then_some(name);
            let of_pod = pod.and_then(|_| c.pod(&m.namespace, &m.name)?.workload.as_ref());
            let workload = match of_pod {
                Some(owner) => Some((owner.kind.as_str(), owner.name.as_str())),
                None => kind.is_workload().then(|| (kind.info().name, name)),
            };
            m.namespace.is_empty() || scope.covers(at, &m.namespace, workload, pod)
        };
        out.extend(metas.into_iter().filter(|m| m.name == name && covered(m)).map(|m| ObjectKey {
            cluster: c.id(),
            kind,
            namespace: m.namespace.clone(),
            name: m.name.clone(),
        }));
    }
    out
}

/// Prints a plan, every target with its full place.
pub fn show(plan: &Plan, io: &mut Io<'_>) -> io::Result<()> {
    writeln!(io.out, "{}", plan.title())?;
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|s| {
            let mut notes = s.notes.clone();
            notes.extend(s.verdict.blocks().map(str::to_owned));
            vec![
                s.cluster.path.clone(),
                s.cluster.environment.word().to_owned(),
                s.object_words(),
                s.action_words(),
                if s.cluster.acts_as == s.cluster.context {
                    s.cluster.acts_as.clone()
                } else {
                    format!("{} ({})", s.cluster.acts_as, s.cluster.context)
                },
                notes.join("; "),
            ]
        })
        .collect();
    let columns = [
        ("CLUSTER", false),
        ("ENV", false),
        ("OBJECT", false),
        ("WHAT", false),
        ("AS", false),
        ("NOTES", false),
    ];
    let room = io.width;
    // A plan is never cut: where its table does not fit, each step has lines of its own.
    if room.is_some_and(|room| out::whole_width(&columns, &rows) > room) {
        let mut before: Option<(&String, &String)> = None;
        for row in &rows {
            let [cluster, env, object, what, acts_as, notes] = row.as_slice() else { continue };
            // A cluster and who acts there are named once above its objects.
            if before != Some((cluster, acts_as)) {
                writeln!(io.out, "{}  {}  as {}", clean(cluster), clean(env), clean(acts_as))?;
                before = Some((cluster, acts_as));
            }
            writeln!(io.out, "  {}  {}", clean(object), clean(what))?;
            if !notes.is_empty() {
                let width = room.and_then(|w| u16::try_from(w).ok()).unwrap_or(u16::MAX);
                for line in cells::wrap(&format!("  note: {}", clean(notes)), width, 4) {
                    writeln!(io.out, "{line}")?;
                }
            }
        }
    } else {
        out::table(io.out, None, &columns, &rows)?;
    }
    let out = &mut *io.out;
    for step in plan.steps.iter().filter(|s| !s.changes.is_empty()) {
        writeln!(out, "\n{}  {}", step.cluster.path, step.object_words())?;
        for c in &step.changes {
            let value = |v: &Option<String>| {
                v.as_deref().map_or_else(|| "(none)".to_owned(), |t| clean(t).into_owned())
            };
            writeln!(out, "  {}: {} → {}", clean(&c.path), value(&c.before), value(&c.after))?;
        }
    }
    Ok(())
}

/// The plan, then a yes, then the run; `errors` are the clusters the plan leaves out.
pub async fn confirm_and_run(
    plan: &Plan,
    errors: &[(ClusterId, String)],
    output: Output,
    write: &WriteArgs,
    session: &Session,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let for_programs = output.is_for_programs();
    if !for_programs {
        show(plan, io)?;
    }
    let stopped = |io: &mut Io<'_>, exit: Exit, words: &str| -> io::Result<Exit> {
        if for_programs {
            let words = (!words.is_empty()).then_some(words);
            let errors = out::errors(session, errors);
            let all = json!({"plan": plan, "outcome": null, "words": words, "errors": errors});
            out::value(io.out, output, &all)?;
        }
        if !words.is_empty() {
            writeln!(io.err, "{words}")?;
        }
        Ok(exit)
    };
    if plan.targets().next().is_none() {
        return stopped(io, Exit::Ok, "nothing would change");
    }
    let blocked = plan.targets().filter(|s| s.verdict.blocks().is_some()).count();
    let too_many = match plan.check(write.i_mean.as_deref(), session.max_targets) {
        Err(error @ (PlanError::TooMany { .. } | PlanError::ReadOnly(_))) => Some(error),
        _ => None,
    };
    if let Some(error) = too_many {
        return stopped(io, Exit::Usage, &format!("nothing was written: {error}"));
    }
    if write.dry_run {
        return stopped(io, if blocked > 0 { Exit::Failed } else { Exit::Ok }, "");
    }
    if blocked > 0 {
        let mend = if plan.verb == Verb::Apply { "mend the manifest" } else { "mend what refuses them" };
        let words = format!(
            "{blocked} of these cannot be done; nothing was written: {mend}, or leave their clusters out of the scope"
        );
        return stopped(io, Exit::Failed, &words);
    }
    let mut word = write.i_mean.clone();
    if let Err(error) = plan.check(word.as_deref(), session.max_targets) {
        match (&error, &mut io.ask) {
            (PlanError::WordWanted(wanted), Some(ask)) if word.is_none() => {
                word = ask(&format!("protected scope: type `{wanted}` to go on: "));
                if plan.check(word.as_deref(), session.max_targets).is_err() {
                    return stopped(io, Exit::Usage, "that is not the word; nothing was written");
                }
            }
            _ => return stopped(io, Exit::Usage, &format!("nothing was written: {error}")),
        }
    } else if !write.yes && plan.word_wanted().is_none() {
        match &mut io.ask {
            Some(ask) => {
                let yes = ask("go on? [y/N] ").is_some_and(|a| matches!(a.trim(), "y" | "Y" | "yes"));
                if !yes {
                    return stopped(io, Exit::Usage, "nothing was written");
                }
            }
            None => {
                return stopped(
                    io,
                    Exit::Usage,
                    "nothing was written: without a terminal a write wants --yes",
                );
            }
        }
    }
    let (outcome, interrupted) = run(plan, word.as_deref(), write, session, io).await?;
    if for_programs {
        let words = &outcome.words;
        let errors = out::errors(session, errors);
        let all = json!({"plan": plan, "outcome": outcome, "words": words, "errors": errors});
        out::value(io.out, output, &all)?;
    } else {
        writeln!(io.out, "{}", outcome.words)?;
    }
    Ok(match (interrupted, outcome.is_ok()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Ok,
        (false, false) => Exit::Failed,
    })
}

/// Runs it; and whether a person interrupted.
async fn run(
    plan: &Plan,
    word: Option<&str>,
    write: &WriteArgs,
    session: &Session,
    io: &mut Io<'_>,
) -> io::Result<(Outcome, bool)> {
    let options = RunOptions { wait: !write.no_wait, deadline: Duration::from_secs(write.deadline.max(1)) };
    io.interrupts.heard();
    let (progress, mut heard) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let mut running =
        std::pin::pin!(ops::run::execute(session, plan, word, options, progress, cancel.clone()));
    let mut outcome = None;
    loop {
        let event = tokio::select! {
            done = &mut running, if outcome.is_none() => {
                outcome = Some(done);
                continue;
            }
            event = heard.recv() => event,
            _ = tokio::signal::ctrl_c() => {
                if cancel.is_cancelled() {
                    // The journal has the intents: what was on its way may have been done or not.
                    let words = "left while a write was on its way: look before you go on".to_owned();
                    return Ok((Outcome { not_awaited: 1, words, ..Outcome::default() }, true));
                }
                writeln!(io.err, "stopping after the write that is running; again to leave at once")?;
                cancel.cancel();
                continue;
            }
        };
        let line = |step: usize, words: &str| {
            plan.steps
                .get(step)
                .map_or_else(String::new, |s| format!("{}  {}  {words}", s.cluster.name, s.object_words()))
        };
        match event {
            None => break,
            Some(RunEvent::Started { .. } | RunEvent::Finished(_)) => {}
            Some(
                RunEvent::Waiting { step, words }
                | RunEvent::Stopped { step, words }
                | RunEvent::Done { step, words }
                | RunEvent::Failed { step, words },
            ) => {
                writeln!(io.err, "{}", line(step, &words))?;
            }
        }
    }
    let outcome = match outcome {
        Some(outcome) => outcome,
        None => running.await,
    };
    Ok((outcome, cancel.is_cancelled()))
}
