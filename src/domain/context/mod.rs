//! From the strings of a kubeconfig context to cloud, account, region and cluster.
//!
//! Evidence is weighed: the host of the server (or its `tls-server-name`) beats the plugin's arguments, those
//! beat names, and of names the cluster entry beats the user entry beats the context, which people choose.
//! What nothing speaks of stays unknown; an account is never guessed. Rule numbers are those of the table in
//! `rules`. Called by `source::kubeconfig` for every context, and by `fleet` ([`refine`]) when the first
//! nodes of a cluster arrive.
//!
//! Architecture invariant: hosts are matched whole by anchored patterns, never by substring: a hostile file
//! may name `eks.amazonaws.com.attacker.example`.

mod names;
pub mod provider_id;
mod rules;
pub mod server;

pub use names::aks_resource_group;
pub use provider_id::refine;
pub use server::{Server, host_of};

use super::environment::Environment;
use super::place::{Certainty, Place, Provider};
use super::text::SafeText;

/// What a kubeconfig says of one context, as it stands there.
#[derive(Clone, Copy, Debug)]
pub struct ContextFacts<'a> {
    /// The context's name.
    pub context: &'a str,
    /// The name of its cluster entry.
    pub cluster_entry: &'a str,
    /// The name of its user entry; empty when it has none.
    pub user_entry: &'a str,
    /// `cluster.server`.
    pub server: &'a str,
    /// `cluster.tls-server-name`: behind tunnels the best evidence there is.
    pub tls_server_name: Option<&'a str>,
    /// `exec.command`.
    pub exec_command: Option<&'a str>,
    /// `exec.args`.
    pub exec_args: &'a [String],
    /// `exec.env`, name and value.
    pub exec_env: &'a [(String, String)],
    /// `cluster.extensions`, as it stands in the file; null when there is none.
    pub cluster_extensions: &'a serde_json::Value,
}

/// What one piece of evidence says; empty means that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Clue {
    provider: Provider,
    service: &'static str,
    account: String,
    region: String,
    cluster: String,
    certainty: Certainty,
}

impl Clue {
    /// Fills what this clue does not say from a weaker one of the same service that does not contradict it.
    fn or(mut self, weaker: Option<Self>) -> Self {
        let Some(weaker) = weaker.filter(|w| w.provider == self.provider && w.service == self.service) else {
            return self;
        };
        if !self.region.is_empty() && !weaker.region.is_empty() && self.region != weaker.region {
            return self;
        }
        let project_number =
            is_number(&self.account) && !weaker.account.is_empty() && !is_number(&weaker.account);
        if self.account.is_empty() || (self.provider == Provider::Gcp && project_number) {
            self.account = weaker.account;
            // Whoever names the account says how sure it is.
            if !self.account.is_empty() {
                self.certainty = self.certainty.max(weaker.certainty);
            }
        }
        if self.region.is_empty() {
            self.region = weaker.region;
        }
        if self.cluster.is_empty() {
            self.cluster = weaker.cluster;
        }
        self
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Says where the cluster of a context is.
pub fn classify(facts: &ContextFacts<'_>) -> Place {
    let server = Server::parse(facts.server);
    let tls_host = facts.tls_server_name.and_then(host_of);
    let hosts = [tls_host.as_deref(), server.as_ref().map(|s| s.host.as_str())];

    let by_host = hosts.into_iter().flatten().find_map(rules::by_host);
    let by_exec = rules::by_exec(facts);
    let by_arn = names::arn(facts);
    let by_name = names::by_name(facts, server.as_ref());
    let by_local = rules::local(facts, server.as_ref());

    // An ARN of another region than the host's is a copied label: it is dropped by `or`.
    let clue = match (by_host, by_arn, by_exec) {
        (Some(host), arn, exec) => Some(host.or(arn).or(exec).or(by_name)),
        (None, Some(arn), exec) if arn.certainty == Certainty::Certain => Some(arn.or(exec).or(by_name)),
        (None, arn, Some(exec)) => Some(exec.or(arn).or(by_name)),
        (None, arn, None) => by_local.or_else(|| arn.map(|a| a.or(by_name.clone())).or(by_name)),
    };
    match clue {
        Some(clue) => place(clue, facts),
        None => Place { cluster: SafeText::new(facts.context), ..Place::default() },
    }
}

fn place(clue: Clue, facts: &ContextFacts<'_>) -> Place {
    let entry = if facts.cluster_entry.is_empty() { facts.context } else { facts.cluster_entry };
    Place {
        provider: clue.provider,
        service: SafeText::new(clue.service),
        account: SafeText::new(&clue.account),
        region: SafeText::new(&clue.region),
        cluster: SafeText::new(if clue.cluster.is_empty() { entry } else { &clue.cluster }),
        certainty: clue.certainty,
    }
}

/// The environment of a cluster: what its own name says, or else the context's.
pub fn environment_of(place: &Place, context: &str) -> Environment {
    Environment::of([place.cluster.as_str(), context])
}

#[cfg(test)]
mod tests;
