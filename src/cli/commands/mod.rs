//! One file a command; each takes its arguments, the session and the scope, prints, and says how it ended.

pub mod clouds;
pub mod contexts;
pub mod costs;
pub mod deploy;
pub mod doctor;
pub mod events;
pub mod get;
pub mod logs;
pub mod look;
pub mod problems;
pub mod tree;
mod watch;
pub mod write;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::domain::columns;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::ops::gather::{Gathered, Gathering, Want};
use crate::ops::get::{Query, get};
use crate::ops::session::Session;

use super::Io;
use super::args::Args;

/// Gathers the clusters in scope, with progress where somebody watches and it takes long.
pub(super) async fn gathered(
    args: &Args,
    session: &Session,
    scope: &Scope,
    want: Want,
    io: &mut Io<'_>,
) -> Gathered {
    gathering(args, session, scope, want, io).await.so_far
}

/// The same, and what goes on being told.
async fn gathering(args: &Args, session: &Session, scope: &Scope, want: Want, io: &mut Io<'_>) -> Gathering {
    let want = Want { limit: Duration::from_secs(args.session.timeout.max(1)), ..want };
    let mut progress = Progress::new(io);
    let all = session.in_scope(scope).count();
    let mut gathering = Gathering::start(session, scope, &want);
    gathering
        .settle(|fleet: &Fleet| {
            let done = fleet.in_scope(scope).filter(|c| c.phase.is_settled()).count();
            progress.tell(done, all);
        })
        .await;
    gathering
}

/// `12/40 clusters … `, where somebody watches and it takes long; gone in the end.
struct Progress<'a> {
    err: Option<&'a mut dyn Write>,
    started: Instant,
    said: Option<usize>,
}

impl<'a> Progress<'a> {
    fn new(io: &'a mut Io<'_>) -> Self {
        let watched = io.ask.is_some();
        Self { err: watched.then_some(&mut *io.err), started: Instant::now(), said: None }
    }

    fn tell(&mut self, done: usize, all: usize) {
        let Some(err) = self.err.as_mut() else { return };
        if self.said != Some(done) && self.started.elapsed() > Duration::from_secs(1) {
            self.said = Some(done);
            let _ = write!(err, "\r{done}/{all} clusters … ");
            let _ = err.flush();
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(err) = self.err.as_mut().filter(|_| self.said.is_some()) {
            let _ = write!(err, "\r                        \r");
        }
    }
}

/// The objects of a kind that `-l` chooses, and the clusters that could not say; `None` without `-l`.
async fn labelled(
    args: &Args,
    session: &Session,
    scope: &Scope,
    kind: Kind,
) -> Option<(BTreeSet<ObjectKey>, Vec<(ClusterId, String)>)> {
    let labels = args.scope.selector.clone()?;
    let query = Query { kind: kind.info().name.to_owned(), name: None, labels: Some(labels) };
    let limit = Duration::from_secs(args.session.timeout.max(1));
    let (mut keys, mut errors) = (BTreeSet::new(), Vec::new());
    for answer in get(session, scope, &query, limit, |_, _| {}).await {
        let cluster = answer.info.id;
        match answer.result {
            Ok(objects) => keys.extend(objects.iter().map(|o| {
                let meta = columns::meta(&o.object);
                ObjectKey { cluster, kind, namespace: meta.namespace, name: meta.name }
            })),
            Err(fault) => errors.push((cluster, fault.to_string())),
        }
    }
    Some((keys, errors))
}

/// How a fault begins that wants a yes (`PluginFault::Trust`).
const NOT_ALLOWED: &str = "has not been allowed to run yet";

/// Says which clusters are left out of what a command does, and why.
fn left_out(session: &Session, errors: &[(ClusterId, String)], io: &mut Io<'_>) -> io::Result<()> {
    for (id, error) in errors {
        let cluster = session.info(*id).map_or_else(String::new, |i| i.name().to_string());
        writeln!(io.err, "left out: {cluster}: {error}")?;
    }
    if errors.iter().any(|(_, error)| error.contains(NOT_ALLOWED)) {
        writeln!(io.err, "to allow a plugin: skyfleet, then Enter on its cluster; or --exec-policy allow")?;
    }
    Ok(())
}

/// What `gather` brings without asking for more.
pub(super) fn plain() -> Want {
    Want::default()
}

/// With prices.
fn priced() -> Want {
    Want { prices: true, ..Want::default() }
}

/// With rows of these kinds.
fn with_kinds(kinds: impl IntoIterator<Item = Kind>) -> Want {
    Want { kinds: kinds.into_iter().collect::<BTreeSet<_>>(), prices: true, ..Want::default() }
}
