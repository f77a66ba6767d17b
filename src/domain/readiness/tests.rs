//! Every branch of the rules, as a table: object in, status and reason out.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::domain::object::Meta;
use crate::domain::pod::{self, Termination};

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

#[track_caller]
fn same(object: &Value, status: Status, reason: &str) {
    let readiness = of(object, now());
    assert_eq!((readiness.status, readiness.reason.as_str()), (status, reason), "{object}\n{readiness:?}");
}

/// `{apiVersion, kind, spec, status}` with generations that agree.
fn object(api: &str, kind: &str, spec: Value, status: Value) -> Value {
    let mut status = status;
    if let Some(map) = status.as_object_mut() {
        map.entry("observedGeneration").or_insert(json!(2));
    }
    let mut object = json!({"apiVersion": api, "kind": kind, "metadata": {"generation": 2}});
    object["spec"] = spec;
    object["status"] = status;
    object
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "m"})
}

#[test]
fn what_holds_for_every_kind() {
    same(
        &json!({"kind": "X", "metadata": {"deletionTimestamp": "2026-11-23T11:00:00Z"}}),
        Status::Terminating,
        "",
    );
    let behind =
        json!({"kind": "Deployment", "metadata": {"generation": 2}, "status": {"observedGeneration": 1}});
    same(&behind, Status::InProgress, "LatestGenerationNotObserved");
    assert_eq!(of(&behind, now()).message, "Deployment generation is 2, but latest observed generation is 1");
    let bad = json!({"kind": "X", "metadata": {"generation": "5"}, "status": {"observedGeneration": 1}});
    same(&bad, Status::Unknown, "BadField");
    for (conditions, status, reason) in [
        (json!([condition("Reconciling", "True", "A")]), Status::InProgress, "A"),
        (json!([condition("Stalled", "True", "B")]), Status::Failed, "B"),
        (
            json!([condition("Stalled", "True", "B"), condition("Reconciling", "True", "A")]),
            Status::Failed,
            "B",
        ),
        (json!([condition("Reconciling", "False", "A")]), Status::Current, ""),
        (json!([condition("Ready", "True", "C")]), Status::Current, ""),
        (json!([condition("Ready", "False", "C")]), Status::InProgress, "C"),
        (json!([condition("Ready", "Unknown", "D")]), Status::InProgress, "D"),
        (json!([]), Status::Current, ""),
    ] {
        same(&object("x.io/v1", "Widget", json!({}), json!({"conditions": conditions})), status, reason);
    }
    same(&json!({}), Status::Current, "");
    same(&json!(null), Status::Current, "");
    assert_eq!(Readiness::not_found().status, Status::NotFound);
}

