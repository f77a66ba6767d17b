//! Container logs, computed: what a container wrote in any second is a function of its uid, its run and that second.
//! Nothing is stored, so a log of any length costs nothing until it is read. Called by the server's log route.

mod flavour;

use serde_json::Value;

use super::clock::{self, HOUR, Millis, SECOND};
use super::json as j;
use super::kubelet::{self, Fate};
use super::object::Stored;
use super::rng;
use flavour::Flavour;

/// One line and when it was written.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) at: Millis,
    pub(crate) nanos: u32,
    pub(crate) text: String,
}

/// One run of one container.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    flavour: Flavour,
    seed: u64,
    name: String,
    app: String,
    started: Millis,
    ended: Option<Millis>,
    end_code: i64,
    fate: Fate,
}

/// The files rotate: this much is kept.
const KEPT: Millis = 6 * HOUR;

/// The log of a container's current run (or last one, if it waits) or, `previous`, of the run before.
pub(crate) fn of(pod: &Stored, value: &Value, container: &str, previous: bool) -> Result<Log, String> {
    let status =
        ["status.containerStatuses", "status.initContainerStatuses", "status.ephemeralContainerStatuses"]
            .iter()
            .find_map(|list| j::find(j::list(value, list), "name", container))
            .cloned()
            .unwrap_or(Value::Null);
    let last = j::at(&status, "lastState.terminated");
    let name = &pod.key.name;
    let state = if previous {
        if last.is_null() {
            return Err(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
        }
        last
    } else {
        let running = j::at(&status, "state.running");
        let ended = j::at(&status, "state.terminated");
        let reason = j::text(&status, "state.waiting.reason");
        match (running.is_null(), ended.is_null(), last.is_null()) {
            (false, ..) => running,
            (_, false, _) => ended,
            (_, _, false) => last,
            _ => {
                let why = match reason {
                    "ErrImagePull" => "image can't be pulled",
                    "ImagePullBackOff" => "trying and failing to pull image",
                    "" => "ContainerCreating",
                    other => other,
                };
                return Err(format!(
                    "container \"{container}\" in pod \"{name}\" is waiting to start: {why}"
                ));
            }
        }
    };
    let spec = ["spec.containers", "spec.initContainers"]
        .iter()
        .find_map(|list| j::find(j::list(value, list), "name", container))
        .cloned()
        .unwrap_or(Value::Null);
    let image = j::text(&spec, "image");
    let restarts = j::int(&status, "restartCount").unwrap_or(0) - i64::from(previous);
    let started = clock::parse(j::text(state, "startedAt")).unwrap_or(pod.created);
    Ok(Log {
        flavour: Flavour::of(pod, image),
        seed: rng::hash(&format!("{}/{container}/{restarts}", pod.uid)),
        name: name.to_string(),
        app: pod
            .label("app.kubernetes.io/name")
            .or_else(|| pod.label("app"))
            .unwrap_or(container)
            .to_string(),
        started,
        ended: clock::parse(j::text(state, "finishedAt")),
        end_code: j::int(state, "exitCode").unwrap_or(0),
        fate: kubelet::fate(image),
    })
}

impl Log {
    /// Is it the same run of the container?
    pub(crate) fn same_run(&self, other: &Self) -> bool {
        self.seed == other.seed
    }

    /// Has the run ended?
    pub(crate) fn over(&self) -> bool {
        self.ended.is_some()
    }

    /// Lines written in `from <= at < to`, oldest first.
    pub(crate) fn between(&self, from: Millis, to: Millis) -> Vec<Line> {
        let from = from.max(self.started).max(to - KEPT);
        let to = self.ended.map_or(to, |end| to.min(end + 1_000));
        let mut out = Vec::new();
        let mut second = from.div_euclid(SECOND);
        while second * SECOND < to {
            self.second(second, &mut out);
            second += 1;
        }
        out.retain(|line| line.at >= from && line.at < to);
        out
    }

    /// The last `n` lines before a time, oldest first.
    pub(crate) fn tail(&self, n: usize, from: Millis, to: Millis) -> Vec<Line> {
        let to = self.ended.map_or(to, |end| to.min(end + 1_000));
        let from = from.max(self.started).max(to - KEPT);
        let mut chunks: Vec<Vec<Line>> = Vec::new();
        let (mut have, mut until) = (0usize, to);
        while have < n && until > from {
            let since = (until - 30 * SECOND).max(from);
            let chunk = self.between(since, until);
            have += chunk.len();
            chunks.push(chunk);
            until = since;
        }
        let all: Vec<Line> = chunks.into_iter().rev().flatten().collect();
        let skip = all.len().saturating_sub(n);
        all.into_iter().skip(skip).collect()
    }

    /// The lines of one second.
    fn second(&self, second: i64, out: &mut Vec<Line>) {
        let base = second * SECOND;
        let first = self.started.div_euclid(SECOND);
        let mut rng = rng::Rng::new(self.seed ^ rng::mix(u64::try_from(second).unwrap_or(0)));
        let mut push = |at: Millis, rng: &mut rng::Rng, text: String| {
            let nanos = u32::try_from(rng.below(1_000_000)).unwrap_or(0);
            out.push(Line { at, nanos, text });
        };
        if second == first {
            for (index, text) in self.flavour.greeting(&self.app).into_iter().enumerate() {
                let at = self.started + i64::try_from(index).unwrap_or(0) * 3;
                let text = self.flavour.dress(at, &text, &mut rng);
                push(at, &mut rng, text);
            }
        }
        let end_second = self.ended.map(|end| end.div_euclid(SECOND));
        if end_second.is_none_or(|end| second < end) {
            let count = self.flavour.rate(&mut rng, second);
            let mut offsets: Vec<i64> = (0..count).map(|_| rng.between(0, 999)).collect();
            offsets.sort_unstable();
            for offset in offsets {
                let at = base + offset;
                if second == first && at < self.started + 30 {
                    continue;
                }
                for text in self.flavour.line(at, &self.app, &self.name, &mut rng) {
                    push(at, &mut rng, text);
                }
            }
        }
        if let Some(end) = self.ended
            && end_second == Some(second)
        {
            for text in self.flavour.farewell(end, self.end_code, self.fate, &self.app, &mut rng) {
                push(end, &mut rng, text);
            }
        }
    }
}
