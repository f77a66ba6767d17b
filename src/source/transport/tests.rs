//! Clients over real sockets and TLS, to servers of this test.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use kube::client::Body;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::*;

// Made for these tests with openssl; they open nothing. The server's is for 127.0.0.1 and localhost.
const CA: &str = r"-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUOtYTM/5Idat0pPbE734lVleOArUwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjQyMTU5MDZaGA8yMTI2MTAzMTIx
NTkwNlowEjEQMA4GA1UEAwwHdGVzdC1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPGchznLnpGvpgp4ZMvqCRKetL3y9h03IBTyN6I6AAndkDxEojHvTTCkkU/t
VQHe8yaeCXjrzBqLnVi5oNyW9IOjUzBRMB0GA1UdDgQWBBQU1qNtPp/ZyldmEGwM
VJvA5mjkHzAfBgNVHSMEGDAWgBQU1qNtPp/ZyldmEGwMVJvA5mjkHzAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDzypeAfjQGBgO+Va6k6rVX3/fU
J/Du3ZCg5YJ+JrRhlwIgAmwnYAH09VmoMGgveSgldtv904qzQ5r/HhYpEdp+fEg=
-----END CERTIFICATE-----";
const CERTIFICATE: &str = r"-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUAZEZs7zCvlyU/nnF+KlU3po6RdgwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjQyMTU5MDZaGA8yMTI2MTAzMTIx
NTkwNlowETEPMA0GA1UEAwwGc2VydmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAE2BQxpPetAFS2436hoTOss3nlxndyHTTqiynzQpJwzQ67gFZHhKV7Fdsx2eil
71eQM/3qDX84bWpN/FNeAdegtqNpMGcwGgYDVR0RBBMwEYcEfwAAAYIJbG9jYWxo
b3N0MAkGA1UdEwQCMAAwHQYDVR0OBBYEFHb7+idVZwUzF1CV6gqBqWvax6dBMB8G
A1UdIwQYMBaAFBTWo20+n9nKV2YQbAxUm8DmaOQfMAoGCCqGSM49BAMCA0cAMEQC
IB+L17+BFABoBb9JYcDHKKNpvE+jmhsxpKU8+zpS0mtiAiBnR1pEhRtVu0eodRXs
pGqMjnPmp5nvWwadkCRQvhu9Jg==
-----END CERTIFICATE-----";
const KEY: &str = r"-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAlHMShCD4yrR3wYw
iiqidwsZxdMsc9u8AVM78ulcWMihRANCAATYFDGk960AVLbjfqGhM6yzeeXGd3Id
NOqLKfNCknDNDruAVkeEpXsV2zHZ6KXvV5Az/eoNfzhtak38U14B16C2
-----END PRIVATE KEY-----";

type Piece = Result<Frame<Bytes>, std::io::Error>;
type Reply = Response<StreamBody<BoxStream<'static, Piece>>>;

/// How a server is.
#[derive(Clone, Copy)]
struct Kind {
    alpn: &'static [&'static [u8]],
    /// Streams a connection may have at once.
    streams: u32,
}

const BOTH: Kind = Kind { alpn: &[b"h2", b"http/1.1"], streams: 100 };
const OLD: Kind = Kind { alpn: &[b"http/1.1"], ..BOTH };

/// A server, and what came.
#[derive(Clone)]
struct Server {
    port: u16,
    connections: Arc<AtomicU32>,
    /// Requests by path.
    requests: Arc<Mutex<HashMap<String, u32>>>,
    /// Says good-bye over each connection.
    leave: Arc<Notify>,
}