#[test]
fn simple_kinds() {
    for (object, status, reason) in [
        (object("v1", "ConfigMap", json!({}), json!({})), Status::Current, ""),
        (object("v1", "Secret", json!({}), json!({})), Status::Current, ""),
        (object("batch/v1", "CronJob", json!({}), json!({})), Status::Current, ""),
        (object("policy/v1", "PodDisruptionBudget", json!({}), json!({})), Status::Current, ""),
        (object("v1", "Service", json!({"type": "ClusterIP"}), json!({})), Status::Current, ""),
        (
            object("v1", "Service", json!({"type": "LoadBalancer"}), json!({})),
            Status::InProgress,
            "NoIPAssigned",
        ),
        (
            object("v1", "Service", json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"}), json!({})),
            Status::Current,
            "",
        ),
        (object("v1", "PersistentVolumeClaim", json!({}), json!({"phase": "Bound"})), Status::Current, ""),
        (
            object("v1", "PersistentVolumeClaim", json!({}), json!({"phase": "Lost"})),
            Status::InProgress,
            "NotBound",
        ),
    ] {
        same(&object, status, reason);
    }
}

#[test]
fn pods() {
    let unschedulable = json!([condition("PodScheduled", "False", "Unschedulable")]);
    let crash = json!([{"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    for (status, answer, reason) in [
        (json!({"phase": "Succeeded"}), Status::Current, ""),
        (json!({"phase": "Failed"}), Status::Current, ""),
        (json!({"phase": "Running", "conditions": [condition("Ready", "True", "")]}), Status::Current, ""),
        (json!({"phase": "Running", "containerStatuses": crash}), Status::Failed, "ContainerCrashLooping"),
        (json!({"phase": "Running"}), Status::InProgress, "PodRunningNotReady"),
        (json!({"phase": "Pending", "conditions": unschedulable}), Status::Failed, "PodUnschedulable"),
        (json!({"phase": "Pending"}), Status::InProgress, "PodPending"),
        (json!({"phase": ""}), Status::InProgress, "PodNotObserved"),
        (json!({"phase": "Odd"}), Status::Unknown, "BadField"),
    ] {
        same(&object("v1", "Pod", json!({}), status), answer, reason);
    }
    let mut young = object("v1", "Pod", json!({}), json!({"phase": "Pending", "conditions": unschedulable}));
    young["metadata"]["creationTimestamp"] = json!("2026-11-23T11:59:50Z");
    same(&young, Status::InProgress, "PodNotScheduled");
}

#[test]
fn deployments() {
    let good = json!({"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
        "conditions": [condition("Progressing", "True", "NewReplicaSetAvailable"), condition("Available", "True", "")]});
    let with = |key: &str, value: Value| {
        let mut status = good.clone();
        status[key] = value;
        status
    };
    let spec = json!({"replicas": 3, "progressDeadlineSeconds": 600});
    for (status, answer, reason) in [
        (good.clone(), Status::Current, ""),
        (with("replicas", json!(2)), Status::InProgress, "LessReplicas"),
        (with("updatedReplicas", json!(1)), Status::InProgress, "LessUpdated"),
        (with("replicas", json!(4)), Status::InProgress, "ExtraPods"),
        (with("availableReplicas", json!(2)), Status::InProgress, "LessAvailable"),
        (with("readyReplicas", json!(2)), Status::InProgress, "LessReady"),
        (with("conditions", json!([])), Status::InProgress, "ReplicaSetNotAvailable"),
        (
            with("conditions", json!([condition("Progressing", "True", "NewReplicaSetAvailable")])),
            Status::InProgress,
            "DeploymentNotAvailable",
        ),
        (
            with("conditions", json!([condition("Progressing", "False", "ProgressDeadlineExceeded")])),
            Status::Failed,
            "ProgressDeadlineExceeded",
        ),
        (with("replicas", json!("3")), Status::Unknown, "BadField"),
    ] {
        same(&object("apps/v1", "Deployment", spec.clone(), status), answer, reason);
    }
    // Without a deadline the condition Progressing is not waited for.
    let status = with("conditions", json!([condition("Available", "True", "")]));
    same(&object("apps/v1", "Deployment", json!({"replicas": 3}), status), Status::Current, "");
}

#[test]
fn replica_sets() {
    let good = json!({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
    for (key, value, answer, reason) in [
        ("x", json!(0), Status::Current, ""),
        (
            "conditions",
            json!([condition("ReplicaFailure", "True", "")]),
            Status::InProgress,
            "ReplicaFailure",
        ),
        ("fullyLabeledReplicas", json!(1), Status::InProgress, "LessLabelled"),
        ("availableReplicas", json!(1), Status::InProgress, "LessAvailable"),
        ("readyReplicas", json!(1), Status::InProgress, "LessReady"),
        ("replicas", json!(3), Status::InProgress, "ExtraPods"),
    ] {
        let mut status = good.clone();
        status[key] = value;
        same(&object("apps/v1", "ReplicaSet", json!({"replicas": 2}), status), answer, reason);
    }
}

#[test]
fn stateful_sets() {
    let good = json!({"replicas": 3, "readyReplicas": 3, "currentReplicas": 3, "updatedReplicas": 3,
        "currentRevision": "a", "updateRevision": "a"});
    let rolling = json!({"replicas": 3, "updateStrategy": {"type": "RollingUpdate"}});
    for (key, value, answer, reason) in [
        ("x", json!(0), Status::Current, ""),
        ("replicas", json!(2), Status::InProgress, "LessReplicas"),
        ("readyReplicas", json!(2), Status::InProgress, "LessReady"),
        ("replicas", json!(4), Status::InProgress, "ExtraPods"),
        ("currentReplicas", json!(2), Status::InProgress, "LessCurrent"),
        ("updateRevision", json!("b"), Status::InProgress, "RevisionMismatch"),
    ] {
        let mut status = good.clone();
        status[key] = value;
        same(&object("apps/v1", "StatefulSet", rolling.clone(), status), answer, reason);
    }
    let parted = json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}});
    let mut status = good.clone();
    status["updatedReplicas"] = json!(1);
    same(&object("apps/v1", "StatefulSet", parted.clone(), status), Status::InProgress, "PartitionRollout");
    same(&object("apps/v1", "StatefulSet", parted, good), Status::Current, "");
    let by_hand = json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}});
    same(&object("apps/v1", "StatefulSet", by_hand, json!({})), Status::Current, "");
}

#[test]
fn daemon_sets() {
    let good = json!({"desiredNumberScheduled": 4, "currentNumberScheduled": 4, "updatedNumberScheduled": 4,
        "numberAvailable": 4, "numberReady": 4});
    for (key, value, answer, reason) in [
        ("x", json!(0), Status::Current, ""),
        ("desiredNumberScheduled", json!(null), Status::InProgress, "NoDesiredNumber"),
        ("currentNumberScheduled", json!(3), Status::InProgress, "LessCurrent"),
        ("updatedNumberScheduled", json!(3), Status::InProgress, "LessUpdated"),
        ("numberAvailable", json!(3), Status::InProgress, "LessAvailable"),
        ("numberReady", json!(3), Status::InProgress, "LessReady"),
        ("observedGeneration", json!(null), Status::InProgress, "NoObservedGeneration"),
    ] {
        let mut status = good.clone();
        status[key] = value;
        same(&object("apps/v1", "DaemonSet", json!({}), status), answer, reason);
    }
    let bare = json!({"apiVersion": "apps/v1", "kind": "DaemonSet"});
    same(&bare, Status::InProgress, "NoGeneration");
}

