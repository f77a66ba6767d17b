//! Each pod rule with a pod that fires it and one that does not.

use super::*;
use crate::domain::object::{Meta, Owner};
use crate::domain::pod::{Unscheduled, Waiting};

fn now() -> Timestamp {
    Timestamp::from_second(1_000_000).unwrap()
}

fn ago(seconds: i64) -> Option<Stamp> {
    Some(Stamp::from_second(1_000_000 - seconds))
}

fn pod() -> PodRow {
    PodRow {
        meta: Meta { namespace: "shop".into(), name: "web-1".into(), created: ago(3600), ..Meta::default() },
        node: "n1".into(),
        phase: "Running".into(),
        status: "Running".into(),
        ready: 1,
        total: 1,
        is_ready: true,
        ready_since: ago(3000),
        started: ago(3600),
        workload: Some(std::sync::Arc::new(Owner { kind: "Deployment".into(), name: "web".into() })),
        containers: vec![container(ContainerState::Running { since: ago(3000) })],
        ..PodRow::default()
    }
}

fn container(state: ContainerState) -> ContainerRow {
    ContainerRow { name: "web".into(), image: "web:1".into(), ready: true, state, ..ContainerRow::default() }
}

fn waits(reason: &str, message: &str) -> ContainerState {
    ContainerState::Waiting(Box::new(Waiting { reason: reason.into(), message: message.into() }))
}

fn ended(reason: &str, exit_code: i32, seconds: i64) -> Termination {
    Termination { reason: reason.into(), exit_code, finished: ago(seconds), ..Termination::default() }
}

fn with(change: impl FnOnce(&mut PodRow)) -> PodRow {
    let mut row = pod();
    change(&mut row);
    row
}

fn with_state(state: ContainerState) -> PodRow {
    with(|p| {
        p.is_ready = false;
        p.ready_since = ago(10);
        p.containers = vec![container(state)];
    })
}

#[track_caller]
fn fires(row: &PodRow, rule: &str, cause: &str) {
    let all = check(ClusterId(1), row, now());
    let found: Vec<_> = all.iter().map(|f| (f.rule, f.cause.as_str())).collect();
    assert_eq!(found, [(rule, cause)]);
}

#[track_caller]
fn silent(row: &PodRow) {
    assert_eq!(check(ClusterId(1), row, now()), []);
}

#[test]
fn a_healthy_pod_has_no_findings() {
    silent(&pod());
    silent(&with(|p| p.phase = "Succeeded".into()));
}

#[test]
fn every_finding_names_workload_and_node() {
    let all = check(ClusterId(1), &with_state(waits("CrashLoopBackOff", "")), now());
    assert_eq!(all[0].workload, Some(("Deployment".into(), "web".into())));
    assert_eq!(all[0].node, "n1");
    assert_eq!(all[0].object.target(), "shop/Pod/web-1");
    assert_eq!(all[0].next.action, "previous-logs");
}

#[test]
fn crashes() {
    let crash = |last: Option<Termination>| {
        with(|p| {
            let mut c = container(waits("CrashLoopBackOff", "back-off"));
            c.last = last.map(Box::new);
            p.containers = vec![c];
        })
    };
    fires(&crash(Some(ended("Error", 139, 60))), "crashloop", "crash loop: exit 139 (segmentation fault)");
    fires(&crash(None), "crashloop", "crash loop");
    fires(&crash(Some(ended("OOMKilled", 137, 60))), "oom", "OOMKilled (exit 137)");
    let between = |restarts: u32, seconds: i64| {
        with(|p| {
            let mut c = container(ContainerState::Running { since: ago(5) });
            (c.restarts, c.last, c.ready) = (restarts, Some(Box::new(ended("Error", 1, seconds))), false);
            (p.containers, p.is_ready) = (vec![c], false);
        })
    };
    fires(&between(7, 60), "crashloop", "crash loop: exit 1 (application error)");
    // Started anew once, or failed long ago: no loop.
    assert!(check(ClusterId(1), &between(1, 60), now()).iter().all(|f| f.rule != "crashloop"));
    assert!(check(ClusterId(1), &between(7, 3000), now()).iter().all(|f| f.rule != "crashloop"));
    silent(&with_state(waits("PodInitializing", "")));
}

#[test]
fn memory() {
    let running = |seconds: i64| {
        with(|p| {
            let mut c = container(ContainerState::Running { since: ago(10) });
            c.last = Some(Box::new(ended("OOMKilled", 137, seconds)));
            p.containers = vec![c];
        })
    };
    fires(&running(60), "oom", "OOMKilled (exit 137)");
    silent(&running(7200));
    fires(
        &with_state(ContainerState::Terminated(Box::new(ended("OOMKilled", 137, 9)))),
        "oom",
        "OOMKilled (exit 137)",
    );
}

