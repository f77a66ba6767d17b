//! One simulated cluster: its world behind a lock, its weather, and who may ask.
//! The lock is never held across an await. Never: HTTP. Called by the server and by `Simulation`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::spec::ClusterSpec;
use super::store::World;
use super::weather::Fault;

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
}

impl Identity {
    /// Member of `system:masters`.
    pub(crate) fn admin(user: &str) -> Self {
        Self { user: user.into(), groups: vec!["system:masters".into(), "system:authenticated".into()] }
    }
}

/// The weather as watches see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sky {
    pub(crate) fault: Fault,
    /// Counts `DropWatches`.
    pub(crate) drops: u64,
    /// Counts `Expired410`.
    pub(crate) expiries: u64,
    /// Counts `GoAway`.
    pub(crate) goodbyes: u64,
}

/// The sky as a connection saw it when it was made, and what comes.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) sky: watch::Receiver<Sky>,
    pub(crate) goodbyes: u64,
}

/// One cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) spec: Arc<ClusterSpec>,
    pub(crate) context: String,
    world: Mutex<World>,
    pub(crate) sky: watch::Sender<Sky>,
}

impl Cluster {
    /// A cluster around a seeded world.
    pub(crate) fn new(spec: Arc<ClusterSpec>, context: String, world: World) -> Self {
        let fault = if spec.unreachable { Fault::Refuse } else { Fault::None };
        Self {
            spec,
            context,
            world: Mutex::new(world),
            sky: watch::channel(Sky { fault, ..Sky::default() }).0,
        }
    }

    /// The world, locked. Short holds only.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the weather.
    pub(crate) fn set_fault(&self, fault: Fault) {
        if fault == Fault::Expired410 {
            self.lock().compact();
        }
        self.sky.send_modify(|sky| match fault {
            Fault::DropWatches => sky.drops += 1,
            Fault::Expired410 => sky.expiries += 1,
            Fault::GoAway { share } => {
                sky.goodbyes += 1;
                // Those that are open have heard it; nothing is left to do.
                sky.fault = if share > 0.0 { Fault::GoAway { share } } else { Fault::None };
            }
            other => sky.fault = other,
        });
    }

    /// The fault of now.
    pub(crate) fn fault(&self) -> Fault {
        self.sky.borrow().fault.clone()
    }

    /// The sky for a new connection.
    pub(crate) fn outlook(&self) -> Outlook {
        let mut sky = self.sky.subscribe();
        let goodbyes = sky.borrow_and_update().goodbyes;
        Outlook { sky, goodbyes }
    }

    /// Returns when the server is not frozen.
    pub(crate) async fn thawed(&self) {
        let mut sky = self.sky.subscribe();
        let _ = sky.wait_for(|s| s.fault != Fault::Freeze).await;
    }
}

impl Cluster {
    /// Carries weather that scripts asked for out into the sky.
    pub(crate) fn take_faults(&self) {
        let faults = std::mem::take(&mut self.lock().work.faults);
        for fault in faults {
            self.set_fault(fault);
        }
    }
}
