//! The one place that makes a `kube::Client`: a tower service that opens an in-memory pipe per request.
//! Called by `Simulation::client`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kube::client::Body;

use super::cluster::{Cluster, Identity};
use super::server::{self, Door, Speech};
use super::weather::Fault;
use super::weathered::Weathered;

/// Bytes in flight per direction: a slow reader stops the server.
const PIPE: usize = 128 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A client of a cluster.
pub(crate) fn of(cluster: Arc<Cluster>, who: Identity) -> kube::Client {
    kube::Client::new(Wire { cluster, who }, "default")
}

#[derive(Clone)]
struct Wire {
    cluster: Arc<Cluster>,
    who: Identity,
}

impl tower::Service<Request<Body>> for Wire {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (cluster, who) = (Arc::clone(&self.cluster), self.who.clone());
        Box::pin(async move {
            if cluster.fault() == Fault::Refuse {
                let text =
                    format!("tcp connect error: Connection refused (os error 111): {}", cluster.spec.name);
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, text).into());
            }
            let (near, far) = tokio::io::duplex(PIPE);
            let (outlook, far) = (cluster.outlook(), Weathered::new(&cluster, far));
            tokio::spawn(server::serve(cluster, Door::Open(who), far, Speech::One, outlook));
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await?;
            tokio::spawn(connection.with_upgrades());
            Ok(sender.send_request(request).await?)
        })
    }
}
