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
use crate::domain::kind::Kind;

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

/// Bytes of one answer; a page holds 500 objects of at most 1.5 MB each, and most are a thousandth of that.
pub(super) const MOST_BYTES: u64 = 256 << 20;

/// So many answers are read at once where very many come.
const READ_AT_ONCE: usize = 3;
/// So many lists of pods are asked for at once, of which there are more than of all else together: what has come of them and is
/// not read yet is in memory as well.
const ASKED_AT_ONCE: usize = 32;
/// So long one waits for its place, and so long it has it: an answer that comes slowly holds no other up.
const PLACE_LIMIT: Duration = Duration::from_secs(1);

/// What is read into is kept for the next answer, up to so many bytes.
const KEPT_FOR_NEXT: usize = 4 << 20;

/// Turns at reading large answers: two hundred lists that come at once are not all in memory at once. They are read into the
/// same few pieces of memory, one after the other: large ones that come and go leave holes between what stays.
#[derive(Clone, Debug)]
pub struct Turns {
    asking: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    /// Those that nobody reads into now.
    buffers: Arc<Buffers>,
}

type Buffers = Mutex<Vec<Vec<u8>>>;

impl Default for Turns {
    fn default() -> Self {
        let places = |n| Arc::new(Semaphore::new(n));
        Self { asking: places(ASKED_AT_ONCE), reading: places(READ_AT_ONCE), buffers: Arc::default() }
    }
}

/// What an answer is read into.
struct Buffer {
    bytes: Vec<u8>,
    turns: Turns,
}

impl Turns {
    fn buffer(&self) -> Buffer {
        let kept = self.buffers.lock().ok().and_then(|mut buffers| buffers.pop());
        Buffer { bytes: kept.unwrap_or_default(), turns: self.clone() }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Ok(mut buffers) = self.turns.buffers.lock() else { return };
        if self.turns.reading.available_permits() == READ_AT_ONCE {
            // Nobody reads any more.
            buffers.clear();
        } else if self.bytes.capacity() <= KEPT_FOR_NEXT && buffers.len() < READ_AT_ONCE {
            self.bytes.clear();
            buffers.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// A place, if one is to be had in time.
async fn place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    timeout(PLACE_LIMIT, places.clone().acquire_owned()).await.ok()?.ok()
}

/// Works in a place, and goes on without it when that takes long.
async fn working<T>(place: Option<OwnedSemaphorePermit>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = timeout(PLACE_LIMIT, &mut work).await {
        return done;
    }
    drop(place);
    work.await
}

/// One page of a list of that kind; `keep` is given each object. It is read when its turn has come, which begins
/// when the server has begun to answer.
pub(super) async fn page_in_turn<K: DeserializeOwned>(
    client: &Client,
    asked: Request<Vec<u8>>,
    kind: Kind,
    turns: &Turns,
    keep: impl FnMut(K),
) -> Result<Page, Fault> {
    let asking = if kind == Kind::Pod { place(&turns.asking).await } else { None };
    let page = async {
        let body = client.request_stream(asked).await?;
        let reading = place(&turns.reading).await;
        let mut buffer = turns.buffer();
        let read = async {
            read_into(&mut buffer.bytes, body, MOST_BYTES).await?;
            page::read(&buffer.bytes, keep).map_err(|e| Fault::of(&kube::Error::SerdeError(e)))
        };
        working(reading, read).await
    };
    working(asking, page).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn who_takes_long_gives_up_its_place_and_who_waits_long_goes_on_without() {
        let turns = Turns::default();
        let free = || turns.reading.available_permits();
        let slow = tokio::spawn(working(place(&turns.reading).await, sleep(10 * PLACE_LIMIT)));
        sleep(PLACE_LIMIT / 2).await;
        assert_eq!(free(), READ_AT_ONCE - 1);
        sleep(PLACE_LIMIT).await;
        assert_eq!((free(), slow.is_finished()), (READ_AT_ONCE, false));
        let many = u32::try_from(READ_AT_ONCE).unwrap();
        let _all = turns.reading.acquire_many(many).await.unwrap();
        assert!(place(&turns.reading).await.is_none());
    }

    #[tokio::test]
    async fn what_is_read_into_is_kept_while_somebody_reads() {
        let turns = Turns::default();
        let read = || {
            let mut buffer = turns.buffer();
            let had = buffer.bytes.capacity();
            assert!(buffer.bytes.is_empty());
            buffer.bytes.extend_from_slice(&[7; 1000]);
            had
        };
        let place = place(&turns.reading).await;
        assert_eq!((read(), read() >= 1000), (0, true));
        drop(place);
        // The last one lets it go.
        assert_eq!((read() >= 1000, read()), (true, 0));
    }
}
