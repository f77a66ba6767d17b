//! Port-forward as kubectl asks for it: SPDY inside the binary messages of a WebSocket, a pair of streams a connection.
//! Called by the session's beginning.

use std::collections::BTreeMap;

use hyper::upgrade::Upgraded;

use super::Visit;
use super::forward::{answer, whole_request};
use super::socket::Socket;
use super::spdy::{self, Heard, Spdy};

/// A connection that is forwarded: its two streams and what has come.
#[derive(Default)]
struct Pair {
    error: Option<u32>,
    data: Option<u32>,
    port: u16,
    asked: Vec<u8>,
}

/// Answers requests until the visitor leaves.
pub(super) async fn run(stream: Upgraded, visit: Visit) {
    let mut socket = Socket::new(stream).await;
    let mut spdy = Spdy::new();
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    while let Some(bytes) = socket.next_whole().await {
        let Some(heard) = spdy.hear(&bytes) else { return };
        for one in heard {
            let Some(frames) = step(&mut spdy, &mut pairs, &visit, one) else { return };
            for frame in frames {
                if !socket.send_whole(frame).await {
                    return;
                }
            }
        }
    }
}

/// What is said to what was heard; nothing when it is over.
fn step(
    spdy: &mut Spdy,
    pairs: &mut BTreeMap<String, Pair>,
    visit: &Visit,
    heard: Heard,
) -> Option<Vec<Vec<u8>>> {
    Some(match heard {
        Heard::Stream(stream, headers) => {
            let told = |name: &str| headers.get(name).cloned().unwrap_or_default();
            let pair = pairs.entry(told("requestid")).or_default();
            pair.port = told("port").parse().unwrap_or(0);
            if told("streamtype") == "error" {
                pair.error = Some(stream);
            } else {
                pair.data = Some(stream);
            }
            vec![spdy.reply(stream)?]
        }
        Heard::Data(stream, bytes) => {
            let Some(pair) = pairs.values_mut().find(|p| p.data == Some(stream)) else {
                return Some(Vec::new());
            };
            pair.asked.extend_from_slice(&bytes);
            let mut out = Vec::new();
            while let Some((request, length)) = whole_request(&pair.asked) {
                pair.asked.drain(..length);
                out.push(spdy::data(stream, &answer(visit, pair.port, &request)));
            }
            out
        }
        // The visitor has said all: so have we.
        Heard::End(stream) | Heard::Reset(stream) => {
            let Some(id) = pairs.iter().find(|(_, p)| p.data == Some(stream)).map(|(id, _)| id.clone())
            else {
                return Some(Vec::new());
            };
            let pair = pairs.remove(&id).unwrap_or_default();
            pair.data.into_iter().chain(pair.error).map(spdy::end).collect()
        }
        Heard::Ping(id) => vec![spdy::pong(id)],
        Heard::Goodbye => return None,
    })
}