#[test]
fn jobs() {
    let started = |conditions: Value| json!({"startTime": "2026-11-23T11:00:00Z", "conditions": conditions});
    for (spec, status, answer, reason) in [
        (json!({}), json!({}), Status::InProgress, "JobNotStarted"),
        (json!({}), started(json!([])), Status::Current, ""),
        (json!({"completions": 3}), started(json!([condition("Complete", "True", "")])), Status::Current, ""),
        (json!({}), started(json!([condition("Failed", "True", "")])), Status::Failed, "JobFailed"),
        (
            json!({"suspend": true}),
            json!({"conditions": [condition("Suspended", "True", "")]}),
            Status::Current,
            "",
        ),
    ] {
        same(&object("batch/v1", "Job", spec, status), answer, reason);
    }
    assert_eq!(job_done(&json!({"status": {"conditions": [condition("Complete", "True", "")]}})), Some(true));
    assert_eq!(job_done(&json!({"status": {"conditions": [condition("Failed", "True", "")]}})), Some(false));
    assert_eq!(job_done(&json!({})), None);
}

#[test]
fn definitions() {
    for (conditions, answer, reason) in [
        (json!([condition("NamesAccepted", "False", "Taken")]), Status::Failed, "Taken"),
        (json!([condition("Established", "False", "Broken")]), Status::Failed, "Broken"),
        (json!([condition("Established", "False", "Installing")]), Status::InProgress, "Installing"),
        (json!([condition("Established", "True", "")]), Status::Current, ""),
        (json!([]), Status::InProgress, "Installing"),
    ] {
        let status = json!({"conditions": conditions});
        let definition = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), status);
        same(&definition, answer, reason);
    }
}

fn pod_with(phase: &str, status: &str, restarts: u32, state: ContainerState) -> PodRow {
    let last = Some(Box::new(Termination { exit_code: 1, ..Termination::default() }));
    let name = "web".into();
    PodRow {
        meta: Meta { name: "web-1".into(), ..Meta::default() },
        phase: phase.into(),
        status: status.into(),
        containers: vec![ContainerRow {
            name,
            image: "i:1".into(),
            restarts,
            state,
            last,
            ..ContainerRow::default()
        }],
        ..PodRow::default()
    }
}

#[test]
fn waiting_is_useless() {
    let waiting = |reason: &str, message: &str| {
        ContainerState::Waiting(Box::new(pod::Waiting { reason: reason.into(), message: message.into() }))
    };
    let ended = |reason: &str, exit_code: i32| {
        ContainerState::Terminated(Box::new(Termination {
            reason: reason.into(),
            exit_code,
            ..Termination::default()
        }))
    };
    for (phase, status, restarts, state, doom) in [
        ("Running", "", 3, waiting("CrashLoopBackOff", ""), Some("crash-looping after 3 restarts (exit 1)")),
        ("Running", "", 2, waiting("CrashLoopBackOff", ""), None),
        (
            "Pending",
            "",
            0,
            waiting("ErrImagePull", "manifest unknown: not found"),
            Some("image i:1 not found"),
        ),
        ("Pending", "", 0, waiting("ErrImagePull", "i/o timeout"), None),
        ("Pending", "", 0, waiting("ImagePullBackOff", ""), Some("ImagePullBackOff")),
        ("Pending", "", 0, waiting("CreateContainerConfigError", "secret \"x\" not found"), Some("secret")),
        ("Pending", "", 0, waiting("CreateContainerConfigError", "failed to sync secret cache"), None),
        ("Pending", "", 0, waiting("ContainerCreating", ""), None),
        ("Running", "", 0, ended("ContainerCannotRun", 127), Some("ContainerCannotRun")),
        ("Running", "", 0, ended("ContainerCannotRun", 128), None),
        ("Failed", "Error", 0, ContainerState::Unknown, Some("failed: Error")),
        ("Failed", "Evicted", 0, ContainerState::Unknown, None),
        ("Succeeded", "Completed", 0, ContainerState::Unknown, None),
    ] {
        let pods = [pod_with(phase, status, restarts, state)];
        match (doomed(&pods), doom) {
            (Some(why), Some(part)) => assert!(why.contains(part), "{why}"),
            (why, part) => {
                assert_eq!((why.is_some(), part.is_some()), (part.is_some(), part.is_some()), "{pods:?}")
            }
        }
    }
    assert_eq!(doomed(&[]), None);
}
