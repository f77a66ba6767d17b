//! Clouds: what local files speak of, and who AWS says we are.

pub use crate::source::clouds::CloudProfile;
use crate::source::clouds::{self, Home};

/// Reads the local files of the clouds' command lines. No network, no process.
pub async fn found() -> Vec<CloudProfile> {
    tokio::task::spawn_blocking(|| {
        let home = std::env::home_dir().unwrap_or_default();
        clouds::found(&Home::from_env(home))
    })
    .await
    .unwrap_or_default()
}

/// Asks the cloud who a profile is. Only AWS can be asked so far.
pub async fn identify(profile: &CloudProfile) -> Result<String, String> {
    match profile.provider {
        "aws" => clouds::aws::caller_identity(&profile.name, profile.region.as_deref()).await,
        other => Err(format!("{other} cannot be asked yet")),
    }
}
