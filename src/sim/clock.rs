//! Time as the simulation counts it: milliseconds since the epoch, and the text forms of the API.
//! Never reads the system clock. Called by all of `sim`.

use jiff::Timestamp;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// One second.
pub(crate) const SECOND: Millis = 1_000;
/// One minute.
pub(crate) const MINUTE: Millis = 60 * SECOND;
/// One hour.
pub(crate) const HOUR: Millis = 60 * MINUTE;
/// One day.
pub(crate) const DAY: Millis = 24 * HOUR;

/// `metav1.Time`: whole seconds.
pub(crate) fn rfc3339(at: Millis) -> String {
    let (year, month, day, hour, minute, second) = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `metav1.MicroTime`.
pub(crate) fn micro(at: Millis) -> String {
    let mut out = rfc3339(at);
    out.pop();
    out.push_str(&format!(".{:03}000Z", at.rem_euclid(1000)));
    out
}

/// The time stamp the kubelet writes before a log line.
pub(crate) fn nano(at: Millis, nanos: u32) -> String {
    let mut out = rfc3339(at);
    out.pop();
    out.push_str(&format!(".{:03}{:06}Z", at.rem_euclid(1000), nanos % 1_000_000));
    out
}

/// Year, month, day, hour, minute, second in UTC (days-from-civil, Howard Hinnant).
pub(crate) fn civil(at: Millis) -> (i64, i64, i64, i64, i64, i64) {
    let seconds = at.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3600, rest / 60 % 60, rest % 60)
}

/// Reads an API time.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms() {
        let at = parse("2026-11-23T09:14:22.345Z").unwrap();
        assert_eq!(rfc3339(at), "2026-11-23T09:14:22Z");
        assert_eq!(micro(at), "2026-11-23T09:14:22.345000Z");
        assert_eq!(rfc3339(parse("2024-02-29T00:00:00Z").unwrap()), "2024-02-29T00:00:00Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
