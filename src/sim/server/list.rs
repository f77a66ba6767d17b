//! Lists: selectors, pages, tables for kubectl. Bodies are stored bytes, copied in chunks while the client reads.
//! Never: a parsed copy of the list. Called by `dispatch`.

use std::sync::Arc;

use futures::stream;
use http::Response;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::Call;
use super::body::{self, Body};
use super::page::Page;
use super::route::Target;
use crate::sim::cluster::Cluster;
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::print::{Press, Wish};
use crate::sim::selector::{Fields, Selector};
use crate::sim::status::{Answer, ApiError};
use crate::sim::table::{self, KindId, Resource};

const CHUNK: usize = 64 * 1024;

/// The selectors of a request.
pub(crate) struct Filter {
    pub(crate) labels: Selector,
    pub(crate) fields: Fields,
}

impl Filter {
    /// Reads them from the query.
    pub(crate) fn of(call: &Call, target: &Target, kind: KindId, res: &Resource) -> Answer<Self> {
        let mut fields = call.query.get("fieldSelector").unwrap_or("").to_string();
        if !target.name.is_empty() {
            fields = format!("metadata.name={}", target.name);
        }
        Ok(Self {
            labels: Selector::parse(call.query.get("labelSelector").unwrap_or(""))?,
            fields: Fields::parse(&fields, kind, &res.kind, &res.api_version())?,
        })
    }

    /// Does an object pass?
    pub(crate) fn passes(&self, object: &Stored) -> bool {
        self.labels.matches(&object.labels) && self.fields.matches(object)
    }

    /// Passes everything?
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
}

/// GET of a collection.
pub(crate) fn answer(
    cluster: &Arc<Cluster>,
    call: &Call,
    target: &Target,
    kind: KindId,
) -> Answer<Response<Body>> {
    let world = cluster.lock();
    let res = world.resource(kind);
    if !target.ns.is_empty() && !res.namespaced {
        return Err(super::dispatch::no_such_path());
    }
    let filter = Filter::of(call, target, kind, &res)?;
    let limit = call.query.number("limit").unwrap_or(0).max(0);
    let limit = usize::try_from(limit).unwrap_or(0);
    let page = match call.query.get("continue") {
        Some(token) if !token.is_empty() => Some(Page::parse(token, &target.ns)?),
        _ => None,
    };
    if let Some(page) = &page
        && world.shelf(kind).is_some_and(|s| page.rv < s.floor)
    {
        return Err(ApiError::gone(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        ));
    }
    super::versions::check(call, false)?;
    let asked = match &page {
        Some(page) => Some(page.rv),
        None => super::versions::of_list(call, &world, kind)?,
    };
    let rv = asked.unwrap_or(world.rv);
    let then = asked.map(|version| super::versions::at(&world, kind, &target.ns, version));
    let all: Box<dyn Iterator<Item = &Arc<Stored>>> = match &then {
        Some(then) => Box::new(then.iter()),
        None => world.all(kind, &target.ns),
    };
    let mut picked: Vec<Arc<Stored>> = Vec::new();
    let (mut remaining, mut more) = (0usize, false);
    for object in all {
        if let Some(page) = &page
            && (&*object.key.ns, &*object.key.name) <= (page.ns.as_str(), page.name.as_str())
        {
            continue;
        }
        if limit > 0 && picked.len() == limit {
            if !filter.is_empty() {
                if filter.passes(object) {
                    more = true;
                    break;
                }
                continue;
            }
            more = true;
            remaining += 1;
            continue;
        }
        if filter.passes(object) {
            picked.push(Arc::clone(object));
        }
    }
    drop(world);
    let mut meta = json!({"resourceVersion": rv.to_string()});
    if more && let Some(last) = picked.last() {
        j::set(&mut meta, "continue", Page::token(rv, &target.ns, &last.key));
        if filter.is_empty() {
            j::set(&mut meta, "remainingItemCount", j::count(remaining));
        }
    }
    if let Some(table) = as_table(cluster, call, kind, &picked, meta.clone()) {
        return Ok(table);
    }
    Ok(chunked(&res, &meta, picked))
}

fn chunked(res: &Resource, meta: &Value, picked: Vec<Arc<Stored>>) -> Response<Body> {
    let opening = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{meta},\"items\":[",
        res.kind,
        res.api_version()
    );
    let item_opening = if res.custom { res.opening() } else { "{".to_string() };
    let size = opening.len() + picked.iter().map(|o| o.body.len() + item_opening.len()).sum::<usize>() + 2;
    let state = (picked.into_iter(), Some(opening), true, false);
    let chunks = stream::unfold(state, move |(mut items, mut opening, mut first, done)| {
        let item_opening = item_opening.clone();
        async move {
            if done {
                return None;
            }
            let mut chunk: Vec<u8> = Vec::with_capacity(CHUNK);
            if let Some(text) = opening.take() {
                chunk.extend_from_slice(text.as_bytes());
            }
            while chunk.len() < CHUNK {
                let Some(object) = items.next() else {
                    chunk.extend_from_slice(b"]}\n");
                    return Some((Bytes::from(chunk), (items, None, first, true)));
                };
                if !first {
                    chunk.push(b',');
                }
                first = false;
                chunk.extend_from_slice(item_opening.as_bytes());
                chunk.extend_from_slice(object.body.get(1..).unwrap_or_default());
            }
            Some((Bytes::from(chunk), (items, None, first, false)))
        }
    });
    body::sized("application/json", size, chunks)
}

/// The answer as a `Table`, when the client prefers one (kubectl get).
pub(crate) fn as_table(
    cluster: &Cluster,
    call: &Call,
    kind: KindId,
    objects: &[Arc<Stored>],
    meta: Value,
) -> Option<Response<Body>> {
    let wish = Wish::of(call.header("accept"), call.query.get("includeObject"))?;
    let (press, now) = {
        let world = cluster.lock();
        (Press::new(&world, kind, wish), world.now)
    };
    Some(body::value(200, &press.table(objects, meta, now)))
}

/// `events.k8s.io/v1` shows the same events in its own shape.
pub(crate) fn events(cluster: &Arc<Cluster>, call: &Call, target: &Target) -> Answer<Response<Body>> {
    let world = cluster.lock();
    let selector = Selector::parse(call.query.get("labelSelector").unwrap_or(""))?;
    let items: Vec<Value> = world
        .all(table::EVENT, &target.ns)
        .filter(|e| selector.matches(&e.labels) && (target.name.is_empty() || *e.key.name == *target.name))
        .map(|e| {
            let v = e.value();
            json!({
                "metadata": j::at(&v, "metadata"), "eventTime": v.get("eventTime"), "reason": v.get("reason"),
                "action": v.get("action"), "type": v.get("type"), "note": v.get("message"),
                "regarding": v.get("involvedObject"), "reportingController": v.get("reportingComponent"),
                "reportingInstance": v.get("reportingInstance"), "deprecatedSource": v.get("source"),
                "deprecatedFirstTimestamp": v.get("firstTimestamp"), "deprecatedLastTimestamp": v.get("lastTimestamp"),
                "deprecatedCount": v.get("count")
            })
        })
        .collect();
    Ok(body::value(
        200,
        &json!({"kind": "EventList", "apiVersion": "events.k8s.io/v1",
            "metadata": {"resourceVersion": world.rv.to_string()}, "items": items}),
    ))
}
