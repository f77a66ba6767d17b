//! The log subresource: which container, which lines, following.
//! Called by `dispatch`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use http::Response;
use hyper::body::Bytes;
use serde_json::Value;

use super::Call;
use super::body::{self, Body};
use super::route::Target;
use crate::sim::clock::{self, Millis};
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::logs::{self, Line, Log};
use crate::sim::object::Name;
use crate::sim::status::{Answer, ApiError};
use crate::sim::table;
use crate::sim::weather::Fault;

/// How often a followed log looks for more.
const POLL: Duration = Duration::from_millis(200);

struct Follow {
    cluster: Arc<Cluster>,
    ns: String,
    pod: String,
    uid: Name,
    container: String,
    log: Log,
    upto: Millis,
    stamps: bool,
    ready: VecDeque<Bytes>,
    left: Option<usize>,
    done: bool,
}

/// GET of `log`.
pub(crate) fn answer(cluster: &Arc<Cluster>, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let (pod, now) = {
        let world = cluster.lock();
        let pod = world
            .get(table::POD, &target.ns, &target.name)
            .ok_or_else(|| ApiError::not_found(&world.resource(table::POD), &target.name))?;
        (pod, world.now)
    };
    let value = pod.value();
    let query = &call.query;
    let container = container(&value, &target.name, query.get("container").unwrap_or(""))?;
    if pod.pod.as_ref().is_none_or(|p| p.node.is_none()) {
        // No kubelet, no log, and that is no error.
        return Ok(body::plain(204, ""));
    }
    if query.number("tailLines").is_some_and(|n| n < 0) {
        let message = format!(
            "PodLogOptions \"{}\" is invalid: tailLines: Invalid value: {}: must be greater than or equal to 0",
            target.name,
            query.get("tailLines").unwrap_or("")
        );
        let mut error = ApiError::of_code(422, None);
        error.reason = "Invalid";
        error.message = message;
        return Err(error);
    }
    let log = logs::of(&pod, &value, &container, query.flag("previous")).map_err(ApiError::bad_request)?;
    let mut from = 0;
    if let Some(seconds) = query.number("sinceSeconds") {
        from = now - seconds * 1000;
    }
    if let Some(time) = query.get("sinceTime") {
        let at =
            clock::parse(time).ok_or_else(|| ApiError::bad_request(format!("invalid sinceTime: {time}")))?;
        from = at - at.rem_euclid(1000);
    }
    let until = now + 1;
    let lines = match query.number("tailLines").and_then(|n| usize::try_from(n).ok()) {
        Some(n) => log.tail(n, from, until),
        None => log.between(from, until),
    };
    let stamps = query.flag("timestamps");
    let left = query.number("limitBytes").and_then(|n| usize::try_from(n).ok());
    let follow = query.flag("follow") && !log.over() && !query.flag("previous");
    let mut ready = VecDeque::new();
    for chunk in lines.chunks(200) {
        ready.push_back(shown(chunk, stamps));
    }
    let state = Follow {
        cluster: Arc::clone(cluster),
        ns: target.ns.clone(),
        pod: target.name.clone(),
        uid: pod.uid.clone(),
        container,
        log,
        upto: until,
        stamps,
        ready,
        left,
        done: !follow,
    };
    Ok(body::stream(
        "text/plain",
        stream::unfold(state, |mut follow| async move {
            let chunk = follow.next().await?;
            Some((chunk, follow))
        }),
    ))
}

fn shown(lines: &[Line], stamps: bool) -> Bytes {
    let mut out = String::new();
    for line in lines {
        if stamps {
            out.push_str(&clock::nano(line.at, line.nanos));
            out.push(' ');
        }
        out.push_str(&line.text);
        out.push('\n');
    }
    Bytes::from(out)
}

/// The container to read; as the API server asks for it.
pub(crate) fn container(value: &Value, pod: &str, asked: &str) -> Answer<String> {
    let names =
        |list: &str| -> Vec<&str> { j::list(value, list).iter().map(|c| j::text(c, "name")).collect() };
    let (mains, inits, extra) =
        (names("spec.containers"), names("spec.initContainers"), names("spec.ephemeralContainers"));
    if asked.is_empty() {
        if let ([one], true) = (mains.as_slice(), inits.is_empty()) {
            return Ok((*one).to_string());
        }
        let mut text =
            format!("a container name must be specified for pod {pod}, choose one of: [{}]", mains.join(" "));
        if !inits.is_empty() {
            text.push_str(&format!(" or one of the init containers: [{}]", inits.join(" ")));
        }
        return Err(ApiError::bad_request(text));
    }
    if mains.iter().chain(&inits).chain(&extra).any(|n| *n == asked) {
        return Ok(asked.to_string());
    }
    Err(ApiError::bad_request(format!("container {asked} is not valid for pod {pod}")))
}

impl Follow {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.left == Some(0) {
                return None;
            }
            if let Some(mut chunk) = self.ready.pop_front() {
                if chunk.is_empty() {
                    continue;
                }
                if let Some(left) = &mut self.left {
                    chunk.truncate(*left);
                    *left -= chunk.len();
                }
                return Some(chunk);
            }
            if self.done {
                return None;
            }
            self.cluster.thawed().await;
            if self.cluster.fault() == Fault::Refuse {
                return None;
            }
            self.collect();
            if self.ready.is_empty() && !self.done {
                tokio::time::sleep(POLL).await;
            }
        }
    }

    fn collect(&mut self) {
        let (pod, now) = {
            let world = self.cluster.lock();
            (world.get(table::POD, &self.ns, &self.pod).filter(|p| p.uid == self.uid), world.now)
        };
        let fresh = pod.and_then(|p| {
            let value = p.value();
            logs::of(&p, &value, &self.container, false).ok()
        });
        let mut until = now + 1;
        match fresh {
            Some(log) if log.same_run(&self.log) => self.log = log,
            _ => self.done = true,
        }
        if self.log.over() {
            until += 1_000;
            self.done = true;
        }
        if until > self.upto {
            let lines = self.log.between(self.upto, until);
            self.upto = until;
            if !lines.is_empty() {
                self.ready.push_back(shown(&lines, self.stamps));
            }
        }
    }
}
