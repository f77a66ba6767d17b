//! Oracle: OKE by plugin and host (rule 13); its nodes. Never here: reading `~/.oci/config`. Called through `CLOUD`.
//!
//! The clusters of a tenancy are signed in to by its own profiles, so that a profile's tenancy is a good guess.

use super::evidence::{groups, is, pattern};
use super::{Cloud, Clue, Evidence, Machine, OciProfile};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud { own_hosts: &[&HOST], host, exec, machine, ..Cloud::NOTHING };

pattern!(HOST, r"(c[a-z0-9]{10})\.([a-z]+(?:-[a-z]+)+-[0-9]+)\.clusters\.oci\.oraclecloud\.com");
pattern!(CLUSTER, r"ocid1\.cluster\.oc[0-9]+\.([a-z0-9-]+)\.[a-z0-9]*([a-z0-9]{11})");
pattern!(INSTANCE, r"(?:oci://)?ocid1\.instance\.oc[0-9]+\.([a-z0-9-]*)\..*");
pattern!(REGION, r"[a-z]+(?:-[a-z]+)+-[0-9]+");
pattern!(TENANCY, r"ocid1\.tenancy\.oc[0-9]+\.[a-z0-9-]*\.[a-z0-9]+");

/// Keys of regions in OCIDs; newer regions stand there by their own name.
const KEYS: &[(&str, &str)] = &[
    ("ams", "eu-amsterdam-1"),
    ("arn", "eu-stockholm-1"),
    ("auh", "me-abudhabi-1"),
    ("bog", "sa-bogota-1"),
    ("bom", "ap-mumbai-1"),
    ("cdg", "eu-paris-1"),
    ("cwl", "uk-cardiff-1"),
    ("dxb", "me-dubai-1"),
    ("fra", "eu-frankfurt-1"),
    ("gru", "sa-saopaulo-1"),
    ("hyd", "ap-hyderabad-1"),
    ("iad", "us-ashburn-1"),
    ("icn", "ap-seoul-1"),
    ("jed", "me-jeddah-1"),
    ("jnb", "af-johannesburg-1"),
    ("kix", "ap-osaka-1"),
    ("lhr", "uk-london-1"),
    ("lin", "eu-milan-1"),
    ("mad", "eu-madrid-1"),
    ("mel", "ap-melbourne-1"),
    ("mrs", "eu-marseille-1"),
    ("mtz", "il-jerusalem-1"),
    ("nrt", "ap-tokyo-1"),
    ("ord", "us-chicago-1"),
    ("phx", "us-phoenix-1"),
    ("qro", "mx-queretaro-1"),
    ("scl", "sa-santiago-1"),
    ("sin", "ap-singapore-1"),
    ("sjc", "us-sanjose-1"),
    ("syd", "ap-sydney-1"),
    ("vcp", "sa-vinhedo-1"),
    ("yny", "ap-chuncheon-1"),
    ("yul", "ca-montreal-1"),
    ("yyz", "ca-toronto-1"),
    ("zrh", "eu-zurich-1"),
];

/// The region of a key or of its own name.
fn region_of(key: &str) -> &str {
    if is(&REGION, key) {
        return key;
    }
    KEYS.iter().find(|(k, _)| *k == key).map_or("", |(_, region)| region)
}

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    let [cluster, region] = groups(&HOST, host)?;
    Some(Clue::certain(Provider::Oci, "oke").region(region).cluster(cluster))
}

fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    if command != "oci" || !e.has_words(&["ce", "cluster", "generate-token"]) {
        return None;
    }
    let id = e.option(&["--cluster-id"])?;
    let [key, cluster] = groups(&CLUSTER, id)?;
    let profile = profile(e);
    // What neither says the plugin itself takes from the profile.
    let regions = [e.option(&["--region"]), Some(key), profile.and_then(|p| p.region.as_deref())];
    let region = regions.into_iter().flatten().map(region_of).find(|r| !r.is_empty()).unwrap_or_default();
    let tenancy = profile.and_then(|p| p.tenancy.as_deref()).filter(|t| is(&TENANCY, t));
    let clue = Clue::certain(Provider::Oci, "oke").region(region).cluster(cluster).id(id).likely_account(tenancy);
    Some(Clue { signs_as: tenancy.unwrap_or_default().to_owned(), ..clue })
}

