//! Client certificates and tokens that say when they end. Reads them where they are in files of their own. Called by
//! [`super::check`].

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::mending::renew;
use super::{Check, Level};
use crate::domain::age;
use crate::domain::quantity::count;
use crate::source::credentials::expires;
use crate::source::kubeconfig::{ContextEntry, UserEntry};

/// What ends sooner is worth a word.
const SOON_DAYS: i64 = 7;

/// What is to be said of what ends.
pub(super) fn checks(contexts: &[&ContextEntry], now: Timestamp) -> Vec<Check> {
    // Many contexts may have one user.
    let mut known: HashMap<*const UserEntry, Option<(&'static str, Timestamp)>> = HashMap::new();
    let mut lasting: Vec<Timestamp> = Vec::new();
    let mut out = Vec::new();
    for context in contexts {
        let Some(access) = &context.access else { continue };
        let user = &access.user;
        let Some((what, at)) = *known.entry(Arc::as_ptr(user)).or_insert_with(|| expires(user)) else {
            continue;
        };
        match judge(what, at, now) {
            (Level::Ok, _) => lasting.push(at),
            (level, words) => {
                out.push(Check::new(level, "expiry", &context.name, &words, &renew(context)));
            }
        }
    }
    if let Some(first) = lasting.iter().min() {
        let words = format!(
            "{} with a certificate or token that says when it ends: good for more than {SOON_DAYS} days; the first ends on {}",
            count(lasting.len(), "context"),
            day(*first)
        );
        out.insert(0, Check::new(Level::Ok, "expiry", "all", &words, ""));
    }
    out
}

/// How it is with something that ends then.
fn judge(what: &str, at: Timestamp, now: Timestamp) -> (Level, String) {
    if at <= now {
        return (Level::Bad, format!("the {what} expired on {}, {} ago", day(at), age::show(at, now)));
    }
    let left = age::show(now, at);
    let soon = at.as_second() - now.as_second() < SOON_DAYS * 86_400;
    (if soon { Level::Warn } else { Level::Ok }, format!("the {what} ends on {}, in {left}", day(at)))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn how_long_it_is_good() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (at, level, words) in [
            ("2026-03-09T12:00:00Z", Level::Bad, "the token expired on 2026-03-09 12:00 UTC, 24h ago"),
            ("2026-03-10T12:00:00Z", Level::Bad, "the token expired on 2026-03-10 12:00 UTC, 0s ago"),
            ("2026-03-10T12:01:00Z", Level::Warn, "the token ends on 2026-03-10 12:01 UTC, in 60s"),
            ("2026-03-17T11:59:59Z", Level::Warn, "the token ends on 2026-03-17 11:59 UTC, in 6d"),
            ("2026-03-17T12:00:00Z", Level::Ok, "the token ends on 2026-03-17 12:00 UTC, in 7d"),
            ("9999-12-30T00:00:00Z", Level::Ok, "the token ends on 9999-12-30 00:00 UTC, in 7979y"),
        ] {
            assert_eq!(judge("token", at.parse().unwrap(), now), (level, words.to_owned()));
        }
    }
}
