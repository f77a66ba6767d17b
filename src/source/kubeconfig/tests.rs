//! The merge rules, file by file; bad input; and that nothing secret is said.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::domain::cloud::LocalFiles;
use crate::domain::text::SafeText;

const GOOD: &str = r"
apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: one, cluster: {server: 'https://10.0.0.1:6443'}}
users:
- {name: alice, user: {token: secret-of-alice}}
- {name: bob, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /usr/bin/aws, args: [eks, get-token], interactiveMode: IfAvailable}, as: root}}
contexts:
- {name: a, context: {cluster: one, user: alice}}
- {name: b, context: {cluster: one, user: bob}}
- {name: dangling, context: {cluster: two, user: alice}}
";

/// Files in a folder of their own, read in this order.
fn read(files: &[(&str, &str)]) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let loaded = load(&paths, &LocalFiles::default());
    (dir, loaded)
}

fn one(text: &str) -> Loaded {
    read(&[("config", text)]).1
}

fn context<'a>(loaded: &'a Loaded, name: &str) -> &'a ContextEntry {
    loaded.contexts.iter().find(|c| c.name == name).unwrap()
}

fn why(loaded: &Loaded, name: &str) -> String {
    context(loaded, name).unusable.clone().unwrap_or_default()
}

/// A kubeconfig of one context `c` with this cluster and this user.
fn pair(cluster: &str, user: &str) -> Loaded {
    one(&format!(
        "clusters: [{{name: k, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
    ))
}

const SERVER: &str = "server: 'https://10.0.0.1:6443'";

#[test]
fn rule_4_missing_files_are_skipped_with_a_note() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    std::fs::write(&good, GOOD).unwrap();
    let loaded = load(&[dir.path().join("missing"), good], &LocalFiles::default());
    let seen: Vec<_> = loaded.files.iter().map(|f| (f.status, f.missing)).collect();
    assert_eq!(seen, [(Status::Error, true), (Status::Ok, false)]);
    assert_eq!(loaded.contexts.len(), 3);
}

#[test]
fn rule_5_a_broken_file_is_one_row() {
    let (dir, loaded) = read(&[("broken", "clusters: [\tnope"), ("good", GOOD)]);
    assert_eq!(loaded.files.iter().map(|f| f.status).collect::<Vec<_>>(), [Status::Error, Status::Ok]);
    let names: Vec<_> = loaded.contexts.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "dangling"]);
    assert_eq!(context(&loaded, "a").auth.to_string(), "token");
    assert_eq!(context(&loaded, "b").auth.to_string(), "exec:aws");
    assert_eq!(context(&loaded, "b").acts_as, "bob as root");
    assert_eq!(context(&loaded, "a").file.as_deref(), Some(dir.path().join("good").as_path()));
    assert_eq!(why(&loaded, "dangling"), "there is no cluster entry named \"two\"");
}

#[test]
fn rule_6_the_first_file_to_name_an_entry_wins_it_whole() {
    let first = "clusters: [{name: k, cluster: {server: 'https://first:1'}}]";
    let second = "clusters: [{name: k, cluster: {server: 'https://second:2', tls-server-name: x}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]";
    let third = "contexts: [{name: c, context: {cluster: none, user: none, namespace: n}}]";
    let (_dir, loaded) = read(&[("1", first), ("2", second), ("3", third)]);
    let c = context(&loaded, "c");
    assert_eq!(
        (c.server.as_deref(), &c.tls_server_name, &c.namespace),
        (Some("https://first:1"), &None, &None)
    );
    // Rule 12: a context may take its entries from other files.
    assert!(c.unusable.is_none());
    assert_eq!(loaded.files[2].hidden, ["c"]);
}

#[test]
fn rule_7_of_current_context_the_first_that_is_set_counts() {
    let (_dir, loaded) = read(&[("1", "current-context: ''"), ("2", "current-context: a"), ("3", GOOD)]);
    let current: Vec<_> = loaded.contexts.iter().filter(|c| c.current).map(|c| c.name.as_str()).collect();
    assert_eq!(current, ["a"]);
    assert_eq!(one("current-context: gone").dangling_current.as_deref(), Some("gone"));
}

#[test]
fn rule_8_of_a_name_that_stands_twice_the_first_counts() {
    let loaded = one(
        "clusters:\n- {name: k, cluster: {server: 'https://a'}}\n- {name: k, cluster: {server: 'https://b'}}\ncontexts: [{name: c, context: {cluster: k}}]",
    );
    assert_eq!(context(&loaded, "c").server.as_deref(), Some("https://a"));
    assert_eq!(loaded.files[0].status, Status::Salvaged);
    assert!(loaded.files[0].error.as_deref().unwrap().contains("\"k\" stands twice"));
}

