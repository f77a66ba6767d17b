//! Which lines of a log view are shown.
//!
//! Lives here: include and exclude over the stored text, and the count of what they hide. Never: the store
//! (`ring`) or a second request: a filter works on what is there. Called by the log pane and by `ops::logs`.

use std::ops::Range;

use super::line::Entry;
use crate::domain::filter::{FilterError, Pattern};

/// What a line has to hold and must not hold.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl LogFilter {
    /// Reads one typed text: plain or an expression (`timeout|error`), blanks and all; `!text` hides what it
    /// finds. Empty shows everything.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        match text.strip_prefix('!') {
            Some(rest) => filter.exclude(rest)?,
            None => filter.include(text)?,
        }
        Ok(filter)
    }

    /// Shows only lines that hold this, or one of the others asked for before. `!text` is an exclude.
    pub fn include(&mut self, text: &str) -> Result<(), FilterError> {
        match text.strip_prefix('!') {
            Some(rest) => self.exclude(rest),
            None => push(&mut self.include, text),
        }
    }

    /// Hides lines that hold this.
    pub fn exclude(&mut self, text: &str) -> Result<(), FilterError> {
        push(&mut self.exclude, text)
    }

    /// Whether it shows everything.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a text is shown.
    pub fn matches(&self, text: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|p| p.is_match(text)))
            && !self.exclude.iter().any(|p| p.is_match(text))
    }

    /// Whether an entry is shown. Marks always are: a hidden gap would be a lie.
    pub fn shows(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Mark(_) => true,
            Entry::Line(line) => self.matches(&line.text),
        }
    }

    /// Where the first included text stands in a line, in bytes, for highlighting.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.include.iter().filter_map(|p| p.find(text)).min_by_key(|r| r.start)
    }
}

fn push(list: &mut Vec<Pattern>, text: &str) -> Result<(), FilterError> {
    if !text.trim().is_empty() {
        list.push(Pattern::parse(text)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::line::{Mark, MarkKind, SourceId, parse_line};
    use super::*;

    #[test]
    fn texts() {
        for (filter, text, shown) in [
            ("", "anything", true),
            ("timeout|error", "upstream TIMEOUT", true),
            ("timeout|error", "all good", false),
            ("!healthz", "GET /healthz", false),
            ("!healthz", "GET /orders", true),
            ("!", "anything", true),
            ("GET /a", "get /a b", true),
            ("a(b", "xA(By", true),
        ] {
            assert_eq!(LogFilter::parse(filter).unwrap().matches(text), shown, "{filter} {text}");
        }
    }

    #[test]
    fn stacks_of_both() {
        let mut filter = LogFilter::parse("error").unwrap();
        filter.include("warn").unwrap();
        filter.exclude("probe").unwrap();
        assert!(filter.matches("WARN x") && filter.matches("error y"));
        assert!(!filter.matches("error probe") && !filter.matches("info"));
        assert_eq!(filter.find("x error"), Some(2..7));
    }

    #[test]
    fn marks_stay() {
        let entry = |text: &str| Entry::Line(parse_line(SourceId(0), 0, text.as_bytes()));
        let mark = Entry::Mark(Mark {
            time: jiff::Timestamp::UNIX_EPOCH,
            source: None,
            kind: MarkKind::Gap,
            text: "gap".into(),
        });
        let entries = [entry("ERROR a"), entry("b"), mark, entry("level=debug error")];
        let filter = LogFilter::parse("error").unwrap();
        assert_eq!(entries.map(|e| filter.shows(&e)), [true, false, true, true]);
    }
}
