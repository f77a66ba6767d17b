//! The live merge: many sources, one stream in the order of time.
//!
//! Lives here: how long a line waits for an older one of another source. Never: keeping what was shown (`ring`),
//! filters, connections. Called by `ops::logs`.
//!
//! A line is let go when every other live source has got past its time (so a single stream never waits), or when
//! it has waited for the window; what is older goes with it. What arrives later still is counted as late and goes
//! to its place in the ring.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::line::{LogLine, SourceId};

/// How long a line waits for older ones of other sources.
pub const WINDOW: SignedDuration = SignedDuration::from_millis(500);

/// The most lines that wait; above it the oldest go at once.
pub const MAX_WAITING: usize = 65_536;

type Key = (Timestamp, SourceId, u64);

/// Lines of live sources on their way into one stream.
#[derive(Clone, Debug)]
pub struct Merge {
    window: SignedDuration,
    waiting: BTreeMap<Key, LogLine>,
    /// By arrival, to know whose wait is over.
    arrivals: VecDeque<(Timestamp, Key)>,
    /// Live sources and the newest time each has shown.
    sources: BTreeMap<SourceId, Option<Timestamp>>,
    /// The last line let go.
    released: Option<Key>,
    late: u64,
}

impl Default for Merge {
    fn default() -> Self {
        Self::new(WINDOW)
    }
}

impl Merge {
    /// A merge that lets a line wait for at most `window`.
    pub fn new(window: SignedDuration) -> Self {
        Self {
            window,
            waiting: BTreeMap::new(),
            arrivals: VecDeque::new(),
            sources: BTreeMap::new(),
            released: None,
            late: 0,
        }
    }

    /// A source is live from now on: lines of others wait for it.
    pub fn open(&mut self, source: SourceId) {
        self.sources.entry(source).or_default();
    }

    /// A source is over or lost: nobody waits for it any more.
    pub fn close(&mut self, source: SourceId) {
        self.sources.remove(&source);
    }

    /// Takes a line that arrived at `now`. A line without a time gets the newest time of its source, else `now`.
    pub fn push(&mut self, mut line: LogLine, now: Timestamp) {
        let newest = self.sources.entry(line.source).or_default();
        let time = line.time.or(*newest).unwrap_or(now);
        *newest = Some(newest.map_or(time, |t| t.max(time)));
        line.time = Some(time);
        let key = (time, line.source, line.seq);
        if self.released.is_some_and(|r| key < r) {
            self.late += 1;
        }
        self.waiting.insert(key, line);
        self.arrivals.push_back((now, key));
    }

    /// The lines whose wait is over, in the order of their times.
    pub fn drain(&mut self, now: Timestamp) -> Vec<LogLine> {
        let mut bound: Option<Key> = None;
        while let Some((arrived, key)) = self.arrivals.front().copied() {
            let waited = now.duration_since(arrived) >= self.window;
            if !waited && self.arrivals.len() <= MAX_WAITING {
                break;
            }
            self.arrivals.pop_front();
            bound = bound.max(Some(key));
        }
        let slowest = self.slowest();
        let mut out = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            let key = *entry.key();
            if bound.is_none_or(|b| key > b) && !slowest.all_others_past(key) {
                break;
            }
            out.push(entry.remove());
            self.released = self.released.max(Some(key));
        }
        self.forget_released();
        out
    }

    /// All that waits, in order: for the end of a view or of history.
    pub fn flush(&mut self) -> Vec<LogLine> {
        self.arrivals.clear();
        if let Some((key, _)) = self.waiting.last_key_value() {
            self.released = self.released.max(Some(*key));
        }
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    /// When the next line's wait is over, so that nobody has to poll; `None` when none waits.
    pub fn next_release(&self) -> Option<Timestamp> {
        let (arrived, _) = self.arrivals.front()?;
        arrived.checked_add(self.window).ok()
    }

    /// How many lines wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many lines came after younger ones had been let go.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn slowest(&self) -> Slowest {
        let mut by_time: Vec<_> = self.sources.iter().map(|(source, newest)| (*newest, *source)).collect();
        by_time.sort_unstable();
        let mut two = by_time.into_iter();
        Slowest { first: two.next(), second: two.next() }
    }

    /// Arrivals of lines that are gone already, at the front of the queue.
    fn forget_released(&mut self) {
        while self.arrivals.front().is_some_and(|(_, key)| !self.waiting.contains_key(key)) {
            self.arrivals.pop_front();
        }
    }
}

/// The two live sources that are furthest behind; `None` as a time stands for a source that has shown nothing.
struct Slowest {
    first: Option<(Option<Timestamp>, SourceId)>,
    second: Option<(Option<Timestamp>, SourceId)>,
}

