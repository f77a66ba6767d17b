//! `skyfleet doctor`.

use std::io;
use std::time::Duration;

use serde_json::json;

use crate::cli::Io;
use crate::cli::args::{Args, Output, OutputArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::scope::Scope;
use crate::ops::doctor::{Level, check};
use crate::ops::session::Session;

/// Prints what was checked; ends with 1 when something needs a person.
pub async fn run(
    a: &OutputArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let checks = check(session, scope, Duration::from_secs(args.session.timeout.max(1))).await;
    if a.output == Output::Ndjson {
        for check in &checks {
            writeln!(io.out, "{}", json!(check))?;
        }
    } else if a.output.is_for_programs() {
        out::value(io.out, a.output, &json!({"checks": checks}))?;
    } else {
        let rows: Vec<Vec<String>> = checks
            .iter()
            .map(|c| {
                vec![
                    c.level.word().to_owned(),
                    c.area.to_owned(),
                    c.subject.to_string(),
                    c.words.to_string(),
                    c.fix.to_string(),
                ]
            })
            .collect();
        let columns =
            [("", false), ("AREA", false), ("WHAT", false), ("HOW IT IS", false), ("TO MEND IT", false)];
        if a.output == Output::Csv {
            out::csv(io.out, &columns, &rows)?;
        } else {
            out::table_of(io.out, io.width, &columns, &rows, Some(3))?;
        }
    }
    Ok(if checks.iter().any(|c| c.level == Level::Bad) { Exit::Failed } else { Exit::Ok })
}
