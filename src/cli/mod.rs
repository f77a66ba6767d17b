//! The command line: each pane's verb as a command, for runbooks and CI. Output goes through the writers it is given; JSON is
//! stable; exit codes are in `exit`. Never: a terminal's modes, or the simulation (main hands a session in).

pub mod args;
pub mod commands;
pub mod exit;
pub mod interrupt;
pub mod out;
pub mod process;
pub mod scope;
pub mod target;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::labels::Selector;
use crate::domain::place::Provider;
use crate::domain::scope::Scope;
use crate::domain::text::clean;
use crate::fleet::cluster::ClusterInfo;
use crate::ops::session::{Only, Shared};
use crate::ops::whereabouts;
use interrupt::Interrupts;

use args::{Args, Command};
use exit::Exit;

/// So many seconds are spent on places that no scope depends on.
const SAID_WITHIN: u64 = 3;

/// What a command may use.
pub struct Io<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// Progress, plans, errors.
    pub err: &'a mut dyn Write,
    /// Columns of the terminal that the output goes to; none: a file or a pipe, which have no end.
    pub width: Option<usize>,
    /// Answers of a person; `None` when nobody is there to answer.
    pub ask: Option<&'a mut dyn FnMut(&str) -> Option<String>>,
    /// Who hears Ctrl-C.
    pub interrupts: Interrupts,
}

/// Runs a command on a session.
pub async fn run(args: &Args, command: &Command, session: Shared, io: &mut Io<'_>) -> Exit {
    // Servers say of a selector that is none whatever they like.
    match args.scope.selector.as_deref().map(Selector::parse) {
        None | Some(Ok((_, ""))) => {}
        Some(Ok((_, rest))) => {
            let _ = writeln!(io.err, "-l: `{}` is no part of a selector", clean(rest));
            return Exit::Usage;
        }
        Some(Err(why)) => {
            let _ = writeln!(io.err, "{why}");
            return Exit::Usage;
        }
    }
    let (session, scope) = match narrowed(args, command, session).await {
        Ok(both) => both,
        Err(why) => {
            let _ = writeln!(io.err, "{why}");
            return Exit::Usage;
        }
    };
    let done = match command {
        Command::Tree(a) => commands::tree::run(a, args, &session, &scope, io).await,
        Command::Get(a) => commands::get::run(a, args, &session, &scope, io).await,
        Command::Events(a) => commands::events::run(a, args, &session, &scope, io).await,
        Command::Describe(a) => commands::look::describe(a, args, &session, &scope, io).await,
        Command::Yaml(a) => commands::look::yaml(a, args, &session, &scope, io).await,
        Command::Problems(a) => commands::problems::run(a, args, &session, &scope, io).await,
        Command::Costs(a) => commands::costs::run(a, args, &session, &scope, io).await,
        Command::Logs(a) => commands::logs::run(a, args, &session, &scope, io).await,
        Command::Deploy(a) => commands::deploy::run(a, args, &session, &scope, io).await,
        Command::Scale(a) => commands::write::scale(a, args, &session, &scope, io).await,
        Command::Restart(a) => commands::write::restart(a, args, &session, &scope, io).await,
        Command::Delete(a) => commands::write::delete(a, args, &session, &scope, io).await,
        Command::Contexts(a) => commands::contexts::run(a, &session, &scope, io),
        Command::Clouds(a) => commands::clouds::run(a, io).await,
        Command::Doctor(a) => commands::doctor::run(a, args, &session, &scope, io).await,
        // These are main's own.
        Command::Demo | Command::Snapshot(_) | Command::Sim(_) | Command::Completions(_) | Command::Man => {
            Ok(Exit::Usage)
        }
    };
    match done {
        Ok(exit) => exit,
        // Whoever read the output has gone: `skyfleet get pods | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(error) => {
            let _ = writeln!(io.err, "cannot write the output: {error}");
            Exit::Failed
        }
    }
}

/// The session as the context flags want it to act, and the scope of all the flags.
async fn narrowed(args: &Args, command: &Command, session: Shared) -> Result<(Shared, Scope), String> {
    if args.scope.selector.is_some() && !command.takes_labels() {
        // Passing the flag over would show, or write, more than was named.
        return Err(
            "-l narrows get, describe, yaml, logs, scale, restart and delete; this command cannot be narrowed by labels"
                .to_owned(),
        );
    }
    // A context that is named acts, also where another one leads to the same cluster.
    let session = if args.scope.context.is_empty() {
        session
    } else if matches!(command, Command::Doctor(_)) {
        // Of others to the same server nothing is asked.
        let named = scope::matcher(&args.scope.context)?;
        Arc::new(session.only(Only { context: Arc::new(named), cluster: Arc::new(|_| true) }))
    } else {
        Arc::new(session.acting_by(scope::matcher(&args.scope.context)?))
    };
    let scope = scope::of(&args.scope, &session.infos)?;
    // A scope of places has to know where every cluster is, also where only its nodes tell, and so have answers that say
    // it; those of whole clusters hear it on their way. Reading files alone asks nobody.
    let unknown =
        |i: &&ClusterInfo| i.place.provider == Provider::Unknown && scope.touches_but_for_places(i.at());
    let asks = !matches!(command, Command::Contexts(_) | Command::Clouds(_));
    let says = matches!(
        command,
        Command::Get(_) | Command::Describe(_) | Command::Yaml(_) | Command::Doctor(_) | Command::Deploy(_)
    );
    if asks && (scope.asks_for_places() || says) && session.infos.iter().any(|i| unknown(&i)) {
        let ids: Vec<_> = session.infos.iter().filter(unknown).map(|i| i.id).collect();
        // A scope has to be right; a place that is only said may stay unknown.
        let most = if scope.asks_for_places() { args.session.timeout.max(1) } else { SAID_WITHIN };
        let limit = Duration::from_secs(args.session.timeout.clamp(1, most));
        let session = Arc::new(whereabouts::found(&session, &ids, limit).await);
        let scope = scope::of(&args.scope, &session.infos)?;
        return Ok((session, scope));
    }
    Ok((session, scope))
}
