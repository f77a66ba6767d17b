//! How a supervisor begins and ends. Called by [`super::supervise`] and by `ops::supervision`.

use futures::future::{BoxFuture, Shared};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a supervisor waits for before it begins.
pub type After = Shared<BoxFuture<'static, ()>>;

/// A supervisor at work.
pub struct Running {
    pub(super) cancel: CancellationToken,
    pub(super) told: JoinHandle<()>,
}

impl Running {
    /// Ends it.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits until all that it had to tell is told, after it was ended.
    pub async fn told(self) {
        let _ = self.told.await;
    }
}

/// When a supervisor connects first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At once.
    AtOnce,
    /// When somebody looks at it, or asks.
    WhenSeen,
    /// When somebody asks.
    WhenAsked,
}
