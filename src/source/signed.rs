//! A client whose every request is signed anew: by what [`super::credentials`] has now. Where that is another certificate,
//! the connection is another, too. A 401 is told to the signer, so that the next request is not signed with the same.
//!
//! kube 5 would do this by itself, but runs a plugin thrice and without end, sends what ran out, and reads `NO_PROXY` wrongly.
//!
//! Called by [`super::connect`].

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;

use super::credentials::{Refused, Signed, Signer};
use super::fault::{Fault, FaultClass};
use super::identity::Identity;
use super::kubeconfig::{ClusterEntry, Impersonation};
use super::meter::Meter;
use super::proxy::{self, ProxyEnv};
use super::transport;
use crate::domain::context::Server;

/// Where a client goes, and how it knows that it is there.
#[derive(Clone)]
pub(super) struct Target {
    config: kube::Config,
    /// The proxy, for words.
    proxy: Option<String>,
    meter: Arc<Meter>,
}

impl Target {
    /// Of a cluster entry: by its own proxy, or the environment's.
    pub(super) fn of(cluster: &ClusterEntry, proxies: &ProxyEnv, meter: &Arc<Meter>) -> Result<Self, Fault> {
        let wrong = |words: &str| Fault::new(FaultClass::Credentials, &format!("kubeconfig: {words}"));
        let server = cluster.server.as_deref().and_then(Server::parse);
        let server = server.ok_or_else(|| wrong("the server is no address"))?;
        let mut config =
            kube::Config::new(server.key().parse().map_err(|_| wrong("the server is no address"))?);
        config.accept_invalid_certs = cluster.insecure;
        config.tls_server_name.clone_from(&cluster.tls_server_name);
        config.disable_compression = cluster.disable_compression;
        if server.secure && !cluster.insecure {
            config.root_cert =
                cluster.authority().map_err(|e| wrong(&e))?.map(|pem| certificates(&pem)).transpose()?;
        }
        let own = cluster.proxy.as_ref().map(|p| p.expose_secret().to_owned());
        let address = own.or_else(|| proxies.of_server(&server));
        if let Some(address) = &address {
            // The proxy looks names up with either word.
            let known = address.replacen("socks5h://", "socks5://", 1);
            let known = known.parse().map_err(|_| wrong("the proxy is no address"))?;
            config.proxy_url = Some(known);
        }
        Ok(Self { config, proxy: address.as_deref().map(proxy::shown), meter: meter.clone() })
    }

    async fn client(&self, identity: Option<&Arc<Identity>>) -> Result<Client, Fault> {
        let (config, identity, meter) = (self.config.clone(), identity.cloned(), self.meter.clone());
        let runtime = tokio::runtime::Handle::current();
        let built = tokio::task::spawn_blocking(move || {
            let _inside = runtime.enter();
            transport::client(&config, identity.as_deref(), meter)
        });
        built.await.unwrap_or_else(|_| Err(Fault::new(FaultClass::Other, "the client could not be built")))
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).map(|c| c.map(|c| c.to_vec())).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or_else(|| {
        Fault::new(FaultClass::Credentials, "kubeconfig: the certificate authority holds no certificate")
    })
}

/// A client of a target. Signs in first, so that what is wrong with the credentials is said at once.
pub(super) async fn connect(
    target: Target,
    signer: Arc<Signer>,
    acting_as: Option<&Impersonation>,
) -> Result<Client, Fault> {
    let headers = acting_as.map(headers).transpose()?.unwrap_or_default();
    let leaf = Arc::new(Leaf { target, signer, headers, built: Mutex::new(None) });
    let signed = leaf.signer.sign().await?;
    leaf.client(&signed).await?;
    Ok(Client::new(Service(leaf), "default"))
}

/// The headers of impersonation (client-go transport/round_trippers.go).
fn headers(who: &Impersonation) -> Result<HeaderMap, Fault> {
    let mut texts = vec![("impersonate-user".to_owned(), &who.user)];
    texts.extend(who.uid.iter().map(|uid| ("impersonate-uid".to_owned(), uid)));
    texts.extend(who.groups.iter().map(|group| ("impersonate-group".to_owned(), group)));
    for (name, values) in &who.extra {
        texts.extend(values.iter().map(|value| (format!("impersonate-extra-{}", escaped(name)), value)));
    }
    let mut out = HeaderMap::new();
    for (name, text) in texts {
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = HeaderValue::from_bytes(text.as_bytes()).ok();
        let (Some(name), Some(value)) = (name, value) else {
            let words = "whom it acts as cannot be written into a request";
            return Err(Fault::new(FaultClass::Credentials, words));
        };
        out.append(name, value);
    }
    Ok(out)
}

