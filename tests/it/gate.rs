//! A gate before simulated clusters: they are served over TCP on loopback, and who knocks must have a token that counts.
//! What the binary is tested against where a real API server would have to be.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;

use skyfleet::sim::{FleetSpec, Simulation};

/// The gate of one cluster.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Tokens that count.
    pub(crate) tokens: Arc<Mutex<BTreeSet<String>>>,
    /// Connections so far.
    pub(crate) connections: Arc<AtomicU32>,
}

impl Gate {
    /// Before the cluster of a context.
    pub(crate) async fn open(sim: &Simulation, context: &str, tokens: &[&str]) -> Self {
        let client = sim.client(context).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap(),
            tokens: Arc::new(Mutex::new(tokens.iter().map(|t| (*t).to_owned()).collect())),
            connections: Arc::default(),
        };
        let of = gate.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of.connections.fetch_add(1, Ordering::SeqCst);
                let (client, of) = (client.clone(), of.clone());
                let service = service_fn(move |request| answer(client.clone(), of.clone(), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        gate
    }

    /// The address for a kubeconfig.
    pub(crate) fn server(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Other tokens count from now on.
    pub(crate) fn accept(&self, tokens: &[&str]) {
        *self.tokens.lock().unwrap() = tokens.iter().map(|t| (*t).to_owned()).collect();
    }
}

async fn answer(
    client: kube::Client,
    gate: Gate,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let token = request.headers().get(AUTHORIZATION).and_then(|h| h.to_str().ok()?.strip_prefix("Bearer "));
    let counts = token.is_some_and(|t| gate.tokens.lock().unwrap().contains(t));
    if !counts {
        let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
        let body = Body::from(status.as_bytes().to_vec());
        return Ok(Response::builder().status(StatusCode::UNAUTHORIZED).body(body).unwrap());
    }
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(AUTHORIZATION);
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let answer = client.send(Request::from_parts(parts, Body::from(body.to_vec()))).await;
    Ok(answer.unwrap_or_else(|_| Response::builder().status(502).body(Body::empty()).unwrap()))
}

/// A small fleet that goes on by itself, on a runtime of its own: the binary under test is another process.
pub(crate) struct Served {
    pub(crate) gates: Vec<Gate>,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    /// The first clusters of the small fleet, each with this token.
    pub(crate) fn new(tokens: &[&str]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let gates = runtime.block_on(async {
            let sim = Simulation::new(&FleetSpec::embedded("small").unwrap(), 1, jiff::Timestamp::now());
            let mut gates = Vec::new();
            for (context, token) in sim.contexts().iter().zip(tokens) {
                gates.push(Gate::open(&sim, context, &[token]).await);
            }
            tokio::spawn(async move { sim.run(1.0).await });
            gates
        });
        Self { gates, _runtime: runtime }
    }
}
