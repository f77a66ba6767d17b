//! Tailscale: rule 2, by a host of a tailnet. Never here: what stands behind it. Called through `CLOUD`.
//!
//! A tailnet is a way, so that `context::classify` lets a plugin or an ARN speak first.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { host, ..Cloud::NOTHING };

pattern!(HOST, r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.([a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.ts\.net)");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [name, tailnet] = groups(&HOST, host)?;
    Some(Clue::certain(Provider::Tailscale, "").account(tailnet).cluster(name))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, table};

    #[test]
    fn rule_2_tailnets() {
        table(&[
            (
                Given::at("https://tailscale-operator.tail1234.ts.net").entry("c"),
                "tailscale - tail1234.ts.net - tailscale-operator Certain",
            ),
            // The tailnet is the way there, the plugin knows the place.
            (
                Given::at("https://b.tail1234.ts.net").exec("aws eks get-token --cluster-name b --region eu-west-1"),
                "aws eks - eu-west-1 b Certain",
            ),
            (Given::at("https://a.tail1234.ts.net.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://a.tail1234xts.net"), "unknown - - - ctx Unknown"),
            (Given::at("https://ts.net"), "unknown - - - ctx Unknown"),
            (Given::at("https://x.y.tail1234.ts.net"), "unknown - - - ctx Unknown"),
            (Given::at("https://attacker.example/a.tail1234.ts.net"), "unknown - - - ctx Unknown"),
        ]);
    }
}
