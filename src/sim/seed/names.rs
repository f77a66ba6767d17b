//! How each cloud names things: contexts, servers, users, as its own command line tool writes them.
//! Called by the kubeconfig.

use serde_json::{Value, json};

use crate::sim::rng::Rng;
use crate::sim::spec::ClusterSpec;

fn draw(spec: &ClusterSpec) -> Rng {
    Rng::of(77, &format!("{}/{}/{}", spec.provider, spec.account, spec.name))
}

/// The context's, cluster's and user's names.
pub(crate) fn context(spec: &ClusterSpec) -> (String, String, String) {
    let name = &spec.name;
    match spec.provider.as_str() {
        "eks" => {
            let arn = format!("arn:aws:eks:{}:{}:cluster/{name}", spec.region, spec.account);
            (arn.clone(), arn.clone(), arn)
        }
        "gke" => {
            let full = format!("gke_{}_{}_{name}", spec.account, spec.region);
            (full.clone(), full.clone(), full)
        }
        "aks" => (name.clone(), name.clone(), format!("clusterUser_{}_{name}", spec.account)),
        "ack" => {
            let id = format!("c{}", draw(spec).hex(32));
            (format!("kubernetes-admin-{id}"), "kubernetes".into(), "kubernetes-admin".into())
        }
        "doks" => {
            let full = format!("do-{}-{name}", spec.region);
            (full.clone(), full.clone(), format!("{full}-admin"))
        }
        "kind" => {
            let full = format!("kind-{name}");
            (full.clone(), full.clone(), full)
        }
        _ => (format!("kubernetes-admin@{name}"), name.clone(), format!("kubernetes-admin-{name}")),
    }
}

/// The API server's address.
pub(crate) fn server(spec: &ClusterSpec) -> String {
    let mut rng = draw(spec);
    match spec.provider.as_str() {
        "eks" => format!("https://{}.gr7.{}.eks.amazonaws.com", rng.hex(32).to_uppercase(), spec.region),
        "gke" => format!("https://34.{}.{}.{}", rng.between(70, 140), rng.below(255), rng.between(2, 254)),
        "aks" => {
            let short: String =
                spec.name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(10).collect();
            let group: String = spec.account.chars().take(16).collect();
            format!("https://{short}-{group}-{}-{}.hcp.{}.azmk8s.io:443", rng.hex(6), rng.hex(8), spec.region)
        }
        "ack" => {
            format!("https://47.{}.{}.{}:6443", rng.between(70, 110), rng.below(255), rng.between(2, 254))
        }
        "doks" => format!("https://{}.k8s.ondigitalocean.com", rng.uid()),
        "kind" => format!("https://127.0.0.1:{}", rng.between(33_000, 44_000)),
        _ => "https://10.20.0.10:6443".to_string(),
    }
}

/// The user entry: plugin or certificate.
pub(crate) fn user_entry(spec: &ClusterSpec) -> Value {
    let exec = |command: &str, args: Value, env: Value| {
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": command, "args": args,
            "env": env, "interactiveMode": "IfAvailable", "provideClusterInfo": false}})
    };
    match spec.provider.as_str() {
        "eks" => exec(
            "aws",
            json!([
                "--region",
                spec.region,
                "eks",
                "get-token",
                "--cluster-name",
                spec.name,
                "--output",
                "json"
            ]),
            json!(null),
        ),
        "gke" => {
            let mut user = exec("gke-gcloud-auth-plugin", json!(null), json!(null));
            crate::sim::json::set(
                &mut user,
                "exec.installHint",
                "Install gke-gcloud-auth-plugin for use with kubectl by following\n        https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin",
            );
            crate::sim::json::set(&mut user, "exec.provideClusterInfo", true);
            user
        }
        "aks" => exec(
            "kubelogin",
            json!([
                "get-token",
                "--login",
                "azurecli",
                "--server-id",
                "6dae42f8-4368-4678-94ff-3960e28e3630"
            ]),
            json!(null),
        ),
        "doks" => exec(
            "doctl",
            json!([
                "kubernetes",
                "cluster",
                "kubeconfig",
                "exec-credential",
                "--version=v1beta1",
                "--context=default",
                draw(spec).uid()
            ]),
            json!(null),
        ),
        _ => json!({"client-certificate-data": "c2ltdWxhdGVk", "client-key-data": "c2ltdWxhdGVk"}),
    }
}
