//! Linode (Akamai): LKE by host (rule 12); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    host,
    machine: |id, _| id.strip_prefix("linode://").map(|_| Machine::of(Provider::Linode, "")),
    labels: &[("lke.linode.com/pool-id", |_| Machine::of(Provider::Linode, "lke"))],
    ..Cloud::NOTHING
};

// A region may end in a number of its own (`de-fra-2`); the last number is the server's.
pattern!(
    HOST,
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.([a-z]+(?:-[a-z]+)+(?:-[0-9]+)?)-[0-9]+(?:-gw)?\.linodelke\.net"
);

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [region] = groups(&HOST, host)?;
    Some(Clue::certain(Provider::Linode, "lke").region(region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn patterns_compile() {
        assert!(HOST.is_some());
    }

    #[test]
    fn rule_12_lke() {
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        for (rest, says) in [
            ("us-ord-1.linodelke.net", "linode lke - us-ord lke1234 Certain"),
            ("eu-central-3-gw.linodelke.net", "linode lke - eu-central lke1234 Certain"),
            ("de-fra-2-1.linodelke.net", "linode lke - de-fra-2 lke1234 Certain"),
            ("us-ord.linodelke.net", "unknown - - - ctx Unknown"),
            ("us-ord-1.linodelke.net.attacker.example", "unknown - - - ctx Unknown"),
            ("us-ord-1.linodelkeXnet", "unknown - - - ctx Unknown"),
        ] {
            let server = format!("https://{uuid}.{rest}:443").leak();
            table(&[(Given::at(server).entry("lke1234"), says)]);
        }
        table(&[
            (Given::at("https://short.us-ord-1.linodelke.net").entry("lke1"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("lke1234"), "unknown - - - ctx Unknown"),
        ]);
    }
}
