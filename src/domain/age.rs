//! Ages as Kubernetes writes them, coarse on purpose: `45s 3m 2h 9d`. A coarse age changes rarely, so a still
//! fleet redraws rarely.

use jiff::Timestamp;

/// Seconds from `since` to `now`, never negative (clocks of nodes run ahead).
pub fn seconds(since: impl Into<Timestamp>, now: Timestamp) -> u64 {
    u64::try_from(now.as_second() - since.into().as_second()).unwrap_or(0)
}

/// The age for a table cell.
pub fn show(since: impl Into<Timestamp>, now: Timestamp) -> String {
    show_seconds(seconds(since, now))
}

/// A span of seconds for a table cell.
pub fn show_seconds(s: u64) -> String {
    match s {
        0..=119 => format!("{s}s"),
        120..=7_199 => format!("{}m", s / 60),
        7_200..=172_799 => format!("{}h", s / 3600),
        172_800..=63_071_999 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse() {
        for (s, text) in [
            (0, "0s"),
            (45, "45s"),
            (119, "119s"),
            (120, "2m"),
            (7199, "119m"),
            (7200, "2h"),
            (172_800, "2d"),
            (63_072_000, "2y"),
        ] {
            assert_eq!(show_seconds(s), text);
        }
    }

    #[test]
    fn a_clock_ahead_is_no_age() {
        let now = Timestamp::from_second(1000).unwrap();
        assert_eq!(show(Timestamp::from_second(2000).unwrap(), now), "0s");
    }
}