#[test]
fn rule_9_relative_paths_start_at_their_own_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("sub/token"), "t").unwrap();
    let config = dir.path().join("sub/config");
    let text = "clusters: [{name: k, cluster: {server: 'https://a', certificate-authority: ca.pem}}]\nusers:\n- {name: t, user: {tokenFile: token}}\n- {name: e, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/p}}}\n- {name: bare, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}}}\ncontexts:\n- {name: ct, context: {cluster: k, user: t}}\n- {name: ce, context: {cluster: k, user: e}}\n- {name: cb, context: {cluster: k, user: bare}}\n";
    std::fs::write(&config, text).unwrap();
    std::fs::write(dir.path().join("sub/ca.pem"), "-----BEGIN CERTIFICATE-----").unwrap();
    let loaded = load(&[config], &LocalFiles::default());
    let user = |c: &str| context(&loaded, c).access.as_ref().unwrap().user.clone();
    assert_eq!(user("ct").token_file.as_deref(), Some(dir.path().join("sub/token").as_path()));
    let command = |c: &str| user(c).exec.as_ref().unwrap().command.clone();
    // The runner takes it from the folder of its file.
    assert_eq!(command("ce"), "./bin/p");
    assert_eq!(user("ce").file.as_deref(), Some(&dir.path().join("sub/config")));
    assert_eq!(command("cb"), "p");
    let cluster = context(&loaded, "ct").access.as_ref().unwrap().cluster.clone();
    assert_eq!(cluster.ca_file.as_deref(), Some(dir.path().join("sub/ca.pem").as_path()));
}

#[test]
fn rule_10_an_empty_file_is_an_empty_config() {
    for text in ["", "\n", "# only a comment\n", "---\n", "null", "{}", "users: null\nclusters: null\n"] {
        let loaded = one(text);
        assert_eq!((loaded.files[0].status, loaded.contexts.len()), (Status::Ok, 0), "{text:?}");
    }
}

#[test]
fn rule_11_another_kind_is_an_error_and_none_is_fine() {
    for (text, status) in [
        ("kind: ''\napiVersion: ''", Status::Ok),
        ("kind: Config\napiVersion: v1", Status::Ok),
        ("kind: Pod\napiVersion: v1", Status::Error),
        ("kind: Config\napiVersion: v2", Status::Error),
        ("- a\n- b", Status::Error),
        ("just words", Status::Error),
    ] {
        assert_eq!(one(text).files[0].status, status, "{text}");
    }
    // A file with an odd kind harms no other.
    let (_dir, loaded) = read(&[("1", "kind: ''"), ("2", GOOD), ("3", "kind: List")]);
    assert_eq!(loaded.contexts.len(), 3);
}

#[test]
fn rule_13_marks_and_utf_16() {
    let wide = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        mark.into_iter().chain(GOOD.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    let marked = [b"\xef\xbb\xbf".as_slice(), GOOD.as_bytes()].concat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    for bytes in [marked, wide(u16::to_le_bytes, [0xff, 0xfe]), wide(u16::to_be_bytes, [0xfe, 0xff])] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(load(std::slice::from_ref(&path), &LocalFiles::default()).contexts.len(), 3);
    }
    for bytes in [&b"\xff\xfe\x00\xd8"[..], b"\xff\xfe\x41", b"\xc3\x28", b"\xff\xfe\x00\xdc"] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            load(std::slice::from_ref(&path), &LocalFiles::default()).files[0].status,
            Status::Error,
            "{bytes:?}"
        );
    }
}

#[test]
fn rule_14_further_documents_add_to_the_first() {
    let loaded = one(&format!(
        "{GOOD}---\nusers: [{{name: carol, user: {{}}}}]\ncontexts: [{{name: c, context: {{cluster: one, user: carol}}}}]\n"
    ));
    assert_eq!(loaded.contexts.len(), 4);
    assert!(context(&loaded, "c").unusable.is_none());
}

#[test]
fn one_file_by_two_paths_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("config"), dir.path().join("link"));
    std::fs::write(&file, GOOD).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let loaded = load(&[file.clone(), link], &LocalFiles::default());
    assert_eq!(loaded.contexts.len(), 3);
    assert_eq!(loaded.files[1].same_as.as_deref(), Some(file.as_path()));
    assert!(loaded.files[1].hidden.is_empty());
}

