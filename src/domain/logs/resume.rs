//! Going on after a lost connection without losing or repeating a line.
//!
//! Lives here: the count that makes `sinceTime` exact. Never: the request, the retry, the wait (`source::logs`).
//! One per (cluster, namespace, pod uid, container, container id); a new container id starts a new one.
//!
//! `sinceTime` has whole seconds on the whole way to the kubelet (kubernetes #77856, #92389), so a stream is
//! opened again at the last second seen, and exactly the lines already seen of that second are passed over.
//! They are counted, never compared: equal lines are real.

use jiff::Timestamp;

/// Where a stream is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The newest whole second seen.
    second: Option<i64>,
    /// Lines seen of that second.
    seen: u64,
    /// Lines of that second still to be passed over after opening again.
    skip: u64,
    /// The newest time seen.
    last: Option<Timestamp>,
    /// Lines of that second that never came again.
    missing: u64,
}

impl Resume {
    /// A stream of which nothing has been seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to ask for as `sinceTime`: a whole second; `None` when nothing was seen. The value must reach the
    /// server as it is: kube rounds halves up, which is harmless only for whole seconds.
    pub fn since_time(&self) -> Option<Timestamp> {
        self.second.and_then(|s| Timestamp::from_second(s).ok())
    }

    /// The stream is opened again: from now on the lines seen of the last second are passed over. Returns what
    /// to ask for as `sinceTime`; ask for no tail then.
    pub fn reopen(&mut self) -> Option<Timestamp> {
        self.skip = self.seen;
        self.since_time()
    }

    /// Whether a line of this time is new. Every line of the stream has to be asked about, in its order.
    pub fn accept(&mut self, time: Timestamp) -> bool {
        let second = whole_second(time);
        match self.second {
            Some(last) if second == last => {
                if self.skip > 0 {
                    self.skip -= 1;
                    return false;
                }
                self.seen += 1;
            }
            // A clock that went back: not counted, for the server would not send it again either.
            Some(last) if second < last => {}
            _ => {
                // The second is over and not all of it came again: a rotation took the file.
                self.missing += self.skip;
                self.skip = 0;
                self.second = Some(second);
                self.seen = 1;
            }
        }
        self.last = self.last.max(Some(time));
        true
    }

    /// The newest time seen.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Lines seen before that did not come again since this was last asked. Any means that there may be a gap
    /// here: mark it.
    pub fn take_missing(&mut self) -> u64 {
        std::mem::take(&mut self.missing)
    }
}

/// The second a time lies in, rounded down also before 1970.
fn whole_second(time: Timestamp) -> i64 {
    if time.subsec_nanosecond() < 0 { time.as_second() - 1 } else { time.as_second() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn the_second_is_truncated() {
        let mut resume = Resume::new();
        assert_eq!(resume.reopen(), None);
        assert!(resume.accept(at(1_700)));
        assert_eq!(resume.since_time(), Some(at(1_000)));
        assert_eq!(resume.last(), Some(at(1_700)));
        assert_eq!(whole_second(at(-500)), -1);
    }

    #[test]
    fn equal_lines_are_counted() {
        let mut resume = Resume::new();
        assert!(resume.accept(at(1_100)) && resume.accept(at(1_100)));
        assert_eq!(resume.reopen(), Some(at(1_000)));
        assert!(!resume.accept(at(1_100)));
        // Lost again in the middle: all of the second comes again.
        resume.reopen();
        assert!(!resume.accept(at(1_100)) && !resume.accept(at(1_100)));
        assert!(resume.accept(at(1_100)) && resume.accept(at(2_000)));
        assert_eq!(resume.take_missing(), 0);
    }

    #[test]
    fn a_rotation_leaves_a_gap() {
        let mut resume = Resume::new();
        for _ in 0..3 {
            assert!(resume.accept(at(1_100)));
        }
        resume.reopen();
        assert!(!resume.accept(at(1_100)));
        assert!(resume.accept(at(5_000)));
        assert_eq!(resume.take_missing(), 2);
        assert_eq!(resume.take_missing(), 0);
    }

    #[test]
    fn a_clock_that_went_back() {
        let mut resume = Resume::new();
        assert!(resume.accept(at(5_000)) && resume.accept(at(3_000)) && resume.accept(at(5_100)));
        assert_eq!(resume.reopen(), Some(at(5_000)));
        assert!(!resume.accept(at(5_000)) && !resume.accept(at(5_100)) && resume.accept(at(6_000)));
    }

    proptest! {
        /// A container's log is cut at any places; each time it is opened again the server sends what it has
        /// from the second asked for. All lines come out, once, in order.
        #[test]
        fn cut_anywhere_nothing_lost_nothing_twice(
            steps in proptest::collection::vec(0i64..700, 1..80),
            cuts in proptest::collection::vec(0usize..80, 0..12)
        ) {
            let mut clock = 0;
            let log: Vec<i64> = steps.iter().map(|s| { clock += s; clock }).collect();
            let mut resume = Resume::new();
            let mut out = Vec::new();
            let mut lengths = cuts.into_iter();
            loop {
                let since = resume.reopen().map_or(0, Timestamp::as_millisecond);
                let sent = log.iter().enumerate().filter(|(_, t)| **t >= since);
                let length = lengths.next();
                for (i, t) in sent.take(length.unwrap_or(usize::MAX)) {
                    if resume.accept(at(*t)) {
                        out.push(i);
                    }
                }
                if length.is_none() {
                    break;
                }
            }
            prop_assert_eq!(out, (0..log.len()).collect::<Vec<_>>());
            prop_assert_eq!(resume.take_missing(), 0);
        }
    }
}
