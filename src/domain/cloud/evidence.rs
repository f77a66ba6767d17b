//! What the rules read and what they say: the evidence of one context, a clue, and how patterns and arguments are read.
//!
//! Never here: anything of a single cloud. Called by the clouds' files and by `context::classify`.

use std::sync::LazyLock;

use regex::Regex;

use super::LocalFiles;
use crate::domain::context::{ContextFacts, Server, host_of};
use crate::domain::place::{Certainty, Provider};

/// A pattern; that each compiles is tested where it is declared, so that `None` never happens.
pub(super) type Pattern = LazyLock<Option<Regex>>;

/// Declares a pattern that matches the whole text, in parts for width.
macro_rules! pattern {
    ($name:ident, $($part:literal),+ $(,)?) => {
        static $name: $crate::domain::cloud::evidence::Pattern =
            std::sync::LazyLock::new(|| regex::Regex::new(concat!("^(?:", $($part),+, ")$")).ok());

        #[cfg(test)]
        #[expect(non_snake_case, reason = "a test under the pattern's own name")]
        mod $name {
            #[test]
            fn compiles() {
                assert!(super::$name.is_some());
            }
        }
    };
}
pub(super) use pattern;

/// The groups of a whole match, `""` for one that took no part.
pub(super) fn groups<'t, const N: usize>(pattern: &Pattern, text: &'t str) -> Option<[&'t str; N]> {
    let found = pattern.as_ref()?.captures(text)?;
    Some(std::array::from_fn(|n| found.get(n + 1).map_or("", |m| m.as_str())))
}

/// The clue of a host that a cloud makes for each cluster; a group of the pattern is the region.
pub(super) fn by_host(
    pattern: &Pattern,
    host: &str,
    provider: Provider,
    service: &'static str,
) -> Option<Clue> {
    let [region] = groups(pattern, host)?;
    Some(Clue::certain(provider, service).region(region))
}

/// Whether the whole text matches.
pub(super) fn is(pattern: &Pattern, text: &str) -> bool {
    pattern.as_ref().is_some_and(|p| p.is_match(text))
}

/// Which of a context's names it is. A tool writes entries, people name contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Entry {
    /// The cluster entry.
    Cluster,
    /// The user entry.
    User,
    /// The context.
    Context,
}

/// What one piece of evidence says; empty means that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::domain) struct Clue {
    pub(in crate::domain) provider: Provider,
    pub(in crate::domain) service: &'static str,
    pub(in crate::domain) account: String,
    pub(in crate::domain) region: String,
    pub(in crate::domain) cluster: String,
    /// How sure provider and region are.
    pub(in crate::domain) certainty: Certainty,
    /// How sure the account is.
    pub(in crate::domain) account_certainty: Certainty,
    /// The cloud's own id of the cluster, where that is not its name.
    pub(in crate::domain) id: String,
    /// The context of the cluster that this one runs inside of.
    pub(in crate::domain) within: String,
    /// The account of the identity that signs.
    pub(in crate::domain) signs_as: String,
}

impl Clue {
    /// By a host, a path, a plugin or an ARN.
    pub(super) fn certain(provider: Provider, service: &'static str) -> Self {
        let certainty = Certainty::Certain;
        Self { provider, service, certainty, account_certainty: certainty, ..Self::default() }
    }

    /// By names.
    pub(super) fn inferred(provider: Provider, service: &'static str) -> Self {
        let certainty = Certainty::Inferred;
        Self { provider, service, certainty, account_certainty: certainty, ..Self::default() }
    }