#[test]
fn what_a_typed_parser_rejects_costs_one_entry_at_most() {
    let odd = "clusters:\n- {name: k, cluster: {server: 'https://a', extensions: 5}}\n- {name: 7, cluster: {server: 'https://b'}}\n- {cluster: {server: x}}\n- 5\nusers:\n- {name: gcp, user: {auth-provider: {name: gcp, config: null}}}\n- {name: nulls, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c, args: null, env: null, provideClusterInfo: null, interactiveMode: ''}}}\n- {name: sometimes, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: c, interactiveMode: Sometimes}}}\n- {name: numbers, user: {token: 0123, exec: null}}\n- {name: wrong, user: {token: [1]}}\n- {name: wrong-exec, user: {exec: 5}}\ncontexts:\n- {name: no-cluster, context: {user: nulls}}\n- {name: nothing, context: null}\n- {name: bad, context: 5}\n- {name: cg, context: {cluster: k, user: gcp}}\n- {name: cn, context: {cluster: k, user: nulls}}\n- {name: cs, context: {cluster: k, user: sometimes}}\n- {name: c7, context: {cluster: 7, user: numbers}}\n- {name: cw, context: {cluster: k, user: wrong}}\n- {name: ce, context: {cluster: k, user: wrong-exec}}\nunknown: {a: b}\nclusters2: x\n";
    let loaded = one(odd);
    assert_eq!(loaded.files[0].status, Status::Salvaged);
    for (name, words) in [
        ("no-cluster", "names no cluster"),
        ("nothing", "names no cluster"),
        ("bad", "`context` is not a mapping"),
        ("cg", "gcloud container clusters get-credentials"),
        ("cn", ""),
        ("cs", "unknown interactiveMode"),
        ("c7", ""),
        ("cw", "`token` is not text"),
        ("ce", "`exec` is not a mapping"),
    ] {
        let why = why(&loaded, name);
        assert!(if words.is_empty() { why.is_empty() } else { why.contains(words) }, "{name}: {why}");
    }
}

#[test]
fn yaml_of_every_shape() {
    let json = r#"{"clusters":[{"name":"k","cluster":{"server":"https://a"}}],"contexts":[{"name":"c","context":{"cluster":"k"}}]}"#;
    let anchors = "x: &k {server: 'https://a'}\nclusters: [{name: k, cluster: *k}]\ncontexts: [{name: c, context: {cluster: k}}]";
    let merged = "x: &k {server: 'https://a'}\nclusters: [{name: k, cluster: {<<: *k, tls-server-name: t}}]\ncontexts: [{name: c, context: {cluster: k}}]";
    let twice = "clusters: []\nclusters: [{name: k, cluster: {server: 'https://a'}}]\ncontexts: [{name: c, context: {cluster: k}}]";
    for text in [json, anchors, merged, twice] {
        let loaded = one(text);
        assert!(context(&loaded, "c").unusable.is_none(), "{text}: {:?}", loaded.files);
    }
}

#[test]
fn hostile_files_end_soon_and_as_errors() {
    let cyclic = "a: &a [*a]\nclusters: *a";
    let levels: String = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let refs = vec![format!("*a{}", n - 1); 9].join(", ");
        format!("{text}a{n}: &a{n} [{refs}]\n")
    });
    let deep = format!("clusters: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_block: String = (0..5000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    for text in [
        cyclic,
        &levels,
        &deep,
        &deep_block,
        "a: *nothing",
        "clusters:\n\t- name: a",
        "a: [",
        "\0",
        "%YAML 9\n---\na",
    ] {
        let loaded = one(text);
        assert_eq!(loaded.files[0].status, Status::Error, "{text:.40}");
        let error = loaded.files[0].error.as_deref().unwrap();
        assert!(error.len() < 200 && !error.contains('\n'), "{error}");
    }
    let name = "n".repeat(10_000);
    let long = one(&format!("contexts: [{{name: {name}, context: {{cluster: \"\\e[31m\"}}}}]"));
    assert_eq!(long.contexts.len(), 1);
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let circle = dir.path().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let loaded = load(
        &[dir.path().to_owned(), PathBuf::from("/dev/zero"), circle, pipe.clone()],
        &LocalFiles::default(),
    );
    let words: Vec<_> = loaded.files.iter().map(|f| f.error.clone().unwrap_or_default()).collect();
    assert_eq!(words[..3], ["is a folder", "is neither a file nor a pipe", "its links lead in a circle"]);
    // A pipe nobody writes to is empty.
    assert_eq!(words[3], "");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, GOOD).unwrap()
    });
    while load(std::slice::from_ref(&pipe), &LocalFiles::default()).contexts.len() != 3 {}
    writer.join().unwrap();
}

