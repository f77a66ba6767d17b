//! Answers: those that are read whole, no larger than allowed and of many that come at once a few at a time; and those that
//! come event by event.
//!
//! Called by `api` for single calls and by each watch.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Request};
use kube::Client;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::fault::{Fault, FaultClass};
use super::page::{self, Page};

/// The whole answer to a request, as that type; of so many bytes at most.
pub(super) async fn whole<T: DeserializeOwned>(
    client: &Client,
    asked: Request<Vec<u8>>,
    most: u64,
) -> Result<T, Fault> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, client.request_stream(asked).await?, most).await?;
    serde_json::from_slice(&bytes).map_err(|e| Fault::of(&kube::Error::SerdeError(e)))
}

/// So many answers are read at once where very many come, and so long one waits for its turn: an answer that comes slowly
/// holds no other up.
const READ_AT_ONCE: usize = 3;
const TURN_LIMIT: Duration = Duration::from_secs(1);

/// What is read into is kept for the next answer, up to so many bytes.
const KEPT_FOR_NEXT: usize = 4 << 20;

/// Turns at reading large answers: two hundred lists that come at once are not all in memory at once. They are read into the
/// same few pieces of memory, one after the other: large ones that come and go leave holes between what stays.
#[derive(Clone, Debug)]
pub struct Turns {
    places: Arc<Semaphore>,
    /// Those that nobody reads into now.
    buffers: Arc<Buffers>,
}

type Buffers = Mutex<Vec<Vec<u8>>>;

impl Default for Turns {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(READ_AT_ONCE)), buffers: Arc::default() }
    }
}

/// What an answer is read into, in its turn. It ends with this.
struct Turn {
    bytes: Vec<u8>,
    place: Option<OwnedSemaphorePermit>,
    turns: Turns,
}

impl Turns {
    async fn next(&self) -> Turn {
        let place = timeout(TURN_LIMIT, self.places.clone().acquire_owned()).await;
        let bytes = self.buffers.lock().ok().and_then(|mut buffers| buffers.pop());
        let bytes = bytes.unwrap_or_default();
        Turn { bytes, place: place.ok().and_then(Result::ok), turns: self.clone() }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let is_last = self.turns.places.available_permits() + 1 >= READ_AT_ONCE;
        let Ok(mut buffers) = self.turns.buffers.lock() else { return };
        if self.place.is_none() || is_last {
            // Nobody reads any more.
            buffers.clear();
        } else if self.bytes.capacity() <= KEPT_FOR_NEXT {
            self.bytes.clear();
            buffers.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// One page of a list, of so many bytes at most; `keep` is given each object. It is read when its turn has come, which begins
/// when the server has begun to answer.
pub(super) async fn page_in_turn<K: DeserializeOwned>(
    client: &Client,
    asked: Request<Vec<u8>>,
    most: u64,
    turns: &Turns,
    keep: impl FnMut(K),
) -> Result<Page, Fault> {
    let body = client.request_stream(asked).await?;
    let mut turn = turns.next().await;
    read_into(&mut turn.bytes, body, most).await?;
    page::read(&turn.bytes, keep).map_err(|e| Fault::of(&kube::Error::SerdeError(e)))
}

async fn read_into(bytes: &mut Vec<u8>, body: impl AsyncBufRead, most: u64) -> Result<(), Fault> {
    let mut body = std::pin::pin!(body.take(most + 1));
    body.read_to_end(bytes).await.map_err(|e| Fault::of_chain(&e))?;
    if bytes.len() as u64 > most {
        let words = format!("the answer has more than {most} bytes; it was not read further");
        return Err(Fault::new(FaultClass::Other, &words));
    }
    Ok(())
}

/// An event is at most so much larger than what is kept for the next.
const KEPT: usize = 8 * 1024;

/// The events of a watch, a line each. Between two of them it holds next to nothing: there are thousands of watches.
pub(super) struct Events<R> {
    body: R,
    line: Vec<u8>,
}

/// Begins a watch.
pub(super) async fn events(
    client: &Client,
    mut asked: Request<Vec<u8>>,
) -> Result<Events<impl AsyncBufRead + Unpin + Send + use<>>, Fault> {
    // Some servers compress each event by itself, which costs both sides more than it saves.
    asked.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let body = Box::pin(client.request_stream(asked).await?);
    Ok(Events { body, line: Vec::new() })
}

/// Why a watch has no next event.
pub(super) enum NoEvent {
    /// The server has ended it.
    End,
    /// It broke.
    Broken(Fault),
    /// What came is no event.
    Garbage(Fault),
}

impl<R: AsyncBufRead + Unpin> Events<R> {
    /// The next one.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<T, NoEvent> {
        loop {
            self.line.clear();
            self.line.shrink_to(KEPT);
            let read = self.body.read_until(b'\n', &mut self.line).await;
            match read {
                Err(error) => return Err(NoEvent::Broken(Fault::of_chain(&error))),
                Ok(0) => return Err(NoEvent::End),
                Ok(_) if self.line.trim_ascii().is_empty() => {}
                Ok(_) => break,
            }
        }
        let event = serde_json::from_slice(&self.line);
        event.map_err(|error| {
            // A connection that breaks within a line ends it there.
            let fault = Fault::of(&kube::Error::SerdeError(error));
            if self.line.ends_with(b"\n") { NoEvent::Garbage(fault) } else { NoEvent::Broken(fault) }
        })
    }
}
