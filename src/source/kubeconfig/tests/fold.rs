//! Which contexts lead to one cluster.

use super::*;

#[test]
fn contexts_to_one_server_are_one_cluster() {
    let found = |remembered: &[String]| clusters(&one(GOOD).contexts, false, remembered, &[]);
    assert_eq!(found(&[]).len(), 2);
    assert_eq!(found(&[])[0].context, "b", "the current context acts");
    assert_eq!(found(&[])[0].other_contexts, vec![SafeText::new("a")]);
    assert_eq!(found(&["a".to_owned()])[0].context, "a", "what was chosen is remembered");
}

#[test]
fn one_address_behind_two_proxies_or_with_two_cas_is_two_clusters() {
    let endpoint = |cluster: &str| context(&pair(cluster, ""), "c").endpoint.clone();
    let plain = endpoint("server: 'https://10.0.0.1:6443', certificate-authority-data: QQ==");
    assert_eq!(plain, endpoint("server: 'HTTPS://10.0.0.1:6443/', certificate-authority-data: QQ=="));
    for other in [
        "server: 'https://10.0.0.1:6443', certificate-authority-data: QQ==, proxy-url: 'socks5://a:1080'",
        "server: 'https://10.0.0.1:6443', certificate-authority-data: Qg==",
        "server: 'https://10.0.0.1:6443', certificate-authority-data: QQ==, tls-server-name: b",
        "server: 'https://10.0.0.1:6443/K', certificate-authority-data: QQ==",
        "server: 'http://10.0.0.1:6443', certificate-authority-data: QQ==",
    ] {
        assert_ne!(plain, endpoint(other), "{other}");
    }
    // A host a cloud gave out is the same cluster by any way that leads there.
    let host = "0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com";
    let eks = endpoint(&format!("server: 'https://{host}'"));
    assert_eq!(eks, endpoint(&format!("server: 'https://{host}:443/', proxy-url: 'http://p:1'")));
    let tunnel = endpoint(&format!("server: 'https://127.0.0.1:8443', tls-server-name: {host}"));
    assert_eq!(tunnel, endpoint(&format!("server: 'https://127.0.0.1:9443', tls-server-name: {host}")));
    // A name that nobody checks is no evidence, and another port is another server.
    assert_ne!(
        endpoint(&format!(
            "server: 'https://127.0.0.1:8443', insecure-skip-tls-verify: true, tls-server-name: {host}"
        )),
        endpoint(&format!(
            "server: 'https://127.0.0.1:9443', insecure-skip-tls-verify: true, tls-server-name: {host}"
        )),
    );
    assert_ne!(eks, endpoint(&format!("server: 'https://{host}:8443'")));
    assert_ne!(eks, endpoint(&format!("server: 'https://{host}.attacker.example'")));
}

/// One proxy, two clusters: the credential says which. Taking them for one would send writes to the wrong one.
#[test]
fn two_clusters_behind_one_teleport_proxy_are_two() {
    let user = |name: &str| {
        format!(
            "{{name: {name}, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1beta1, command: tsh, args: [kube, credentials, --kube-cluster={name}, --teleport-cluster=tele.example.com]}}}}}}"
        )
    };
    let loaded = one(&format!(
        "clusters: [{{name: tele, cluster: {{server: 'https://tele.example.com:443'}}}}]\nusers: [{}, {}]\ncontexts: [{{name: a, context: {{cluster: tele, user: lab}}}}, {{name: b, context: {{cluster: tele, user: prod}}}}]",
        user("lab"),
        user("prod")
    ));
    assert_eq!(clusters(&loaded.contexts, false, &[], &[]).len(), 2);
}
