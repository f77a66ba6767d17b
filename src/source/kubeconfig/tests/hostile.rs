//! What is no kubeconfig, or a hostile one, costs itself alone; nothing secret is said.

use super::*;

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
    let loaded =
        load(&[dir.path().to_owned(), PathBuf::from("/dev/zero"), circle, pipe], &LocalFiles::default());
    let words: Vec<_> = loaded.files.iter().map(|f| f.error.clone().unwrap_or_default()).collect();
    assert_eq!(words[..3], ["is a folder", "is neither a file nor a pipe", "its links lead in a circle"]);
    // A pipe nobody writes to is empty.
    assert_eq!(words[3], "");
    // What a shell's `<(…)` hands over.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let handed = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
    std::io::Write::write_all(&mut writer, GOOD.as_bytes()).unwrap();
    drop(writer);
    assert_eq!(load(&[handed], &LocalFiles::default()).contexts.len(), 3);
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
