//! A workload described: how many pods of it there should be and are, how it rolls, what they are made of, and which they
//! are.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, at, count, is_true, list, pairs, selector, selects, text, time, words};
use super::page::Page;
use super::pod::{template, words_of_names};
use super::{Beside, Wanted};
use crate::domain::age;
use crate::domain::kind::Kind;
use crate::domain::pod::PodRow;
use crate::source::slim::pod_row;

/// So many pods are listed.
const PODS_MOST: usize = 50;
/// So many sets of a deployment are named.
const SETS_MOST: usize = 5;

/// What is read beside it: the pods its selector finds, and a deployment's sets.
pub(super) fn wanted(kind: Kind, object: &Value) -> Vec<Wanted> {
    // What selects nothing would find all there are.
    let Some(labels) = selector(object.pointer("/spec/selector")).filter(|s| !s.is_empty()) else {
        return Vec::new();
    };
    let find = |kind| Wanted { labels: Some(labels.clone()), ..Wanted::here(kind, object) };
    let mut wanted = vec![find(Kind::Pod)];
    if kind == Kind::Deployment {
        wanted.push(find(Kind::ReplicaSet));
    }
    wanted
}

/// What matters of it.
pub(super) fn describe(page: &mut Page, kind: Kind, object: &Value, beside: &Beside, now: Timestamp) {
    match kind {
        Kind::Job | Kind::CronJob => {}
        _ => page.field("Selector", selects(object.pointer("/spec/selector"))),
    }
    match kind {
        Kind::Deployment => deployment(page, object),
        Kind::StatefulSet => stateful_set(page, object),
        Kind::DaemonSet => daemon_set(page, object),
        Kind::Job => job(page, object, object, now),
        Kind::CronJob => cron_job(page, object, now),
        _ => page.field(
            "Replicas",
            format!("{} current / {} desired", count(object, "/status/replicas"), desired(object)),
        ),
    }
    if let Some(Ok(pods)) = beside.get(Kind::Pod)
        && !matches!(kind, Kind::Deployment | Kind::Job)
    {
        page.field("Pods Status", pods_status(&owned(pods, kind, object, beside)));
    }
    if kind == Kind::Deployment
        && let Some(Ok(sets)) = beside.get(Kind::ReplicaSet)
    {
        replica_sets(page, object, sets);
    }
    beside.said(page, Kind::ReplicaSet, "Replica Sets");
    let at = if kind == Kind::CronJob { "/spec/jobTemplate/spec/template" } else { "/spec/template" };
    template(page, object.pointer(at).unwrap_or(&Value::Null));
    if kind == Kind::StatefulSet {
        claims(page, object);
    }
}

/// Replicas that are not given are one.
fn desired(object: &Value) -> u64 {
    object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1)
}

/// `3 desired | 2 updated | …`, as far as the kind counts them.
fn replicas(page: &mut Page, object: &Value, more: &[(&str, &str)]) {
    const ALL: [(&str, &str); 4] = [
        ("updatedReplicas", "updated"),
        ("replicas", "total"),
        ("readyReplicas", "ready"),
        ("availableReplicas", "available"),
    ];
    let part =
        |(field, word): &(&str, &str)| format!(" | {} {word}", count(object, &format!("/status/{field}")));
    let is: String = ALL.iter().chain(more).map(part).collect();
    page.field("Replicas", format!("{} desired{is}", desired(object)));
}

fn deployment(page: &mut Page, object: &Value) {
    replicas(page, object, &[("unavailableReplicas", "unavailable")]);
    if is_true(object, "/spec/paused") {
        page.field("Paused", "true");
    }
    page.field("Strategy Type", text(object, "/spec/strategy/type"));
    page.field("Min Ready Seconds", count(object, "/spec/minReadySeconds").to_string());
    if let Some(rolling) = object.pointer("/spec/strategy/rollingUpdate") {
        let (less, more) = (at(rolling, "/maxUnavailable"), at(rolling, "/maxSurge"));
        page.field("Rolling Update Strategy", format!("{less} max unavailable, {more} max surge"));
    }
    page.known("Progress Deadline", seconds(object, "/spec/progressDeadlineSeconds"));
}

