//! Amazon: EKS by ARN (rule 6), host (6a), plugin (6b) and eksctl's names (6c), ROSA by host (23); its nodes.
//! Never here: asking Amazon. Called through `CLOUD`; [`region_of`] by `cost` too.
//!
//! An account is the ARN's. The role that signs, or the profile, may be of another account: that is a good guess, but one.

use super::evidence::{groups, pattern};
use super::{Cloud, Clue, Entry, Evidence, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    own_hosts: &[&EKS_HOST, &ROSA_HOST],
    host,
    exec,
    name,
    machine,
    labels: &[
        ("eks.amazonaws.com/nodegroup", |_| EKS),
        ("eks.amazonaws.com/compute-type", |_| EKS),
        ("alpha.eksctl.io/cluster-name", |name| Machine { cluster: name.to_owned(), ..EKS }),
    ],
    version,
    ..Cloud::NOTHING
};

const EKS: Machine = Machine::of(Provider::Aws, "eks");

pattern!(
    ARN,
    r"arn:aws(?:-cn|-us-gov|-eusc|-iso[a-z-]*)?:eks:([a-z]{2,}(?:-[a-z]+)+-[0-9]):([0-9]{12}):cluster/",
    r"([0-9A-Za-z][0-9A-Za-z_-]{0,99})"
);
pattern!(ROLE_ARN, r"arn:aws[a-z-]*:(?:iam|sts)::([0-9]{12}):(?:role|assumed-role)/.+");
pattern!(EKSCTL, r"(?:.+@)?([0-9A-Za-z][0-9A-Za-z_-]{0,99})\.([a-z]{2,}(?:-[a-z]+)+-[0-9])\.eksctl\.io");
pattern!(
    EKS_HOST,
    r"[0-9a-f]{32}\.[a-z0-9]{2,4}\.",
    r"(?:([a-z]{2,}(?:-[a-z]+)+-[0-9])\.eks\.amazonaws\.com(?:\.cn)?",
    r"|(?:eks(?:-cluster)?\.)?([a-z]{2,}(?:-[a-z]+)+-[0-9])\.api\.(?:aws|amazonwebservices\.com\.cn))"
);
pattern!(ROSA_HOST, r"api\.([a-z0-9](?:[a-z0-9-]{0,52}[a-z0-9])?)\.[a-z0-9]{4}\.[ps][0-9]{1,2}\.openshiftapps\.com");
pattern!(CLUSTER, r"[0-9A-Za-z][0-9A-Za-z_.-]{0,252}");
pattern!(REGION, r"[a-z]{2,}(?:-[a-z]+)+-[0-9]");
pattern!(ACCOUNT, r"[0-9]{12}");

fn host(_: &Evidence<'_>, host: &str) -> Option<Clue> {
    if let Some([classic, dual_stack]) = groups(&EKS_HOST, host) {
        let region = if classic.is_empty() { dual_stack } else { classic };
        return Some(Clue::certain(Provider::Aws, "eks").region(region));
    }
    // OpenShift Dedicated has the same hosts, and may run at Google's.
    let [cluster] = groups(&ROSA_HOST, host)?;
    Some(Clue::inferred(Provider::Aws, "rosa").cluster(cluster))
}

fn exec(e: &Evidence<'_>, command: &str) -> Option<Clue> {
    let (cluster, role) = match command {
        "aws" if e.has_words(&["eks", "get-token"]) => {
            (e.option(&["--cluster-name", "--cluster-id"]), e.option(&["--role-arn", "--role"]))
        }
        "aws-iam-authenticator" if e.has_words(&["token"]) => {
            (e.option(&["-i", "--cluster-id"]), e.option(&["-r", "--role"]))
        }
        _ => return None,
    };
    let cluster = cluster.filter(|c| super::evidence::is(&CLUSTER, c))?;
    let region = e.option(&["--region"]).or_else(|| e.env(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    let region = region.filter(|r| super::evidence::is(&REGION, r)).unwrap_or_default();
    // A role that the plugin takes on signs, whatever the profile is.
    let account = role.map_or_else(|| profile_account(e), role_account);
    let clue = Clue::certain(Provider::Aws, "eks").region(region).cluster(cluster).likely_account(account);
    Some(Clue { signs_as: account.unwrap_or_default().to_owned(), ..clue })
}

/// The account of an IAM role's ARN.
fn role_account(arn: &str) -> Option<&str> {
    groups(&ROLE_ARN, arn).map(|[account]| account)
}

/// The account of the profile the plugin is told to use. Which one it would use untold depends on the shell.
fn profile_account<'a>(e: &Evidence<'a>) -> Option<&'a str> {
    let name = e.option(&["--profile"]).or_else(|| e.env(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]))?;
    let profile = e.files.aws.iter().find(|p| p.name == name)?;
    profile.account.as_deref().filter(|a| super::evidence::is(&ACCOUNT, a))
}

/// An ARN in the cluster or user entry was written by a tool; as a context's name a person may have chosen it.
fn name(name: &str, entry: Entry) -> Option<Clue> {
    if let Some([region, account, cluster]) = groups(&ARN, name) {
        let clue = match entry {
            Entry::Cluster | Entry::User => Clue::certain(Provider::Aws, "eks"),
            Entry::Context => Clue::inferred(Provider::Aws, "eks"),
        };
        return Some(clue.account(account).region(region).cluster(cluster));
    }
    let [cluster, region] = groups(&EKSCTL, name)?;
    Some(Clue::inferred(Provider::Aws, "eks").region(region).cluster(cluster))
}

/// `aws:///us-east-1a/i-0abc`; Fargate's have a hash in between.
fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    let rest = provider_id.strip_prefix("aws://")?.trim_start_matches('/');
    let region = rest.split('/').next().and_then(region_of).unwrap_or_default();
    Some(Machine::at(Provider::Aws, region))
}

fn version(git_version: &str) -> Option<Machine> {
    git_version.contains("-eks-").then_some(EKS)
}

/// The region of a zone: `us-east-1a` and the local zone `us-west-2-lax-1a` are in `us-east-1`, `us-west-2`.
pub fn region_of(zone: &str) -> Option<&str> {
    let digit = zone.find(|c: char| c.is_ascii_digit())?;
    let (region, _) = zone.split_at_checked(digit + 1)?;
    let letters = region.split_at_checked(digit)?.0.strip_suffix('-')?;
    let parts = letters.split('-').count();
    let plain = letters.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()));
    (plain && parts >= 2).then_some(region)
}

#[cfg(test)]
mod tests;