impl Server {
    async fn start(kind: Kind) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            requests: Arc::default(),
            leave: Arc::default(),
        };
        let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let mut tls =
            rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        tls.alpn_protocols = kind.alpn.iter().map(|p| p.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let of = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of.connections.fetch_add(1, Ordering::SeqCst);
                let (of, acceptor) = (of.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let new = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let (stream, leave) = (TokioIo::new(stream), of.leave.clone());
                    let service = service_fn(move |request| of.clone().answer(request));
                    if !new {
                        let _ = hyper::server::conn::http1::Builder::new()
                            .serve_connection(stream, service)
                            .await;
                        return;
                    }
                    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    builder.timer(TokioTimer::new()).max_concurrent_streams(kind.streams);
                    let mut serving = std::pin::pin!(builder.serve_connection(stream, service));
                    loop {
                        tokio::select! {
                            _ = serving.as_mut() => return,
                            () = leave.notified() => serving.as_mut().graceful_shutdown(),
                        }
                    }
                });
            }
        });
        server
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Reply, std::io::Error> {
        let path = request.uri().path().to_owned();
        let times = {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            let times = requests.entry(path.clone()).or_default();
            *times += 1;
            *times
        };
        let _ = request.into_body().collect().await;
        let reply = |status: StatusCode, pieces: BoxStream<'static, Piece>| {
            Response::builder().status(status).body(StreamBody::new(pieces)).unwrap()
        };
        let once = |text: &'static str| {
            stream::once(async move { Ok(Frame::data(Bytes::from_static(text.as_bytes()))) }).boxed()
        };
        Ok(match path.as_str() {
            "/endless" => {
                let first = stream::once(async { Ok(Frame::data(Bytes::from_static(b"begun\n"))) });
                reply(StatusCode::OK, first.chain(stream::pending()).boxed())
            }
            "/large" => {
                let piece = || Ok(Frame::data(Bytes::from(vec![b'x'; 1 << 20])));
                reply(StatusCode::OK, stream::repeat_with(piece).boxed())
            }
            "/never" => std::future::pending().await,
            "/cut" => return Err(std::io::ErrorKind::ConnectionReset.into()),
            "/busy" if times < 3 => {
                let mut busy = reply(StatusCode::SERVICE_UNAVAILABLE, once("busy"));
                busy.headers_mut().insert("retry-after", "0".parse().unwrap());
                busy
            }
            "/later" => {
                let mut later = reply(StatusCode::TOO_MANY_REQUESTS, once("later"));
                later.headers_mut().insert("retry-after", "3600".parse().unwrap());
                later
            }
            _ => reply(StatusCode::OK, once("yes")),
        })
    }

    fn times(&self, path: &str) -> u32 {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied().unwrap_or(0)
    }

    fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    fn config(&self) -> Config {
        let mut config = Config::new(format!("https://127.0.0.1:{}", self.port).parse().unwrap());
        config.root_cert = Some(vec![CertificateDer::from_pem_slice(CA.as_bytes()).unwrap().to_vec()]);
        config
    }

    fn client(&self) -> Client {
        client(&self.config(), None, Arc::default()).unwrap()
    }
}

fn request(method: Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

/// What comes of a request: its status and its text.
async fn ask(client: &Client, method: Method, path: &str) -> Result<(u16, String), Fault> {
    let answer = client.send(request(method, path)).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|e| Fault::of(&e))?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}

fn yes() -> Result<(u16, String), Fault> {
    Ok((200, "yes".to_owned()))
}

/// Streams that go on, each begun.
async fn endless(client: &Client, many: usize) -> Vec<Response<Body>> {
    let begun = (0..many).map(|_| async {
        let mut answer = client.send(request(Method::GET, "/endless?watch=true")).await.unwrap();
        let first = answer.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "begun\n");
        answer
    });
    futures::future::join_all(begun).await
}

#[tokio::test]
async fn everything_goes_over_one_connection() {
    let server = Server::start(BOTH).await;
    let client = server.client();
    let watches = endless(&client, 20).await;
    let lists = (0..20).map(|_| ask(&client, Method::GET, "/list"));
    assert!(futures::future::join_all(lists).await.into_iter().all(|a| a == yes()));
    assert_eq!(server.connections(), 1);
    // Logs have one of their own.
    assert_eq!(ask(&client, Method::GET, "/pods/a/log").await, yes());
    assert_eq!(ask(&client, Method::GET, "/pods/b/log").await, yes());
    assert_eq!(server.connections(), 2);
    drop(watches);
}

#[tokio::test]
async fn a_server_of_before_is_spoken_to_as_before() {
    let server = Server::start(OLD).await;
    let client = server.client();
    let watches = endless(&client, 3).await;
    assert_eq!(ask(&client, Method::GET, "/list").await, yes());
    assert_eq!(ask(&client, Method::POST, "/write").await, yes());
    drop(watches);
}

/// Over the limit of streams nothing fails, it waits: so there is a second connection before.
#[tokio::test]
async fn more_streams_than_the_server_allows() {
    let server = Server::start(Kind { streams: 14, ..BOTH }).await;
    let client = server.client();
    assert_eq!(ask(&client, Method::GET, "/list").await, yes());
    let watches = endless(&client, 12).await;
    assert_eq!(ask(&client, Method::GET, "/list").await, yes());
    assert!(server.connections() >= 3, "{}", server.connections());
    drop(watches);
}

