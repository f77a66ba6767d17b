//! Kubeconfigs made of the parts of a real cluster's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use skyfleet::domain::cloud::LocalFiles;
use skyfleet::fleet::phase::Phase;
use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::kubeconfig;
use skyfleet::source::plugin::{PluginOptions, Plugins, Policy};
use skyfleet::source::proxy::ProxyEnv;

use super::settle;
use crate::Clusters;

/// The parts of the first cluster's kubeconfigs.
pub(super) struct Parts {
    pub(super) dir: tempfile::TempDir,
    /// The folder of the control plane's own certificates.
    pki: PathBuf,
    pub(super) server: String,
    pub(super) port: u16,
    pub(super) ca: String,
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) token: String,
    pub(super) expired: (String, String),
    pub(super) version1: (String, String),
    pub(super) foreign_ca: String,
}

/// The only cluster and user entry of a kubeconfig.
pub(super) fn entries(path: &Path) -> Result<(Value, Value), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let config: Value = serde_saphyr::from_str(&text).map_err(|e| e.to_string())?;
    Ok((config["clusters"][0]["cluster"].clone(), config["users"][0]["user"].clone()))
}

pub(super) fn parts(clusters: &Clusters) -> Result<Parts, String> {
    let of = |user: &str| entries(&clusters.kubeconfigs(user)[0]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (cluster, admin) = of("admin")?;
    let (_, viewer) = of("viewer")?;
    let (_, expired) = of("expired")?;
    let (_, version1) = of("version1")?;
    let (foreign, _) = of("foreign-ca")?;
    let server = text(&cluster["server"]);
    let port = server.rsplit(':').next().and_then(|p| p.parse().ok()).ok_or("no port")?;
    Ok(Parts {
        dir: tempfile::tempdir().map_err(|e| e.to_string())?,
        pki: clusters.kubeconfigs("admin")[0].with_file_name("pki"),
        server,
        port,
        ca: text(&cluster["certificate-authority-data"]),
        certificate: text(&admin["client-certificate-data"]),
        key: text(&admin["client-key-data"]),
        token: text(&viewer["token"]),
        version1: (text(&version1["client-certificate-data"]), text(&version1["client-key-data"])),
        expired: (text(&expired["client-certificate-data"]), text(&expired["client-key-data"])),
        foreign_ca: text(&foreign["certificate-authority-data"]),
    })
}

impl Parts {
    /// What serves TLS as the control plane does.
    pub(super) fn serving(&self) -> Result<rustls::ServerConfig, String> {
        let chain = CertificateDer::from_pem_file(self.pki.join("serving.crt")).map_err(|e| e.to_string())?;
        let key = PrivateKeyDer::from_pem_file(self.pki.join("serving.key")).map_err(|e| e.to_string())?;
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        config.with_single_cert(vec![chain], key).map_err(|e| e.to_string())
    }

    pub(super) fn cluster(&self) -> Value {
        json!({"server": self.server, "certificate-authority-data": self.ca})
    }

    pub(super) fn with(&self, more: &Value) -> Value {
        let mut out = self.cluster();
        for (key, value) in more.as_object().into_iter().flatten() {
            out[key] = value.clone();
        }
        out
    }

    pub(super) fn admin(&self) -> Value {
        json!({"client-certificate-data": self.certificate, "client-key-data": self.key})
    }

    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A plugin that does this.
    pub(super) fn plugin(&self, name: &str, script: &str) -> Value {
        let (path, text) = (self.dir.path().join(name), format!("#!/bin/sh\n{script}\n"));
        // Written by another process: were it open for writing here while a program is started, it could not be run.
        let write = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let written =
            std::process::Command::new("sh").args(["-c", write]).arg(&path).arg(text).status().unwrap();
        assert!(written.success());
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "IfAvailable",
            "command": path, "args": ["--profile", "pay"], "env": [{"name": "AWS_PROFILE", "value": "pay"}],
            "installHint": "get it from \u{1b}[31mexample.com", "provideClusterInfo": true}})
    }

    /// What a plugin prints.
    pub(super) fn credential(status: &Value) -> String {
        let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status});
        format!("cat <<'END'\n{answer}\nEND")
    }

    /// A session over these two entries, written to a file and read as any other.
    pub(super) fn session(
        &self,
        cluster: &Value,
        user: &Value,
        policy: Policy,
        proxies: ProxyEnv,
    ) -> Session {
        let config = json!({"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "k", "cluster": cluster}],
            "users": [{"name": "u", "user": user}], "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}]});
        let file = self.file("config", &config.to_string());
        let loaded = kubeconfig::load(&[file], &LocalFiles::default());
        let mut plugins =
            PluginOptions::new(policy, self.dir.path().join("trusted"), self.dir.path().to_owned());
        plugins.limit = Duration::from_secs(3);
        let options = SessionOptions { plugins: Plugins::new(plugins), proxies, ..SessionOptions::default() };
        Session::from_kubeconfig(loaded, options)
    }

    /// How entering it goes: the phase, and who the server says we are.
    pub(super) async fn enter(&self, cluster: &Value, user: &Value) -> (Phase, String) {
        let session = self.session(cluster, user, Policy::Allow, ProxyEnv::default());
        settle(&session).await
    }
}
