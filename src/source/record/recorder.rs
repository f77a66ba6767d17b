//! The recorder: stands between a program and a real API server, and keeps what both said.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Request, Response, header};
use http_body::Frame;
use hyper::body::Bytes;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use super::scrub::Scrub;
use super::{Answer, Exchange, Header, Recording, Sent, is_watch};
use crate::source::connect::{Dial, Dialer};
use crate::source::fault::Fault;

/// Keeps every exchange that goes through its clients. Clones share what they keep.
#[derive(Clone, Default)]
pub struct Recorder {
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// One exchange as it went over the wire; the answer grows while it is read.
struct Taken {
    name: String,
    user: String,
    method: String,
    path: String,
    sent_media: String,
    sent: Bytes,
    status: u16,
    media: String,
    answer: Vec<u8>,
    whole: bool,
}

impl Recorder {
    /// One that has kept nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that asks `real` and is listened to, as `user`.
    pub fn client(&self, real: Client, user: &str) -> Client {
        self.named(real, user, "")
    }

    /// The same, with a name for what is asked.
    pub fn named(&self, real: Client, user: &str, name: &str) -> Client {
        let wire = Wire { real, recorder: self.clone(), user: user.to_owned(), name: name.to_owned() };
        Client::new(tower::service_fn(move |request| wire.clone().pass(request)), "default")
    }

    /// A dialer whose clients are listened to, as `user`.
    pub fn dialer(&self, real: Dialer, user: &str) -> Dialer {
        Arc::new(Listening { real, recorder: self.clone(), user: user.to_owned() })
    }

    /// What was kept so far, scrubbed; `hidden` are words of the machine with what to write in their place. Answers
    /// that did not come to their end are left out, but for watches, which have none; equal exchanges are kept once.
    pub fn recording(&self, header: Header, hidden: &[(String, String)]) -> Recording {
        let scrub = Scrub::new(hidden);
        let mut exchanges: Vec<Exchange> = Vec::new();
        for taken in self.lock().iter() {
            let Some(mut exchange) = taken.exchange() else { continue };
            scrub.exchange(&mut exchange);
            if !exchanges.contains(&exchange) {
                exchanges.push(exchange);
            }
        }
        Recording { header, exchanges }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, taken: Taken) -> usize {
        let mut all = self.lock();
        all.push(taken);
        all.len() - 1
    }

    fn grow(&self, at: usize, chunk: Option<&Bytes>) {
        if let Some(taken) = self.lock().get_mut(at) {
            match chunk {
                Some(chunk) => taken.answer.extend_from_slice(chunk),
                None => taken.whole = true,
            }
        }
    }
}

fn value_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into()))
}

impl Taken {
    fn exchange(&self) -> Option<Exchange> {
        let json = self.media.contains("json");
        let answer = if json && is_watch(&self.path) && self.status == 200 {
            // The last line may have been cut where the reader went away.
            let lines = self.answer.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok());
            Answer::Events(lines.collect())
        } else if !self.whole {
            return None;
        } else if json {
            Answer::Json(serde_json::from_slice(&self.answer).ok()?)
        } else {
            Answer::Text(String::from_utf8_lossy(&self.answer).into_owned())
        };
        let sent = (!self.sent.is_empty())
            .then(|| Sent { media: self.sent_media.clone(), body: value_of(&self.sent) });
        Some(Exchange {
            name: self.name.clone(),
            user: self.user.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            sent,
            status: self.status,
            media: self.media.clone(),
            answer,
        })
    }
}

struct Listening {
    real: Dialer,
    recorder: Recorder,
    user: String,
}

impl Dial for Listening {
    fn dial(&self, context: &str) -> BoxFuture<'_, Result<Client, Fault>> {
        let dialled = self.real.dial(context);
        Box::pin(async move { Ok(self.recorder.client(dialled.await?, &self.user)) })
    }
}

/// The service: the real client with an ear.
#[derive(Clone)]
struct Wire {
    real: Client,
    recorder: Recorder,
    user: String,
    name: String,
}

fn text_of(headers: &http::HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    value.unwrap_or_default().to_owned()
}

impl Wire {
    async fn pass(self, request: Request<Body>) -> Result<Response<Heard>, kube::Error> {
        let Self { real, recorder, user, name } = self;
        let (head, body) = request.into_parts();
        let sent = body.collect_bytes().await?;
        let path = head.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        let (method, sent_media) = (head.method.to_string(), text_of(&head.headers));
        let response = real.send(Request::from_parts(head, Body::from(sent.clone()))).await?;
        let (head, body) = response.into_parts();
        let at = recorder.add(Taken {
            name,
            user,
            method,
            path,
            sent_media,
            sent,
            status: head.status.as_u16(),
            media: text_of(&head.headers),
            answer: Vec::new(),
            whole: false,
        });
        Ok(Response::from_parts(head, Heard { body, recorder, at }))
    }
}

/// An answer that is kept while it is read.
struct Heard {
    body: Body,
    recorder: Recorder,
    at: usize,
}

impl http_body::Body for Heard {
    type Data = Bytes;
    type Error = kube::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, kube::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.recorder.grow(self.at, Some(data));
                }
            }
            Poll::Ready(None) => self.recorder.grow(self.at, None),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // Told by the last frame alone: who asks here before reading would never hear the end.
        false
    }
}
