//! CronJobs: schedules in five fields, concurrency, history. Times are UTC.
//! Called by `run`, and by validation for the schedule's form.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::clock::{self, MINUTE, Millis};
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::work::Who;

/// The five sets of a schedule: minutes, hours, days, months, weekdays.
pub(crate) type Fields = [u64; 5];

/// Reads a schedule; `None` when it is none.
pub(crate) fn cron_fields(text: &str) -> Option<Fields> {
    let text = match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        other => other,
    };
    let parts: Vec<&str> = text.split_whitespace().collect();
    let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    if parts.len() != 5 {
        return None;
    }
    let mut out = [0u64; 5];
    for ((place, part), range) in out.iter_mut().zip(&parts).zip(ranges) {
        *place = field(part, range)?;
    }
    Some(out)
}

fn field(text: &str, (low, high): (u64, u64)) -> Option<u64> {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let number = |t: &str| -> Option<u64> {
        let named = DAYS.iter().position(|d| *d == t.to_lowercase()).and_then(|n| u64::try_from(n).ok());
        let n = t.parse().ok().or(named)?;
        if high == 6 && n == 7 { Some(0) } else { (low..=high).contains(&n).then_some(n) }
    };
    let mut set = 0u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u64>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range {
            "*" | "?" => (low, high),
            r => match r.split_once('-') {
                Some((a, b)) => (number(a)?, number(b)?),
                None if part.contains('/') => (number(r)?, high),
                None => (number(r)?, number(r)?),
            },
        };
        let mut n = from;
        while n <= to {
            set |= 1 << n;
            n += step;
        }
    }
    Some(set)
}

/// The first minute after a time that a schedule names.
pub(crate) fn next(fields: &Fields, after: Millis) -> Millis {
    let [minutes, hours, days, months, weekdays] = *fields;
    let mut at = after - after.rem_euclid(MINUTE) + MINUTE;
    let has = |set: u64, n: i64| u64::try_from(n).is_ok_and(|n| set & (1 << n) != 0);
    for _ in 0..600_000 {
        let (_, month, day, hour, minute, _) = clock::civil(at);
        let weekday = (at.div_euclid(86_400_000) + 4).rem_euclid(7);
        let any_day = (1u64 << 32) - 2;
        let day_ok = match (days == any_day, weekdays == 127) {
            (true, _) => has(weekdays, weekday),
            (false, true) => has(days, day),
            (false, false) => has(days, day) || has(weekdays, weekday),
        };
        if !has(months, month) || !day_ok {
            at = at - at.rem_euclid(86_400_000) + 86_400_000;
        } else if !has(hours, hour) {
            at = at - at.rem_euclid(3_600_000) + 3_600_000;
        } else if has(minutes, minute) {
            return at;
        } else {
            at += MINUTE;
        }
    }
    after + 86_400_000
}

