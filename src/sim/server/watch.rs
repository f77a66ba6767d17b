//! Watches: a cursor on a shelf's change log, woken by its news; rows for kubectl; bookmarks; 410; the weather.
//! Never: a copy of the objects. Called by `dispatch`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use http::Response;
use hyper::body::Bytes;
use serde_json::json;
use tokio::time::Instant;

use super::Call;
use super::body::{self, Body};
use super::list::Filter;
use super::read::whole;
use super::route::Target;
use crate::sim::clock::Millis;
use crate::sim::cluster::{Cluster, Sky};
use crate::sim::object::{Name, Stored};
use crate::sim::print::{Press, Wish};
use crate::sim::status::{Answer, ApiError};
use crate::sim::store::{Change, Did};
use crate::sim::table::{KindId, Resource};
use crate::sim::weather::Fault;

const BOOKMARK_EVERY: Duration = Duration::from_secs(50);

struct Watch {
    cluster: Arc<Cluster>,
    kind: KindId,
    res: Arc<Resource>,
    ns: Name,
    filter: Filter,
    cursor: u64,
    ready: VecDeque<Bytes>,
    news: tokio::sync::watch::Receiver<u64>,
    sky: tokio::sync::watch::Receiver<Sky>,
    start: (u64, u64),
    bookmarks: bool,
    next_bookmark: Instant,
    end: Option<Instant>,
    ended: bool,
    press: Option<Press>,
    /// The columns have been said.
    titled: bool,
}

/// GET with `watch=true`.
pub(crate) fn answer(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let world = cluster.lock();
    let res = world.resource(kind);
    let filter = Filter::of(call, target, kind, &res)?;
    let shelf = world.shelf(kind).ok_or_else(super::dispatch::no_such_path)?;
    let asked = call.query.get("resourceVersion").unwrap_or("");
    let initial = call.query.flag("sendInitialEvents");
    super::versions::check(call, true)?;
    let from: u64 = if asked.is_empty() {
        0
    } else {
        asked.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "Invalid value: \"{asked}\": strconv.ParseUint: parsing \"{asked}\": invalid syntax"
            ))
        })?
    };
    let mut ready = VecDeque::new();
    let mut ended = false;
    let mut cursor = from;
    let bookmarks = call.query.flag("allowWatchBookmarks");
    let wish = Wish::of(call.header("accept"), call.query.get("includeObject"));
    let press = wish.map(|wish| Press::new(&world, kind, wish));
    let mut titled = false;
    if from == 0 || initial {
        for object in world.all(kind, &target.ns).filter(|o| filter.passes(o)) {
            ready.push_back(shown(press.as_ref(), &mut titled, world.now, "ADDED", &res, object));
        }
        cursor = world.rv;
        if initial && bookmarks {
            ready.push_back(bookmark(&res, press.as_ref(), cursor, true));
        }
    } else if from < shelf.floor {
        ready.push_back(too_old(from, shelf.floor));
        ended = true;
    }
    let sky = cluster.sky.subscribe();
    let now_sky = sky.borrow().clone();
    let seconds = call.query.number("timeoutSeconds").filter(|s| *s > 0).unwrap_or(3_600);
    let timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(3_600));
    let state = Watch {
        cluster: Arc::clone(cluster),
        kind,
        res: Arc::clone(&res),
        ns: target.ns.as_str().into(),
        filter,
        cursor,
        ready,
        news: shelf.news.subscribe(),
        sky,
        start: (now_sky.drops, now_sky.expiries),
        bookmarks,
        next_bookmark: Instant::now() + BOOKMARK_EVERY,
        end: Some(Instant::now() + timeout),
        ended,
        press,
        titled,
    };
    drop(world);
    Ok(body::stream(
        "application/json",
        stream::unfold(state, |mut watch| async move {
            let chunk = watch.next().await?;
            Some((chunk, watch))
        }),
    ))
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let sky = self.sky.borrow_and_update().clone();
            if sky.drops != self.start.0 || sky.fault == Fault::Refuse {
                return None;
            }
            if sky.fault == Fault::Freeze {
                if self.sky.changed().await.is_err() {
                    return None;
                }
                continue;
            }
            if sky.expiries != self.start.1 && !self.ended {
                self.ended = true;
                self.ready.push_back(too_old(self.cursor, self.cursor + 1));
            }
            if let Some(chunk) = self.take() {
                return Some(chunk);
            }
            if self.ended {
                return None;
            }
            self.collect();
            if !self.ready.is_empty() {
                continue;
            }
            let end = self.end.unwrap_or_else(Instant::now);
            tokio::select! {
                changed = self.news.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                changed = self.sky.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep_until(self.next_bookmark), if self.bookmarks => {
                    self.next_bookmark = Instant::now() + BOOKMARK_EVERY;
                    let rv = self.cluster.lock().rv.max(self.cursor);
                    self.collect();
                    self.cursor = self.cursor.max(rv);
                    self.ready.push_back(bookmark(&self.res, self.press.as_ref(), self.cursor, false));
                }
                () = tokio::time::sleep_until(end) => return None,
            }
        }
    }

    /// Several lines at once when they wait.
    fn take(&mut self) -> Option<Bytes> {
        let first = self.ready.pop_front()?;
        if self.ready.is_empty() {
            return Some(first);
        }
        let mut out = first.to_vec();
        while out.len() < 64 * 1024
            && let Some(next) = self.ready.pop_front()
        {
            out.extend_from_slice(&next);
        }
        Some(Bytes::from(out))
    }

    /// Moves news of the log into `ready`.
    fn collect(&mut self) {
        let world = self.cluster.lock();
        let Some(shelf) = world.shelf(self.kind) else { return };
        if self.cursor < shelf.floor {
            self.ready.push_back(too_old(self.cursor, shelf.floor));
            self.ended = true;
            return;
        }
        let from = shelf.log.partition_point(|c| c.rv <= self.cursor);
        for change in shelf.log.iter().skip(from) {
            self.cursor = change.rv;
            if !self.ns.is_empty() && change.now.key.ns != self.ns {
                continue;
            }
            if let Some((kind, object)) = seen(change, &self.filter) {
                let press = self.press.as_ref();
                self.ready.push_back(shown(press, &mut self.titled, world.now, kind, &self.res, object));
            }
        }
    }
}

