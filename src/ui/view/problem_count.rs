//! The number of problems at the tab: the pane's own where it is shown, else counted every few seconds, and as soon as another
//! cluster has told what it holds. Over a hundred thousand pods that takes its time, so it is done a little at a time, when nothing else
//! waits.
//!
//! Called by the view when it is made ready, and by the loop.

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

/// So long a count waits for the loop to have nothing else to do; then it goes on all the same.
const PATIENCE: Duration = Duration::from_millis(250);

/// A count that is under way.
#[derive(Debug)]
struct Counting {
    search: Search,
    took: Duration,
    /// When it last went on.
    at: Instant,
}

/// The number, and how it comes about.
#[derive(Debug, Default)]
pub(super) struct ProblemCount {
    number: Count,
    seen: Option<State>,
    pace: Pace,
    counting: Option<Counting>,
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
        self.counting = None;
    }

    /// It is to be counted of another scope, and soon.
    pub(super) fn forget(&mut self) {
        *self = Self { number: self.number, ..Self::default() };
    }

    /// Begins to count anew when it is time.
    pub(super) fn count(&mut self, fleet: &Fleet, scope: &Scope, now: Timestamp) {
        if let Some(counting) = &self.counting {
            if counting.at.elapsed() >= PATIENCE {
                self.go_on(fleet, now);
            }
            return;
        }
        let state = state(fleet, now);
        let due = |s: State| {
            // Some rules wait for time to pass.
            s.2 != state.2 || (s.0 != state.0 && s.1 != state.1) || state.1.abs_diff(s.1) >= 5
        };
        if !self.seen.is_none_or(due) || !self.pace.allows(PARTS, fleet) {
            return;
        }
        self.seen = Some(state);
        if Pace::is_small(fleet) {
            self.number = problems::count(&problems::of(fleet, scope, now));
        } else {
            let search = Search::new(fleet, scope);
            self.counting = Some(Counting { search, took: Duration::ZERO, at: Instant::now() });
        }
    }

    /// Goes on with a count that has begun, for a moment; false when there is none.
    pub(super) fn go_on(&mut self, fleet: &Fleet, now: Timestamp) -> bool {
        let Some(mut counting) = self.counting.take() else { return false };
        let since = Instant::now();
        while counting.search.step(fleet, now) {
            if since.elapsed() >= AT_A_TIME {
                counting.took += since.elapsed();
                counting.at = Instant::now();
                self.counting = Some(counting);
                return true;
            }
        }
        self.number = problems::count(&counting.search.end());
        self.pace.took(counting.took + since.elapsed());
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

    /// In each cluster three thousand pods, of which the last crashes.
    fn fleet() -> Fleet {
        let mut fleet = Fleet::new((0..CLUSTERS).map(|_| ClusterInfo::sample("a", Place::default())));
        for id in 0..CLUSTERS {
            let pod = |n: u32| {
                let name = format!("pod-{n:04}-of-{id}");
                let meta = Meta { namespace: "ns".into(), name: name.into(), ..Meta::default() };
                let is_well = n < 2_999;
                let waiting = Waiting { reason: "CrashLoopBackOff".into(), ..Waiting::default() };
                let state = ContainerState::Waiting(Box::new(waiting));
                let broken = ContainerRow { name: "c".into(), state, restarts: 9, ..ContainerRow::default() };
                Row::Pod(Box::new(PodRow {
                    meta,
                    phase: "Running".into(),
                    status: if is_well { "Running" } else { "CrashLoopBackOff" }.into(),
                    is_ready: is_well,
                    containers: if is_well { Vec::new() } else { vec![broken] },
                    ..PodRow::default()
                }))
            };
            let deltas = vec![Delta::Reset { kind: Kind::Pod, rows: (0..3_000).map(pod).collect() }];
            fleet.apply(Update::Cluster(Batch { cluster: ClusterId(id), deltas }), Timestamp::UNIX_EPOCH);
        }
        fleet
    }

    #[test]
    fn step_by_step_it_comes_to_all_there_is() {
        let (fleet, now) = (fleet(), Timestamp::UNIX_EPOCH);
        let mut search = Search::new(&fleet, &Scope::all());
        let mut steps = 0;
        while search.step(&fleet, now) {
            steps += 1;
        }
        // Three of a thousand pods and one that finds no more, in each cluster.
        assert_eq!(steps, 4 * CLUSTERS);
        // The last pod of each cluster crashes.
        let problems = search.end();
        let found = problems.iter().flat_map(|p| &p.findings).filter(|f| f.object.kind == "Pod");
        assert_eq!(found.count(), CLUSTERS as usize);
        let wanted = problems::count(&problems::of(&fleet, &Scope::all(), now));
        let mut count = ProblemCount::default();
        count.count(&fleet, &Scope::all(), now);
        assert_eq!(count.number(), Count::default());
        while count.go_on(&fleet, now) {}
        assert_eq!(count.number(), wanted);
    }

    #[test]
    fn another_scope_is_counted_at_once() {
        let (fleet, now) = (fleet(), Timestamp::UNIX_EPOCH);
        let mut count = ProblemCount::default();
        count.count(&fleet, &Scope::all(), now);
        while count.go_on(&fleet, now) {}
        // The next one of that scope has its pace, and another is under way.
        count.pace.took(Duration::from_hours(1));
        count.counting = Some(Counting {
            search: Search::new(&fleet, &Scope::all()),
            took: Duration::ZERO,
            at: Instant::now(),
        });
        count.forget();
        let nothing = Scope::nodes([crate::domain::scope::TreeNode::Cluster(ClusterId(99))]);
        count.count(&fleet, &nothing, now);
        while count.go_on(&fleet, now) {}
        assert_eq!(count.number(), Count::default());
    }
}
