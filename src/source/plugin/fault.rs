//! Why there are no credentials. One line each, for a person; nothing that a plugin printed and no value of its environment.

use std::time::Duration;

use crate::domain::sign_in::{Next, SignIn, SignInState};
use crate::domain::text::SafeText;
use crate::fleet::phase::{By, Need};
use crate::source::fault::{Fault, FaultClass};

/// Trouble with a credential plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginFault {
    /// It ran and failed, or needs a person.
    #[error("{0}")]
    SignIn(Box<SignIn>),
    /// It has not been run from this file before: a person has to say yes first.
    #[error("the credential plugin has not been allowed to run yet: {}{line} (named by {file})", if env.is_empty() { String::new() } else { format!("{env} ") })]
    Trust {
        /// The whole command line with its absolute command, secrets hidden.
        line: SafeText,
        /// The names it adds to its environment, `NAME=…` each.
        env: SafeText,
        /// The kubeconfig.
        file: SafeText,
    },
    /// It is not there.
    #[error("the credential plugin {command} {why}{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    Missing {
        /// The command as the kubeconfig has it.
        command: SafeText,
        /// `is not installed`, `cannot be executed` …
        why: &'static str,
        /// What the kubeconfig says about installing it: its first lines.
        hint: Option<SafeText>,
        /// How it comes to be there.
        mend: SafeText,
    },
    /// It did not end in time and was stopped.
    #[error("the credential plugin {command} did not end within {} and was stopped", seconds(*limit))]
    Timeout {
        /// The command's name.
        command: SafeText,
        /// How long it had.
        limit: Duration,
        /// The plugin itself, for a person to see what it waits for.
        next: Box<Next>,
    },
    /// What it printed is no credential.
    #[error("the credential plugin {command} {what}")]
    Answer {
        /// The command's name.
        command: SafeText,
        /// What is wrong, without quoting it.
        what: SafeText,
    },
    /// The exec entry cannot be used as it stands.
    #[error("{0}")]
    Entry(SafeText),
    /// The settings forbid all plugins.
    #[error("credential plugins are not run: the exec policy is deny")]
    Policy,
    /// It could not be started.
    #[error("the credential plugin {command} could not be started: {why}")]
    Start {
        /// The command's name.
        command: SafeText,
        /// The system's word for it.
        why: SafeText,
    },
    /// skyfleet ends.
    #[error("credential plugins are not run any more: skyfleet ends")]
    Stopped,
}

impl PluginFault {
    /// How the context stands.
    pub fn state(&self) -> SignInState {
        match self {
            Self::SignIn(sign_in) => sign_in.state,
            Self::Missing { .. } => SignInState::PluginMissing,
            Self::Policy => SignInState::Denied,
            Self::Trust { .. } => SignInState::NotAllowed,
            Self::Timeout { .. }
            | Self::Answer { .. }
            | Self::Entry(_)
            | Self::Start { .. }
            | Self::Stopped => SignInState::Failed,
        }
    }

    /// What a person runs to put it right, where there is such a thing.
    pub fn next(&self) -> Option<&Next> {
        match self {
            Self::SignIn(sign_in) => Some(&sign_in.next),
            Self::Timeout { next, .. } => Some(next),
            Self::Trust { .. }
            | Self::Missing { .. }
            | Self::Policy
            | Self::Answer { .. }
            | Self::Entry(_)
            | Self::Start { .. }
            | Self::Stopped => None,
        }
    }

    pub(super) fn answer(command: &str, what: &str) -> Self {
        Self::Answer { command: SafeText::new(command), what: SafeText::new(what) }
    }
}

impl From<SignIn> for PluginFault {
    fn from(sign_in: SignIn) -> Self {
        Self::SignIn(Box::new(sign_in))
    }
}

impl From<PluginFault> for Fault {
    fn from(fault: PluginFault) -> Self {
        Self::from(&fault)
    }
}

impl From<&PluginFault> for Fault {
    fn from(fault: &PluginFault) -> Self {
        let class = if matches!(fault, PluginFault::Timeout { .. }) {
            FaultClass::Timeout
        } else {
            FaultClass::Credentials
        };
        let by = match (fault, fault.next()) {
            (PluginFault::Trust { .. }, _) => By::Consent,
            (_, Some(next)) if next.is_plugin && fault.state() == SignInState::PluginMissing => By::Person,
            (_, Some(next)) if next.is_plugin => By::Plugin,
            (_, Some(_)) => By::Command,
            (_, None) => By::Person,
        };
        // What could not be started may do better the next time.
        let passing = matches!(fault, PluginFault::Start { .. } | PluginFault::Stopped);
        let next = match (fault.next(), fault) {
            (Some(next), _) => next.display.clone(),
            (None, PluginFault::Missing { mend, .. }) => mend.clone(),
            (None, PluginFault::Answer { .. }) => {
                "Run it by hand to see what it prints; it should be an ExecCredential.".into()
            }
            (None, _) => SafeText::empty(),
        };
        let need = (!passing).then(|| Box::new(Need { state: fault.state(), next, by }));
        Self { need, ..Self::new(class, &fault.to_string()) }
    }
}

fn seconds(limit: Duration) -> String {
    if limit.subsec_nanos() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{:.1} s", limit.as_secs_f64())
    }
}
