//! How large an answer may be: of what is read whole all of it, of what streams each line. A server that answers without end
//! must not fill this machine's memory. Counted after decompression. Called by [`super`].

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use tower::{BoxError, Service};

use crate::source::fault::{Fault, FaultClass};

/// An answer that is read whole.
const WHOLE: usize = 128 * 1024 * 1024;
/// One line of a watch or a log.
const LINE: usize = 16 * 1024 * 1024;

/// A service whose answers are limited.
#[derive(Clone)]
pub(super) struct Limit<S>(pub(super) S);

/// A body that ends with an error where it is too large.
pub(super) struct Limited<B> {
    body: B,
    /// Bytes so far: of all of it, or of the line.
    seen: usize,
    streams: bool,
}

fn streams(uri: &Uri) -> bool {
    let mut parts = uri.query().unwrap_or("").split('&');
    parts.any(|part| matches!(part, "watch=true" | "watch=1" | "follow=true")) || uri.path().ends_with("/log")
}

impl<S, R, B> Service<Request<R>> for Limit<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = Response<Limited<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let streams = streams(request.uri());
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into)?;
            Ok(answer.map(|body| Limited { body, seen: 0, streams }))
        })
    }
}

impl<B> Limited<B> {
    fn count(&mut self, data: &[u8]) -> Result<(), BoxError> {
        let last = if self.streams { data.iter().rposition(|b| *b == b'\n') } else { None };
        let (most, what) = if self.streams { (LINE, "a line of the answer") } else { (WHOLE, "the answer") };
        // Lines inside one piece are no longer than the piece.
        self.seen = match last {
            Some(at) => data.len() - at - 1,
            None => self.seen + data.len(),
        };
        if self.seen <= most {
            return Ok(());
        }
        let words = format!("{what} is larger than {} MiB; it was not read to its end", most >> 20);
        Err(Fault::new(FaultClass::Other, &words).into())
    }
}

impl<B> Body for Limited<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(frame)) => frame.map_err(Into::into),
        };
        let counted = frame.and_then(|frame| {
            frame.data_ref().map_or(Ok(()), |data| self.count(data))?;
            Ok(frame)
        });
        Poll::Ready(Some(counted))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
