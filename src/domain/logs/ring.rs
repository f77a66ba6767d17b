//! The bounded store behind a log view: entries in the order of time, the oldest dropped and counted.
//!
//! Lives here: order, bounds, the count of what was dropped. Never: filters, rows on a screen. Called by `ops::logs`
//! and read by the log pane.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::line::{Entry, SourceId};

/// Lines kept in a view when no setting says otherwise.
pub const MAX_LINES: usize = 200_000;

/// Bytes kept in a view when no setting says otherwise.
pub const MAX_BYTES: usize = 64 << 20;

type Key = (Timestamp, SourceId, u64);

/// Where an entry went, for views that hold a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index now; `None` when it was older than all that is kept and fell out at once.
    pub at: Option<usize>,
    /// Entries dropped from the front to make room, itself included: every index moved down by as many.
    pub dropped: usize,
    /// It went above entries that were there before.
    pub late: bool,
}

/// Entries in the order of (time, source, number), bounded by count and by bytes.
#[derive(Clone, Debug)]
pub struct Ring {
    entries: VecDeque<(Key, Entry)>,
    max_lines: usize,
    max_bytes: usize,
    bytes: usize,
    dropped: u64,
    first: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self::new(MAX_LINES, MAX_BYTES)
    }
}

impl Ring {
    /// A ring that keeps at most so many entries and so many bytes.
    pub fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), max_lines, max_bytes, bytes: 0, dropped: 0, first: 0 }
    }

    /// Puts an entry at its place in time, then drops the oldest until the bounds hold. An entry without a time
    /// goes to the end.
    pub fn insert(&mut self, entry: Entry) -> Placed {
        let key = self.key_of(&entry);
        self.bytes += entry.bytes();
        let at = match self.entries.back() {
            Some((last, _)) if *last > key => self.entries.partition_point(|(k, _)| *k <= key),
            _ => self.entries.len(),
        };
        let late = at < self.entries.len();
        if late {
            self.entries.insert(at, (key, entry));
        } else {
            self.entries.push_back((key, entry));
        }
        let dropped = self.drop_oldest();
        Placed { at: at.checked_sub(dropped), dropped, late }
    }

    fn key_of(&self, entry: &Entry) -> Key {
        let last = || self.entries.back().map(|(k, _)| *k);
        match entry {
            Entry::Line(line) => match line.time {
                Some(time) => (time, line.source, line.seq),
                None => last().unwrap_or((Timestamp::MIN, line.source, line.seq)),
            },
            // A mark stands behind the lines of its source of the same time.
            Entry::Mark(mark) => (mark.time, mark.source.unwrap_or(SourceId(u32::MAX)), u64::MAX),
        }
    }

    fn drop_oldest(&mut self) -> usize {
        let mut dropped = 0;
        while self.entries.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some((_, entry)) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            if entry.line().is_some() {
                self.dropped += 1;
            }
            self.first += 1;
            dropped += 1;
        }
        dropped
    }

    /// Changes the bounds; a smaller ring drops at once.
    pub fn resize(&mut self, max_lines: usize, max_bytes: usize) {
        self.max_lines = max_lines;
        self.max_bytes = max_bytes;
        self.drop_oldest();
    }

    /// Forgets all entries, and what was dropped: another reading begins.
    pub fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.dropped = 0;
        self.entries.clear();
        self.bytes = 0;
    }

    /// The entry at an index, oldest first.
    pub fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index).map(|(_, e)| e)
    }

    /// All entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter().map(|(_, e)| e)
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What they cost, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lines dropped for want of room since the view was opened.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many entries have left at the front: index plus this stays the same for an entry as long as nothing
    /// late is put above it.
    pub fn first(&self) -> u64 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::logs::line::{Level, LogLine, Mark, MarkKind};
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn line(source: u32, seq: u64, time: Option<i64>, text: &str) -> Entry {
        let level = Level::Unknown;
        Entry::Line(LogLine { source: SourceId(source), time: time.map(at), text: text.into(), level, seq })
    }

    fn texts(ring: &Ring) -> Vec<&str> {
        ring.iter().map(|e| e.text().as_str()).collect()
    }

    #[test]
    fn late_lines_go_to_their_place() {
        let mut ring = Ring::default();
        ring.insert(line(1, 0, Some(100), "a"));
        ring.insert(line(1, 1, Some(300), "c"));
        assert_eq!(ring.insert(line(2, 0, Some(200), "b")), Placed { at: Some(1), dropped: 0, late: true });
        assert_eq!(ring.insert(line(2, 1, None, "d")), Placed { at: Some(3), dropped: 0, late: false });
        assert_eq!(texts(&ring), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_oldest_go_and_are_counted() {
        let mut ring = Ring::new(2, usize::MAX);
        ring.insert(line(1, 0, Some(1), "a"));
        ring.insert(line(1, 1, Some(2), "b"));
        assert_eq!(ring.insert(line(1, 2, Some(3), "c")), Placed { at: Some(1), dropped: 1, late: false });
        // Older than all that is kept: it falls out at once.
        assert_eq!(ring.insert(line(2, 0, Some(0), "z")), Placed { at: None, dropped: 1, late: true });
        assert_eq!((texts(&ring), ring.dropped(), ring.first()), (vec!["b", "c"], 2, 2));
    }

    #[test]
    fn a_mark_stands_behind_the_lines_of_its_time() {
        let mut ring = Ring::default();
        let text = "restarted".into();
        ring.insert(Entry::Mark(Mark {
            time: at(5),
            source: Some(SourceId(1)),
            kind: MarkKind::Restart,
            text,
        }));
        ring.insert(line(1, 9, Some(5), "last words"));
        ring.insert(line(1, 10, Some(6), "first words"));
        assert_eq!(texts(&ring), ["last words", "restarted", "first words"]);
        assert_eq!(ring.dropped(), 0);
    }

    #[test]
    fn smaller_bounds_drop_at_once() {
        let mut ring = Ring::default();
        for i in 0..10 {
            ring.insert(line(1, i, Some(1), "x"));
        }
        ring.resize(3, usize::MAX);
        assert_eq!((ring.len(), ring.dropped()), (3, 7));
        ring.resize(3, 0);
        assert_eq!((ring.len(), ring.bytes()), (0, 0));
        ring.insert(line(1, 11, Some(1), "x"));
        ring.clear();
        assert!(ring.is_empty());
    }

    proptest! {
        #[test]
        fn never_exceeds_and_stays_sorted(
            max_lines in 0usize..20,
            max_bytes in 0usize..4000,
            input in proptest::collection::vec((0u32..3, proptest::option::of(0i64..50), ".{0,30}"), 0..100)
        ) {
            let mut ring = Ring::new(max_lines, max_bytes);
            for (i, (source, time, text)) in input.iter().enumerate() {
                let placed = ring.insert(line(*source, i as u64, *time, text));
                prop_assert!(ring.len() <= max_lines && ring.bytes() <= max_bytes);
                let sum: usize = ring.iter().map(Entry::bytes).sum();
                prop_assert_eq!(sum, ring.bytes());
                if let Some(at) = placed.at {
                    prop_assert_eq!(ring.get(at).and_then(Entry::line).map(|l| l.seq), Some(i as u64));
                }
                let times: Vec<_> = ring.iter().filter_map(Entry::time).collect();
                prop_assert!(times.is_sorted());
            }
            prop_assert_eq!(ring.len() as u64 + ring.dropped(), input.len() as u64);
        }
    }
}
