//! Answers: those that are read whole, no larger than allowed and of many that come at once a few at a time; and those that
//! come event by event.
//!
//! Called by `api` for single calls and by each watch.

use std::sync::Arc;
use std::time::Duration;

use futures::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Request};
use kube::Client;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::fault::{Fault, FaultClass};

/// The whole answer to a request, as that type; of so many bytes at most.
pub(super) async fn whole<T: DeserializeOwned>(
    client: &Client,
    asked: Request<Vec<u8>>,
    most: u64,
) -> Result<T, Fault> {
    in_turn(client, asked, most, None).await
}

/// So many answers are read at once where very many come, and so long one waits for its turn: an answer that comes slowly
/// holds no other up.
const READ_AT_ONCE: usize = 3;
const TURN_LIMIT: Duration = Duration::from_secs(1);

/// Turns at reading large answers: two hundred lists that come at once are not all in memory at once.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READ_AT_ONCE)))
    }
}

/// The whole answer to a request, as that type; of so many bytes at most. It is read when its turn has come, which begins
/// when the server has begun to answer.
pub(super) async fn in_turn<T: DeserializeOwned>(
    client: &Client,
    asked: Request<Vec<u8>>,
    most: u64,
    turns: Option<&Turns>,
) -> Result<T, Fault> {
    let mut body = std::pin::pin!(client.request_stream(asked).await?.take(most + 1));
    let turn = turns.map(|turns| timeout(TURN_LIMIT, turns.0.acquire()));
    let _turn = match turn {
        Some(turn) => turn.await.ok().and_then(Result::ok),
        None => None,
    };
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).await.map_err(|e| Fault::of_chain(&e))?;
    if bytes.len() as u64 > most {
        let words = format!("the answer has more than {most} bytes; it was not read further");
        return Err(Fault::new(FaultClass::Other, &words));
    }
    serde_json::from_slice(&bytes).map_err(|e| Fault::of(&kube::Error::SerdeError(e)))
}

/// An event is at most so much larger than what is kept for the next.
const KEPT: usize = 4 * 1024;

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
