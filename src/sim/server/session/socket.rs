//! A WebSocket whose messages begin with the number of a channel.
//! Called by the sessions.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// What the server says to the client's key.
pub(super) fn accept_key(key: &str) -> String {
    derive_accept_key(key.as_bytes())
}

/// An open socket.
pub(super) struct Socket(WebSocketStream<TokioIo<Upgraded>>);

impl Socket {
    /// After the switch.
    pub(super) async fn new(stream: Upgraded) -> Self {
        Self(WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await)
    }

    /// The next message: its channel and its bytes. `None`: it is closed.
    pub(super) async fn next(&mut self) -> Option<(u8, Bytes)> {
        loop {
            let bytes = match self.0.next().await?.ok()? {
                Message::Binary(bytes) => bytes,
                Message::Text(text) => Bytes::from(text),
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            let Some(channel) = bytes.first().copied() else { continue };
            return Some((channel, bytes.slice(1..)));
        }
    }

    /// Sends bytes on a channel; false when nobody hears it.
    pub(super) async fn send(&mut self, channel: u8, bytes: &[u8]) -> bool {
        let mut message = Vec::with_capacity(bytes.len() + 1);
        message.push(channel);
        message.extend_from_slice(bytes);
        self.0.send(Message::Binary(message.into())).await.is_ok()
    }

    /// The next message as it is. `None`: it is closed.
    pub(super) async fn next_whole(&mut self) -> Option<Bytes> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Binary(bytes) => return Some(bytes),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Sends a message as it is; false when nobody hears it.
    pub(super) async fn send_whole(&mut self, bytes: Vec<u8>) -> bool {
        self.0.send(Message::Binary(bytes.into())).await.is_ok()
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        let done = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let _ = self.0.close(Some(done)).await;
        // The client closes the stream when it has read all.
        while let Ok(Some(Ok(_))) = tokio::time::timeout(Duration::from_secs(5), self.0.next()).await {}
    }
}
