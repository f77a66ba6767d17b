//! Linode (Akamai): LKE by host (rule 12); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, pattern};
use super::{Cloud, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::Linode, "lke"),
    schemes: &[("linode", Provider::Linode)],
    labels: &[("lke.linode.com/pool-id", |_| Machine::of(Provider::Linode, "lke"))],
    ..Cloud::NOTHING
};

// A region may end in a number of its own (`de-fra-2`); the last number is the server's.
pattern!(
    HOST,
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.([a-z]+(?:-[a-z]+)+(?:-[0-9]+)?)-[0-9]+(?:-gw)?\.linodelke\.net"
);

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

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
