//! HorizontalPodAutoscalers on simulated CPU: every 15 s, with tolerance, limits and a calm way down.
//! Called by `run`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned;
use crate::sim::clock::{self, SECOND};
use crate::sim::events::{self, Kind};
use crate::sim::json as j;
use crate::sim::object::{Key, Stored};
use crate::sim::selector;
use crate::sim::store::World;
use crate::sim::table;
use crate::sim::usage;
use crate::sim::work::Who;

const PERIOD: i64 = 15 * SECOND;

/// Looks at one autoscaler.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(hpa) = world.fetch(key) else { return };
    let due = world.now - world.now % PERIOD
        + PERIOD
        + i64::try_from(crate::sim::rng::hash(&key.name) % 9).unwrap_or(0) * SECOND;
    world.work.at(due, Who::Hpa, key.clone());
    let mut value = hpa.value();
    let stamp = world.stamp();
    let kind = match j::text(&value, "spec.scaleTargetRef.kind") {
        "Deployment" => table::DEPLOYMENT,
        "StatefulSet" => table::STATEFULSET,
        "ReplicaSet" => table::REPLICASET,
        _ => return,
    };
    let name = j::text(&value, "spec.scaleTargetRef.name").to_string();
    let generation = j::int(&value, "metadata.generation");
    let Some(target) = world.get(kind, &key.ns, &name) else {
        let res = world.resource(kind);
        let text = format!(
            "the HPA controller was unable to get the target's current scale: {} \"{name}\" not found",
            res.qualified()
        );
        owned::condition(&mut value, "AbleToScale", "False", "FailedGetScale", &text, &stamp, false);
        j::default(&mut value, "status.desiredReplicas", 0);
        world.put(table::HPA, value);
        return;
    };
    let scaled = target.value();
    let current = j::int(&scaled, "spec.replicas").unwrap_or(1);
    let pods: Vec<Arc<Stored>> = world
        .all(table::POD, &key.ns)
        .filter(|p| p.active_pod() && selector::chooses(&target, &p.labels))
        .cloned()
        .collect();
    let (least, most) =
        (j::int(&value, "spec.minReplicas").unwrap_or(1), j::int(&value, "spec.maxReplicas").unwrap_or(1));
    let goal = j::list(&value, "spec.metrics")
        .iter()
        .find(|m| j::text(m, "resource.name") == "cpu")
        .and_then(|m| j::int(m, "resource.target.averageUtilization"))
        .unwrap_or(80);
    owned::condition(
        &mut value,
        "AbleToScale",
        "True",
        "ReadyForNewScale",
        "recommended size matches current size",
        &stamp,
        false,
    );
    let ready: Vec<&Arc<Stored>> = pods.iter().filter(|p| p.ready_pod()).collect();
    let asked: i64 = ready.iter().filter_map(|p| p.pod.as_ref()).map(|p| p.cpu).sum();
    let used: i64 = ready.iter().map(|p| usage::of_pod(world, p).0).sum();
    let mut desired = current;
    if current == 0 {
        owned::condition(
            &mut value,
            "ScalingActive",
            "False",
            "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero",
            &stamp,
            false,
        );
    } else if asked == 0 {
        let text = "the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)";
        owned::condition(
            &mut value,
            "ScalingActive",
            "False",
            "FailedGetResourceMetric",
            text,
            &stamp,
            false,
        );
    } else {
        let percent = used * 100 / asked;
        owned::condition(
            &mut value,
            "ScalingActive",
            "True",
            "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
            &stamp,
            false,
        );
        j::set(
            &mut value,
            "status.currentMetrics",
            json!([{"type": "Resource", "resource": {"name": "cpu", "current":
            {"averageUtilization": percent, "averageValue": format!("{}m", used / j::count(ready.len()).max(1))}}}]),
        );
        if (percent * 10) > goal * 11 || (percent * 10) < goal * 9 {
            desired = (used * 100 + goal * asked / j::count(ready.len()).max(1) - 1)
                / (goal * asked / j::count(ready.len()).max(1)).max(1);
        }
        limits(&mut value, &mut desired, (least, most), &stamp);
        let scaled_at = clock::parse(j::text(&value, "status.lastScaleTime")).unwrap_or(0);
        if desired < current && world.now - scaled_at < 300 * SECOND {
            desired = current;
        }
    }
    j::set(&mut value, "status.currentReplicas", current);
    j::set(&mut value, "status.desiredReplicas", desired);
    if let Some(generation) = generation {
        j::set(&mut value, "status.observedGeneration", generation);
    }
    if desired != current && current > 0 {
        j::set(&mut value, "status.lastScaleTime", stamp);
        let why = if desired > current {
            "cpu resource utilization (percentage of request) above target"
        } else {
            "All metrics below target"
        };
        events::about(
            world,
            &hpa,
            Kind::Normal,
            "SuccessfulRescale",
            &format!("New size: {desired}; reason: {why}"),
            "horizontal-pod-autoscaler",
        );
        resize(world, kind, scaled, desired);
    }
    if value != hpa.value() {
        let quiet = world.put(table::HPA, value);
        world.work.dirty.remove(&(Who::Hpa, quiet.key.clone()));
    }
}

fn limits(value: &mut Value, desired: &mut i64, (least, most): (i64, i64), stamp: &str) {
    let (status, reason, text) = if *desired > most {
        ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count")
    } else if *desired < least {
        ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")
    } else {
        ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
    };
    owned::condition(value, "ScalingLimited", status, reason, text, stamp, false);
    *desired = (*desired).clamp(least, most.max(least));
}

fn resize(world: &mut World, kind: usize, mut scaled: Value, desired: i64) {
    j::set(&mut scaled, "spec.replicas", desired);
    let generation = j::int(&scaled, "metadata.generation").unwrap_or(1) + 1;
    j::set(&mut scaled, "metadata.generation", generation);
    world.put(kind, scaled);
}
