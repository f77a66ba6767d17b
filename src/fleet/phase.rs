//! How a connection stands, and what a person has to do where one is needed. Told by supervisors, shown everywhere.

use jiff::Timestamp;

use crate::domain::sign_in::SignInState;
use crate::domain::text::SafeText;

/// How the connection to a cluster stands. Causes are one line, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Known, not connected: nobody asked yet.
    #[default]
    Idle,
    /// The first answer is awaited.
    Connecting {
        /// Since when.
        since: Timestamp,
    },
    /// Answers, lists are on their way.
    Syncing {
        /// Since when.
        since: Timestamp,
    },
    /// Every watch runs, but for kinds that the server refuses: those are in `loads`.
    Live,
    /// Answered before; now it does not, or a watched kind that was live has had trouble for a while. What is shown is
    /// old, in part at least, until its lists are there anew.
    Stale {
        /// As of when it is: the last answer, or the start of the trouble.
        since: Timestamp,
        /// What happened.
        cause: SafeText,
    },
    /// The server answers and refuses us.
    Denied {
        /// Since when.
        since: Timestamp,
        /// 401 or 403, in its words.
        cause: SafeText,
        /// For what it is entered with has run out.
        expired: bool,
    },
    /// It answers and was never live: a watched kind has not come for a while. What is shown is not whole.
    Unreadable {
        /// Since when.
        since: Timestamp,
        /// Which kind, and what the server says.
        cause: SafeText,
    },
    /// Its credential plugin gave nothing: somebody has to do something first. Not tried again until then.
    SignedOut {
        /// Since when.
        since: Timestamp,
        /// Why, in our words.
        cause: SafeText,
        /// What has to be done.
        need: Need,
    },
    /// No context leads there as it is written: the kubeconfig has to be mended.
    Unusable {
        /// What is wrong with the entry.
        cause: SafeText,
    },
    /// Never reached.
    Failed {
        /// Since when.
        since: Timestamp,
        /// DNS, refused, TLS, time-out …
        cause: SafeText,
    },
}

/// What has to be done before a context's credential plugin gives something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What it comes to.
    pub state: SignInState,
    /// The command that does it, for people, or how what is missing is installed; empty where nothing is known.
    pub next: SafeText,
    /// By whom.
    pub by: By,
}

/// Who can do what a sign-in needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// skyfleet runs the command, with the terminal handed over.
    Command,
    /// skyfleet runs the plugin itself, with the terminal handed over. By hand it would give what it gives to nobody.
    Plugin,
    /// A person says that the plugin may be run.
    Consent,
    /// A person, elsewhere.
    Person,
}

impl Phase {
    /// The word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting { .. } => "connecting",
            Self::Syncing { .. } => "syncing",
            Self::Live => "live",
            Self::Stale { .. } => "stale",
            Self::Denied { .. } => "denied",
            Self::Unreadable { .. } => "unreadable",
            Self::SignedOut { need, .. } => need.state.word(),
            Self::Unusable { .. } => "unusable",
            Self::Failed { .. } => "unreachable",
        }
    }

    /// Why it is not live, where there is a cause.
    pub fn cause(&self) -> Option<&SafeText> {
        match self {
            Self::Stale { cause, .. }
            | Self::Denied { cause, .. }
            | Self::Unreadable { cause, .. }
            | Self::SignedOut { cause, .. }
            | Self::Unusable { cause }
            | Self::Failed { cause, .. } => Some(cause),
            Self::Idle | Self::Connecting { .. } | Self::Syncing { .. } | Self::Live => None,
        }
    }

    /// Since when, where that is known.
    pub const fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Connecting { since }
            | Self::Syncing { since }
            | Self::Stale { since, .. }
            | Self::Denied { since, .. }
            | Self::Unreadable { since, .. }
            | Self::SignedOut { since, .. }
            | Self::Failed { since, .. } => Some(*since),
            Self::Idle | Self::Live | Self::Unusable { .. } => None,
        }
    }

    /// Nothing more will come without a change: live, refused, in trouble or unreachable.
    pub const fn is_settled(&self) -> bool {
        match self {
            Self::Live
            | Self::Stale { .. }
            | Self::Denied { .. }
            | Self::Unreadable { .. }
            | Self::SignedOut { .. }
            | Self::Unusable { .. }
            | Self::Failed { .. } => true,
            Self::Idle | Self::Connecting { .. } | Self::Syncing { .. } => false,
        }
    }
}
