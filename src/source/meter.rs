//! What a cluster is asked and what it answers, counted: requests, and bytes of answers as they come over the wire (before
//! decompression, without headers).
//!
//! Called by `transport` and by clients that are there already; read by the supervisor, which makes rates of it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tower::Service;

use crate::fleet::delta::Traffic;

/// Over so long a rate is taken.
const SPAN: Duration = Duration::from_mins(1);

/// The counts of one cluster. They only grow.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// Requests and bytes so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// Rates by what was counted over the last minute.
#[derive(Debug, Default)]
pub(super) struct Rates(VecDeque<(Instant, (u64, u64))>);

impl Rates {
    /// Takes the counts of now in; what they come to by now.
    pub(super) fn add(&mut self, now: Instant, counts: (u64, u64)) -> Traffic {
        self.0.push_back((now, counts));
        // One count of before the span stays: the span begins there.
        while self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= SPAN) {
            self.0.pop_front();
        }
        let (first, before) = self.0.front().copied().unwrap_or((now, counts));
        let millis = u64::try_from(now.duration_since(first).as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |now: u64, before: u64, span: u64| {
            (now.saturating_sub(before).saturating_mul(span) + millis / 2) / millis
        };
        Traffic {
            requests_per_minute: rate(counts.0, before.0, 60_000),
            bytes_per_second: rate(counts.1, before.1, 1_000),
        }
    }
}

/// A service whose requests and answers are counted.
#[derive(Clone)]
pub(super) struct Metered<S> {
    inner: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    pub(super) fn new(inner: S, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl<S, R, B> Service<Request<R>> for Metered<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: 'static,
{
    type Response = Response<Counted<B>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let (answer, meter) = (self.inner.call(request), self.meter.clone());
        Box::pin(async move { Ok(answer.await?.map(|body| Counted { body, meter })) })
    }
}

/// A body whose bytes are counted as they come.
pub(super) struct Counted<B> {
    body: B,
    meter: Arc<Meter>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.meter.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_last_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rates = Rates::default();
        assert_eq!(rates.add(at(0), (10, 5_000_000)), Traffic::default());
        let told = rates.add(at(30), (16, 5_060_000));
        assert_eq!((told.requests_per_minute, told.bytes_per_second), (12, 2_000));
        for n in 2..=20 {
            rates.add(at(30 * n), (16 + n, 5_060_000));
        }
        // What came before the last minute counts no more.
        let told = rates.add(at(630), (40, 5_120_000));
        assert_eq!((told.requests_per_minute, told.bytes_per_second), (5, 1_000));
        assert!(rates.0.len() <= 4);
    }
}