/// The profile the plugin is told to use, or else the only one there is.
fn profile<'a>(e: &Evidence<'a>) -> Option<&'a OciProfile> {
    match (e.option(&["--profile"]).or_else(|| e.env(&["OCI_CLI_PROFILE"])), e.files.oci.as_slice()) {
        (Some(name), all) => all.iter().find(|p| p.name == name),
        (None, [only]) if only.name == "DEFAULT" => Some(only),
        (None, _) => None,
    }
}

fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    if let Some([key]) = groups(&INSTANCE, provider_id) {
        return Some(Machine::at(Provider::Oci, region_of(key)));
    }
    provider_id.strip_prefix("oci://").map(|_| Machine::of(Provider::Oci, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloud::LocalFiles;
    use crate::domain::cloud::tests::{Given, OWN, PRIVATE, table};

    const TENANT: &str = "ocid1.tenancy.oc1..aaaaaaaaexample";

    #[test]
    fn rule_13_oke() {
        let host = "https://cabcdefghij.eu-frankfurt-1.clusters.oci.oraclecloud.com:6443";
        table(&[
            (Given::at(host).entry("cluster-cabcdefghij"), "oci oke - eu-frankfurt-1 cabcdefghij Certain"),
            (
                Given::at(PRIVATE).exec("oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.iad.aaaaaaaacabcdefghij --region us-ashburn-1"),
                "oci oke - us-ashburn-1 cabcdefghij Certain",
            ),
            (
                Given::at(PRIVATE).exec("oci ce cluster generate-token --cluster-id=ocid1.cluster.oc1.phx.aaaaaaaacabcdefghij"),
                "oci oke - us-phoenix-1 cabcdefghij Certain",
            ),
            (
                Given::at(PRIVATE).exec("oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.eu-paris-1.aaaaaaaacabcdefghij"),
                "oci oke - eu-paris-1 cabcdefghij Certain",
            ),
            (
                Given::at(PRIVATE).exec("oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.zzz.aaaaaaaacabcdefghij"),
                "oci oke - - cabcdefghij Certain",
            ),
            (Given::at("https://cabcdefghij.eu-frankfurt-1.clusters.oci.oraclecloud.com.attacker.example"), "unknown - - - ctx Unknown"),
            (Given::at("https://cabcdefghijk.eu-frankfurt-1.clusters.oci.oraclecloud.com"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("oci ce cluster generate-token --cluster-id ocid1.instance.oc1.iad.aaaaaaaacabcdefghij"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).exec("oci ce cluster list"), "unknown - - - ctx Unknown"),
            (Given::at(OWN).entry("cluster-cabcdefghij"), "unknown - - - ctx Unknown"),
        ]);
    }

    #[test]
    fn rule_13_tenancies() {
        let profile = |name: &str, tenancy: &str| OciProfile {
            name: name.into(),
            tenancy: Some(tenancy.into()),
            region: Some("eu-zurich-1".into()),
        };
        let with = |line: &'static str, oci: Vec<OciProfile>| Given {
            files: LocalFiles { oci, ..LocalFiles::default() },
            ..Given::at(PRIVATE).exec(line)
        };
        let plain = "oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.iad.aaaaaaaacabcdefghij";
        let named = "oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.iad.aaaaaaaacabcdefghij --profile b";
        let known = format!("oci oke {TENANT} us-ashburn-1 cabcdefghij Inferred");
        let open = "oci oke - us-ashburn-1 cabcdefghij Certain";
        table(&[
            (with(plain, vec![profile("DEFAULT", TENANT)]), &known),
            (with(named, vec![profile("DEFAULT", "x"), profile("b", TENANT)]), &known),
            (with("oci ce cluster generate-token --cluster-id ocid1.cluster.oc1.zzz.aaaaaaaacabcdefghij", vec![profile("DEFAULT", "x")]), "oci oke - eu-zurich-1 cabcdefghij Certain"),
            // Which of several the shell means is not known; a profile may hold anything.
            (with(plain, vec![profile("DEFAULT", TENANT), profile("b", TENANT)]), open),
            (with(named, vec![profile("DEFAULT", TENANT)]), open),
            (with(named, vec![profile("b", "not a tenancy")]), open),
        ]);
        assert_eq!(with(plain, vec![profile("DEFAULT", TENANT)]).located().signs_as, TENANT);
    }
}
