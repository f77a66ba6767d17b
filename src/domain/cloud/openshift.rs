//! OpenShift on anybody's machines: rule 25, by the names `oc login` makes of an address; its nodes and versions.
//! Never here: ROSA, ARO, IBM's and CRC, which have hosts of their own. Called through `CLOUD`.

use super::evidence::{is, pattern};
use super::{Cloud, Clue, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    entry,
    labels: &[("node.openshift.io/os_id", |_| OPENSHIFT)],
    version: |v| is(&VERSION, v).then_some(OPENSHIFT),
    ..Cloud::NOTHING
};

const OPENSHIFT: Machine = Machine::of(Provider::OpenShift, "openshift");

// The commit it was built from: `v1.30.4+1a2b3c4`.
pattern!(VERSION, r"v[0-9]+\.[0-9]+\.[0-9]+\+[0-9a-f]{7}");

/// The entry, or the middle of the context `<namespace>/<entry>/<user>`, is the address with dashes for dots.
fn entry(e: &Evidence<'_>) -> Option<Clue> {
    let server = e.server.as_ref()?;
    let cluster = server.host.strip_prefix("api.").filter(|rest| !rest.is_empty())?;
    let dashed = format!("{}:{}", server.host.replace('.', "-"), server.port);
    let middle = e.facts.context.split('/').nth(1);
    (e.facts.cluster_entry == dashed || middle == Some(dashed.as_str()))
        .then(|| Clue::inferred(Provider::OpenShift, "openshift").cluster(cluster))
}

#[cfg(test)]
mod tests {
    use crate::domain::cloud::tests::{Given, table};

    #[test]
    fn rule_25_oc_login() {
        let at = Given::at("https://api.ocp.example.com:6443");
        table(&[
            (at.clone().entry("api-ocp-example-com:6443"), "openshift openshift - - ocp.example.com Inferred"),
            (
                at.clone().entry("renamed").context("default/api-ocp-example-com:6443/kube:admin"),
                "openshift openshift - - ocp.example.com Inferred",
            ),
            (at.clone().entry("api-ocp-example-com:443"), "unknown - - - ctx Unknown"),
            (at.clone().entry("api-other-example-com:6443"), "unknown - - - ctx Unknown"),
            (at.clone().entry("ocp"), "unknown - - - ctx Unknown"),
            (
                Given::at("https://k8s.ocp.example.com:6443").entry("k8s-ocp-example-com:6443"),
                "unknown - - - ctx Unknown",
            ),
        ]);
    }
}
