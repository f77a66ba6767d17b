//! Why a credential plugin gave nothing, in our own words, and what a person runs to put it right.
//!
//! What a plugin prints may hold secrets and escape sequences: it is matched here and never shown. Words are ours; the only
//! values in them are ones we know how to read from the plugin's arguments and environment (profile, role, tenant), cleaned.
//! Called by `source::plugin`. Architecture invariant: nothing here reads the environment or runs anything.

pub mod command;
mod rules;
mod state;
mod tool;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::domain::text::SafeText;

pub use command::{Next, quote, shown};
pub use tool::install;
use tool::{Tool, role};

/// Names in a plugin's environment that say as whom it signs in. No secret is among them; others are never looked at.
pub const ENVIRONMENT: &[&str] = &[
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AZURE_TENANT_ID",
    "AAD_TENANT_ID",
    "ARM_TENANT_ID",
    "TELEPORT_PROXY",
];

/// How a context stands with its sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInState {
    /// Somebody has to sign in, or has never done so.
    NeedsSignIn,
    /// Was signed in; that has run out.
    Expired,
    /// The plugin, or a program it needs, is not installed.
    PluginMissing,
    /// Signed in, as somebody who may not.
    Denied,
    /// Nobody has said yet that the plugin may run.
    NotAllowed,
    /// Anything else.
    Failed,
}

/// Why there are no credentials and what to do about it. Holds nothing that a plugin printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// What it comes to.
    pub state: SignInState,
    /// One line, in our words.
    pub cause: SafeText,
    /// What a person runs.
    pub next: Next,
}

impl SignIn {
    fn new(state: SignInState, cause: &str, next: Next) -> Self {
        Self { state, cause: SafeText::new(cause), next }
    }
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cause.contains(self.next.display.as_str()) {
            write!(f, "{}", self.cause)
        } else {
            write!(f, "{}; run: {}", self.cause, self.next.display)
        }
    }
}

/// What is known of a plugin.
#[derive(Clone, Copy)]
pub struct PluginFacts<'a> {
    /// Its command as the kubeconfig has it.
    pub command: &'a str,
    /// Its arguments.
    pub args: &'a [String],
    /// Of its environment what [`ENVIRONMENT`] names; the kubeconfig's own before what is inherited.
    pub env: &'a [(String, String)],
    /// The kubeconfig's context.
    pub context: &'a str,
    /// There is no browser here.
    pub over_ssh: bool,
}

impl PluginFacts<'_> {
    /// The command without its folders.
    pub fn name(&self) -> &str {
        tool::base(self.command)
    }
}

/// Says what a failed run comes to. `exit` is none when a signal ended it.
pub fn read(stderr: &str, exit: Option<i32>, facts: &PluginFacts<'_>) -> SignIn {
    recognised(stderr, facts).unwrap_or_else(|| {
        let next = Next::plugin(facts);
        let state = match exit {
            // How a shell says that a program is not there.
            Some(127) => SignInState::PluginMissing,
            _ => SignInState::Failed,
        };
        let how = match exit {
            Some(code) => format!("ended with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        let cause =
            format!("the plugin {} {how}; run it by hand to see why: {}", brief(facts.name()), next.display);
        SignIn::new(state, &cause, next)
    })
}

/// Says what a run comes to by words it is known to print; none if there are none of them. For a run that was stopped at its
/// limit too: some wait for a browser for ever.
pub fn recognised(stderr: &str, facts: &PluginFacts<'_>) -> Option<SignIn> {
    rules::first(stderr, facts)
}

/// A plugin that says of itself that it needs a terminal.
pub fn interactive(facts: &PluginFacts<'_>) -> SignIn {
    let cause = format!("the plugin {} asks a person each time it signs in", brief(facts.name()));
    SignIn::new(SignInState::NeedsSignIn, &cause, Next::plugin(facts))
}

/// What it means that a server does not take fresh credentials: of 401 and 403 alone.
pub fn refused(status: u16, facts: &PluginFacts<'_>) -> Option<SignIn> {
    let who = || Next::who(facts);
    let cause = match (status, Tool::of(facts)) {
        (401, Tool::Aws) => format!(
            "the cluster does not know this identity: it has no access entry and no aws-auth mapping for {}",
            identity(facts)
        ),
        (401, _) => {
            "the cluster does not know this identity, though the plugin's credentials are fresh".to_owned()
        }
        (403, _) => "signed in, but this identity may not do this".to_owned(),
        _ => return None,
    };
    let next = if status == 401 && Tool::of(facts) == Tool::Aws { Next::aws_identity(facts) } else { who() };
    Some(SignIn::new(SignInState::Denied, &cause, next))
}

/// As whom AWS is asked.
fn identity(facts: &PluginFacts<'_>) -> String {
    match (role(facts), tool::profile(facts)) {
        (Some(role), _) => format!("role {}", brief(role)),
        (None, Some(profile)) => format!("profile {}", brief(profile)),
        (None, None) => "the default profile".to_owned(),
    }
}

/// A value in a sentence: cleaned, and not so long that it hides the rest.
fn brief(value: &str) -> String {
    let clean = SafeText::new(value);
    if clean.chars().count() <= 120 {
        return clean.as_str().to_owned();
    }
    clean.chars().take(119).chain(['…']).collect()
}
