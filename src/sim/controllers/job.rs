//! Jobs: pods until enough succeeded, retries with back-off, deadlines, clean-up after a time to live.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::clock;
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, Phase, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// Brings one Job up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(job) = world.fetch(key) else { return };
    if job.deleting {
        return;
    }
    let mut value = job.value();
    let over = |value: &Value, kind: &str| {
        j::find(j::list(value, "status.conditions"), "type", kind)
            .is_some_and(|c| j::text(c, "status") == "True")
    };
    if over(&value, "Complete") || over(&value, "Failed") {
        expire(world, &job, &value);
        return;
    }
    let stamp = world.stamp();
    if j::at(&value, "spec.suspend").as_bool() == Some(true) {
        for pod in world.children_of(&job.uid, table::POD).iter().filter(|p| p.active_pod()) {
            owned::delete_pod(world, &job, pod);
        }
        owned::condition(&mut value, "Suspended", "True", "JobSuspended", "Job suspended", &stamp, false);
        j::remove(&mut value, "status.startTime");
        world.put(table::JOB, value);
        return;
    }
    if over(&value, "Suspended") {
        owned::condition(&mut value, "Suspended", "False", "JobResumed", "Job resumed", &stamp, false);
    }
    j::default(&mut value, "status.startTime", stamp.clone());
    let pods = world.children_of(&job.uid, table::POD);
    let in_phase =
        |phase: Phase| pods.iter().filter(|p| p.pod.as_ref().is_some_and(|f| f.phase == phase)).count();
    let (succeeded, failed) = (j::count(in_phase(Phase::Succeeded)), j::count(in_phase(Phase::Failed)));
    let active: Vec<Arc<Stored>> = pods.iter().filter(|p| p.active_pod()).cloned().collect();
    let restarts: i64 = active.iter().filter_map(|p| p.pod.as_ref()).map(|p| p.restarts).sum();
    let parallel = j::int(&value, "spec.parallelism").unwrap_or(1);
    let completions = j::int(&value, "spec.completions").unwrap_or(1);
    let limit = j::int(&value, "spec.backoffLimit").unwrap_or(6);
    let started = clock::parse(j::text(&value, "status.startTime")).unwrap_or(world.now);
    let deadline = j::int(&value, "spec.activeDeadlineSeconds").map(|s| started + s * 1000);
    let late = deadline.is_some_and(|d| world.now >= d);
    if failed > limit || restarts > limit || late {
        let (reason, text) = if late {
            ("DeadlineExceeded", "Job was active longer than specified deadline")
        } else {
            ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
        };
        for pod in &active {
            owned::delete_pod(world, &job, pod);
        }
        owned::condition(&mut value, "FailureTarget", "True", reason, text, &stamp, false);
        owned::condition(&mut value, "Failed", "True", reason, text, &stamp, false);
        events::about(world, &job, Kind::Warning, reason, text, "job-controller");
        counts(&mut value, 0, 0, succeeded, failed);
        world.put(table::JOB, value);
        return;
    }
    if succeeded >= completions && active.is_empty() {
        owned::condition(
            &mut value,
            "SuccessCriteriaMet",
            "True",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
            &stamp,
            false,
        );
        owned::condition(
            &mut value,
            "Complete",
            "True",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
            &stamp,
            false,
        );
        j::set(&mut value, "status.completionTime", stamp);
        events::about(world, &job, Kind::Normal, "Completed", "Job completed", "job-controller");
        counts(&mut value, 0, 0, succeeded, failed);
        world.put(table::JOB, value);
        return;
    }
    if let Some(due) = deadline {
        world.work.at(due, Who::Job, key.clone());
    }
    let wanted = parallel.min(completions - succeeded);
    let mut missing = wanted - j::count(active.len());
    let mut count = j::count(active.len());
    if missing > 0 && failed > 0 {
        let last = pods
            .iter()
            .filter(|p| p.pod.as_ref().is_some_and(|f| f.phase == Phase::Failed))
            .map(|p| p.pod.as_ref().map_or(0, |f| f.ready_since.max(p.created)))
            .max();
        let wait = (10_000 << failed.clamp(1, 6).saturating_sub(1)).min(600_000);
        let due = last.unwrap_or(0) + wait;
        if world.now < due {
            world.work.at(due, Who::Job, key.clone());
            missing = 0;
        }
    }
    for _ in 0..missing.max(0) {
        let pod = owned::new_pod(world, &job, j::at(&value, "spec.template"), "");
        if owned::create(world, &job, table::POD, pod).is_err() {
            world.work.at(world.now + 10_000, Who::Job, key.clone());
            break;
        }
        count += 1;
    }
    let ready = j::count(active.iter().filter(|p| p.ready_pod()).count());
    counts(&mut value, count, ready, succeeded, failed);
    world.put(table::JOB, value);
}

fn counts(value: &mut Value, active: i64, ready: i64, succeeded: i64, failed: i64) {
    // Conditions of Jobs say when they were looked at; others dropped that field.
    for c in j::existing_list_mut(value, "status.conditions").into_iter().flatten() {
        let since = j::at(c, "lastTransitionTime").clone();
        j::default(c, "lastProbeTime", since);
    }
    for (field, n) in [("active", active), ("succeeded", succeeded), ("failed", failed)] {
        if n > 0 {
            j::set(value, &format!("status.{field}"), n);
        } else {
            j::remove(value, &format!("status.{field}"));
        }
    }
    j::set(value, "status.ready", ready);
    j::set(value, "status.terminating", 0);
    j::set(value, "status.uncountedTerminatedPods", json!({}));
}

fn expire(world: &mut World, job: &Arc<Stored>, value: &Value) {
    let Some(ttl) = j::int(value, "spec.ttlSecondsAfterFinished") else { return };
    let done = j::list(value, "status.conditions")
        .iter()
        .filter_map(|c| clock::parse(j::text(c, "lastTransitionTime")))
        .max()
        .unwrap_or(job.created);
    let due = done + ttl * 1000;
    if world.now >= due {
        world.remove(&job.key);
    } else {
        world.work.at(due, Who::Job, job.key.clone());
    }
}
