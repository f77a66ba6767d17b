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

/// Reads a span as it is typed: `90s`, `15m`, `2d4h`: numbers, each with its unit, a smaller one behind each. `None` when it is no time.
pub fn read_seconds(text: &str) -> Option<u64> {
    let (mut rest, mut sum, mut before) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(end)?;
        let mut chars = behind.chars();
        let unit = match chars.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            'y' => 31_536_000,
            _ => return None,
        };
        if unit >= before {
            return None;
        }
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        (rest, before) = (chars.as_str(), unit);
    }
    (before != u64::MAX).then_some(sum)
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

    #[test]
    fn spans() {
        for (text, s) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("2h", Some(7_200)),
            ("3d", Some(259_200)),
            ("2d4h", Some(187_200)),
            ("1w", Some(604_800)),
            ("2y", Some(63_072_000)),
            ("0s", Some(0)),
            ("9", None),
            ("", None),
            ("h", None),
            ("4h2d", None),
            ("1h1h", None),
            ("2h30", None),
            ("1.5h", None),
            ("99999999999999999999d", None),
            ("9999999999999999999y", None),
            ("2é", None),
        ] {
            assert_eq!(read_seconds(text), s, "{text}");
        }
    }
}
