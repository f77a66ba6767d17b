//! How many pods are watched at once, over all clusters: what a small machine holds and a screen can say something of.
//!
//! A cluster takes as many places as it has pods when it is listed, and gives them back when it is listed anew or ends. Who
//! finds no room is counted instead (`counted`). Shared by the watches of pods.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of all clusters.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Budget {
    /// So many pods at most.
    pub fn of(pods: usize) -> Self {
        Self(Arc::new(Semaphore::new(pods.min(Semaphore::MAX_PERMITS))))
    }

    /// As many as there are.
    pub fn unlimited() -> Self {
        Self::of(usize::MAX)
    }

    /// Places that are held: none yet.
    pub(super) fn hold(&self) -> Held {
        Held { budget: self.clone(), places: None, number: Arc::default() }
    }

    /// How many places nobody holds.
    pub(super) fn free(&self) -> usize {
        self.0.available_permits()
    }
}

/// The places one watch holds; they are free again when it ends.
#[derive(Debug)]
pub(super) struct Held {
    budget: Budget,
    places: Option<OwnedSemaphorePermit>,
    /// How many, for who only wants to know.
    number: Arc<AtomicUsize>,
}

impl Held {
    /// Holds at least so many; false where there is no room for them, and then as many as before.
    pub(super) fn at_least(&mut self, pods: usize) -> bool {
        let has = self.held();
        let Some(more) = pods.checked_sub(has).filter(|more| *more > 0) else { return true };
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(got) = self.budget.0.clone().try_acquire_many_owned(more) else { return false };
        match &mut self.places {
            Some(places) => places.merge(got),
            None => self.places = Some(got),
        }
        self.tell();
        true
    }

    /// Holds so many and no more; as many as there is room for.
    pub(super) fn just(&mut self, pods: usize) {
        let _has_room = self.at_least(pods);
        if let Some(places) = &mut self.places
            && let Some(surplus) = places.num_permits().checked_sub(pods)
        {
            drop(places.split(surplus));
        }
        self.tell();
    }

    /// How many it holds.
    pub(super) fn held(&self) -> usize {
        self.places.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// How many it holds, whenever that is asked.
    pub(super) fn number(&self) -> Arc<AtomicUsize> {
        self.number.clone()
    }

    fn tell(&self) {
        self.number.store(self.held(), Ordering::Relaxed);
    }

    /// The budget.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Holds none any more.
    pub(super) fn let_go(&mut self) {
        self.places = None;
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let budget = Budget::of(10);
        let (mut a, mut b) = (budget.hold(), budget.hold());
        assert!(a.at_least(4) && a.at_least(6) && a.at_least(3));
        assert!(!b.at_least(5) && b.at_least(4));
        a.just(2);
        assert!(b.at_least(8) && !b.at_least(9));
        a.let_go();
        assert!(b.at_least(10) && !a.at_least(1));
        assert_eq!((b.number().load(Ordering::Relaxed), budget.free()), (10, 0));
        drop(b);
        assert!(a.at_least(10));
        assert!(Budget::unlimited().hold().at_least(3_000_000));
    }
}
