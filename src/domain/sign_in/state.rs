//! The words for how a sign-in stands.

use super::SignInState;

impl SignInState {
    /// The words, wherever there is room.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NeedsSignIn => "needs sign-in",
            Self::Expired => "sign-in expired",
            Self::PluginMissing => "plugin missing",
            Self::Denied => "sign-in denied",
            Self::NotAllowed => "not allowed yet",
            Self::Failed => "sign-in failed",
        }
    }

    /// The word in the tree.
    pub const fn short(self) -> &'static str {
        match self {
            Self::NeedsSignIn => "sign in",
            Self::Expired => "expired",
            Self::PluginMissing => "no plugin",
            Self::Denied => "denied",
            Self::NotAllowed => "allow?",
            Self::Failed => "no creds",
        }
    }
}