    pub(super) fn account(self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self }
    }

    /// An account that names, a role or a profile speak of.
    pub(super) fn likely_account(self, account: Option<&str>) -> Self {
        match account {
            Some(account) => Self { account_certainty: Certainty::Inferred, ..self.account(account) },
            None => self,
        }
    }

    pub(super) fn region(self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self }
    }

    pub(super) fn cluster(self, cluster: &str) -> Self {
        Self { cluster: cluster.to_owned(), ..self }
    }

    pub(super) fn id(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// Fills what this clue does not say from a weaker one of the same service that does not contradict it. One of
    /// another region or another cluster is a copied label.
    pub(in crate::domain) fn or(mut self, weaker: Self) -> Self {
        let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
        if weaker.provider != self.provider
            || weaker.service != self.service
            || differ(&self.region, &weaker.region)
            || differ(&self.cluster, &weaker.cluster)
        {
            return self;
        }
        // A project's id says more to people than its number.
        let number = self.provider == Provider::Gcp && is_number(&self.account);
        if self.account.is_empty() || (number && !is_number(&weaker.account) && !weaker.account.is_empty()) {
            self.account = weaker.account;
            // Whoever names the account says how sure it is.
            self.account_certainty = weaker.account_certainty;
        }
        for (open, told) in [
            (&mut self.region, weaker.region),
            (&mut self.cluster, weaker.cluster),
            (&mut self.id, weaker.id),
            (&mut self.within, weaker.within),
        ] {
            if open.is_empty() {
                *open = told;
            }
        }
        self
    }
}

/// Digits, and nothing else.
pub(in crate::domain) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it could be a name or an id: no blank, no control, not too long.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'))
}

/// The strings of one context, taken apart once.
pub(in crate::domain) struct Evidence<'a> {
    pub(in crate::domain) facts: &'a ContextFacts<'a>,
    pub(in crate::domain) files: &'a LocalFiles,
    pub(in crate::domain) server: Option<Server>,
    tls_host: Option<String>,
}

impl<'a> Evidence<'a> {
    pub(in crate::domain) fn new(facts: &'a ContextFacts<'a>, files: &'a LocalFiles) -> Self {
        let server = Server::parse(facts.server);
        Self { facts, files, server, tls_host: facts.tls_server_name.and_then(host_of) }
    }

    /// The hosts, the most telling first: behind a tunnel the name of the certificate is all there is.
    pub(in crate::domain) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.tls_host.as_deref().into_iter().chain(self.server.as_ref().map(|s| s.host.as_str()))
    }

    /// The server's path, `""` for none.
    pub(super) fn path(&self) -> &str {
        self.server.as_ref().map_or("", |s| s.path.as_str())
    }

    /// Whether the server is at one of these ports.
    pub(super) fn at_port(&self, ports: &[u16]) -> bool {
        self.server.as_ref().is_some_and(|s| ports.contains(&s.port))
    }

    /// Whether the server is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.server.as_ref().is_some_and(Server::is_loopback)
    }

    /// Whether the server has an address that no cloud gives out.
    pub(super) fn is_private(&self) -> bool {
        self.server.as_ref().is_some_and(Server::is_private)
    }

    /// The plugin's command without folder and `.exe`, `""` where there is none. Wrappers (`sh -c`, `env`) say nothing.
    pub(in crate::domain) fn command(&self) -> &'a str {
        let command = self.facts.exec_command.and_then(|c| c.rsplit(['/', '\\']).next()).unwrap_or_default();
        command.strip_suffix(".exe").unwrap_or(command)
    }

    /// Whether these words stand among the plugin's arguments in this order.
    pub(super) fn has_words(&self, words: &[&str]) -> bool {
        let mut args = self.facts.exec_args.iter();
        words.iter().all(|word| args.any(|arg| arg == word))
    }

    /// The value of the first of these options of the plugin: `--k v` or `--k=v`.
    pub(super) fn option(&self, names: &[&str]) -> Option<&'a str> {
        let args = self.facts.exec_args;
        let value = args.iter().enumerate().find_map(|(at, arg)| {
            if names.contains(&arg.as_str()) {
                return args.get(at + 1).map(String::as_str);
            }
            let (name, value) = arg.split_once('=')?;
            names.contains(&name).then_some(value)
        });
        value.filter(|v| !v.is_empty())
    }

    /// The value of the first of these variables in the plugin's own environment.
    pub(super) fn env(&self, names: &[&str]) -> Option<&'a str> {
        let value = |name| self.facts.exec_env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        names.iter().find_map(|name| value(*name)).filter(|v| !v.is_empty())
    }
}
