//! Which answers are asked for again: a server that is busy or away for a moment. Never: what may have been done.
//! Called by [`super`].

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use kube::client::Body;
use tokio::time::Sleep;
use tower::BoxError;
use tower::retry::Policy;

use super::connection::{copy, is_reading};

/// So often it is asked for again.
const TIMES: u32 = 3;
/// The first pause, where the server names none; the next are twice as long each.
const FIRST: Duration = Duration::from_millis(200);
/// Whoever is told to wait longer than this says so instead.
const LONGEST: Duration = Duration::from_secs(10);

/// Asks a few times.
#[derive(Clone, Default)]
pub(super) struct Retry {
    done: u32,
}

impl<B> Policy<Request<Body>, Response<B>, BoxError> for Retry {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut Request<Body>,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Sleep> {
        let answer = result.as_ref().ok()?;
        let again = match answer.status() {
            // It was turned away before anything was done.
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => is_reading(request.method()),
            _ => false,
        };
        let told = answer.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
        let pause = told.map_or(FIRST * 2u32.pow(self.done), Duration::from_secs);
        if !again || self.done >= TIMES || pause > LONGEST {
            return None;
        }
        self.done += 1;
        Some(tokio::time::sleep(pause))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        copy(request)
    }
}