fn stateful_set(page: &mut Page, object: &Value) {
    replicas(page, object, &[]);
    update_strategy(page, object);
    page.known("Partition", at(object, "/spec/updateStrategy/rollingUpdate/partition"));
    page.known("Pod Management", text(object, "/spec/podManagementPolicy"));
    page.known("Service Name", text(object, "/spec/serviceName"));
}

fn update_strategy(page: &mut Page, object: &Value) {
    page.known("Update Strategy", text(object, "/spec/updateStrategy/type"));
    page.known("Max Unavailable", at(object, "/spec/updateStrategy/rollingUpdate/maxUnavailable"));
}

fn daemon_set(page: &mut Page, object: &Value) {
    page.known("Node Selector", pairs(object, "/spec/template/spec/nodeSelector").join(","));
    for (name, field) in [
        ("Nodes, desired", "desiredNumberScheduled"),
        ("Nodes, current", "currentNumberScheduled"),
        ("Nodes, up to date", "updatedNumberScheduled"),
        ("Nodes, ready", "numberReady"),
        ("Nodes, available", "numberAvailable"),
        ("Nodes, misscheduled", "numberMisscheduled"),
    ] {
        page.field(name, count(object, &format!("/status/{field}")).to_string());
    }
    update_strategy(page, object);
}

/// A job, or the template a cron job makes them of.
fn job(page: &mut Page, job: &Value, object: &Value, now: Timestamp) {
    let found = selects(job.pointer("/spec/selector"));
    if found != "none" {
        page.field("Selector", found);
    }
    page.known("Parallelism", at(job, "/spec/parallelism"));
    page.known("Completions", at(job, "/spec/completions"));
    page.known("Completion Mode", text(job, "/spec/completionMode"));
    page.known("Backoff Limit", at(job, "/spec/backoffLimit"));
    page.known("TTL Seconds After Finished", at(job, "/spec/ttlSecondsAfterFinished"));
    page.known("Active Deadline Seconds", seconds(job, "/spec/activeDeadlineSeconds"));
    if std::ptr::eq(job, object) {
        page.known("Suspend", at(job, "/spec/suspend"));
        page.known("Start Time", ago(job, "/status/startTime", now));
        page.known("Completed At", ago(job, "/status/completionTime", now));
        page.known("Duration", took(job));
        page.field(
            "Pods Statuses",
            format!(
                "{} Active ({} Ready) / {} Succeeded / {} Failed",
                count(job, "/status/active"),
                count(job, "/status/ready"),
                count(job, "/status/succeeded"),
                count(job, "/status/failed")
            ),
        );
        page.known("Completed Indexes", text(job, "/status/completedIndexes"));
        page.known("Failed Indexes", text(job, "/status/failedIndexes"));
    }
}

fn cron_job(page: &mut Page, object: &Value, now: Timestamp) {
    page.field("Schedule", text(object, "/spec/schedule"));
    page.known("Time Zone", text(object, "/spec/timeZone"));
    page.field("Concurrency Policy", text(object, "/spec/concurrencyPolicy"));
    page.field("Suspend", if is_true(object, "/spec/suspend") { "True" } else { "False" });
    page.known("Successful Job History Limit", at(object, "/spec/successfulJobsHistoryLimit"));
    page.known("Failed Job History Limit", at(object, "/spec/failedJobsHistoryLimit"));
    page.known("Starting Deadline Seconds", seconds(object, "/spec/startingDeadlineSeconds"));
    if let Some(template) = object.pointer("/spec/jobTemplate") {
        job(page, template, object, now);
    }
    page.field("Last Schedule Time", ago(object, "/status/lastScheduleTime", now));
    page.known("Last Successful Time", ago(object, "/status/lastSuccessfulTime", now));
    page.field("Active Jobs", words_of_names(object, "/status/active"));
}

fn seconds(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_u64).map_or_else(String::new, |s| format!("{s}s"))
}

fn took(job: &Value) -> String {
    match (time(job, "/status/startTime"), time(job, "/status/completionTime")) {
        (Some(start), Some(end)) => age::show(start, end),
        _ => String::new(),
    }
}

