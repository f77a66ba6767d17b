//! `skyfleet get -w`: the objects of every cluster in scope, and then each that changes, until somebody interrupts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use unicode_width::UnicodeWidthStr;

use super::get::{Printer, item, masked};
use crate::cli::Io;
use crate::cli::args::Output;
use crate::cli::exit::Exit;
use crate::cli::out::{self, Column, escaped};
use crate::domain::diff::to_yaml;
use crate::domain::id::ClusterId;
use crate::domain::scope::Scope;
use crate::domain::text::clean;
use crate::fleet::cluster::Cluster;
use crate::ops::get::{Became, Change, Found, Heard, Query, watch};
use crate::ops::session::Shared;

/// Follows them.
pub(super) async fn run(
    query: &Query,
    output: Output,
    limit: Duration,
    session: &Shared,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let rows = session.in_scope(scope).map(|info| (info.id, Cluster::new(info.clone())));
    let rows: BTreeMap<ClusterId, Cluster> = rows.collect();
    let clusters: BTreeSet<ClusterId> = rows.keys().copied().collect();
    if clusters.is_empty() {
        writeln!(io.err, "no cluster is in this scope; `skyfleet contexts` lists what there is")?;
        return Ok(Exit::Nothing);
    }
    let mut heard = watch(session, scope, query);
    let mut following = Following {
        session,
        printer: Printer::new(output),
        output,
        clusters: rows,
        waiting: clusters.clone(),
        has_answered: false,
        unknown: BTreeSet::new(),
        held: Some(Vec::new()),
        told: BTreeMap::new(),
        columns: Vec::new(),
        widths: Vec::new(),
    };
    let until = Instant::now() + limit;
    io.interrupts.heard();
    // One for all of them: what is pressed while a row is printed is heard after it.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            next = heard.recv() => match next {
                Some(next) => following.hear(next, io)?,
                None => break,
            },
            () = sleep_until(until), if following.held.is_some() => {
                if !following.has_answered {
                    writeln!(io.err, "no cluster in scope answered within {} s", limit.as_secs())?;
                    return Ok(Exit::Failed);
                }
                following.begin(io)?;
            }
            _ = &mut interrupted => return Ok(Exit::Interrupted),
        }
        if following.unknown == clusters {
            writeln!(io.err, "no cluster in scope knows a kind named {}", clean(&query.kind))?;
            return Ok(Exit::Usage);
        }
        if following.waiting.is_empty() && following.has_answered && following.held.is_some() {
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
    clusters: BTreeMap<ClusterId, Cluster>,
    /// Clusters that have not said yet what there is.
    waiting: BTreeSet<ClusterId>,
    /// One has said what there is.
    has_answered: bool,
    /// Those that do not know the kind.
    unknown: BTreeSet<ClusterId>,
    /// What was said, until all have said what there is.
    held: Option<Vec<(ClusterId, Found, Became)>>,
    /// The trouble of clusters that was told.
    told: BTreeMap<ClusterId, String>,
    /// The columns of the table as they stand above its rows, and how wide they are.
    columns: Vec<(String, bool)>,
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
                self.has_answered = true;
                if self.told.remove(&cluster).is_some() {
                    writeln!(io.err, "{}: answers again", self.name(cluster))?;
                }
            }
            Change::Is(found, became) => match &mut self.held {
                Some(held) => held.push((cluster, *found, became)),
                None => self.print(cluster, *found, became, io)?,
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

    /// Prints what was said so far: what is there first, as one table.
    fn begin(&mut self, io: &mut Io<'_>) -> io::Result<()> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        if held.is_empty() {
            writeln!(io.err, "nothing of that in this scope yet; waiting for it")?;
        }
        held.sort_by_key(|(cluster, _, became)| (*became != Became::There, *cluster));
        if matches!(self.output, Output::Table | Output::Wide | Output::Csv) {
            let rows: Vec<Vec<String>> = held
                .into_iter()
                .filter_map(|(cluster, found, became)| self.row(cluster, found, became))
                .collect();
            if !rows.is_empty() {
                self.head(&rows, io)?;
            }
            return rows.iter().try_for_each(|row| self.print_row(row, io));
        }
        for (cluster, found, became) in held {
            self.print(cluster, found, became, io)?;
        }
        Ok(())
    }

    /// The titles above these rows.
    fn head(&mut self, rows: &[Vec<String>], io: &mut Io<'_>) -> io::Result<()> {
        self.columns = with_event(&self.printer.columns());
        let columns: Vec<Column<'_>> = self.columns.iter().map(|(t, right)| (t.as_str(), *right)).collect();
        if self.output == Output::Csv {
            return out::csv(io.out, &columns, &[]);
        }
        let room = io.width.filter(|_| self.output != Output::Wide);
        self.widths = out::widths(room, &columns, &out::cleaned(rows), None);
        if let Some(first) = self.widths.first_mut() {
            *first = Became::Deleted.word().len();
        }
        out::line(io.out, &columns, &self.widths, columns.iter().map(|(title, _)| *title))
    }

    fn print_row(&mut self, row: &[String], io: &mut Io<'_>) -> io::Result<()> {
        if self.output == Output::Csv {
            return out::csv_row(io.out, row);
        }
        let row: Vec<String> = row.iter().map(|cell| clean(cell).into_owned()).collect();
        // What is longer than all before it is not cut, as kubectl has it: nobody knows what comes.
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(UnicodeWidthStr::width(cell.as_str()));
        }
        let columns: Vec<Column<'_>> = self.columns.iter().map(|(t, right)| (t.as_str(), *right)).collect();
        out::line(io.out, &columns, &self.widths, row.iter().map(String::as_str))
    }

    fn row(&self, cluster: ClusterId, found: Found, became: Became) -> Option<Vec<String>> {
        let cluster = self.clusters.get(&cluster)?;
        let mut row = vec![became.word().to_owned()];
        row.extend(self.printer.texts(cluster, found, self.session.clock.now()));
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
            Output::Name => writeln!(io.out, "{}", clean(&out::object_name(&found.object))),
            Output::Table | Output::Wide | Output::Csv => {
                let Some(row) = self.row(cluster, found, became) else { return Ok(()) };
                // A cluster that came later may print other columns.
                if self.columns.len() != row.len() {
                    self.head(std::slice::from_ref(&row), io)?;
                }
                self.print_row(&row, io)
            }
        }
    }
}

fn with_event(columns: &[(String, bool)]) -> Vec<(String, bool)> {
    std::iter::once(("EVENT".to_owned(), false)).chain(columns.iter().cloned()).collect()
}
