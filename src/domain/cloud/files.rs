//! What the local files of the clouds' command lines say of accounts, as far as a context can name it.
//!
//! Never here: reading them (`source::clouds` does), or anything of a credential. Handed by reference to
//! `context::classify`.

/// What was read; empty where there are no such files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalFiles {
    /// Profiles of `~/.aws/config`.
    pub aws: Vec<AwsProfile>,
    /// Ids of the subscriptions of `azureProfile.json`.
    pub azure_subscriptions: Vec<String>,
    /// Profiles of `~/.oci/config`.
    pub oci: Vec<OciProfile>,
}

/// A profile of Amazon's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsProfile {
    /// Its name.
    pub name: String,
    /// `sso_account_id`, or the account of its `role_arn`: whose identity it signs as.
    pub account: Option<String>,
}

/// A profile of Oracle's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OciProfile {
    /// Its name.
    pub name: String,
    /// The OCID of its tenancy.
    pub tenancy: Option<String>,
    /// Its region.
    pub region: Option<String>,
}