/// What may not stand in a header's name is written as `%` and two digits.
fn escaped(name: &str) -> String {
    name.to_lowercase()
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'0'..=b'9' => char::from(b).to_string(),
            b'!' | b'#' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|'
            | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// What answers the requests of one client.
struct Leaf {
    target: Target,
    signer: Arc<Signer>,
    /// Of impersonation.
    headers: HeaderMap,
    /// The client underneath, and the certificate it has.
    built: Mutex<Option<(Option<Arc<Identity>>, Client)>>,
}

impl Leaf {
    async fn client(&self, signed: &Signed) -> Result<Client, Fault> {
        let built = |leaf: &Self| leaf.built.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let same = |known: &Option<Arc<Identity>>| match (known, &signed.identity) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        if let Some((identity, client)) = built(self)
            && same(&identity)
        {
            return Ok(client);
        }
        let client = self.target.client(signed.identity.as_ref()).await?;
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((signed.identity.clone(), client.clone()));
        Ok(client)
    }

    async fn answer(&self, mut request: Request<Body>) -> Result<Response<Body>, Fault> {
        let signed = self.signer.sign().await?;
        let client = self.client(&signed).await?;
        if let Some(authorization) = &signed.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        tracing::debug!(method = %request.method(), path = request.uri().path(), "request");
        match client.send(request).await {
            Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => match self.signer.refused(&signed) {
                Some(Refused::Expired(why)) => Err(Fault::expired(&format!("401 Unauthorized: {why}"))),
                Some(Refused::Unknown(why)) => Err(Fault::unauthorized(why)),
                None => Ok(answer),
            },
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.explain(Fault::of(&error))),
        }
    }

    /// What is known here of a request that came to nothing.
    fn explain(&self, fault: Fault) -> Fault {
        // A server that wants a certificate refuses one that has run out while shaking hands: by an alert, or by hanging up.
        // One that is not there, or that we do not know, refuses nothing.
        let refuses = match fault.class {
            FaultClass::Tls => fault.words.contains("alert"),
            FaultClass::Unreachable => fault.words.starts_with("connection lost"),
            _ => false,
        };
        if refuses
            && self.signer.has_certificate()
            && let Some(why) = self.signer.expired()
        {
            return Fault::expired(&format!("{why} ({})", fault.words));
        }
        match (fault.class, &self.target.proxy) {
            (FaultClass::Unreachable | FaultClass::Timeout | FaultClass::Other, Some(proxy)) => Fault {
                words: format!("{} (through the proxy {proxy})", fault.words).as_str().into(),
                ..fault
            },
            _ => fault,
        }
    }
}

/// The same as a service that a client can be made of.
#[derive(Clone)]
struct Service(Arc<Leaf>);

impl tower::Service<Request<Body>> for Service {
    type Response = Response<Body>;
    type Error = tower::BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let leaf = self.0.clone();
        Box::pin(async move { leaf.answer(request).await.map_err(Into::into) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impersonation_as_client_go_writes_it() {
        let who = Impersonation {
            user: "jane@example.com".into(),
            uid: Some("7".into()),
            groups: vec!["a".into(), "b".into()],
            extra: [("example.com/Scopes".to_owned(), vec!["x".to_owned(), "y".to_owned()])].into(),
        };
        let headers = headers(&who).unwrap();
        let all: Vec<String> = headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        assert_eq!(
            all,
            [
                "impersonate-user: jane@example.com",
                "impersonate-uid: 7",
                "impersonate-group: a",
                "impersonate-group: b",
                "impersonate-extra-example.com%2fscopes: x",
                "impersonate-extra-example.com%2fscopes: y",
            ]
        );
        let bad = Impersonation { user: "a\nb".into(), ..Impersonation::default() };
        assert!(super::headers(&bad).is_err());
    }
}
