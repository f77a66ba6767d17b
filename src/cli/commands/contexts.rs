//! `skyfleet contexts`.

use std::io;

use crate::cli::Io;
use crate::cli::args::{Output, OutputArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::quantity::count;
use crate::domain::scope::Scope;
use crate::domain::text::{SafeText, clean};
use crate::ops::contexts::{self, ContextRow, Report};
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
                let line = serde_json::to_string(c).map_err(io::Error::other)?;
                writeln!(io.out, "{}", out::escaped(&line))?;
            }
        }
        Output::Name => {
            for c in &report.contexts {
                writeln!(io.out, "{}", clean(&c.context))?;
            }
        }
        Output::Table | Output::Wide | Output::Csv => table(a.output, &report, io)?,
    }
    Ok(if report.contexts.is_empty() { Exit::Nothing } else { Exit::Ok })
}

/// For people: what tells contexts apart, and whether each can be used; `wide` is all there is to know.
fn table(form: Output, report: &Report, io: &mut Io<'_>) -> io::Result<()> {
    let mut columns =
        vec![("", false), ("CONTEXT", false), ("PLACE", false), ("AUTH", false), ("USABLE", false)];
    if form != Output::Table {
        let more = ["FILE", "OTHER FILES", "SERVER", "NAMESPACE", "USER", "SIGNS AS", "CERTAINTY", "REASON"];
        columns.extend(more.map(|title| (title, false)));
    }
    let rows: Vec<Vec<String>> = report.contexts.iter().map(|c| cells(c, form != Output::Table)).collect();
    match form {
        Output::Csv => out::csv(io.out, &columns, &rows)?,
        _ if rows.is_empty() => {}
        Output::Wide => out::table(io.out, None, &columns, &rows)?,
        _ => out::table(io.out, io.width, &columns, &rows)?,
    }
    let unusable = report.contexts.iter().filter(|c| !c.usable).count();
    if form == Output::Table && unusable > 0 {
        writeln!(
            io.err,
            "{} cannot be used; why: skyfleet contexts -o wide; how to mend it: skyfleet doctor",
            count(unusable, "context")
        )?;
    }
    for f in report.files.iter().filter(|f| f.status != "ok") {
        writeln!(io.err, "{}: {}: {}", clean(&f.path), f.status, clean(f.error.as_deref().unwrap_or("")))?;
    }
    Ok(())
}

fn cells(c: &ContextRow, wide: bool) -> Vec<String> {
    let known = |text: Option<&str>| text.filter(|t| !t.is_empty()).unwrap_or("-").to_owned();
    let mut out = vec![
        if c.current { "*".to_owned() } else { String::new() },
        c.context.clone(),
        c.place(),
        c.auth.clone(),
        if c.usable { "yes" } else { "no" }.to_owned(),
    ];
    if wide {
        out.extend([
            known(c.file.as_deref()),
            known(Some(&c.borrowed)),
            known(c.server.as_deref()),
            known(c.namespace.as_deref()),
            known(Some(&c.acts_as)),
            known(Some(&c.signs_as)),
            c.certainty.word().to_owned(),
            known(c.reason.as_deref()),
        ]);
    }
    out
}
