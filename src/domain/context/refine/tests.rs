//! Nodes and versions, row by row of the table of 2.3, and what they may change.

use super::*;

fn node(provider_id: &str, region: &str) -> NodeRow {
    NodeRow { provider_id: provider_id.into(), region: region.into(), ..NodeRow::default() }
}

fn labelled(provider_id: &str, labels: &[(&'static str, &str)]) -> NodeRow {
    let cloud_labels = labels.iter().map(|(k, v)| (*k, SafeText::new(v))).collect();
    NodeRow { cloud_labels, ..node(provider_id, "") }
}

fn unknown() -> Place {
    Place { cluster: "berlin".into(), ..Place::default() }
}

fn with(place: &Place, nodes: &[NodeRow], version: &str) -> Place {
    let refined = refine(place, &nodes.iter().collect::<Vec<_>>(), version);
    let again = refine(&refined, &nodes.iter().collect::<Vec<_>>(), version);
    assert_eq!(refined, again, "the second look changes nothing");
    refined
}

fn refined(place: &Place, nodes: &[NodeRow]) -> Place {
    with(place, nodes, "")
}

/// `provider service account region cluster`, with `-` for what is not known.
fn says(p: &Place) -> String {
    let word = |t: &SafeText| if t.is_empty() { "-".to_owned() } else { t.to_string() };
    format!(
        "{} {} {} {} {}",
        p.provider.word(),
        word(&p.service),
        word(&p.account),
        word(&p.region),
        word(&p.cluster)
    )
}

#[test]
fn provider_ids() {
    let sub = "00000000-1111-2222-3333-444444444444";
    let azure = |group: &str| format!("azure:///subscriptions/{sub}/resourceGroups/{group}/providers/x");
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    for (id, kubelet, region, expected) in [
        ("aws:///us-east-1a/i-0abc", "", "", "aws - - us-east-1 berlin"),
        ("aws:///us-west-2-lax-1a/i-0abc", "", "", "aws - - us-west-2 berlin"),
        ("aws:///us-gov-west-1b/i-0abc", "", "", "aws - - us-gov-west-1 berlin"),
        ("aws:///eu-west-1c/0123abcd/fargate-ip-10-0-0-1", "", "", "aws - - eu-west-1 berlin"),
        ("gce://acme-prod/europe-west1-b/gke-x", "", "", "gcp - acme-prod europe-west1 berlin"),
        (
            &azure("mc_rg-a_shop_westeurope"),
            "",
            "eastus",
            "azure aks 00000000-1111-2222-3333-444444444444 westeurope shop",
        ),
        (
            &azure("MC_rg_a_shop_westeurope"),
            "",
            "",
            "azure aks 00000000-1111-2222-3333-444444444444 westeurope berlin",
        ),
        (&azure("own"), "", "eastus", "azure - 00000000-1111-2222-3333-444444444444 eastus berlin"),
        ("digitalocean://123", "", "fra1", "digitalocean - - fra1 berlin"),
        ("linode://123", "", "us-ord", "linode - - us-ord berlin"),
        ("hcloud://123", "", "fsn1", "hetzner - - fsn1 berlin"),
        ("hrobot://123", "", "", "hetzner - - - berlin"),
        (&format!("vultr://{uuid}"), "", "ewr", "vultr - - ewr berlin"),
        (&format!("civo://{uuid}"), "", "LON1", "civo - - LON1 berlin"),
        (&format!("exoscale://{uuid}"), "", "ch-gva-2", "exoscale - - ch-gva-2 berlin"),
        ("ocid1.instance.oc1.iad.abc", "", "", "oci - - us-ashburn-1 berlin"),
        ("oci://ocid1.instance.oc1.eu-paris-1.abc", "", "", "oci - - eu-paris-1 berlin"),
        (
            "ibm://0123456789abcdef0123456789abcdef///bq1abc/kube-bq1abc-w1",
            "",
            "eu-de",
            "ibm - 0123456789abcdef0123456789abcdef eu-de berlin",
        ),
        ("cn-hangzhou.i-bp1abc", "v1.30.1-aliyun.1", "", "alibaba ack - cn-hangzhou berlin"),
        ("alicloud://cn-beijing.i-2ze", "", "", "alibaba - - cn-beijing berlin"),
        ("qcloud:///100003/ins-abc", "", "gz", "tencent - - gz berlin"),
        (&format!("scaleway://instance/fr-par-1/{uuid}"), "", "", "scaleway - - fr-par berlin"),
        (&format!("openstack:///{uuid}"), "", "GRA9", "openstack - - GRA9 berlin"),
        (&format!("openstack://eu-de/{uuid}"), "", "", "openstack - - eu-de berlin"),
        ("kind://docker/dev/dev-control-plane", "", "", "local kind - - dev"),
        ("kwok://node-1", "", "", "local kwok - - berlin"),
        ("k3s://n1", "", "", "unknown k3s - - berlin"),
        ("rke2://n1", "", "", "unknown rke2 - - berlin"),
        ("metal3://x", "", "", "unknown metal3 - - berlin"),
        ("vsphere://x", "", "", "vsphere - - - berlin"),
        ("harvester://x", "", "", "harvester - - - berlin"),
        ("nutanix://x", "", "", "nutanix - - - berlin"),
        ("proxmox://x", "", "", "proxmox - - - berlin"),
        (uuid, "v1.28.3-r0-28.0.14", "cn-north-4", "huawei cce - cn-north-4 berlin"),
        // Only looks like one.
        ("cn-hangzhou.i-bp1abc", "v1.30.1", "", "unknown - - - berlin"),
        (uuid, "v1.28.3", "", "unknown - - - berlin"),
        ("xaws:///us-east-1a/i-0", "", "", "unknown - - - berlin"),
        ("not an id", "", "", "unknown - - - berlin"),
        ("://", "", "", "unknown - - - berlin"),
        ("", "", "eu-west-1", "unknown - - - berlin"),
        ("aws://", "", "", "aws - - - berlin"),
        ("gce://", "", "", "gcp - - - berlin"),
        ("scaleway://", "", "", "scaleway - - - berlin"),
        ("kind://", "", "", "local kind - - berlin"),
    ] {
        let row = NodeRow { version: kubelet.into(), ..node(id, region) };
        let place = refined(&unknown(), &[row]);
        assert_eq!(says(&place), expected, "{id}");
        assert_ne!(place.certainty, Certainty::Certain, "{id}");
    }
}

#[test]
fn versions() {
    for (version, expected) in [
        ("v1.35.2-eks-3025e55", "aws eks - - berlin"),
        ("v1.35.3-gke.1157000", "gcp gke - - berlin"),
        ("v1.34.1-aliyun.1", "alibaba ack - - berlin"),
        ("v1.30.0-tke.5", "tencent tke - - berlin"),
        ("v1.29.8+IKS", "ibm iks - - berlin"),
        ("v1.31.5+k3s1", "unknown k3s - - berlin"),
        ("v1.31.5+rke2r1", "unknown rke2 - - berlin"),
        ("v1.28.3-r0-28.0.14", "huawei cce - - berlin"),
        ("v1.30.4+1a2b3c4", "openshift openshift - - berlin"),
        // Only looks like one.
        ("v1.33.6", "unknown - - - berlin"),
        ("v1.33.0-rc.1", "unknown - - - berlin"),
        ("v1.33.0-eksish", "unknown - - - berlin"),
        ("v1.30.4+1a2b3c45", "unknown - - - berlin"),
        ("v1.30.4+vmware", "unknown - - - berlin"),
        ("v1.30.4-r1", "unknown - - - berlin"),
    ] {
        assert_eq!(says(&with(&unknown(), &[], version)), expected, "{version}");
    }
    let kubelet = NodeRow { version: "v1.35.2-eks-3025e55".into(), ..node("", "") };
    assert_eq!(says(&refined(&unknown(), &[kubelet])), "aws eks - - berlin", "the kubelets' stands in");
}

#[test]
fn version_and_nodes_together() {
    let hetzner = [node("hcloud://1", "fsn1")];
    assert_eq!(says(&with(&unknown(), &hetzner, "v1.31.5+k3s1")), "hetzner k3s - fsn1 berlin");
    let ec2 = [node("aws:///eu-west-1a/i-1", "")];
    assert_eq!(says(&with(&unknown(), &ec2, "v1.35.2-eks-3025e55")), "aws eks - eu-west-1 berlin");
    assert_eq!(says(&with(&unknown(), &ec2, "v1.30.4+1a2b3c4")), "aws openshift - eu-west-1 berlin");
    assert_eq!(says(&with(&unknown(), &ec2, "v1.33.6")), "aws - - eu-west-1 berlin");
    // EKS Distro runs anywhere: whose machines they are the nodes know.
    let vsphere = [node("vsphere://x", "")];
    assert_eq!(says(&with(&unknown(), &vsphere, "v1.30.1-eks-1-30-4")), "vsphere - - - berlin");
    let kubeadm = Place { service: "kubeadm".into(), certainty: Certainty::Inferred, ..unknown() };
    assert_eq!(says(&with(&kubeadm, &hetzner, "v1.33.6")), "hetzner kubeadm - fsn1 berlin");
    assert_eq!(says(&with(&kubeadm, &[], "v1.31.5+rke2r1")), "unknown rke2 - - berlin");
}

#[test]
fn labels() {
    for (key, value, expected) in [
        ("eks.amazonaws.com/nodegroup", "ng", "aws eks - - berlin"),
        ("eks.amazonaws.com/compute-type", "auto", "aws eks - - berlin"),
        ("alpha.eksctl.io/cluster-name", "shop", "aws eks - - shop"),
        ("cloud.google.com/gke-nodepool", "p", "gcp gke - - berlin"),
        ("kubernetes.azure.com/cluster", "MC_rg_shop_westeurope", "azure aks - westeurope shop"),
        ("kubernetes.azure.com/cluster", "own", "azure aks - - berlin"),
        ("doks.digitalocean.com/node-pool", "p", "digitalocean doks - - berlin"),
        ("lke.linode.com/pool-id", "1", "linode lke - - berlin"),
        ("k8s.scaleway.com/kapsule", "x", "scaleway kapsule - - berlin"),
        ("node.openshift.io/os_id", "rhcos", "openshift openshift - - berlin"),
        ("eks.amazonaws.com/nodegroupx", "ng", "unknown - - - berlin"),
    ] {
        assert_eq!(says(&refined(&unknown(), &[labelled("", &[(key, value)])])), expected, "{key}");
    }
    let row = labelled("aws:///eu-west-1a/i-1", &[("eks.amazonaws.com/nodegroup", "ng")]);
    assert_eq!(says(&refined(&unknown(), &[row])), "aws eks - eu-west-1 berlin");
    let row = labelled("aws:///eu-west-1a/i-1", &[("node.openshift.io/os_id", "rhcos")]);
    assert_eq!(says(&refined(&unknown(), &[row])), "aws openshift - eu-west-1 berlin");
    let row = labelled("aws:///eu-west-1a/i-1", &[("cloud.google.com/gke-nodepool", "p")]);
    assert_eq!(says(&refined(&unknown(), &[row])), "aws - - eu-west-1 berlin", "the id knows better");
}

#[test]
fn a_certain_answer_is_filled_and_never_overruled() {
    let eks = Place {
        provider: Provider::Aws,
        service: "eks".into(),
        account: "222233334444".into(),
        region: "eu-west-1".into(),
        cluster: "prod-a".into(),
        certainty: Certainty::Certain,
        provider_certainty: Certainty::Certain,
    };
    assert_eq!(refined(&eks, &[node("gce://evil/us-east1-b/x", "")]), eks);
    assert_eq!(refined(&eks, &[node("aws:///us-east-1a/i-1", "")]), eks);
    assert_eq!(with(&eks, &[], "v1.31.5+k3s1"), eks);
    // An account that a role only suggests leaves the host certain.
    let role = Place { certainty: Certainty::Inferred, ..eks.clone() };
    assert_eq!(refined(&role, &[node("gce://evil/us-east1-b/x", "")]), role);
    let aks = Place {
        provider: Provider::Azure,
        service: "aks".into(),
        account: SafeText::empty(),
        region: "westeurope".into(),
        ..eks.clone()
    };
    let sub = "00000000-1111-2222-3333-444444444444";
    let nodes = [node(&format!("azure:///subscriptions/{sub}/resourceGroups/MC_g_other_eastus/x"), "eastus")];
    assert_eq!(says(&refined(&aks, &nodes)), format!("azure aks {sub} westeurope prod-a"));
    let gke = Place {
        provider: Provider::Gcp,
        account: "123456789".into(),
        region: "europe-west1".into(),
        ..eks.clone()
    };
    assert_eq!(refined(&gke, &[node("gce://acme/europe-west1-b/x", "")]).account, "acme");
    let ovh = Place { provider: Provider::Ovh, service: "mks".into(), region: "gra9".into(), ..eks.clone() };
    assert_eq!(refined(&ovh, &[node("openstack:///x", "GRA9")]), ovh);
    // Behind a way to clusters the nodes say where it runs, and what.
    let rancher = Place {
        provider: Provider::Rancher,
        service: SafeText::empty(),
        account: "rancher.example.com".into(),
        region: SafeText::empty(),
        ..eks
    };
    assert_eq!(
        says(&with(&rancher, &[node("aws:///eu-west-1a/i-1", "")], "v1.31.5+rke2r1")),
        "rancher rke2 rancher.example.com eu-west-1 prod-a"
    );
}

#[test]
fn an_answer_by_names_is_overruled() {
    let named = Place {
        provider: Provider::Gcp,
        service: "gke".into(),
        account: "acme".into(),
        region: "us-east1".into(),
        cluster: "c".into(),
        certainty: Certainty::Inferred,
        provider_certainty: Certainty::Inferred,
    };
    assert_eq!(says(&refined(&named, &[node("aws:///eu-west-1a/i-1", "")])), "aws - - eu-west-1 c");
    assert_eq!(
        says(&refined(&named, &[node("gce://other/europe-west1-b/x", "")])),
        "gcp gke other europe-west1 c"
    );
    assert_eq!(says(&with(&named, &[], "v1.35.2-eks-3025e55")), "aws eks - - c");
    let kind = Place { provider: Provider::Local, service: "k3d".into(), ..named.clone() };
    assert_eq!(
        with(&kind, &[node("k3s://k3d-demo-server-0", "")], "v1.31.5+k3s1"),
        kind,
        "k3d runs k3s, and stays k3d"
    );
    let shoot = Place { provider: Provider::Gardener, service: "gardener".into(), ..named };
    assert_eq!(says(&refined(&shoot, &[node("aws:///eu-west-1a/i-1", "")])), "aws gardener - eu-west-1 c");
}

#[test]
fn rule_31_the_version_decides() {
    let default = Place {
        provider: Provider::Local,
        cluster: "nuc".into(),
        certainty: Certainty::Inferred,
        provider_certainty: Certainty::Inferred,
        ..Place::default()
    };
    assert_eq!(says(&with(&default, &[], "v1.31.5+k3s1")), "local k3s - - nuc");
    assert_eq!(says(&with(&default, &[node("rke2://x", "")], "v1.31.5+rke2r1")), "local rke2 - - nuc");
    assert_eq!(says(&with(&default, &[node("hcloud://1", "")], "v1.31.5+k3s1")), "hetzner k3s - - nuc");
    assert_eq!(says(&with(&default, &[], "")), "local - - - nuc");
    // Any other version: a tunnel's near end.
    assert_eq!(says(&with(&default, &[], "v1.33.6")), "unknown - - - nuc");
    assert_eq!(says(&with(&default, &[], "v1.35.2-eks-3025e55")), "aws eks - - nuc");
}

#[test]
fn nodes_that_disagree_say_nothing() {
    let two = [node("gce://a/us-east1-b/x", ""), node("aws:///us-east-1a/i-1", "")];
    assert_eq!(refined(&unknown(), &two), unknown());
    assert_eq!(refined(&unknown(), &[]), unknown());
    let two = refined(&unknown(), &[node("gce://a/us-east1-b/x", ""), node("gce://b/us-east1-b/x", "")]);
    assert_eq!((two.account.as_str(), two.region.as_str()), ("", "us-east1"));
    let one = [node("", ""), node("hcloud://1", "fsn1")];
    assert_eq!(says(&refined(&unknown(), &one)), "hetzner - - fsn1 berlin");
}

proptest::proptest! {
    #[test]
    fn never_panics(id in ".*", kubelet in ".*", version in ".*", label in ".*", scheme in "(aws|gce|azure|kind|oci|ibm|scaleway|openstack)://.*") {
        for id in [&id, &scheme] {
            let row = NodeRow { version: kubelet.as_str().into(), ..labelled(id, &[("kubernetes.azure.com/cluster", &label)]) };
            let place = refine(&unknown(), &[&row], &version);
            proptest::prop_assert_ne!(place.certainty, Certainty::Certain);
        }
    }
}