impl Slowest {
    /// Whether no other live source can still send something that belongs before `key`. Strictly past: a source
    /// may yet send more lines of its newest time.
    fn all_others_past(&self, key: Key) -> bool {
        let other =
            if self.first.is_some_and(|(_, source)| source == key.1) { self.second } else { self.first };
        other.is_none_or(|(newest, _)| newest.is_some_and(|t| key.0 < t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::logs::line::Level;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn line(source: u32, seq: u64, time: Option<i64>) -> LogLine {
        LogLine { source: SourceId(source), time: time.map(at), text: "x".into(), level: Level::Unknown, seq }
    }

    fn times(lines: &[LogLine]) -> Vec<i64> {
        lines.iter().map(|l| l.time.unwrap().as_millisecond()).collect()
    }

    #[test]
    fn goes_when_all_sources_got_past() {
        let mut merge = Merge::default();
        merge.open(SourceId(1));
        merge.open(SourceId(2));
        merge.push(line(1, 0, Some(100)), at(1000));
        merge.push(line(1, 1, Some(300)), at(1000));
        assert_eq!(times(&merge.drain(at(1001))), [0i64; 0]);
        merge.push(line(2, 0, Some(200)), at(1002));
        assert_eq!(times(&merge.drain(at(1003))), [100, 200]);
        merge.push(line(2, 1, Some(400)), at(1004));
        assert_eq!(times(&merge.drain(at(1005))), [300]);
        assert_eq!(merge.waiting(), 1);
        assert_eq!(merge.late(), 0);
    }

    #[test]
    fn goes_when_it_has_waited() {
        let mut merge = Merge::default();
        merge.open(SourceId(2));
        merge.push(line(1, 0, Some(100)), at(1000));
        assert_eq!(merge.next_release(), Some(at(1500)));
        assert!(merge.drain(at(1499)).is_empty());
        assert_eq!(times(&merge.drain(at(1500))), [100]);
        assert_eq!(merge.next_release(), None);
        merge.push(line(2, 0, Some(50)), at(1600));
        assert_eq!(merge.late(), 1);
        assert_eq!(times(&merge.drain(at(2100))), [50]);
    }

    #[test]
    fn nobody_waits_for_a_closed_source() {
        let mut merge = Merge::default();
        merge.open(SourceId(2));
        merge.push(line(1, 0, Some(100)), at(1000));
        merge.push(line(1, 1, Some(101)), at(1000));
        merge.close(SourceId(2));
        assert_eq!(times(&merge.drain(at(1001))), [100, 101]);
        assert!(merge.flush().is_empty());
    }

    #[test]
    fn a_line_without_time_stays_behind_the_one_before() {
        let mut merge = Merge::default();
        merge.push(line(1, 0, Some(100)), at(1000));
        merge.push(line(1, 1, None), at(1000));
        merge.push(line(2, 0, None), at(1000));
        assert_eq!(times(&merge.flush()), [100, 100, 1000]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_batch_is_sorted(
            input in proptest::collection::vec((0u32..4, 0i64..5000, 0i64..300, any::<bool>()), 0..300)
        ) {
            let mut merge = Merge::default();
            let mut now = 10_000;
            let mut out = Vec::new();
            let mut late_seen = 0;
            for (i, (source, time, step, drain)) in input.iter().enumerate() {
                now += step;
                merge.push(line(*source, i as u64, Some(*time)), at(now));
                if *drain {
                    let batch = merge.drain(at(now));
                    prop_assert!(times(&batch).is_sorted());
                    out.extend(batch);
                }
                prop_assert!(merge.late() >= late_seen);
                late_seen = merge.late();
            }
            out.extend(merge.drain(at(now + 500)));
            prop_assert_eq!(merge.waiting(), 0);
            prop_assert_eq!(out.len(), input.len());
            if merge.late() == 0 {
                prop_assert!(times(&out).is_sorted());
            }
        }

        #[test]
        fn sources_in_order_within_the_window_come_out_sorted(
            steps in proptest::collection::vec((0u32..3, 0i64..50, 0i64..100), 1..200)
        ) {
            // Each source's clock rises, and each line arrives at most 100 ms after it was written.
            let mut merge = Merge::default();
            let mut clock = 0;
            let mut arrived = 0;
            let mut out = Vec::new();
            for (i, (source, step, delay)) in steps.iter().enumerate() {
                clock += step;
                arrived = arrived.max(clock + delay);
                merge.push(line(*source, i as u64, Some(clock)), at(arrived));
                out.extend(merge.drain(at(arrived)));
            }
            out.extend(merge.flush());
            prop_assert!(times(&out).is_sorted());
            prop_assert_eq!(out.len(), steps.len());
        }
    }
}
