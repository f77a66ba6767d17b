//! `skyfleet contexts`.

use std::io;

use crate::cli::Io;
use crate::cli::args::{Output, OutputArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::scope::Scope;
use crate::domain::text::{SafeText, clean};
use crate::ops::contexts;
use crate::ops::session::Session;

/// Prints them: of the clusters in scope; all, also those that lead nowhere, where nothing narrows it. Opens no
/// connection.
pub fn run(a: &OutputArgs, session: &Session, scope: &Scope, io: &mut Io<'_>) -> io::Result<Exit> {
    let mut report = contexts::of(session);
    if !scope.is_all() {
        let leads = |name: &SafeText| {
            session.in_scope(scope).any(|i| i.context == *name || i.other_contexts.contains(name))
        };
        report.contexts.retain(|c| leads(&SafeText::new(&c.context)));
    }
    match a.output {
        Output::Json | Output::Yaml => {
            let value = serde_json::to_value(&report).map_err(io::Error::other)?;
            out::value(io.out, a.output, &value)?;
        }
        Output::Ndjson => {
            for c in &report.contexts {
                writeln!(io.out, "{}", serde_json::to_string(c).map_err(io::Error::other)?)?;
            }
        }
        Output::Name => {
            for c in &report.contexts {
                writeln!(io.out, "{}", clean(&c.context))?;
            }
        }
        form => {
            let text = |t: &Option<SafeText>| t.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let rows: Vec<Vec<String>> = report
                .contexts
                .iter()
                .map(|c| {
                    vec![
                        if c.current { "*".to_owned() } else { String::new() },
                        c.context.clone(),
                        c.provider.word().to_owned(),
                        text(&c.service),
                        text(&c.account),
                        text(&c.region),
                        text(&c.cluster),
                        c.auth.clone(),
                        if c.usable { "yes".to_owned() } else { c.reason.clone().unwrap_or_default() },
                    ]
                })
                .collect();
            let columns = [
                ("", false),
                ("CONTEXT", false),
                ("CLOUD", false),
                ("SERVICE", false),
                ("ACCOUNT", false),
                ("REGION", false),
                ("CLUSTER", false),
                ("AUTH", false),
                ("USABLE", false),
            ];
            if form == Output::Csv {
                out::csv(io.out, &columns, &rows)?
            } else {
                out::table(io.out, io.width, &columns, &rows)?
            }
            for f in report.files.iter().filter(|f| f.error.is_some()) {
                writeln!(io.err, "{}: {}", f.path, f.error.as_deref().unwrap_or(""))?;
            }
        }
    }
    Ok(if report.contexts.is_empty() { Exit::Nothing } else { Exit::Ok })
}
