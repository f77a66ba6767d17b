//! `skyfleet doctor`. For people: a paragraph an area, what mends it below what is wrong, whole, so that it can be copied.

use std::io;
use std::time::Duration;

use serde_json::json;

use super::Progress;
use crate::cli::Io;
use crate::cli::args::{Args, Output, OutputArgs};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::cells;
use crate::domain::quantity::count;
use crate::domain::scope::Scope;
use crate::ops::doctor::{Check, Level, check, grouped};
use crate::ops::session::Session;

/// Where the words of a finding go on.
const INDENT: u16 = 8;

/// Prints what was checked; ends with 1 when something needs a person.
pub async fn run(
    a: &OutputArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let limit = Duration::from_secs(args.session.timeout.max(1));
    let checks = {
        let mut progress = Progress::new(io);
        check(session, scope, limit, |done, all| progress.tell(done, all)).await
    };
    let of = |level| checks.iter().filter(|c| c.level == level).count();
    let (bad, warn) = (of(Level::Bad), of(Level::Warn));
    match a.output {
        Output::Ndjson => {
            for check in &checks {
                writeln!(io.out, "{}", out::escaped(&json!(check).to_string()))?;
            }
        }
        Output::Json | Output::Yaml => out::value(io.out, a.output, &json!({"checks": checks}))?,
        Output::Csv | Output::Wide | Output::Name => table(a.output, checks, io)?,
        Output::Table => {
            for line in lines(grouped(checks), io.width) {
                writeln!(io.out, "{line}")?;
            }
            let words = if bad + warn == 0 {
                "nothing needs a person".to_owned()
            } else {
                format!("{} a person, {} to know of", needs(bad), count(warn, "thing"))
            };
            writeln!(io.err, "{words}")?;
        }
    }
    Ok(if bad > 0 { Exit::Failed } else { Exit::Ok })
}

fn needs(bad: usize) -> String {
    let need = if bad == 1 { "needs" } else { "need" };
    format!("{} {need}", count(bad, "thing"))
}

/// An area's name where it begins; its findings below; what mends one below it, never cut.
fn lines(checks: Vec<Check>, width: Option<usize>) -> Vec<String> {
    let room = width.and_then(|w| u16::try_from(w).ok()).unwrap_or(u16::MAX).max(40);
    let mut out = Vec::new();
    let mut area = "";
    for check in checks {
        if area != check.area {
            area = check.area;
            out.push(area.to_owned());
        }
        let words = if check.words.is_empty() { String::new() } else { format!(": {}", check.words) };
        let text = format!("{}{words}", check.subject);
        let parts = cells::wrap(&text, room - INDENT, 0);
        for (n, part) in parts.iter().enumerate() {
            let level = if n == 0 { check.level.word() } else { "" };
            out.push(format!("  {level:<4}  {part}"));
        }
        if !check.fix.is_empty() {
            out.push(format!("        > {}", check.fix));
        }
    }
    out
}

fn table(output: Output, checks: Vec<Check>, io: &mut Io<'_>) -> io::Result<()> {
    let cells = |c: &Check| {
        vec![
            c.level.word().to_owned(),
            c.area.to_owned(),
            c.subject.to_string(),
            c.words.to_string(),
            c.fix.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = checks.iter().map(cells).collect();
    let columns =
        [("", false), ("AREA", false), ("WHAT", false), ("HOW IT IS", false), ("TO MEND IT", false)];
    match output {
        Output::Csv => out::csv(io.out, &columns, &rows),
        Output::Name => rows.iter().filter_map(|r| r.get(2)).try_for_each(|name| writeln!(io.out, "{name}")),
        _ => out::table(io.out, None, &columns, &rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_never_cut() {
        let check = Check {
            level: Level::Bad,
            area: "contexts",
            subject: "shop".into(),
            words:
                "the user entry \"shop\" has an exec plugin without an apiVersion, and much more than that"
                    .into(),
            fix: "aws eks update-kubeconfig --name shop-with-a-very-long-name --region eu-central-1".into(),
        };
        let lines = lines(vec![check.clone()], Some(60));
        assert_eq!(lines[0], "contexts");
        assert!(lines[1].starts_with("  bad   shop: the user entry"), "{lines:#?}");
        assert!(lines[1..lines.len() - 1].iter().all(|l| cells::width(l) <= 60), "{lines:#?}");
        assert_eq!(lines.last().unwrap(), &format!("        > {}", check.fix));
    }
}
