//! TCP to a server: straight, or through a proxy. What comes out is a stream of bytes, whatever it goes through.
//!
//! Never: HTTP to the server, or TLS with it. Called by [`super::connection`].

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use kube::Config;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::client::Resumption;
use tower::{BoxError, Service};

use crate::source::fault::{Fault, FaultClass};

/// Bytes to and from a server.
pub(super) struct Stream(Box<dyn Bytes>);

trait Bytes: Read + Write + Send + Unpin {}
impl<T: Read + Write + Send + Unpin> Bytes for T {}

/// The way to a server.
#[derive(Clone)]
pub(super) enum Route {
    /// Straight.
    Direct(HttpConnector),
    /// Through a SOCKS 5 proxy: with its login, where it has one, and without.
    Socks(Option<SocksV5<HttpConnector>>, SocksV5<HttpConnector>),
    /// Through an HTTP proxy.
    Http(Tunnel<HttpConnector>),
    /// Through an HTTP proxy that is spoken to over TLS.
    Https(Tunnel<HttpsConnector<HttpConnector>>),
}

impl Route {
    /// By the proxy of a configuration. `tls` is for a proxy that is spoken to over TLS.
    pub(super) fn of(config: &Config, tls: &ClientConfig) -> Result<Self, Fault> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // Requests are small and somebody waits for each.
        tcp.set_nodelay(true);
        let Some(proxy) = &config.proxy_url else { return Ok(Self::Direct(tcp)) };
        let login = login(proxy);
        match proxy.scheme_str() {
            Some("socks5") => {
                let without = SocksV5::new(proxy.clone(), tcp);
                let with = login.map(|login| of_socks(login, config)).transpose()?;
                let with = with.map(|(user, password)| without.clone().with_auth(user, password));
                Ok(Self::Socks(with, without))
            }
            Some("http") => Ok(Self::Http(tunnel(proxy, tcp, login))),
            Some("https") => {
                let mut tls = tls.clone();
                // What a proxy and a server give for coming back is not shown to the other.
                tls.resumption = Resumption::default();
                let secure = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
                Ok(Self::Https(tunnel(proxy, secure.wrap_connector(tcp), login)))
            }
            _ => Err(Fault::new(
                FaultClass::Credentials,
                "the proxy is of a kind that is not known: http, https and socks5 are",
            )),
        }
    }

    /// Opens it.
    pub(super) async fn open(self, server: Uri) -> Result<Stream, BoxError> {
        Ok(match self {
            Self::Direct(mut tcp) => Stream(Box::new(tcp.call(server).await?)),
            Self::Socks(None, mut without) => Stream(Box::new(without.call(server).await?)),
            // A proxy that wants no login is offered none: client-go offers both ways at once, the connector one.
            Self::Socks(Some(mut with), mut without) => match with.call(server.clone()).await {
                Ok(stream) => Stream(Box::new(stream)),
                Err(first) => Stream(Box::new(without.call(server).await.map_err(|_| first)?)),
            },
            Self::Http(mut tunnel) => Stream(Box::new(tunnel.call(server).await?)),
            Self::Https(mut tunnel) => Stream(Box::new(tunnel.call(server).await?)),
        })
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

impl Service<Uri> for Route {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        Box::pin(self.clone().open(server))
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
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
}
