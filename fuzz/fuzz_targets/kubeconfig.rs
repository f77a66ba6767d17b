//! Whatever the bytes of kubeconfig files are: loading them does not panic, what it complains of is one short line, every
//! context is in one cluster, and no secret of a user is in any word or any `Debug` of what was loaded.
//!
//! Files are parted by the byte 0x1e. Secrets are planted into the text as it is, and into the fields that hold them of every
//! user and cluster that can be read.

#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use skyfleet_fuzz::domain::cloud::LocalFiles;
use skyfleet_fuzz::source::expiry;
use skyfleet_fuzz::source::kubeconfig::{Loaded, Material, clusters, load_bytes};

const SECRET: &str = "Zs3cr3tZpl4ntedZ";

fn loaded(files: Vec<Vec<u8>>) -> Loaded {
    let path = |n: usize| PathBuf::from(format!("/nowhere/{n}/config"));
    load_bytes(files.into_iter().enumerate().map(|(n, bytes)| (path(n), bytes)), &LocalFiles::default())
}

fn judge(loaded: &Loaded) {
    let words = loaded.files.iter().filter_map(|f| f.error.as_ref());
    for words in words.chain(loaded.contexts.iter().filter_map(|c| c.unusable.as_ref())) {
        assert!(words.chars().count() < 300, "{} characters: {words}", words.chars().count());
        assert!(!words.chars().any(char::is_control), "{words:?}");
    }
    let clusters = clusters(&loaded.contexts, false, &[], &[]);
    let led: usize = clusters.iter().map(|c| 1 + c.other_contexts.len()).sum();
    assert_eq!(led, loaded.contexts.len(), "each context is in one cluster");
    assert!(loaded.contexts.iter().filter(|c| c.current).count() <= 1);
    assert!(loaded.dangling_current.is_none() || loaded.contexts.iter().all(|c| !c.current));
    for context in &loaded.contexts {
        assert_eq!(context.unusable.is_none(), context.access.is_some(), "{context:?}");
        let Some(access) = &context.access else { continue };
        let _authority = access.cluster.ca_data.as_ref().map(|_| access.cluster.authority());
        let _token = access.user.token.as_ref().and_then(|t| expiry::of_token(t.expose_secret()));
        if let Some(data @ Material::Data(_)) = &access.user.certificate
            && let Ok(pem) = data.pem()
        {
            let _ends = expiry::of_certificate(pem.expose_secret());
        }
    }
}

/// Everything that a person or a log may see.
fn shown(loaded: &Loaded) -> String {
    format!("{loaded:?} {loaded:#?} {:?}", clusters(&loaded.contexts, false, &[], &[]))
}

/// The same file with a secret in every field of every user and cluster that may hold one.
fn planted(text: &[u8], which: u8) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
    };
    let mut file: Value = serde_saphyr::from_str_with_options(text, options).ok()?;
    let users = file.get_mut("users").and_then(Value::as_array_mut);
    for user in users.into_iter().flatten().filter_map(|u| u.get_mut("user")?.as_object_mut()) {
        let mut set = |bit: u8, name: &str, value: Value| {
            if which & bit != 0 {
                user.insert(name.to_owned(), value);
            }
        };
        set(1, "token", json!(SECRET));
        set(2, "password", json!(SECRET));
        set(4, "client-key-data", json!(format!("{SECRET}====")));
        set(8, "client-certificate-data", json!(SECRET));
        set(
            16,
            "auth-provider",
            json!({"name": "oidc", "config": {"id-token": SECRET, "client-secret": [SECRET]}}),
        );
        // Secrets where none is looked for: of the wrong type, and in names nobody knows.
        set(32, "token", json!([SECRET]));
        set(64, "password", json!({"is": SECRET}));
        set(128, SECRET, json!(SECRET));
        if let Some(exec) = user.get_mut("exec").and_then(Value::as_object_mut) {
            exec.insert("args".to_owned(), json!(["--token", SECRET]));
            exec.insert("env".to_owned(), json!([{"name": "PASSWORD", "value": SECRET}]));
            exec.insert("installHint".to_owned(), json!(SECRET));
        }
    }
    let clusters = file.get_mut("clusters").and_then(Value::as_array_mut);
    for cluster in clusters.into_iter().flatten().filter_map(|c| c.get_mut("cluster")?.as_object_mut()) {
        cluster.insert("proxy-url".to_owned(), json!(format!("http://me:{SECRET}/x@proxy:3128")));
        if which & 1 != 0 {
            let server = cluster.get("server").and_then(Value::as_str).unwrap_or("https://a");
            let (scheme, rest) = server.split_once("://").unwrap_or(("https", server));
            cluster.insert("server".to_owned(), json!(format!("{scheme}://me:{SECRET}?/#x@{rest}")));
        }
    }
    Some(file.to_string().into_bytes())
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()) {
        return;
    }
    let files: Vec<Vec<u8>> = bytes.split(|b| *b == 0x1e).take(4).map(<[u8]>::to_vec).collect();
    judge(&loaded(files.clone()));

    let appended = format!(
        "\nusers:\n- name: planted\n  user: {{token: {SECRET}, password: [{SECRET}]}}\n- {{token: {SECRET}}}\n{SECRET}: 1\n"
    );
    let with: Vec<Vec<u8>> = files.iter().map(|f| [f.as_slice(), appended.as_bytes()].concat()).collect();
    let with = loaded(with);
    judge(&with);
    assert!(!shown(&with).contains(SECRET), "{}", shown(&with));

    let which = bytes.iter().fold(0u8, |sum, b| sum.rotate_left(3) ^ b);
    let with: Vec<Vec<u8>> = files.iter().filter_map(|f| planted(f, which)).collect();
    let with = loaded(with);
    judge(&with);
    assert!(!shown(&with).contains(SECRET), "{}", shown(&with));
});
