//! What clusters cost, from list prices: the catalogue, a price per node, and its exact shares by workload.
//!
//! Nothing here reads a file, asks a cloud or knows a bill; every number carries where it comes from and of
//! when it is ([`node::Basis`]). Called by `fleet` (sums of the tree), `ops::costs` and the Costs pane.
//!
//! Architecture invariant: money is whole nano-dollars per hour, `i64` for one rate and `i128` for sums. No
//! float takes part, so the rows of a cluster always add up to its total, to the last nano-dollar.

pub mod allocate;
pub mod catalogue;
pub mod money;
pub mod node;
pub mod rates;

pub use allocate::{ClusterCosts, CostRow, NodeIdle, PriceSource, allocate};
pub use catalogue::{Catalogue, CatalogueError, Price};
pub use node::{Basis, NodePrice, cluster_fee, price_node};
pub use rates::Parts;
