//! Somebody's home, for tests that run the binary there: kubeconfigs, credential plugins as shell scripts, a state folder.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::pty::Pty;

/// Somebody's home: a kubeconfig, a folder of programs, a state folder.
pub(crate) struct Home(pub(crate) tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "state", "config", ".kube"] {
            std::fs::create_dir(home.path(folder)).unwrap();
            std::fs::set_permissions(home.path(folder), std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        let text = format!("#!/bin/sh\ncd {}\n{script}\n", self.0.path().display());
        // Written by another process: were it open for writing here, a test beside this one that starts a program at that
        // moment would take it along, and for as long it could not be run ("text file busy").
        let write = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let _alone = crate::pty::starting();
        let written =
            std::process::Command::new("sh").args(["-c", write]).arg(&path).arg(text).status().unwrap();
        assert!(written.success());
    }

    pub(crate) fn kubeconfig(&self, contexts: &[(&str, &str, Value)]) {
        let config = json!({"apiVersion": "v1", "kind": "Config",
            "clusters": contexts.iter().map(|(n, s, _)| json!({"name": n, "cluster": {"server": s}})).collect::<Vec<_>>(),
            "users": contexts.iter().map(|(n, _, u)| json!({"name": n, "user": u})).collect::<Vec<_>>(),
            "contexts": contexts.iter().map(|(n, ..)| json!({"name": n, "context": {"cluster": n, "user": n}})).collect::<Vec<_>>()});
        // As tools do: written beside, then renamed over.
        let new = self.path(".kube/new");
        std::fs::write(&new, config.to_string()).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(new, self.path(".kube/config")).unwrap();
    }

    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let folder = |name: &str| self.path(name).display().to_string();
        [
            ("HOME", self.0.path().display().to_string()),
            ("PATH", path),
            ("KUBECONFIG", String::new()),
            ("SKYFLEET_STATE_DIR", folder("state")),
            ("SKYFLEET_CONFIG_DIR", folder("config")),
            ("SSH_CONNECTION", String::new()),
            ("NO_PROXY", String::new()),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect()
    }

    pub(crate) fn terminal(&self, arguments: &[&str]) -> Pty {
        let env = self.env();
        let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        Pty::start(arguments, &env)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
        crate::pty::output(command.args(arguments).envs(self.env()))
    }
}

pub(crate) fn exec(command: &str, args: &[&str]) -> Value {
    json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": command, "args": args,
        "env": [{"name": "AWS_PROFILE", "value": "pay"}]}})
}

/// A program that prints this token as a credential.
pub(crate) fn prints(token: &str) -> String {
    format!(
        r#"echo '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{{"token":"{token}"}}}}'"#
    )
}

/// It ends soon, or has ended.
pub(crate) fn is_gone(pid: &str) -> bool {
    for _ in 0..100 {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
        // A zombie that nobody has waited for yet is no process any more.
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    false
}
