//! The way to a server: TCP or a proxy, TLS, HTTP/2 or HTTP/1.1, under kube's client.
//!
//! | file | what |
//! |---|---|
//! | `route` | TCP, straight or through a proxy |
//! | `connection` | one HTTP/2 connection for all but logs and upgrades; HTTP/1.1 where a server knows no other |
//! | `retry` | which answers are asked for again |
//! | `limit` | how large an answer may be |
//!
//! kube's own stack opens a connection for each watch, does not notice a server that hangs, repeats writes that may have
//! been done, and shows no client certificate of X.509 version 1.
//!
//! Never: credentials in a header, which are `signed`'s. Called by it.

use std::sync::Arc;

use kube::client::ConfigExt;
use kube::{Client, Config};
use rustls::pki_types::ServerName;
use tower::ServiceBuilder;
use tower::layer::layer_fn;
use tower::retry::RetryLayer;
use tower_http::decompression::DecompressionLayer;

use super::fault::{Fault, FaultClass};
use super::identity::Identity;
use super::meter::{Meter, Metered};
use connection::Connection;
use limit::Limit;
use retry::Retry;
use route::Route;

mod connection;
mod limit;
mod retry;
mod route;
#[cfg(test)]
mod tests;

/// A client of a server: by its address, authority, proxy and TLS name. Reads the machine's certificates and checks keys: not
/// on a thread that answers others. Opens no connection.
pub(super) fn client(
    config: &Config,
    identity: Option<&Identity>,
    meter: Arc<Meter>,
) -> Result<Client, Fault> {
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
    let route = Route::of(config, &tls)?;
    let connection = Connection::new(config.cluster_url.clone(), route, tls, name)?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(layer_fn(Limit))
        .layer(DecompressionLayer::new().no_br().no_deflate().no_zstd().gzip(!config.disable_compression))
        .layer(RetryLayer::new(Retry::default()))
        .service(Metered::new(connection, meter));
    Ok(Client::new(service, "default"))
}
