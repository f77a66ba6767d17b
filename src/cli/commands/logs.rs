//! `skyfleet logs`: many containers of many clusters as one stream.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::{gathering, labelled, left_out, plain};
use crate::cli::Io;
use crate::cli::args::{Args, LogsArgs, Output};
use crate::cli::exit::Exit;
use crate::domain::age;
use crate::domain::filter::Pattern;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::logs::{Entry, LogFilter};
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::ops::logs::{Containers, LogEvent, LogOptions, Roster, SourceState, follow, targets};
use crate::ops::session::Shared;

/// Containers that are read at most; what is left out is counted and named.
const MOST: usize = 500;
/// How often pods that started later are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Prints them until they end, or until somebody interrupts.
pub async fn run(
    a: &LogsArgs,
    args: &Args,
    session: &Shared,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let usage = |io: &mut Io<'_>, why: &str| {
        let _ = writeln!(io.err, "{why}");
        Ok(Exit::Usage)
    };
    if !matches!(a.output, Output::Table | Output::Wide | Output::Json | Output::Ndjson) {
        return usage(io, "logs are printed as table or ndjson");
    }
    let since_seconds =
        match a.since.as_deref().map(|text| age::read_seconds(text).and_then(|s| u32::try_from(s).ok())) {
            None => None,
            Some(Some(s)) => Some(s),
            Some(None) => return usage(io, "--since wants a span like 30s, 5m or 2h"),
        };
    let filter = match LogFilter::parse(a.grep.as_deref().unwrap_or("")) {
        Ok(filter) => filter,
        Err(why) => return usage(io, &why.to_string()),
    };
    let container = match a.container.as_deref().map(Pattern::parse).transpose() {
        Ok(pattern) => pattern,
        Err(why) => return usage(io, &why.to_string()),
    };
    let target = match a.target.as_deref().map(kind_and_name) {
        None => None,
        Some(Ok(target)) => Some(target),
        Some(Err(why)) => return usage(io, &why),
    };
    let mut gathering = gathering(args, session, scope, plain(), io).await;
    let gathered = &gathering.so_far;
    let mut errors = gathered.errors_for(scope, &[Kind::Pod]);
    let nothing =
        |errors: &[(ClusterId, String)]| if errors.is_empty() { Exit::Nothing } else { Exit::Partial };
    let mut narrowed = match target {
        Some((kind, name)) => match of_target(&gathered.fleet, scope, kind, name) {
            Some(scope) => scope,
            None => {
                left_out(session, &errors, io)?;
                writeln!(io.err, "no {} in this scope", a.target.as_deref().unwrap_or_default())?;
                return Ok(nothing(&errors));
            }
        },
        None => scope.clone(),
    };
    let whole = narrowed.clone();
    if let Some((chosen, unread)) = labelled(args, session, scope, Kind::Pod).await {
        narrowed = of_pods(&gathered.fleet, &narrowed, &chosen);
        errors.extend(
            unread
                .into_iter()
                .filter(|(id, _)| gathered.errors_for(scope, &[Kind::Pod]).iter().all(|(e, _)| e != id)),
        );
    }
    left_out(session, &errors, io)?;
    let containers = Containers { name: container, previous: a.previous, ..Containers::default() };
    let (first, more_than_most) = targets(&gathered.fleet, &narrowed, &containers, MOST);
    let options = LogOptions { previous: a.previous, follow: a.follow, tail: a.tail, since_seconds };
    let mut growing = options.is_growing();
    if first.is_empty() && !growing {
        let which = if a.previous { "that ran before, and so with a previous log," } else { "with a log" };
        writeln!(io.err, "no container {which} in this scope")?;
        return Ok(nothing(&errors));
    }
    if more_than_most > 0 {
        writeln!(io.err, "{more_than_most} more containers are not read: narrow the scope")?;
    }
    if first.is_empty() {
        writeln!(io.err, "no container in this scope yet; waiting for one")?;
    }
    let (events, mut heard) = mpsc::channel(256);
    let (more, later) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let mut roster = Roster::new(first.clone());
    let streams = tokio::spawn(follow(Arc::clone(session), first, options, later, events, cancel.clone()));
    let mut failed = 0;
    let mut interrupted = false;
    // Labels have to be asked for: less often.
    let every = if args.scope.selector.is_some() { LOOK_EVERY * 4 } else { LOOK_EVERY };
    let (mut look, mut changed) = (interval(every), false);
    io.interrupts.heard();
    loop {
        let event = tokio::select! {
            event = heard.recv() => event,
            going_on = gathering.next(), if growing => {
                (changed, growing) = (changed || going_on, going_on);
                continue;
            }
            _ = look.tick(), if changed => {
                changed = false;
                // The same words again: a cluster that is back, or a new app of that name, joins in.
                let again = target.and_then(|(kind, name)| of_target(&gathering.so_far.fleet, scope, kind, name));
                let mut scope = again.unwrap_or_else(|| whole.clone());
                if let Some((chosen, _)) = labelled(args, session, &scope, Kind::Pod).await {
                    scope = of_pods(&gathering.so_far.fleet, &scope, &chosen);
                }
                let found = targets(&gathering.so_far.fleet, &scope, &containers, MOST).0;
                let new = roster.grow(found, usize::MAX);
                if !new.is_empty() {
                    let _ = more.send(new).await;
                }
                continue;
            }
            _ = tokio::signal::ctrl_c() => {
                interrupted = true;
                break;
            }
        };
        match event {
            None | Some(LogEvent::Done) => break,
            Some(LogEvent::Source { id, state }) => {
                if let (SourceState::Refused(why), Some(t)) = (&state, roster.get(id)) {
                    failed += 1;
                    writeln!(io.err, "{} {}/{}/{}: {why}", t.cluster_name, t.namespace, t.pod, t.container)?;
                }
                roster.set(id, state);
            }
            Some(LogEvent::Entries(entries)) => {
                for entry in entries.iter().filter(|e| filter.shows(e)) {
                    let target = entry.line().and_then(|l| roster.get(l.source));
                    let time = entry.time().map_or_else(String::new, |t| t.to_string());
                    match (a.output, entry, target) {
                        (Output::Ndjson | Output::Json, Entry::Line(line), Some(t)) => {
                            let line = json!({
                                "time": time, "cluster": t.cluster_name, "namespace": t.namespace, "pod": t.pod,
                                "container": t.container, "level": line.level, "text": line.text,
                            });
                            writeln!(io.out, "{line}")?;
                        }
                        // A gap must not go unsaid, and is no line of a container.
                        (Output::Ndjson | Output::Json, ..) => {
                            writeln!(io.err, "-- {time} {}", entry.text())?
                        }
                        (_, Entry::Line(line), Some(t)) => {
                            writeln!(
                                io.out,
                                "{time} {} {}/{} {}",
                                t.cluster_name, t.namespace, t.pod, line.text
                            )?;
                        }
                        (_, entry, _) => writeln!(io.out, "-- {time} {}", entry.text())?,
                    }
                }
                io.out.flush()?;
            }
        }
    }
    cancel.cancel();
    streams.abort();
    Ok(match (interrupted, failed) {
        (true, _) => Exit::Interrupted,
        (false, 0) if errors.is_empty() => Exit::Ok,
        (false, 0) => Exit::Partial,
        (false, n) if n == roster.targets().len() => Exit::Failed,
        (false, _) => Exit::Partial,
    })
}

