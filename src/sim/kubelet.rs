//! The kubelets: pods come up over seconds, crash, back off, get ready, go away; by the tag of their image.
//! Statuses are written by `kubelet_status`. Only pods on their way are held here (`Work::runs`); steady ones cost nothing.
//! Called by `controllers::run` for pods that changed or whose timer rang.

use serde_json::{Value, json};

use super::clock::{Millis, SECOND};
use super::events::{self, Kind};
use super::json as j;
use super::kubelet_status as status;
use super::object::{Key, Phase, Stored};
use super::rng;
use super::store::World;
use super::table;
use super::work::Who;

/// One container on its way.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) init: bool,
    pub(crate) step: Step,
    /// When the step ends.
    pub(crate) due: Millis,
    pub(crate) restarts: i64,
    pub(crate) pulls: u32,
}

/// Where a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waits for its turn.
    Waiting,
    Pulling,
    /// The pull failed; `ImagePullBackOff` until due.
    PullBackOff,
    /// Runs; not ready before due.
    Starting,
    Ready,
    /// Runs until it dies at due.
    Doomed,
    /// Died; restarts at due.
    BackOff,
    /// Ended for good.
    Done,
}

/// A pod on its way.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) parts: Vec<Part>,
    pub(crate) dying: Option<Millis>,
    /// Ends by itself (a Job's pod).
    job: bool,
}

/// What an image's tag makes a container do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    Slow,
    Crash,
    Oom,
    Missing,
}

/// Reads the tag.
pub(crate) fn fate(image: &str) -> Fate {
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = last.split_once(':').map_or("", |(_, tag)| tag);
    if tag.contains("crash") {
        Fate::Crash
    } else if tag.contains("oom") {
        Fate::Oom
    } else if tag.contains("missing") {
        Fate::Missing
    } else if tag.contains("slow") {
        Fate::Slow
    } else {
        Fate::Fine
    }
}

/// Looks at one pod.
pub(crate) fn sync(world: &mut World, key: &Key) {
    let Some(pod) = world.fetch(key) else {
        return;
    };
    let Some(facts) = &pod.pod else { return };
    let Some(node) = &facts.node else { return };
    if world.work.dead.contains(node) {
        return;
    }
    let known = world.work.runs.contains_key(&pod.uid);
    if pod.deleting {
        return end(world, &pod);
    }
    if facts.phase.terminal() {
        world.work.runs.remove(&pod.uid);
        return;
    }
    if known {
        return step(world, &pod);
    }
    if facts.phase == Phase::Pending {
        begin(world, &pod);
    } else if let Some(changed) = image_changed(&pod) {
        restart_with(world, &pod, &changed);
    }
}

fn begin(world: &mut World, pod: &Stored) {
    let value = pod.value();
    let mut parts = Vec::new();
    for (list, init) in [("spec.initContainers", true), ("spec.containers", false)] {
        for container in j::list(&value, list) {
            parts.push(Part {
                name: j::text(container, "name").into(),
                image: j::text(container, "image").into(),
                init,
                step: Step::Waiting,
                due: 0,
                restarts: 0,
                pulls: 0,
            });
        }
    }
    let job = world.children_owner_kind(pod) == Some(table::JOB);
    let mut value = value;
    status::starting(world, &mut value, &parts);
    world.work.runs.insert(pod.uid.clone(), Run { parts, dying: None, job });
    world.put(table::POD, value);
    let delay = 300 + pick(pod, 700);
    world.work.at(world.now + delay, Who::Kubelet, pod.key.clone());
}

fn pick(pod: &Stored, most: i64) -> i64 {
    rng::Rng::new(rng::hash(&pod.uid) ^ pod.rv).between(0, most)
}

/// A running container whose image in the spec is not the one in the status.
fn image_changed(pod: &Stored) -> Option<Vec<String>> {
    let value = pod.value();
    let statuses = j::list(&value, "status.containerStatuses");
    let names: Vec<String> = j::list(&value, "spec.containers")
        .iter()
        .filter(|c| {
            j::find(statuses, "name", j::text(c, "name")).is_some_and(|s| {
                !j::text(s, "image").is_empty() && j::text(s, "image") != j::text(c, "image")
            })
        })
        .map(|c| j::text(c, "name").to_string())
        .collect();
    (!names.is_empty()).then_some(names)
}