#[test]
fn exits() {
    fires(
        &with_state(ContainerState::Terminated(Box::new(ended("Error", 1, 5)))),
        "exit-code",
        "exit 1 (application error)",
    );
    silent(&with_state(ContainerState::Terminated(Box::new(ended("Completed", 0, 5)))));
}

#[test]
fn images_and_configuration() {
    fires(&with_state(waits("ErrImagePull", "x: not found")), "image-pull", "image not found: web:1");
    fires(
        &with_state(waits("ImagePullBackOff", "429 toomanyrequests")),
        "image-pull",
        "registry rate limit: docker.io",
    );
    let secret = with_state(waits("CreateContainerConfigError", "secret \"db\" not found"));
    fires(&secret, "config-error", "secret \"db\" not found");
    silent(&with_state(waits("CreateContainerConfigError", "failed to sync secret cache: timed out")));
    fires(&with_state(waits("CreateContainerError", "no command")), "create-error", "CreateContainerError");
    let cannot = ContainerState::Terminated(Box::new(ended("ContainerCannotRun", 127, 5)));
    fires(&with_state(cannot), "create-error", "ContainerCannotRun");
    let of_the_node = ContainerState::Terminated(Box::new(ended("ContainerCannotRun", 128, 5)));
    fires(&with_state(of_the_node), "exit-code", "exit 128");
}

#[test]
fn two_containers_with_one_cause_are_one() {
    let row = with(|p| {
        p.containers = vec![container(waits("ErrImagePull", "x")), container(waits("ErrImagePull", "x"))]
    });
    assert_eq!(check(ClusterId(1), &row, now()).len(), 1);
}

fn pending(created: i64) -> PodRow {
    with(|p| {
        p.phase = "Pending".into();
        p.status = "Pending".into();
        p.is_ready = false;
        p.ready_since = None;
        p.started = None;
        p.node = "".into();
        p.containers = vec![container(ContainerState::Unknown)];
        p.meta.created = ago(created);
    })
}

#[test]
fn scheduling() {
    let unscheduled = |created: i64, reason: &str, message: &str| {
        let mut row = pending(created);
        row.unscheduled = Unscheduled::of(reason);
        row.message = message.into();
        row
    };
    let message = "0/3 nodes are available: 3 Insufficient cpu.";
    fires(&unscheduled(60, "Unschedulable", message), "pending-unschedulable", "Insufficient cpu");
    silent(&unscheduled(10, "Unschedulable", message));
    fires(&unscheduled(10, "SchedulingGated", ""), "gated", "held back by a scheduling gate");
    fires(&pending(90), "pending-no-scheduler", "no scheduler looked at it");
    silent(&pending(30));
}

#[test]
fn starting() {
    let creating = |seconds: i64| {
        with(|p| {
            p.phase = "Pending".into();
            p.is_ready = false;
            p.started = ago(seconds);
            p.containers = vec![container(waits("ContainerCreating", ""))];
        })
    };
    fires(&creating(200), "stuck-creating", "containers are not created: volume, secret or network");
    silent(&creating(60));
    let init = |seconds: i64| {
        with(|p| {
            p.phase = "Pending".into();
            p.status = "Init:0/1".into();
            p.is_ready = false;
            p.started = ago(seconds);
            let mut c = container(ContainerState::Running { since: ago(seconds) });
            c.init = true;
            c.name = "migrate".into();
            p.containers = vec![c, container(waits("PodInitializing", ""))];
        })
    };
    fires(&init(400), "init-stuck", "init container migrate does not end");
    silent(&init(100));
}

#[test]
fn readiness() {
    let not_ready = |seconds: i64| {
        with(|p| {
            p.is_ready = false;
            p.ready_since = ago(seconds);
            for c in &mut p.containers {
                c.ready = false;
            }
        })
    };
    fires(&not_ready(200), "not-ready", "container web is not ready");
    silent(&not_ready(60));
    let gate = with(|p| {
        p.is_ready = false;
        p.ready_since = ago(200);
    });
    fires(&gate, "not-ready", "a readiness gate is not met");
    let restarts = |count: u32, seconds: i64| {
        with(|p| {
            p.restarts = count;
            p.last_restart = ago(seconds);
        })
    };
    fires(&restarts(5, 60), "restarts", "restarts again and again");
    silent(&restarts(5, 7200));
    silent(&restarts(2, 60));
}

#[test]
fn endings() {
    let evicted = with(|p| {
        p.phase = "Failed".into();
        p.status = "Evicted".into();
        p.message = "The node was low on resource: memory. Threshold …".into();
        p.containers = Vec::new();
    });
    fires(&evicted, "evicted", "evicted: memory");
    fires(&with(|p| p.phase = "Unknown".into()), "node-lost", "node lost: n1");
    let deleting = |seconds: i64| with(|p| p.meta.deleting = ago(seconds));
    fires(&deleting(200), "stuck-terminating", "does not end: finalizer, or its node is gone");
    silent(&deleting(30));
}
