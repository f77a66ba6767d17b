//! Everything that touches the network, kubeconfig files or credentials.
//!
//! Sources turn what API servers say into deltas and answer the calls of `ops`. With `sim` this is the only place
//! that knows kube, k8s-openapi and tower; cloud SDKs are named in `clouds` alone. Nothing here knows a terminal.

pub mod answer;
pub mod api;
pub mod clock;
pub mod clouds;
pub mod connect;
pub mod credentials;
pub mod discovery;
pub mod expiry;
pub mod fault;
pub mod follow;
pub mod identity;
pub mod kubeconfig;
pub mod logs;
pub mod meter;
pub mod metrics;
mod page;
pub mod plugin;
pub mod proxy;
pub mod record;
mod signed;
pub mod slim;
pub mod supervise;
mod transport;