fn restart_with(world: &mut World, pod: &Stored, names: &[String]) {
    let mut value = pod.value();
    let parts: Vec<Part> = j::list(&value, "spec.containers")
        .iter()
        .map(|c| {
            let name = j::text(c, "name").to_string();
            let restarts = j::find(j::list(&value, "status.containerStatuses"), "name", &name)
                .and_then(|s| j::int(s, "restartCount"))
                .unwrap_or(0);
            let changed = names.contains(&name);
            Part {
                image: j::text(c, "image").into(),
                init: false,
                step: if changed { Step::BackOff } else { Step::Ready },
                due: world.now + SECOND,
                restarts,
                pulls: 0,
                name,
            }
        })
        .collect();
    for part in parts.iter().filter(|p| names.contains(&p.name)) {
        events::pod(
            world,
            pod,
            Kind::Normal,
            "Killing",
            &format!("Container {} definition changed, will be restarted", part.name),
            &part.name,
        );
        status::died(&mut value, part, 143, "Error", world.now, false);
    }
    status::conditions(world, &mut value);
    world.work.runs.insert(pod.uid.clone(), Run { parts, dying: None, job: false });
    world.put(table::POD, value);
    world.work.at(world.now + SECOND, Who::Kubelet, pod.key.clone());
}

/// The pod is to go.
fn end(world: &mut World, pod: &Stored) {
    let mut run =
        world.work.runs.get(&pod.uid).cloned().unwrap_or(Run { parts: Vec::new(), dying: None, job: false });
    let value = pod.value();
    let grace = j::int(&value, "metadata.deletionGracePeriodSeconds").unwrap_or(30);
    if let Some(due) = run.dying
        && world.now >= due.min(world.now + grace * 1000)
    {
        if world.now < due && grace > 0 {
            world.work.at(due, Who::Kubelet, pod.key.clone());
            return;
        }
        world.work.runs.remove(&pod.uid);
        if j::list(&value, "metadata.finalizers").is_empty() {
            world.remove(&pod.key);
        } else {
            let mut value = value;
            status::stopped(world, &mut value);
            world.put(table::POD, value);
        }
        return;
    }
    if let Some(due) = run.dying {
        // What rang was set for a step of its start.
        world.work.at(due, Who::Kubelet, pod.key.clone());
        return;
    }
    for container in j::list(&value, "spec.containers") {
        let name = j::text(container, "name");
        events::pod(world, pod, Kind::Normal, "Killing", &format!("Stopping container {name}"), name);
    }
    let wait = (600 + pick(pod, 1_800)).min(grace * 1000);
    let due = world.now + wait;
    run.dying = Some(due);
    world.work.runs.insert(pod.uid.clone(), run);
    world.work.at(due, Who::Kubelet, pod.key.clone());
}

/// Moves the containers whose time has come.
fn step(world: &mut World, pod: &Stored) {
    let Some(mut run) = world.work.runs.get(&pod.uid).cloned() else { return };
    let before = pod.value();
    let mut value = before.clone();
    let once = j::text(&value, "spec.restartPolicy").to_string();
    loop {
        let mut moved = false;
        let inits_done = run.parts.iter().all(|p| !p.init || matches!(p.step, Step::Done | Step::Ready));
        let mut earlier_inits_done = true;
        for index in 0..run.parts.len() {
            let Some(part) = run.parts.get_mut(index) else { break };
            let turn = if part.init { earlier_inits_done } else { inits_done };
            if part.init && !matches!(part.step, Step::Done | Step::Ready) {
                earlier_inits_done = false;
            }
            moved |= advance(world, pod, &mut value, part, turn, &once, run.job);
        }
        if !moved {
            break;
        }
    }
    finish(world, &mut value, &run, &once);
    let next = run.parts.iter().filter(|p| busy(p.step)).map(|p| p.due).filter(|d| *d > world.now).min();
    let still = run.parts.iter().any(|p| busy(p.step) || p.step == Step::Waiting);
    if still {
        world.work.runs.insert(pod.uid.clone(), run);
        if let Some(due) = next {
            world.work.at(due, Who::Kubelet, pod.key.clone());
        }
    } else {
        world.work.runs.remove(&pod.uid);
    }
    if value != before {
        status::conditions(world, &mut value);
        world.put(table::POD, value);
    }
}

