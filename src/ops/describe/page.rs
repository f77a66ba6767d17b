//! A description under way: names with values, blocks below titles, tables. Names and columns are aligned when it is
//! written out.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// Values beside longer names stand one space behind them.
const NAMES_MOST: usize = 28;

/// A page, or a block of one.
#[derive(Debug, Default)]
pub(super) struct Page {
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    Field(String, Vec<String>),
    Block(String, Page),
    Table(Vec<Vec<String>>),
    Text(String),
}

impl Page {
    /// A name and its value. An empty value says that there is none.
    pub(super) fn field(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        self.lines(name, if value.is_empty() { vec!["none".to_owned()] } else { vec![value] });
    }

    /// A name and its value, where there is one.
    pub(super) fn known(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.lines(name, vec![value]);
        }
    }

    /// A name and its values, below each other; nothing where there are none.
    pub(super) fn lines(&mut self, name: &str, values: Vec<String>) {
        if !values.is_empty() {
            let values = values.iter().flat_map(|v| v.split('\n').map(str::to_owned)).collect();
            self.items.push(Item::Field(name.to_owned(), values));
        }
    }

    /// A block below its title; nothing where it stays empty.
    pub(super) fn block(&mut self, title: &str, fill: impl FnOnce(&mut Self)) {
        let mut page = Self::default();
        fill(&mut page);
        if !page.items.is_empty() {
            self.items.push(Item::Block(title.to_owned(), page));
        }
    }

    /// Rows in columns below their titles; nothing where there are no rows.
    pub(super) fn table<const N: usize>(&mut self, titles: [&str; N], rows: Vec<[String; N]>) {
        if rows.is_empty() {
            return;
        }
        let mut all = vec![titles.map(str::to_uppercase).to_vec()];
        // A line end in a cell would begin a line of the page.
        let whole = |cell: String| {
            if cell.contains('\n') {
                cell.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
            } else {
                cell
            }
        };
        all.extend(rows.into_iter().map(|row| row.map(whole).to_vec()));
        self.items.push(Item::Table(all));
    }

    /// Text as it is, each of its lines.
    pub(super) fn text(&mut self, text: &str) {
        self.items.extend(text.lines().map(|line| Item::Text(line.to_owned())));
    }

    /// The page as text. Its blocks stand apart.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let names = self.items.iter().filter_map(|item| match item {
            Item::Field(name, _) => Some(name.width()),
            _ => None,
        });
        let width = names.filter(|w| *w <= NAMES_MOST).max().unwrap_or(0);
        let indent = "  ".repeat(depth);
        for item in &self.items {
            match item {
                Item::Field(name, values) => {
                    let pad = " ".repeat((width + 1).saturating_sub(name.width()).max(1));
                    for (n, value) in values.iter().enumerate() {
                        let line = if n == 0 {
                            format!("{indent}{name}:{pad}{value}")
                        } else {
                            format!("{indent}{:w$}{value}", "", w = name.width() + 1 + pad.len())
                        };
                        let _ = writeln!(out, "{}", line.trim_end());
                    }
                }
                Item::Block(title, page) => {
                    if depth == 0 && !out.is_empty() {
                        out.push('\n');
                    }
                    let _ = writeln!(out, "{indent}{title}:");
                    page.write(out, depth + 1);
                }
                Item::Table(rows) => table(out, &indent, rows),
                Item::Text(line) => {
                    let _ = writeln!(out, "{}", format!("{indent}{line}").trim_end());
                }
            }
        }
    }
}

fn table(out: &mut String, indent: &str, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|n| rows.iter().filter_map(|r| r.get(n)).map(|c| c.width()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = indent.to_owned();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell}{}", " ".repeat((width + 2).saturating_sub(cell.width())));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_columns_are_aligned_block_by_block() {
        let mut page = Page::default();
        page.field("Name", "web");
        page.lines("Service Account", vec!["a".into(), "b\nc".into()]);
        page.known("IP", "");
        page.field("Node", "");
        page.block("Nothing", |_| {});
        page.block("Containers", |p| {
            p.block("main", |p| p.field("Image", "x:1"));
            p.table(["type", "宽"], vec![["Ready".into(), "True".into()], ["宽".into(), "no".into()]]);
        });
        page.table(["A"], vec![["x\n\nEvents:\n  none".into()]]);
        page.field("A name of more letters than there is room", "v");
        assert_eq!(
            page.written(),
            "Name:            web\nService Account: a\n                 b\n                 c\nNode:            none\n\
             \nContainers:\n  main:\n    Image: x:1\n  TYPE   宽\n  Ready  True\n  宽     no\n\
             A\nx  Events: none\n\
             A name of more letters than there is room: v\n"
        );
    }
}
