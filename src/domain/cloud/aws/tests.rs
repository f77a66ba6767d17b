//! EKS and ROSA, row by row: what each rule is for, and what only looks like it.

use super::region_of;
use crate::domain::cloud::tests::{ARN, EKS, Given, OWN, PRIVATE, table};
use crate::domain::cloud::{AwsProfile, LocalFiles};
use crate::domain::place::{Certainty, Provider};

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
fn rule_6_partitions() {
    for (partition, region) in [
        ("aws", "ap-southeast-2"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-iso-b", "us-isob-east-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        let arn = format!("arn:{partition}:eks:{region}:111122223333:cluster/a").leak();
        table(&[(
            Given::at(PRIVATE).entry(arn),
            format!("aws eks 111122223333 {region} a Certain").as_str(),
        )]);
    }
    for partition in ["awsx", "aws-evil", "aws-", "azure", ""] {
        let arn = format!("arn:{partition}:eks:eu-west-1:111122223333:cluster/a").leak();
        assert_eq!(Given::at(PRIVATE).entry(arn).place().provider, Provider::Unknown, "{partition}");
    }
}

#[test]
fn rule_6b_role_and_profile() {
    let files = || LocalFiles {
        aws: vec![
            AwsProfile { name: "pay".into(), account: Some("222233334444".into()) },
            AwsProfile { name: "odd".into(), account: Some("not an account".into()) },
            AwsProfile { name: "none".into(), account: None },
        ],
        ..LocalFiles::default()
    };
    let with = |g: Given| Given { files: files(), ..g };
    let role = "aws eks get-token --cluster-name b --profile pay --role-arn arn:aws:iam::444455556666:role/ops";
    let environment =
        Given { env: vec![("AWS_PROFILE".into(), "pay".into())], ..Given::at(EKS).exec("aws eks get-token --cluster-name b") };
    for (given, says, signs_as) in [
        (
            Given::at(PRIVATE).exec("aws eks get-token --cluster-name b --profile pay"),
            "aws eks 222233334444 - b Inferred",
            "222233334444",
        ),
        (environment, "aws eks 222233334444 eu-west-1 b Inferred", "222233334444"),
        // The role that is taken on signs, not the profile that may take it on.
        (Given::at(EKS).exec(role), "aws eks 444455556666 eu-west-1 b Inferred", "444455556666"),
        // The ARN knows better, and the identity is still shown.
        (
            Given::at(EKS).entry(ARN).exec("aws eks get-token --cluster-name payments-prod --profile=pay"),
            "aws eks 111122223333 eu-west-1 payments-prod Certain",
            "222233334444",
        ),
        (Given::at(EKS).exec("aws eks get-token --cluster-name b --profile odd"), "aws eks - eu-west-1 b Certain", ""),
        (Given::at(EKS).exec("aws eks get-token --cluster-name b --profile none"), "aws eks - eu-west-1 b Certain", ""),
        (Given::at(EKS).exec("aws eks get-token --cluster-name b --profile gone"), "aws eks - eu-west-1 b Certain", ""),
        (Given::at(EKS).exec("aws eks get-token --cluster-name b"), "aws eks - eu-west-1 b Certain", ""),
        (
            Given::at(EKS).exec("aws eks get-token --cluster-name b --role arn:aws:iam::44445555666:role/ops"),
            "aws eks - eu-west-1 b Certain",
            "",
        ),
    ] {
        let given = with(given);
        assert_eq!(given.located().signs_as, signs_as, "{}", given.exec);
        table(&[(given, says)]);
    }
}

#[test]
fn an_inferred_account_leaves_a_certain_host_certain() {
    let role = "aws eks get-token --cluster-name b --role arn:aws:iam::444455556666:role/ops";
    let place = Given::at(EKS).exec(role).place();
    assert_eq!((place.certainty, place.provider_certainty), (Certainty::Inferred, Certainty::Certain));
}

#[test]
fn an_arn_of_another_cluster_than_the_plugins_is_dropped() {
    table(&[(
        Given::at(PRIVATE).context(ARN).exec("aws eks get-token --cluster-name other --region eu-west-1"),
        "aws eks - eu-west-1 other Certain",
    )]);
}

#[test]
fn rule_23_rosa() {
    table(&[
        (Given::at("https://api.shop.a1b2.p1.openshiftapps.com:6443").entry("x"), "aws rosa - - shop Inferred"),
        (Given::at("https://api.shop.a1b2.p3.openshiftapps.com:443").entry("x"), "aws rosa - - shop Inferred"),
        (Given::at("https://api.shop.a1b2.s1.openshiftapps.com:6443").entry("x"), "aws rosa - - shop Inferred"),
        (Given::at("https://api.shop.a1b2c.p1.openshiftapps.com:6443"), "unknown - - - ctx Unknown"),
        (Given::at("https://api.shop.a1b2.p1.openshiftapps.com.attacker.example"), "unknown - - - ctx Unknown"),
        (Given::at("https://shop.a1b2.p1.openshiftapps.com"), "unknown - - - ctx Unknown"),
        (Given::at("https://api.shop.a1b2.x1.openshiftapps.com"), "unknown - - - ctx Unknown"),
    ]);
}

#[test]
fn zones() {
    for (zone, region) in [
        ("eu-west-1", Some("eu-west-1")),
        ("eu-west-1a", Some("eu-west-1")),
        ("us-west-2-lax-1a", Some("us-west-2")),
        ("us-gov-west-1b", Some("us-gov-west-1")),
        ("1a", None),
        ("é1", None),
        ("", None),
    ] {
        assert_eq!(region_of(zone), region, "{zone}");
    }
}