/// What a filtered watch sees of a change: objects come into view and leave it.
fn seen<'a>(change: &'a Change, filter: &Filter) -> Option<(&'static str, &'a Stored)> {
    let was = change.before.as_ref().is_some_and(|b| filter.passes(b));
    match change.did {
        Did::Deleted => was.then_some(("DELETED", &*change.now)),
        Did::Added => filter.passes(&change.now).then_some(("ADDED", &*change.now)),
        Did::Modified => match (was, filter.passes(&change.now)) {
            (true, true) => Some(("MODIFIED", &*change.now)),
            (false, true) => Some(("ADDED", &*change.now)),
            (true, false) => Some(("DELETED", &*change.now)),
            (false, false) => None,
        },
    }
}

fn line(kind: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    Bytes::from(out)
}

/// An event of an object, as it is or as a row.
fn shown(
    press: Option<&Press>,
    titled: &mut bool,
    now: Millis,
    kind: &str,
    res: &Resource,
    object: &Stored,
) -> Bytes {
    match press {
        Some(press) => {
            let first = !std::mem::replace(titled, true);
            line(kind, press.event(&object.value(), now, first).to_string().as_bytes())
        }
        None => line(kind, &whole(res, object)),
    }
}

fn bookmark(res: &Resource, press: Option<&Press>, rv: u64, initial: bool) -> Bytes {
    let mut meta = json!({"resourceVersion": rv.to_string(), "creationTimestamp": null});
    if initial {
        crate::sim::json::annotate_meta(&mut meta, "k8s.io/initial-events-end", "true");
    }
    let object = json!({"kind": res.kind, "apiVersion": res.api_version(), "metadata": meta});
    let object = press.map_or_else(|| object.clone(), |press| press.bookmark(&object));
    line("BOOKMARK", object.to_string().as_bytes())
}

fn too_old(asked: u64, floor: u64) -> Bytes {
    let status = ApiError::gone(format!("too old resource version: {asked} ({floor})")).json();
    line("ERROR", status.to_string().as_bytes())
}
