//! Google: clusters behind Connect Gateway (rule 5), GKE by gcloud's names (7), host (7a) and plugin (7b); its nodes.
//! Never here: the defaults of gcloud, which say nothing of a cluster's project. Called through `CLOUD`.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Entry, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&GKE_HOST],
    host,
    exec,
    name,
    machine,
    labels: &[("cloud.google.com/gke-nodepool", |_| GKE)],
    version,
    ..Cloud::NOTHING
};

const GKE: Machine = Machine::of(Provider::Gcp, "gke");

pattern!(GATEWAY_HOST, r"(?:[a-z0-9-]+-)?connectgateway\.googleapis\.com");
pattern!(
    GATEWAY_PATH,
    r"/v1[a-z0-9]*/projects/([0-9]+)/locations/([a-z0-9-]+)/(?:gkeM|m)emberships/([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)"
);
pattern!(GATEWAY_NAME, r"connectgateway_([a-z][a-z0-9.:-]{3,})_([a-z0-9-]+)_([a-z0-9-]+)");
// None of the parts may hold `_`; a project may be `example.com:project`.
pattern!(GCLOUD, r"gke_([a-z][a-z0-9.:-]{3,})_([a-z]+-[a-z]+[0-9]{1,2}(?:-[a-z])?)_([a-z][a-z0-9-]*)");
pattern!(GKE_HOST, r"gke-[0-9a-f]+-([0-9]{5,20})\.([a-z]+-[a-z]+[0-9]{1,2}(?:-[a-z])?)\.gke\.goog");
pattern!(PROJECT, r"[a-z][a-z0-9.:-]{3,}");

fn host(e: &Evidence<'_>, host: &str) -> Option<Clue> {
    if let Some([project, region]) = groups(&GKE_HOST, host) {
        return Some(Clue::certain(Provider::Gcp, "gke").account(project).region(region_of(region)));
    }
    if !super::evidence::is(&GATEWAY_HOST, host) {
        return None;
    }
    let [project, location, member] = groups(&GATEWAY_PATH, e.path())?;
    let clue = Clue::certain(Provider::Gcp, "gke-fleet").region(region_of(location)).cluster(member);
    // The project's id says more to people than its number, if the name is of this member.
    let names = [e.facts.cluster_entry, e.facts.user_entry, e.facts.context];
    let id = names.into_iter().find_map(|name| {
        groups(&GATEWAY_NAME, name).and_then(|[id, l, m]| (l == location && m == member).then_some(id))
    });
    Some(clue.account(project).likely_account(id))
}

/// The auth provider is the sign-in of old, which kubectl no longer has: it says less than the plugin.
fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    match command {
        "gke-gcloud-auth-plugin" => Some(Clue::certain(Provider::Gcp, "gke")),
        "" if e.facts.auth_provider == Some("gcp") => Some(Clue::inferred(Provider::Gcp, "gke")),
        _ => None,
    }
}

fn name(name: &str, _: Entry) -> Option<Clue> {
    let [project, location, cluster] = groups(&GCLOUD, name)?;
    Some(
        Clue::inferred(Provider::Gcp, "gke")
            .account(project)
            .region(region_of(location))
            .cluster(cluster),
    )
}

/// `gce://project/europe-west1-b/name`.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    let mut parts = provider_id.strip_prefix("gce://")?.split('/');
    let account = parts.next().filter(|p| super::evidence::is(&PROJECT, p)).unwrap_or_default().to_owned();
    Some(Machine { account, ..Machine::at(Provider::Gcp, parts.next().map_or("", region_of)) })
}

fn version(git_version: &str) -> Option<Machine> {
    git_version.contains("-gke.").then_some(GKE)
}

