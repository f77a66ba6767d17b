//! The way to a server: TCP, a proxy, TLS, HTTP. kube's layers, in kube's order, over connections of our own making: kube 5
//! shows a server no client certificate of X.509 version 1, and tells a SOCKS proxy no password.
//!
//! Never: credentials in a header, which are [`super::signed`]'s. Called by it.

use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use http::{HeaderValue, Uri};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use kube::client::retry::RetryPolicy;
use kube::{Client, Config};
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tower::retry::RetryLayer;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::fault::{Fault, FaultClass};
use super::identity::Identity;

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// How long a request may take to be written. Reading has no limit: watches are quiet for minutes, and hung servers are
/// noticed by the supervisor's own health requests.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// A client of a server: by its address, authority, proxy and TLS name. Reads the machine's certificates and checks keys: not
/// on a thread that answers others.
pub(super) fn client(config: &Config, identity: Option<&Identity>) -> Result<Client, Fault> {
    let mut tls = config.rustls_client_config().map_err(|error| {
        let words = format!("the connection cannot be set up: {}", Fault::of(&error).words);
        Fault::new(FaultClass::Credentials, &words)
    })?;
    if let Some(identity) = identity {
        let resolver = identity.resolver();
        tls.client_auth_cert_resolver = resolver.map_err(|why| Fault::new(FaultClass::Credentials, why))?;
    }
    let name = match &config.tls_server_name {
        None => None,
        Some(name) => Some(ServerName::try_from(name.clone()).map_err(|_| {
            Fault::new(FaultClass::Credentials, "kubeconfig: tls-server-name is no name of a host")
        })?),
    };
    let secure = Secure { tls, name };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let Some(proxy) = &config.proxy_url else { return Ok(secure.client(config, tcp)) };
    let login = login(proxy);
    match proxy.scheme_str() {
        Some("socks5") => {
            let without = SocksV5::new(proxy.clone(), tcp);
            let with = login.map(|login| of_socks(login, config)).transpose()?;
            let with = with.map(|(user, password)| without.clone().with_auth(user, password));
            Ok(secure.client(config, Socks { with, without }))
        }
        Some("http") => Ok(secure.client(config, tunnel(proxy, tcp, login))),
        Some("https") => {
            let to_proxy = secure.of_its_own().over(tcp);
            Ok(secure.client(config, tunnel(proxy, to_proxy, login)))
        }
        _ => Err(Fault::new(
            FaultClass::Credentials,
            "the proxy is of a kind that is not known: http, https and socks5 are",
        )),
    }
}

/// The user and password that stand in a proxy's address, in bytes: what they are written in is the proxy's affair.
type Login = (Vec<u8>, Vec<u8>);

fn login(proxy: &Uri) -> Option<Login> {
    let (info, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = info.split_once(':').unwrap_or((info, ""));
    let plain = |text| percent_decode_str(text).collect();
    Some((plain(user), plain(password)))
}

/// A login as SOCKS sends it (RFC 1929). The connector writes it and the server's name into 262 bytes.
fn of_socks((user, password): Login, config: &Config) -> Result<(String, String), Fault> {
    let wrong = |words: &str| Fault::new(FaultClass::Credentials, words);
    let host = config.cluster_url.host().unwrap_or("").len();
    if user.is_empty() || user.len() > 255 || user.len() + password.len() + host > 249 {
        return Err(wrong("the user and password of the SOCKS proxy are too long, or there is no user"));
    }
    let text = |bytes| String::from_utf8(bytes).map_err(|_| wrong("the SOCKS proxy's login is not UTF-8"));
    Ok((text(user)?, text(password)?))
}

/// SOCKS 5. A proxy that wants no login is offered none: client-go offers both ways at once, the connector one.
#[derive(Clone)]
struct Socks {
    with: Option<SocksV5<HttpConnector>>,
    without: SocksV5<HttpConnector>,
}

impl Service<Uri> for Socks {
    type Response = <SocksV5<HttpConnector> as Service<Uri>>::Response;
    type Error = <SocksV5<HttpConnector> as Service<Uri>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.without.poll_ready(cx)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Self { with, mut without } = self.clone();
        Box::pin(async move {
            let Some(mut with) = with else { return without.call(server).await };
            match with.call(server.clone()).await {
                Ok(connection) => Ok(connection),
                Err(first) => without.call(server).await.map_err(|_| first),
            }
        })
    }
}

fn tunnel<C>(proxy: &Uri, connector: C, login: Option<Login>) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let header = login.and_then(|(user, password)| {
        let pair = STANDARD.encode([&user[..], b":", &password].concat());
        let mut header = HeaderValue::from_str(&format!("Basic {pair}")).ok()?;
        header.set_sensitive(true);
        Some(header)
    });
    match header {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    }
}

/// TLS towards a server.
struct Secure {
    tls: ClientConfig,
    /// The name its certificate has to have, where that is not its host.
    name: Option<ServerName<'static>>,
}

impl Secure {
    /// The same with a memory of its own: what a proxy and a server give for coming back is not shown to the other.
    fn of_its_own(&self) -> Self {
        let mut tls = self.tls.clone();
        tls.resumption = Resumption::default();
        Self { tls, name: self.name.clone() }
    }

    fn over<C>(&self, connector: C) -> HttpsConnector<C> {
        let mut builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        if let Some(name) = &self.name {
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
        }
        builder.enable_http1().wrap_connector(connector)
    }

    fn client<C>(&self, config: &Config, connector: C) -> Client
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: std::error::Error + Send + Sync + 'static,
    {
        let mut connector = TimeoutConnector::new(self.over(connector));
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        connector.set_write_timeout(Some(WRITE_LIMIT));
        let http = hyper_util::client::legacy::Builder::new(TokioExecutor::new()).build(connector);
        let plain =
            DecompressionLayer::new().no_br().no_deflate().no_zstd().gzip(!config.disable_compression);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .layer(plain)
            .layer(RetryLayer::new(RetryPolicy::server_retry()))
            .map_err(BoxError::from)
            .service(http);
        Client::new(service, "default")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_proxies() {
        let of = |address: &str| {
            login(&address.parse().unwrap()).map(|(user, password)| {
                [user, password].map(|text| String::from_utf8_lossy(&text).into_owned()).join(" / ")
            })
        };
        assert_eq!(of("http://proxy:3128"), None);
        assert_eq!(of("http://me@proxy:3128").unwrap(), "me / ");
        assert_eq!(of("http://me:p%40ss%2Fword%3a@proxy:3128").unwrap(), "me / p@ss/word:");
        let (user, _) = login(&"http://caf%E9:x@proxy".parse().unwrap()).unwrap();
        assert_eq!(user, b"caf\xe9");
    }

    #[test]
    fn logins_that_socks_cannot_send() {
        let config = Config::new("https://kubernetes.example:6443".parse().unwrap());
        let of = |user: &str, password: &str| of_socks((user.into(), password.into()), &config).is_ok();
        assert!(of("me", "") && of("me", &"x".repeat(220)));
        assert!(!of("", "x") && !of("me", &"x".repeat(240)) && !of(&"x".repeat(256), ""));
        assert!(of_socks((b"caf\xe9".to_vec(), Vec::new()), &config).is_err());
    }

    #[test]
    fn what_no_client_can_be_made_of() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let made = |change: fn(&mut Config)| {
            let mut config = Config::new("https://127.0.0.1:6443".parse().unwrap());
            change(&mut config);
            client(&config, None).map(|_| ()).map_err(|fault| fault.words.to_string())
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
}
