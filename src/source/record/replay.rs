//! The replay: an API server that answers from recordings, and says what it was asked for in vain.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use http::{Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Bytes;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::{ADMIN, Answer, Exchange, Recording, asked, is_watch};
use crate::source::connect::Dial;
use crate::source::fault::Fault;

type Sending = UnsyncBoxBody<Bytes, Infallible>;

/// A server made of recordings. Clones share which answers were given already.
///
/// A request is answered by the exchange of the same user, method, path, query and body. The order of the query's
/// parameters, `timeoutSeconds` and `resourceVersion` do not matter. What was asked several times is answered in the
/// recorded order, the last answer again and again. A watch tells its recorded events, once, and is then held open
/// without a word; one whose last event is an error ends, as it did. What was never recorded is a 404 that says so.
#[derive(Clone)]
pub struct Replay {
    exchanges: Arc<Vec<Exchange>>,
    user: String,
    still: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    given: BTreeMap<(String, String, String), usize>,
    unrecorded: Vec<String>,
}

impl Replay {
    /// Over these recordings.
    pub fn new(recordings: impl IntoIterator<Item = Recording>) -> Self {
        let exchanges = recordings.into_iter().flat_map(|r| r.exchanges).collect();
        Self { exchanges: Arc::new(exchanges), user: ADMIN.to_owned(), still: false, state: Arc::default() }
    }

    /// The same where nothing changes after the lists: watches tell no events. What is shown is then the same in
    /// every run, however the reading of lists and events falls.
    #[must_use]
    pub fn still(self) -> Self {
        Self { still: true, ..self }
    }

    /// The same, asked by another recorded user.
    #[must_use]
    pub fn user(&self, user: &str) -> Self {
        Self { user: user.to_owned(), ..self.clone() }
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        let replay = self.clone();
        let answer = move |request: Request<Body>| {
            let replay = replay.clone();
            async move {
                let (head, body) = request.into_parts();
                let sent = body.collect_bytes().await?;
                let path = head.uri.path_and_query().map_or("/", |p| p.as_str());
                Ok::<_, kube::Error>(replay.answer(head.method.as_str(), path, &sent))
            }
        };
        Client::new(tower::service_fn(answer), "default")
    }

    /// What was asked for and is not recorded, in order.
    pub fn unrecorded(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).unrecorded.clone()
    }

    fn answer(&self, method: &str, path: &str, sent: &[u8]) -> Response<Sending> {
        let body = (!sent.is_empty()).then(|| {
            serde_json::from_slice(sent)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(sent).into()))
        });
        let key = (method.to_owned(), asked(path), body.as_ref().map(Value::to_string).unwrap_or_default());
        let like: Vec<&Exchange> = self
            .exchanges
            .iter()
            .filter(|e| e.user == self.user && e.method == method && asked(&e.path) == key.1)
            .filter(|e| e.sent.as_ref().map(|s| &s.body) == body.as_ref())
            .collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = like.last() else {
            let what = format!("{method} {path} as {}", self.user);
            state.unrecorded.push(what.clone());
            return unrecorded(&what);
        };
        let given = state.given.entry(key).or_default();
        let next = like.get(*given);
        *given += 1;
        let quiet = is_watch(path) && (self.still || next.is_none());
        respond(next.unwrap_or(last), quiet)
    }
}

fn respond(exchange: &Exchange, quiet: bool) -> Response<Sending> {
    let whole = |text: String| Full::new(Bytes::from(text)).boxed_unsync();
    let body = match &exchange.answer {
        Answer::Json(value) => whole(value.to_string()),
        Answer::Text(text) => whole(text.clone()),
        Answer::Events(events) => {
            let ended = !quiet && events.last().is_some_and(|e| e["type"] == "ERROR");
            let told = if quiet { &[][..] } else { events.as_slice() };
            let lines: Vec<_> = told
                .iter()
                .map(|e| Ok::<_, Infallible>(Frame::data(Bytes::from(format!("{e}\n")))))
                .collect();
            if ended {
                StreamBody::new(stream::iter(lines)).boxed_unsync()
            } else {
                StreamBody::new(stream::iter(lines).chain(stream::pending())).boxed_unsync()
            }
        }
    };
    build(exchange.status, &exchange.media, body)
}

