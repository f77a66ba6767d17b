//! Response bodies: JSON at once, lists in chunks, streams.
//! Called by every file of `server`.

use std::convert::Infallible;

use futures::{Stream, StreamExt};
use http::{Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use serde_json::Value;

use crate::sim::status::ApiError;

/// What the server sends.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

fn build(code: u16, kind: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = header::HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response.headers_mut().insert("cache-control", header::HeaderValue::from_static("no-cache, private"));
    response
}

/// Bytes that are JSON.
pub(crate) fn bytes(code: u16, body: Bytes) -> Response<Body> {
    build(code, "application/json", Full::new(body).boxed_unsync())
}

/// A JSON value.
pub(crate) fn value(code: u16, value: &Value) -> Response<Body> {
    bytes(code, Bytes::from(serde_json::to_vec(value).unwrap_or_default()))
}

/// Plain text.
pub(crate) fn plain(code: u16, text: &str) -> Response<Body> {
    build(code, "text/plain; charset=utf-8", Full::new(Bytes::from(text.to_string())).boxed_unsync())
}

/// A JSON value under another media type.
pub(crate) fn typed(code: u16, kind: &str, value: &Value) -> Response<Body> {
    build(code, kind, Full::new(Bytes::from(serde_json::to_vec(value).unwrap_or_default())).boxed_unsync())
}

/// A failure.
pub(crate) fn error(failure: &ApiError) -> Response<Body> {
    let mut response = value(failure.code, &failure.json());
    if let Some(seconds) = failure.retry_after
        && let Ok(value) = header::HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// A body that is made while it is read.
pub(crate) fn stream(kind: &str, chunks: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
    build(200, kind, BodyExt::boxed_unsync(StreamBody::new(frames)))
}
