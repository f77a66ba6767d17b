//! One log line, and the marks that stand between lines.
//!
//! Lives here: parting the kubelet's time from the text, and reading the level. Never: joining streams or showing
//! them. Called by `source::logs` for every line that arrives, so it stays cheap.

use jiff::Timestamp;

use crate::domain::text::SafeText;

/// One container of one pod of one cluster in one log view: its place in the view's list of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// How bad a line says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Debug and trace.
    Debug,
    /// The line does not say.
    #[default]
    Unknown,
    /// Info and notice.
    Info,
    /// Warning.
    Warn,
    /// Error and worse.
    Error,
}

impl Level {
    /// The word of a fixed width of five, as columns show it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Unknown => "",
        }
    }

    /// The level a word names, in any case: `warning`, `ERR`, `fatal`; also the numbers of bunyan and pino.
    pub fn of_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Level); 26] = [
            ("error", Level::Error),
            ("err", Level::Error),
            ("eror", Level::Error),
            ("fatal", Level::Error),
            ("crit", Level::Error),
            ("critical", Level::Error),
            ("panic", Level::Error),
            ("dpanic", Level::Error),
            ("alert", Level::Error),
            ("emerg", Level::Error),
            ("emergency", Level::Error),
            ("severe", Level::Error),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("info", Level::Info),
            ("information", Level::Info),
            ("notice", Level::Info),
            ("debug", Level::Debug),
            ("trace", Level::Debug),
            ("verbose", Level::Debug),
            ("60", Level::Error),
            ("50", Level::Error),
            ("40", Level::Warn),
            ("30", Level::Info),
            ("20", Level::Debug),
            ("10", Level::Debug),
        ];
        WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// Reads the level of a line: klog's first letter, a `level` field of JSON or logfmt, or a level word in
    /// capitals, in brackets or before a colon near the start.
    pub fn of_line(text: &str) -> Self {
        klog(text).or_else(|| field(text)).or_else(|| word(text)).unwrap_or_default()
    }
}

/// `E1123 14:03:07.214 …`: severity, month and day.
fn klog(text: &str) -> Option<Level> {
    let mut bytes = text.bytes();
    let level = match bytes.next()? {
        b'E' | b'F' => Level::Error,
        b'W' => Level::Warn,
        b'I' => Level::Info,
        _ => return None,
    };
    let digits = bytes.by_ref().take(4).filter(u8::is_ascii_digit).count();
    (digits == 4 && bytes.next() == Some(b' ')).then_some(level)
}

/// How far into a line a level is looked for, in bytes: fields of JSON stand anywhere, but megabytes are not read.
const LOOK_AT: usize = 2048;

fn field(text: &str) -> Option<Level> {
    let text = start_of(text, LOOK_AT);
    ["level", "severity", "lvl"].iter().find_map(|key| value_after(text, key).and_then(Level::of_word))
}

/// The word after `key=`, `key="`, `"key":"` or `"key": `.
fn value_after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    for (at, _) in text.match_indices(key) {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric()) {
            continue;
        }
        let rest = text.get(at + key.len()..)?;
        let rest = rest.strip_prefix('"').unwrap_or(rest).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']) else { continue };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        return rest.get(..end).filter(|w| !w.is_empty());
    }
    None
}

fn word(text: &str) -> Option<Level> {
    let text = start_of(text, 160);
    let mut at_start = true;
    let mut before = ' ';
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        before = rest.get(..start).and_then(|t| t.chars().next_back()).unwrap_or(before);
        let from = rest.get(start..)?;
        let end = from.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(from.len());
        let (token, after) = from.split_at_checked(end)?;
        let next = after.chars().next().unwrap_or(' ');
        let capitals = token.bytes().all(|b| b.is_ascii_uppercase());
        let bracketed = matches!((before, next), ('[', ']') | ('<', '>') | ('(', ')') | ('|', '|'));
        let stands_out = capitals || bracketed || (at_start && next == ':');
        if stands_out
            && !before.is_alphanumeric()
            && let Some(level) = Level::of_word(token)
        {
            return Some(level);
        }
        at_start = false;
        before = token.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    None
}

/// The first `bytes` of a text, cut at a character.
fn start_of(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// One line of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it comes from.
    pub source: SourceId,
    /// The kubelet's time, to the nanosecond; `None` when the line came without one.
    pub time: Option<Timestamp>,
    /// The line without its time; never holds a line end.
    pub text: SafeText,
    /// What it says of itself.
    pub level: Level,
    /// Its number within its source, rising: equal times keep their order.
    pub seq: u64,
}

/// Reads a line as the API server sends it with `timestamps=true`: RFC 3339 time, a space, the text. Bytes that
/// are no UTF-8 are shown as replacement characters. The line end may be there or not.
pub fn parse_line(source: SourceId, seq: u64, raw: &[u8]) -> LogLine {
    let text = String::from_utf8_lossy(raw);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let (time, text) = split_time(text);
    LogLine { source, time, level: Level::of_line(text), text: SafeText::new(text), seq }
}