fn busy(step: Step) -> bool {
    !matches!(step, Step::Waiting | Step::Ready | Step::Done)
}

/// One step of one container; true when it moved.
fn advance(
    world: &mut World,
    pod: &Stored,
    value: &mut Value,
    part: &mut Part,
    turn: bool,
    policy: &str,
    job: bool,
) -> bool {
    let now = world.now;
    match part.step {
        Step::Waiting if turn => {
            part.step = Step::Pulling;
            let text = format!("Pulling image \"{}\"", part.image);
            if is_there(pod, &part.image) {
                part.due = now;
                let text = format!(
                    "Container image \"{}\" already present on machine and can be accessed by the pod",
                    part.image
                );
                events::pod(world, pod, Kind::Normal, "Pulled", &text, &part.name);
            } else {
                part.due = now + 500 + pick(pod, 2_000);
                events::pod(world, pod, Kind::Normal, "Pulling", &text, &part.name);
            }
            true
        }
        Step::Pulling if now >= part.due => {
            if fate(&part.image) == Fate::Missing {
                pull_failed(world, pod, value, part);
            } else {
                start(world, pod, value, part, job);
            }
            true
        }
        Step::PullBackOff if now >= part.due => {
            part.step = Step::Pulling;
            part.due = now + 700;
            let text = format!("Pulling image \"{}\"", part.image);
            events::pod(world, pod, Kind::Normal, "Pulling", &text, &part.name);
            true
        }
        Step::Starting if now >= part.due => {
            part.step = Step::Ready;
            status::ready(value, &part.name, true);
            true
        }
        Step::Doomed if now >= part.due => {
            dies(world, pod, value, part, policy, job);
            true
        }
        Step::BackOff if now >= part.due => {
            part.restarts += 1;
            let text = format!(
                "Container image \"{}\" already present on machine and can be accessed by the pod",
                part.image
            );
            if fate(&part.image) == Fate::Missing {
                part.step = Step::Pulling;
                part.due = now + 700;
            } else {
                events::pod(world, pod, Kind::Normal, "Pulled", &text, &part.name);
                start(world, pod, value, part, job);
            }
            true
        }
        _ => false,
    }
}

