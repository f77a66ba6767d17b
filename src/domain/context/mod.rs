//! From the strings of a kubeconfig context to cloud, account, region and cluster.
//!
//! Evidence is weighed: the host of the server (or its `tls-server-name`) and its path beat an ARN that a tool wrote, that
//! beats the plugin's arguments, those beat names, and of names the cluster entry beats the user entry beats the context,
//! which people choose. What is weaker fills what is open where it does not contradict. What nothing speaks of stays
//! unknown; an account is never guessed. The rules themselves are the clouds' (`domain::cloud`). Called by
//! `source::kubeconfig` for every context, and by `fleet` ([`refine`]) when a cluster's version and first nodes arrive.

mod refine;
pub mod server;

pub use refine::refine;
pub use server::{Server, host_of};

use super::cloud::{self, Clue, Entry, Evidence, LocalFiles};
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
    /// `auth-provider.name`.
    pub auth_provider: Option<&'a str>,
    /// Whether the static token begins as Rancher's do, with `kubeconfig-u`. The token itself has no business here.
    pub rancher_token: bool,
    /// `cluster.extensions`, as it stands in the file; null when there is none.
    pub cluster_extensions: &'a serde_json::Value,
}

/// Where the cluster of a context is, and what else its strings say. Empty text means: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// Where it is.
    pub place: Place,
    /// The account (a tenancy at Oracle) of the identity that signs; the cluster's may be another.
    pub signs_as: SafeText,
    /// The cloud's own id of the cluster, where that is not its name: Rancher's `c-m-…`, an OCID.
    pub id: SafeText,
    /// The context of the cluster that this one runs inside of: a vcluster's parent.
    pub within: SafeText,
}

/// Says where the cluster of a context is. `files` are what the clouds' command lines keep.
pub fn classify(facts: &ContextFacts<'_>, files: &LocalFiles) -> Located {
    let evidence = Evidence::new(facts, files);
    let by_exec = first(|cloud| (cloud.exec)(&evidence, evidence.command()));
    let signs_as = by_exec.as_ref().map(|c| SafeText::new(&c.signs_as)).unwrap_or_default();
    let Some(clue) = clues(&evidence, by_exec).into_iter().flatten().reduce(Clue::or) else {
        let place = Place { cluster: SafeText::new(facts.context), ..Place::default() };
        return Located { place, signs_as, ..Located::default() };
    };
    let entry = if facts.cluster_entry.is_empty() { facts.context } else { facts.cluster_entry };
    let place = Place {
        provider: clue.provider,
        service: SafeText::new(clue.service),
        account: SafeText::new(&clue.account),
        region: SafeText::new(&clue.region),
        cluster: SafeText::new(if clue.cluster.is_empty() { entry } else { &clue.cluster }),
        certainty: if clue.account.is_empty() {
            clue.certainty
        } else {
            clue.certainty.max(clue.account_certainty)
        },
        provider_certainty: clue.certainty,
    };
    Located { place, signs_as, id: SafeText::new(&clue.id), within: SafeText::new(&clue.within) }
}

/// What each piece of evidence says, the weightiest first.
fn clues(e: &Evidence<'_>, by_exec: Option<Clue>) -> [Option<Clue>; 7] {
    let (entry, user, context) = (e.facts.cluster_entry, e.facts.user_entry, e.facts.context);
    let named = |name: &str, of: Entry| first(|cloud| (cloud.name)(name, of));
    let by_host = e.hosts().find_map(|host| first(|cloud| (cloud.host)(e, host)));
    let by_arn = [(entry, Entry::Cluster), (user, Entry::User)]
        .into_iter()
        .filter_map(|(name, of)| named(name, of))
        .find(|clue| clue.certainty == Certainty::Certain);
    let by_entry = first(|cloud| (cloud.entry)(e).or_else(|| (cloud.name)(entry, Entry::Cluster)));
    let by_user = named(user, Entry::User);
    let by_context = named(context, Entry::Context);
    let by_rest = first(|cloud| (cloud.last)(e));
    // A tailnet is a way there: whoever knows the place speaks first.
    if by_host.as_ref().is_some_and(|c| c.provider == Provider::Tailscale) {
        [by_arn, by_exec, by_host, by_entry, by_user, by_context, by_rest]
    } else {
        [by_host, by_arn, by_exec, by_entry, by_user, by_context, by_rest]
    }
}

/// The answer of the first cloud that has one.
fn first(ask: impl Fn(&cloud::Cloud) -> Option<Clue>) -> Option<Clue> {
    cloud::ALL.iter().find_map(|cloud| ask(cloud))
}

/// The environment of a cluster: what its own name says, or else the context's.
pub fn environment_of(place: &Place, context: &str) -> Environment {
    Environment::of([place.cluster.as_str(), context])
}

#[cfg(test)]
mod tests;
