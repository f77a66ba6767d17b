//! The number of problems at the tab: the pane's own where it is shown, else counted every few seconds, and as soon as another
//! cluster has told what it holds. Over a hundred thousand pods that takes its time, so it is done a little at a time: keys come first.
//!
//! Called by the view when it is made ready, and by the loop when nothing else waits.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::ops::problems::{self, Count, Search};
use crate::ui::pace::Pace;

/// Counting may take one part in so many of the time: it is not what a person looks at.
const PARTS: u32 = 100;
/// So long it counts before it looks whether there is something else to do.
const AT_A_TIME: Duration = Duration::from_millis(2);

/// What it was counted of: the fleet's revision, the time, and how many clusters have told what they hold.
type State = (u64, i64, usize);

/// The number, and a count that is under way.
#[derive(Debug, Default)]
pub(super) struct ProblemCount {
    number: Count,
    seen: Option<State>,
    pace: Pace,
    search: Option<(Search, Duration)>,
}

fn state(fleet: &Fleet, now: Timestamp) -> State {
    let settled = fleet.clusters().iter().filter(|c| c.phase.is_settled()).count();
    (fleet.revision, now.as_second() / 2, settled)
}

impl ProblemCount {
    /// How many there are, as far as is known.
    pub(super) const fn number(&self) -> Count {
        self.number
    }

    /// A pane has found so many: what it lists and what is counted are never two things.
    pub(super) fn listed(&mut self, number: Count, fleet: &Fleet, now: Timestamp) {
        self.number = number;
        self.seen = Some(state(fleet, now));
        self.search = None;
    }

    /// It is to be counted of another scope, or of another fleet.
    pub(super) fn forget(&mut self) {
        self.search = None;
        self.seen = None;
    }

    /// Counts anew when it is time, and goes on with a count that has begun.
    pub(super) fn count(&mut self, fleet: &Fleet, scope: &Scope, now: Timestamp) {
        let state = state(fleet, now);
        let due = |s: State| {
            // Some rules wait for time to pass.
            s.2 != state.2 || (s.0 != state.0 && s.1 != state.1) || state.1.abs_diff(s.1) >= 5
        };
        if self.search.is_none() && self.seen.is_none_or(due) {
            if Pace::is_small(fleet) {
                self.seen = Some(state);
                self.number = problems::count(&problems::of(fleet, scope, now));
            } else if self.pace.allows(PARTS, fleet) {
                self.seen = Some(state);
                self.search = Some((Search::new(fleet, scope), Duration::ZERO));
            }
        }
        self.go_on(fleet, now);
    }

    /// Goes on with a count that has begun, for a moment; false when there is none.
    pub(super) fn go_on(&mut self, fleet: &Fleet, now: Timestamp) -> bool {
        let Some((search, took)) = &mut self.search else { return false };
        let since = Instant::now();
        while search.look_at_next(fleet, now) {
            if since.elapsed() >= AT_A_TIME {
                *took += since.elapsed();
                return true;
            }
        }
        *took += since.elapsed();
        self.pace.took(*took);
        if let Some((search, _)) = self.search.take() {
            self.number = problems::count(&search.end());
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ClusterId;
    use crate::domain::kind::Kind;
    use crate::domain::object::Meta;
    use crate::domain::place::Place;
    use crate::domain::pod::{ContainerRow, ContainerState, PodRow, Waiting};
    use crate::fleet::cluster::ClusterInfo;
    use crate::fleet::delta::{Batch, Delta, Row, Update};

    const CLUSTERS: u32 = 8;

    /// Clusters of a thousand pods, of which the first crashes.
    fn fleet() -> Fleet {
        let mut fleet = Fleet::new((0..CLUSTERS).map(|_| ClusterInfo::sample("a", Place::default())));
        for id in 0..CLUSTERS {
            let pod = |n: usize| {
                let meta =
                    Meta { namespace: "ns".into(), name: format!("pod-{n}").into(), ..Meta::default() };
                let waiting = Waiting { reason: "CrashLoopBackOff".into(), ..Waiting::default() };
                let state = if n == 0 {
                    ContainerState::Waiting(Box::new(waiting))
                } else {
                    ContainerState::default()
                };
                let containers =
                    vec![ContainerRow { name: "c".into(), state, restarts: 9, ..ContainerRow::default() }];
                let status = if n == 0 { "CrashLoopBackOff" } else { "Running" };
                Row::Pod(Box::new(PodRow {
                    meta,
                    phase: "Running".into(),
                    status: status.into(),
                    is_ready: n > 0,
                    containers,
                    ..PodRow::default()
                }))
            };
            let deltas = vec![Delta::Reset { kind: Kind::Pod, rows: (0..1000).map(pod).collect() }];
            fleet.apply(Update::Cluster(Batch { cluster: ClusterId(id), deltas }), Timestamp::UNIX_EPOCH);
        }
        fleet
    }

    #[test]
    fn step_by_step_it_comes_to_what_is_there_and_another_scope_begins_anew() {
        let (fleet, now) = (fleet(), Timestamp::UNIX_EPOCH);
        let wanted = problems::count(&problems::of(&fleet, &Scope::all(), now));
        assert!(wanted.all > 0);
        let mut count = ProblemCount::default();
        count.count(&fleet, &Scope::all(), now);
        while count.go_on(&fleet, now) {}
        assert_eq!(count.number(), wanted);
        // A scope with nothing in it, while the other is still being counted.
        let mut count =
            ProblemCount { search: Some((Search::new(&fleet, &Scope::all()), Duration::ZERO)), ..count };
        count.forget();
        count.pace = Pace::default();
        let nothing = Scope::nodes([crate::domain::scope::TreeNode::Cluster(ClusterId(99))]);
        count.count(&fleet, &nothing, now);
        while count.go_on(&fleet, now) {}
        assert_eq!(count.number(), Count::default());
    }
}
