//! Whatever the strings of a context are: classification does not panic, is certain only by a host, a path, a plugin, an
//! ARN or minikube's extension, and says no account that could not be one.
//!
//! Strings are made of parts that tools write and of anything, so that the rules are reached and not only passed.

#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use regex::Regex;
use skyfleet_fuzz::domain::cloud::{AwsProfile, LocalFiles, OciProfile};
use skyfleet_fuzz::domain::context::{ContextFacts, Server, classify, host_of, refine};
use skyfleet_fuzz::domain::node::NodeRow;
use skyfleet_fuzz::domain::place::{Certainty, Place, Provider};
use skyfleet_fuzz::domain::text::SafeText;

/// Parts of what the clouds' tools write.
const PARTS: &[&str] = &[
    "https://",
    "http://",
    "0123456789abcdef0123456789abcdef",
    "01234567-89ab-cdef-0123-456789abcdef",
    ".gr7.",
    "eu-west-1",
    ".eks.amazonaws.com",
    ".api.aws",
    "gke-0a1b-123456789.",
    "europe-west1",
    ".gke.goog",
    "connectgateway.googleapis.com",
    "/v1/projects/12345/locations/",
    "/memberships/",
    "connectgateway_acme-x_",
    ".hcp.",
    "westeurope",
    ".azmk8s.io",
    "shop-rg-1a2b3c-0d1e2f30",
    ".privatelink.",
    "api.",
    ".aroapp.io",
    ".k8s.ondigitalocean.com",
    ".us-ord-1.linodelke.net",
    "cabcdefghij",
    ".clusters.oci.oraclecloud.com",
    "eu-frankfurt-1",
    "c111-e",
    ".eu-de.containers.cloud.ibm.com",
    ".api.k8s.fr-par.scw.cloud",
    ".c1.gra9.k8s.ovh.net",
    ".vultr-k8s.com",
    ".k8s.civo.com",
    ".sks-ch-gva-2.exo.io",
    "cls-abcd1234",
    ".ccs.tencent-cloud.com",
    "-100012345678-context-default",
    ".a1b2.p1.openshiftapps.com",
    "api.crc.testing",
    "kubernetes.docker.internal",
    "tail1234.ts.net",
    "/k8s/clusters/c-m-abc",
    "/proxies/0a",
    "/apis/cluster.karmada.io/v1alpha1/clusters/m/proxy",
    ".attacker.example",
    "127.0.0.1",
    "10.0.0.1",
    "203.0.113.9",
    ":6443",
    ":5443",
    ":",
    "/",
    ".",
    "-",
    "_",
    "@",
    "=",
    "arn:aws:eks:",
    ":111122223333:cluster/",
    "arn:aws:iam::",
    ":role/ops",
    "gke_",
    "acme-prod",
    "shop",
    "do-fra1-",
    ".eksctl.io",
    "clusterUser_",
    "kind-",
    "k3d-",
    "default",
    "kubernetes-admin",
    "-admin@",
    "admin@",
    "vcluster_",
    "garden-core--",
    "-external",
    "externalCluster",
    "karmada-apiserver",
    "-eks-eu-west-1-111122223333",
    "aws",
    "eks",
    "get-token",
    "--cluster-name",
    "--cluster-id",
    "--region",
    "--role",
    "--role-arn",
    "--profile",
    "--context",
    "pay",
    "aws-iam-authenticator",
    "token",
    "-i",
    "-r",
    "doctl",
    "kubernetes",
    "exec-credential",
    "oci",
    "ce",
    "cluster",
    "generate-token",
    "ocid1.cluster.oc1.iad.aaaaaaaacabcdefghij",
    "tsh",
    "kube",
    "credentials",
    "--kube-cluster",
    "--teleport-cluster",
    "gke-gcloud-auth-plugin",
    "ack-ram-tool",
    "credential-plugin",
    "AWS_PROFILE",
    "AWS_REGION",
    "aws:///",
    "eu-west-1a",
    "gce://",
    "azure:///subscriptions/",
    "/resourceGroups/MC_rg_shop_westeurope/",
    "hcloud://1",
    "kind://docker/dev/x",
    "v1.31.5+k3s1",
    "v1.35.2-eks-3025e55",
    "openstack://",
];

/// A string of such parts and of anything.
#[derive(Debug)]
struct Text(String);

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut out = String::new();
        for _ in 0..u.int_in_range(0..=6)? {
            if u.ratio(7, 8)? {
                out.push_str(u.choose(PARTS)?);
            } else {
                out.push_str(<&str>::arbitrary(u)?);
            }
        }
        Ok(Self(out))
    }
}

#[derive(Arbitrary, Debug)]
struct Input {
    context: Text,
    entry: Text,
    user: Text,
    server: Text,
    tls: Option<Text>,
    command: Option<Text>,
    args: Vec<Text>,
    env: Vec<(Text, Text)>,
    auth_provider: Option<Text>,
    rancher_token: bool,
    minikube: bool,
    aws: Vec<(Text, Option<Text>)>,
    azure: Vec<Text>,
    oci: Vec<(Text, Option<Text>, Option<Text>)>,
    provider_id: Text,
    kubelet: Text,
    version: Text,
}

