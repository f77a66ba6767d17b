//! How a supervisor begins, pauses and ends. Called by [`super::supervise`] and by `ops::supervision`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Shared};
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::domain::id::ClusterId;
use crate::source::fault::Fault;

/// As of when clusters are known from an earlier run.
pub type Known = Arc<BTreeMap<ClusterId, Timestamp>>;

/// What a supervisor waits for before it begins, and what is known of clusters then.
pub type After = Shared<BoxFuture<'static, Known>>;

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

/// Why a session with a server ended.
pub(super) enum Ended {
    /// It is back after a silence: connect anew at once.
    Back,
    /// It has trouble.
    Trouble(Fault),
    /// The program ends.
    Closed,
}

/// How a pause ended.
pub(super) enum Pause {
    /// Its time is over.
    Over,
    /// Somebody asked.
    Asked,
    /// The program ends.
    Closed,
}

/// Between half of `most` and all of it, different for each cluster and try, the same in each run.
pub(super) fn jitter(most: Duration, cluster: ClusterId, tries: u32) -> Duration {
    let mut x = (u64::from(cluster.0) << 32) | u64::from(tries);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let part = u32::try_from((x >> 33) % 1000).unwrap_or(0);
    most / 2 + most / 2 * part / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_clusters_come_back_at_once() {
        let most = Duration::from_secs(30);
        let waits: BTreeSet<Duration> = (0..200).map(|n| jitter(most, ClusterId(n), 3)).collect();
        // Of a thousand places two hundred are taken, few of them twice.
        assert!(waits.len() > 150, "{}", waits.len());
        assert!(waits.iter().all(|wait| (most / 2..=most).contains(wait)));
        assert_ne!(jitter(most, ClusterId(1), 1), jitter(most, ClusterId(1), 2));
    }
}