/// A server that says good-bye fails no request that only reads, and running watches go on.
#[tokio::test]
async fn a_good_bye_is_not_seen() {
    let server = Server::start(BOTH).await;
    let client = server.client();
    let mut watches = endless(&client, 2).await;
    for _ in 0..20 {
        let lists = (0..10).map(|_| ask(&client, Method::GET, "/list"));
        let leave = async {
            tokio::task::yield_now().await;
            server.leave.notify_waiters();
        };
        let (answers, ()) = futures::future::join(futures::future::join_all(lists), leave).await;
        assert!(answers.iter().all(|a| *a == yes()), "{answers:?}");
    }
    assert!(server.connections() > 5, "{}", server.connections());
    for watch in &mut watches {
        let more = tokio::time::timeout(Duration::from_millis(50), watch.body_mut().frame()).await;
        assert!(more.is_err(), "{more:?}");
    }
}

/// What may have been done is not done twice.
#[tokio::test]
async fn a_write_that_was_cut_is_sent_once() {
    for kind in [BOTH, OLD] {
        let server = Server::start(kind).await;
        let client = server.client();
        assert!(ask(&client, Method::POST, "/cut").await.is_err());
        assert_eq!(server.times("/cut"), 1);
        assert_eq!(ask(&client, Method::GET, "/list").await, yes());
    }
}

#[tokio::test]
async fn busy_servers() {
    let server = Server::start(BOTH).await;
    let client = server.client();
    assert_eq!(ask(&client, Method::GET, "/busy").await, yes());
    assert_eq!(server.times("/busy"), 3);
    // Away for a moment, but the write may have been done.
    let other = Server::start(BOTH).await;
    assert_eq!(ask(&other.client(), Method::POST, "/busy").await.map(|a| a.0), Ok(503));
    assert_eq!(other.times("/busy"), 1);
    // Nobody waits an hour.
    assert_eq!(ask(&client, Method::GET, "/later").await.map(|a| a.0), Ok(429));
    assert_eq!(server.times("/later"), 1);
}

#[tokio::test]
async fn an_answer_without_end() {
    let server = Server::start(BOTH).await;
    let client = server.client();
    let whole = ask(&client, Method::GET, "/large").await.unwrap_err();
    assert!(whole.words.contains("the answer is larger than 128 MiB"), "{whole}");
    let line = ask(&client, Method::GET, "/large?watch=true").await.unwrap_err();
    assert!(line.words.contains("a line of the answer is larger than 16 MiB"), "{line}");
    // The connection is as good as before.
    assert_eq!(ask(&client, Method::GET, "/list").await, yes());
    assert_eq!(server.connections(), 1);
}

/// Who wait for a connection that does not come about wait once, not one after the other.
#[tokio::test]
async fn a_failed_connection_fails_all_who_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tried = Arc::new(AtomicU32::new(0));
    let count = tried.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(stream);
        }
    });
    let server = Server::start(BOTH).await;
    let mut config = server.config();
    config.cluster_url = format!("https://127.0.0.1:{port}").parse().unwrap();
    let client = client(&config, None, Arc::default()).unwrap();
    let asked = (0..8).map(|_| ask(&client, Method::GET, "/list"));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_comes() {
    let server = Server::start(BOTH).await;
    let client = server.client();
    let fault = ask(&client, Method::GET, "/never").await.unwrap_err();
    assert_eq!(fault.words, "request: no answer within 30 s");
}

#[test]
fn what_no_client_can_be_made_of() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = |change: fn(&mut Config)| {
        let mut config = Config::new("https://127.0.0.1:6443".parse().unwrap());
        change(&mut config);
        client(&config, None, Arc::default()).map(|_| ()).map_err(|fault| fault.words.to_string())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    assert_eq!(made(|_| {}), Ok(()));
    assert_eq!(made(|c| c.proxy_url = Some("https://me:x@proxy".parse().unwrap())), Ok(()));
    let ftp = made(|c| c.proxy_url = Some("ftp://proxy".parse().unwrap())).unwrap_err();
    assert!(ftp.starts_with("the proxy is of a kind"), "{ftp}");
    let name = made(|c| c.tls_server_name = Some("a b".to_owned())).unwrap_err();
    assert!(name.contains("tls-server-name"), "{name}");
}
