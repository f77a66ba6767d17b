//! What makes a context unusable, and how a user signs in.

use super::*;

#[test]
fn why_a_context_cannot_be_dialled() {
    for (cluster, user, words) in [
        ("", "", "names no server"),
        ("server: ''", "", "names no server"),
        ("server: 'ftp://a'", "", "no address"),
        ("server: 'https://u:p@a'", "", "names a user"),
        (SERVER, "", ""),
        (SERVER, "token: t", ""),
        (SERVER, "token: ''", ""),
        (SERVER, "token: t, username: u", "both a token and a password"),
        (SERVER, "client-certificate-data: QQ==", "without its key"),
        (SERVER, "client-certificate-data: QQ==, client-key-data: '!'", "client-key-data that is no base64"),
        (SERVER, "client-certificate: gone.pem, client-key: gone.key", "not there"),
        (SERVER, "tokenFile: gone", "token file that is not there"),
        (SERVER, "as-uid: '1'", "without `as`"),
        (SERVER, "auth-provider: {name: azure}", "kubelogin convert-kubeconfig"),
        (SERVER, "auth-provider: {name: oidc}", "no id-token"),
        (SERVER, "auth-provider: {name: oidc, config: {id-token: x}}", ""),
        (SERVER, "exec: {command: c}", "without an apiVersion"),
        (
            SERVER,
            "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: c}",
            "no client reads any more",
        ),
        (
            SERVER,
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: c}",
            "without an interactiveMode",
        ),
        (SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1beta1}", "without a command"),
        (
            SERVER,
            "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c}, auth-provider: {name: oidc}",
            "both an exec plugin",
        ),
        (
            "server: 'https://a', insecure-skip-tls-verify: true, certificate-authority-data: QQ==",
            "",
            "both a certificate authority",
        ),
        ("server: 'https://a', certificate-authority-data: '%%'", "", "no base64"),
        ("server: 'https://a', certificate-authority: gone.pem", "", "not there"),
        ("server: 'https://a', proxy-url: 'ftp://x'", "", "proxy-url"),
        ("server: 'http://a.example.com', proxy-url: 'socks5h://x'", "", ""),
        ("server: 'http://a.example.com'", "token: t", "plain http"),
        ("server: 'http://127.0.0.1:8001'", "token: t", ""),
        ("server: 'https://a', insecure-skip-tls-verify: maybe", "", "not true or false"),
    ] {
        let why = why(&pair(cluster, user), "c");
        assert!(
            if words.is_empty() { why.is_empty() } else { why.contains(words) },
            "{cluster} / {user}: {why:?}"
        );
    }
    let dangling = one(&format!(
        "clusters: [{{name: k, cluster: {{{SERVER}}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: gone}}}}]"
    ));
    assert_eq!(why(&dangling, "c"), "there is no user entry named \"gone\"");
    assert_eq!(context(&dangling, "c").auth.to_string(), "none");
}

#[test]
fn how_a_user_signs_in_by_client_gos_precedence() {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /opt/bin/aws}";
    let cert = "client-certificate-data: QQ==, client-key-data: QQ==";
    for (user, auth) in [
        (String::new(), "none"),
        (exec.to_owned(), "exec:aws"),
        (format!("{exec}, {cert}"), "client-cert"),
        (format!("{cert}, username: u"), "basic"),
        (format!("{exec}, tokenFile: /dev/null"), "token-file"),
        (format!("{exec}, {cert}, token: t, tokenFile: /dev/null"), "token"),
        ("auth-provider: {name: gcp}".to_owned(), "auth-provider:gcp"),
    ] {
        assert_eq!(context(&pair(SERVER, &user), "c").auth.to_string(), auth, "{user}");
    }
}
