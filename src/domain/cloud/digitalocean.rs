//! DigitalOcean: DOKS by host, plugin and doctl's names (rule 11); its nodes. Called through `CLOUD`. Never here: its API.

use super::evidence::{by_host, groups, is_plain, pattern};
use super::{Cloud, Clue, Entry, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&HOST],
    host: |_, host| by_host(&HOST, host, Provider::DigitalOcean, "doks"),
    exec,
    name,
    schemes: &[("digitalocean", Provider::DigitalOcean)],
    labels: &[("doks.digitalocean.com/node-pool", |_| Machine::of(Provider::DigitalOcean, "doks"))],
    ..Cloud::NOTHING
};

pattern!(HOST, r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.k8s\.ondigitalocean\.com");
pattern!(DOCTL, r"do-([a-z]{3}[0-9])-([a-z0-9][a-z0-9.-]*)");

/// `--context` is doctl's own word for a signed-in team.
fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    if command != "doctl" || !e.has_words(&["kubernetes", "exec-credential"]) {
        return None;
    }
    let team = e.option(&["--context"]).filter(|c| *c != "default" && is_plain(c)).unwrap_or_default();
    Some(Clue::certain(Provider::DigitalOcean, "doks").account(team))
}

fn name(name: &str, _: Entry) -> Option<Clue> {
    let [region, cluster] = groups(&DOCTL, name)?;
    Some(Clue::inferred(Provider::DigitalOcean, "doks").region(region).cluster(cluster))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, OWN, PRIVATE, table};

    #[test]
    fn rule_11_doks() {
        let host = "https://01234567-89ab-cdef-0123-456789abcdef.k8s.ondigitalocean.com";
        let plugin = "doctl kubernetes cluster kubeconfig exec-credential --version=v1beta1 --context=team 0123";
        table(&[
            (Given::at(host).entry("do-fra1-k8s-1-31-shop"), "digitalocean doks - fra1 k8s-1-31-shop Certain"),
            (Given::at(PRIVATE).entry("do-nyc3-a").exec(plugin), "digitalocean doks team nyc3 a Certain"),
            (Given::at(PRIVATE).entry("c").context("do-nyc3-a"), "digitalocean doks - nyc3 a Inferred"),
            (Given::at(OWN).entry("do-not-touch-prod"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("doctl account get"), "unknown - - - ctx Unknown"),
            (Given::at("https://prod.k8s.ondigitalocean.com"), "unknown - - - ctx Unknown"),
        ]);
    }
}
