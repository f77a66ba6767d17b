//! The gate before a cluster's watches: shut while the cluster does not answer, so that nothing is asked of it but whether
//! it is there. Behind it the watches keep where they were, and go on from there when it opens.
//!
//! Called by the supervisor, which opens and shuts it, and by each watch, which waits before it.

use tokio::sync::watch;

/// How the gate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Watches may ask.
    pub open: bool,
    /// How often it was opened. What a watch says belongs to one turn; of an earlier one only what it read counts.
    pub turn: u32,
    /// How often a person asked for another try.
    pub tries: u32,
}

impl Gate {
    /// One that stands open, for a watch without a supervisor.
    pub fn opened() -> Self {
        Self { open: true, turn: 1, tries: 0 }
    }
}

/// The watch's side of it.
#[derive(Clone, Debug)]
pub struct Waiting(watch::Receiver<Gate>);

impl Waiting {
    /// At that gate.
    pub fn new(gate: watch::Receiver<Gate>) -> Self {
        Self(gate)
    }

    /// The turn of now.
    pub(super) fn turn(&self) -> u32 {
        self.0.borrow().turn
    }

    /// Waits until it is open; `None` when the supervisor is gone.
    pub(super) async fn open(&mut self) -> Option<()> {
        self.0.wait_for(|gate| gate.open).await.ok().map(|_| ())
    }

    /// Waits until it is open in another turn than that; `None` when the supervisor is gone.
    pub(super) fn turned(&self, turn: u32) -> impl Future<Output = Option<()>> + Send + use<> {
        let mut gate = self.0.clone();
        async move { gate.wait_for(|gate| gate.open && gate.turn != turn).await.ok().map(|_| ()) }
    }

    /// What comes of this, unless the gate is shut, or shut and opened again, first.
    pub(super) async fn unless_shut<T>(&self, turn: u32, what: impl Future<Output = T>) -> Option<T> {
        let mut gate = self.0.clone();
        tokio::select! {
            done = what => Some(done),
            _ = gate.wait_for(|gate| !gate.open || gate.turn != turn) => None,
        }
    }

    /// Waits until a person asks for another try, or the gate is shut; `None` when the supervisor is gone.
    pub(super) async fn asked(&self) -> Option<()> {
        let mut gate = self.0.clone();
        let before = *gate.borrow();
        gate.wait_for(|gate| *gate != before).await.ok().map(|_| ())
    }
}
