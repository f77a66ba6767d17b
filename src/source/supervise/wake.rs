//! Noticing that this machine slept, or that its clock was set: the clock that people read went another way than the one
//! that measures, which stands still meanwhile. What is known of every cluster is old then, and connections are likely dead
//! without anybody having said so.
//!
//! Called by the supervisors, which share it.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::domain::age;
use crate::domain::text::SafeText;
use crate::source::clock::Clock;

/// How often both clocks are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Clocks that differ by less are being set by little, as they are all the time.
const SLEEP: SignedDuration = SignedDuration::from_secs(5);

/// By how much the clock jumped, the last time; nothing as long as it never did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slept {
    times: u32,
    by: SignedDuration,
}

impl Slept {
    /// `this machine slept for 58m, or its clock was set`.
    pub(super) fn words(self) -> SafeText {
        let by = age::show_seconds(self.by.unsigned_abs().as_secs());
        let words = if self.by.is_negative() {
            format!("this machine's clock was set back by {by}")
        } else {
            format!("this machine slept for {by}, or its clock was set")
        };
        SafeText::new(&words)
    }
}

/// Looks at both clocks until `cancel`, and tells when they differ.
pub(super) fn notice(clock: Clock, cancel: CancellationToken) -> watch::Receiver<Slept> {
    let (tell, told) = watch::channel(Slept::default());
    if !clock.is_machine() {
        return told;
    }
    let look = async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = (Instant::now(), clock.now());
        loop {
            ticks.tick().await;
            let now = (Instant::now(), clock.now());
            let measured = SignedDuration::try_from(now.0 - before.0).unwrap_or(SignedDuration::MAX);
            let by = now.1.duration_since(before.1).saturating_sub(measured);
            before = now;
            if by.abs() > SLEEP {
                tell.send_modify(|slept| *slept = Slept { times: slept.times.wrapping_add(1), by });
            }
        }
    };
    tokio::spawn(async move { cancel.run_until_cancelled(look).await });
    told
}
