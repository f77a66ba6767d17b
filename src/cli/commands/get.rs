//! `skyfleet get`: the server's objects of any kind, over every cluster in scope.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::Io;
use crate::cli::args::{Args, GetArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out::{self, Answer};
use crate::domain::columns::served::{Definition, Places, Union};
use crate::domain::diff;
use crate::domain::id::ClusterId;
use crate::domain::kind::{Kind, Kinds};
use crate::domain::scope::Scope;
use crate::domain::text::{SafeText, clean};
use crate::fleet::cluster::{Cluster, ClusterInfo};
use crate::fleet::delta::Row;
use crate::fleet::table;
use crate::ops::get::{ClusterResult, Found, Query, Resource, get, kind_of, row};
use crate::ops::session::Shared;

/// Prints them.
pub async fn run(
    a: &GetArgs,
    args: &Args,
    session: &Shared,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let query = Query { kind: a.kind.clone(), name: a.name.clone(), labels: args.scope.selector.clone() };
    let limit = Duration::from_secs(args.session.timeout.max(1));
    if a.watch {
        return super::watch::run(&query, a.output, limit, session, scope, io).await;
    }
    let results = get(session, scope, &query, limit, |_, _| {}).await;
    if !results.is_empty() && results.iter().all(ClusterResult::is_unknown_kind) {
        writeln!(io.err, "no cluster in scope knows a kind named {}", clean(&a.kind))?;
        return Ok(Exit::Usage);
    }
    let mut printer = Printer::new(a.output);
    results.iter().filter_map(|r| r.resource.as_ref()).for_each(|resource| printer.is_of(resource));
    let (results, without) = by_served(results);
    let now = session.clock.now();
    for result in &results {
        printer.join(result.info.id, &result.columns);
    }
    let mut answer = Answer {
        columns: Vec::new(),
        rows: Vec::new(),
        items: Vec::new(),
        more: not_served_names(&without),
        whole: None,
        errors: Vec::new(),
    };
    let columns = printer.columns();
    answer.columns.extend(columns.iter().map(|(title, right)| (title.as_str(), *right)));
    let among = results.len();
    for result in results {
        let objects = match result.result {
            Ok(objects) => objects,
            Err(fault) => {
                answer.errors.push((result.info.id, fault.to_string()));
                continue;
            }
        };
        let cluster = Cluster::new(result.info.clone());
        for found in objects {
            answer.items.push(item(&result.info, &masked(found.object.clone())));
            answer.rows.push(printer.texts(&cluster, found, now));
        }
    }
    // On a narrow terminal the least important columns go before what matters is cut.
    if let Some(room) = io.width.filter(|_| a.output == Output::Table) {
        out::leave_out(&mut answer.columns, &mut answer.rows, &printer.ranks(), room);
    }
    answer.print(a.output, session, io)?;
    not_served(&a.kind, &without, io)?;
    if answer.rows.is_empty() && answer.errors.is_empty() {
        if session.in_scope(scope).next().is_none() {
            writeln!(io.err, "no cluster is in this scope; `skyfleet contexts` lists what there is")?;
        } else {
            let plural = printer.kind.map_or_else(|| a.kind.clone(), |k| k.info().plural.to_owned());
            let named = a.name.as_deref().map_or_else(String::new, |n| format!(" named {}", clean(n)));
            writeln!(io.err, "no {plural}{named} in this scope")?;
        }
    }
    if answer.rows.is_empty()
        && !answer.errors.is_empty()
        && answer.errors.len() < among
        && let Some(name) = &a.name
    {
        writeln!(io.err, "nothing is named {} in the clusters that answered", clean(name))?;
    }
    Ok(Exit::of(answer.rows.len(), answer.errors.len()))
}

/// Objects of one kind as rows of one table, over clusters that may print them in several ways.
pub(super) struct Printer {
    output: Output,
    kinds: Kinds,
    kind: Option<Kind>,
    /// What clusters print of a kind that is not built in is one table, whatever version each has.
    union: Union,
    places: BTreeMap<ClusterId, Places>,
    /// The columns that are shown, with their numbers among all.
    shown: Vec<(usize, table::Column)>,
}

impl Printer {
    /// Of a kind that is not known yet.
    pub(super) fn new(output: Output) -> Self {
        let (kinds, union) = (Kinds::default(), Union::default());
        Self { output, kinds, kind: None, union, places: BTreeMap::new(), shown: Vec::new() }
    }

    /// That is the kind, if none was known.
    pub(super) fn is_of(&mut self, resource: &Resource) {
        if self.kind.is_none() {
            self.kind = kind_of(resource, &mut self.kinds);
            self.choose();
        }
    }

    /// A cluster prints these columns.
    pub(super) fn join(&mut self, cluster: ClusterId, columns: &[Definition]) {
        self.places.insert(cluster, self.union.join(columns));
        self.choose();
    }

    fn choose(&mut self) {
        let Some(kind) = self.kind else { return };
        let columns = table::printed(kind, self.union.columns()).into_iter().enumerate();
        self.shown = columns.filter(|(_, c)| is_shown(kind, c, self.output)).collect();
    }

    /// The titles, and whether numbers stand at the right.
    pub(super) fn columns(&self) -> Vec<(String, bool)> {
        let own = self.shown.iter().map(|(_, c)| (c.title.to_string(), c.right));
        std::iter::once(("CLUSTER".to_owned(), false)).chain(own).collect()
    }

    /// Which columns go first where there is no room.
    fn ranks(&self) -> Vec<u8> {
        std::iter::once(0).chain(self.shown.iter().map(|(_, c)| c.rank)).collect()
    }

    /// The cells of an object.
    pub(super) fn texts(&self, cluster: &Cluster, found: Found, now: Timestamp) -> Vec<String> {
        let mut texts = vec![cluster.info.name().to_string()];
        let Some(mut row) = self.kind.and_then(|kind| row(kind, found.object, now)) else { return texts };
        if let (Row::Other(row), Some(Kind::Custom(_))) = (&mut row, self.kind) {
            let places = self.places.get(&cluster.id()).map_or(&[][..], Vec::as_slice);
            row.cells = self.union.placed(places, found.cells);
        }
        let cells = table::cells(cluster, table::RowRef::of(&row), now);
        texts.extend(self.shown.iter().filter_map(|(n, _)| cells.get(*n)).map(|cell| cell.text.clone()));
        texts
    }
}

/// An object without what is secret in it.
pub(super) fn masked(object: Value) -> Value {
    if object.get("kind").and_then(Value::as_str) == Some("Secret") {
        diff::masked_alone(&object)
    } else {
        object
    }
}

/// The clusters that serve the kind, and those that do not.
pub(super) fn by_served(results: Vec<ClusterResult>) -> (Vec<ClusterResult>, Vec<ClusterResult>) {
    results.into_iter().partition(|result| !result.is_unknown_kind())
}

/// An object for programs, with where it is.
pub(super) fn item(info: &ClusterInfo, object: &Value) -> Value {
    let path = SafeText::new(&info.place.scope_path());
    json!({"cluster": info.name(), "context": info.context, "path": path, "object": object})
}

/// For programs: the clusters that do not serve the kind, where there are any.
fn not_served_names(without: &[ClusterResult]) -> Vec<(&'static str, Value)> {
    let names: Vec<&SafeText> = without.iter().map(|result| result.info.name()).collect();
    if names.is_empty() { Vec::new() } else { vec![("notServed", json!(names))] }
}

/// Where a kind is not served there is none of it: that is no error, and is said.
pub(super) fn not_served(kind: &str, without: &[ClusterResult], io: &mut Io<'_>) -> io::Result<()> {
    if without.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = without.iter().map(|result| result.info.name().as_str()).collect();
    writeln!(io.err, "no {} are served in {}", clean(kind), names.join(", "))
}

/// Columns that are counted over a watched cluster, or measured, are left out: here the objects alone are asked for, and a
/// zero or a dash would be taken for an answer.
fn is_shown(kind: Kind, column: &table::Column, output: Output) -> bool {
    let not_asked = match kind {
        Kind::Pod => matches!(&*column.title, "CPU" | "MEM" | "MEM/L"),
        Kind::Node => matches!(&*column.title, "PODS" | "CPU%" | "MEM%"),
        Kind::Namespace => matches!(&*column.title, "WORKLOADS" | "PODS" | "CPU REQ" | "MEM REQ"),
        _ => false,
    };
    !not_asked && (output != Output::Table || !column.wide)
}
