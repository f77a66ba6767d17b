//! How the kinds of one cluster stand in one session: whole, in trouble since when, refused. Trouble that passes soon is
//! no news; trouble that stays is said, and taken back by itself.
//!
//! Never: asking a server, or a clock: who calls says what time it is. Called by the supervisor.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::kind::Kind;
use crate::domain::text::SafeText;
use crate::fleet::cluster::{Lack, Why};
use crate::fleet::delta::Delta;
use crate::source::fault::{Fault, FaultClass};

/// How long a kind may have trouble, or its first list bring nothing, before that is said.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How one kind stands.
struct One {
    /// A list came whole in this session, or goes on from one that did before.
    whole: bool,
    /// It came whole, or was refused.
    settled: bool,
    /// Since when it has had trouble, or since its first list brought something last; by both clocks.
    since: Option<(Instant, Timestamp)>,
    /// What the trouble is, in the last words.
    cause: Option<SafeText>,
    /// What was told.
    told: Option<Lack>,
}

/// What the kinds come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A first list is on its way, and there is no reason to worry yet.
    Loading,
    /// Everything is there, or refused.
    Live,
    /// Everything that is watched is refused.
    Denied(SafeText),
    /// A watched kind has been in trouble for a while.
    Trouble(Timestamp, SafeText),
}

/// The kinds of one session.
pub(super) struct Standing(BTreeMap<Kind, One>);

impl Standing {
    /// The watched kinds, none there yet.
    pub(super) fn new(now: (Instant, Timestamp)) -> Self {
        let mut out = Self(BTreeMap::new());
        for kind in Kind::WATCHED {
            out.start(kind, now);
        }
        out
    }

    /// A kind is watched from now on.
    pub(super) fn start(&mut self, kind: Kind, now: (Instant, Timestamp)) {
        self.0.insert(kind, One { whole: false, settled: false, since: Some(now), cause: None, told: None });
    }

    /// A kind is not watched any more.
    pub(super) fn stop(&mut self, kind: Kind) {
        self.0.remove(&kind);
    }

    /// A list has come further. That is a good word of a first list; old rows are old until the new ones are whole.
    pub(super) fn page(&mut self, kind: Kind, now: (Instant, Timestamp)) {
        if let Some(one) = self.0.get_mut(&kind).filter(|one| !one.whole) {
            one.since = Some(now);
            one.cause = None;
            one.told = None;
        }
    }

    /// The watch goes on after a whole list, of this session or of one before: what was told is to be taken back.
    pub(super) fn well(&mut self, kind: Kind) -> Option<Delta> {
        let one = self.0.get_mut(&kind)?;
        one.whole = true;
        // What a session before told is taken back by the first good word of this one.
        let first = !std::mem::replace(&mut one.settled, true);
        one.since = None;
        one.cause = None;
        (one.told.take().is_some() || first).then_some(Delta::Well { kind })
    }

    /// A list came whole. The list itself takes back what was told before it; what was told between the list and the word of
    /// it is taken back by this.
    pub(super) fn whole(&mut self, kind: Kind) -> Option<Delta> {
        let one = self.0.get_mut(&kind)?;
        let told =
            std::mem::replace(one, One { whole: true, settled: true, since: None, cause: None, told: None });
        told.told.map(|_| Delta::Well { kind })
    }

    /// Trouble with a kind.
    pub(super) fn trouble(&mut self, kind: Kind, cause: &SafeText, now: (Instant, Timestamp)) {
        if let Some(one) = self.0.get_mut(&kind) {
            one.since.get_or_insert(now);
            one.cause = Some(cause.clone());
            // What was refused and now has trouble may not be refused any more: nobody knows until it answers.
            if let Some(told) = one.told.as_mut().filter(|t| t.why == Why::Trouble) {
                told.cause = cause.clone();
            }
        }
    }

    /// A kind is refused: that is said at once.
    pub(super) fn refused(&mut self, kind: Kind, fault: &Fault, now: (Instant, Timestamp)) -> Option<Delta> {
        let one = self.0.get_mut(&kind)?;
        let why = if fault.class == FaultClass::NotFound { Why::NotServed } else { Why::Refused };
        let since = one.since.map_or(now.1, |(_, at)| at);
        let lack = Lack { since, cause: fault.words.clone(), why };
        one.settled = true;
        one.since = None;
        one.cause = None;
        one.told = Some(lack.clone());
        Some(Delta::Lacks { kind, lack })
    }

