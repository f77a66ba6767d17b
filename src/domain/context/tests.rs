//! What must hold of every classification, whatever the strings are.

use super::*;
use proptest::prelude::*;

#[test]
fn environments() {
    let place = |cluster: &str| Place { cluster: cluster.into(), ..Place::default() };
    assert_eq!(environment_of(&place("shop-staging"), "shop-test"), Environment::Staging);
    assert_eq!(environment_of(&place("shop-staging"), "prod-x"), Environment::Prod, "the most careful name");
    assert_eq!(environment_of(&place("berlin"), "berlin-prod"), Environment::Prod);
    assert_eq!(environment_of(&place("berlin"), "berlin"), Environment::Unknown);
}

/// Names that tools write, in part or whole, and names that are none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "[a-z0-9_@/.:-]{0,40}",
        "(kind|k3d|colima|kwok|do-fra1)-[a-z0-9-]{0,12}",
        "gke_[a-z0-9-]{1,12}_[a-z]{2,8}-[a-z]{2,8}[0-9](-[a-z])?_[a-z0-9-]{0,12}",
        "(clusterUser|clusterAdmin|vcluster|garden)_[a-z0-9_-]{0,20}",
        "[a-z]{1,6}-admin@[a-z]{1,6}",
        "arn:aws:eks:[a-z]{2}-[a-z]{4}-[0-9]:[0-9]{10,13}:cluster",
        Just("default".to_owned()),
    ]
}

fn server() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "https://[a-z0-9.-]{0,40}(:[0-9]{1,5})?",
        "https://(127\\.0\\.0\\.1|10\\.0\\.0\\.1|203\\.0\\.113\\.9):(6443|5443)",
        "https://[a-z0-9-]{0,12}\\.(eks\\.amazonaws\\.com|azmk8s\\.io|gke\\.goog|ts\\.net)\\.example\\.com",
        "https://k8s\\.example\\.com/(k8s|proxies|apis|v1)/[a-z0-9/-]{0,20}",
    ]
}

proptest! {
    #[test]
    fn never_panics(
        server in server(), tls in proptest::option::of(".*"), entry in name(), user in name(), context in name(),
        command in "(aws|doctl|oci|tsh|ack-ram-tool|gke-gcloud-auth-plugin|.*)",
        args in proptest::collection::vec("(eks|get-token|token|-i|--cluster-name|--cluster-id=x|--role|kube|credentials|.*)", 0..6),
        rancher_token in any::<bool>(),
    ) {
        let facts = ContextFacts {
            context: &context,
            cluster_entry: &entry,
            user_entry: &user,
            server: &server,
            tls_server_name: tls.as_deref(),
            exec_command: Some(&command),
            exec_args: &args,
            exec_env: &[],
            auth_provider: Some(&command),
            rancher_token,
            cluster_extensions: &serde_json::Value::Null,
        };
        let place = classify(&facts, &LocalFiles::default()).place;
        prop_assert!(place.provider != Provider::Unknown || (place.account.is_empty() && place.region.is_empty()));
        prop_assert!(!place.account.is_empty() || place.certainty == place.provider_certainty);
    }

    #[test]
    fn names_alone_make_nothing_certain(entry in name(), user in name(), context in name(), octet in any::<u8>(), port in any::<u16>()) {
        let server = format!("https://203.0.113.{octet}:{port}");
        let facts = ContextFacts {
            context: &context,
            cluster_entry: &entry,
            user_entry: &user,
            server: &server,
            tls_server_name: None,
            exec_command: None,
            exec_args: &[],
            exec_env: &[],
            auth_provider: None,
            rancher_token: false,
            cluster_extensions: &serde_json::Value::Null,
        };
        let place = classify(&facts, &LocalFiles::default()).place;
        prop_assert_ne!(place.certainty, Certainty::Certain, "{:?}", place);
        prop_assert_ne!(place.provider_certainty, Certainty::Certain);
    }
}