fn claims(page: &mut Page, object: &Value) {
    page.block("Volume Claims", |page| {
        for claim in list(object, "/spec/volumeClaimTemplates") {
            page.block(text(claim, "/metadata/name"), |page| {
                page.known("Storage Class", text(claim, "/spec/storageClassName"));
                page.lines("Labels", pairs(claim, "/metadata/labels"));
                page.lines("Annotations", pairs(claim, "/metadata/annotations"));
                page.field("Capacity", at(claim, "/spec/resources/requests/storage"));
                page.field("Access Modes", words(claim, "/spec/accessModes"));
            });
        }
    });
}

/// An object's controller is the one with that uid.
fn is_of(object: &Value, uid: &str) -> bool {
    list(object, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid)
}

/// The pods that are its own: those of the same labels may be another's. A deployment's belong to its sets, where those could be
/// read.
fn owned<'a>(pods: &'a [Value], kind: Kind, object: &Value, beside: &Beside) -> Vec<&'a Value> {
    let uid = text(object, "/metadata/uid");
    let owners: Vec<&str> = match (kind, beside.get(Kind::ReplicaSet)) {
        (Kind::Deployment, Some(Ok(sets))) => {
            sets.iter().filter(|set| is_of(set, uid)).map(|set| text(set, "/metadata/uid")).collect()
        }
        (Kind::Deployment, _) => return pods.iter().collect(),
        _ => vec![uid],
    };
    pods.iter().filter(|pod| owners.iter().any(|owner| is_of(pod, owner))).collect()
}

fn pods_status(pods: &[&Value]) -> String {
    let phase = |phase: &str| pods.iter().filter(|pod| text(pod, "/status/phase") == phase).count();
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        phase("Running"),
        phase("Pending"),
        phase("Succeeded"),
        phase("Failed")
    )
}

/// The sets of a deployment: the one it makes pods of now, and those before that still are there.
fn replica_sets(page: &mut Page, object: &Value, sets: &[Value]) {
    let uid = text(object, "/metadata/uid");
    let revision = |o: &Value| {
        let at = o.pointer("/metadata/annotations/deployment.kubernetes.io~1revision");
        at.and_then(Value::as_str).and_then(|r| r.parse::<u64>().ok()).unwrap_or(0)
    };
    let mut own: Vec<&Value> = sets.iter().filter(|set| is_of(set, uid)).collect();
    own.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    let show = |set: &&Value| {
        let (is, of) = (count(set, "/status/replicas"), count(set, "/spec/replicas"));
        format!("{} ({is}/{of} replicas created)", text(set, "/metadata/name"))
    };
    let (new, old): (Vec<&Value>, Vec<&Value>) =
        own.iter().partition(|set| revision(set) == revision(object));
    let mut lines: Vec<String> = old.iter().take(SETS_MOST).map(show).collect();
    if old.len() > SETS_MOST {
        lines.push(format!("and {} more", old.len() - SETS_MOST));
    }
    page.lines("Old Replica Sets", lines);
    page.field("New Replica Set", new.iter().map(show).collect::<Vec<_>>().join(", "));
}

/// Its pods, worst first.
pub(super) fn pods(page: &mut Page, kind: Kind, object: &Value, beside: &Beside, now: Timestamp) {
    let Some(Ok(pods)) = beside.get(Kind::Pod) else { return };
    let own = owned(pods, kind, object, beside).into_iter().cloned();
    let mut pods: Vec<PodRow> = own.filter_map(pod_row).collect();
    pods.sort_by_key(|p| (std::cmp::Reverse(p.health(now)), p.meta.name.clone()));
    page.block("Pods", |page| {
        let rows = pods.iter().take(PODS_MOST).map(|p| {
            [
                p.meta.name.to_string(),
                format!("{}/{}", p.ready, p.total),
                p.status.to_string(),
                p.restarts.to_string(),
                p.node.to_string(),
                p.meta.created.map_or_else(String::new, |c| age::show(c, now)),
            ]
        });
        page.table(["Name", "Ready", "Status", "Restarts", "Node", "Age"], rows.collect());
        if pods.is_empty() {
            page.text("none");
        } else if pods.len() > PODS_MOST {
            page.text(&format!("and {} more", pods.len() - PODS_MOST));
        }
    });
}