/// Parts the time from the text at the first space. A line without a time is all text.
fn split_time(line: &str) -> (Option<Timestamp>, &str) {
    let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
    // A cheap look before the parser: most text that is no time fails here.
    let looks = head.len() >= 20 && head.starts_with(|c: char| c.is_ascii_digit()) && head.contains('T');
    match looks.then(|| head.parse::<Timestamp>()) {
        Some(Ok(time)) => (Some(time), rest),
        Some(Err(_)) | None => (None, line),
    }
}

/// What stands between lines: something happened to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub time: Timestamp,
    /// Whose stream; `None` for the whole view.
    pub source: Option<SourceId>,
    /// What happened.
    pub kind: MarkKind,
    /// In words, for the rule across the view.
    pub text: SafeText,
}

/// What happened to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// Lines are missing here.
    Gap,
    /// The container was started again.
    Restart,
    /// The stream is over.
    Ended,
    /// A person's own mark.
    Bookmark,
    /// Something of the cluster: an event, a rollout.
    Event,
}

/// One row of a log view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line.
    Line(LogLine),
    /// A mark.
    Mark(Mark),
}

impl Entry {
    /// When, if it says so.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Line(line) => line.time,
            Self::Mark(mark) => Some(mark.time),
        }
    }

    /// Its text.
    pub fn text(&self) -> &SafeText {
        match self {
            Self::Line(line) => &line.text,
            Self::Mark(mark) => &mark.text,
        }
    }

    /// The line, if it is one.
    pub fn line(&self) -> Option<&LogLine> {
        match self {
            Self::Line(line) => Some(line),
            Self::Mark(_) => None,
        }
    }

    /// What it costs to keep, in bytes, with its share of the store around it.
    pub fn bytes(&self) -> usize {
        self.text().len() + std::mem::size_of::<Self>() + 48
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels() {
        for (text, level) in [
            ("E1123 14:03:07.214 1 server.go:88] boom", Level::Error),
            ("I1123 14:03:07.214 1 server.go:88] fine", Level::Info),
            ("Email sent", Level::Unknown),
            ("level=error msg=x", Level::Error),
            ("ts=1 level=warn msg=\"no error here\"", Level::Warn),
            (r#"{"level":"error","msg":"x"}"#, Level::Error),
            (r#"{"msg":"x","severity": "WARNING"}"#, Level::Warn),
            (r#"{"level":50,"msg":"pino"}"#, Level::Error),
            (r#"{"loglevel":"error"}"#, Level::Unknown),
            ("2026-01-01 10:00:00 ERROR upstream timeout", Level::Error),
            ("2026/01/01 10:00:00 [error] 7#7: *1 connect() failed", Level::Error),
            ("error: no such file", Level::Error),
            ("there was no error: all good", Level::Unknown),
            ("WARN  retry 2/3", Level::Warn),
            ("[INFO] up", Level::Info),
            ("<debug> x", Level::Debug),
            ("NO_ERROR_HERE", Level::Unknown),
            ("plain", Level::Unknown),
            ("", Level::Unknown),
            ("日本 ERROR 語", Level::Error),
        ] {
            assert_eq!(Level::of_line(text), level, "{text}");
        }
    }

    #[test]
    fn the_time_is_cut_off() {
        let line = parse_line(SourceId(1), 7, b"2026-11-23T14:03:07.214123456Z ERROR x y\n");
        assert_eq!(line.time, Some("2026-11-23T14:03:07.214123456Z".parse().unwrap()));
        assert_eq!(line.text, "ERROR x y");
        assert_eq!((line.level, line.seq), (Level::Error, 7));
        let empty = parse_line(SourceId(1), 0, b"2026-11-23T14:03:07Z \r\n");
        assert_eq!(empty.text, "");
        assert!(empty.time.is_some());
        let zoned = parse_line(SourceId(1), 0, b"2026-11-23T15:03:07.5+01:00 x");
        assert_eq!(zoned.time, Some("2026-11-23T14:03:07.5Z".parse().unwrap()));
        let none = parse_line(SourceId(1), 0, b"no time here");
        assert_eq!((none.time, none.text.as_str()), (None, "no time here"));
    }

    #[test]
    fn bytes_that_are_no_text() {
        let line = parse_line(SourceId(0), 0, b"2026-11-23T14:03:07Z a\xff\x00\x1b[31mb\nc");
        assert!(!line.text.contains('\n'));
        assert!(line.text.starts_with("a\u{fffd}"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_line(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let line = parse_line(SourceId(0), 0, &raw);
            let has_control = line.text.contains(['\n', '\u{1b}']);
            prop_assert!(!has_control);
        }

        #[test]
        fn any_text_has_a_level(text in ".{0,200}") {
            let _ = Level::of_line(&text);
        }
    }
}
