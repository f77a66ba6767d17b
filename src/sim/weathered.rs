//! A stream under the weather of its cluster: it freezes, loses pieces, breaks after so many bytes.
//! Never: knowledge of what is sent. Called where connections are served, in memory and on sockets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::cluster::{Cluster, Sky};
use super::rng::{self, Rng};
use super::weather::Fault;

/// The first wait for a lost piece, as TCP's.
const REPEATED_AFTER: Duration = Duration::from_millis(200);

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream and the weather over it.
pub(crate) struct Weathered<IO> {
    io: IO,
    cluster: Arc<Cluster>,
    sky: watch::Receiver<Sky>,
    rng: Option<Rng>,
    /// Bytes until it breaks.
    left: Option<u64>,
    reading: Option<Wait>,
    writing: Option<Wait>,
    /// This piece has had its bad luck.
    sent_again: bool,
}

impl<IO> Weathered<IO> {
    /// A stream to a cluster.
    pub(crate) fn new(cluster: &Arc<Cluster>, io: IO) -> Self {
        Self {
            io,
            cluster: Arc::clone(cluster),
            sky: cluster.sky.subscribe(),
            rng: None,
            left: None,
            reading: None,
            writing: None,
            sent_again: false,
        }
    }

    /// Chance of its own, so that a quiet cluster's is not drawn upon.
    fn rng(&mut self) -> &mut Rng {
        let cluster = &self.cluster;
        self.rng.get_or_insert_with(|| Rng::new(cluster.lock().next_draw()))
    }

    /// What the weather does to the next piece.
    fn gust(&mut self) -> io::Result<Option<Wait>> {
        let fault = self.sky.borrow().fault.clone();
        if !matches!(fault, Fault::Cut { .. }) {
            self.left = None;
        }
        Ok(match fault {
            Fault::Freeze => {
                let mut sky = self.sky.clone();
                Some(Box::pin(async move {
                    let _ = sky.wait_for(|s| s.fault != Fault::Freeze).await;
                }))
            }
            Fault::Loss { share } => {
                let mut wait = Duration::ZERO;
                let mut next = REPEATED_AFTER;
                while rng::unit(self.rng().next()) < share && wait < Duration::from_secs(2) {
                    wait += next;
                    next *= 2;
                }
                (!wait.is_zero()).then(|| Box::pin(tokio::time::sleep(wait)) as Wait)
            }
            Fault::Cut { least, most } => {
                let left = match self.left {
                    Some(left) => left,
                    None => least + self.rng().below(most.saturating_sub(least) + 1),
                };
                self.left = Some(left);
                if left == 0 {
                    return Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by the weather"));
                }
                None
            }
            _ => None,
        })
    }

    fn spend(&mut self, bytes: usize) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// How much of a piece still goes through.
    fn room(&self, bytes: usize) -> usize {
        self.left.map_or(bytes, |left| usize::try_from(left).unwrap_or(usize::MAX).min(bytes))
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Weathered<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if let Some(wait) = &mut this.reading {
                std::task::ready!(wait.as_mut().poll(cx));
                this.reading = None;
            }
            let before = buf.filled().len();
            // Loss delays what is there, not the waiting for it.
            if this.sky.borrow().fault == Fault::Freeze {
                this.reading = this.gust()?;
                continue;
            }
            std::task::ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
            let read = buf.filled().len() - before;
            this.reading = this.gust()?;
            this.spend(read);
            return Poll::Ready(Ok(()));
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Weathered<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            if let Some(wait) = &mut this.writing {
                std::task::ready!(wait.as_mut().poll(cx));
                this.writing = None;
                this.sent_again = true;
            }
            let frozen = this.sky.borrow().fault == Fault::Freeze;
            if frozen || !this.sent_again {
                this.writing = this.gust()?;
                if this.writing.is_some() {
                    continue;
                }
            }
            let room = this.room(buf.len());
            let written =
                std::task::ready!(Pin::new(&mut this.io).poll_write(cx, buf.get(..room).unwrap_or(buf)))?;
            this.sent_again = false;
            this.spend(written);
            return Poll::Ready(Ok(written));
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
