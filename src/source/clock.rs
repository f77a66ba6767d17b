//! What time it is: the machine's clock, or the simulation's.

use std::sync::Arc;

use jiff::Timestamp;

/// A clock to ask. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    ask: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    is_machine: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The machine's.
    pub fn system() -> Self {
        Self::of_machine(Timestamp::now)
    }

    /// One that stands in for the machine's: it goes on while the machine sleeps, and may be set.
    pub fn of_machine(ask: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), is_machine: true }
    }

    /// Any other: it goes as fast as it likes.
    pub fn new(ask: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), is_machine: false }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.ask)()
    }

    /// Whether a jump of it says that the machine slept.
    pub fn is_machine(&self) -> bool {
        self.is_machine
    }
}