/// Brings one CronJob up to date.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(cron) = world.fetch(key) else { return };
    if cron.deleting {
        return;
    }
    let mut value = cron.value();
    let Some(fields) = cron_fields(j::text(&value, "spec.schedule")) else { return };
    let last = clock::parse(j::text(&value, "status.lastScheduleTime")).unwrap_or(cron.created);
    let mut jobs = world.children_of(&cron.uid, table::JOB);
    jobs.sort_by_key(|job| job.created);
    let over = |job: &Stored, kind: &str| {
        j::find(j::list(&job.value(), "status.conditions"), "type", kind)
            .is_some_and(|c| j::text(c, "status") == "True")
    };
    let (mut active, mut good, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for job in &jobs {
        if over(job, "Complete") {
            good.push(Arc::clone(job));
        } else if over(job, "Failed") {
            bad.push(Arc::clone(job));
        } else {
            active.push(Arc::clone(job));
        }
    }
    for (jobs, word) in [(&good, "Complete"), (&bad, "Failed")] {
        let was_active = |job: &Stored| j::find(j::list(&value, "status.active"), "uid", &job.uid).is_some();
        for job in jobs.iter().filter(|job| was_active(job)) {
            let text = format!("Saw completed job: {}, condition: {word}", job.key.name);
            events::about(world, &cron, Kind::Normal, "SawCompletedJob", &text, "cronjob-controller");
        }
    }
    if let Some(done) = good.last().and_then(|job| job.value().pointer("/status/completionTime").cloned()) {
        j::set(&mut value, "status.lastSuccessfulTime", done);
    }
    history(world, &good, j::int(&value, "spec.successfulJobsHistoryLimit").unwrap_or(3));
    history(world, &bad, j::int(&value, "spec.failedJobsHistoryLimit").unwrap_or(1));
    let suspended = j::at(&value, "spec.suspend").as_bool() == Some(true);
    let mut due = next(&fields, last);
    // Of several missed times only the latest counts.
    while next(&fields, due) <= world.now {
        due = next(&fields, due);
    }
    let policy = j::text(&value, "spec.concurrencyPolicy").to_string();
    if due <= world.now && !suspended {
        if policy == "Forbid" && !active.is_empty() {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            events::about(world, &cron, Kind::Normal, "JobAlreadyActive", text, "cronjob-controller");
        } else {
            if policy == "Replace" {
                for job in active.drain(..) {
                    world.remove(&job.key);
                }
            }
            if let Some(job) = start(world, &cron, &value, due) {
                active.push(job);
            }
        }
        j::set(&mut value, "status.lastScheduleTime", clock::rfc3339(due));
        due = next(&fields, due);
    }
    if !suspended {
        world.work.at(due, Who::CronJob, key.clone());
    }
    let refs: Vec<Value> = active
        .iter()
        .map(|job| json!({"kind": "Job", "apiVersion": "batch/v1", "namespace": &*job.key.ns, "name": &*job.key.name, "uid": &*job.uid}))
        .collect();
    if refs.is_empty() {
        j::remove(&mut value, "status.active");
    } else {
        j::set(&mut value, "status.active", refs);
    }
    world.put(table::CRONJOB, value);
}

fn start(world: &mut World, cron: &Stored, value: &Value, due: Millis) -> Option<Arc<Stored>> {
    let template = j::at(value, "spec.jobTemplate");
    let name = format!("{}-{}", cron.key.name, due / MINUTE);
    let mut job = json!({"metadata": {"name": name, "namespace": &*cron.key.ns,
        "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": clock::rfc3339(due)},
        "ownerReferences": [owned::owner_ref(world, cron)]}, "spec": template.get("spec"), "status": {}});
    let labels = j::at(template, "metadata.labels");
    if !labels.is_null() {
        j::set(&mut job, "metadata.labels", labels.clone());
    }
    owned::create(world, cron, table::JOB, job).ok()
}

fn history(world: &mut World, jobs: &[Arc<Stored>], keep: i64) {
    let keep = usize::try_from(keep).unwrap_or(0);
    for job in jobs.iter().take(jobs.len().saturating_sub(keep)) {
        world.remove(&job.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        let at = |t: &str| clock::parse(t).unwrap();
        for (text, after, expected) in [
            ("*/5 * * * *", "2026-11-23T09:14:22Z", "2026-11-23T09:15:00Z"),
            ("0 3 * * *", "2026-11-23T09:14:22Z", "2026-11-24T03:00:00Z"),
            ("30 4 1 * *", "2026-11-23T09:14:22Z", "2026-12-01T04:30:00Z"),
            ("0 0 * * 0", "2026-11-23T09:14:22Z", "2026-11-29T00:00:00Z"),
        ] {
            assert_eq!(next(&cron_fields(text).unwrap(), at(after)), at(expected), "{text}");
        }
        assert!(cron_fields("* * *").is_none());
        assert!(cron_fields("61 * * * *").is_none());
    }
}
