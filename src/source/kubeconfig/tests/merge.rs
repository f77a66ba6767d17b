//! The rules by which files are read and merged, one test each.

use super::*;

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
fn rule_12_a_context_may_take_its_entries_from_other_files_and_that_is_told() {
    let one = "clusters: [{name: k, cluster: {server: 'https://first:1'}}]\nusers: [{name: mine, user: {token: first}}]";
    let two = "users: [{name: mine, user: {token: second}}, {name: same, user: {token: s}}]\nclusters: [{name: own, cluster: {server: 'https://own:2'}}]\ncontexts:\n- {name: both, context: {cluster: k, user: mine}}\n- {name: own, context: {cluster: own, user: same}}\n- {name: nobody, context: {cluster: k}}\n- {name: lost, context: {cluster: none, user: none}}";
    let three = "users: [{name: same, user: {token: s}}]\ncontexts: [{name: copy, context: {cluster: own, user: same}}]";
    let (dir, loaded) = read(&[("1", one), ("2", two), ("3", three)]);
    let borrowed = |name: &str| -> Vec<(String, bool)> {
        let told = |b: &Borrowed| b.to_string().replace(&format!("{}/", dir.path().display()), "");
        context(&loaded, name).borrowed.iter().map(|b| (told(b), b.hides_own)).collect()
    };
    let entry = |words: &str, hides_own| (words.to_owned(), hides_own);
    assert!(context(&loaded, "both").unusable.is_none());
    assert_eq!(borrowed("both"), [entry("cluster entry from 1", false), entry("user entry from 1", true)]);
    assert_eq!(borrowed("own"), []);
    assert_eq!(borrowed("nobody"), [entry("cluster entry from 1", false)]);
    assert_eq!(borrowed("lost"), []);
    // What its own file says word for word, too, is nothing to be warned of.
    assert_eq!(borrowed("copy"), [entry("cluster entry from 2", false), entry("user entry from 2", false)]);
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
fn rule_15_the_old_place_is_neither_read_nor_moved_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let kube = home.path().join(".kube");
    std::fs::create_dir(&kube).unwrap();
    std::fs::write(kube.join(".kubeconfig"), GOOD).unwrap();
    let files = paths(&[], None, Some(home.path()), home.path());
    assert_eq!(files, [kube.join("config")]);
    let loaded = load(&files, &LocalFiles::default());
    assert_eq!((loaded.contexts.len(), loaded.files[0].missing), (0, true));
    let left: Vec<_> = std::fs::read_dir(&kube).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, [".kubeconfig"]);
    assert_eq!(std::fs::read_to_string(kube.join(".kubeconfig")).unwrap(), GOOD);
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
