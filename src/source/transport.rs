//! The way to a server: TCP, a proxy, TLS, HTTP. kube's layers, in kube's order, over connections of our own making: kube 5
//! shows a server no client certificate of X.509 version 1, and tells a SOCKS proxy no password.
//!
//! Never: credentials in a header, which are [`super::signed`]'s. Called by it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
            let socks = SocksV5::new(proxy.clone(), tcp);
            let socks = match login {
                Some((user, password)) => socks.with_auth(user, password),
                None => socks,
            };
            Ok(secure.client(config, socks))
        }
        Some("http") => Ok(secure.client(config, tunnel(proxy, tcp, login))),
        Some("https") => Ok(secure.client(config, tunnel(proxy, secure.over(tcp), login))),
        _ => Err(Fault::new(
            FaultClass::Credentials,
            "the proxy is of a kind that is not known: http, https and socks5 are",
        )),
    }
}

/// The user and password that stand in a proxy's address.
fn login(proxy: &Uri) -> Option<(String, String)> {
    let (info, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = info.split_once(':').unwrap_or((info, ""));
    let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((plain(user), plain(password)))
}

fn tunnel<C>(proxy: &Uri, connector: C, login: Option<(String, String)>) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let header = login.and_then(|(user, password)| {
        let pair = STANDARD.encode(format!("{user}:{password}"));
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
