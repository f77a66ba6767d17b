//! The rule table, row by row: what each rule is for, and what only looks like it.

use super::*;

const EKS: &str = "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com";
const ARN: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/payments-prod";
const ACK_ID: &str = "c0123456789abcdef0123456789abcdef";
const PRIVATE: &str = "https://10.0.0.1:6443";
const PUBLIC: &str = "https://203.0.113.9";
const OWN: &str = "https://k8s.example.com";

/// A context as a test writes it.
#[derive(Clone, Default)]
struct Given {
    context: &'static str,
    entry: &'static str,
    user: &'static str,
    server: &'static str,
    tls: Option<&'static str>,
    exec: &'static str,
    env: Vec<(String, String)>,
    extensions: serde_json::Value,
}

impl Given {
    fn at(server: &'static str) -> Self {
        Self { server, ..Self::default() }
    }

    fn entry(mut self, entry: &'static str) -> Self {
        self.entry = entry;
        self
    }

    fn context(mut self, context: &'static str) -> Self {
        self.context = context;
        self
    }

    fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    fn exec(mut self, line: &'static str) -> Self {
        self.exec = line;
        self
    }

    fn place(&self) -> Place {
        let mut words = self.exec.split_whitespace().map(str::to_owned);
        let command = words.next();
        let args: Vec<String> = words.collect();
        classify(&ContextFacts {
            context: if self.context.is_empty() { "ctx" } else { self.context },
            cluster_entry: self.entry,
            user_entry: self.user,
            server: self.server,
            tls_server_name: self.tls,
            exec_command: command.as_deref(),
            exec_args: &args,
            exec_env: &self.env,
            cluster_extensions: &self.extensions,
        })
    }

    /// `provider service account region cluster certainty`, with `-` for what is not known.
    fn says(&self) -> String {
        let p = self.place();
        let word = |t: &SafeText| if t.is_empty() { "-".to_owned() } else { t.to_string() };
        format!(
            "{} {} {} {} {} {:?}",
            p.provider.word(),
            word(&p.service),
            word(&p.account),
            word(&p.region),
            word(&p.cluster),
            p.certainty
        )
    }
}

#[track_caller]
fn table(rows: &[(Given, &str)]) {
    for (given, expected) in rows {
        assert_eq!(
            given.says(),
            *expected,
            "context {:?} entry {:?} user {:?} server {:?} exec {:?}",
            given.context,
            given.entry,
            given.user,
            given.server,
            given.exec
        );
    }
}

#[test]
fn rule_6_arn() {
    table(&[
        (Given::at(EKS).entry(ARN).context(ARN), "aws eks 111122223333 eu-west-1 payments-prod Certain"),
        // Behind a tunnel the ARN is all there is.
        (
            Given::at("https://127.0.0.1:8443").entry(ARN),
            "aws eks 111122223333 eu-west-1 payments-prod Certain",
        ),
        (Given::at(PRIVATE).entry("c").user(ARN), "aws eks 111122223333 eu-west-1 payments-prod Certain"),
        // Whoever names a context may name it anything.
        (Given::at(PRIVATE).entry("c").context(ARN), "aws eks 111122223333 eu-west-1 payments-prod Inferred"),
        (
            Given::at(PRIVATE).entry("arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/a"),
            "aws eks 111122223333 us-gov-west-1 a Certain",
        ),
    ]);
    for not_one in [
        "arn:aws:eks:eu-west-1:11112222333:cluster/short-account",
        "arn:aws:ecs:eu-west-1:111122223333:cluster/other-service",
        "arn:aws:eks:eu-west-1:111122223333:nodegroup/x",
        "arn:aws:eks:eu-west-1:111122223333:cluster/",
        "arn:aws:eks:eu-west-1:111122223333:cluster/a/b",
        "old arn:aws:eks:eu-west-1:111122223333:cluster/a",
    ] {
        assert_eq!(Given::at(OWN).entry(not_one).place().provider, Provider::Unknown, "{not_one}");
    }
}

#[test]
fn an_arn_of_another_region_than_the_host_is_dropped() {
    let copied = "arn:aws:eks:us-east-1:999999999999:cluster/other";
    table(&[(
        Given::at(EKS).entry(copied).exec("aws eks get-token --cluster-name real"),
        "aws eks - eu-west-1 real Certain",
    )]);
}

#[test]
fn rule_6a_eks_host() {
    table(&[
        (Given::at(EKS).entry("prod"), "aws eks - eu-west-1 prod Certain"),
        (
            Given::at("https://0123456789abcdef0123456789abcdef.sk1.cn-north-1.eks.amazonaws.com.cn")
                .entry("cn"),
            "aws eks - cn-north-1 cn Certain",
        ),
        (
            Given::at("https://0123456789abcdef0123456789abcdef.gr7.eks-cluster.us-west-2.api.aws")
                .entry("six"),
            "aws eks - us-west-2 six Certain",
        ),
        (
            Given {
                tls: Some("0123456789abcdef0123456789abcdef.yl4.us-east-2.eks.amazonaws.com"),
                ..Given::at("https://127.0.0.1:9443").entry("tunnel")
            },
            "aws eks - us-east-2 tunnel Certain",
        ),
    ]);
    for server in [
        "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com.attacker.example",
        "https://attacker.example/0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
        "https://eks.amazonaws.com@attacker.example",
        "https://short.gr7.eu-west-1.eks.amazonaws.com",
        "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eksXamazonaws.com",
    ] {
        assert_eq!(Given::at(server).place().provider, Provider::Unknown, "{server}");
    }
}

