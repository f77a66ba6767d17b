//! `skyfleet get`: the server's objects of any kind, over every cluster in scope.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Io;
use crate::cli::args::{Args, GetArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out::{self, Answer};
use crate::domain::columns::served::{Places, Union};
use crate::domain::diff;
use crate::domain::kind::{Kind, Kinds};
use crate::domain::scope::Scope;
use crate::domain::text::{SafeText, clean};
use crate::fleet::cluster::{Cluster, ClusterInfo};
use crate::fleet::delta::Row;
use crate::fleet::table;
use crate::ops::get::{ClusterResult, Found, Query, get, row};
use crate::ops::session::Session;

/// Prints them.
pub async fn run(
    a: &GetArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let query = Query { kind: a.kind.clone(), name: a.name.clone(), labels: args.scope.selector.clone() };
    let limit = Duration::from_secs(args.session.timeout.max(1));
    let results = get(session, scope, &query, limit, |_, _| {}).await;
    let mut kinds = Kinds::default();
    let kind = results.iter().find_map(|r| r.kind(&mut kinds));
    if !results.is_empty() && results.iter().all(ClusterResult::is_unknown_kind) {
        writeln!(io.err, "no cluster in scope knows a kind named {}", clean(&a.kind))?;
        return Ok(Exit::Usage);
    }
    let (results, without) = by_served(results);
    let now = session.clock.now();
    // What clusters print of a kind that is not built in is one table, whatever version each has.
    let mut union = Union::default();
    let places: Vec<Places> = results.iter().map(|result| union.join(&result.columns)).collect();
    let columns: Vec<table::Column> =
        kind.map_or_else(Vec::new, |kind| table::printed(kind, union.columns()));
    let is_shown = |c: &table::Column| kind.is_some_and(|kind| is_shown(kind, c, a.output));
    let mut answer = Answer {
        columns: vec![("CLUSTER", false)],
        rows: Vec::new(),
        items: Vec::new(),
        more: not_served_names(&without),
        whole: None,
        errors: Vec::new(),
    };
    answer.columns.extend(columns.iter().filter(|c| is_shown(c)).map(|c| (&*c.title, c.right)));
    for (result, places) in results.into_iter().zip(places) {
        let cluster = Cluster::new(result.info.clone());
        let objects = match result.result {
            Ok(objects) => objects,
            Err(fault) => {
                answer.errors.push((result.info.id, fault.to_string()));
                continue;
            }
        };
        for Found { object, cells } in objects {
            let mut texts = vec![result.info.name().to_string()];
            if let Some(mut row) = kind.and_then(|kind| row(kind, object.clone(), now)) {
                if let (Row::Other(row), Some(Kind::Custom(_))) = (&mut row, kind) {
                    row.cells = union.placed(&places, cells);
                }
                let cells = table::cells(&cluster, table::RowRef::of(&row), now);
                texts.extend(
                    cells.into_iter().zip(&columns).filter(|(_, c)| is_shown(c)).map(|(cell, _)| cell.text),
                );
            }
            answer.rows.push(texts);
            let shown = if object.get("kind").and_then(Value::as_str) == Some("Secret") {
                diff::masked_alone(&object)
            } else {
                object
            };
            answer.items.push(item(&result.info, &shown));
        }
    }
    // On a narrow terminal the least important columns go before what matters is cut.
    if let Some(room) = io.width.filter(|_| a.output == Output::Table) {
        let ranks: Vec<u8> =
            std::iter::once(0).chain(columns.iter().filter(|c| is_shown(c)).map(|c| c.rank)).collect();
        out::leave_out(&mut answer.columns, &mut answer.rows, &ranks, room);
    }
    answer.print(a.output, session, io)?;
    not_served(&a.kind, &without, io)?;
    if answer.rows.is_empty() && answer.errors.is_empty() {
        if session.in_scope(scope).next().is_none() {
            writeln!(io.err, "no cluster is in this scope; `skyfleet contexts` lists what there is")?;
        } else {
            let plural = kind.map_or_else(|| a.kind.clone(), |k| k.info().plural.to_owned());
            let named = a.name.as_deref().map_or_else(String::new, |n| format!(" named {}", clean(n)));
            writeln!(io.err, "no {plural}{named} in this scope")?;
        }
    }
    Ok(Exit::of(answer.rows.len(), answer.errors.len()))
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
