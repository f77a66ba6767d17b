//! The simulation on sockets: what a client of the network sees that one in memory does not.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use skyfleet::sim::{Fault, FleetSpec, Served, Simulation, User};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::pty;

const CONTEXT: &str = "kind-gamma";

struct Stage {
    sim: Simulation,
    served: Served,
    tls: Arc<rustls::ClientConfig>,
}

impl Stage {
    async fn new(fleet: FleetSpec, users: &[User]) -> Self {
        let sim = Simulation::new(&fleet, 1, jiff::Timestamp::now());
        let served = sim.listen(users).await.unwrap();
        let authority =
            served.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
        let pem = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, authority).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { sim, served, tls: Arc::new(tls) }
    }

    async fn small() -> Self {
        Self::new(FleetSpec::embedded("small").unwrap(), &[]).await
    }

    async fn open(&self, protocols: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", self.served.port(CONTEXT).unwrap())).await?;
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = protocols.iter().map(|p| p.to_vec()).collect();
        TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await
    }

    async fn two(&self) -> hyper::client::conn::http2::SendRequest<Empty<Bytes>> {
        let io = self.open(&[b"h2"]).await.unwrap();
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn one(&self) -> hyper::client::conn::http1::SendRequest<Empty<Bytes>> {
        let io = self.open(&[]).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    fn token(&self, user: usize) -> &str {
        self.served.kubeconfig()["users"][user]["user"]["token"].as_str().unwrap()
    }

    fn ask(&self, path: &str) -> Request<Empty<Bytes>> {
        asked(&format!("https://127.0.0.1{path}"), self.token(0))
    }
}

fn asked(uri: &str, token: &str) -> Request<Empty<Bytes>> {
    let request =
        Request::get(uri).header("host", "127.0.0.1").header("authorization", format!("Bearer {token}"));
    request.body(Empty::new()).unwrap()
}

async fn json_of(response: Response<Incoming>) -> (u16, Value) {
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .unwrap_or_else(|_| panic!("{what} takes too long"))
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_tokens_asked_for() {
    let stage = Stage::small().await;
    let io = stage.open(&[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(io.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut two = stage.two().await;
    let (code, version) = json_of(two.send_request(stage.ask("/version")).await.unwrap()).await;
    assert_eq!((code, &version["gitVersion"]), (200, &json!("v1.36.2")));
    let mut one = stage.one().await;
    let (code, pods) = json_of(one.send_request(stage.ask("/api/v1/pods")).await.unwrap()).await;
    assert_eq!((code, &pods["kind"]), (200, &json!("PodList")));
    for token in ["wrong", ""] {
        let (code, status) =
            json_of(two.send_request(asked("https://127.0.0.1/version", token)).await.unwrap()).await;
        assert_eq!((code, &status["reason"]), (401, &json!("Unauthorized")));
    }
}

#[tokio::test]
async fn a_client_of_the_network_lists_watches_and_enters_containers() {
    use k8s_openapi::api::core::v1::Pod;
    use kube::api::{Api, AttachParams, WatchParams};
    let stage = Stage::small().await;
    let file: kube::config::Kubeconfig = serde_json::from_value(stage.served.kubeconfig().clone()).unwrap();
    let options = kube::config::KubeConfigOptions { context: Some(CONTEXT.into()), ..Default::default() };
    let config = kube::Config::from_custom_kubeconfig(file, &options).await.unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let pods: Api<Pod> = Api::namespaced(client, "checkout");
    let list = pods.list(&kube::api::ListParams::default()).await.unwrap();
    let name = list.items[0].metadata.name.clone().unwrap();
    let mut session = pods.exec(&name, ["hostname"], &AttachParams::default().stderr(false)).await.unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut session.stdout().unwrap(), &mut text).await.unwrap();
    assert_eq!(text.trim(), name);
    let since = list.metadata.resource_version.unwrap();
    let mut events = Box::pin(pods.watch(&WatchParams::default(), &since).await.unwrap());
    let stirring = tokio::spawn({
        let sim = stage.sim.clone();
        async move { sim.stir(200).await }
    });
    let event = within("a change", events.try_next()).await.unwrap();
    assert!(matches!(event, Some(kube::api::WatchEvent::Modified(_))), "{event:?}");
    stirring.abort();
}

#[tokio::test]
async fn as_many_changes_come_as_were_asked_for() {
    let sim = Simulation::new(&FleetSpec::sized(4, 200), 1, jiff::Timestamp::now());
    let newest = |sim: &Simulation| {
        let sim = sim.clone();
        async move {
            let mut sum = 0;
            for context in sim.contexts() {
                let pods: kube::Api<k8s_openapi::api::core::v1::Pod> =
                    kube::Api::all(sim.client(&context).unwrap());
                let list = pods.list(&kube::api::ListParams::default()).await.unwrap();
                sum += list.metadata.resource_version.unwrap().parse::<u64>().unwrap();
            }
            sum
        }
    };
    let before = newest(&sim).await;
    let started = std::time::Instant::now();
    let _ = tokio::time::timeout(Duration::from_secs(2), sim.stir(300)).await;
    let seconds = started.elapsed().as_secs_f64();
    let made = newest(&sim).await - before;
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let rate = made as f64 / seconds;
    assert!((240.0..=330.0).contains(&rate), "{made} changes in {seconds} s");
}

#[tokio::test]
async fn large_lists_are_packed_for_those_who_unpack() {
    let stage = Stage::new(FleetSpec::sized(7, 7 * 120), &[]).await;
    let context = stage.sim.contexts()[0].clone();
    let port = stage.served.port(&context).unwrap();
    let connect = async |request: Request<Empty<Bytes>>| {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connector = TlsConnector::from(Arc::clone(&stage.tls));
        let io = connector.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    let plain = connect(stage.ask("/api/v1/pods")).await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.into_body().collect().await.unwrap().to_bytes();
    let mut request = stage.ask("/api/v1/pods");
    request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    let packed = connect(request).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.into_body().collect().await.unwrap().to_bytes();
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text).unwrap();
    assert_eq!(text, plain);
    let mut small = stage.ask("/version");
    small.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    assert!(!connect(small).await.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn further_users_have_the_rights_of_their_groups() {
    let users = [User::parse("vera:viewers").unwrap(), User::parse("nobody").unwrap()];
    let stage = Stage::new(FleetSpec::embedded("small").unwrap(), &users).await;
    let config = stage.served.kubeconfig();
    assert_eq!(config["contexts"].as_array().unwrap().len(), 3);
    let named = |name: &str| {
        let found = config["users"].as_array().unwrap().iter().find(|u| u["name"] == name).unwrap();
        found["user"]["token"].as_str().unwrap().to_owned()
    };
    let mut two = stage.two().await;
    for (user, path, code) in
        [("vera", "/api/v1/pods", 200), ("vera", "/api/v1/secrets", 403), ("nobody", "/api/v1/pods", 403)]
    {
        let request = asked(&format!("https://127.0.0.1{path}"), &named(user));
        let (got, status) = json_of(two.send_request(request).await.unwrap()).await;
        assert_eq!(got, code, "{user} {path}: {status}");
    }
}

#[tokio::test]
async fn connections_are_told_to_end_and_running_answers_go_on() {
    let stage = Stage::small().await;
    let mut two = stage.two().await;
    let watch = two.send_request(stage.ask("/api/v1/pods?watch=true&timeoutSeconds=1")).await.unwrap();
    stage.sim.fault(CONTEXT, Fault::GoAway { share: 0.0 });
    // A new request finds the connection closing; the watch ends by its own time.
    within("GOAWAY", async {
        while two.ready().await.is_ok() && two.send_request(stage.ask("/version")).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let text = within("the watch", watch.into_body().collect()).await.unwrap().to_bytes();
    assert!(text.ends_with(b"}\n"), "the watch was cut");
    let mut one = stage.one().await;
    stage.sim.fault(CONTEXT, Fault::GoAway { share: 1.0 });
    let mut one_again = stage.one().await;
    let answer = one_again.send_request(stage.ask("/version")).await.unwrap();
    assert_eq!(answer.headers()["connection"], "close");
    assert!(within("the end", one.send_request(stage.ask("/version"))).await.is_err());
}

#[tokio::test]
async fn connections_break_after_so_many_bytes() {
    let stage = Stage::small().await;
    stage.sim.fault(CONTEXT, Fault::Cut { least: 6_000, most: 9_000 });
    let mut one = stage.one().await;
    let whole = async {
        let answer = one.send_request(stage.ask("/api/v1/pods")).await?;
        answer.into_body().collect().await
    };
    assert!(within("the cut", whole).await.is_err());
    stage.sim.fault(CONTEXT, Fault::None);
    let mut one = stage.one().await;
    assert_eq!(json_of(one.send_request(stage.ask("/api/v1/pods")).await.unwrap()).await.0, 200);
    // In memory it is the same.
    stage.sim.fault(CONTEXT, Fault::Cut { least: 6_000, most: 9_000 });
    let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::all(stage.sim.client(CONTEXT).unwrap());
    assert!(pods.list(&kube::api::ListParams::default()).await.is_err());
}

#[tokio::test]
async fn a_frozen_server_answers_when_it_thaws() {
    let stage = Stage::small().await;
    let mut two = stage.two().await;
    stage.sim.fault(CONTEXT, Fault::Freeze);
    let mut asked = Box::pin(two.send_request(stage.ask("/version")));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut asked).await.is_err());
    // Nor does anybody else get in.
    assert!(tokio::time::timeout(Duration::from_millis(300), stage.open(&[b"h2"])).await.is_err());
    stage.sim.fault(CONTEXT, Fault::None);
    assert_eq!(within("the answer", asked).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_refusing_server_is_not_there_and_comes_back() {
    let stage = Stage::small().await;
    let mut two = stage.two().await;
    stage.sim.fault(CONTEXT, Fault::Refuse);
    within("refusal", async {
        while stage.open(&[b"h2"]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(within("the end", two.send_request(stage.ask("/version"))).await.is_err());
    stage.sim.fault(CONTEXT, Fault::None);
    within("its return", async {
        while stage.open(&[b"h2"]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn lost_pieces_come_late() {
    let stage = Stage::small().await;
    let mut one = stage.one().await;
    stage.sim.fault(CONTEXT, Fault::Loss { share: 0.9 });
    let started = std::time::Instant::now();
    // A piece may be lucky, six answers are not.
    for _ in 0..6 {
        let answer = within("the answer", one.send_request(stage.ask("/version"))).await.unwrap();
        assert_eq!(json_of(answer).await.0, 200);
        if started.elapsed() >= Duration::from_millis(150) {
            return;
        }
    }
    panic!("nothing was late in {:?}", started.elapsed());
}

/// The program as a person starts it: a file for its owner alone, words on how to use it, an end by a signal.
#[cfg(unix)]
#[test]
fn the_command_serves_until_it_is_ended() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sim.yaml");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
    serve
        .args(["sim", "serve", "--clusters", "2", "--pods", "60", "--changes", "5", "--user", "vera:viewers"])
        .args(["--fault", "latency=1+1:*", "--kubeconfig-out"])
        .arg(&file)
        .stderr(Stdio::piped());
    let mut child = pty::spawn(&mut serve);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut words = String::new();
    while !words.contains("--user vera") {
        assert!(said.read_line(&mut words).unwrap() > 0, "it ended: {words}");
    }
    assert!(words.contains("2 clusters, 60 pods"), "{words}");
    assert!(words.contains(&format!("KUBECONFIG={} kubectl get pods -A", file.display())), "{words}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut get = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
    get.args(["get", "pods", "-o", "json", "--kubeconfig"]).arg(&file).env("HOME", dir.path());
    let answer = pty::output(&mut get);
    let pods: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(
        pods["items"].as_array().map(Vec::len),
        Some(60),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let killed = pty::output(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    assert!(killed.status.success());
    let started = std::time::Instant::now();
    let ended = child.wait().unwrap();
    assert!(ended.success() && started.elapsed() < Duration::from_secs(5), "{ended}");
    assert!(file.exists(), "it leaves what it wrote");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_served_is_said() {
    for (flags, words) in [
        (["--fault", "rain:*"], "there is no fault \"rain\""),
        (["--fault", "latency"], "a fault and a context"),
        (["--fault", "freeze:nowhere*"], "no context matches; there are: arn:aws"),
        (["--user", ":viewers"], "a name, or a name and groups"),
        (["--incident", "none"], "there is no incident `none`"),
    ] {
        let out = pty::output(
            std::process::Command::new(env!("CARGO_BIN_EXE_skyfleet"))
                .args(["sim", "serve", "--fleet", "small", "--kubeconfig-out", "/nonexistent/sim.yaml"])
                .args(flags),
        );
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(said.contains(words) && out.status.code() == Some(2), "{flags:?}: {said}");
    }
    let out = pty::output(std::process::Command::new(env!("CARGO_BIN_EXE_skyfleet")).args([
        "sim",
        "serve",
        "--fleet",
        "small",
        "--kubeconfig-out",
        "/nonexistent/sim.yaml",
    ]));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("/nonexistent/sim.yaml") && out.status.code() == Some(1), "{said}");
}