#[test]
fn rule_6b_eks_plugins() {
    table(&[
        (
            Given::at(PRIVATE)
                .exec("aws --region eu-north-1 eks get-token --cluster-name billing --output json"),
            "aws eks - eu-north-1 billing Certain",
        ),
        (
            Given::at(PRIVATE)
                .exec("/usr/local/bin/aws eks get-token --cluster-name=billing --region=eu-north-1"),
            "aws eks - eu-north-1 billing Certain",
        ),
        (
            Given::at(EKS)
                .exec("aws eks get-token --cluster-name b --role arn:aws:iam::444455556666:role/ops"),
            "aws eks 444455556666 eu-west-1 b Inferred",
        ),
        // The ARN names the cluster's account; the role may be of another.
        (
            Given::at(EKS)
                .entry(ARN)
                .exec("aws eks get-token --cluster-name x --role-arn arn:aws:iam::444455556666:role/a"),
            "aws eks 111122223333 eu-west-1 payments-prod Certain",
        ),
        (Given::at(PRIVATE).exec("aws-iam-authenticator token -i legacy"), "aws eks - - legacy Certain"),
        (
            Given {
                env: vec![("AWS_PROFILE".into(), "x".into()), ("AWS_REGION".into(), "eu-west-3".into())],
                ..Given::at(PRIVATE).exec("aws-iam-authenticator token --cluster-id=legacy")
            },
            "aws eks - eu-west-3 legacy Certain",
        ),
        (Given::at(OWN).exec("aws sts get-caller-identity"), "unknown - - - ctx Unknown"),
        (Given::at(OWN).exec("aws eks get-token"), "unknown - - - ctx Unknown"),
        (Given::at(OWN).exec("my-aws eks get-token --cluster-name x"), "unknown - - - ctx Unknown"),
        (Given::at(OWN).exec("sh -c aws eks get-token --cluster-name x"), "unknown - - - ctx Unknown"),
    ]);
}

