//! Alibaba: ACK by its console's names and by plugin (rule 22); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{groups, is, pattern};
use super::{Cloud, Clue, Entry, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    exec,
    name,
    machine,
    version: |v| v.contains("-aliyun.").then_some(Machine::of(Provider::Alibaba, "ack")),
    ..Cloud::NOTHING
};

pattern!(NAME, r"(?:kubernetes-admin|[0-9]{15,20})-(c[0-9a-f]{32})");
pattern!(CLUSTER, r"c[0-9a-f]{32}");
pattern!(MACHINE, r"(?:alicloud://)?([a-z]{2,}(?:-[a-z0-9]+)+)\.i-.*");

fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    if command != "ack-ram-tool" || !e.has_words(&["credential-plugin"]) {
        return None;
    }
    let cluster = e.option(&["--cluster-id"]).filter(|c| is(&CLUSTER, c))?;
    Some(Clue::certain(Provider::Alibaba, "ack").cluster(cluster))
}

fn name(name: &str, _: Entry) -> Option<Clue> {
    let [cluster] = groups(&NAME, name)?;
    Some(Clue::inferred(Provider::Alibaba, "ack").cluster(cluster))
}

/// `cn-hangzhou.i-bp1abc` under a kubelet of Alibaba's, or with a scheme.
fn machine(provider_id: &str, kubelet_version: &str) -> Option<Machine> {
    if provider_id.starts_with("alicloud://") {
        let [region] = groups(&MACHINE, provider_id).unwrap_or_default();
        return Some(Machine::at(Provider::Alibaba, region));
    }
    let [region] = groups(&MACHINE, provider_id).filter(|_| kubelet_version.contains("aliyun"))?;
    Some(Machine::at(Provider::Alibaba, region))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{ACK_ID, Given, OWN, PRIVATE, table};

    #[test]
    fn rule_22_ack() {
        let by_name: &'static str = "kubernetes-admin-c0123456789abcdef0123456789abcdef";
        let user: &'static str = "201234567890123456-c0123456789abcdef0123456789abcdef";
        let plugin = "ack-ram-tool credential-plugin get-token --cluster-id c0123456789abcdef0123456789abcdef";
        let says = |certainty: &str| format!("alibaba ack - - {ACK_ID} {certainty}");
        table(&[
            (Given::at("https://47.96.0.1:6443").entry("kubernetes").context(by_name), says("Inferred").as_str()),
            (Given::at(PRIVATE).entry("kubernetes").context(user), says("Inferred").as_str()),
            (Given::at(PRIVATE).entry("kubernetes").exec(plugin), says("Certain").as_str()),
            (Given::at(OWN).context("kubernetes-admin-c0123"), "unknown - - - kubernetes-admin-c0123 Unknown"),
            (
                Given::at(OWN).context("kubernetes-admin@kubernetes"),
                "unknown - - - kubernetes-admin@kubernetes Unknown",
            ),
        ]);
    }
}
