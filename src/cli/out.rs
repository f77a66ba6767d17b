//! How answers are printed: aligned columns, CSV, JSON, JSON a line. Text in columns has no control characters left.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::domain::cells;
use crate::domain::diff::to_yaml;
use crate::domain::id::ClusterId;
use crate::domain::json::text;
use crate::domain::text::clean;
use crate::ops::session::Session;

use super::Io;
use super::args::Output;

/// A column: its title, and whether numbers stand at the right.
pub type Column<'a> = (&'a str, bool);

/// A column whose text goes on in lines below has at least this.
const WHOLE_LEAST: usize = 24;

/// How wide a table is whole: its columns and the two blanks between them.
pub fn whole_width(columns: &[Column<'_>], rows: &[Vec<String>]) -> usize {
    let widths = columns.iter().enumerate().map(|(i, (title, _))| {
        let cells = rows.iter().filter_map(|r| r.get(i)).map(|c| clean(c).width());
        cells.chain([title.width()]).max().unwrap_or(0)
    });
    widths.map(|w| w + 2).sum::<usize>().saturating_sub(2)
}

/// Cuts text columns, the widest first, until the table fits: what describes before what names. Numbers stay whole.
fn fit(widths: &mut [usize], columns: &[Column<'_>], room: usize) {
    use Matters::{Describes, Names, States};
    let steps = [
        (Describes, 12),
        (Names, 24),
        (States, 24),
        (Describes, 6),
        (Names, 14),
        (States, 12),
        (Describes, 4),
    ];
    for (matters, least) in steps {
        loop {
            let total = (widths.iter().sum::<usize>() + 2 * widths.len()).saturating_sub(2);
            let text = widths
                .iter_mut()
                .zip(columns)
                .filter(|(w, (title, right))| !right && Matters::of(title) == matters && **w > least);
            let Some((widest, _)) = text.max_by_key(|(w, _)| **w).filter(|_| total > room) else { break };
            *widest -= (total - room).min(*widest - least).min((*widest / 4).max(1));
        }
    }
}

/// Leaves out columns of a table, those of the highest rank first, until the rest can be read in `room`; those without a
/// rank, and of rank 0 and 1, stay.
pub fn leave_out(columns: &mut Vec<Column<'_>>, rows: &mut [Vec<String>], ranks: &[u8], room: usize) {
    let mut ranks = ranks.to_vec();
    loop {
        let least = |i: usize, (title, right): &Column<'_>| {
            let widest = rows.iter().filter_map(|r| r.get(i)).map(|c| clean(c).width()).max().unwrap_or(0);
            let most = match Matters::of(title) {
                _ if *right => usize::MAX,
                Matters::Names => 20,
                Matters::States => 18,
                Matters::Describes => 12,
            };
            widest.min(most).max(title.width())
        };
        let needed: usize = columns.iter().enumerate().map(|(i, c)| least(i, c) + 2).sum();
        let last = ranks.iter().enumerate().filter(|(_, r)| **r > 1).max_by_key(|(_, r)| **r).map(|(i, _)| i);
        let Some(last) = last.filter(|i| needed > room + 2 && *i < columns.len()) else { return };
        columns.remove(last);
        ranks.remove(last);
        for row in rows.iter_mut().filter(|r| r.len() > last) {
            row.remove(last);
        }
    }
}

/// What a column of text is for, by its title; in this order it is cut where there is little room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matters {
    /// It describes: an image, a zone.
    Describes,
    /// It names; cut in the middle, for the end of a name tells it from its siblings.
    Names,
    /// It says how something is.
    States,
}

impl Matters {
    fn of(title: &str) -> Self {
        match title {
            "CLUSTER" | "CONTEXT" | "NAMESPACE" | "NAME" | "NODE" | "WORKLOAD" | "OBJECT" | "WHAT"
            | "PLACE" => Self::Names,
            "STATUS" | "REASON" | "MESSAGE" | "USABLE" => Self::States,
            _ => Self::Describes,
        }
    }
}