#[test]
fn a_large_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge");
    std::fs::File::create(&path).unwrap().set_len(65 << 20).unwrap();
    assert_eq!(
        load(&[path], &LocalFiles::default()).files[0].error.as_deref(),
        Some("is larger than 64 MiB")
    );
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    std::fs::write(&path, GOOD).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    let loaded = load(std::slice::from_ref(&path), &LocalFiles::default());
    // Root may read everything.
    if std::fs::read(&path).is_err() {
        assert_eq!(loaded.files[0].error.as_deref(), Some("may not be read: permission denied"));
    }
}

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

#[test]
fn nothing_secret_is_said() {
    const PLANTED: &str = "hunter2";
    let text = format!(
        "clusters: [{{name: k, cluster: {{server: 'https://{PLANTED}:{PLANTED}@a/?t={PLANTED}', proxy-url: 'ftp://u:{PLANTED}@p', certificate-authority-data: '{PLANTED}'}}}}]\nusers:\n- {{name: t, user: {{token: {PLANTED}}}}}\n- {{name: p, user: {{username: u, password: {PLANTED}, token: {PLANTED}}}}}\n- {{name: k, user: {{client-certificate-data: {PLANTED}, client-key-data: '{PLANTED}!'}}}}\n- {{name: e, user: {{exec: {{apiVersion: '{PLANTED}', command: c, interactiveMode: {PLANTED}, args: ['--password={PLANTED}'], env: [{{name: T, value: {PLANTED}}}]}}}}}}\n- {{name: o, user: {{auth-provider: {{name: oidc, config: {{id-token: {PLANTED}, client-secret: {PLANTED}}}}}}}}}\n- {{name: l, user: {{token: [{PLANTED}]}}}}\ncontexts: [{}]\n",
        ["t", "p", "k", "e", "o", "l"]
            .map(|u| format!("{{name: c{u}, context: {{cluster: k, user: {u}}}}}"))
            .join(", ")
    );
    let said = format!("{:?}", one(&text));
    assert!(!said.contains(PLANTED), "{said}");
    for broken in [
        format!("users: [{{name: u, user: {{token: {PLANTED}"),
        format!("token: {PLANTED}\n\t- x: *{PLANTED}"),
        format!("a: *{PLANTED}"),
        format!("a: !<{PLANTED}> [\n"),
        format!("a: \"{PLANTED}"),
        format!("a: '{PLANTED}\\x"),
        format!("kind: {PLANTED}"),
        format!("%{PLANTED} x\n---\na"),
        format!("a: {PLANTED}: {PLANTED}"),
        format!("? [{PLANTED}]: x\n: y\n- z"),
    ] {
        let said = format!("{:?}", one(&broken));
        assert!(!said.contains(PLANTED), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a file holds, it is read or refused, in words on one line.
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\t\u{0}-\u{3ff}]{0,400}") {
        check(&text);
    }

    /// What is nearly a kubeconfig: good lines in any order, some of them cut.
    #[test]
    fn nearly_a_kubeconfig(lines in proptest::collection::vec((0usize..12, 0usize..200), 0..20)) {
        let good: Vec<&str> = GOOD.lines().collect();
        let text: String = lines.iter().map(|(n, cut)| {
            let line = good[n % good.len()];
            format!("{}\n", &line[..(*cut).min(line.len())])
        }).collect();
        check(&text);
    }
}

fn check(text: &str) {
    if let Ok(contents) = super::file::parse(text, Path::new("/x"), None) {
        for words in contents.wrong {
            assert!(!words.contains("secret-of-alice"));
        }
    }
}

#[test]
fn what_is_wrong_is_one_short_line_whatever_the_names_are() {
    let name = "n".repeat(5_000);
    let text =
        format!("users: [{{name: {name}, user: []}}]\ncontexts: [{{name: a, context: {{cluster: {name}}}}}]");
    let loaded = load_bytes([(PathBuf::from("/x"), text.into_bytes())], &LocalFiles::default());
    let words = [loaded.files[0].error.as_ref().unwrap(), loaded.contexts[0].unusable.as_ref().unwrap()];
    assert!(words.iter().all(|w| w.chars().count() < 300 && w.ends_with('…')), "{words:?}");
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
