//! A pace for what is worked out anew whenever the data changes, and takes its time with a hundred thousand rows: keys and
//! drawing keep most of the processor.
//!
//! Called by panes and by the view when they are made ready.

use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;

/// Of so few rows anything is worked out in no time.
const SMALL: usize = 3_000;

/// When something was worked out last, and how long that took.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    at: Instant,
    took: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { at: Instant::now(), took: Duration::ZERO }
    }
}

impl Pace {
    /// Whether it may be worked out again, if it is to have at most one part in `parts` of the time. Over a fleet that is
    /// small it always may.
    pub fn allows(&self, parts: u32, fleet: &Fleet) -> bool {
        Self::is_small(fleet) || self.is_due(parts)
    }

    /// The fleet has so few rows that anything is worked out of them in no time.
    pub fn is_small(fleet: &Fleet) -> bool {
        let rows = |c: &Cluster| {
            let tally = c.tally();
            (tally.pods + tally.workloads + tally.nodes) as usize
        };
        fleet.clusters().iter().map(rows).sum::<usize>() < SMALL
    }

    /// It was worked out just now, a little at a time, and took so long.
    pub fn took(&mut self, took: Duration) {
        *self = Self { at: Instant::now(), took };
    }

    fn is_due(&self, parts: u32) -> bool {
        self.at.elapsed() >= self.took.saturating_mul(parts)
    }

    /// Works it out.
    pub fn work<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let at = Instant::now();
        let out = what();
        *self = Self { at, took: at.elapsed() };
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_done_seldom() {
        let mut pace = Pace::default();
        assert!(pace.is_due(1_000_000));
        assert_eq!(pace.work(|| 7), 7);
        pace.took = Duration::from_hours(1);
        assert!(!pace.is_due(2));
        pace.took = Duration::ZERO;
        assert!(pace.is_due(2));
    }
}
