//! IBM: IKS and OpenShift by host (rule 14); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    host,
    machine,
    version: |v| v.contains("+IKS").then_some(Machine::of(Provider::Ibm, "iks")),
    ..Cloud::NOTHING
};

pattern!(HOST, r"c[0-9]+(?:-[0-9]+)?(-e)?(?:\.private)?\.([a-z]{2,3}(?:-[a-z]+)+)\.containers\.cloud\.ibm\.com");
pattern!(USER, r"(?:.*/)?([0-9a-f]{32})/.*");
pattern!(ENTRY, r"([a-zA-Z][0-9a-zA-Z_.-]*)/([0-9a-z]{16,32})");
pattern!(ACCOUNT, r"[0-9a-f]{32}");

fn host(e: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [openshift, region] = groups(&HOST, host)?;
    let service = if openshift.is_empty() { "iks" } else { "roks" };
    let account = groups(&USER, e.facts.user_entry).map(|[account]| account);
    let names = [e.facts.cluster_entry, e.facts.context];
    let [cluster, id] = names.into_iter().find_map(|n| groups(&ENTRY, n)).unwrap_or_default();
    Some(Clue::certain(Provider::Ibm, service).region(region).cluster(cluster).id(id).likely_account(account))
}

/// `ibm://<account>///<cluster id>/<worker>`.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    let rest = provider_id.strip_prefix("ibm://")?;
    let account = rest.split('/').next().filter(|a| super::evidence::is(&ACCOUNT, a)).unwrap_or_default();
    Some(Machine { account: account.to_owned(), ..Machine::of(Provider::Ibm, "") })
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, table};

    #[test]
    fn rule_14_ibm() {
        let user = "jane@example.com/0123456789abcdef0123456789abcdef/iam.cloud.ibm.com-identity";
        let iks = "https://c111.eu-de.containers.cloud.ibm.com:31234";
        table(&[
            (Given::at(iks).entry("prod-de/bq1abc0d0123456789e0"), "ibm iks - eu-de prod-de Certain"),
            (
                Given::at(iks).entry("prod-de/bq1abc0d0123456789e0").user(user),
                "ibm iks 0123456789abcdef0123456789abcdef eu-de prod-de Inferred",
            ),
            (Given::at("https://c106-e.us-south.containers.cloud.ibm.com:30000").entry("x"), "ibm roks - us-south x Certain"),
            (Given::at("https://c106-e.private.us-south.containers.cloud.ibm.com:30000").entry("x"), "ibm roks - us-south x Certain"),
            (Given::at("https://c2.private.jp-tok.containers.cloud.ibm.com:30000").entry("x"), "ibm iks - jp-tok x Certain"),
            (Given::at(iks).entry("x").user("jane/0123456789abcdef/y"), "ibm iks - eu-de x Certain"),
            (Given::at("https://c111.eu-de.containers.cloud.ibm.com.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://x111.eu-de.containers.cloud.ibm.com"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("prod-de/bq1abc0d0123456789e0").user(user), "unknown - - - ctx Unknown"),
        ]);
        assert_eq!(Given::at(iks).entry("prod-de/bq1abc0d0123456789e0").located().id, "bq1abc0d0123456789e0");
    }
}
