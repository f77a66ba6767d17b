//! Tencent: TKE by host and by its console's context names (rule 20); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Entry, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host,
    name,
    schemes: &[("qcloud", Provider::Tencent)],
    version: |v| v.contains("-tke.").then_some(Machine::of(Provider::Tencent, "tke")),
    ..Cloud::NOTHING
};

pattern!(HOST, r"(cls-[a-z0-9]{8})\.ccs\.tencent-cloud\.com");
pattern!(NAME, r"(cls-[a-z0-9]{8})-([0-9]{6,20})-context-default");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [cluster] = groups(&HOST, host)?;
    Some(Clue::certain(Provider::Tencent, "tke").cluster(cluster))
}

fn name(name: &str, _: Entry) -> Option<Clue> {
    let [cluster, account] = groups(&NAME, name)?;
    Some(Clue::inferred(Provider::Tencent, "tke").account(account).cluster(cluster))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, PRIVATE, table};

    #[test]
    fn rule_20_tke() {
        let host = "https://cls-abcd1234.ccs.tencent-cloud.com";
        table(&[
            (Given::at(host).entry("x"), "tencent tke - - cls-abcd1234 Certain"),
            (
                Given::at(host).entry("x").context("cls-abcd1234-100012345678-context-default"),
                "tencent tke 100012345678 - cls-abcd1234 Inferred",
            ),
            (
                Given::at(PRIVATE).entry("x").context("cls-abcd1234-100012345678-context-default"),
                "tencent tke 100012345678 - cls-abcd1234 Inferred",
            ),
            // The name of another cluster says nothing.
            (
                Given::at(host).entry("x").context("cls-zzzz9999-100012345678-context-default"),
                "tencent tke - - cls-abcd1234 Certain",
            ),
            (Given::at("https://cls-abcd1234.ccs.tencent-cloud.com.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://cls-abcd12345.ccs.tencent-cloud.com"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("cls-abcd1234"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("cls-abcd1234-x-context-default"), "unknown - - - ctx Unknown"),
        ]);
    }
}
