//! Which cloud's tool a plugin is, and the values in its arguments and environment that say as whom it signs in.

use super::PluginFacts;

/// A family of plugins that sign in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// `aws`, `aws-iam-authenticator` and what wraps them.
    Aws,
    /// `gke-gcloud-auth-plugin`, `gcloud`.
    Gcloud,
    /// `az`, and the `kubelogin` that is Azure's.
    Azure,
    /// Teleport.
    Tsh,
    /// OpenID Connect: the other `kubelogin`.
    Oidc,
    /// Not one we know.
    Other,
}

impl Tool {
    /// By the command, else by the first program that its arguments name: some are wrapped.
    pub(super) fn of(facts: &PluginFacts<'_>) -> Self {
        let words = facts.args.iter().flat_map(|a| a.split_whitespace());
        std::iter::once(facts.command)
            .chain(words)
            .map(|word| Self::named(word, facts))
            .find(|tool| *tool != Self::Other)
            .unwrap_or(Self::Other)
    }

    fn named(word: &str, facts: &PluginFacts<'_>) -> Self {
        let has = |name: &str| facts.args.iter().any(|a| a.contains(name));
        match base(word) {
            "aws" | "aws-iam-authenticator" | "aws-vault" | "saml2aws" | "granted" | "assume" => Self::Aws,
            "gke-gcloud-auth-plugin" | "gcloud" => Self::Gcloud,
            "az" => Self::Azure,
            "kubelogin" if has("oidc") => Self::Oidc,
            "kubelogin" => Self::Azure,
            "oidc-login" | "kubectl-oidc_login" => Self::Oidc,
            "tsh" => Self::Tsh,
            _ => Self::Other,
        }
    }
}

/// A command without its folders and `.exe`.
pub(super) fn base(command: &str) -> &str {
    let name = command.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(command);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// How the plugins of the clouds are installed, where there is one way.
pub fn install(facts: &PluginFacts<'_>) -> &'static str {
    if facts.command.contains(['/', '\\']) {
        return "put it there, or write where it is into the kubeconfig";
    }
    match base(facts.command) {
        "gke-gcloud-auth-plugin" => "gcloud components install gke-gcloud-auth-plugin",
        "kubelogin" if Tool::of(facts) == Tool::Oidc => {
            "install the kubelogin of OpenID Connect: https://github.com/int128/kubelogin"
        }
        "kubelogin" => "az aks install-cli",
        "kubectl-oidc_login" => "kubectl krew install oidc-login",
        "aws" => "install the AWS CLI: https://aws.amazon.com/cli",
        "gcloud" => "install the Google Cloud CLI: https://cloud.google.com/sdk",
        "az" => "install the Azure CLI: https://learn.microsoft.com/cli/azure",
        "doctl" => "install doctl: https://docs.digitalocean.com/reference/doctl",
        "tsh" => "install Teleport's tsh: https://goteleport.com",
        "oci" => "install the OCI CLI: https://docs.oracle.com/iaas",
        "aws-iam-authenticator" => {
            "install it, or fetch the kubeconfig anew: aws eks update-kubeconfig needs the AWS CLI alone"
        }
        _ => "install it, or write its full path into the kubeconfig",
    }
}

/// The value of the first of these options that is there, as `--name value` or `--name=value`.
fn option<'a>(args: &'a [String], names: &[&str]) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = match arg.split_once('=') {
            Some((name, value)) if names.contains(&name) => value,
            None if names.contains(&arg.as_str()) => args.next()?,
            _ => continue,
        };
        return Some(value).filter(|v| !v.is_empty());
    }
    None
}

fn variable<'a>(facts: &PluginFacts<'a>, names: &[&str]) -> Option<&'a str> {
    let value = |name: &&str| facts.env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    names.iter().find_map(value).filter(|v| !v.is_empty())
}

/// The AWS profile.
pub(super) fn profile<'a>(facts: &PluginFacts<'a>) -> Option<&'a str> {
    option(facts.args, &["--profile"]).or_else(|| variable(facts, &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]))
}

/// The AWS SSO session, where one is named.
pub(super) fn sso_session<'a>(facts: &PluginFacts<'a>) -> Option<&'a str> {
    option(facts.args, &["--sso-session"])
}

/// The AWS role that is assumed.
pub(super) fn role<'a>(facts: &PluginFacts<'a>) -> Option<&'a str> {
    option(facts.args, &["--role-arn", "--role", "-r"])
}

/// The Azure tenant.
pub(super) fn tenant<'a>(facts: &PluginFacts<'a>) -> Option<&'a str> {
    option(facts.args, &["--tenant-id", "--tenant", "-t"])
        .or_else(|| variable(facts, &["AZURE_TENANT_ID", "AAD_TENANT_ID", "ARM_TENANT_ID"]))
}

/// The Teleport proxy.
pub(super) fn proxy<'a>(facts: &PluginFacts<'a>) -> Option<&'a str> {
    option(facts.args, &["--proxy"]).or_else(|| variable(facts, &["TELEPORT_PROXY"]))
}
