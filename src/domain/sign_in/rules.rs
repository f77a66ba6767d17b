//! What plugins are known to print when they cannot sign in. One row a case, the first that fits counts: add a case here.

use super::command::Next;
use super::tool::{Tool, profile, role, tenant};
use super::{PluginFacts, SignIn, SignInState as State, brief};

/// A case.
struct Rule {
    /// It is one of these plugins; empty is any.
    tools: &'static [Tool],
    /// One of these is printed, in small letters.
    any: &'static [&'static str],
    /// And one of these; empty asks for nothing.
    and: &'static [&'static str],
    /// What it comes to.
    then: fn(&PluginFacts<'_>) -> (State, String, Next),
}

pub(super) fn first(stderr: &str, facts: &PluginFacts<'_>) -> Option<SignIn> {
    let printed = stderr.to_lowercase();
    let tool = Tool::of(facts);
    let fits = |rule: &&Rule| {
        (rule.tools.is_empty() || rule.tools.contains(&tool))
            && rule.any.iter().any(|words| printed.contains(words))
            && (rule.and.is_empty() || rule.and.iter().any(|words| printed.contains(words)))
    };
    let (state, cause, next) = (RULES.iter().find(fits)?.then)(facts);
    Some(SignIn::new(state, &cause, next))
}

fn of_profile(facts: &PluginFacts<'_>) -> String {
    profile(facts).map_or_else(|| "the default profile".to_owned(), |p| format!("profile {}", brief(p)))
}

const ALL_BUT_AZURE_AND_OIDC: &[Tool] = &[Tool::Aws, Tool::Gcloud, Tool::Tsh, Tool::Other];

const RULES: &[Rule] = &[
    Rule {
        tools: &[],
        any: &[
            "error loading sso token",
            "sso session associated with this profile has expired",
            "ssotokenloaderror",
            "unauthorizedssotokenerror",
            "token has expired and refresh failed",
            "sso session has expired",
            "aws sso login",
        ],
        and: &[],
        then: |facts| {
            (
                State::Expired,
                format!("the AWS sign-in of {} has run out", of_profile(facts)),
                Next::aws_sso(facts),
            )
        },
    },
    Rule {
        tools: &[],
        any: &["the config profile ("],
        and: &["could not be found"],
        then: |facts| {
            let cause = format!("{} is not in AWS's configuration file", of_profile(facts));
            (State::Failed, cause, Next::aws_configure(facts))
        },
    },
    Rule {
        tools: &[],
        any: &["unable to locate credentials", "nocredentialproviders"],
        and: &[],
        then: |facts| {
            (
                State::NeedsSignIn,
                format!("{} has no AWS credentials", of_profile(facts)),
                Next::aws_configure(facts),
            )
        },
    },
    Rule {
        tools: &[],
        any: &["enter mfa code", "mfa token code", "assume role mfa token"],
        and: &[],
        then: |facts| {
            let cause = format!("the plugin {} asks for a code of a second factor", brief(facts.name()));
            (State::NeedsSignIn, cause, Next::plugin(facts))
        },
    },
    Rule {
        tools: &[],
        any: &["accessdenied", "access denied", "not authorized to perform"],
        and: &["sts:assumerole"],
        then: |facts| {
            let what = role(facts).map_or_else(|| "the role".to_owned(), |r| format!("role {}", brief(r)));
            let cause = format!("{what} may not be assumed as {}", of_profile(facts));
            (State::Denied, cause, Next::aws_identity(facts))
        },
    },
    Rule {
        tools: &[],
        any: &["signaturedoesnotmatch"],
        and: &[],
        then: |facts| {
            let cause = format!(
                "AWS does not accept the signature of {}: its secret key is wrong, or this machine's clock is (AWS allows 15 minutes)",
                of_profile(facts)
            );
            (State::Failed, cause, Next::aws_identity(facts))
        },
    },
    Rule {
        tools: &[],
        any: &["invalidclienttokenid"],
        and: &[],
        then: |facts| {
            let cause = format!("AWS does not know the access key of {}", of_profile(facts));
            (State::Failed, cause, Next::aws_identity(facts))
        },
    },
    Rule {
        tools: &[Tool::Aws, Tool::Other],
        any: &["expiredtoken"],
        and: &[],
        then: |facts| {
            let cause = format!("the AWS credentials of {} have run out", of_profile(facts));
            (State::Expired, cause, Next::aws_sso(facts))
        },
    },
    Rule {
        tools: &[],
        any: &[
            "gke-gcloud-auth-plugin not found",
            "gke-gcloud-auth-plugin: not found",
            "gke-gcloud-auth-plugin: command not found",
            "executable file not found",
        ],
        and: &[],
        then: |facts| {
            let cause = format!("{} needs a program that is not installed", brief(facts.name()));
            (State::PluginMissing, cause, Next::plugin(facts))
        },
    },
    Rule {
        tools: &[],
        any: &[
            "aadsts70043",
            "aadsts700082",
            "aadsts50078",
            "please run 'az login'",
            "please run \"az login\"",
        ],
        and: &[],
        then: azure,
    },
    Rule { tools: &[], any: &["interaction_required"], and: &[], then: azure },
    Rule {
        tools: &[],
        any: &["to sign in, use a web browser to open the page"],
        and: &[],
        then: |facts| {
            let cause = format!("the plugin {} waits for a sign-in in a browser", brief(facts.name()));
            (State::NeedsSignIn, cause, Next::plugin(facts))
        },
    },
    Rule { tools: &[Tool::Azure], any: &["invalid_grant"], and: &[], then: azure },
    Rule {
        tools: &[Tool::Oidc],
        any: &["invalid_grant"],
        and: &[],
        then: |facts| {
            let cause = format!("the sign-in of the plugin {} has run out", brief(facts.name()));
            (State::Expired, cause, Next::plugin(facts))
        },
    },
    Rule {
        tools: &[],
        any: &["gcloud auth application-default login"],
        and: &[],
        then: |facts| (State::Expired, google(), Next::gcloud(facts, true)),
    },
    Rule { tools: &[], any: &["gcloud auth login"], and: &[], then: gcloud },
    Rule {
        tools: ALL_BUT_AZURE_AND_OIDC,
        any: &["reauthentication failed", "invalid_grant"],
        and: &[],
        then: gcloud,
    },
    Rule { tools: &[], any: &["tsh login"], and: &[], then: teleport },
    Rule { tools: &[], any: &["tsh:", "teleport"], and: &["expired"], then: teleport },
    Rule {
        tools: &[Tool::Tsh],
        any: &["expired", "not logged in", "access denied"],
        and: &[],
        then: teleport,
    },
];

fn google() -> String {
    "Google wants a sign-in: there is none, or it has run out".to_owned()
}

fn gcloud(facts: &PluginFacts<'_>) -> (State, String, Next) {
    let application_default = facts.args.iter().any(|a| {
        let name = a.trim_start_matches('-').replace('-', "_");
        name == "use_application_default_credentials" || name == "use_application_default_credentials=true"
    });
    (State::Expired, google(), Next::gcloud(facts, application_default))
}

fn azure(facts: &PluginFacts<'_>) -> (State, String, Next) {
    let of = tenant(facts).map_or_else(String::new, |t| format!(" to tenant {}", brief(t)));
    (State::Expired, format!("the Azure sign-in{of} has run out"), Next::azure(facts))
}

fn teleport(facts: &PluginFacts<'_>) -> (State, String, Next) {
    (State::Expired, "the Teleport sign-in has run out".to_owned(), Next::teleport(facts))
}
