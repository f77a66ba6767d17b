//! The simulation on sockets of this machine: TLS on 127.0.0.1, one port a cluster, HTTP/2 and HTTP/1.1, tokens.
//! Here alone: keys and tokens, which are made anew each time and never come from a seed.
//! Never: answers (`server`), files. Called by `Simulation::listen`.

mod identity;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::cluster::{Cluster, Identity};
use super::server::{self, Door, Speech};
use super::weather::Fault;
use super::weathered::Weathered;
use super::{Simulation, kubeconfig};

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A further user of served clusters: what it may do is what each cluster's RBAC objects say of it and of its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name, in the kubeconfig too.
    pub name: String,
    /// Its groups, beside `system:authenticated`.
    pub groups: Vec<String>,
}

/// A simulation that listens; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    kubeconfig: Value,
    ports: BTreeMap<String, u16>,
    _doors: JoinSet<()>,
}

impl Served {
    /// A kubeconfig of all clusters, with the contexts' names as `Simulation::kubeconfig` has them.
    pub fn kubeconfig(&self) -> &Value {
        &self.kubeconfig
    }

    /// Where a context's cluster listens.
    pub fn port(&self, context: &str) -> Option<u16> {
        self.ports.get(context).copied()
    }
}

impl Simulation {
    /// Serves every cluster on a port of its own of 127.0.0.1: for the administrator of the kubeconfig, and for these users.
    pub async fn listen(&self, users: &[User]) -> io::Result<Served> {
        let authority = tls::Authority::make().map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(authority.server_config().map_err(io::Error::other)?);
        let admin = identity::token()?;
        let mut tokens = BTreeMap::from([(admin.clone(), Identity::admin("kubernetes-admin"))]);
        let mut entries = Vec::new();
        for user in users {
            let token = identity::token()?;
            entries.push(json!({"name": user.name, "user": {"token": token}}));
            tokens.insert(token, identity::of(user));
        }
        let door = Door::Tokens(Arc::new(tokens));
        let mut doors = JoinSet::new();
        let mut ports = BTreeMap::new();
        for cluster in self.clusters.iter() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let place = listener.local_addr()?;
            ports.insert(cluster.context.clone(), place.port());
            doors.spawn(keep(Arc::clone(cluster), door.clone(), acceptor.clone(), listener, place));
        }
        let place = |context: &str| {
            ports.get(context).map_or_else(String::new, |port| format!("https://127.0.0.1:{port}"))
        };
        let specs = self.clusters.iter().map(|c| &*c.spec);
        let kubeconfig = kubeconfig::served(specs, &place, &authority.certificate(), &admin, entries);
        Ok(Served { kubeconfig, ports, _doors: doors })
    }
}

/// Listens for a cluster, except while its weather refuses connections.
async fn keep(
    cluster: Arc<Cluster>,
    door: Door,
    acceptor: TlsAcceptor,
    listener: TcpListener,
    place: SocketAddr,
) {
    let mut sky = cluster.sky.subscribe();
    let mut open = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let refuses = sky.borrow_and_update().fault == Fault::Refuse;
        if refuses {
            // A closed port is what refuses; the number stays ours to take again.
            open = None;
        } else if open.is_none() {
            open = TcpListener::bind(place).await.ok();
            if open.is_none() {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        }
        let coming = async {
            match &open {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            come = coming => match come {
                Ok((stream, _)) => {
                    let (cluster, door, acceptor) = (Arc::clone(&cluster), door.clone(), acceptor.clone());
                    connections.spawn(connection(cluster, door, acceptor, stream));
                }
                // Out of descriptors: some come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            changed = sky.changed() => if changed.is_err() { return },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, from its handshake to its end.
async fn connection(cluster: Arc<Cluster>, door: Door, acceptor: TlsAcceptor, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let outlook = cluster.outlook();
    if outlook.sky.borrow().fault == Fault::Refuse {
        return;
    }
    let stream = Weathered::new(&cluster, stream);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let speech = match stream.get_ref().1.alpn_protocol() {
        Some(tls::HTTP_2) => Speech::Two,
        _ => Speech::One,
    };
    server::serve(cluster, door, stream, speech, outlook).await;
}

impl User {
    /// Reads `NAME` or `NAME:GROUP:GROUP`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let name = parts.next().filter(|n| !n.is_empty())?;
        Some(Self { name: name.into(), groups: parts.filter(|g| !g.is_empty()).map(Into::into).collect() })
    }
}