/// The region of a location: `europe-west1-b` is in `europe-west1`; a region is its own.
fn region_of(location: &str) -> &str {
    match location.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && region.ends_with(|c: char| c.is_ascii_digit()) => region,
        Some(_) | None => location,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::place::Certainty;
    use crate::domain::cloud::tests::{Given, OWN, PUBLIC, table};

    #[test]
    fn rule_5_fleets() {
        let path = "https://connectgateway.googleapis.com/v1/projects/123456789/locations/global/memberships/edge";
        let regional = "https://europe-west1-connectgateway.googleapis.com/v1beta1/projects/123456789/locations/europe-west1/gkeMemberships/shop";
        table(&[
            (Given::at(path).entry("x"), "gcp gke-fleet 123456789 global edge Certain"),
            (Given::at(regional).entry("x"), "gcp gke-fleet 123456789 europe-west1 shop Certain"),
            (
                Given::at(regional).entry("connectgateway_acme-prod_europe-west1_shop"),
                "gcp gke-fleet acme-prod europe-west1 shop Inferred",
            ),
            // The name of another member says nothing.
            (
                Given::at(regional).entry("connectgateway_acme-prod_europe-west1_other"),
                "gcp gke-fleet 123456789 europe-west1 shop Certain",
            ),
            (
                Given::at(regional).entry("connectgateway_acme-prod_us-east1_shop"),
                "gcp gke-fleet 123456789 europe-west1 shop Certain",
            ),
            (Given::at("https://connectgateway.googleapis.com/v1/projects/acme/locations/global/memberships/edge"), "unknown - - - ctx Unknown"),
            (Given::at("https://connectgateway.googleapis.com").entry("x"), "unknown - - - ctx Unknown"),
            (Given::at("https://xconnectgateway.googleapis.com/v1/projects/1/locations/global/memberships/edge"), "unknown - - - ctx Unknown"),
            (Given::at("https://connectgateway.googleapis.com.attacker.example/v1/projects/1/locations/global/memberships/edge"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("connectgateway_acme-prod_europe-west1_shop"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_7_gke() {
        let name = "gke_acme-prod_europe-west1-b_shop";
        table(&[
            (Given::at(PUBLIC).entry(name), "gcp gke acme-prod europe-west1 shop Inferred"),
            (
                Given::at(PUBLIC).entry(name).exec("gke-gcloud-auth-plugin"),
                "gcp gke acme-prod europe-west1 shop Inferred",
            ),
            (
                Given::at(PUBLIC).context("gke_example.com:legacy-proj_asia-northeast1_tokyo").entry("c"),
                "gcp gke example.com:legacy-proj asia-northeast1 tokyo Inferred",
            ),
            // 7a: the project's id from a name that agrees, else its number.
            (
                Given::at("https://gke-0a1b2c3d-123456789012.europe-west1.gke.goog").entry(name),
                "gcp gke acme-prod europe-west1 shop Inferred",
            ),
            (
                Given::at("https://gke-0a1b2c3d-123456789012.us-east1.gke.goog").entry(name),
                "gcp gke 123456789012 us-east1 gke_acme-prod_europe-west1-b_shop Certain",
            ),
            (
                Given::at("https://gke-0a1b2c3d-123456789012.us-east1.gke.goog").entry("shop"),
                "gcp gke 123456789012 us-east1 shop Certain",
            ),
            // 7b
            (Given::at(PUBLIC).entry("shop").exec("/opt/gke-gcloud-auth-plugin"), "gcp gke - - shop Certain"),
            (Given::at(OWN).entry("gke_two_parts"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("gke_acme_prod_europe-west1_shop"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("gke_acme-prod_berlin_shop"), "unknown - - - ctx Unknown"),
            (
                Given::at("https://gke-0a-123456.us-east1.gke.goog.example.com").entry("x"),
                "unknown - - - ctx Unknown",
            ),
        ]);
    }

    #[test]
    fn rule_7b_sign_in_of_old() {
        let old = |g: Given| Given { auth_provider: Some("gcp"), ..g };
        table(&[
            (old(Given::at(PUBLIC).entry("shop")), "gcp gke - - shop Inferred"),
            (
                old(Given::at(PUBLIC).entry("gke_acme-prod_europe-west1-b_shop")),
                "gcp gke acme-prod europe-west1 shop Inferred",
            ),
            (Given { auth_provider: Some("oidc"), ..Given::at(OWN).entry("shop") }, "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("not-gke-gcloud-auth-plugin"), "unknown - - - ctx Unknown"),
        ]);
        assert_eq!(Given::at(PUBLIC).exec("gke-gcloud-auth-plugin.exe").place().certainty, Certainty::Certain);
    }

    #[test]
    fn rule_7_project_and_underscores() {
        for not_one in ["gke_acme-prod_europe-west1_shop_x", "gke__europe-west1_shop", "gke_acme-prod_europe-west1_", "xgke_acme-prod_europe-west1_shop"] {
            table(&[(Given::at(OWN).entry(not_one), "unknown - - - ctx Unknown")]);
        }
    }

    #[test]
    fn locations() {
        for (location, region) in
            [("europe-west1", "europe-west1"), ("us-east1-c", "us-east1"), ("x-y", "x-y"), ("", "")]
        {
            assert_eq!(region_of(location), region);
        }
    }
}