/// `deploy/web`, or a pod's name.
fn kind_and_name(target: &str) -> Result<(Kind, &str), String> {
    let Some((kind, name)) = target.split_once('/') else { return Ok((Kind::Pod, target)) };
    match Kind::parse(kind).filter(|k| *k == Kind::Pod || k.is_workload()) {
        Some(kind) => Ok((kind, name)),
        None => Err(format!("`{kind}` is no kind with logs: name a pod, or a workload like deploy/web")),
    }
}

/// The pods of a scope that labels chose.
fn of_pods(fleet: &Fleet, scope: &Scope, chosen: &BTreeSet<ObjectKey>) -> Scope {
    let mut nodes = Vec::new();
    for key in chosen {
        let Some(c) = fleet.cluster(key.cluster) else { continue };
        let Some(pod) = c.pod(&key.namespace, &key.name) else { continue };
        let workload = pod.workload.as_ref().map(|o| (o.kind.as_str(), o.name.as_str()));
        if scope.covers(c.info.at(), &key.namespace, workload, Some(&key.name)) {
            nodes.push(TreeNode::Pod(c.id(), key.namespace.clone(), key.name.clone()));
        }
    }
    // A scope of no nodes would be everything.
    let nothing = TreeNode::Cluster(ClusterId(u32::MAX));
    Scope::nodes(if nodes.is_empty() { vec![nothing] } else { nodes })
}

/// A workload, or a pod, in every cluster and namespace of the scope that has it.
fn of_target(fleet: &Fleet, scope: &Scope, kind: Kind, name: &str) -> Option<Scope> {
    let mut nodes = Vec::new();
    for c in fleet.in_scope(scope) {
        let at = c.info.at();
        if kind == Kind::Pod {
            nodes.extend(
                c.pods()
                    .filter(|p| p.meta.name == name && scope.touches_namespace(at, &p.meta.namespace))
                    .map(|p| TreeNode::Pod(c.id(), p.meta.namespace.clone(), p.meta.name.clone())),
            );
        } else {
            nodes.extend(
                c.workloads_of(kind)
                    .filter(|w| w.meta.name == name && scope.touches_namespace(at, &w.meta.namespace))
                    .map(|w| TreeNode::Workload(c.id(), w.meta.namespace.clone(), kind, SafeText::new(name))),
            );
        }
    }
    (!nodes.is_empty()).then(|| Scope::nodes(nodes))
}
