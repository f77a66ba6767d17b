//! Everything that touches the network, kubeconfig files or credentials.
//!
//! Sources turn what API servers say into deltas and answer the calls of `ops`. With `sim` this is the only place
//! that knows kube, k8s-openapi and tower; cloud SDKs are named in `clouds` alone. Nothing here knows a terminal.

pub mod api;
pub mod batch;
pub mod clock;
pub mod clouds;
pub mod connect;
pub mod credentials;
pub mod expiry;
pub mod fault;
pub mod identity;
pub mod kubeconfig;
pub mod logs;
pub mod metrics;
pub mod plugin;
pub mod proxy;
pub mod record;
mod running;
mod signed;
pub mod slim;
mod standing;
pub mod supervise;
mod transport;
pub mod watch;
mod watches;

#[cfg(test)]
mod tests;
