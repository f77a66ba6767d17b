//! `skyfleet events`: what happened in every cluster in scope, in the order of time.

use std::io;
use std::time::Duration;

use serde_json::Value;

use super::get::{by_served, item, not_served};
use crate::cli::Io;
use crate::cli::args::{Args, EventsArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out::Answer;
use crate::domain::columns;
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use crate::ops::get::{Query, get};
use crate::ops::session::Session;

/// Prints them, the newest last, where a terminal's eye is.
pub async fn run(
    a: &EventsArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let query = Query { kind: "events".to_owned(), ..Query::default() };
    let limit = Duration::from_secs(args.session.timeout.max(1));
    let results = get(session, scope, &query, limit, |_, _| {}).await;
    let (results, without) = by_served(results);
    let now = session.clock.now();
    let own = columns::of(Kind::Event);
    let is_shown = |wide: bool| !wide || a.output.output != Output::Table;
    let mut columns = vec![("CLUSTER", false), ("NAMESPACE", false)];
    columns.extend(own.iter().filter(|c| is_shown(c.wide)).map(|c| (c.title, c.right)));
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for result in results {
        let objects = match result.result {
            Ok(objects) => objects,
            Err(fault) => {
                errors.push((result.info.id, fault.to_string()));
                continue;
            }
        };
        for object in objects.into_iter().map(|one| one.object) {
            if a.warnings && object.get("type").and_then(Value::as_str) != Some("Warning") {
                continue;
            }
            let row = columns::row(Kind::Event, &object, now);
            let mut cells = vec![result.info.name().to_string(), row.meta.namespace.to_string()];
            cells.extend(
                row.cells.iter().zip(own).filter(|(_, c)| is_shown(c.wide)).map(|(c, _)| c.to_string()),
            );
            found.push((columns::last_seen(&object), cells, item(&result.info, &object)));
        }
    }
    found.sort_by_key(|(seen, ..)| *seen);
    let (rows, items) = found.into_iter().map(|(_, cells, item)| (cells, item)).unzip();
    let answer = Answer { columns, rows, items, more: Vec::new(), whole: None, errors };
    answer.print(a.output.output, session, io)?;
    not_served("events", &without, io)?;
    if answer.rows.is_empty() && answer.errors.is_empty() {
        writeln!(io.err, "no {} in this scope", if a.warnings { "warnings" } else { "events" })?;
    }
    Ok(Exit::of(answer.rows.len(), answer.errors.len()))
}
