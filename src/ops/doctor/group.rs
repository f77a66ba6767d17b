//! Many findings that are one: of hundreds of contexts with the same trouble a person reads one line. Programs get each by
//! itself. A function of the findings. Called by `cli`.

use std::collections::BTreeMap;

use super::files::some;
use super::{Check, Level};
use crate::domain::quantity::count;

/// So many that are alike become one.
const ALIKE: usize = 3;

/// The same findings, those that are alike as one: `12 contexts: a, b, c, d, e and 7 more`. Each stands where its first
/// stood. Alike are those that differ in the names they quote, or in how long an answer took.
pub fn grouped(checks: Vec<Check>) -> Vec<Check> {
    let mut groups: Vec<(Key, Vec<Check>)> = Vec::new();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for check in checks {
        let key = (check.area, check.level, gist(&check.words));
        let place = *places.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(check),
            None => groups.push((key, vec![check])),
        }
    }
    groups.into_iter().flat_map(|((_, _, gist), group)| one(&gist, group)).collect()
}

type Key = (&'static str, Level, String);

fn one(gist: &str, group: Vec<Check>) -> Vec<Check> {
    let Some((first, others)) = group.split_first().filter(|_| group.len() >= ALIKE) else { return group };
    let names: Vec<&str> = group.iter().map(|c| c.subject.as_str()).collect();
    let subject = format!("{}: {}", count(group.len(), noun(first.area)), some(&names));
    let words = if others.iter().all(|c| c.words == first.words) { first.words.as_str() } else { gist };
    let fix = if others.iter().all(|c| c.fix == first.fix) {
        first.fix.to_string()
    } else {
        format!("{}   (and so for each)", first.fix)
    };
    vec![Check::new(first.level, first.area, &subject, words, &fix)]
}

fn noun(area: &str) -> &'static str {
    match area {
        "contexts" | "expiry" => "context",
        "clusters" | "clock" => "cluster",
        "files" | "permissions" => "file",
        "plugins" => "plugin",
        "proxies" => "proxy",
        _ => "finding",
    }
}

/// Words without what is quoted in them, and without how many milliseconds something took.
fn gist(words: &str) -> String {
    let mut out = String::new();
    for (n, part) in words.split('"').enumerate() {
        out.push_str(if n % 2 == 0 { part } else { "…" });
    }
    match out.rsplit_once(", ") {
        Some((before, last)) if last.strip_suffix(" ms").is_some_and(|n| n.parse::<u64>().is_ok()) => {
            before.to_owned()
        }
        _ => out,
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn check(level: Level, area: &'static str, subject: usize, words: &str, fix: &str) -> Check {
        Check::new(level, area, &format!("c{subject}"), words, fix)
    }

    #[test]
    fn what_is_alike_is_one() {
        let mut checks = vec![check(Level::Ok, "contexts", 0, "12 contexts", "")];
        checks.extend((1..=300).map(|n| {
            let words = format!("there is no user entry named \"u{n}\"");
            check(Level::Bad, "contexts", n, &words, &format!("kubectl config delete-context 'c{n}'"))
        }));
        checks.extend((1..=3).map(|n| check(Level::Ok, "clusters", n, &format!("v1.30, as me, {n} ms"), "")));
        checks.extend((1..=2).map(|n| check(Level::Bad, "clusters", n, "connection refused", "the VPN")));
        let lines: Vec<String> = grouped(checks)
            .iter()
            .map(|c| format!("{} | {} | {} | {}", c.level.word(), c.subject, c.words, c.fix))
            .collect();
        let wanted = [
            "ok | c0 | 12 contexts | ",
            "bad | 300 contexts: c1, c2, c3, c4, c5 and 295 more | there is no user entry named … | kubectl config delete-context 'c1'   (and so for each)",
            "ok | 3 clusters: c1, c2, c3 | v1.30, as me | ",
            "bad | c1 | connection refused | the VPN",
            "bad | c2 | connection refused | the VPN",
        ];
        assert_eq!(lines, wanted);
    }
}
