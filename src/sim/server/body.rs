//! Response bodies: JSON at once, lists in chunks, streams; large ones packed for clients that unpack.
//! Called by every file of `server`.

use std::convert::Infallible;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt};
use http::{Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Bytes, Frame};
use serde_json::Value;

use crate::sim::status::ApiError;

/// What the server sends.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A streamed body of known size.
#[derive(Clone, Copy, Debug)]
struct Size(u64);

/// Smaller answers go as they are.
const PACKED_FROM: u64 = 128 * 1024;

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

/// The same, of known size.
pub(crate) fn sized(
    kind: &str,
    bytes: usize,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
) -> Response<Body> {
    let mut response = stream(kind, chunks);
    response.extensions_mut().insert(Size(u64::try_from(bytes).unwrap_or(u64::MAX)));
    response
}

/// Packs an answer of over 128 KB, as the API server does. Watches and logs have no size and go as they are.
pub(crate) fn zipped(response: Response<Body>) -> Response<Body> {
    let size =
        response.extensions().get::<Size>().map(|s| s.0).or_else(|| response.body().size_hint().exact());
    if size.is_none_or(|bytes| bytes < PACKED_FROM) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    head.headers.insert(header::VARY, header::HeaderValue::from_static("Accept-Encoding"));
    head.headers.remove(header::CONTENT_LENGTH);
    let packer = GzEncoder::new(Vec::new(), Compression::fast());
    let chunks =
        futures::stream::unfold((body.into_data_stream(), Some(packer)), |(mut body, packer)| async move {
            let mut packer = packer?;
            loop {
                match body.next().await {
                    Some(Ok(chunk)) => {
                        packer.write_all(&chunk).ok()?;
                        let packed = std::mem::take(packer.get_mut());
                        if !packed.is_empty() {
                            return Some((Bytes::from(packed), (body, Some(packer))));
                        }
                    }
                    _ => return Some((Bytes::from(packer.finish().ok()?), (body, None))),
                }
            }
        });
    let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
    Response::from_parts(head, BodyExt::boxed_unsync(StreamBody::new(frames)))
}
