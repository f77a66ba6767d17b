//! This machine's clock, by what the servers say of the time. Tokens are signed and certificates judged by it: AWS refuses a
//! signature that is five minutes off. A function of what was told. Called by [`super::check`].

use super::{Check, Level};
use crate::domain::age;
use crate::domain::text::SafeText;

/// So many seconds off are worth a word.
const WARN: i64 = 60;
/// And so many are trouble.
const BAD: i64 = 300;

/// What a server says: its name, and by how many seconds its clock is ahead of ours.
pub(super) type Told = (SafeText, i64);

/// What is to be said of the clock: nothing when nobody told the time.
pub(super) fn checks(told: &[Told]) -> Vec<Check> {
    let mut seconds: Vec<i64> = told.iter().map(|(_, s)| *s).collect();
    seconds.sort_unstable();
    // The middle one: a single server that is wrong is not believed against the others.
    let upper = seconds.get(seconds.len() / 2).copied();
    let lower = seconds.get(seconds.len().saturating_sub(1) / 2).copied();
    let Some(ahead) = [lower, upper].into_iter().flatten().min_by_key(|s| s.abs()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let whose = match told.len() {
        1 => "the server that told the time".to_owned(),
        n => format!("most of the {n} servers that told the time"),
    };
    let level = level(ahead);
    out.push(match level {
        Level::Ok => Check::new(level, "clock", "this machine", &format!("agrees with {whose}"), ""),
        Level::Warn | Level::Bad => {
            let words = format!("{} {whose}", off(-ahead));
            let fix = "chronyc tracking, or timedatectl, says whether the clock is kept in time; sudo timedatectl set-ntp true";
            Check::new(level, "clock", "this machine", &words, fix)
        }
    });
    for (name, seconds) in told.iter().filter(|(_, s)| (s - ahead).abs() > WARN) {
        let words = format!("{} the other servers", off(seconds - ahead));
        let fix = "on its control plane: chronyc tracking; or a proxy on the way answers in its place";
        out.push(Check::new(Level::Warn, "clock", name, &words, fix));
    }
    out
}

const fn level(ahead: i64) -> Level {
    match ahead.abs() {
        ..=WARN => Level::Ok,
        s if s <= BAD => Level::Warn,
        _ => Level::Bad,
    }
}

fn off(ahead: i64) -> String {
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    format!("{} {way}", age::show_seconds(ahead.unsigned_abs()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn whose_clock_it_is() {
        let look = |told: &[i64]| {
            let told: Vec<Told> =
                told.iter().enumerate().map(|(n, s)| (format!("c{n}").as_str().into(), *s)).collect();
            let line = |c: Check| format!("{} {}: {}", c.level.word(), c.subject, c.words);
            checks(&told).into_iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(look(&[]), [""; 0]);
        assert_eq!(look(&[60]), ["ok this machine: agrees with the server that told the time"]);
        assert_eq!(look(&[61]), ["warn this machine: 61s behind the server that told the time"]);
        assert_eq!(look(&[-300]), ["warn this machine: 5m ahead of the server that told the time"]);
        assert_eq!(look(&[-301]), ["bad this machine: 5m ahead of the server that told the time"]);
        assert_eq!(
            look(&[900, 901, 899]),
            ["bad this machine: 15m behind most of the 3 servers that told the time"]
        );
        // One that is wrong by itself.
        let one = [
            "ok this machine: agrees with most of the 3 servers that told the time",
            "warn c1: 60m behind the other servers",
        ];
        assert_eq!(look(&[0, -3600, 1]), one);
        // Of two that do not agree the nearer is believed.
        assert_eq!(look(&[0, 3600]).len(), 2);
        assert!(look(&[3600, 0])[0].starts_with("ok this machine"));
    }
}
