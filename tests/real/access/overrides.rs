//! `clusters:` of config.yaml, end to end: what the kubeconfig does not say, a person's own settings do.

use std::process::Command;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::parts::{Parts, parts};
use super::proxies::{Kind, proxy};
use crate::Clusters;

/// Proxy, TLS name and environment: with a match each counts, without one it does not.
pub(super) async fn own_settings(clusters: &Clusters) -> Result<(), String> {
    let p = parts(clusters)?;
    let (port, through) = proxy(Kind::Socks(Some(("me", "s3cret")))).await;
    let credential = Parts::credential(&json!({"token": p.token}));
    let plugin = p.plugin("wants", &format!("[ \"$WHO\" = ops ] || exit 9\n{credential}"));
    let stray = p.with(&json!({"tls-server-name": "other.example"}));
    let config = json!({"apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "k", "cluster": p.cluster()}, {"name": "stray", "cluster": stray}],
        "users": [{"name": "admin", "user": p.admin()}, {"name": "plugin", "user": plugin}],
        "contexts": [
            {"name": "far", "context": {"cluster": "k", "user": "admin"}},
            {"name": "stray", "context": {"cluster": "stray", "user": "admin"}},
            {"name": "signs", "context": {"cluster": "k", "user": "plugin"}}]});
    let file = p.file("config", &config.to_string());
    let proxied = format!("- match: far\n  proxy: socks5://me:s3cret@127.0.0.1:{port}\n");
    let all = format!(
        "{proxied}- match: 'str*'\n  tls_server_name: kubernetes.default.svc\n- match: signs\n  env: {{ WHO: ops }}\n"
    );
    let get = |settings: &str, context: &str| {
        let (file, dir) = (file.clone(), p.dir.path().join("settings"));
        let (settings, context) = (format!("exec_policy: allow\nclusters:\n{settings}"), context.to_owned());
        tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("config.yaml"), settings).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
            command.args(["get", "ns", "-o", "name", "--context", &context, "--identity", &context]);
            command.args(["--timeout", "8", "--kubeconfig"]).arg(&file);
            command.env("SKYFLEET_CONFIG_DIR", &dir).env("SKYFLEET_STATE_DIR", dir.join("state"));
            let out = command.output().unwrap();
            let text = [out.stdout, out.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
            (out.status.success(), text)
        })
    };
    for (settings, context, good, words) in [
        (all.as_str(), "far", true, "kube-system"),
        (&all, "stray", true, "kube-system"),
        (&all, "signs", true, "kube-system"),
        (&proxied, "stray", false, "TLS: "),
        (&proxied, "signs", false, "exit code 9"),
    ] {
        let (succeeded, said) = get(settings, context).await.map_err(|e| e.to_string())?;
        if succeeded != good || !said.contains(words) || said.contains("s3cret") {
            return Err(format!("{context}, {settings}: {succeeded}: {said}"));
        }
    }
    match through.load(Ordering::SeqCst) {
        0 => Err("nobody came through the proxy".to_owned()),
        _ => Ok(()),
    }
}