/// Prints rows in aligned columns, cut to `room` when there is an end to it.
pub fn table(
    out: &mut dyn Write,
    room: Option<usize>,
    columns: &[Column<'_>],
    rows: &[Vec<String>],
) -> io::Result<()> {
    table_of(out, room, columns, rows, None)
}

/// The same; the column `whole` is not cut where there is little room, but goes on in lines below.
pub fn table_of(
    out: &mut dyn Write,
    room: Option<usize>,
    columns: &[Column<'_>],
    rows: &[Vec<String>],
    whole: Option<usize>,
) -> io::Result<()> {
    let rows = cleaned(rows);
    let widths = widths(room, columns, &rows, whole);
    let mut line = |cells: &mut dyn Iterator<Item = &str>| line(out, columns, &widths, cells);
    line(&mut columns.iter().map(|(t, _)| *t))?;
    for row in &rows {
        let Some((whole, cell)) = whole.and_then(|w| Some((w, row.get(w)?))) else {
            line(&mut row.iter().map(String::as_str))?;
            continue;
        };
        let most = widths.get(whole).and_then(|w| u16::try_from(*w).ok()).unwrap_or(u16::MAX);
        for (n, part) in cells::wrap(cell, most, 2).iter().enumerate() {
            line(&mut row.iter().enumerate().map(|(i, cell)| match (i == whole, n) {
                (true, _) => part.as_str(),
                (false, 0) => cell.as_str(),
                (false, _) => "",
            }))?;
        }
    }
    Ok(())
}

/// Cells of which no character acts on a terminal.
pub fn cleaned(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().map(|r| r.iter().map(|c| clean(c).into_owned()).collect()).collect()
}

/// How wide the columns of a table are in `room`; the column `whole` has what the others leave it.
pub fn widths(
    room: Option<usize>,
    columns: &[Column<'_>],
    rows: &[Vec<String>],
    whole: Option<usize>,
) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|(t, _)| t.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    if let Some(room) = room {
        // The column that is never cut has what the others leave it, and a little in any case.
        let own = whole.and_then(|w| widths.get_mut(w)).map(std::mem::take);
        fit(&mut widths, columns, if own.is_some() { room.saturating_sub(WHOLE_LEAST) } else { room });
        let others = (widths.iter().sum::<usize>() + 2 * widths.len()).saturating_sub(2);
        if let (Some(own), Some(width)) = (own, whole.and_then(|w| widths.get_mut(w))) {
            *width = own.min(room.saturating_sub(others).max(WHOLE_LEAST));
        }
    }
    widths
}

/// Prints one line of a table.
pub fn line<'a>(
    out: &mut dyn Write,
    columns: &[Column<'_>],
    widths: &[usize],
    cells: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    let mut text = String::new();
    for ((cell, (title, right)), width) in cells.zip(columns).zip(widths) {
        let most = u16::try_from(*width).unwrap_or(u16::MAX);
        let cell = if Matters::of(title) == Matters::Names {
            Cow::Owned(cells::middle(cell, most))
        } else {
            cells::cut(cell, most)
        };
        let cell = cell.as_ref();
        let pad = " ".repeat(width.saturating_sub(cell.width()));
        if *right {
            text.push_str(&pad);
            text.push_str(cell);
        } else {
            text.push_str(cell);
            text.push_str(&pad);
        }
        text.push_str("  ");
    }
    writeln!(out, "{}", text.trim_end())
}

/// Prints rows as comma-separated values.
pub fn csv(out: &mut dyn Write, columns: &[Column<'_>], rows: &[Vec<String>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let fail = |e: csv::Error| io::Error::other(e.to_string());
    writer.write_record(columns.iter().map(|(t, _)| *t)).map_err(fail)?;
    for row in rows {
        writer.write_record(row.iter().map(|c| clean(c).into_owned())).map_err(fail)?;
    }
    writer.flush()
}

/// Prints one more row of them.
pub fn csv_row(out: &mut dyn Write, row: &[String]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer
        .write_record(row.iter().map(|c| clean(c).into_owned()))
        .map_err(|error| io::Error::other(error.to_string()))?;
    writer.flush()
}

/// An answer in every form: `rows` for people, `items` for programs, `errors` beside them.
pub struct Answer<'a> {
    /// Titles.
    pub columns: Vec<Column<'a>>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
    /// The same as JSON.
    pub items: Vec<Value>,
    /// Further facts of the JSON object.
    pub more: Vec<(&'static str, Value)>,
    /// The number of the column that is never cut; its text goes on in lines below.
    pub whole: Option<usize>,
    /// Clusters that could not be read.
    pub errors: Vec<(ClusterId, String)>,
}

impl Answer<'_> {
    /// Prints it. Errors of clusters are lines on `err` where the form has no place for them.
    pub fn print(&self, output: Output, session: &Session, io: &mut Io<'_>) -> io::Result<()> {
        let room = io.width.filter(|_| output != Output::Wide);
        let (out, err) = (&mut *io.out, &mut *io.err);
        let name = |id: &ClusterId| session.info(*id).map_or_else(String::new, |i| i.name().to_string());
        let context = |id: &ClusterId| session.info(*id).map_or_else(String::new, |i| i.context.to_string());
        match output {
            Output::Json | Output::Yaml => {
                let mut all = serde_json::Map::new();
                all.insert("items".to_owned(), Value::Array(self.items.clone()));
                all.extend(self.more.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
                all.insert("errors".to_owned(), errors(session, &self.errors));
                return value(out, output, &Value::Object(all));
            }
            Output::Ndjson => {
                for item in &self.items {
                    writeln!(out, "{}", escaped(&item.to_string()))?;
                }
            }
            Output::Csv => csv(out, &self.columns, &self.rows)?,
            Output::Name => {
                for item in &self.items {
                    let text = |p: &str| item.pointer(p).and_then(Value::as_str);
                    let name = item.get("object").map(object_name);
                    let name = name.or_else(|| Some(text("/name").or_else(|| text("/cause"))?.to_owned()));
                    writeln!(out, "{}", clean(&name.unwrap_or_default()))?;
                }
            }
            Output::Table | Output::Wide => {
                if !self.rows.is_empty() {
                    table_of(out, room, &self.columns, &self.rows, self.whole)?;
                }
            }
        }
        for (id, error) in &self.errors {
            writeln!(err, "{} ({}): {}", name(id), context(id), clean(error))?;
        }
        Ok(())
    }
}

/// Clusters that could not be read, as every answer for programs has them.
pub fn errors(session: &Session, errors: &[(ClusterId, String)]) -> Value {
    let one = |(id, error): &(ClusterId, String)| {
        let info = session.info(*id);
        json!({"cluster": info.map(|i| i.name()), "context": info.map(|i| &i.context), "error": error})
    };
    Value::Array(errors.iter().map(one).collect())
}

/// Prints one value for programs: as YAML, as JSON on one line, else as JSON that people can read too.
pub fn value(out: &mut dyn Write, output: Output, value: &Value) -> io::Result<()> {
    match output {
        Output::Yaml => write!(out, "{}", to_yaml(value)),
        Output::Ndjson => writeln!(out, "{}", escaped(&value.to_string())),
        Output::Json | Output::Table | Output::Wide | Output::Csv | Output::Name => json(out, value),
    }
}

/// An object as kubectl names it: `pod/web`, `deployment.apps/web`.
pub fn object_name(object: &Value) -> String {
    let group = text(object, "/apiVersion")
        .split_once('/')
        .map_or_else(String::new, |(group, _)| format!(".{group}"));
    format!("{}{group}/{}", text(object, "/kind").to_lowercase(), text(object, "/metadata/name"))
}

/// Prints a JSON value for people and programs alike.
pub fn json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{}", escaped(&serde_json::to_string_pretty(value)?))
}

/// JSON of which no character acts on a terminal: what JSON itself leaves as it is (C1 controls, marks of direction)
/// stands as `\\u…`. They can only be within strings.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() && c != '\n' || is_direction(c);
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_columns_go_before_what_matters_is_cut() {
        let mut columns = vec![("NAME", false), ("STATUS", false), ("AGE", true), ("IMAGE", false)];
        let mut rows = vec![
            ["web-7c9d8f6b5-2xkqz", "CrashLoopBackOff", "58m", "registry/web:2.41.0"]
                .map(str::to_owned)
                .to_vec(),
        ];
        leave_out(&mut columns, &mut rows, &[0, 0, 4, 7], 50);
        assert_eq!(columns.iter().map(|c| c.0).collect::<Vec<_>>(), ["NAME", "STATUS", "AGE"]);
        assert_eq!(rows[0].len(), 3);
        leave_out(&mut columns, &mut rows, &[0, 0, 4], 10);
        assert_eq!(columns.len(), 2, "what names and what says how it is stay");
    }

    #[test]
    fn json_that_acts_on_no_terminal() {
        let value = json!({"a": "x\u{9b}31m\u{202e}y\u{1b}[0m"});
        let text = escaped(&value.to_string()).into_owned();
        assert_eq!(text, "{\"a\":\"x\\u009b31m\\u202ey\\u001b[0m\"}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_table_is_cut_to_the_terminal_and_numbers_are_not() {
        let columns = [("NAME", false), ("WHY", false), ("N", true)];
        let rows = vec![vec!["web-7c9d8f6b5-2xkqz".to_owned(), "x".repeat(80), "1234567".to_owned()]];
        let mut out = Vec::new();
        table(&mut out, Some(60), &columns, &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|l| l.width() <= 60), "{text}");
        assert!(
            text.contains("1234567") && text.contains("web-7c9d8f6b5-2xkqz") && text.contains('…'),
            "{text}"
        );
        assert!(whole_width(&columns, &rows) > 100);
    }

    #[test]
    fn columns_line_up_by_width() {
        let mut out = Vec::new();
        let rows =
            vec![vec!["日本".to_owned(), "1".to_owned()], vec!["a\u{1b}[31mb".to_owned(), "200".to_owned()]];
        table(&mut out, None, &[("NAME", false), ("N", true)], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME    N\n日本    1\nab    200\n");
    }
}