#[test]
fn rule_6c_eksctl() {
    table(&[
        (
            Given::at(EKS)
                .entry("billing.eu-west-1.eksctl.io")
                .context("jane.doe@billing.eu-west-1.eksctl.io"),
            "aws eks - eu-west-1 billing Certain",
        ),
        (
            Given::at(PRIVATE).entry("c").context("jane@billing.us-west-2.eksctl.io"),
            "aws eks - us-west-2 billing Inferred",
        ),
        (Given::at(OWN).entry("billing.nowhere.eksctl.io"), "unknown - - - ctx Unknown"),
        (Given::at(OWN).entry("billing.us-west-2.eksctl.io.example.com"), "unknown - - - ctx Unknown"),
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
fn rule_8_aks() {
    let host = "https://shop-prod-rg-shop-weu-1a2b3c-0d1e2f30.hcp.westeurope.azmk8s.io:443";
    table(&[
        (Given::at(host).entry("shop").user("clusterUser_rg_shop"), "azure aks - westeurope shop Certain"),
        (Given::at(host).entry("shop").context("shop-admin"), "azure aks - westeurope shop Certain"),
        (
            Given::at(
                "https://shop-1a2b.00000000-1111-2222-3333-444444444444.privatelink.northeurope.azmk8s.io",
            )
            .entry("p"),
            "azure aks - northeurope p Certain",
        ),
        (
            Given::at("https://a-b.hcp.chinaeast2.cx.prod.service.azk8s.cn").entry("cn"),
            "azure aks - chinaeast2 cn Certain",
        ),
        (
            Given::at("https://a-b.hcp.usgovvirginia.cx.aks.containerservice.azure.us").entry("gov"),
            "azure aks - usgovvirginia gov Certain",
        ),
        // 8a
        (Given::at(PRIVATE).entry("shop").user("clusterUser_rg_a_shop"), "azure aks - - shop Inferred"),
        (Given::at(OWN).entry("shop").user("clusterUser_rg_other"), "unknown - - - ctx Unknown"),
        (
            Given::at("https://127.0.0.1:47011/proxies/0a1b").entry("arc").user("clusterUser_rg_arc"),
            "unknown - - - ctx Unknown",
        ),
        (Given::at("https://x.hcp.westeurope.azmk8s.io.example.com").entry("x"), "unknown - - - ctx Unknown"),
        (Given::at("https://x.westeurope.azmk8s.io").entry("x"), "unknown - - - ctx Unknown"),
    ]);
}

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

#[test]
fn rules_26_to_28_local() {
    let minikube = serde_json::json!([
        {"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io", "version": "v1.36.0"}}
    ]);
    let with = |g: Given| Given { extensions: minikube.clone(), ..g };
    table(&[
        (with(Given::at("https://192.168.49.2:8443").entry("work")), "local minikube - - work Certain"),
        (with(Given::at(EKS).entry("work")), "aws eks - eu-west-1 work Certain"),
        (with(Given::at(OWN).entry("work")), "unknown - - - ctx Unknown"),
        (
            Given::at("https://kubernetes.docker.internal:6443").entry("docker-desktop"),
            "local docker-desktop - - docker-desktop Certain",
        ),
        (
            Given::at("https://127.0.0.1:6443").entry("docker-desktop"),
            "local docker-desktop - - docker-desktop Inferred",
        ),
        (Given::at(OWN).entry("docker-desktop"), "unknown - - - ctx Unknown"),
        (Given::at("https://127.0.0.1:40001").entry("kind-dev"), "local kind - - dev Inferred"),
        (Given::at("https://0.0.0.0:6550").entry("k3d-demo"), "local k3d - - demo Inferred"),
        (Given::at("https://127.0.0.1:6443").entry("colima-work"), "local colima - - work Inferred"),
        (
            Given::at("https://127.0.0.1:6443").entry("rancher-desktop"),
            "local rancher-desktop - - rancher-desktop Inferred",
        ),
        (Given::at("https://127.0.0.1:26443").entry("orbstack"), "local orbstack - - orbstack Inferred"),
        (
            Given::at("https://127.0.0.1:16443").entry("microk8s-cluster"),
            "local microk8s - - microk8s Inferred",
        ),
        (Given::at(OWN).entry("kind-of-prod"), "unknown - - - ctx Unknown"),
        (Given::at("https://203.0.113.9").entry("k3d-demo"), "unknown - - - ctx Unknown"),
        (Given::at("https://127.0.0.1:6443").entry("kind-"), "unknown - - - ctx Unknown"),
        // A context's name alone makes nothing local.
        (
            Given::at("https://127.0.0.1:6443").entry("x").context("kind-dev"),
            "unknown - - - kind-dev Unknown",
        ),
    ]);
}

#[test]
fn the_host_beats_every_name() {
    table(&[
        (
            Given::at(EKS).entry("gke_acme-prod_europe-west1_shop"),
            "aws eks - eu-west-1 gke_acme-prod_europe-west1_shop Certain",
        ),
        (
            Given::at("https://x.hcp.westeurope.azmk8s.io").entry(ARN),
            "azure aks - westeurope arn:aws:eks:eu-west-1:111122223333:cluster/payments-prod Certain",
        ),
        (Given::at(EKS).entry("x").exec("gke-gcloud-auth-plugin"), "aws eks - eu-west-1 x Certain"),
        (
            Given::at(PUBLIC)
                .entry("gke_acme-prod_europe-west1_shop")
                .exec("aws eks get-token --cluster-name a"),
            "aws eks - - a Certain",
        ),
    ]);
}

#[test]
fn the_unknown_stays_unknown() {
    table(&[
        (Given::at(OWN).entry("default").context("berlin"), "unknown - - - berlin Unknown"),
        (Given::at(PRIVATE).entry("prod").context("prod@10.0.0.1"), "unknown - - - prod@10.0.0.1 Unknown"),
        (Given::at("").context("broken"), "unknown - - - broken Unknown"),
        (Given::at("::not a url::").context("broken"), "unknown - - - broken Unknown"),
    ]);
    assert_eq!(Given::at(OWN).context("a\u{1b}[31mred").place().cluster, "ared");
}

#[test]
fn environments() {
    let place = |cluster: &str| Place { cluster: cluster.into(), ..Place::default() };
    assert_eq!(environment_of(&place("shop-staging"), "shop-test"), Environment::Staging);
    assert_eq!(environment_of(&place("shop-staging"), "prod-x"), Environment::Prod, "the most careful name");
    assert_eq!(environment_of(&place("berlin"), "berlin-prod"), Environment::Prod);
    assert_eq!(environment_of(&place("berlin"), "berlin"), Environment::Unknown);
}

proptest::proptest! {
    #[test]
    fn never_panics(server in ".*", entry in ".*", user in ".*", args in proptest::collection::vec(".*", 0..4)) {
        let facts = ContextFacts {
            context: &entry,
            cluster_entry: &entry,
            user_entry: &user,
            server: &server,
            tls_server_name: Some(&user),
            exec_command: Some("aws"),
            exec_args: &args,
            exec_env: &[],
            cluster_extensions: &serde_json::Value::Null,
        };
        let place = classify(&facts);
        proptest::prop_assert!(place.provider != Provider::Unknown || (place.account.is_empty() && place.region.is_empty()));
    }
}
