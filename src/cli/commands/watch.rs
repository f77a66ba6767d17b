//! `skyfleet get -w`: the objects of every cluster in scope, and then each that changes, until somebody interrupts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::get::{Printer, item, masked};
use crate::cli::Io;
use crate::cli::args::{Args, GetArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out::{self, Column, escaped};
use crate::domain::diff::to_yaml;
use crate::domain::id::ClusterId;
use crate::domain::scope::Scope;
use crate::domain::text::clean;
use crate::ops::get::{Became, Change, Found, Heard, Query, watch};
use crate::ops::session::Shared;

/// Follows them.
pub(super) async fn run(
    a: &GetArgs,
    args: &Args,
    session: &Shared,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let query = Query { kind: a.kind.clone(), name: a.name.clone(), labels: args.scope.selector.clone() };
    let clusters: BTreeSet<ClusterId> = session.in_scope(scope).map(|info| info.id).collect();
    if clusters.is_empty() {
        writeln!(io.err, "no cluster is in this scope; `skyfleet contexts` lists what there is")?;
        return Ok(Exit::Nothing);
    }
    let mut heard = watch(session, scope, &query);
    let mut following = Following {
        session,
        printer: Printer::new(a.output),
        output: a.output,
        waiting: clusters.clone(),
        unknown: BTreeSet::new(),
        held: Some(Vec::new()),
        told: BTreeMap::new(),
        widths: Vec::new(),
    };
    let limit = Instant::now() + Duration::from_secs(args.session.timeout.max(1));
    io.interrupts.heard();
    loop {
        tokio::select! {
            next = heard.recv() => match next {
                Some(next) => following.hear(next, io)?,
                None => break,
            },
            () = sleep_until(limit), if following.held.is_some() => following.begin(io)?,
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
        }
        if following.unknown == clusters {
            writeln!(io.err, "no cluster in scope knows a kind named {}", clean(&a.kind))?;
            return Ok(Exit::Usage);
        }
        if following.waiting.is_empty() && following.held.is_some() {
            following.begin(io)?;
        }
        io.out.flush()?;
    }
    Ok(Exit::Failed)
}

struct Following<'a> {
    session: &'a Shared,
    printer: Printer,
    output: Output,
    /// Clusters that have not said yet what there is.
    waiting: BTreeSet<ClusterId>,
    /// Those that do not know the kind.
    unknown: BTreeSet<ClusterId>,
    /// What is there at first, until all have said it.
    held: Option<Vec<(ClusterId, Found)>>,
    /// The trouble of clusters that was told.
    told: BTreeMap<ClusterId, String>,
    widths: Vec<usize>,
}

impl Following<'_> {
    fn hear(&mut self, heard: Heard, io: &mut Io<'_>) -> io::Result<()> {
        let is_unknown = heard.is_unknown_kind();
        let Heard { cluster, resource, change } = heard;
        if let Some(resource) = &resource {
            self.printer.is_of(resource);
        }
        match change {
            Change::Columns(columns) => self.printer.join(cluster, &columns),
            Change::Trouble(fault) => {
                self.waiting.remove(&cluster);
                if is_unknown {
                    self.unknown.insert(cluster);
                    return writeln!(io.err, "{}: does not serve this kind", self.name(cluster));
                }
                self.trouble(cluster, &clean(&fault.to_string()), io)?;
            }
            Change::Whole => {
                self.waiting.remove(&cluster);
                if self.told.remove(&cluster).is_some() {
                    writeln!(io.err, "{}: answers again", self.name(cluster))?;
                }
            }
            Change::Is(found, became) => match &mut self.held {
                Some(held) if became == Became::There => held.push((cluster, *found)),
                _ => {
                    self.begin(io)?;
                    self.print(cluster, *found, became, io)?;
                }
            },
        }
        Ok(())
    }

    fn name(&self, cluster: ClusterId) -> String {
        self.session.info(cluster).map_or_else(String::new, |info| info.name().to_string())
    }

    /// Once, and again when it is another.
    fn trouble(&mut self, cluster: ClusterId, words: &str, io: &mut Io<'_>) -> io::Result<()> {
        if self.told.get(&cluster).is_none_or(|told| told != words) {
            writeln!(io.err, "{}: {words}; tried again", self.name(cluster))?;
            self.told.insert(cluster, words.to_owned());
        }
        Ok(())
    }

    /// Prints what is there, as one table.
    fn begin(&mut self, io: &mut Io<'_>) -> io::Result<()> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        held.sort_by_key(|(cluster, _)| *cluster);
        if !matches!(self.output, Output::Table | Output::Wide | Output::Csv) {
            for (cluster, found) in held {
                self.print(cluster, found, Became::There, io)?;
            }
            return Ok(());
        }
        let mut rows = Vec::new();
        for (cluster, found) in held {
            rows.extend(self.row(cluster, found, Became::There));
        }
        let columns = self.printer.columns();
        let columns: Vec<Column<'_>> = with_event(&columns);
        if self.output == Output::Csv {
            return out::csv(io.out, &columns, &rows);
        }
        let rows = out::cleaned(&rows);
        let room = io.width.filter(|_| self.output != Output::Wide);
        self.widths = out::widths(room, &columns, &rows, None);
        if let Some(first) = self.widths.first_mut() {
            *first = Became::Deleted.word().len();
        }
        out::line(io.out, &columns, &self.widths, columns.iter().map(|(title, _)| *title))?;
        for row in &rows {
            out::line(io.out, &columns, &self.widths, row.iter().map(String::as_str))?;
        }
        Ok(())
    }

    fn row(&self, cluster: ClusterId, found: Found, became: Became) -> Option<Vec<String>> {
        let info = self.session.info(cluster)?;
        let mut row = vec![became.word().to_owned()];
        row.extend(self.printer.texts(info, found, self.session.clock.now()));
        Some(row)
    }

    fn print(&mut self, cluster: ClusterId, found: Found, became: Became, io: &mut Io<'_>) -> io::Result<()> {
        let Some(info) = self.session.info(cluster) else { return Ok(()) };
        match self.output {
            Output::Json | Output::Ndjson | Output::Yaml => {
                let mut item = item(info, &masked(found.object));
                if let Some(item) = item.as_object_mut() {
                    item.insert("event".to_owned(), became.word().into());
                }
                if self.output == Output::Yaml {
                    return write!(io.out, "---\n{}", to_yaml(&item));
                }
                writeln!(io.out, "{}", escaped(&item.to_string()))
            }
            Output::Name => {
                let name = found.object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
                writeln!(io.out, "{}", clean(name))
            }
            Output::Table | Output::Wide | Output::Csv => {
                let Some(row) = self.row(cluster, found, became) else { return Ok(()) };
                if self.output == Output::Csv {
                    return out::csv_row(io.out, &row);
                }
                let columns = self.printer.columns();
                let columns = with_event(&columns);
                // What is longer than all before it stands out rather than being cut.
                for (width, cell) in self.widths.iter_mut().zip(&row).filter(|_| io.width.is_none()) {
                    *width = (*width).max(unicode_width::UnicodeWidthStr::width(cell.as_str()));
                }
                self.widths.resize(columns.len(), 12);
                let row = row.iter().map(|cell| clean(cell).into_owned()).collect::<Vec<_>>();
                out::line(io.out, &columns, &self.widths, row.iter().map(String::as_str))
            }
        }
    }
}

fn with_event(columns: &[(String, bool)]) -> Vec<Column<'_>> {
    let own = columns.iter().map(|(title, right)| (title.as_str(), *right));
    std::iter::once(("EVENT", false)).chain(own).collect()
}
