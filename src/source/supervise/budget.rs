//! How many pods are watched at once, over all clusters: what a small machine holds and a screen can say something of.
//!
//! A cluster takes as many places as it has pods when it is listed, and gives them back when it is listed anew or ends. Who
//! finds no room is counted instead (`counted`); for the namespaces of such that somebody looks at there are places of their
//! own, so that clusters that came first do not lock anybody out. Shared by the watches of pods.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For single namespaces there is room for one pod in so many of all, and for so many at least.
const ONE_IN: usize = 10;
const FOR_NAMESPACES: usize = 10_000;

/// The places of all clusters.
#[derive(Clone, Debug)]
pub struct Budget {
    whole: Arc<Semaphore>,
    namespaces: Arc<Semaphore>,
}

impl Budget {
    /// So many pods at most of whole clusters.
    pub fn of(pods: usize) -> Self {
        Self::with(pods, (pods / ONE_IN).max(FOR_NAMESPACES))
    }

    /// The same, with so many places for single namespaces.
    pub(super) fn with(pods: usize, of_namespaces: usize) -> Self {
        let places = |n: usize| Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS)));
        Self { whole: places(pods), namespaces: places(of_namespaces) }
    }

    /// As many as there are.
    pub fn unlimited() -> Self {
        Self::of(usize::MAX)
    }

    /// Places for a whole cluster: none yet.
    pub(super) fn hold(&self) -> Held {
        Held { budget: self.clone(), free: self.whole.clone(), places: None }
    }
}

/// The places one watch holds; they are free again when it ends.
#[derive(Debug)]
pub(super) struct Held {
    budget: Budget,
    free: Arc<Semaphore>,
    places: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Places for one namespace: none yet.
    pub(super) fn for_namespace(&self) -> Self {
        Self { budget: self.budget.clone(), free: self.budget.namespaces.clone(), places: None }
    }

    /// How many it holds.
    pub(super) fn held(&self) -> usize {
        self.places.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Holds at least so many; false where there is no room for them, and then as many as before.
    pub(super) fn at_least(&mut self, pods: usize) -> bool {
        let Some(more) = pods.checked_sub(self.held()).filter(|more| *more > 0) else { return true };
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(got) = self.free.clone().try_acquire_many_owned(more) else { return false };
        match &mut self.places {
            Some(places) => places.merge(got),
            None => self.places = Some(got),
        }
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
    }

    /// Holds none any more.
    pub(super) fn let_go(&mut self) {
        self.places = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let budget = Budget::with(10, 3);
        let (mut a, mut b) = (budget.hold(), budget.hold());
        assert!(a.at_least(4) && a.at_least(6) && a.at_least(3));
        assert!(!b.at_least(5) && b.at_least(4));
        a.just(2);
        assert!(b.at_least(8) && !b.at_least(9));
        a.let_go();
        assert!(b.at_least(10) && !a.at_least(1));
        // Whoever looks at a namespace is not locked out.
        let mut namespace = b.for_namespace();
        assert!(!namespace.at_least(4) && namespace.at_least(3));
        assert_eq!((b.held(), namespace.held()), (10, 3));
        drop(b);
        assert!(a.at_least(10));
        assert!(Budget::unlimited().hold().at_least(3_000_000));
    }
}