/// The domains in which the clouds' hosts are.
const DOMAINS: &[&str] = &[
    ".eks.amazonaws.com",
    ".eks.amazonaws.com.cn",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".gke.goog",
    "connectgateway.googleapis.com",
    ".azmk8s.io",
    ".cx.prod.service.azk8s.cn",
    ".cx.aks.containerservice.azure.us",
    ".aroapp.io",
    ".k8s.ondigitalocean.com",
    ".linodelke.net",
    ".clusters.oci.oraclecloud.com",
    ".containers.cloud.ibm.com",
    ".scw.cloud",
    ".k8s.ovh.net",
    ".vultr-k8s.com",
    ".k8s.civo.com",
    ".exo.io",
    ".ccs.tencent-cloud.com",
    ".openshiftapps.com",
    "api.crc.testing",
    "kubernetes.docker.internal",
    ".ts.net",
];

const PATHS: &[&str] = &["/k8s/clusters/", "/apis/cluster.karmada.io/v1alpha1/clusters/"];

static ACCOUNTS: LazyLock<Vec<(Provider, Regex)>> = LazyLock::new(|| {
    [
        (Provider::Aws, r"^[0-9]{12}$"),
        (Provider::Gcp, r"^(?:[0-9]+|[a-z][a-z0-9.:-]{3,})$"),
        (Provider::Azure, r"^(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
        (Provider::DigitalOcean, r"^[0-9A-Za-z._:-]+$"),
        (Provider::Oci, r"^ocid1\.tenancy\."),
        (Provider::Ibm, r"^[0-9a-f]{32}$"),
        (Provider::Tencent, r"^[0-9]+$"),
        (Provider::Tailscale, r"^[a-z0-9-]+\.ts\.net$"),
        (Provider::Rancher, r"^[0-9a-z._:-]+$"),
        (Provider::Teleport, r"^[0-9A-Za-z._:-]+$"),
        (Provider::VCluster, r"^[a-z0-9-]+$"),
        (Provider::Gardener, r"^[a-z0-9-]+$"),
    ]
    .map(|(provider, pattern)| (provider, Regex::new(pattern).expect("a pattern of this file")))
    .into()
});

fn plausible(place: &Place) {
    if !place.account.is_empty() {
        let form = ACCOUNTS.iter().find(|(provider, _)| *provider == place.provider);
        let (_, form) = form.unwrap_or_else(|| panic!("an account at {:?}: {place:?}", place.provider));
        assert!(form.is_match(&place.account), "{place:?}");
    }
    let nowhere = place.provider == Provider::Unknown;
    assert!(!nowhere || (place.account.is_empty() && place.region.is_empty()), "{place:?}");
}

fuzz_target!(|input: Input| {
    let args: Vec<String> = input.args.into_iter().map(|t| t.0).collect();
    let env: Vec<(String, String)> = input.env.into_iter().map(|(n, v)| (n.0, v.0)).collect();
    let extensions = if input.minikube {
        serde_json::json!([{"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io"}}])
    } else {
        serde_json::Value::Null
    };
    let files = LocalFiles {
        aws: input.aws.into_iter().map(|(n, a)| AwsProfile { name: n.0, account: a.map(|a| a.0) }).collect(),
        azure_subscriptions: input.azure.into_iter().map(|t| t.0).collect(),
        oci: input
            .oci
            .into_iter()
            .map(|(n, t, r)| OciProfile { name: n.0, tenancy: t.map(|t| t.0), region: r.map(|r| r.0) })
            .collect(),
    };
    let facts = ContextFacts {
        context: &input.context.0,
        cluster_entry: &input.entry.0,
        user_entry: &input.user.0,
        server: &input.server.0,
        tls_server_name: input.tls.as_ref().map(|t| t.0.as_str()),
        exec_command: input.command.as_ref().map(|t| t.0.as_str()),
        exec_args: &args,
        exec_env: &env,
        auth_provider: input.auth_provider.as_ref().map(|t| t.0.as_str()),
        rancher_token: input.rancher_token,
        cluster_extensions: &extensions,
    };
    let located = classify(&facts, &files);
    let place = &located.place;
    plausible(place);

    let hosts = [host_of(facts.server), facts.tls_server_name.and_then(host_of)];
    let in_domain = |host: &String| DOMAINS.iter().any(|d| host.ends_with(d));
    let by_host = hosts.iter().flatten().any(in_domain);
    let server = Server::parse(facts.server);
    let by_path = server.as_ref().is_some_and(|s| PATHS.iter().any(|p| s.path.starts_with(p)));
    let by_exec = facts.exec_command.is_some_and(|c| {
        ["aws", "aws-iam-authenticator", "gke-gcloud-auth-plugin", "doctl", "oci", "tsh", "ack-ram-tool"]
            .iter()
            .any(|tool| c.trim_end_matches(".exe").rsplit(['/', '\\']).next() == Some(tool))
    });
    let by_arn = [facts.cluster_entry, facts.user_entry].iter().any(|n| n.starts_with("arn:aws"));
    let by_extension = input.minikube && server.as_ref().is_some_and(Server::is_private);
    if place.certainty == Certainty::Certain || place.provider_certainty == Certainty::Certain {
        assert!(by_host || by_path || by_exec || by_arn || by_extension, "certain by what? {place:?}");
    }

    let node = NodeRow {
        provider_id: SafeText::new(&input.provider_id.0),
        version: SafeText::new(&input.kubelet.0),
        ..NodeRow::default()
    };
    let refined = refine(place, &[&node], &input.version.0);
    plausible(&refined);
    if place.provider_certainty == Certainty::Certain {
        assert_eq!(refined.provider, place.provider, "a certain answer is not overruled");
    } else {
        assert_ne!(refined.provider_certainty, Certainty::Certain, "nodes make nothing certain");
    }
    assert_eq!(refine(&refined, &[&node], &input.version.0), refined, "the second look changes nothing");
});
