//! Which contexts there are: every kubeconfig file read by itself, so that a broken one is one row and not the end; their
//! entries merged by client-go's rules; each context with what is known of it before anything is dialled.
//!
//! | file | what |
//! |---|---|
//! | `paths` | which files |
//! | `file`, `fields` | one file, read tolerantly |
//! | `cluster`, `user`, `flaw` | its entries, and what makes one unusable |
//! | `contexts`, `borrowed` | merging, and what a context comes to; what it takes from another file |
//! | `overrides` | what skyfleet's own settings add |
//! | `fold` | contexts to one server are one cluster |
//! | `in_cluster` | a pod's own service account, where there is no file |
//! | `reader` | the same again, when files change |
//!
//! Architecture invariant: reading and listing opens no socket and runs no plugin. Nothing of a credential is in a word
//! that leaves this folder.

mod borrowed;
mod cluster;
mod contexts;
mod fields;
mod file;
mod flaw;
mod fold;
mod in_cluster;
mod overrides;
mod paths;
mod reader;
#[cfg(test)]
mod tests;
mod user;

pub use borrowed::{Borrowed, Part};
pub use cluster::ClusterEntry;
pub use contexts::{Access, ContextEntry, FileState, Loaded, Status, from_value, load, load_bytes};
pub use flaw::Lacks;
pub use fold::clusters;
pub use overrides::{Override, is_proxy};
pub use paths::paths;
pub use reader::{Reader, Stamp};
pub use user::{Auth, Exec, Impersonation, Material, UserEntry};