fn unrecorded(what: &str) -> Response<Sending> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404, "reason": "NotFound",
        "message": format!("not recorded: {what}")
    });
    build(404, "application/json", Full::new(Bytes::from(status.to_string())).boxed_unsync())
}

fn build(status: u16, media: &str, body: Sending) -> Response<Sending> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = header::HeaderValue::from_str(media) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// Every context leads to it.
impl Dial for Replay {
    fn dial(&self, _: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        Box::pin(std::future::ready(Ok(self.client())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::api;
    use crate::source::fault::FaultClass;
    use crate::source::record::{Header, Recorder};

    fn exchange(path: &str, answer: Answer) -> Exchange {
        Exchange {
            name: String::new(),
            user: ADMIN.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            sent: None,
            status: 200,
            media: "application/json".to_owned(),
            answer,
        }
    }

    fn replay() -> Replay {
        let number = |n: u32| Answer::Json(json!({"n": n}));
        let event = json!({"type": "ADDED", "object": {"kind": "Pod"}});
        Replay::new([Recording {
            header: Header::default(),
            exchanges: vec![
                exchange("/a?x=1&y=2", number(1)),
                exchange("/a?y=2&x=1", number(2)),
                exchange("/w?watch=true&resourceVersion=7", Answer::Events(vec![event])),
            ],
        }])
    }

    #[tokio::test]
    async fn in_turn_and_unknown_by_name() {
        let replay = replay();
        let client = replay.client();
        for n in [1, 2, 2] {
            assert_eq!(api::read::<Value>(&client, "/a?y=2&x=1").await.unwrap(), json!({"n": n}));
        }
        assert!(replay.unrecorded().is_empty());
        let fault = api::read::<Value>(&client, "/b").await.unwrap_err();
        assert_eq!(
            (fault.class, fault.words.as_str()),
            (FaultClass::NotFound, "not recorded: GET /b as admin")
        );
        assert_eq!(replay.unrecorded(), ["GET /b as admin"]);
    }

    async fn first_chunk(replay: &Replay) -> Option<String> {
        let request = Request::get("/w?watch=true").body(Body::empty()).unwrap();
        let mut body = replay.client().send(request).await.unwrap().into_body();
        let frame = tokio::time::timeout(std::time::Duration::from_secs(5), body.frame()).await.ok()??;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_tells_once_and_stays_open() {
        let replay = replay();
        assert!(first_chunk(&replay).await.unwrap().contains("ADDED"));
        assert_eq!(first_chunk(&replay).await, None, "nothing comes, and it does not end");
        assert_eq!(first_chunk(&self::replay().still()).await, None);
    }

    #[tokio::test]
    async fn what_is_recorded_is_what_was_said() {
        let (replay, recorder) = (replay(), Recorder::new());
        let client = recorder.client(replay.client(), "bob");
        let sent = json!({"hello": 1});
        api::read::<Value>(&client, "/a?x=1&y=2").await.unwrap();
        let _refused = api::post(&client, "/b", &sent).await.unwrap_err();
        let kept = recorder.recording(Header::default(), &[]);
        let text = kept.text().unwrap();
        assert_eq!(Recording::read(&text).unwrap(), kept);
        let [read, refused] = kept.exchanges.as_slice() else { panic!("{text}") };
        assert_eq!((read.user.as_str(), &read.answer), ("bob", &Answer::Json(json!({"n": 1}))));
        assert_eq!((refused.status, refused.method.as_str()), (404, "POST"));
        assert_eq!(refused.sent.as_ref().map(|s| &s.body), Some(&sent));
    }
}
