//! What pods really use: a slow daily wave, a faster one, noise, per pod; computed from (uid, time), never stored.
//! Called by metrics and the horizontal autoscaler.

use super::clock::{DAY, MINUTE, SECOND};
use super::object::{Phase, Stored};
use super::rng;
use super::store::World;

/// Cpu (milli) and memory (bytes) of a pod now.
pub(crate) fn of_pod(world: &World, pod: &Stored) -> (i64, i64) {
    let Some(facts) = &pod.pod else { return (0, 0) };
    if facts.phase != Phase::Running {
        return (0, 0);
    }
    let seed = rng::hash(&pod.uid);
    let app = pod.label("app.kubernetes.io/name").or_else(|| pod.label("app")).unwrap_or(&pod.key.name);
    let share = cpu_share(app, world.now, seed);
    let (cpu, memory) = (facts.cpu.max(5), facts.memory.max(16 << 20));
    (scale(cpu, share).max(1), scale(memory, 0.45 + 0.4 * rng::unit(seed ^ 3) + 0.02 * share))
}

#[expect(clippy::cast_precision_loss, reason = "a share of an amount needs no exactness")]
#[expect(clippy::cast_possible_truncation, reason = "amounts are far below 2^53")]
fn scale(amount: i64, share: f64) -> i64 {
    (amount as f64 * share) as i64
}

/// Used share of the request: an app's level, the day, the minute, the pod.
#[expect(clippy::cast_precision_loss, reason = "phases of waves")]
fn cpu_share(app: &str, now: i64, seed: u64) -> f64 {
    let level = 0.12 + 0.5 * rng::unit(rng::hash(app));
    let turn = |period: i64| (now.rem_euclid(period)) as f64 / period as f64 * std::f64::consts::TAU;
    let day = 0.18 * (turn(DAY) - 2.2).sin();
    let wave = 0.06 * (turn(17 * MINUTE) + rng::unit(seed) * 6.0).sin();
    let bucket = u64::try_from(now / (15 * SECOND)).unwrap_or(0);
    let noise = 0.10 * (rng::unit(seed ^ bucket) - 0.5);
    (level + day + wave + noise).max(0.01)
}