    /// When trouble next becomes news.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0
            .values()
            .filter(|o| o.told.is_none())
            .filter_map(|o| o.since)
            .map(|(at, _)| at + PATIENCE)
            .min()
    }

    /// The trouble that has become news by now.
    pub(super) fn news(&mut self, now: Instant) -> Vec<Delta> {
        let mut out = Vec::new();
        for (kind, one) in &mut self.0 {
            if let (None, Some((at, since))) = (&one.told, one.since)
                && at + PATIENCE <= now
            {
                let cause = one.cause.clone().unwrap_or_else(|| {
                    SafeText::new(&format!("the list has brought nothing for {} s", PATIENCE.as_secs()))
                });
                let lack = Lack { since, cause, why: Why::Trouble };
                one.told = Some(lack.clone());
                out.push(Delta::Lacks { kind: *kind, lack });
            }
        }
        out
    }

    /// What the watched kinds come to.
    pub(super) fn verdict(&self) -> Verdict {
        let watched = || self.0.iter().filter(|(kind, _)| Kind::WATCHED.contains(kind));
        let troubled = watched()
            .filter_map(|(kind, one)| Some((kind, one.told.as_ref().filter(|t| t.why == Why::Trouble)?)))
            .min_by_key(|(_, told)| told.since);
        if let Some((kind, told)) = troubled {
            let cause = format!("{}: {}", kind.info().plural, told.cause);
            return Verdict::Trouble(told.since, SafeText::new(&cause));
        }
        if !watched().all(|(_, one)| one.settled) {
            return Verdict::Loading;
        }
        let refused: BTreeSet<Kind> = watched().filter(|(_, o)| o.told.is_some()).map(|(k, _)| *k).collect();
        let pods = self.0.get(&Kind::Pod).and_then(|one| one.told.as_ref());
        match pods {
            Some(lack) if refused.len() == Kind::WATCHED.len() => Verdict::Denied(lack.cause.clone()),
            Some(_) | None => Verdict::Live,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u64) -> (Instant, Timestamp) {
        let stamp = Timestamp::from_second(1_000 + i64::try_from(seconds).unwrap()).unwrap();
        (start + Duration::from_secs(seconds), stamp)
    }

    #[test]
    fn trouble_is_said_once_it_stays_and_taken_back() {
        let start = Instant::now();
        let mut s = Standing::new(at(start, 0));
        assert_eq!(s.verdict(), Verdict::Loading);
        for kind in Kind::WATCHED {
            s.whole(kind);
        }
        assert_eq!((s.verdict(), s.due()), (Verdict::Live, None));
        s.trouble(Kind::Pod, &"500".into(), at(start, 10));
        s.trouble(Kind::Pod, &"429".into(), at(start, 20));
        assert_eq!(s.due(), Some(start + Duration::from_secs(25)));
        assert!(s.news(start + Duration::from_secs(24)).is_empty());
        assert_eq!(s.verdict(), Verdict::Live);
        assert_eq!(s.news(start + Duration::from_secs(25)).len(), 1);
        let since = at(start, 10).1;
        assert_eq!(s.verdict(), Verdict::Trouble(since, "pods: 429".into()));
        // Said once, in the newest words.
        assert!(s.news(start + Duration::from_mins(1)).is_empty());
        s.trouble(Kind::Pod, &"503".into(), at(start, 61));
        assert_eq!(s.verdict(), Verdict::Trouble(since, "pods: 503".into()));
        assert!(matches!(s.well(Kind::Pod), Some(Delta::Well { kind: Kind::Pod })));
        assert_eq!((s.verdict(), s.due()), (Verdict::Live, None));
    }

    #[test]
    fn a_first_list_that_brings_nothing_is_trouble_and_one_that_grows_is_not() {
        let start = Instant::now();
        let mut s = Standing::new(at(start, 0));
        for kind in Kind::WATCHED.into_iter().filter(|k| *k != Kind::Pod) {
            s.whole(kind);
        }
        s.page(Kind::Pod, at(start, 14));
        assert!(s.news(start + Duration::from_secs(28)).is_empty());
        assert_eq!(s.news(start + Duration::from_secs(29)).len(), 1);
        assert!(matches!(s.verdict(), Verdict::Trouble(_, cause) if cause.contains("nothing for 15 s")));
        // Told while the list was on its way to who told it: it is taken back.
        assert!(matches!(s.whole(Kind::Pod), Some(Delta::Well { kind: Kind::Pod })));
        assert!(s.whole(Kind::Pod).is_none());
        assert_eq!(s.verdict(), Verdict::Live);
    }

    #[test]
    fn refused_is_live_but_for_a_cluster_that_refuses_everything() {
        let start = Instant::now();
        let mut s = Standing::new(at(start, 0));
        let fault = Fault::new(FaultClass::Forbidden, "forbidden");
        for kind in Kind::WATCHED.into_iter().filter(|k| *k != Kind::Pod) {
            s.refused(kind, &fault, at(start, 1));
        }
        assert_eq!(s.verdict(), Verdict::Loading);
        s.refused(Kind::Pod, &fault, at(start, 1));
        assert_eq!((s.verdict(), s.due()), (Verdict::Denied("forbidden".into()), None));
        s.whole(Kind::Pod);
        assert_eq!(s.verdict(), Verdict::Live);
    }
}