fn pull_failed(world: &mut World, pod: &Stored, value: &mut Value, part: &mut Part) {
    part.pulls += 1;
    let image = if part.image.contains('/') {
        part.image.clone()
    } else {
        format!("docker.io/library/{}", part.image)
    };
    let image = image.as_str();
    let why = format!(
        "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    );
    let text = format!("Failed to pull image \"{}\": {why}", part.image);
    events::pod(world, pod, Kind::Warning, "Failed", &text, &part.name);
    events::pod(world, pod, Kind::Warning, "Failed", "Error: ErrImagePull", &part.name);
    let wait = ((10 * SECOND) << part.pulls.min(5).saturating_sub(1)).min(300 * SECOND);
    part.step = Step::PullBackOff;
    part.due = world.now + wait;
    if part.pulls == 1 {
        status::waiting(value, part, "ErrImagePull", &why);
        // The next look, two seconds on, shows the back-off.
        part.due = world.now + 2 * SECOND;
        part.pulls = 2;
        return;
    }
    let text = format!("Back-off pulling image \"{}\"", part.image);
    events::pod(world, pod, Kind::Normal, "BackOff", &text, &part.name);
    events::pod(world, pod, Kind::Warning, "Failed", "Error: ImagePullBackOff", &part.name);
    let message = format!("Back-off pulling image \"{}\": ErrImagePull: {why}", part.image);
    status::waiting(value, part, "ImagePullBackOff", &message);
}

/// Whether the pod's node has the image already.
fn is_there(pod: &Stored, image: &str) -> bool {
    let node = pod.pod.as_ref().and_then(|p| p.node.as_deref()).unwrap_or("");
    rng::unit(rng::hash(image) ^ rng::hash(node)) < 0.5 && fate(image) != Fate::Missing
}

fn start(world: &mut World, pod: &Stored, value: &mut Value, part: &mut Part, job: bool) {
    let now = world.now;
    if part.restarts == 0 && !is_there(pod, &part.image) {
        let millis = now - pod.created;
        let text = format!(
            "Successfully pulled image \"{}\" in {}ms ({millis}ms including waiting). Image size: {} bytes.",
            part.image,
            millis / 2 + 200,
            18_000_000 + rng::hash(&part.image) % 90_000_000
        );
        events::pod(world, pod, Kind::Normal, "Pulled", &text, &part.name);
    }
    events::pod(world, pod, Kind::Normal, "Created", "Container created", &part.name);
    events::pod(world, pod, Kind::Normal, "Started", "Container started", &part.name);
    let id = world.rng.hex(64);
    status::running(value, part, now, &id);
    let container = j::find(
        j::list(value, if part.init { "spec.initContainers" } else { "spec.containers" }),
        "name",
        &part.name,
    )
    .cloned()
    .unwrap_or(Value::Null);
    let sidecar = part.init && j::text(&container, "restartPolicy") == "Always";
    match fate(&part.image) {
        Fate::Crash => {
            part.step = Step::Doomed;
            part.due = now + 1_200 + pick(pod, 1_500);
        }
        Fate::Oom => {
            part.step = Step::Doomed;
            part.due = now + 4_000 + pick(pod, 9_000);
        }
        fate => {
            if (job || part.init) && !sidecar {
                part.step = Step::Doomed;
                part.due = now + 1_500 + pick(pod, 3_500);
                if !part.init {
                    status::ready(value, &part.name, true);
                }
                return;
            }
            let probe = j::at(&container, "readinessProbe");
            let mut wait = if probe.is_null() { 0 } else { 400 + pick(pod, 1_500) };
            wait += j::int(probe, "initialDelaySeconds").unwrap_or(0) * SECOND;
            if fate == Fate::Slow {
                wait += 5 * SECOND;
            }
            if wait == 0 {
                part.step = Step::Ready;
                status::ready(value, &part.name, true);
            } else {
                part.step = Step::Starting;
                part.due = now + wait;
            }
        }
    }
}

fn dies(world: &mut World, pod: &Stored, value: &mut Value, part: &mut Part, policy: &str, job: bool) {
    let now = world.now;
    let (code, reason) = match fate(&part.image) {
        Fate::Crash => (1, "Error"),
        Fate::Oom => (137, "OOMKilled"),
        _ => (0, "Completed"),
    };
    if part.init && code == 0
        || !part.init && (policy == "Never" || policy == "OnFailure" && code == 0)
        || job && code == 0
    {
        part.step = Step::Done;
        status::died(value, part, code, reason, now, true);
        return;
    }
    // The first restart comes at once, then 10 s, 20 s, ... 300 s.
    let wait = match part.restarts {
        0 => 0,
        n => ((10 * SECOND) << n.min(6).saturating_sub(1)).min(300 * SECOND),
    };
    status::died(value, part, code, reason, now, false);
    part.step = Step::BackOff;
    part.due = now + wait.max(SECOND);
    if wait > 0 {
        let text = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            part.name, pod.key.name, pod.key.ns, pod.uid
        );
        events::pod(world, pod, Kind::Warning, "BackOff", &text, &part.name);
        let seconds = wait / SECOND;
        let span =
            if seconds >= 60 { format!("{}m{}s", seconds / 60, seconds % 60) } else { format!("{seconds}s") };
        let message = format!(
            "back-off {span} restarting failed container={} pod={}_{}({})",
            part.name, pod.key.name, pod.key.ns, pod.uid
        );
        status::waiting(value, part, "CrashLoopBackOff", &message);
    }
}

/// The phase of a pod whose containers ended for good.
fn finish(world: &World, value: &mut Value, run: &Run, policy: &str) {
    let mains: Vec<&Part> = run.parts.iter().filter(|p| !p.init).collect();
    if policy == "Always" || mains.is_empty() || !mains.iter().all(|p| p.step == Step::Done) {
        return;
    }
    let failed = j::list(value, "status.containerStatuses")
        .iter()
        .any(|c| j::int(c, "state.terminated.exitCode").unwrap_or(0) != 0);
    j::set(value, "status.phase", if failed { "Failed" } else { "Succeeded" });
    let _ = (world, json!(null));
}
