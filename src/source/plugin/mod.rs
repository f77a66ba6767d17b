//! Credential plugins: the programs that a kubeconfig's `exec` names, run by ourselves.
//!
//! kube runs a plugin on its own thread without a time limit, three times a client, and shows its output in errors. Here each
//! runs once for all contexts that name the same one ([`Plugins`]), in a session of its own without a terminal, with a limit,
//! and ends with everything it started. What it prints is parsed or matched and never shown; a plugin of a file that is not
//! known asks first ([`Policy`]). Called by `source::connect` and by whoever signs in; never by `ui` or `cli`.
//!
//! Architecture invariant: nothing but this module starts a credential plugin, and no type of it prints a secret.

mod answer;
mod fault;
mod foreground;
mod group;
mod plugins;
mod program;
mod run;
mod spec;
mod store;
mod trust;

#[cfg(unix)]
#[cfg(test)]
mod tests;

pub use answer::Credential;
pub use fault::PluginFault;
pub use foreground::run_in_foreground;
pub use plugins::{Looked, PluginOptions, Plugins};
pub use spec::{Interactive, Key, Plugin};
pub use trust::{Lasting, Policy};
